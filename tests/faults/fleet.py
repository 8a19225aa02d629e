"""The workers of a round."""

import contextlib
import random
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from signal import SIGKILL, SIGTERM
from typing import IO

from tests import warm
from tests.conftest import environment

FLEET = ("search", "fetch", "dedupe", "dedupe", "land")


@dataclass(frozen=True)
class Worker:
    """A worker's process, and what it says: to a file, as nobody reads a pipe meanwhile."""

    stage: str
    process: "subprocess.Popen[str]"
    errors: IO[str]

    def await_end(self) -> None:
        """Wait until it has ended, and kill it after half a minute."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=30)
        self.process.kill()
        self.process.wait()
        self.errors.close()

    def last_words(self) -> str:
        """The end of what it said."""
        self.errors.seek(0)
        return (self.errors.read().strip().splitlines() or ["without a word"])[-1][:300]


class Fleet:
    """Worker processes.

    Attributes:
        ended: Workers that ended by themselves with an error, in words.
        deaths: How many ended by themselves as they may.
    """

    def __init__(self, options: dict[str, object], rng: random.Random) -> None:
        self._options = options
        self._rng = rng
        self._workers: list[Worker] = []
        self._module = "synsift"
        self._more: dict[str, str] = {}
        self._expected: tuple[int, ...] = ()
        self.ended: list[str] = []
        self.deaths = 0
        self.start()

    def arm(self, module: str = "synsift", more: Mapping[str, str] | None = None, statuses: Sequence[int] = ()) -> None:
        """Workers from now on: another command line, more of an environment, how they may end by themselves."""
        self._module, self._more, self._expected = module, dict(more or {}), tuple(statuses)

    def start(self) -> None:
        """Start all of them."""
        for stage in FLEET:
            self.add(stage)

    def add(self, stage: str) -> None:
        """One worker more."""
        errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the worker
        env = environment(self._options) | self._more
        process = warm.start(["run", stage], env=env, stdout=subprocess.DEVNULL, stderr=errors, module=self._module)
        self._workers.append(Worker(stage, process, errors))

    def pids(self, stage: str) -> list[int]:
        """Processes of a stage."""
        return [worker.process.pid for worker in self._workers if worker.stage == stage]

    def strike(self, *, stage: str | None = None, gently: bool = False) -> None:
        """End a worker chosen by chance, and start another in its place."""
        victim = self._rng.choice([worker for worker in self._workers if stage in (None, worker.stage)])
        self._workers.remove(victim)
        victim.process.send_signal(SIGTERM if gently else SIGKILL)
        self.add(victim.stage)
        victim.await_end()

    def stop(self, *, gently: bool) -> int:
        """End all workers; how many."""
        victims, self._workers = self._workers, []
        for victim in victims:
            victim.process.send_signal(SIGTERM if gently else SIGKILL)
        for victim in victims:
            victim.await_end()
        return len(victims)

    def replace_ended(self) -> None:
        """What an orchestrator does: a worker that ended by itself is started again."""
        for worker in list(self._workers):
            status = worker.process.poll()
            if status is not None:
                if status in self._expected:
                    self.deaths += 1
                else:
                    self.ended.append(f"{worker.stage} ended by itself with status {status}: {worker.last_words()}")
                self._workers.remove(worker)
                self.add(worker.stage)

    def end(self) -> None:
        """Kill what is left."""
        self.stop(gently=False)
