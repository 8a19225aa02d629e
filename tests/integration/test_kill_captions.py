"""Lists of captions are sifted to the same end, and each image URL comes once, however often somebody is killed."""

import contextlib
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synsift.pipelines.assembly import open_parts
from synsift.pipelines.config import load
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import ImageUrl
from tests import warm
from tests.conftest import environment
from tests.integration.test_kill_lists import rows_so_far

ROWS = 60_000
TIMEOUT_S = 300
NAMES = ("whippet", "hot dog", "kettle", "a car", "dogs and kettles", "nothing", "tree frog")


def write(folder: Path) -> None:
    """Lists of many small groups of rows."""
    folder.mkdir()
    for number in range(3):
        rows = range(number * ROWS // 3, (number + 1) * ROWS // 3)
        captions = [f"{NAMES[n * 3 % len(NAMES)]} {'x ' * (n % 11)}" for n in rows]
        urls = [f"https://h{n % 97}.example/{n % (ROWS // 2)}.jpg" for n in rows]
        table = pa.table({"url": urls, "caption": captions})
        pq.write_table(table, folder / f"{number}.parquet", row_group_size=500)


def plan(out: Path) -> list[str]:
    synsets = ("n02091134", "n07697537", "n03612814", "n02084071")
    return ["plan", "--source", "captions", "--list", f"{out.parent}/lists/*.parquet", *synsets, "--limit", "900"]


def wait_for_more(process: "subprocess.Popen[Any]", parts: Path, more: int) -> bool:
    """Wait until a sift has written some parts more; whether it still runs."""
    before, deadline_s = len(list(parts.glob("*/*.rows.arrow"))), time.monotonic() + TIMEOUT_S
    while process.poll() is None and len(list(parts.glob("*/*.rows.arrow"))) < before + more:
        assert time.monotonic() < deadline_s
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.005)
    return process.poll() is None


@pytest.mark.slow
def test_a_sift_and_a_crawl_that_are_killed_end_as_if_nobody_had(tmp_path: Path) -> None:
    write(tmp_path / "lists")
    envs = {}
    for name in ("whole", "killed"):
        options = {
            "store.url": str(tmp_path / name),
            "sources.captions.page_size": 100,
            "identity.contact": "a@b.example",
        }
        envs[name] = environment(options)
    warm.run(plan(tmp_path / "whole"), env=envs["whole"], check=True)
    killed, out = 0, tmp_path / "killed"
    for more in (1, 3, 20, 40):
        process = warm.start(plan(out), env=envs["killed"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if wait_for_more(process, out / "lists", more):
            process.kill()
        process.wait()
        killed += process.returncode == -signal.SIGKILL
    assert killed >= 3
    warm.run(plan(out), env=envs["killed"], check=True)
    sifted = [next((tmp_path / name / "lists").glob("captions-*.parquet")) for name in ("whole", "killed")]
    assert sifted[0].name == sifted[1].name
    assert sifted[0].read_bytes() == sifted[1].read_bytes()
    search(out, envs["killed"])
    table = pq.read_table(sifted[0]).select(["wnid", "url"]).to_pylist()
    parts = open_parts(load(env={}, options={"store.url": str(out), "identity.contact": "a@b.example"}).settings)
    with contextlib.closing(parts.log):
        found = Counter((record.wnid, record.url) for record in read_all(parts.log, ImageUrl))
    assert found == Counter((row["wnid"], row["url"]) for row in table)
    assert len(found) > 2_000


def search(out: Path, env: dict[str, str]) -> None:
    """Read the sifted list, killed twice on the way."""
    for _ in range(2):
        before, deadline_s = rows_so_far(out / "log.db"), time.monotonic() + TIMEOUT_S
        process = warm.start(["run", "search", "--drain"], env=env, stderr=subprocess.DEVNULL)
        while process.poll() is None and rows_so_far(out / "log.db") < before + 150:
            assert time.monotonic() < deadline_s
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.005)
        process.kill()
        process.wait()
    warm.run(["run", "search", "--drain"], env=env, check=True)


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_read_and_says_so(tmp_path: Path) -> None:
    write(tmp_path / "lists")
    out = tmp_path / "out"
    env = environment({"store.url": str(out), "identity.contact": "a@b.example"})
    process = warm.start(plan(out), env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert wait_for_more(process, out / "lists", 2)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=TIMEOUT_S)[1]
    assert process.returncode == 1
    assert "synsift: interrupted; the same command goes on behind the rows that were read" in said
    assert "Traceback" not in said, said
    done = warm.run(plan(out), env=env, check=True)
    assert "going on behind row" in done.stderr


def processes_of(out: Path) -> list[int]:
    """All processes that have a store in their environment, whoever started them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(out).encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_several_processes_end_with_the_one_that_is_killed_and_the_list_is_as_one_makes_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    rows = range(450_000)
    urls = pa.array([f"https://h{n % 97}.example/{n}.jpg" for n in rows])
    captions = pa.array([f"{NAMES[n * 3 % len(NAMES)]} {'x ' * (n % 11)}" for n in rows])
    (tmp_path / "lists").mkdir()
    table = pa.table({"url": urls, "caption": captions})
    pq.write_table(table, tmp_path / "lists" / "1.parquet", row_group_size=10_000)
    envs = {}
    for name, jobs in (("one", 1), ("several", 2)):
        options = {
            "store.url": str(tmp_path / name),
            "sources.captions.jobs": jobs,
            "identity.contact": "a@b.example",
        }
        envs[name] = environment(options)
    warm.run(plan(tmp_path / "one"), env=envs["one"], check=True)
    out = tmp_path / "several"
    process = warm.start(plan(out), env=envs["several"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline_s = time.monotonic() + TIMEOUT_S
    while process.poll() is None and len(processes_of(out)) < 4:  # its own, two that match, and whoever starts these
        assert time.monotonic() < deadline_s
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.005)
    assert process.poll() is None, "it ended before it had started any"
    process.send_signal(number)
    process.wait()
    while processes_of(out):
        assert time.monotonic() < deadline_s, "a process outlives the one that started it"
        time.sleep(0.02)
    done = warm.run(plan(out), env=envs["several"], check=True)
    assert "going on behind row" in done.stderr
    sifted = [next((tmp_path / name / "lists").glob("captions-*.parquet")) for name in ("one", "several")]
    assert sifted[0].read_bytes() == sifted[1].read_bytes()
    assert not list((out / "lists").glob("*.sifting"))
