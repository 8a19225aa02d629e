"""The reference page of metrics and alerts, made from the code and the runbooks."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from synsift.pipelines.log.base import Lag
from synsift.pipelines.metrics import GAUGES, REGISTRY, LiveCollector


def metrics_page(runbooks: Path, note: str) -> str:
    """Every metric that a worker serves, and every alert."""
    live = LiveCollector(list, NoLag())
    metrics = sorted([*REGISTRY.collect(), *live.collect()], key=lambda metric: metric.name)
    lines = ["# Metrics and alerts", "", note, ""]
    lines += [
        "Each worker serves these at `/metrics`, from memory, whatever brokers and store do. `service.port` says",
        "where. How to have them drawn and to be told: [A fleet](fleet.md#see).",
        "",
        "| metric | kind | labels | what it is |",
        "| --- | --- | --- | --- |",
    ]
    for metric in metrics:
        if metric.name.startswith("process_"):
            continue
        name = metric.name + {"counter": "_total", "info": "_info"}.get(metric.type, "")
        lines.append(f"| `{name}` | {metric.type} | {', '.join(labels_of(name))} | {metric.documentation} |")
    lines += [
        "",
        "Besides, `process_…` as every Prometheus client has them: memory, CPU time, open files.",
        "",
        "- **What is ready.** Politeness makes `fetch` wait: most of its lag stands still, and a further worker would",
        "  wait, too. `synsift_pipelines_ready_lag` counts what could begin at once if there were places; scale by",
        "  that. Of what is still in the log, a worker supposes that it is as ready as what it holds.",
        "- **Since when the oldest waits** is what a worker has seen itself: after its start it begins at 0.",
        "- **In tools of others** the ends of transactions count as lag, one for each partition, and stay. Ours leaves",
        "  them out.",
        "",
        "## Alerts",
        "",
        "In `deploy/monitoring/rules.yml`. *page* wakes somebody, *ticket* is for the working day.",
        "",
        "| alert | severity | says |",
        "| --- | --- | --- |",
    ]
    for page in sorted(runbooks.glob("*.md")):
        title, _, severity, *_ = page.read_text().splitlines()
        name, _, words = title.removeprefix("# ").partition(": ")
        lines.append(f"| [{name}](runbooks/{name}.md) | {severity.removeprefix('Severity: ').rstrip('.')} | {words} |")
    return "\n".join(lines) + "\n"


class NoLag:
    """A log of which nothing is known."""

    def lags(self) -> Iterable[tuple[str, Iterable[Lag]]]:
        """None."""
        return ()

    def oldest_s(self) -> Mapping[str, float]:
        """None."""
        return {}

    def age_s(self) -> float:
        """None."""
        return 0.0


def labels_of(name: str) -> Sequence[str]:
    """The labels of a metric, but those that Prometheus adds."""
    gauge = GAUGES.get(name.removeprefix("synsift_pipelines_"))
    if gauge is not None:
        return ("stage", gauge[1]) if gauge[1] else ("stage",)
    if name.startswith("synsift_build"):
        return ("version", "python")
    found = REGISTRY._names_to_collectors.get(name)  # noqa: SLF001 - the client has no other way to ask
    if found is None:
        return () if name.endswith("_age_seconds") else ("stage",)
    return tuple(getattr(found, "_labelnames", ()))
