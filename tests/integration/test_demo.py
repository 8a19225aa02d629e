import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from synsift.pipelines import schemas, topics
from synsift.pipelines.cli.demo import _tell
from synsift.pipelines.cli.options import Format
from synsift.pipelines.demo.run import DemoResult
from synsift.pipelines.log.sqlite import SqliteLog
from tests.conftest import RunCli, component
from tests.integration.engines import of_folder

CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
CHROMIUM_FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.mark.slow
def test_the_demo_equals_its_truth_and_its_page_opens_in_a_browser(cli: RunCli, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    # A fleet's own configuration is at hand: nothing of the demo may come there, and nothing of it may change the demo.
    (tmp_path / "cwd" / "synsift.toml").write_text("[fetch]\nmax_bytes = 1\n[kafka]\nno_such_key = 1\n")
    fleets: dict[str, object] = {"kafka.bootstrap": "127.0.0.1:1", "store.url": str(tmp_path / "fleet")}
    done = cli("demo", "--out", str(out), "--format", "jsonl", options=fleets, timeout_s=300)
    assert done.returncode == 0, done.stderr
    assert "equal to the truth" in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 3
    assert sum(row["found"] for row in rows) >= 400
    for row in rows:
        assert row["found"] == row["repeated"] + row["fetched"] + row["refused"]
        assert row["fetched"] == row["unique"] + row["exact"] + row["near"]
        assert row["landed"] == row["unique"]

    for engine, read in of_folder(str(out)).items():
        counts = Counter(found["wnid"] for found in read())
        assert counts == {row["synset"].split()[-1]: row["unique"] for row in rows}, engine

    assert_valid(out / "log.db")
    assert not (tmp_path / "fleet").exists()

    again = cli("demo", "--out", str(out))
    assert again.returncode == 2
    assert "not empty" in again.stderr

    chromium = component(["chromium", "chromium-browser", "google-chrome"])
    page = out / "report.html"
    command = [chromium, *CHROMIUM_FLAGS, f"--user-data-dir={tmp_path / 'chrome'}", "--dump-dom", f"file://{page}"]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert len(re.findall("<figure", dom)) > sum(row["unique"] for row in rows)
    assert "no longer stored" not in dom


def test_the_page_has_a_folder_where_all_else_is_elsewhere(tmp_path: Path) -> None:
    page = tmp_path / "new" / "report.html"
    assert _tell(DemoResult({}, {}, [], "a page"), page, Format.JSONL) == 0
    assert page.read_text() == "a page"


def assert_valid(path: Path) -> None:
    """Every record of a log is valid by the schema that its headers name, and has each of them."""
    log = SqliteLog(path, partitions=16, read_only=True)
    seen: Counter[str] = Counter()
    try:
        for kind, topic in topics.TOPIC_OF.items():
            check = jsonschema.Draft202012Validator(schemas.schema_of(kind))
            for partition in range(log.partitions):
                for message in log.read(topic.name, partition):
                    if message.value is None:
                        continue
                    problems = [error.message[:300] for error in check.iter_errors(json.loads(message.value))]
                    assert problems == [], topic.name
                    assert set(topics.made_of(kind)) <= set(message.headers), topic.name
                    seen[topic.name] += 1
    finally:
        log.close()
    assert seen.keys() >= {topic.name for topic in topics.TOPIC_OF.values()} - {"relations", "controls"}
