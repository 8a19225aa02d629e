"""The shell of the stages that work in order, batch by batch, such as ``dedupe``. Runs in a thread of its own."""

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from synsift.pipelines.controls.steering import Steering
from synsift.pipelines.controls.view import View
from synsift.pipelines.errors import FencedError, LogUnavailable, StoreUnavailable, SynsiftError
from synsift.pipelines.gate import Gate
from synsift.pipelines.log.base import Log, Member, Message
from synsift.pipelines.metrics import REJOINS
from synsift.pipelines.reading import Skipped
from synsift.pipelines.stage import DEFAULT_PATIENCE_S, Reading, Statistics
from synsift.pipelines.stages.ledger import Hooks, Ledger
from synsift.pipelines.stages.membership import Membership, Stopped
from synsift.pipelines.stages.turnstile import Turnstile
from synsift.pipelines.topics import Router

_log: Final = logging.getLogger(__name__)

_POLL_S: Final = 0.2
_NOTHING_SAID: Final = View()
_SHORT_POLL_S: Final = 0.1
# A turn is a transaction, which on Kafka costs a worker 6 ms of CPU and a broker 5, with one record as with a hundred.
# So batches that don't fill are read not more often than this; what comes to an idle stage is read at once.
_TURN_S: Final = 0.5
# Beyond the store client's own retries: an outage of a minute or two costs time, a longer one ends the worker, so that
# whoever runs it learns of it.
_STORE_RETRIES_S: Final = (0.5, 2.0, 8.0, 15.0)


