"""A disk that fills up in the midst of a crawl."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.demo.web import Directory
from tests.conftest import RunCli
from tests.integration.test_kill import differences


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_stops_a_crawl_cleanly_and_the_same_command_goes_on_later(
    small_disk: Path, synsets: Path, cli: RunCli, directory: Directory, quick_options: dict[str, object]
) -> None:
    out = small_disk / "out"
    arguments = ("crawl", "--list", str(synsets), "--out", str(out))
    done = cli(*arguments, options=quick_options)
    assert done.returncode == 1
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    done = cli(*arguments, options=quick_options)
    assert done.returncode == 0, done.stderr
    assert differences(out, directory, quick_options) == []
