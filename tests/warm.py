"""Commands as a user runs them, without the second that each takes to load its libraries.

A process that has loaded them, and nothing of the command line itself, is forked for each command: one of its own, with
its own arguments, environment, folder, streams, process id and exit status, to be read, waited for and killed as any.
Most tests of commands are a second of loading and a tenth of what they test, and workers that are killed again and
again are started as often. ``SYNSIFT_TEST_COLD=1`` starts an interpreter for each, as tests do that are about starting.

    test ──arguments, environment, folder; three files──▶ this process ──fork──▶ the command
         ◀──────────process id, and at its end────────────┘
"""

import atexit
import contextlib
import functools
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, NoReturn

from tests.warm_client import SIZE_BYTES, ask, number

Stream = IO[str] | IO[bytes] | int | None
ROOT: Final = Path(__file__).parents[1]
_LONGEST_REQUEST: Final = 1 << 20


def interpreters_own(env: Mapping[str, str]) -> dict[str, str]:
    """What of an environment an interpreter reads as it starts: where it differs, one must be started."""
    return {name: value for name, value in env.items() if name.startswith(("PYTHON", "LC_", "LANG"))}


_INTERPRETERS_OWN: Final = interpreters_own(os.environ)


def is_wanted() -> bool:
    """Whether commands are forked at all."""
    return "SYNSIFT_TEST_COLD" not in os.environ


def start(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: Stream = None,
    stdout: Stream = None,
    stderr: Stream = None,
) -> "subprocess.Popen[str]":
    """Start ``synsift`` with these arguments as ``subprocess.Popen`` does, its streams as text."""
    is_forked = is_wanted() and interpreters_own(env) == _INTERPRETERS_OWN
    return (_Forked if is_forked else subprocess.Popen)(
        [sys.executable, "-m", "synsift", *arguments],
        env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr, text=True, errors="surrogateescape",
    )  # fmt: skip


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: str = "",
    timeout_s: float = 300.0,
    check: bool = False,
) -> "subprocess.CompletedProcess[str]":
    """As ``subprocess.run`` of the command line with these arguments, its output read as text."""
    pipe = subprocess.PIPE
    with start(arguments, env=env, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            printed, errors = process.communicate(stdin, timeout=timeout_s)
        except BaseException:
            process.kill()
            raise
        done = subprocess.CompletedProcess(list(arguments), process.returncode, printed, errors)
    if check:
        done.check_returncode()
    return done


def put_command(folder: Path) -> None:
    """Write a ``synsift`` into a folder of a shell's ``PATH``."""
    client = Path(__file__).with_name("warm_client.py")
    (folder / "synsift").write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{client}" "{_loaded()}" "$@"\n')
    (folder / "synsift").chmod(0o755)


class _Forked(subprocess.Popen[str]):
    """A process that another one forks: that one is its parent, and tells its end.

    Popen starts and awaits its child in three methods of its own; all else that it does with streams is as it is.
    """

    _told: socket.socket

    def _execute_child(
        self, args: Sequence[str], executable: Any, preexec_fn: Any, close_fds: Any, pass_fds: Any, cwd: Any, env: Any,
        startupinfo: Any, creationflags: Any, shell: Any, *rest: Any,
    ) -> None:  # fmt: skip
        del executable, preexec_fn, close_fds, pass_fds, startupinfo, creationflags, shell
        pipes = rest[:6]
        files = [own if fd == -1 else fd for own, fd in enumerate((pipes[0], pipes[3], pipes[5]))]
        try:
            self.pid, self._told = ask(str(_loaded()), args[3:], env=env, cwd=str(cwd or Path.cwd()), files=files)
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]  # of Popen itself

    def _internal_poll(self, _deadstate: int | None = None) -> int | None:
        unheard = () if _deadstate is None else (EOFError, OSError)  # as it is deleted, when all is over
        with contextlib.suppress(subprocess.TimeoutExpired, *unheard):
            self._wait(0.0)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            self._told.settimeout(timeout)
            try:
                self.returncode = number(self._told)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0) from None
            self._told.close()
        return self.returncode


@functools.cache
def _loaded() -> Path:
    """Where the process listens that has loaded the libraries; started once, it ends with this one."""
    folder = tempfile.mkdtemp(prefix="warm-")
    place = Path(folder) / "socket"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place))
    listener.listen(64)
    until, ours = os.pipe()
    with listener:
        fds = (listener.fileno(), until)
        numbers = [str(fd) for fd in fds]
        process = subprocess.Popen([sys.executable, "-m", "tests.warm", *numbers], cwd=ROOT, pass_fds=fds)
    os.close(until)

    @atexit.register
    def end() -> None:
        os.close(ours)
        process.wait(timeout=30)
        place.unlink()
        place.parent.rmdir()

    return place


def _serve(listener: socket.socket, until: int) -> None:
    """Fork a command for each request; leave only in it, or when the tests are done."""
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        for place in (listener, until, woken):
            selector.register(place, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if until in ready:
                return
            if woken in ready:
                os.read(woken, 4096)
                _tell_ends(running)
            if listener in ready:
                connection, _ = listener.accept()
                request, fds = _asked(connection)
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for other in (listener, connection, *running.values()):
                        other.close()
                    for fd in (until, woken, waking):
                        os.close(fd)
                    selector.close()
                    _become(request, fds)
                for fd in fds:
                    os.close(fd)
                running[pid] = connection
                connection.sendall(pid.to_bytes(SIZE_BYTES, "big"))


def _tell_ends(running: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = ended
            with running.pop(pid) as connection, contextlib.suppress(OSError):
                connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(SIZE_BYTES, "big", signed=True))


def _asked(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A request, and the files that come with it."""
    head, fds, _, _ = socket.recv_fds(connection, SIZE_BYTES, 3)
    size, data = int.from_bytes(head, "big"), b""
    while len(data) < min(size, _LONGEST_REQUEST):
        data += connection.recv(size - len(data))
    return json.loads(data), fds


def _become(request: Mapping[str, Any], fds: Sequence[int]) -> NoReturn:
    """The command, in the forked process."""
    for stream, fd in enumerate(fds):
        os.dup2(fd, stream)
        os.close(fd)
    for stream, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        mode, buffering = ("r", -1) if stream == 0 else ("w", 1 if stream == 2 else -1)
        setattr(sys, name, open(stream, mode, buffering, encoding=old.encoding, errors=old.errors))  # noqa: SIM115
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

    import synsift.crawler.download.handler
    import synsift.dedupe.calibration
    import synsift.dedupe.reference
    import synsift.pipelines.assembly
    import synsift.pipelines.folders.scan
    import synsift.pipelines.log.kafka
    import synsift.pipelines.logs
    import synsift.pipelines.matching
    import synsift.pipelines.service.http
    import synsift.pipelines.stages.fetch
    import synsift.pipelines.stages.mend
    import synsift.pipelines.stages.search
    import synsift.pipelines.worker  # noqa: F401


if __name__ == "__main__":
    _load()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as found:
        _serve(found, int(sys.argv[2]))
