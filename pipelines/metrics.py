"""What is counted, and shown to Prometheus. Labels have closed sets of values: stages and outcomes."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric

from synsift.pipelines.log.base import Lag
from synsift.pipelines.stage import Statistics

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


class LiveCollector:
    """Gauges made of the stages' statistics, when asked, and of what was last read of the log."""

    def __init__(
        self,
        statistics: Callable[[], Iterable[Statistics]],
        lags: Callable[[], Iterable[tuple[str, Iterable[Lag]]]],
        lag_age_s: Callable[[], float],
    ) -> None:
        self._statistics = statistics
        self._lags = lags
        self._lag_age_s = lag_age_s

    def collect(self) -> Iterator[Metric]:
        """The gauges, as the Prometheus client asks for them."""
        in_flight = GaugeMetricFamily("synsift_pipelines_in_flight", "Inputs being worked on", labels=["stage"])
        owned = GaugeMetricFamily("synsift_pipelines_partitions", "Input partitions owned", labels=["stage"])
        for stage in self._statistics():
            in_flight.add_metric([stage.stage], stage.in_flight)
            owned.add_metric([stage.stage], stage.partitions)
        lag = GaugeMetricFamily("synsift_pipelines_lag", "Inputs that wait, in all partitions", labels=["stage"])
        for name, partitions in self._lags():
            lag.add_metric([name], sum(partition.records for partition in partitions))
        age = GaugeMetricFamily(
            "synsift_pipelines_lag_age_seconds",
            "Since when the lag stands as it is shown: grows where the log doesn't answer",
            value=self._lag_age_s(),
        )
        yield from (in_flight, owned, lag, age)


def lost_inputs() -> dict[str, int]:
    """Inputs that the log deleted before this process could do them, at most, by topic; none where nothing was lost."""
    samples = [sample for metric in MISSING.collect() for sample in metric.samples if sample.name.endswith("_total")]
    return {sample.labels["topic"]: int(sample.value) for sample in samples if sample.value}
