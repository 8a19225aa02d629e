"""What a log on Kafka knows of having been grown to more partitions: records on ``positions``, and a rule.

    key  growth          value  {"before": 4, "after": 8, "ends": {"survivors": [17, 0, 9, 4], …}}: the last time
    key  growth/begun    value  as above, with the ends when it was begun; a tombstone once it is done

Kafka can add partitions to a topic, and moves nothing. The new number is a multiple of the old one, so what leaves an
old partition goes to new ones only. It stays where it was, too, at its offset, which others may have noted: below
``ends`` of an old partition, whatever has its home elsewhere was left behind, and our readers pass it by.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec

from synsift.pipelines import topics
from synsift.pipelines.errors import LogError
from synsift.pipelines.log.base import Message
from synsift.pipelines.partitioning import partition_of
from synsift.pipelines.topics import Entry, host_of
from synsift.pipelines.unreadable import UNREADABLE

_DONE: Final = b"growth"
_BEGUN: Final = b"growth/begun"
GROWN: Final = "__synsift.grown"
"""Header of a record that was put where it belongs in a grown topic: where it stood before, as PARTITION/OFFSET."""
COPIED: Final = frozenset(
    topic.name for topic in topics.ALL if topic not in (topics.POSITIONS, topics.DEAD_LETTERS, topics.CANDIDATES)
)
"""Topics whose records are put where they belong. Candidates are done by then; the others stay where they are."""
NOTED: Final = COPIED | {topics.CANDIDATES.name}
"""Topics of which it is noted how far they went: what has its home elsewhere now, and stands below, was at home."""
NOT_BY_SYNSET: Final = frozenset({"fetch", "annotate"})
"""Stages whose input isn't keyed by wnid: what they count of a synset stands on any partition, and adds up."""

_Natural = Annotated[int, msgspec.Meta(ge=0)]


class Growth(msgspec.Struct, frozen=True):
    """A log was grown, or is being grown.

    Attributes:
        before: Partitions of every topic until then.
        after: Partitions from then on.
        ends: By topic, the end of each old partition when its records were copied.
        earlier: Partitions before earlier times.
        copies: By group, how many offsets below its position on each partition are nothing that it did.
    """

    before: Annotated[int, msgspec.Meta(ge=1)]
    after: Annotated[int, msgspec.Meta(ge=1)]
    ends: dict[str, list[_Natural]]
    earlier: list[Annotated[int, msgspec.Meta(ge=1)]] = []
    copies: dict[str, list[_Natural]] = {}

    def is_left_behind(self, message: Message) -> bool:
        """Whether a record has its home on another partition now, and stands there, too."""
        ends = self.ends.get(message.topic, ())
        if message.partition >= len(ends) or message.offset >= ends[message.partition]:
            return False
        return self._moved(message, (*self.earlier, self.before))

    def moves(self, message: Message) -> bool:
        """Whether a record of an old partition has its home on a new one.

        What stands on another partition than its key's, as strangers write it, stays where it is: none of ours reads it
        as more than that, and on another old partition it would be work anew.
        """
        return self._moved(message, (self.before,))

    def _moved(self, message: Message, numbers: Sequence[int]) -> bool:
        """Whether a record stands where it was at home when there were so many partitions, and now is no more."""
        here, home = message.partition, home_of(message.topic, message.key, message.partition, self.after)
        return home != here and any(home % number == here for number in numbers)

    def copies_of(self, group: str, partition: int) -> int:
        """How many offsets below the position of a group are nothing that it did."""
        copies = self.copies.get(group, ())
        return copies[partition] if partition < len(copies) else 0


def home_of(topic: str, key: bytes | None, here: int, partitions: int) -> int:
    """The partition on which a record belongs, by its key; where it is, if that says nothing."""
    text = (key or b"").decode("utf-8", "replace")
    if key is None:
        return here
    if topic == topics.FETCHED.name:
        return partition_of(host_of(text), partitions)
    if topic == topics.PROGRESS.name:
        wnid, stage, _ = counted_of(text)
        return partition_of(wnid, partitions) if wnid and stage not in NOT_BY_SYNSET else here
    return partition_of(text, partitions)


def counted_of(key: str) -> tuple[str, str, str]:
    """Synset, stage and partition in the key of a count."""
    parts = key.rsplit("/", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", "")


def is_growth(message: Message) -> bool:
    """Whether a record says that the log was grown, or is being grown."""
    return message.key in (_DONE, _BEGUN) and (_read(message) is not None or message.value is None)


def growths(messages: Iterable[Message]) -> tuple[Growth | None, Growth | None]:
    """What stands of it among the records of ``positions``: the last time, and what was begun and is not done."""
    found: dict[bytes, Growth | None] = {}
    for message in messages:
        if message.key in (_DONE, _BEGUN) and (message.value is None or _read(message) is not None):
            found[message.key] = _read(message)
    return found.get(_DONE), found.get(_BEGUN)


def begun(growth: Growth) -> list[Entry]:
    """The records that say that it begins."""
    return [Entry(topics.POSITIONS.name, 0, _BEGUN, msgspec.json.encode(growth))]


def done(growth: Growth) -> list[Entry]:
    """The records that say that it is done."""
    name = topics.POSITIONS.name
    return [Entry(name, 0, _DONE, msgspec.json.encode(growth)), Entry(name, 0, _BEGUN, None)]


def unfinished(growth: Growth) -> LogError:
    """What to say to whoever would work on a log that is being grown."""
    return LogError(
        f"the topics are being grown from {growth.before} to {growth.after} partitions, and that is not finished",
        hint=f"`synsift topics grow --partitions {growth.after}` finishes it; no worker may run until then",
    )


def _read(message: Message) -> Growth | None:
    try:
        found = msgspec.json.decode(message.value or b"", type=Growth)
    except UNREADABLE:
        return None
    return found if not message.damage and found.after % found.before == 0 else None
