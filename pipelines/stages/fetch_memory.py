"""What a fetch stage knows of the URLs and hosts of a partition: the records of ``fetched``, read when they are needed.

A host that fails is written there, too, as its robots.txt: until when it is left alone, so that neither a new owner nor
the next start asks it sooner. One that is well again has its record deleted.
"""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from synsift.crawler.download.host_health import HostHealth, Illness
from synsift.pipelines.clock import text_of
from synsift.pipelines.log.base import Message
from synsift.pipelines.reading import Broken, read_bytes
from synsift.pipelines.records import Fetched, ImageUrl, Rest
from synsift.pipelines.stages.placeholders import Placeholders
from synsift.pipelines.stages.shelf import Shelf
from synsift.pipelines.topics import FETCHED, Entry, Router, host_of, saying

W = TypeVar("W")

ASLEEP: Final = "asleep"
"""Outcome of a host's robots.txt that says: it is left alone."""
_ROBOTS: Final = b"/robots.txt"
_MOST_WAIT_S: Final = 7 * 86_400.0


CONTENT_ID: Final = "content-id"
"""Header of a record of ``fetched``: the name of its bytes, so that it is known without reading the record."""


@dataclass(slots=True)
class PartitionMemory(Generic[W]):
    """What is known of the URLs of one partition, and what waits for those that are being fetched."""

    fetched: Shelf = field(default_factory=Shelf)
    contents: Shelf = field(default_factory=Shelf)
    in_flight: dict[str, list[W]] = field(default_factory=dict)
    placeholders: Placeholders = field(default_factory=lambda: Placeholders(0))

    def get(self, url: str) -> Fetched | None:
        """What a URL gave; None if that isn't known."""
        fetched = self._at(_digest(url.encode()))
        # What is another URL's is as good as nothing: the URL is asked again.
        return None if fetched is None or fetched.url != url else fetched

    def get_content(self, record: ImageUrl) -> Fetched | None:
        """What another URL of the same host gave, where the source says that it is the same file."""
        key = self.contents.get(_content(record.url, record.content_id)) if record.content_id else None
        fetched = self._at(key) if key is not None else None
        return None if fetched is None or fetched.image is None else fetched

    def put(self, entry: Entry) -> None:
        """Know a URL by the very record that goes to the log."""
        if entry.key is not None and entry.value is not None:
            self.read(entry.key, entry.value, entry.headers)

    def read(self, key: bytes, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Know a URL by a record of the log."""
        if value is None:
            self.fetched.pop(_digest(key))
            return
        self.fetched[_digest(key)] = value
        self.placeholders.restore(value)
        for name, content_id in headers:
            if name == CONTENT_ID:
                content = content_id.decode("utf-8", "replace")
                self.contents[_content(key.decode("utf-8", "replace"), content)] = _digest(key)

    def _at(self, key: bytes) -> Fetched | None:
        found = self.fetched.get(key)
        if found is None:
            return None
        fetched = read_bytes(Fetched, found)
        return None if isinstance(fetched, Broken) else fetched


class HostBook:
    """The hosts that fail, as they are written down."""

    def __init__(self, health: HostHealth, router: Router) -> None:
        self._health = health
        self._router = router
        self._written: dict[str, int] = {}

    def fell_asleep(self, origin: str, url: str, illness: Illness) -> list[Entry]:
        """What is to be written of a host that failed: nothing if that is done.

        Args:
            origin: That failed.
            url: Whose host it is, or only a redirect's target: then it stands on another's partition.
            illness: What is known.
        """
        if self._written.get(origin) == illness.failures or host_of(origin) != host_of(url):
            return []
        self._written[origin] = illness.failures
        rest = Rest(since=text_of(illness.since_s), until=text_of(illness.until_s))
        record = Fetched(
            url=f"{origin}/robots.txt", outcome=ASLEEP, message=illness.cause, attempts=illness.failures, rest=rest
        )
        return [self._router.fetched(record)]

    def got_well(self) -> list[Entry]:
        """What is to be written of hosts that were said to be asleep, and are well again."""
        well = [origin for origin in self._written if self._health.illness(origin) is None] if self._written else []
        for origin in well:
            del self._written[origin]
        keys = [f"{origin}/robots.txt" for origin in well]
        return [Entry(FETCHED.name, self._router.of_url(key), key.encode(), None) for key in keys]

    def restore(self, message: Message) -> None:
        """Read what was written of a host, if a record of ``fetched`` is that."""
        if message.key is None or not message.key.endswith(_ROBOTS):
            return
        origin = message.key.removesuffix(_ROBOTS).decode("utf-8", "replace")
        if message.value is None:
            self._written.pop(origin, None)
            self._health.answered(origin)
            return
        record = read_bytes(Fetched, message.value)
        if isinstance(record, Broken) or record.outcome != ASLEEP or record.rest is None:
            return
        since_s, until_s = moment_of(record.rest.since), moment_of(record.rest.until)
        if since_s is not None and until_s is not None:
            self._written[origin] = record.attempts
            self._health.answered(origin)
            self._health.remember(origin, Illness(since_s, until_s, record.attempts, record.message))


def entry_of(router: Router, fetched: Fetched) -> Entry:
    """The entry of what a URL gave, with the name of its bytes where that is known."""
    headers = ((CONTENT_ID, fetched.content_id.encode()),) if fetched.content_id else ()
    return saying(router.fetched(fetched), headers)


def moment_of(text: str) -> float | None:
    """A moment in RFC 3339 as Unix time; None if it is none."""
    try:
        return datetime.datetime.fromisoformat(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError):
        return None


def seconds_until(text: str, now_s: float) -> float:
    """Time until a moment in RFC 3339; 0 if it has passed, is empty or no moment."""
    at_s = moment_of(text)
    return 0.0 if at_s is None else max(0.0, min(_MOST_WAIT_S, at_s - now_s))


def _content(url: str, content_id: str) -> bytes:
    return _digest(f"{host_of(url)} {content_id}".encode())


def _digest(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=16).digest()
