"""Drills: causes of trouble, planted in a fleet that a real Prometheus watches; which alert fires for each?

    python -m tests.faults.drills [--only NAME ...] [--times 60]

The rules are those of ``deploy/monitoring``, but for time: a drill waits seconds where an alert waits minutes, and a
hundred inputs are many. Kafka, S3 and what stands between are those of the other faults; Prometheus is the program
``prometheus`` (Debian has it). Prints a row of a table for each: the cause, the alerts that fired, after how long, and
what the panel showed that tells why.
"""

import argparse
import contextlib
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from deploy.local.services import free_port
from synsift.pipelines import topics
from synsift.pipelines.demo.run import demo_options, demo_web
from synsift.pipelines.demo.web import Directory
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.topics import Entry
from tests import warm
from tests.conftest import environment, kafka_options, s3_options
from tests.faults.ground import Ground, ground
from tests.integration.conftest import write_synsets

RULES: Final = Path(__file__).parents[2] / "deploy/monitoring/rules.yml"
_QUICKER: Final = (
    *((r"for: \d+m", "for: 3s"), (r"\[5m\]", "[15s]"), (r"\[15m\]", "[15s]"), (r"\[30m\]", "[30s]")),
    *((r"\[1h\]", "[60s]"), (r"offset 1h", "offset 60s")),
    # What is long, and what is many.
    *((r"silent_seconds > 120", "silent_seconds > 10"), (r"age_seconds > 60", "age_seconds > 8")),
    *((r"age_seconds < 60", "age_seconds < 30"), (r"\) > 3600", ") > 10"), (r"> 200\)", "> 20)")),
    *((r"> 500\)", "> 20)"), (r"lag\) > 1000", "lag) > 50")),
    *((r'"fetch"} > 100', '"fetch"} > 0'), (r"rest_seconds\) > 600", "rest_seconds) > 60")),
)
_STAGES: Final = ("search", "fetch", "dedupe", "land")


def quickened(text: str) -> str:
    """The rules, with seconds for minutes."""
    for pattern, instead in _QUICKER:
        text, number = re.subn(pattern, instead, text)
        if not number:
            raise SystemExit(f"no rule has {pattern!r}: this table is of other rules")
    return text


@dataclass
class Fleet:
    """Workers that serve their metrics, and the Prometheus that watches them."""

    place: Ground
    options: dict[str, object]
    prefix: str
    web: Directory
    folder: Path
    workers: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    port: int = 0

    def start(self, stage: str, more: dict[str, object] | None = None) -> None:
        """Start the worker of a stage, at the port that Prometheus knows."""
        options = {**self.options, "service.port": self.ports[stage], **(more or {})}
        errors = (self.folder / f"{stage}.log").open("ab")
        self.workers[stage] = warm.start(
            ["run", stage], env=environment(options), stdout=subprocess.DEVNULL, stderr=errors
        )

    def plan(self, *words: str, **options: object) -> None:
        """Give the fleet something to do."""
        command = [sys.executable, "-m", "synsift", "plan", *words]
        subprocess.run(command, env=environment({**self.options, **options}), check=True, capture_output=True)

    def urls(self, *urls: str) -> Path:
        """A list of image URLs."""
        path = self.folder / f"{len(list(self.folder.glob('*.txt')))}.txt"
        path.write_text("".join(f"{url}\n" for url in urls))
        return path

    def ask(self, query: str) -> list[dict[str, Any]]:
        """What a query gives now."""
        address = f"http://127.0.0.1:{self.port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            found: list[dict[str, Any]] = json.loads(answer.read())["data"]["result"]
        return found

    def firing(self) -> set[str]:
        """Alerts that fire."""
        return {one["metric"]["alertname"] for one in self.ask('ALERTS{alertstate="firing"}')}

    def await_work(self) -> None:
        """Wait until all stages are ready and something was fetched."""
        self._until(lambda: len(self.ask("synsift_pipelines_stage_ready == 1")) == len(_STAGES))
        self._until(lambda: bool(self.ask('sum(synsift_pipelines_outcomes_total{stage="land"}) > 0')))

    def await_silence(self, alert: str) -> None:
        """Wait until rates are known, and an alert does not fire, as it may while workers start."""
        self._until(lambda: bool(self.ask('stage:synsift_outcomes:rate5m{stage="land"} > 0')))
        self._until(lambda: alert not in self.firing())

    @staticmethod
    def _until(condition: Callable[[], bool], within_s: float = 120) -> None:
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            with contextlib.suppress(OSError):
                if condition():
                    return
            time.sleep(0.5)
        raise SystemExit("the fleet did not begin to work")


