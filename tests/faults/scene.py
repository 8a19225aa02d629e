"""A round: what is known while it is played, and how its end is compared with the truth."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from synsift.pipelines.assembly import Parts, open_parts
from synsift.pipelines.config import load
from synsift.pipelines.demo.check import Actual, differences
from synsift.pipelines.demo.run import actual_of, private_hits
from synsift.pipelines.demo.web import Directory
from synsift.pipelines.errors import LogError
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.stage import INPUTS, OPTIONAL
from tests.faults.fleet import Fleet
from tests.faults.ground import Ground

ROUND_TIMEOUT_S = 300.0
_PROGRESS_S = 20.0
_START_S = 180.0


@dataclass
class Round:
    """One round and what came of it.

    Attributes:
        seed: Repeats it.
        fault: One of ``FAULTS``.
        kills: Workers killed with SIGKILL.
        stops: Workers stopped with SIGTERM.
        others: Restarts of brokers, cut or slowed connections, failed requests to S3, bad records, deleted groups and
            records, killed decoders, damaged blobs.
        notes: What else is worth to be known, in words.
        differences: To the truth, in words.
    """

    seed: int
    fault: str
    kills: int = 0
    stops: int = 0
    others: int = 0
    notes: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        text = "; ".join([*self.notes, *(self.differences or ["no difference"])])
        return (
            f"seed {self.seed:10d}  {self.fault:10s}  {self.kills:2d} killed  {self.stops:2d} stopped  "
            f"{self.others:3d} other faults  {text}"
        )


@dataclass
class Scene:
    """What a kind of fault works with.

    Attributes:
        place: The servers.
        fleet: The workers.
        played: The round's account.
        rng: All chance of the round.
        strikes: How often to do harm.
        directory: The demo's web.
        options: The workers' configuration.
        prefix: Before the names of topics, groups and objects.
    """

    place: Ground
    fleet: Fleet
    played: Round
    rng: random.Random
    strikes: int
    directory: Directory
    options: dict[str, object]
    prefix: str

    def pause(self, least_s: float = 0.3, most_s: float = 3.0) -> None:
        """Wait for a moment, by chance."""
        time.sleep(self.rng.uniform(least_s, most_s))

    def strike(self, *, stage: str | None = None) -> None:
        """End a worker, one in four gently."""
        gently = self.rng.random() < 0.25
        self.fleet.strike(stage=stage, gently=gently)
        self.played.stops += gently
        self.played.kills += not gently

    def stop_fleet(self) -> None:
        """End all workers, by chance gently."""
        gently = self.rng.random() < 0.5
        number = self.fleet.stop(gently=gently)
        self.played.stops += number * gently
        self.played.kills += number * (not gently)

    @contextlib.contextmanager
    def log(self) -> Iterator[KafkaLog]:
        """The round's log."""
        log = KafkaLog(self.place.address, partitions=16, prefix=self.prefix)
        try:
            yield log
        finally:
            log.close()

    @contextlib.contextmanager
    def parts(self) -> Iterator[Parts]:
        """The round's log and store."""
        parts = open_parts(load(env={}, options=self.options).settings)
        try:
            yield parts
        finally:
            parts.log.close()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until the fleet has come so far; what it has not after some minutes is no reason to go on waiting."""
        deadline_s = time.monotonic() + _START_S
        while not condition() and time.monotonic() < deadline_s:
            time.sleep(0.1)
            self.fleet.replace_ended()

    def wait_for_work(self, log: KafkaLog, least: int) -> None:
        """Wait until so many more inputs are done, or as long as a start of all workers takes twice."""
        deadline_s = time.monotonic() + _PROGRESS_S
        begin = self._done(log)
        while self._done(log) < begin + least and time.monotonic() < deadline_s:
            time.sleep(0.2)
            self.fleet.replace_ended()

    @staticmethod
    def _done(log: KafkaLog) -> int:
        try:
            return sum(lag.committed for name in ("fetch", "dedupe") for lag in log.lag(name, INPUTS[name].name))
        except LogError:
            return 0

    def compare(self, without: Callable[[dict[str, Actual]], None] = lambda _: None) -> list[str]:
        """Differences to the truth; ``without`` takes away what the round itself put in."""
        with self.parts() as parts:
            actual = actual_of(parts)
        without(actual)
        return list(differences(self.directory, actual, private_hits(self.directory)))

    def wait_until_done(self, timeout_s: float = ROUND_TIMEOUT_S) -> list[str]:
        """Wait until no stage has anything left to do; what is left at the deadline is a difference."""
        deadline_s = time.monotonic() + timeout_s
        left: dict[str, int] = {}
        working = [name for name in INPUTS if name not in OPTIONAL]
        with self.log() as log:
            while time.monotonic() < deadline_s:
                self.fleet.replace_ended()
                time.sleep(0.5)
                try:
                    left = {name: sum(x.records for x in log.lag(name, INPUTS[name].name)) for name in working}
                except LogError:
                    continue
                if not any(left.values()):
                    return []
        return [f"not done after {timeout_s:.0f} s: {left}"]


def leave_out(actual: dict[str, Actual], wnid: str, outcome: str, number: int = 1) -> None:
    """Take dead letters away that a round itself caused."""
    if wnid in actual:
        letters = actual[wnid].letters
        left = {name: count - number * (name == outcome) for name, count in letters.items()}
        letters = {name: count for name, count in left.items() if count}
        actual[wnid] = replace(actual[wnid], letters=letters)
