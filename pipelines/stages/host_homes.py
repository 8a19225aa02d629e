"""Where URLs and what they gave stand, when rules for hosts make keys of their own.

``image-urls`` is keyed by the rules, so that a host that is split has several workers. ``fetched`` isn't: what a URL
gave stands on the partition of its registered domain, whatever the rules are. So rules may change, and no URL is
fetched twice for that: who takes a partition over reads what its keys' hosts gave, wherever their home is.
"""

import time
from collections.abc import Iterator
from typing import Final

from synsift.crawler.download.host_rules import ANY, is_address
from synsift.pipelines import topics
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.partitioning import partition_of
from synsift.pipelines.records import ImageUrl
from synsift.pipelines.topics import Entry, Router, host_of, saying

MOVED: Final = "__synsift.moved"
"""Header of an image URL that was put where it belongs by other rules, and when that was."""
# Workers with other rules would send it back and forth: for so long it is fetched where it stands.
_STAYS_S: Final = 600.0


def read_fetched(log: Log, router: Router, partition: int) -> Iterator[Message]:
    """What was given by the URLs that are asked for on a partition, and what can't be read of it."""
    rules = router.keys.rules
    for message in log.read(topics.FETCHED.name, partition):
        if not rules or message.key is None or _belongs(message, router, partition):
            yield message
    for home in sorted(other_homes(router, partition)):
        for message in log.read(topics.FETCHED.name, home):
            if message.key is not None and not message.damage and _belongs(message, router, partition):
                yield message


def other_homes(router: Router, partition: int) -> set[int]:
    """Partitions on which more of that stands, by the rules."""
    found: set[int] = set()
    for rule in router.keys.rules:
        name = rule.removeprefix(ANY)
        keys = router.keys.keys_of(f"http://{name}/") if name == rule else ()
        if keys and all(partition_of(key, router.partitions) != partition for key in keys):
            continue
        if is_address(name) or host_of(f"http://x.{name}/") == host_of(f"http://{name}/"):
            found.add(router.of_url(f"http://{name}/"))
        else:  # hosts of many owners in one, and each has a home
            found.update(range(router.partitions))
    return found - {partition}


def moved_entry(message: Message, record: ImageUrl, router: Router) -> Entry | None:
    """A URL where it belongs, if that is another partition than the one that it stands on; else None."""
    if router.of_image_url(record.url) == message.partition or _stays(message):
        return None
    headers = tuple(header for header in message.headers if header[0] != MOVED)
    return saying(router.image_url(record), (*headers, (MOVED, f"{time.time():.0f}".encode())))


def _stays(message: Message) -> bool:
    at = next((value for name, value in message.headers if name == MOVED), b"")
    return at.isdigit() and len(at) < 16 and abs(time.time() - int(at)) < _STAYS_S


def _belongs(message: Message, router: Router, partition: int) -> bool:
    return router.of_image_url((message.key or b"").decode("utf-8", "replace")) == partition
