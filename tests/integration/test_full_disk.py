"""A disk that fills up in the midst of a crawl."""

import subprocess
from pathlib import Path

import pytest

from synsift.pipelines.demo.web import Directory
from tests.conftest import RunCli
from tests.integration.test_kill import differences


@pytest.mark.slow
def test_a_full_disk_stops_a_crawl_cleanly_and_the_same_command_goes_on_later(
    small_disk: Path, synsets: Path, cli: RunCli, directory: Directory, quick_options: dict[str, object]
) -> None:
    out = small_disk / "out"
    arguments = ("crawl", "--list", str(synsets), "--out", str(out))
    done = cli(*arguments, options=quick_options)
    assert done.returncode == 1
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    done = cli(*arguments, options=quick_options)
    assert done.returncode == 0, done.stderr
    assert differences(out, directory, quick_options) == []
