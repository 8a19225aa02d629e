#!/usr/bin/env python3
"""Writes the Grafana dashboards from ``dashboards.toml``: nobody edits JSON by hand, and all panels look alike.

python deploy/monitoring/dashboards.py
"""

import json
import tomllib
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE / "dashboards"
_COLUMNS: Final = 24
_HEIGHT: Final = 8


def read() -> list[dict[str, Any]]:
    """The dashboards, as ``dashboards.toml`` has them."""
    found: list[dict[str, Any]] = tomllib.loads((HERE / "dashboards.toml").read_text("utf-8"))["dashboard"]
    return found


def model(dashboard: dict[str, Any]) -> dict[str, Any]:
    """A dashboard as Grafana reads it (schema 39: Grafana 10.3 and later)."""
    panels, x, y = [], 0, 0
    for number, panel in enumerate(dashboard["panel"], 1):
        kind, width = panel.get("kind", "timeseries"), panel.get("width", _COLUMNS // 2)
        height = _HEIGHT // 2 if kind == "stat" else _HEIGHT
        if x + width > _COLUMNS:
            x, y = 0, y + (panels[-1]["gridPos"]["h"] if panels else 0)
        panels.append(_panel(number, kind, panel, {"x": x, "y": y, "w": width, "h": height}))
        x += width
    return {
        "uid": f"synsift-{dashboard['name']}",
        "title": dashboard["title"],
        "tags": ["synsift"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["synsift"], "title": "synsift", "asDropdown": True}],
        "templating": {"list": [_source(), *([_stages()] if dashboard.get("by_stage") else [])]},
        "panels": panels,
    }


def _panel(number: int, kind: str, panel: dict[str, Any], place: dict[str, int]) -> dict[str, Any]:
    drawn = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never"}
    return {
        "id": number,
        "type": kind,
        "title": panel["title"],
        "description": panel.get("text", ""),
        "gridPos": place,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "targets": [
            {"refId": chr(ord("A") + at), "expr": expression, "legendFormat": legend}
            for at, (expression, legend) in enumerate(panel["queries"])
        ],
        "fieldConfig": {
            "defaults": {"unit": panel["unit"], "min": 0, "custom": drawn if kind == "timeseries" else {}},
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}} if kind == "timeseries" else {},
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0}


def _stages() -> dict[str, Any]:
    return {
        "name": "stage",
        "label": "Stage",
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "query": "label_values(synsift_pipelines_partitions, stage)",
        "refresh": 2,
        "sort": 1,
    }


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    for dashboard in read():
        text = json.dumps(model(dashboard), indent=1, ensure_ascii=False) + "\n"
        (FOLDER / f"{dashboard['name']}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
