"""Rounds of faults: a fleet crawls the demo's web while things are killed, cut off and slowed down around it.

    workers ──▶ Toxiproxy ──▶ broker        restarted, cut off, slowed
            └─▶ Toxiproxy ──▶ gateway ──▶ S3     cut off, slowed; 503; no answer

In the end survivors, duplicates, dead letters and objects must be those of an undisturbed run, which the demo's truth
says. All that is random comes of the round's seed.
"""

import contextlib
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM

from deploy.local import services
from deploy.local.services import S3, Service, Toxiproxy
from synsift.pipelines.demo.run import demo_options
from synsift.pipelines.demo.web import Directory
from synsift.pipelines.errors import LogError
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.stage import INPUTS
from tests.conftest import kafka_options, s3_options
from tests.faults.s3_gateway import S3Gateway, s3_gateway
from tests.integration.conftest import write_synsets
from tests.integration.test_kill import differences, start

FAULTS = ("kills", "rebalances", "broker", "s3", "network")
FLEET = ("search", "fetch", "dedupe", "dedupe", "land")
ROUND_TIMEOUT_S = 300.0


@dataclass
class Ground:
    """The servers that all rounds share, and what stands between us and them."""

    broker: Service
    store: S3
    proxy: Toxiproxy
    gateway: S3Gateway
    kafka_port: int
    s3_port: int

    def calm(self) -> None:
        """Take all faults away."""
        self.gateway.calm()
        self.proxy.reset()


@contextlib.contextmanager
def ground(seed: int) -> Iterator[Ground]:
    """Start the servers for a block."""
    with tempfile.TemporaryDirectory(prefix="synsift-faults-") as scratch, contextlib.ExitStack() as stack:
        kafka_port, s3_port = services.free_port(), services.free_port()
        broker = services.kafka(Path(scratch) / "kafka", advertised_port=kafka_port)
        store = services.s3(Path(scratch) / "s3")
        proxy = services.toxiproxy(Path(scratch) / "toxiproxy")
        for service in (broker, store.service, proxy.service):
            stack.enter_context(services.running(service))
        gateway = stack.enter_context(s3_gateway(store.service.port, random.Random(seed)))  # noqa: S311
        proxy.forward("kafka", broker.port, kafka_port)
        proxy.forward("s3", gateway.port, s3_port)
        yield Ground(broker, store, proxy, gateway, kafka_port, s3_port)


@dataclass
class Round:
    """One round and what came of it.

    Attributes:
        seed: Repeats it.
        fault: One of ``FAULTS``.
        kills: Workers killed with SIGKILL.
        stops: Workers stopped with SIGTERM.
        others: Restarts of the broker, cut or slowed connections, failed requests to S3.
        differences: To the truth, in words.
    """

    seed: int
    fault: str
    kills: int = 0
    stops: int = 0
    others: int = 0
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        text = "; ".join(self.differences) or "no difference"
        return (
            f"seed {self.seed:10d}  {self.fault:10s}  {self.kills:2d} killed  {self.stops:2d} stopped  "
            f"{self.others:3d} other faults  {text}"
        )


class Fleet:
    """Worker processes of one round."""

    def __init__(self, options: dict[str, object], rng: random.Random) -> None:
        self._options = options
        self._rng = rng
        self._workers: list[tuple[str, subprocess.Popen[str]]] = []
        for stage in FLEET:
            self.add(stage)

    def add(self, stage: str) -> None:
        """One worker more."""
        self._workers.append((stage, start("run", stage, out=None, options=self._options)))

    def strike(self, *, stage: str | None = None, gently: bool = False) -> None:
        """End a worker chosen by chance, and start another in its place."""
        chosen = [pair for pair in self._workers if stage in (None, pair[0])]
        victim = self._rng.choice(chosen)
        self._workers.remove(victim)
        victim[1].send_signal(SIGTERM if gently else SIGKILL)
        self.add(victim[0])
        with contextlib.suppress(subprocess.TimeoutExpired):
            victim[1].communicate(timeout=30)
        victim[1].kill()
        victim[1].communicate()

    def replace_ended(self) -> None:
        """What an orchestrator does: a worker that ended by itself is started again."""
        for stage, process in list(self._workers):
            if process.poll() is not None:
                process.communicate()
                self._workers.remove((stage, process))
                self.add(stage)

    def end(self) -> None:
        """Kill what is left."""
        for _, process in self._workers:
            process.kill()
            process.communicate()


