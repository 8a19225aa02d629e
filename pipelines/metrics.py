"""What is counted, and shown to Prometheus. Labels have closed sets of values: stages, outcomes, names of errors."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric

from synsift.crawler import timings
from synsift.pipelines.log.base import Lag
from synsift.pipelines.stage import Reading, Statistics

REGISTRY: Final = CollectorRegistry()

OUTCOMES: Final = Counter(
    "synsift_pipelines_outcomes_total",
    "Inputs of a stage by how they ended, counted after their commit",
    ["stage", "outcome"],
    registry=REGISTRY,
)
COMMIT_SECONDS: Final = Histogram(
    "synsift_pipelines_commit_seconds",
    "Time of a transaction on the log",
    ["stage"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
    registry=REGISTRY,
)
WORK_SECONDS: Final = Histogram(
    "synsift_pipelines_work_seconds",
    "Time of a stage's own work on one input: decode and store for fetch, matching for dedupe, objects for land",
    ["stage"],
    buckets=(0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
    registry=REGISTRY,
)
FETCHED_BYTES: Final = Counter("synsift_pipelines_fetched_bytes_total", "Bytes of images fetched", registry=REGISTRY)
DEFERRED: Final = Counter(
    "synsift_pipelines_deferred_total",
    "Image URLs of hosts far behind, put at their partition's tail",
    registry=REGISTRY,
)

SKIPPED: Final = Counter(
    "synsift_pipelines_skipped_records_total",
    "Records of a state topic that can't be read: `synsift log check` lists them",
    ["topic"],
    registry=REGISTRY,
)

MISSING: Final = Counter(
    "synsift_pipelines_missing_inputs_total",
    "Inputs that the log deleted before they were done",
    ["topic"],
    registry=REGISTRY,
)

REBUILD_SECONDS: Final = Histogram(
    "synsift_pipelines_rebuild_seconds",
    "Time until the state of a partition was rebuilt, after it was taken over",
    ["stage"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300),
    registry=REGISTRY,
)
ASSIGNMENTS: Final = Counter(
    "synsift_pipelines_rebalances_total",
    "Rebalances of a stage's group that gave this worker partitions",
    ["stage"],
    registry=REGISTRY,
)
REJOINS: Final = Counter(
    "synsift_pipelines_rejoins_total",
    "Times that a stage left its group and joined it anew, and why",
    ["stage", "error"],
    registry=REGISTRY,
)
COMMIT_FAILURES: Final = Counter(
    "synsift_pipelines_commit_failures_total",
    "Transactions on the log that were aborted",
    ["stage", "error"],
    registry=REGISTRY,
)
STORE_ERRORS: Final = Counter(
    "synsift_pipelines_store_errors_total",
    "Operations that the object store refused, or did not answer, after the client's own retries",
    ["error"],
    registry=REGISTRY,
)
Info("synsift_build", "What this worker is", registry=REGISTRY).info(
    {"version": version("synsift"), "python": platform.python_version()}
)
for _timing in timings.ALL:
    REGISTRY.register(_timing)
# Memory, CPU time and open files of the process, by the names that every client library has.
ProcessCollector(registry=REGISTRY)

GAUGES: Final[Mapping[str, tuple[str, str]]] = {
    "held_inputs": ("Inputs that a stage has read ahead and holds in memory", ""),
    "ready_inputs": (
        "Inputs held whose host could be asked this moment, if the worker had a place free",
        "",
    ),
    "requests_in_flight": ("Requests on their way", ""),
    "paused_inputs": ("Inputs held that operators have paused; more may wait in the log", ""),
    "hosts": ("Hosts that fail, by what is done about it", "state"),
    "source_rest_seconds": ("For how long yet a source is not asked: its quota is spent, or it said so", "source"),
    "state_images": ("Images that a stage compares with, those of synsets at rest included", ""),
    "snapshot_age_seconds": ("Since when what was judged is in no snapshot, at most", ""),
}
"""What stages may show of themselves (``Stage.readings``): name → what it is, and its label, if there is one."""


class LagReader(Protocol):
    """What was last read of the log."""

    def lags(self) -> Iterable[tuple[str, Iterable[Lag]]]:
        """Stages and their partitions."""

    def oldest_s(self) -> Mapping[str, float]:
        """Stage → since when its oldest input waits, at least."""

    def age_s(self) -> float:
        """Since when that stands."""


class LiveCollector:
    """Gauges made of the stages' statistics, when asked, and of what was last read of the log."""

    def __init__(
        self,
        statistics: Callable[[], Iterable[tuple[Statistics, Iterable[Reading]]]],
        view: LagReader,
    ) -> None:
        self._statistics = statistics
        self._view = view

    def collect(self) -> Iterator[Metric]:
        """The gauges, as the Prometheus client asks for them."""
        in_flight = GaugeMetricFamily("synsift_pipelines_in_flight", "Inputs being worked on", labels=["stage"])
        owned = GaugeMetricFamily("synsift_pipelines_partitions", "Input partitions owned", labels=["stage"])
        silent = GaugeMetricFamily(
            "synsift_pipelines_silent_seconds", "Since when a stage has not polled the log", labels=["stage"]
        )
        ready = GaugeMetricFamily(
            "synsift_pipelines_stage_ready", "1 once a stage has its partitions, rebuilt", labels=["stage"]
        )
        own = {
            name: GaugeMetricFamily(f"synsift_pipelines_{name}", text, labels=["stage", label] if label else ["stage"])
            for name, (text, label) in GAUGES.items()
        }
        shares: dict[str, float] = {}
        for stage, readings in self._statistics():
            in_flight.add_metric([stage.stage], stage.in_flight)
            owned.add_metric([stage.stage], stage.partitions)
            silent.add_metric([stage.stage], stage.silent_s)
            ready.add_metric([stage.stage], stage.is_ready)
            found = list(readings)
            for reading in found:
                own[reading.gauge].add_metric([stage.stage, *([reading.label] if reading.label else [])], reading.value)
            shares[stage.stage] = _ready_share({reading.gauge: reading.value for reading in found})
        yield from (in_flight, owned, silent, ready, *own.values(), *self._waiting(shares))

    def _waiting(self, shares: Mapping[str, float]) -> Iterator[Metric]:
        lag = GaugeMetricFamily("synsift_pipelines_lag", "Inputs that wait, in all partitions", labels=["stage"])
        ready_lag = GaugeMetricFamily(
            "synsift_pipelines_ready_lag",
            "Inputs that wait, about so many of them that a further worker could begin at once: by what this one holds",
            labels=["stage"],
        )
        largest = GaugeMetricFamily(
            "synsift_pipelines_largest_partition_lag",
            "Inputs that wait in the partition with most of them",
            labels=["stage"],
        )
        oldest = GaugeMetricFamily(
            "synsift_pipelines_oldest_input_seconds",
            "Since when the oldest input waits, at least: as long as this worker has seen it",
            labels=["stage"],
        )
        for name, partitions in self._view.lags():
            waiting = [partition.records for partition in partitions]
            records = sum(waiting)
            lag.add_metric([name], records)
            largest.add_metric([name], max(waiting, default=0))
            ready_lag.add_metric([name], records * shares.get(name, 1.0))
        for name, waits_s in self._view.oldest_s().items():
            oldest.add_metric([name], waits_s)
        age = GaugeMetricFamily(
            "synsift_pipelines_lag_age_seconds",
            "Since when the lag stands as it is shown: grows where the log doesn't answer",
            value=self._view.age_s(),
        )
        yield from (lag, largest, ready_lag, oldest, age)


def _ready_share(readings: Mapping[str, float]) -> float:
    """How much of what waits could begin at once, by what is held of it; all, where a stage doesn't wait for hosts."""
    if "ready_inputs" not in readings or not readings["held_inputs"]:
        return 1.0
    return min(1.0, readings["ready_inputs"] / readings["held_inputs"])


def lost_inputs() -> dict[str, int]:
    """Inputs that the log deleted before this process could do them, at most, by topic; none where nothing was lost."""
    samples = [sample for metric in MISSING.collect() for sample in metric.samples if sample.name.endswith("_total")]
    return {sample.labels["topic"]: int(sample.value) for sample in samples if sample.value}