class BatchStage(ABC):
    """A stage that finishes a batch before it reads the next."""

    name: str
    patience_s: float = DEFAULT_PATIENCE_S

    def __init__(self, log: Log, router: Router, *, batch: int, steering: Steering | None = None) -> None:
        """Make one.

        Args:
            log: What it reads and writes.
            router: Makes entries.
            batch: Inputs that it reads at once.
            steering: What operators say, where that matters to the stage; followed while it runs.
        """
        self._steering = steering
        self._logbook = log
        self._router = router
        self._batch = batch
        hooks = Hooks(self._take_over, self._let_go, lambda message: self.turnstile.ended(message), self.make_durable)
        self._ledger = Ledger(self.name, log, router, hooks)
        self.turnstile = Turnstile(self.name, self._ledger, in_order=True)
        self._membership = Membership(self.name, log, self._ledger, self._listen)
        self._stopping = False
        self._joined = False
        self._hurried = threading.Event()
        self._next_turn_s = 0.0

    @property
    def view(self) -> View:
        """What operators say now."""
        return _NOTHING_SAID if self._steering is None else self._steering.view

    def _listen(self) -> None:
        if self._steering is not None:
            self._steering.begin(self.name)

    @abstractmethod
    def work(self, messages: Sequence[Message]) -> None:
        """Bring every message of a batch to its end, in order, by ``Ledger.finish``."""

    @abstractmethod
    def restore(self, partition: int, skipped: Skipped) -> None:
        """Rebuild the state of a partition, noting what can't be read."""

    @abstractmethod
    def forget(self, partition: int) -> None:
        """Drop the state of a partition that is another's now."""

    def gather(self, member: Member) -> list[Message]:
        """Read a batch; behind one that wasn't full, with some patience."""
        self._hurried.wait(max(0.0, self._next_turn_s - time.monotonic()))
        self._hurried.clear()
        messages = member.poll(self._batch, _POLL_S)
        is_short = 0 < len(messages) < self._batch
        self._next_turn_s = time.monotonic() + _TURN_S if is_short else 0.0
        return messages

    def committed(self) -> None:  # noqa: B027 - most stages have nothing to do then
        """A batch was committed."""

    def make_durable(self) -> None:  # noqa: B027 - most stages write nothing but records
        """Make the objects that a commit depends on outlast a power cut."""

    def beat(self) -> None:
        """Say that this stage lives, while it is on with something that takes long."""
        self._ledger.beat()

    def stop(self) -> None:
        """Read no more."""
        self._stopping = True
        self._membership.stop()
        self.hurry()

    def give_up(self) -> None:  # noqa: B027 - see below
        """Nothing: a batch is short, and can't be left half done without being done again."""

    def hurry(self) -> None:
        """Don't wait for batches to fill, this once."""
        self._hurried.set()

    def share(self, gate: Gate) -> None:
        """Let this process try one input alone where that is needed."""
        self.turnstile.gate = gate

    def disown(self) -> None:
        """Say that the end of this process, which comes at once, is no fault of its inputs."""
        self._ledger.disown()

    def rests_until_s(self) -> float | None:
        """None: this stage waits for nobody."""
        return None

    def waited_for(self) -> dict[str, float]:
        """None: this stage waits for nobody."""
        return {}

    def statistics(self) -> Statistics:
        """How it is now."""
        return Statistics(self.name, self._ledger.partitions, self._ledger.pending, self._joined, self._ledger.silent_s)

    def readings(self) -> Sequence[Reading]:
        """Nothing more, for most stages."""
        return ()

    async def run(self) -> None:
        """Work until ``stop``; then leave the group.

        In a thread of its own: asyncio's common ones are as many as there are cores, and four, and whoever else needs
        one for a moment, to see whether all is done for example, would wait for a stage to end.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix=self.name)
        try:
            await asyncio.get_running_loop().run_in_executor(thread, self._run)
        except Stopped:
            pass
        finally:
            thread.shutdown(wait=False)
            self.turnstile.close()
            if self._steering is not None:
                self._steering.end(self.name)

    def _run(self) -> None:
        member = self._membership.join(self.patience_s)
        failures = 0
        try:
            while not self._stopping:
                self.beat()
                try:
                    failures = 0 if self._turn(member) else failures
                except StoreUnavailable as exc:
                    if failures == len(_STORE_RETRIES_S):
                        raise
                    _log.warning("%s: %s; trying again in %.1f s", self.name, exc, _STORE_RETRIES_S[failures])
                    time.sleep(_STORE_RETRIES_S[failures])
                    failures += 1
                    member = self._rejoin()
                except (FencedError, LogUnavailable) as exc:
                    # What was not committed is forgotten, and its state with it: both come back from the log.
                    _log.warning("%s: %s; joining anew", self.name, exc)
                    REJOINS.labels(self.name, type(exc).__name__).inc()
                    member = self._rejoin()
                self._joined = True
        except BaseException as exc:
            # What is half done is begun anew. If a bug ended the worker, it counts as a death of what is in flight.
            self._ledger.spoil()
            self._membership.leave(telling=isinstance(exc, (SynsiftError, Stopped)))
            raise
        else:
            self._membership.leave()

    def _turn(self, member: Member) -> bool:
        """Read, work, commit; once. Whether anything was done."""
        for message in self._read(member):
            if self._ledger.admit(message):
                self.turnstile.add(message)
        start = self.turnstile.ready()
        if start.messages:
            self._ledger.begin(member, start.messages, start.how)
            self.work(start.messages)
        elif self.turnstile.has_waiting:
            time.sleep(_POLL_S)
        if not self._ledger.commit(member):
            return False
        self.committed()
        return True

    def _read(self, member: Member) -> list[Message]:
        """A batch; nothing while one waits, but the group hears from us."""
        return member.poll(0, 0.0) if self.turnstile.has_waiting else self.gather(member)

    def _take_over(self, partition: int, skipped: Skipped) -> None:
        self.restore(partition, skipped)
        self.turnstile.assign(partition)

    def _let_go(self, partition: int) -> None:
        self.turnstile.forget(partition)
        self.forget(partition)

    def _rejoin(self) -> Member:
        """Begin anew where the group stands."""
        self._joined = False
        self._ledger.forget_all()
        self._membership.leave()
        return self._membership.join(self.patience_s)


class LingeringStage(BatchStage):
    """A stage that waits a little for batches to fill: larger ones make fewer and larger objects."""

    def __init__(
        self, log: Log, router: Router, *, batch: int, linger_s: float, steering: Steering | None = None
    ) -> None:
        super().__init__(log, router, batch=batch, steering=steering)
        self._linger_s = linger_s

    def gather(self, member: Member) -> list[Message]:
        """Read a batch, with some patience."""
        messages = member.poll(self._batch, _SHORT_POLL_S)
        deadline_s = time.monotonic() + self._linger_s
        while messages and len(messages) < self._batch and time.monotonic() < deadline_s:
            if self._stopping or self._hurried.is_set():
                break
            messages += member.poll(self._batch - len(messages), _SHORT_POLL_S)
        self._hurried.clear()
        return messages
