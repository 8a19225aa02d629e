"""Processes of our own never hear of Ctrl-C, not even while Python begins in them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

_BEGIN = """
import os, sys
from pathlib import Path

import pytest
from multiprocessing import forkserver
from synsift.crawler.processes import helpers_context

if __name__ == "__main__":
    helpers_context("json")
    print(forkserver._forkserver._forkserver_pid, os.getpid(), flush=True)
    sys.stdin.read()
"""


def _blocked(pid: int) -> int:
    (line,) = (one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("SigBlk:"))
    return int(line.split()[1], 16)


def test_the_server_begins_with_ctrl_c_blocked_and_its_starter_goes_on_hearing_it(tmp_path: Path) -> None:
    script = tmp_path / "begin.py"
    script.write_text(_BEGIN)
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        server, starter = map(int, process.stdout.readline().split())
        ctrl_c = 1 << (signal.SIGINT - 1)
        assert _blocked(server) & ctrl_c
        assert not _blocked(starter) & ctrl_c
        process.communicate("")
    assert process.returncode == 0


_LEAVE = """
import os, sys, time
from synsift.crawler.processes import helpers_context

class Late:
    def __reduce__(self):
        return sys.modules["__main__"].gone, ()

def gone():
    raise {error}

if __name__ == "__main__":
    process = helpers_context("json").Process(target=print, args=(Late(),))
    process.start()
    process.join()
"""


@pytest.mark.parametrize(("error", "is_said"), [("FileNotFoundError(2, 'gone')", False), ("ValueError('odd')", True)])
def test_a_helper_whose_starter_has_left_ends_quietly_and_no_other(tmp_path: Path, error: str, is_said: bool) -> None:
    script = tmp_path / "leave.py"
    script.write_text(_LEAVE.format(error=error))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=120)
    assert ("Traceback" in done.stderr) == is_said, done.stderr
