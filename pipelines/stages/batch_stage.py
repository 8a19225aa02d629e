"""The shell of the stages that work in order, batch by batch: ``dedupe`` and ``land``. Runs in a thread of its own."""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from synsift.pipelines.errors import FencedError, LogUnavailable, StoreUnavailable
from synsift.pipelines.log.base import Log, Member, Message
from synsift.pipelines.reading import Skipped
from synsift.pipelines.stage import DEFAULT_PATIENCE_S, Statistics
from synsift.pipelines.stages.ledger import Hooks, Ledger
from synsift.pipelines.stages.membership import Membership, Stopped
from synsift.pipelines.topics import Router

_log: Final = logging.getLogger(__name__)

_POLL_S: Final = 0.2
# Beyond the store client's own retries: an outage of a minute or two costs time, a longer one ends the worker, so that
# whoever runs it learns of it.
_STORE_RETRIES_S: Final = (0.5, 2.0, 8.0, 15.0)


class BatchStage(ABC):
    """A stage that finishes a batch before it reads the next."""

    name: str
    patience_s: float = DEFAULT_PATIENCE_S

    def __init__(self, log: Log, router: Router, *, batch: int) -> None:
        self._logbook = log
        self._router = router
        self._batch = batch
        self._ledger = Ledger(self.name, log, router, Hooks(self.restore, self.forget, durable=self.make_durable))
        self._membership = Membership(self.name, log, self._ledger)
        self._stopping = False
        self._joined = False

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
        """Read a batch."""
        return member.poll(self._batch, _POLL_S)

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

    def give_up(self) -> None:  # noqa: B027 - see below
        """Nothing: a batch is short, and can't be left half done without being done again."""

    def hurry(self) -> None:  # noqa: B027 - most stages have nothing to hurry
        """Don't wait for batches to fill."""

    def statistics(self) -> Statistics:
        """How it is now."""
        return Statistics(self.name, self._ledger.partitions, self._ledger.pending, self._joined, self._ledger.silent_s)

    async def run(self) -> None:
        """Work until ``stop``; then leave the group."""
        with contextlib.suppress(Stopped):
            await asyncio.to_thread(self._run)

    def _run(self) -> None:
        member = self._membership.join(self.patience_s)
        failures = 0
        try:
            while not self._stopping:
                self.beat()
                try:
                    messages = [message for message in self.gather(member) if self._ledger.admit(message)]
                    if messages:
                        self.work(messages)
                        self._ledger.commit(member)
                        self.committed()
                        failures = 0
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
                    member = self._rejoin()
                self._joined = True
        finally:
            self._membership.leave()

    def _rejoin(self) -> Member:
        """Begin anew where the group stands."""
        self._joined = False
        self._ledger.forget_all()
        self._membership.leave()
        return self._membership.join(self.patience_s)
