"""Whatever ends a crawl, the same command goes on; in the end survivors and duplicates are those of the truth."""

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from synsift.pipelines.assembly import open_parts
from synsift.pipelines.config import load
from synsift.pipelines.demo import check
from synsift.pipelines.demo.run import actual_of, private_hits
from synsift.pipelines.demo.web import Directory
from synsift.pipelines.demo.world import SUBJECTS
from synsift.pipelines.storage.compaction import Fresh
from synsift.pipelines.storage.objects import Objects, StoreAddress
from tests.integration.processes import TIMEOUT_S, start


def differences(out: Path | None, directory: Directory, options: dict[str, object]) -> list[str]:
    """What of a crawl isn't as the truth says; ``out`` None for the store that the options name."""
    place = {"store.url": str(out)} if out is not None else {}
    parts = open_parts(load(env={}, options={**options, **place}).settings)
    try:
        return list(check.differences(directory, actual_of(parts), private_hits(directory)))
    finally:
        parts.log.close()


def wait_for_work(out: Path, process: subprocess.Popen[str], least: int) -> None:
    """Wait until a crawl has stored some more blobs than before, or has ended."""
    deadline_s = time.monotonic() + TIMEOUT_S
    before = sum(1 for _ in out.glob("blobs/*/*"))
    while process.poll() is None and sum(1 for _ in out.glob("blobs/*/*")) < before + least:
        assert time.monotonic() < deadline_s
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("paging", "kills"), [("planned", 6), ("novelty", 2)])
def test_killed_at_random_points_and_resumed_a_crawl_ends_as_if_undisturbed(
    tmp_path: Path, synsets: Path, directory: Directory, quick_options: dict[str, object], paging: str, kills: int
) -> None:
    quick_options = {**quick_options, "search.paging": paging}
    seed = int(os.environ.get("SYNSIFT_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
    print(f"seed {seed}: SYNSIFT_TEST_SEED={seed} repeats this test")  # noqa: T201 - shown when it fails
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    out = tmp_path / "out"
    for _ in range(kills):
        process = start("crawl", "--list", str(synsets), out=out, options=quick_options)
        wait_for_work(out, process, rng.randint(1, 25))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=rng.uniform(0, 0.1))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "ended before it was killed"
    last = start("crawl", "--list", str(synsets), out=out, options=quick_options)
    _, errors = last.communicate(timeout=TIMEOUT_S)
    assert last.returncode == 0, errors
    assert Fresh(Objects(StoreAddress(str(out))))(SUBJECTS[0].wnid)
    assert differences(out, directory, quick_options) == []


@pytest.mark.slow
def test_ctrl_c_drains_says_how_to_go_on_and_loses_nothing(
    tmp_path: Path, synsets: Path, directory: Directory, quick_options: dict[str, object]
) -> None:
    out = tmp_path / "out"
    first = start("crawl", "--list", str(synsets), out=out, options=quick_options)
    wait_for_work(out, first, 20)
    first.send_signal(signal.SIGINT)
    _, errors = first.communicate(timeout=TIMEOUT_S)
    assert first.returncode == 1
    assert "the same command goes on from here" in errors
    assert "Traceback" not in errors, errors
    second = start("crawl", "--list", str(synsets), out=out, options=quick_options)
    _, errors = second.communicate(timeout=TIMEOUT_S)
    assert second.returncode == 0, errors
    assert differences(out, directory, quick_options) == []


@pytest.mark.slow
def test_workers_share_a_crawl_and_take_over_from_one_that_is_killed(
    tmp_path: Path, synsets: Path, directory: Directory, quick_options: dict[str, object]
) -> None:
    out = tmp_path / "out"
    planned = start("plan", "--list", str(synsets), out=out, options=quick_options)
    planned.communicate(timeout=TIMEOUT_S)
    assert planned.returncode == 0
    victim = start("run", "all", out=out, options=quick_options)
    others = [start("run", "all", "--drain", out=out, options=quick_options) for _ in range(2)]
    wait_for_work(out, victim, 50)
    victim.kill()
    victim.communicate()
    for worker in others:
        _, errors = worker.communicate(timeout=TIMEOUT_S)
        assert worker.returncode == 0, errors
    assert differences(out, directory, quick_options) == []


@pytest.mark.slow
def test_a_service_drains_on_sigterm(
    tmp_path: Path, synsets: Path, directory: Directory, quick_options: dict[str, object]
) -> None:
    out = tmp_path / "out"
    start("plan", "--list", str(synsets), out=out, options=quick_options).communicate(timeout=TIMEOUT_S)
    worker = start("run", "all", out=out, options=quick_options)
    wait_for_work(out, worker, 30)
    worker.terminate()
    _, errors = worker.communicate(timeout=TIMEOUT_S)
    assert worker.returncode == 0, errors
    assert "drained" in errors
    rest = start("run", "all", "--drain", out=out, options=quick_options)
    _, errors = rest.communicate(timeout=TIMEOUT_S)
    assert rest.returncode == 0, errors
    assert differences(out, directory, quick_options) == []
