"""Runs one command line, and says in one form whatever goes wrong with it.

what was raised ──┬─ wrong use: Typer's, ours, a key's value ──▶ synsift: …, hint: …    2
                  ├─ could not do it: ours, the system's ─────▶ synsift: …, hint: …    1
                  ├─ Ctrl-C, SIGTERM, end of input when asked ▶ synsift: interrupted   1, of `run` 0
                  ├─ nobody reads the output any longer ──────▶ no word                0
                  └─ anything else: a bug ────────────────────▶ its traceback
"""

import atexit
import contextlib
import errno
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, TextIO

import typer

from synsift.pipelines.cli.app import app
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.grammar import PROGRAM, NobodyReads, wrong_use
from synsift.pipelines.errors import SynsiftError, UsageError
from synsift.pipelines.texts import for_people

_MOMENT_S: Final = 0.05
_OF_OUTPUT: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EAGAIN, errno.ENXIO}
)
"""What writing to a file or a terminal fails of: an error without a file's name is the output's then, as a rule."""
_COMPLETE: Final = f"_{PROGRAM.upper()}_COMPLETE"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What to tell the user.

    Attributes:
        text: What happened.
        hint: The way out; may be empty.
        status: The exit status.
    """

    text: str
    hint: str
    status: ExitStatus


def run(arguments: Sequence[str]) -> int:
    """Run a command line; gives the exit status."""
    sys.excepthook, sys.unraisablehook = _tell_of_bug, _tell_later
    _open_closed_streams()
    _print_any_name()
    _take_sigterm_as_ctrl_c()
    try:
        with _quiet_pipes():
            status = _invoke(arguments)
            sys.stdout.flush()
    except OSError as exc:
        # Here only if even the output's last bytes could not be written; or it was no pipe of ours that broke.
        if complaint_of(exc) is None:
            raise
        status = _complain(_of_system(exc))
        _drop_output()
    _leave_on_ctrl_c(status)
    return status


def interrupted_status(arguments: Sequence[str]) -> ExitStatus:
    """What a command ends with that was told to stop: of a worker, which is told so, that is no failure."""
    is_worker = next((one for one in arguments if not one.startswith("-")), "") == "run"
    return ExitStatus.DONE if is_worker else ExitStatus.FAILED


def _invoke(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    if _COMPLETE in os.environ:
        command.main(list(arguments), prog_name=PROGRAM)
    try:
        with command.make_context(PROGRAM, list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as exc:
        return exc.exit_code
    except (typer.Abort, EOFError, KeyboardInterrupt):
        status = interrupted_status(arguments)
        _leave_on_ctrl_c(status)
        return _complain(Complaint("interrupted", "", status))
    except BrokenPipeError:
        raise
    except NobodyReads:
        _drop_output()
    except Exception as exc:
        if type(exc).__name__ == "NoArgsIsHelpError":
            return ExitStatus.WRONG_USE  # the help is printed by now
        complaint = complaint_of(exc)
        if complaint is None:
            raise
        return _complain(complaint)
    return ExitStatus.DONE


def _tell_of_bug(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(for_people("".join(traceback.format_exception(kind, exc, trace))))


def _tell_later(unraisable: "sys.UnraisableHookArgs") -> None:
    """Ctrl-C that came while Python cleaned up behind an object can't be raised there: it comes again in a moment."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        # To the main thread, which may sleep.
        again = threading.Timer(_MOMENT_S, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(unraisable)


def complaint_of(exc: Exception) -> Complaint | None:
    """What a user is told of an exception; None for a bug."""
    from synsift.crawler.errors import CrawlerError, TargetError

    translated = wrong_use(exc)
    if translated is not None:
        return Complaint(str(translated), translated.hint, ExitStatus.WRONG_USE)
    if isinstance(exc, (UsageError, TargetError)):
        return Complaint(str(exc), exc.hint, ExitStatus.WRONG_USE)
    if isinstance(exc, (SynsiftError, CrawlerError)):
        return Complaint(str(exc), exc.hint, ExitStatus.FAILED)
    if isinstance(exc, _dedupe_errors()):
        return Complaint(str(exc), "", ExitStatus.FAILED)
    if isinstance(exc, OSError):
        return _of_system(exc) if exc.filename or _is_of_network(exc) or exc.errno in _OF_OUTPUT else None
    if isinstance(exc, MemoryError):
        return Complaint("not enough memory", "", ExitStatus.FAILED)
    return None


def _dedupe_errors() -> tuple[type[Exception], ...]:
    """Errors of the dedupe package; none if it isn't loaded, which is not done for the sake of its errors."""
    module = sys.modules.get("synsift.dedupe.errors")
    return (module.DedupeError,) if module is not None else ()


def _of_system(exc: OSError) -> Complaint:
    place = f"`{exc.filename}`" if exc.filename else "the network" if _is_of_network(exc) else "the output"
    hint = "free some space and run the same command again" if exc.errno == errno.ENOSPC else ""
    return Complaint(f"{place}: {exc.strerror or exc}", hint, ExitStatus.FAILED)


def _is_of_network(exc: OSError) -> bool:
    is_tls = type(exc).__module__ in ("ssl", "_ssl")
    is_pipe = isinstance(exc, BrokenPipeError)
    return (is_tls or isinstance(exc, (ConnectionError, TimeoutError, socket.gaierror))) and not is_pipe


def _complain(complaint: Complaint) -> int:
    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    with contextlib.suppress(OSError):
        typer.secho(f"{PROGRAM}: {for_people(complaint.text)}", err=True, fg="red" if colour else None)
        if complaint.hint:
            typer.secho("hint: ", err=True, nl=False, fg="cyan" if colour else None)
            typer.echo(for_people(complaint.hint), err=True)
    return complaint.status


def _take_sigterm_as_ctrl_c() -> None:
    """Whoever ends us by SIGTERM wants what Ctrl-C does: nothing half-written left, and a word."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGTERM, signal.default_int_handler)


def _leave_on_ctrl_c(status: int) -> None:
    """From here on nothing is left to interrupt, and the interpreter takes its time to leave."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if callable(signal.getsignal(number)):
            with contextlib.suppress(ValueError):  # not in the main thread
                signal.signal(number, lambda _number, _frame: os._exit(status))
                # Threads have ended when this is called, and the interpreter takes handlers away soon after.
                atexit.register(signal.signal, number, signal.SIG_IGN)


@contextlib.contextmanager
def _quiet_pipes() -> Iterator[None]:
    """Whoever reads our output may stop when it has enough, as ``head`` does: that is no failure.

    A pipe or socket of another kind may break as well, and that is one.
    """
    try:
        yield
    except BrokenPipeError:
        if not any(map(_is_deserted, (1, 2))):
            raise
        _drop_output()
        raise SystemExit(ExitStatus.DONE) from None


def _is_deserted(number: int) -> bool:
    """Whether nobody is at the other end of a pipe or a socket that is open for writing."""
    poll = select.poll()
    poll.register(number, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _drop_output() -> None:
    """Let what is still buffered for the output go nowhere."""
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 1)


def _open_closed_streams() -> None:
    """Where the caller closed a standard stream, open nothing in its place: a file of ours must not get its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8"))


def _print_any_name() -> None:
    """A file's name may be no text, or none that the terminal can show; printing it must not fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIO) or hasattr(stream, "reconfigure"):
            errors = "surrogateescape" if stream.encoding.lower().replace("-", "") == "utf8" else "backslashreplace"
            stream.reconfigure(errors=errors)  # type: ignore[union-attr]
