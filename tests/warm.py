"""Commands as a user runs them, without the second that each takes to load its libraries.

A process that has loaded them, and nothing of the command line itself, is forked for each command: one of its own, with
its own arguments, environment, folder, streams, process id and exit status, to be read, waited for and killed as any.
Most tests of commands are a second of loading and a tenth of what they test, and workers that are killed again and
again are started as often. ``SYNSIFT_TEST_COLD=1`` starts an interpreter for each, as tests do that are about starting.

    test ──arguments, environment, folder; three files──▶ this process ──fork──▶ the command
         ◀──────────process id, and at its end────────────┘

Decoders of such a command are forked in the same way, of another process, which has loaded what a decoder loads and has
tried each format once; it does so when the first is asked for. Limits are set in the forked one, as in any. Where a
command has ``COLD_DECODERS`` in its environment they are its own children, each an interpreter anew, as always where a
test has a pool of its own.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar, Final, NoReturn

from tests.warm_client import SIZE_BYTES, ask, number

Stream = IO[str] | IO[bytes] | int | None
ROOT: Final = Path(__file__).parents[1]
_START_NEW_SESSION: Final = 11
"""Where that stands among what ``Popen`` gives its method that starts a child, counted from the pipes on."""
_LONGEST_REQUEST: Final = 1 << 20
COLD_DECODERS: Final = "COLD_DECODERS"
"""In the environment of a command: its decoders are not forked."""
_DECODERS_OWN: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_EACH_ITS_OWN: Final = ("synsift.pipelines.cli", "synsift.crawler.helper_begin")
"""Loaded in each forked process: consoles know the stream that they were made for, and helpers who started them."""
_main_of: Final[dict[str, Callable[[], None]]] = {}
"""What to call instead of running a module: modules that this process has loaded as what they are."""


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
    module: str = "synsift",
) -> "subprocess.Popen[str]":
    """Start ``synsift``, or what a module makes of it, with these arguments as ``Popen`` does, its streams as text."""
    is_forked = is_wanted() and interpreters_own(env) == _INTERPRETERS_OWN
    return (_Forked if is_forked else subprocess.Popen)(
        [sys.executable, "-m", module, *arguments],
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
    module: str = "synsift",
) -> "subprocess.CompletedProcess[str]":
    """As ``subprocess.run`` of the command line with these arguments, its output read as text."""
    pipe = subprocess.PIPE
    with start(arguments, env=env, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe, module=module) as process:
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


class _Forked(subprocess.Popen[Any]):
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
        place, is_apart = str(cwd or Path.cwd()), bool(rest[_START_NEW_SESSION])
        try:
            self.pid, self._told = ask(
                self._server(), args[3:], env=env, cwd=place, files=files, module=args[2], is_apart=is_apart
            )
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]  # of Popen itself

    def _server(self) -> str:
        """Where the process listens that forks it."""
        return str(_loaded())

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


class _ForkedDecoder(_Forked):
    """A decoder or describer that a forked command starts."""

    place: ClassVar[str]

    def _server(self) -> str:
        return self.place


@functools.cache
def _loaded() -> Path:
    """Where the process listens that has loaded the libraries; started once, it ends with this one."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    until, ours = os.pipe()
    decoders, commands = folder / "decoders", folder / "socket"
    processes = [_serving(decoders, until, env=_DECODERS_OWN), _serving(commands, until, str(decoders))]
    os.close(until)

    @atexit.register
    def end() -> None:
        os.close(ours)
        for process in processes:
            process.wait(timeout=30)
        for place in (decoders, commands):
            place.unlink()
        folder.rmdir()

    return commands


