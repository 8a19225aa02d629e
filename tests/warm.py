"""Commands as a user runs them, without the second that each takes to load its libraries.

A process that has loaded them, and nothing of the command line itself, is forked for each command: one of its own, with
its own arguments, environment, folder, streams and exit status. Most tests of commands are a second of loading and a
tenth of what they test. ``SYNSIFT_TEST_COLD=1`` starts an interpreter for each, as tests do that are about starting.

    test ──arguments, environment, folder; three files──▶ this process ──fork──▶ the command
         ◀───────────────────────status───────────────────────┘
"""

import atexit
import contextlib
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

ROOT: Final = Path(__file__).parents[1]
_LONGEST_REQUEST: Final = 1 << 20
_SIZE_BYTES: Final = 8
_LOADING_S: Final = 120
"""The first command waits until the libraries are loaded, and other tests may load this machine at the same time."""


class WarmCommands:
    """The process that is forked, from the side of the tests."""

    def __init__(self) -> None:
        ours, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(its.fileno())], cwd=ROOT, pass_fds=[its.fileno()]
            )
        self._socket = ours

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.wait(timeout=30)

    def run(
        self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdin: str, timeout_s: float
    ) -> "subprocess.CompletedProcess[str]":
        """As ``subprocess.run`` of the command line with these arguments, its output read as text."""
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile("w+", errors="surrogateescape")) for _ in range(3)]
            files[0].write(stdin)
            files[0].seek(0)
            request = json.dumps({"arguments": list(arguments), "env": dict(env), "cwd": str(cwd)}).encode()
            self._socket.settimeout(_LOADING_S)
            socket.send_fds(
                self._socket, [len(request).to_bytes(_SIZE_BYTES, "big")], [file.fileno() for file in files]
            )
            self._socket.sendall(request)
            pid = _number(self._socket)
            self._socket.settimeout(timeout_s)
            try:
                status = _number(self._socket)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                self._socket.settimeout(10)
                _number(self._socket)
                raise subprocess.TimeoutExpired(list(arguments), timeout_s) from None
            for file in files:
                file.seek(0)
            return subprocess.CompletedProcess(list(arguments), status, files[1].read(), files[2].read())


@contextlib.contextmanager
def warm_commands() -> Iterator[WarmCommands]:
    """Start the process for a block."""
    found = WarmCommands()
    try:
        yield found
    finally:
        found.close()


def _number(connection: socket.socket) -> int:
    data = connection.recv(_SIZE_BYTES, socket.MSG_WAITALL)
    if len(data) < _SIZE_BYTES:
        raise EOFError("the process that commands are forked of is gone")
    return int.from_bytes(data, "big", signed=True)


def _serve(connection: socket.socket) -> None:
    """Fork a command for each request; leave only in it, or when the tests are done."""
    while True:
        head, fds, _, _ = socket.recv_fds(connection, _SIZE_BYTES, 3)
        if not head:
            return
        request = json.loads(_whole(connection, int.from_bytes(head, "big")))
        pid = os.fork()
        if pid == 0:
            connection.close()
            _become(request, fds)
        for fd in fds:
            os.close(fd)
        connection.sendall(pid.to_bytes(_SIZE_BYTES, "big"))
        _, status = os.waitpid(pid, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(_SIZE_BYTES, "big", signed=True))


def _whole(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < min(size, _LONGEST_REQUEST):
        data += connection.recv(size - len(data))
    return data


def _become(request: Mapping[str, Any], fds: Sequence[int]) -> NoReturn:
    """The command, in the forked process."""
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        mode, buffering = ("r", -1) if number == 0 else ("w", 1 if number == 2 else -1)
        setattr(sys, name, open(number, mode, buffering, encoding=old.encoding, errors=old.errors))  # noqa: SIM115
        setattr(sys, f"__{name}__", getattr(sys, name))
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv, sys.path[0] = ["synsift", *request["arguments"]], request["cwd"]
    status = 1
    try:
        runpy.run_module("synsift", run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as exc:
        status = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:  # noqa: BLE001 - as an interpreter does
        traceback.print_exc()
    # As an interpreter ends, but for taking all modules apart: that alone would take longer than most commands.
    threading._shutdown()
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(status)


def _load() -> None:
    """What commands load, but for the command line: that looks at its environment as it is loaded."""
    import faiss  # noqa: F401
    import obstore  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import rich.progress
    import rich.table  # noqa: F401
    import scrapy  # noqa: F401
    import tldextract  # noqa: F401

    import synsift.dedupe.calibration
    import synsift.dedupe.reference
    import synsift.pipelines.assembly
    import synsift.pipelines.folders.scan
    import synsift.pipelines.logs
    import synsift.pipelines.matching
    import synsift.pipelines.stages.fetch
    import synsift.pipelines.stages.mend
    import synsift.pipelines.stages.search  # noqa: F401


if __name__ == "__main__":
    _load()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as found:
        _serve(found)