@dataclass(frozen=True)
class Drill:
    """A cause, how it is planted, the alert that must fire, and the query of a panel that says why."""

    cause: str
    plant: Callable[[Fleet], None]
    alert: str
    panel: str
    query: str


def dead_broker(fleet: Fleet) -> None:
    """No broker answers."""
    fleet.place.proxy.cut("kafka")


def full_bucket(fleet: Fleet) -> None:
    """The store has no room."""
    fleet.place.gateway.full = True
    fleet.plan("--source", "urls", "--list", str(fleet.urls(*_images(fleet, 40, "full"))))


def sick_hosts(fleet: Fleet) -> None:
    """All that is left to fetch is at hosts where nobody listens."""
    fleet.plan("--source", "urls", "--list", str(fleet.urls(*(f"http://127.0.0.{n}:9/{n}.jpg" for n in range(20, 60)))))


def poison(fleet: Fleet) -> None:
    """A stranger writes what is no record."""
    log = KafkaLog(fleet.place.address, partitions=16, prefix=fleet.prefix)
    log.produce([Entry(topics.CANDIDATES.name, n % 16, b"n1", b"\xffnonsense") for n in range(8)])
    log.close()


def slow_store(fleet: Fleet) -> None:
    """Each request to the store takes so long that its deadline is over."""
    fleet.plan("--source", "urls", "--list", str(fleet.urls(*_images(fleet, 40, "slow"))))
    fleet.place.proxy.disturb("s3", "latency", latency=4_000)


def spent_source(fleet: Fleet) -> None:
    """The source grants sixteen requests a day, and more queries wait."""
    _restart(fleet, "search", {"sources.commons.per_day": 16})
    path = fleet.folder / "many.tsv"
    path.write_text("".join(f"n{7_000_000 + n:08d}\tdaisy {n}\n" for n in range(40)))
    fleet.plan("--list", str(path))


def stuck_worker(fleet: Fleet) -> None:
    """A worker's process is stopped."""
    fleet.workers["land"].send_signal(signal.SIGSTOP)


def only_copies(fleet: Fleet) -> None:
    """A list of the same pictures again and again, under other names."""
    _restart(fleet, "fetch", {"fetch.placeholder_urls": 0})
    copies = [f"{url}{n}" for url in _images(fleet, 4, "copy") for n in range(60)]
    fleet.plan("--source", "urls", "--list", str(fleet.urls(*copies)))


def wrong_secret(fleet: Fleet) -> None:
    """A worker is started anew, with the secret of yesterday."""
    _restart(fleet, "land", {"store.secret_access_key": "yesterday"})


def skewed(fleet: Fleet) -> None:
    """One host has all that is left, and answers slowly."""
    _restart(fleet, "fetch", {"fetch.delay_s": 2.0})
    (host, *_) = {urllib.parse.urlsplit(one.url).netloc for one in fleet.web.truth if one.outcome == "fetched"}
    urls = (f"http://{host}/nothing-{n}.jpg" for n in range(400))
    fleet.plan("--source", "urls", "--list", str(fleet.urls(*urls)))


def _images(fleet: Fleet, number: int, mark: str) -> list[str]:
    good = [one.url for one in fleet.web.truth if one.outcome == "fetched"][:number]
    return [f"{url}?{mark}" for url in good]


def _restart(fleet: Fleet, stage: str, more: dict[str, object]) -> None:
    fleet.workers[stage].terminate()
    fleet.workers[stage].wait(timeout=60)
    fleet.start(stage, more)


DRILLS: Final = {
    "broker": Drill(
        "the brokers are gone", dead_broker, "SynsiftLogAway",
        "fleet: The log: age of the last answer", "max(synsift_pipelines_lag_age_seconds)",
    ),
    "bucket": Drill(
        "the bucket is full", full_bucket, "SynsiftStoreFails",
        "fleet: The store: errors", "sum by (error) (increase(synsift_pipelines_store_errors_total[60s])) > 0",
    ),
    "hosts": Drill(
        "all hosts that are left are sick", sick_hosts, "SynsiftHostsAsleep",
        "hosts: Hosts that fail", "sum by (state) (synsift_pipelines_hosts) > 0",
    ),
    "poison": Drill(
        "a stranger writes poison records", poison, "SynsiftPoison",
        "quality: Put aside, or unreadable",
        'sum by (stage, outcome) (synsift_pipelines_outcomes_total{outcome="broken_record"}) > 0',
    ),
    "slow": Drill(
        "the store is slow", slow_store, "SynsiftStoreFails",
        "fleet: The store: errors", "sum by (error) (increase(synsift_pipelines_store_errors_total[60s])) > 0",
    ),
    "quota": Drill(
        "a source is out of its quota", spent_source, "SynsiftSourceRests",
        "fleet: Sources that rest", "max by (source) (synsift_pipelines_source_rest_seconds)",
    ),
    "stuck": Drill(
        "a worker is stuck", stuck_worker, "SynsiftWorkerDown", "fleet: Workers", 'sum(up{job="synsift"})',
    ),
    "copies": Drill(
        "a synset yields only copies", only_copies, "SynsiftOnlyCopies",
        "dedupe: Verdicts", 'sum by (outcome) (increase(synsift_pipelines_outcomes_total{stage="dedupe"}[60s])) > 0',
    ),
    "secret": Drill(
        "a wrong secret", wrong_secret, "SynsiftWorkerDown", "fleet: Workers", 'sum(up{job="synsift"})',
    ),
    "skew": Drill(
        "most waits in one partition", skewed, "SynsiftSkew",
        "stage: What waits", 'max(synsift_pipelines_largest_partition_lag{stage="fetch"})',
    ),
}  # fmt: skip


