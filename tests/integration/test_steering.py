"""What operators say outlives every worker, on both logs: nobody asks what is paused, and nothing of it is lost."""

import signal
from pathlib import Path

import pytest

from synsift.pipelines.demo.web import Directory
from synsift.pipelines.demo.world import SUBJECTS
from tests.conftest import RunCli, kafka_options
from tests.integration.processes import TIMEOUT_S, start
from tests.integration.test_kill import differences, wait_for_work


@pytest.mark.slow
@pytest.mark.parametrize("log", ["sqlite", "kafka"])
def test_a_paused_crawl_whose_worker_is_killed_stays_paused_and_ends_as_the_truth_when_resumed(
    log: str, request: pytest.FixtureRequest, synsets: Path, cli: RunCli, tmp_path: Path
) -> None:
    directory: Directory = request.getfixturevalue("directory")
    options: dict[str, object] = {**request.getfixturevalue("quick_options"), "store.url": str(tmp_path / "out")}
    if log == "kafka":
        options |= kafka_options(request.getfixturevalue("kafka"), "steering-")
    assert cli("plan", "--list", str(synsets), options=options).returncode == 0
    worker = start("run", "all", out=None, options=options)
    wait_for_work(tmp_path / "out", worker, 10)
    synset_options = [word for subject in SUBJECTS for word in ("--synset", subject.wnid)]
    paused = cli("pause", *synset_options, "--why", "a test", "--who", "ann", options=options)
    assert paused.returncode == 0, paused.stderr
    worker.send_signal(signal.SIGKILL)
    worker.communicate(timeout=TIMEOUT_S)
    for _ in range(2):
        drained = cli("run", "all", "--drain", options=options)
        assert drained.returncode == 1, drained.stderr
        assert "paused" in drained.stderr
    listed = cli("controls", "--format", "jsonl", options=options)
    assert listed.stdout.count('"who": "ann"') == len(SUBJECTS)
    assert cli("resume", *synset_options, options=options).returncode == 0
    drained = cli("run", "all", "--drain", options=options)
    assert drained.returncode == 0, drained.stderr
    assert differences(None, directory, options) == []
