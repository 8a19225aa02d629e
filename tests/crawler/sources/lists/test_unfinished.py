"""Files that are being written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synsift.crawler.sources.lists.unfinished import sweep, unfinished

WRITER = """
import sys
from pathlib import Path
from synsift.crawler.sources.lists.unfinished import unfinished
with unfinished(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print(file.name, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        path = Path(writer.stdout.readline().strip())
        assert sweep(tmp_path) == 0
        with unfinished(tmp_path) as other:
            assert path.read_bytes() == b"half"
        assert not Path(other.name).exists()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert path.exists()
        (tmp_path / ".abcd1234").write_bytes(b"of an older version")
        with unfinished(tmp_path):
            assert not path.exists()
    assert os.listdir(tmp_path) == []


def test_a_file_that_is_renamed_stays_and_one_that_is_not_goes(tmp_path: Path) -> None:
    with unfinished(tmp_path) as file:
        file.write(b"whole")
        file.flush()
        Path(file.name).replace(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt), unfinished(tmp_path):
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["whole"]
    assert (tmp_path / "whole").read_bytes() == b"whole"


def test_whoever_takes_a_new_file_for_nobodys_takes_nothing_from_its_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    lock, taken = fcntl.flock, []

    def late(file: object, how: int) -> None:
        if not taken and how == fcntl.LOCK_EX:
            taken.append(1)
            for path in tmp_path.glob(".*"):
                path.unlink()
        lock(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr("synsift.crawler.sources.lists.unfinished.fcntl.flock", late)
    with unfinished(tmp_path) as file:
        assert taken
        assert Path(file.name).exists()