@contextlib.contextmanager
def watched(place: Ground, web: Directory, name: str, folder: Path) -> Iterator[Fleet]:
    """A fleet that crawls the demo's web, watched by a Prometheus of its own."""
    prefix = f"drill-{name}-{random.SystemRandom().randrange(1 << 20)}-"
    options = {
        **demo_options(web),
        **kafka_options(place.address, prefix),
        **s3_options(place.store, prefix),
        "store.endpoint": f"http://127.0.0.1:{place.s3_port}",
        "store.timeout_s": 2.0,
        "fetch.backoff_s": 0.1,
        "fetch.host_failures": 3,
        "land.linger_s": 0.2,
    }
    fleet = Fleet(place, options, prefix, web, folder)
    fleet.ports = {stage: free_port() for stage in _STAGES}
    fleet.port = free_port()
    targets = [f"127.0.0.1:{port}" for port in fleet.ports.values()]
    (folder / "rules.yml").write_text(quickened(RULES.read_text("utf-8")))
    (folder / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s", "scrape_timeout": "1s"},
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": [{"job_name": "synsift", "static_configs": [{"targets": targets}]}],
    }))  # fmt: skip
    watching = subprocess.Popen(
        ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{fleet.port}"],
        stdout=subprocess.DEVNULL, stderr=(folder / "prometheus.log").open("wb"),
    )  # fmt: skip
    try:
        fleet.plan("--list", str(write_synsets(folder)))
        for stage in _STAGES:
            fleet.start(stage)
        yield fleet
    finally:
        place.calm()
        place.gateway.full = False
        for worker in (*fleet.workers.values(), watching):
            worker.kill()
            worker.wait()


def play(drill: Drill, fleet: Fleet, within_s: float) -> tuple[float, set[str], str]:
    """Plant a cause. Gives the seconds until its alert fired (-1: never), all that fired, what a panel showed."""
    fleet.await_work()
    fleet.await_silence(drill.alert)
    before = fleet.firing()
    begin_s = time.monotonic()
    drill.plant(fleet)
    fired: set[str] = set()
    while time.monotonic() < begin_s + within_s:
        fired |= fleet.firing() - before
        if drill.alert in fired:
            break
        time.sleep(0.5)
    took_s = time.monotonic() - begin_s if drill.alert in fired else -1.0
    return took_s, fired, ", ".join(map(_shown, fleet.ask(drill.query)))


def _shown(one: dict[str, Any]) -> str:
    labels = (value for name, value in one["metric"].items() if name not in {"instance", "job"})
    return " ".join([*labels, f"{float(one['value'][1]):.0f}"])


def main() -> int:
    """Play all, or some."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(DRILLS), default=list(DRILLS))
    parser.add_argument("--within", type=float, default=120.0, metavar="SECONDS", help="that an alert has to fire")
    options = parser.parse_args()
    missed = 0
    print("| cause | alert | after | others that fired | panel | what it showed |", flush=True)  # noqa: T201
    print("| --- | --- | --- | --- | --- | --- |", flush=True)  # noqa: T201
    with demo_web() as web, ground(1) as place:
        for name in options.only:
            drill = DRILLS[name]
            with (
                tempfile.TemporaryDirectory(prefix="synsift-drill-") as folder,
                watched(place, web, name, Path(folder)) as fleet,
            ):
                took_s, fired, shown = play(drill, fleet, options.within)
            missed += took_s < 0
            after = f"{took_s:.0f} s" if took_s >= 0 else "never"
            others = ", ".join(sorted(fired - {drill.alert})) or "none"
            print(f"| {drill.cause} | {drill.alert} | {after} | {others} | {drill.panel} | {shown} |", flush=True)  # noqa: T201
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
