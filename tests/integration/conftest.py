"""What the tests of the whole share."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from synsift.pipelines.assembly import Parts, open_parts
from synsift.pipelines.config import load
from synsift.pipelines.demo.world import SUBJECTS
from tests.integration.processes import TIMEOUT_S, ended_with_their_test


def write_synsets(folder: Path) -> Path:
    """A list of the queries of the demo's synsets."""
    path = folder / "synsets.tsv"
    path.write_text("".join(f"{subject.wnid}\t{text}\n" for subject in SUBJECTS for text in subject.queries))
    return path


@pytest.fixture(autouse=True)
def _processes_end_with_their_test() -> Iterator[None]:
    with ended_with_their_test():
        yield


@pytest.fixture
def synsets(tmp_path: Path) -> Path:
    return write_synsets(tmp_path)


@contextlib.contextmanager
def opened(options: dict[str, object]) -> Iterator[Parts]:
    """What a command with these options works with."""
    parts = open_parts(load(env={}, options=options).settings)
    try:
        yield parts
    finally:
        parts.log.close()


def wait_for_looks(options: dict[str, object], stage: str, least: int, *processes: "subprocess.Popen[str]") -> None:
    """Wait until a stage has looked at so many survivors, or a process has ended."""
    deadline_s = time.monotonic() + TIMEOUT_S
    with opened(options) as parts:
        while all(process.poll() is None for process in processes):
            if sum(lag.committed for lag in parts.log.lag(stage, "survivors")) >= least:
                return
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
