"""How far a stage reads ahead, partition by partition, so that no slow host holds up the others. Time is an argument.

Every partition may hold its share of the inputs in memory. One that is full waits, and the others read on. If a few
hosts fill it while requests could be made, what stands behind theirs in the log is looked at, keys alone:

    reading ──share is full──▶ waiting ──nothing but hot hosts behind──▶ waiting, peeks again later
       ▲                          │
       │                          └──others behind──▶ passing: reads up to the last of them; the others are begun,
       └──passed, then a rest────────────────────────          what is a hot host's goes to the partition's tail

Passing writes each of the hot hosts' records again, so it happens only where there is something to gain by it, and a
rest in proportion to what was written keeps its cost to a few per cent.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Final

from synsift.pipelines.log.base import Message

MIN_SHARE: Final = 64
PEEK_RECORDS: Final = 5_000
"""Records looked at in one go: it happens in the thread that commits, and costs some 50 ms."""
# A host is hot if it holds more than this part of its partition's share. Smaller, and hosts that merely come first
# are put off; larger, and a handful of slow hosts fill the share without one being hot.
_HOT_PART: Final = 8
_HOT_RATIO: Final = 4
_PEEK_EVERY_S: Final = 2.0
# A poll may give nothing although there is something: what a broker sends is on its way.
_QUIET_TURNS: Final = 20
# Writing a record again costs some 0.1 ms: with this rest, passing takes a twentieth of the time at most.
_REST_S_PER_RECORD: Final = 0.002
PAUSED: Final = b"\x00paused"
"""Stands for the key of an input that is paused, whatever its host: no host has that."""
LATER: Final = b"\x00later"
"""Stands for the key of an input that others go before: what stands behind it may be of those."""


@dataclass(frozen=True, slots=True)
class Peek:
    """A look at what stands behind in a partition.

    Attributes:
        partition: Which.
        start: First offset to look at.
        hot: Keys that don't count.
    """

    partition: int
    start: int
    hot: frozenset[bytes | None]


@dataclass(slots=True)
class _Partition:
    held: Counter[bytes | None] = field(default_factory=Counter)
    next_offset: int = 0
    peeked_to: int = 0
    pass_to: int = 0
    hot: frozenset[bytes | None] = frozenset()
    deferred: int = 0
    rests_until_s: float = 0.0
    quiet_turns: int = 0
    aside: set[int] = field(default_factory=set)
    counted_as: dict[int, bytes] = field(default_factory=dict)
    is_peeked_out: bool = False

    @property
    def is_passing(self) -> bool:
        return self.next_offset < self.pass_to

    def hot_keys(self, share: int, resting: Container[bytes | None]) -> frozenset[bytes | None]:
        """Keys that hold much of the share, and not much less than the one that holds most; and those that rest."""
        most = max(self.held.values(), default=0)
        return frozenset(
            k for k, n in self.held.items() if (n * _HOT_PART > share and n * _HOT_RATIO > most) or k in resting
        )

    def key_of(self, message: Message) -> bytes | None:
        """Under which key an input counts."""
        return self.counted_as.get(message.offset, message.key)

    def let_go(self, key: bytes | None) -> None:
        self.held[key] -= 1
        if self.held[key] <= 0:
            del self.held[key]

    @property
    def others(self) -> int:
        """Inputs held of hosts that aren't hot."""
        return self.held.total() - sum(self.held[key] for key in self.hot)