def play(place: Ground, directory: Directory, seed: int, fault: str, *, strikes: int) -> Round:
    """Play one round."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    played = Round(seed, fault)
    prefix = f"round-{seed}-"
    address = KafkaAddress(f"127.0.0.1:{place.kafka_port}")
    options = {
        **demo_options(directory),
        **kafka_options(address, prefix),
        **s3_options(place.store, prefix),
        "fetch.backoff_s": 0.1,
        "land.linger_s": 0.2,
        "dedupe.snapshot_growth": 5,
        "dedupe.batch": 20,
        "store.endpoint": f"http://127.0.0.1:{place.s3_port}",
        "store.timeout_s": 2.0,
        "logging.level": "WARNING",
    }
    with tempfile.TemporaryDirectory() as scratch:
        planned = start("plan", "--list", str(write_synsets(Path(scratch))), out=None, options=options)
        _, errors = planned.communicate(timeout=60)
        if planned.returncode:
            raise RuntimeError(errors)
    fleet = Fleet(options, rng)
    try:
        torment(place, fleet, played, rng, strikes=strikes)
        place.calm()
        played.differences = wait_until_done(address, prefix, fleet)
    finally:
        place.calm()
        fleet.end()
    played.differences = played.differences or differences(None, directory, options)
    return played


def torment(place: Ground, fleet: Fleet, played: Round, rng: random.Random, *, strikes: int) -> None:
    """Do harm, with random pauses."""
    disturb: dict[str, Callable[[], None]] = {
        "broker": lambda: restart_broker(place, played, rng),
        "s3": lambda: fail_s3(place, rng),
        "network": lambda: break_network(place, played, rng),
    }
    failed_before = place.gateway.failed
    for number in range(strikes):
        time.sleep(rng.uniform(0.3, 3.0))
        if played.fault in disturb and number % 2:
            disturb[played.fault]()
        stage = "dedupe" if played.fault == "rebalances" else None
        gently = rng.random() < 0.25
        fleet.strike(stage=stage, gently=gently)
        played.stops += gently
        played.kills += not gently
        if played.fault == "rebalances" and number == 1:
            fleet.add("dedupe")  # a third member comes, and stays
        fleet.replace_ended()
    played.others += place.gateway.failed - failed_before


def restart_broker(place: Ground, played: Round, rng: random.Random) -> None:
    """Kill or stop the broker, and start it again: its coordinators begin anew, too."""
    place.broker.stop(rng.choice([SIGKILL, SIGTERM]))
    time.sleep(rng.uniform(0, 2))
    place.broker.start()
    played.others += 1


def fail_s3(place: Ground, rng: random.Random) -> None:
    """For a while many requests fail; at times all."""
    place.gateway.busy, place.gateway.stalled = rng.choice([(0.5, 0.1), (1.0, 0.0), (0.2, 0.3)])
    time.sleep(rng.uniform(1, 3))
    place.gateway.busy, place.gateway.stalled = 0.1, 0.02


def break_network(place: Ground, played: Round, rng: random.Random) -> None:
    """Cut connections, or slow them down, for a while."""
    name, played.others = rng.choice(["kafka", "s3"]), played.others + 1
    if rng.random() < 0.5:
        place.proxy.cut(name)
    else:
        place.proxy.disturb(name, "latency", latency=200, jitter=200)
    time.sleep(rng.uniform(0.5, 4))
    place.proxy.reset()


def wait_until_done(address: KafkaAddress, prefix: str, fleet: Fleet) -> list[str]:
    """Wait until no stage has anything left to do; what is left at the deadline is a difference."""
    deadline_s = time.monotonic() + ROUND_TIMEOUT_S
    log = KafkaLog(address, partitions=16, prefix=prefix)
    left: dict[str, int] = {}
    try:
        while time.monotonic() < deadline_s:
            fleet.replace_ended()
            time.sleep(0.5)
            try:
                left = {name: sum(lag.records for lag in log.lag(name, topic.name)) for name, topic in INPUTS.items()}
            except LogError:
                continue
            if not any(left.values()):
                return []
    finally:
        log.close()
    return [f"not done after {ROUND_TIMEOUT_S:.0f} s: {left}"]
