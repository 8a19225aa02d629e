"""Rules, alerts and dashboards: Prometheus's own checker reads them, and workers serve all that they ask for."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml  # type: ignore[import-untyped]

from deploy.monitoring import dashboards
from synsift.pipelines.config import ServiceSettings, load
from synsift.pipelines.metrics import GAUGES
from synsift.pipelines.outcomes import EXPLAINED
from synsift.pipelines.service.http import serving
from synsift.pipelines.stages.dedupe import DedupeOptions, DedupeStage
from synsift.pipelines.stages.dedupe_state import Judging
from synsift.pipelines.worker import Worker
from tests.conftest import component
from tests.pipelines.worlds import World, make_world

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy/monitoring"
RUNBOOKS = ROOT / "docs/runbooks"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((MONITORING / "rules.yml").read_text())["groups"] for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}


def queries() -> Iterator[tuple[str, str]]:
    """All PromQL, with where it stands."""
    for rule in RULES:
        yield rule.get("alert") or rule["record"], rule["expr"]
    for board in dashboards.read():
        for panel in board["panel"]:
            for expression, _ in panel["queries"]:
                yield f"{board['name']}: {panel['title']}", expression.replace("$stage", "fetch")


def names_in(expression: str) -> set[str]:
    """The metrics that an expression asks for, but those of Prometheus itself."""
    return set(re.findall(r"\b(?:synsift_|process_|stage:|stage_outcome:)[\w:]*", expression))


async def scraped(world: World) -> str:
    """What a worker serves."""
    stage = DedupeStage(world.log, world.router, options=DedupeOptions(Judging(), 10))
    worker = Worker(world.log, [stage], until_idle=False)
    async with (
        serving(ServiceSettings(port=0), worker, world.log) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        return await answer.text()


def test_prometheus_reads_the_rules_and_each_alert_fires_for_what_it_is_meant_for() -> None:
    for command in (["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]):
        done = subprocess.run(
            [component(["promtool"]), *command],
            cwd=MONITORING,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_and_stays_silent_over_a_fleet_at_work() -> None:
    tests = yaml.safe_load((MONITORING / "rules_test.yml").read_text())["tests"]
    fired = {case["alertname"] for one in tests for case in one["alert_rule_test"] if case.get("exp_alerts")}
    assert fired == set(ALERTS)
    for one in tests[:2]:
        assert {case["alertname"] for case in one["alert_rule_test"]} == set(ALERTS)


def test_prometheus_reads_every_query_of_the_dashboards(tmp_path: Path) -> None:
    rules = [{"record": f"query:{number}", "expr": text} for number, (_, text) in enumerate(queries())]
    assert len(rules) > 60
    (tmp_path / "queries.yml").write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    done = subprocess.run(
        [component(["promtool"]), "check", "rules", "queries.yml"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_asked_for_that_no_worker_serves(tmp_path: Path) -> None:
    text = asyncio.run(scraped(make_world(tmp_path)))
    served = set(re.findall(r"^# TYPE (\S+)", text, re.M))
    served |= {f"{name}_bucket" for name in re.findall(r"^# TYPE (\S+) histogram", text, re.M)}
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    assert {f"synsift_pipelines_{name}" for name in GAUGES} <= served
    for where, expression in queries():
        unknown = names_in(expression) - served - recorded
        assert not unknown, f"{where}: {unknown}"


def test_outcomes_and_states_that_are_asked_for_exist() -> None:
    known = {one.outcome for one in EXPLAINED}
    for where, expression in queries():
        for kind, text in re.findall(r'outcome(=~|!~|=|!=)"([^"]*)"', expression):
            for one in text.split("|") if "~" in kind else [text]:
                found = any(re.fullmatch(one, outcome) for outcome in known) or one in {"unique"}
                assert found, f"{where}: {one}"


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_each_alert_has_a_page_that_says_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert alert["annotations"]["runbook"] == f"docs/runbooks/{name}.md"
    text = (RUNBOOKS / f"{name}.md").read_text()
    assert f"# {name}: " in text
    assert f"Severity: {alert['labels']['severity']}." in text
    for part in ("**What it says.**", "**What it means.**", "**What to do**"):
        assert part in text


def test_runbooks_name_settings_that_exist_and_no_alert_that_does_not() -> None:
    pages = {path.stem: path.read_text() for path in RUNBOOKS.glob("*.md")}
    assert set(pages) - {"index"} == set(ALERTS)
    keys = keys_of(load(env={}).settings.model_dump())
    sections = {key.split(".")[0] for key in keys}
    for name, text in pages.items():
        for key in re.findall(r"`([a-z_]+\.[a-z_.]+)`", text):
            if key.split(".")[0] in sections:
                assert key in keys, f"{name}: {key}"


def keys_of(table: dict[str, Any], before: str = "") -> set[str]:
    """The dotted names of all settings."""
    return {f"{before}{name}" for name in table}.union(
        *(keys_of(value, f"{before}{name}.") for name, value in table.items() if isinstance(value, dict))
    )


def test_the_dashboards_are_those_that_the_tables_make() -> None:
    boards = {board["name"]: board for board in dashboards.read()}
    assert {path.stem for path in dashboards.FOLDER.glob("*.json")} == set(boards)
    for name, board in boards.items():
        made = json.loads((dashboards.FOLDER / f"{name}.json").read_text())
        assert made == dashboards.model(board), "run `python deploy/monitoring/dashboards.py`"
        places = [panel["gridPos"] for panel in made["panels"]]
        cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
        assert len(cells) == len(set(cells)), "panels lie over each other"
        assert max(x for x, _ in cells) < 24
