"""Files that have their names when they are whole."""

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from synsift.pipelines.cli import paths
from synsift.pipelines.cli.paths import whole_file
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.whole import nameless
from tests.conftest import RunCli
from tests.dedupe.pictures import photograph

WRITER = """
import sys
from pathlib import Path
from synsift.pipelines.cli.paths import whole_file
from synsift.pipelines.errors import UsageError

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
        monkeypatch.setattr(paths, "nameless", lambda _: None)


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
    descriptor = nameless(target.parent)
    if descriptor is None:
        pytest.skip("no files without names here")
    os.close(descriptor)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=300)
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


@KINDS
def test_a_link_stays_and_what_it_leads_to_is_written_with_the_permissions_that_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_nameless: bool
) -> None:
    without(monkeypatch, has_nameless=has_nameless)
    target, link = tmp_path / "elsewhere.jsonl", tmp_path / "link.jsonl"
    target.write_text("an earlier one")
    target.chmod(0o600)
    link.symlink_to(target.name)
    with whole_file(link) as file:
        file.write("whole")
    assert link.is_symlink()
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("whole", 0o600)


@KINDS
def test_a_long_name_has_room_for_that_of_its_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_nameless: bool
) -> None:
    without(monkeypatch, has_nameless=has_nameless)
    target = tmp_path / ("報" * 84)  # 252 of the 255 bytes of a name
    with whole_file(target) as file:
        file.write("whole")
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_a_folder_that_can_be_written_to_but_not_listed_takes_a_file(tmp_path: Path) -> None:
    """Looked at by the flags of what is opened: who runs tests as root may list any folder."""
    opened: list[int] = []
    system = os.open

    def watched(path: object, flags: int, *rest: object, **named: object) -> int:
        if path == tmp_path and not flags & getattr(os, "O_TMPFILE", 0) & ~os.O_DIRECTORY:
            opened.append(flags)
        return system(path, flags, *rest, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", watched)
        with whole_file(tmp_path / "set.jsonl") as file:
            file.write("whole")
    assert opened
    assert all(flags & os.O_PATH for flags in opened)


@pytest.mark.parametrize("behind", ["| cat", "> straight.txt"])
def test_standard_output_by_its_name_is_written_straight(tmp_path: Path, behind: str) -> None:
    script = "from pathlib import Path; from synsift.pipelines.cli.paths import *; t = Path('/dev/stdout')\n"
    script += "try_file(t, '--out')\nwith whole_file(t) as file: file.write('all of it')"
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        ["sh", "-c", f'"$0" script.py {behind}', sys.executable],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    straight = tmp_path / "straight.txt"
    assert (straight.read_text() if straight.exists() else done.stdout, done.stderr) == ("all of it", "")


MEMORY = Path("/dev/shm")  # noqa: S108 - what stands there is of the test's own


@pytest.mark.skipif(not MEMORY.is_dir(), reason="no files below /dev here")
def test_a_file_below_dev_is_whole_or_not_there() -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        target = Path(folder) / "set.jsonl"
        with contextlib.suppress(KeyboardInterrupt), whole_file(target) as file:
            file.write("half")
            raise KeyboardInterrupt
        assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES, errno.EROFS])
def test_a_disk_that_is_full_by_now_is_no_wrong_use(number: int) -> None:
    found = paths.unwritten("`--report x` can't be written", OSError(number, os.strerror(number)))
    assert isinstance(found, UsageError) == (number in (errno.EACCES, errno.EROFS))
    assert str(found) == f"`--report x` can't be written: {os.strerror(number)}"


def test_a_report_on_a_full_disk_ends_with_1(cli: RunCli, small_disk: Path, tmp_path: Path) -> None:
    for number in range(6):
        photograph(number, (640, 480)).save(tmp_path / f"{number}.png")
        photograph(number, (640, 480)).save(tmp_path / f"{number}.jpg", quality=60)
    report = small_disk / "report.html"
    with contextlib.suppress(OSError), (small_disk / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))
    done = cli("dedupe", str(tmp_path), "--no-cache", "--report", str(report))
    assert done.returncode == 1, done.stderr
    assert f"`--report {report}` can't be written: No space left on device" in " ".join(done.stderr.split())
    assert not report.exists()
