"""A list is read to its end exactly once, however often its reader is killed."""

import contextlib
import gzip
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from synsift.pipelines.assembly import open_parts
from synsift.pipelines.config import load
from synsift.pipelines.dead_letters import read_dead_letters
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import ImageUrl
from synsift.pipelines.summary import read_counts
from tests import warm
from tests.conftest import environment

ROWS = 80_000
ODD = {1_234: "not a URL at all", 20_000: '"http://a.example/never closed'}
TIMEOUT_S = 300


def write(target: Path) -> None:
    """A list with rows of many synsets; two of them are none."""
    rows = (ODD.get(n) or f"http://h{n % 97}.example/{n}.jpg,n{n % 7},picture {n}" for n in range(ROWS))
    with gzip.open(target, "wt", compresslevel=1) as file:
        file.write("url,synset,title\n" + "\n".join(rows) + "\n")


def rows_so_far(log: Path) -> int:
    """How many image URLs stand in the log now."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(f"file:{log}?mode=ro", uri=True)) as db:
        found = db.execute("SELECT count(*) FROM records").fetchone()[0]
        return int(found or 0)
    return 0


@pytest.mark.slow
def test_every_row_is_an_image_url_or_a_dead_letter_exactly_once(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos.csv.gz", tmp_path / "out"
    write(photos)
    options: dict[str, object] = {
        "store.url": str(out),
        "sources.urls.page_size": 500,
        "identity.contact": "a@b.example",
    }
    env = environment(options)
    warm.run(["plan", "--source", "urls", "--list", str(photos)], env=env, check=True)
    rng = random.Random(5)  # noqa: S311 - to be repeated
    for _ in range(4):
        before = rows_so_far(out / "log.db")
        process = warm.start(["run", "search", "--drain"], env=env, stderr=subprocess.DEVNULL)
        deadline_s = time.monotonic() + TIMEOUT_S
        while process.poll() is None and rows_so_far(out / "log.db") < before + rng.randint(1, 3_000):
            assert time.monotonic() < deadline_s
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.01)
        process.kill()
        process.wait()
        assert process.returncode == -signal.SIGKILL, "ended before it was killed"
    warm.run(["run", "search", "--drain"], env=env, check=True)
    parts = open_parts(load(env={}, options=options).settings)
    with contextlib.closing(parts.log):
        found = Counter(record.url for record in read_all(parts.log, ImageUrl))
        letters = [letter.letter.message for letter in read_dead_letters(parts.log)]
        counted = sum(counts.found for counts in read_counts(parts.log).values())
    assert found == Counter(f"http://h{n % 97}.example/{n}.jpg" for n in range(ROWS) if n not in ODD)
    assert counted == ROWS - len(ODD)
    assert sorted(message.split(":")[1] for message in letters) == ["1236", "20002"]
