"""What a stage owes the log: outputs, counts and positions of the inputs that it has finished.

One order for all stages, so that nothing is lost, repeated or counted twice:

    1. take everything finished since the last commit
    2. raise each partition's low watermark
    3. make the objects that it depends on outlast a power cut
    4. in one transaction: outputs, counts per synset, positions; with these, what may be in flight
    5. only then count for Prometheus
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from synsift.pipelines import metrics, topics
from synsift.pipelines.clock import now_text
from synsift.pipelines.dead_letters import DeadLetter, entry_of
from synsift.pipelines.errors import FencedError, LogUnavailable
from synsift.pipelines.log.attempts import FEW, Attempts, Begun
from synsift.pipelines.log.base import Log, Member, Message, Position
from synsift.pipelines.reading import Skipped
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.stages.book import Book
from synsift.pipelines.stages.lives import Lives
from synsift.pipelines.stages.tally import Count, Tally, outcomes_of, read_counts
from synsift.pipelines.topics import Entry, Router

_log: Final = logging.getLogger(__name__)

TOO_LARGE: Final = "output_too_large"
"""Outcome of an input whose output no broker would take."""
MAX_OUTPUT_BYTES: Final = 1_000_000
"""Kafka's default for a batch is 1,048,588 bytes, and a record needs some of them for itself."""
_DEAD_LETTERS: Final = topics.DEAD_LETTERS.name
_RETRY_S: Final = (0.2, 1.0, 5.0, 15.0)