def _serving(place: Path, until: int, *more: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """A process that forks others for whoever asks at a socket, until a pipe is closed."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen(64)
        fds = (listener.fileno(), until)
        command = [sys.executable, "-m", "tests.warm", *(str(fd) for fd in fds), *more]
        return subprocess.Popen(command, cwd=ROOT, pass_fds=fds, env={**os.environ, **(env or {})})


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
            if listener in ready and (taken := _taken(listener)) is not None:
                connection, request, fds = taken
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
                with contextlib.suppress(OSError):
                    connection.sendall(pid.to_bytes(SIZE_BYTES, "big"))


def _tell_ends(running: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = ended
            with running.pop(pid) as connection, contextlib.suppress(OSError):
                connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(SIZE_BYTES, "big", signed=True))


def _taken(listener: socket.socket) -> tuple[socket.socket, dict[str, Any], list[int]] | None:
    """Who asks next, and for what; None if that one was killed meanwhile: others will ask."""
    connection, _ = listener.accept()
    try:
        return (connection, *_asked(connection))
    except (OSError, ValueError):
        connection.close()
        return None


def _asked(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A request, and the files that come with it.

    Raises:
        OSError: Who asks is gone.
        ValueError: What was asked isn't whole.
    """
    head, fds, _, _ = socket.recv_fds(connection, SIZE_BYTES, 3)
    try:
        size, data = int.from_bytes(head, "big"), b""
        while len(data) < min(size, _LONGEST_REQUEST):
            part = connection.recv(size - len(data))
            if not part:
                raise ValueError("a request that breaks off")
            data += part
        return json.loads(data), fds
    except BaseException:
        for fd in fds:
            os.close(fd)
        raise


def _become(request: Mapping[str, Any], fds: Sequence[int]) -> NoReturn:
    """The command, in the forked process."""
    if request["is_apart"]:
        os.setsid()
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
    module = request["module"]
    sys.argv, sys.path[0] = [module, *request["arguments"]], request["cwd"]
    status = 1
    try:
        if module in _main_of:
            _main_of[module]()
        else:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
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
    """What commands load, but for what looks at its environment and its streams as it is loaded: the command line."""
    import rich.markdown  # noqa: F401
    import typer  # noqa: F401

    from synsift.crawler.ontology.alike import _weights
    from synsift.crawler.ontology.versions import _runs
    from synsift.crawler.ontology.wordnet import LANGUAGES, _senses_in, wordnet

    for package in ("crawler", "dedupe", "pipelines"):
        for module in _modules_of(f"synsift.{package}"):
            importlib.import_module(module)
    # What hardly a command does without: the nouns of WordNet, which each would unpack.
    wordnet()
    _weights()
    _runs()
    for lang in LANGUAGES[1:]:
        _senses_in(lang)


def _modules_of(package: str) -> Iterator[str]:
    """Names of a package's modules, those below it, too."""
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        if found.name in _EACH_ITS_OWN:
            continue
        yield found.name
        if found.ispkg:
            yield from _modules_of(found.name)


def _load_decoders() -> None:
    """What decoders and describers load, and try before their limits come."""
    from synsift.dedupe import fingerprint
    from synsift.dedupe.hash_kinds import KINDS, hashes_of
    from synsift.dedupe.local.features import describe
    from synsift.dedupe.local.relation import relate
    from synsift.pipelines.decoding import decoder, describer

    def try_all(sample: bytes) -> None:
        fingerprint(sample)
        features = describe(sample)
        relate(features, features)
        for kind in KINDS:
            # Of a library that isn't installed the forked one tells, as one does that was started.
            with contextlib.suppress(Exception):
                hashes_of(sample, [kind])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        decoder._load_everything(try_all)
    vars(decoder)["_load_everything"] = lambda _try_all: None
    for module in (decoder, describer):
        _main_of[module.__name__] = module.main


def _fork_decoders(place: str) -> None:
    """Have the decoders of commands forked, too."""
    from synsift.pipelines.decoding import pool

    def start(*arguments: Any, **options: Any) -> "subprocess.Popen[Any]":
        kind = subprocess.Popen if COLD_DECODERS in os.environ else _ForkedDecoder
        return kind(*arguments, **options)

    _ForkedDecoder.place = place
    ours = types.ModuleType(subprocess.__name__)
    vars(ours).update(vars(subprocess), Popen=start)
    vars(pool)["subprocess"] = ours


def main(listener: socket.socket, until: int, decoders: str = "") -> None:
    """Serve commands, whose decoders are asked for at another socket; or be the one there."""
    if decoders:
        _load()
        _fork_decoders(decoders)
    else:
        select.select([listener, until], [], [])
        _load_decoders()
    gc.collect()
    gc.freeze()
    _serve(listener, until)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as found:
        main(found, int(sys.argv[2]), *sys.argv[3:])