class LookAhead:
    """What is held of each partition, and what to do about it."""

    def __init__(self, budget: int) -> None:
        """Begin without partitions.

        Args:
            budget: Inputs to hold in all; up to twice as many while passing.
        """
        self._budget = budget
        self._partitions: dict[int, _Partition] = {}

    def assign(self, partition: int) -> None:
        """A partition is ours."""
        self._partitions[partition] = _Partition()

    def forget(self, partition: int) -> None:
        """A partition is another's."""
        self._partitions.pop(partition, None)

    @property
    def share(self) -> int:
        """Inputs that one partition may hold."""
        return max(MIN_SHARE, self._budget // len(self._partitions)) if self._partitions else MIN_SHARE

    def read(self, message: Message) -> None:
        """A record was read."""
        found = self._partitions.get(message.partition)
        if found is not None:
            found.next_offset = message.offset + 1
            found.quiet_turns, found.is_peeked_out = 0, False

    def polled(self, messages: Iterable[Message], waiting: Container[int]) -> None:
        """Records were read, of all partitions but some."""
        heard = {message.partition for message in messages}
        for number, found in self._partitions.items():
            if number not in heard and number not in waiting:
                found.quiet_turns += 1

    @property
    def is_read_out(self) -> bool:
        """Whether there is nothing to begin that isn't held: read to the end, or only hot and resting hosts behind."""
        return all(
            found.quiet_turns >= _QUIET_TURNS or found.is_peeked_out for found in list(self._partitions.values())
        )

    def admit(self, message: Message) -> None:
        """Its work begins: it wasn't done before."""
        found = self._partitions.get(message.partition)
        if found is not None:
            found.held[message.key] += 1

    def set_aside(self, message: Message) -> None:
        """An input waits for long, and is to keep nobody from being read."""
        found = self._partitions.get(message.partition)
        if found is not None and message.offset not in found.aside:
            self.release(message)
            found.aside.add(message.offset)

    def release(self, message: Message) -> None:
        """An input has ended."""
        found = self._partitions.get(message.partition)
        if found is not None and message.offset in found.aside:
            found.aside.discard(message.offset)
        elif found is not None and (key := found.key_of(message)) in found.held:
            found.let_go(key)
            found.counted_as.pop(message.offset, None)

    def count_as(self, message: Message, key: bytes | None) -> None:
        """Let an input that is held count as one of another key than its own, such as ``PAUSED``; None for its own."""
        found = self._partitions.get(message.partition)
        if found is None or (before := found.key_of(message)) not in found.held:
            return
        found.let_go(before)
        if key is None:
            found.counted_as.pop(message.offset, None)
        else:
            found.counted_as[message.offset] = key
        found.held[found.key_of(message)] += 1

    def waiting(self) -> frozenset[int]:
        """Partitions not to be read now."""
        share = self.share
        return frozenset(
            number
            for number, found in self._partitions.items()
            if (found.others if found.is_passing else found.held.total()) >= share
        )

    def poll_records(self) -> int:
        """How many records to read at once, so that one poll doesn't break the bounds by much."""
        return (4 if any(found.is_passing for found in self._partitions.values()) else 1) * self.share

    def peeks(self, now_s: float, resting: Callable[[], Container[bytes | None]] = frozenset) -> list[Peek]:
        """Where to look at what stands behind.

        Args:
            now_s: By the clock of ``peeked``.
            resting: Gives the keys that can't be asked for now; asked for if that matters.
        """
        share = self.share
        asleep: Container[bytes | None] | None = None
        wanted = []
        for number, found in self._partitions.items():
            if found.is_passing or found.held.total() < share or now_s < found.rests_until_s:
                continue
            asleep = resting() if asleep is None else asleep
            hot = found.hot_keys(share, asleep)
            if hot != found.hot:
                found.peeked_to = 0  # what was passed by then may count now
            found.hot = hot
            if hot:
                wanted.append(Peek(number, max(found.peeked_to, found.next_offset), hot))
        return wanted

    def peeked(self, peek: Peek, seen: Iterable[Message], now_s: float) -> None:
        """What a look gave: the records behind, in order."""
        found = self._partitions.get(peek.partition)
        if found is None:
            return
        last_other = -1
        looked_at = 0
        for message in seen:
            looked_at += 1
            found.peeked_to = message.offset + 1
            if message.key not in peek.hot:
                last_other = message.offset
        found.rests_until_s = now_s + _PEEK_EVERY_S
        found.is_peeked_out = last_other < 0 and looked_at < PEEK_RECORDS
        if last_other >= 0:
            found.pass_to = last_other + 1
            found.rests_until_s = now_s + max(_PEEK_EVERY_S, found.deferred * _REST_S_PER_RECORD)
            found.deferred = 0

    def passes_over(self, message: Message) -> bool:
        """Whether an input that was just admitted is to go to the tail."""
        found = self._partitions.get(message.partition)
        if found is None or message.offset >= found.pass_to or found.key_of(message) not in found.hot:
            return False
        found.deferred += 1
        return True

    def held_by(self, message: Message) -> int:
        """How many inputs of the same key are held."""
        found = self._partitions.get(message.partition)
        return found.held[found.key_of(message)] if found is not None else 0
