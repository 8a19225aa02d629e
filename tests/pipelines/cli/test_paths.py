"""Files that have their names when they are whole."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from synsift.pipelines.cli import paths
from synsift.pipelines.cli.paths import whole_file

WRITER = """
import sys
from pathlib import Path
from synsift.pipelines.cli.paths import whole_file

with whole_file(Path(sys.argv[1])) as file:
    file.write("half")
    file.flush()
    print("written", flush=True)
    sys.stdin.read()
"""
KINDS = pytest.mark.parametrize("has_nameless", [True, False])


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "ä report.html"


def without(monkeypatch: pytest.MonkeyPatch, *, has_nameless: bool) -> None:
    if not has_nameless:
        monkeypatch.setattr(paths, "_nameless", lambda _: None)


@KINDS
@pytest.mark.parametrize("earlier", [None, "an earlier one"])
def test_it_has_its_name_when_it_is_whole(
    target: Path, monkeypatch: pytest.MonkeyPatch, has_nameless: bool, earlier: str | None
) -> None:
    without(monkeypatch, has_nameless=has_nameless)
    if earlier:
        target.write_text(earlier)
    with whole_file(target) as file:
        file.write("whole \udcff")
        file.flush()
        assert (target.read_text() if target.exists() else None) == earlier
    assert target.read_bytes() == b"whole \xff"
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert not stat.S_IMODE(target.stat().st_mode) & 0o111


@KINDS
def test_interrupted_it_leaves_nothing(target: Path, monkeypatch: pytest.MonkeyPatch, has_nameless: bool) -> None:
    without(monkeypatch, has_nameless=has_nameless)
    target.write_text("an earlier one")

    def write_half() -> None:
        with whole_file(target) as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert target.read_text() == "an earlier one"
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_killed_it_leaves_nothing(target: Path) -> None:
    """Each kill in the midst of a report left a hidden file of eighty megabytes, which nobody ever took away."""
    nameless = paths._nameless(target.parent)
    if nameless is None:
        pytest.skip("no files without names here")
    os.close(nameless)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    assert list(target.parent.iterdir()) == []


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as file:
        file.write("all of it")
    assert os.read(reader, 100) == b"all of it"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
