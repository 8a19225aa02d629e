"""The processes of a scan and of an export end with who started them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from synsift.pipelines.folders.pool import Pool
from tests.pipelines.folders.test_pool import pids

with Pool(2, pids) as pool:
    for made in pool.make(range(2_000)):
        print(made[0][1], flush=True)
    print("done", flush=True)
    sys.stdin.read()
"""


def pids(things: list[int]) -> list[int]:
    return [os.getpid() for _ in things]


def test_who_is_killed_leaves_no_process_behind() -> None:
    """They waited for ever for their next task, each with what it had loaded, as they held its pipe open themselves."""
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True
    ) as process:
        assert process.stdout is not None
        workers = set(iter(lambda: process.stdout.readline().strip(), "done"))  # type: ignore[union-attr]
        assert workers
        assert str(process.pid) not in workers
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)  # ends when nobody holds its output any more