@dataclass(frozen=True, slots=True)
class Finished:
    """An input that came to its end."""

    message: Message
    entries: Sequence[Entry]
    counts: Sequence[Count]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a stage is told by its ledger, in the thread that polls.

    Attributes:
        restore: A partition is ours: rebuild the stage's own state of it, and note what of it can't be read.
        forget: It is another's: drop that state.
        ended: An input is committed.
        durable: A commit is about to say that work is done: make what it depends on outlast a power cut.
    """

    restore: Callable[[int, Skipped], None]
    forget: Callable[[int], None]
    ended: Callable[[Message], None] = lambda _: None
    durable: Callable[[], None] = lambda: None


class Ledger:
    """Books of one stage. ``finish`` may be called from any thread; the rest from the one that polls."""

    def __init__(self, stage: str, log: Log, router: Router, hooks: Hooks) -> None:
        """Open the books.

        Args:
            stage: Name of the stage.
            log: Where progress is read from.
            router: Makes entries.
            hooks: What the stage wants to know.
        """
        self._stage = stage
        self._logbook = log
        self._router = router
        self._hooks = hooks
        self._lock = threading.Lock()
        self._books: dict[int, Book] = {}
        self.lives = Lives(stage, log)
        self._tally = Tally(stage)
        self._finished: list[Finished] = []
        self._notes: dict[tuple[int, str], int] = {}
        # After a commit that failed the books are ahead of the log, and must not be committed.
        self._is_spoiled = False
        self._beat_at_s = time.monotonic()
        self.member: Member | None = None

    # Ownership: told by the log, within poll and close.

    def on_assigned(self, positions: Mapping[int, Position]) -> None:
        """Rebuild the state of new partitions."""
        suspected: list[Attempts] = []
        metrics.ASSIGNMENTS.labels(self._stage).inc(bool(positions))
        for partition, position in positions.items():
            skipped, alive = Skipped(), set(self.lives.names)
            with metrics.REBUILD_SECONDS.labels(self._stage).time():
                self._tally.take_over(partition, read_counts(self._logbook, self._stage, partition, skipped, alive))
                self._hooks.restore(partition, skipped)
            self.note_skipped(partition, skipped)
            book = Book(position, self.lives.name, alive)
            with self._lock:
                self._books[partition] = book
            suspected.append(book.attempts)
            if position.begins > position.offset:
                self.on_gap(partition, range(position.offset, position.begins))
        _log.debug("%s owns %d partitions more", self._stage, len(positions))
        if suspects := sum(attempts.suspects for attempts in suspected):
            _log.warning(
                "%s: up to %d inputs were in flight when a worker died; these begin first, a few at a time, and "
                "take turns with the others if their hosts are slow",
                self._stage,
                suspects,
            )
        for attempts in suspected if suspects <= FEW else ():
            attempts.were_few()

    def on_gap(self, partition: int, lost: range) -> None:
        """Inputs that the log deleted before they were done: said, counted, and shown by ``status``."""
        with self._lock:
            missing = self._books[partition].mark.pass_over(lost)
        if not missing:
            return
        topic, place = INPUTS[self._stage].name, f"{INPUTS[self._stage].name}/{partition}"
        _log.error(
            "%s: %s has lost up to %d records that were never done: the log begins at %d, behind the position",
            *(self._stage, place, missing, lost.stop),
        )
        metrics.MISSING.labels(topic).inc(missing)
        self._tally.add(partition, [Count("", f"lost:{topic}", missing)])

    def on_revoked(self, partitions: Collection[int]) -> None:
        """Commit what is finished, say that nothing is in flight, and forget the partitions."""
        if self.member is not None:
            self.commit(self.member, letting_go=partitions)
        self._drop(partitions)

    def forget_all(self) -> None:
        """Drop everything: the member was declared dead, and its work is another's."""
        self.lives.lost(self._in_flight())
        self._drop(list(self._books))
        with self._lock:
            self._finished.clear()  # last: what is dropped can't be finished any more
            self._is_spoiled = False

    def spoil(self) -> None:
        """Commit nothing more but that nothing is in flight: what was begun will be done again."""
        self._is_spoiled = True

    def disown(self) -> None:
        """Say that the end of this process, which comes at once, is no fault of its inputs. Safe from any thread."""
        self.lives.disown(self._in_flight())

    def _in_flight(self) -> list[int]:
        """Partitions of which the log says that something is in flight."""
        with self._lock:
            return [partition for partition, book in self._books.items() if book.attempts.says_in_flight]

    def _drop(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            with self._lock:
                self._books.pop(partition, None)
                # What ended while the rest was committed, too: the partition may come back in the same poll, and
                # whoever has it then begins anew.
                self._finished = [item for item in self._finished if item.message.partition != partition]
                self._notes = {at: value for at, value in self._notes.items() if at[0] != partition}
            self._tally.drop(partition)
            self._hooks.forget(partition)

    # Signs of life.

    def beat(self) -> None:
        """Say that the stage's thread lives: it polls, or is on with something that takes long."""
        self._beat_at_s = time.monotonic()

    @property
    def silent_s(self) -> float:
        """How long ago it said so."""
        return time.monotonic() - self._beat_at_s

    # Work.

    def admit(self, message: Message) -> bool:
        """Take an input in. False if it was finished before a restart, or its partition is gone."""
        with self._lock:
            book = self._books.get(message.partition)
            return book is not None and book.admit(message)

    def attempts(self, partition: int) -> Attempts:
        """What was in flight of a partition when workers died."""
        return self._books[partition].attempts

    def begin(self, member: Member, messages: Sequence[Message], how: Begun) -> None:
        """Inputs are about to begin: write that down, where the log doesn't say yet that they may be in flight."""
        with self._lock:
            unsaid = [m.partition for m in messages if (b := self._books.get(m.partition)) and b.begin(m, how)]
            positions = {p: self._books[p].attempts.noted(self._books[p].committed) for p in unsaid}
        if positions:
            self._write(member, (), positions, _RETRY_S)

    def done_below(self, partition: int) -> int:
        """The offset below which all of a partition is done."""
        return self._books[partition].mark.low

    def is_open(self, message: Message) -> bool:
        """Whether the work on an input still counts.

        It doesn't once its partition was let go, even if that came back and the input was read again: what was begun
        before knows nothing of what became of it meanwhile. So the very message that was admitted is asked for, not
        one of the same offset.
        """
        book = self._books.get(message.partition)
        return book is not None and book.is_open(message)

    def finish(self, message: Message, entries: Sequence[Entry], counts: Sequence[Count]) -> bool:
        """Note the end of an input, to be committed with the next batch. False, and nothing, if it isn't open."""
        large = next((e for e in entries if e.size_bytes > MAX_OUTPUT_BYTES and e.topic != _DEAD_LETTERS), None)
        if large is not None:
            text = f"a record of {large.size_bytes} bytes for {large.topic}; brokers take {MAX_OUTPUT_BYTES}"
            entries, counts = [self.dead_letter(message, TOO_LARGE, text)], [Count("", TOO_LARGE)]
        with self._lock:
            if not self.is_open(message):
                return False
            self._books[message.partition].close(message)
            self._finished.append(Finished(message, entries, counts))
            return True

    def reject(self, message: Message, outcome: str, text: str, *, attempts: int = 1, wnid: str = "") -> bool:
        """Note that an input came to no output: its dead letter is all that it gives. False if it isn't open."""
        letter = self.dead_letter(message, outcome, text, attempts=attempts, wnid=wnid)
        return self.finish(message, [letter], [Count(wnid, outcome)])

    def dead_letter(  # noqa: PLR0913 - a dead letter says all there is to say
        self,
        message: Message,
        outcome: str,
        text: str,
        *,
        attempts: int = 1,
        wnid: str = "",
        part: bytes | None = None,
    ) -> Entry:
        """The entry of an input that could not become an output; with ``part`` it is about a part of it only."""
        letter = DeadLetter(
            stage=self._stage,
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            key=message.key,
            value=message.value if part is None else part,
            headers=message.headers,
            outcome=outcome,
            message=text,
            attempts=attempts,
            at=now_text(),
            wnid=wnid,
            is_part=part is not None,
        )
        return entry_of(letter, message.partition)

    def note_skipped(self, partition: int, skipped: Skipped) -> None:
        """Say in the counts what of a partition's state could not be read, so that ``status`` shows it."""
        for topic, number in skipped.by_topic.items():
            self._tally.put(partition, f"skipped:{topic}", number)

    def note(self, partition: int, name: str, value: int) -> None:
        """Set a count of a partition that is no synset's, to be committed with the next batch; 0 forgets it."""
        with self._lock:
            if partition in self._books:
                self._notes[partition, name] = value

    def noted(self, partition: int) -> Mapping[str, int]:
        """The counts of a partition that are no synset's, as committed."""
        return self._tally.noted(partition)

    def count_of(self, partition: int, wnid: str, outcome: str) -> int:
        """How many were committed so far."""
        return self._tally.of(partition, wnid, outcome)

    def counts_of(self, partition: int, wnid: str) -> Mapping[str, int]:
        """All that was committed so far of a synset; for the event loop only while nothing is committed."""
        return self._tally.all_of(partition, wnid)

    def commit(self, member: Member, *, letting_go: Collection[int] = ()) -> int:
        """Write everything finished; see the module's docstring for the order. Returns how many inputs.

        Args:
            member: Who writes.
            letting_go: Partitions of which nothing is in flight any more, as they will be another's.

        Raises:
            FencedError: Nothing was written, and nothing of this member ever will be.
        """
        finished = self._take()
        with self._lock:
            for (partition, name), value in self._notes.items():
                self._tally.put(partition, name, value)
            self._notes.clear()
            reached = self._advance(finished, letting_go)
            positions = {partition: self._books[partition].attempts.noted(at) for partition, at in reached.items()}
        if not positions:
            return 0
        entries = [entry for item in finished for entry in item.entries]
        for item in finished:
            self._tally.add(item.message.partition, item.counts)
        entries += map(self._router.progress, self._tally.take_records())
        was_spoiled, self._is_spoiled = self._is_spoiled, True
        with metrics.COMMIT_SECONDS.labels(self._stage).time():
            if finished:
                self._hooks.durable()
            self._write(member, entries, positions, _RETRY_S if finished else ())
        self._is_spoiled = was_spoiled
        for partition, at in reached.items():
            self._books[partition].committed = at
        for item in finished:
            self._hooks.ended(item.message)
        for outcome, number in outcomes_of(count for item in finished for count in item.counts).items():
            metrics.OUTCOMES.labels(self._stage, outcome).inc(number)
        return len(finished)

    def _advance(self, finished: Iterable[Finished], letting_go: Collection[int]) -> dict[int, Position]:
        """Raise the low watermarks; the positions that are to be written, without what is in flight."""
        reached: dict[int, Position] = {}
        for partition in letting_go:
            book = self._books.get(partition)
            if book is not None and book.attempts.says_in_flight:
                book.attempts.close()
                reached[partition] = book.committed
        if self._is_spoiled:
            self._tally.forget_touched()
            return reached
        done: dict[int, list[int]] = {}
        for item in finished:
            done.setdefault(item.message.partition, []).append(item.message.offset)
        # Where something was lost, too: what is counted must not be met again by the next owner.
        touched = self._tally.touched
        for partition, book in self._books.items():
            if partition in done or partition in touched or book.has_moved:
                reached[partition] = book.finish(done.get(partition, ()))
        return reached

    def far_ahead(self) -> frozenset[int]:
        """Partitions whose reading has run so far ahead of their watermark that it must wait."""
        with self._lock:
            return frozenset(partition for partition, book in self._books.items() if book.is_far_ahead)

    @property
    def partitions(self) -> int:
        """How many partitions are owned, their state rebuilt."""
        return len(self._books)

    @property
    def pending(self) -> int:
        """How many inputs are read and not committed."""
        with self._lock:
            return sum(book.mark.pending for book in self._books.values())

    @property
    def in_work(self) -> int:
        """How many inputs are read and have not ended."""
        with self._lock:
            return sum(book.in_work for book in self._books.values())

    def _take(self) -> list[Finished]:
        """What is finished, without what belongs to others by now."""
        with self._lock:
            taken, self._finished = self._finished, []
            return [item for item in taken if item.message.partition in self._books and not self._is_spoiled]

    def _write(
        self, member: Member, entries: Sequence[Entry], positions: Mapping[int, Position], waits_s: Sequence[float]
    ) -> None:
        for wait_s in (*waits_s, None):
            try:
                with member.transaction() as transaction:
                    transaction.produce(entries)
                    transaction.consume(positions)
            except (FencedError, LogUnavailable) as exc:
                metrics.COMMIT_FAILURES.labels(self._stage, type(exc).__name__).inc()
                if wait_s is None or isinstance(exc, FencedError):
                    raise
                _log.warning("%s: %s; trying again in %.1f s", self._stage, exc, wait_s)
                time.sleep(wait_s)
            else:
                return
