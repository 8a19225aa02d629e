"""The log: a durable, partitioned stream of records with consumer groups and transactions.

All stages are written against these four small interfaces. Two implementations, and no third: SQLite for one
machine, Kafka for fleets.

    log.join(group, topic, listener) ──▶ Member ──poll──▶ messages of the partitions it owns
                                           │
                                           └─transaction──▶ outputs and consumed positions, all or nothing

Promises, which ``tests/pipelines/log/contract.py`` checks of every implementation:

- Entries of one partition are read in the order in which they were written, and none is lost.
- What a transaction wrote is seen whole after it, and never if it was aborted.
- What a group has yet to do is never seen smaller than it was at any moment of the look, even where its own members
  write their inputs.
- A member begins where its group's committed position stands. The log keeps positions itself, too: a group that lost
  its own goes on where it stood.
- A partition has one owner at a time; the next owner begins after the last has let go or was declared dead.
- Where a group wants it whole, one member comes to own all partitions, and keeps them as long as it lives.
- A member that was declared dead writes nothing more: its transactions and commits raise ``FencedError``.
- Keys, values and headers come back as they were written; where they can't, the message says so in ``damage``.
"""

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from synsift.pipelines.topics import Entry, Headers


@dataclass(frozen=True, slots=True)
class Message:
    """A record as it stands in the log.

    Attributes:
        topic: Name of the topic.
        partition: Partition within the topic.
        offset: Place within the partition; grows, not always by one.
        key: Identity for compaction; None where a stranger wrote without one.
        value: The encoded record; None for a tombstone.
        headers: What is said of it.
        damage: Why the log doesn't vouch for these bytes, for example a wrong checksum; empty if it does.
        is_left: Whether its place is another since the topics were grown, and it stands there, too, or is done: nothing
            is to do.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    damage: str = ""
    is_left: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """How far a group has come in a partition.

    Attributes:
        offset: The next to read: everything below is done.
        note: At most 4,000 characters that are kept with it, for example what is done above ``offset``.
        begins: Where the log begins, if that is behind ``offset``: what was not done of the records between is lost.
            Told when a partition is taken over; 0 otherwise.
        ends: Where the log ended when a partition was taken over; 0 if that wasn't asked. Not compared.
    """

    offset: int
    note: str = ""
    begins: int = 0
    ends: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Lag:
    """What a group has yet to do in one partition.

    Attributes:
        partition: Which.
        committed: Offset of the group's position.
        end: Offset that the next record will have.
        owner: Name of the member that owns the partition; empty for none.
        done: How many above the position are done.
        copies: How many offsets below the position were put there when the topics were grown.
    """

    partition: int
    committed: int
    end: int
    owner: str = ""
    done: int = 0
    copies: int = 0

    @property
    def worked(self) -> int:
        """How many records the group has done with; ends of transactions are counted among them."""
        return max(0, self.committed + self.done - self.copies)

    @property
    def records(self) -> int:
        """How many records are left, at most: ends of transactions may be counted among them."""
        return max(0, self.end - self.committed - self.done)


class Listener(Protocol):
    """Who is told of changes of ownership; called from within ``Member.poll`` and ``Member.close``."""

    def on_assigned(self, positions: Mapping[int, Position]) -> None:
        """Partitions are ours from now on: rebuild their state."""

    def on_gap(self, partition: int, lost: range) -> None:
        """The log deleted records of a partition of ours before we could read them: these offsets."""

    def on_revoked(self, partitions: Collection[int]) -> None:
        """Partitions will be another's: commit what is finished, forget the rest."""


class Transaction(Protocol):
    """Outputs and consumed positions that become visible together."""

    def produce(self, entries: Sequence[Entry]) -> None:
        """Add outputs."""

    def consume(self, positions: Mapping[int, Position]) -> None:
        """Add positions of the member's input partitions."""


class Member(Protocol):
    """A member of a consumer group. Used by one thread at a time."""

    def poll(self, max_records: int, timeout_s: float, *, paused: Collection[int] = ()) -> list[Message]:
        """Read on, in order per partition; empty after ``timeout_s`` without records. Tells the listener first.

        Partitions in ``paused`` stay ours, but nothing is read from them this time.
        """

    def commit(self, positions: Mapping[int, Position]) -> None:
        """Say how far the work is done, without outputs."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction: committed at the end of the block, aborted if it raises."""

    def close(self) -> None:
        """Leave the group, after telling the listener. Nothing is committed by this."""


class Follower(Protocol):
    """A reader of a whole topic, outside of any group. Used by one thread at a time."""

    def read(self) -> list[Message]:
        """What was written since the last time, in order per partition; the first time all that stood there.

        What was written by the time of the first call is read by the end of it; later calls give what is at hand.
        """

    def close(self) -> None:
        """Read no more."""


class Log(Protocol):
    """A log. Thread-safe; its members and followers are not."""

    partitions: int

    def identity(self) -> str:
        """A name that no other log has, made with it; what is stored for it bears it."""

    def adopt(self, identity: str) -> None:
        """Take the identity of a log that is gone, whose store this one goes on with."""

    def produce(self, entries: Sequence[Entry]) -> None:
        """Write entries, all or nothing; durable on return."""

    def join(self, group: str, topic: str, listener: Listener, *, whole: bool = False) -> Member:
        """Become a member of a group that reads one topic.

        Args:
            group: Which.
            topic: What it reads.
            listener: Is told of changes of ownership.
            whole: Whether one member owns all partitions, and the others stand by. The same for all of a group.
        """

    def read(self, topic: str, partition: int, start: int = 0) -> Generator[Message, None, None]:
        """Read a partition from an offset to its present end, outside of any group."""

    def follow(self, topic: str) -> Follower:
        """Read a topic from its beginning, and then again and again what is new."""

    def lag(self, group: str, topic: str) -> list[Lag]:
        """What a group has yet to do, by partition."""

    def close(self) -> None:
        """Release what the log holds. Members must have been closed."""
