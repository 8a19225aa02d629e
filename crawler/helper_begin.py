"""Loaded first by the process that helpers are forked of, and by nothing else: a helper without a starter ends quietly.

A helper that is forked while its starter leaves finds the starter's pipes closed and its semaphores gone. That is no
news to a user who pressed Ctrl-C, and a starter that goes on is told by its pool that the helper is gone. Only what
happens before a helper begins its work comes here.

The process itself ends behind its starter. Of one that was killed, so that another is its parent by now, it deletes the
folder that Python made for the socket by which helpers were asked for: otherwise each would leave one with the
temporary files, for ever.
"""

import atexit
import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Final

_DESCRIPTORS: Final = "/proc/self/fd"


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if not isinstance(error, OSError | EOFError):
        sys.__excepthook__(kind, error, traceback)


def _listened_at() -> Iterator[str]:
    """Paths of the sockets at which this process listens."""
    for name in os.listdir(_DESCRIPTORS) if os.path.isdir(_DESCRIPTORS) else []:
        with contextlib.suppress(OSError), socket.fromfd(int(name), socket.AF_UNIX, socket.SOCK_STREAM) as found:
            where = found.getsockname() if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) else None
            if isinstance(where, str):
                yield where


def _tidy(paths: list[str], owner: int, starter: int) -> None:
    """Delete what a starter leaves that could not do so itself; nothing where it did."""
    if os.getpid() != owner:  # a helper, which was forked of it
        return
    if os.getppid() == starter:  # which goes on without us, and asks another such process for helpers
        return
    for path in paths:
        with contextlib.suppress(OSError):
            os.unlink(path)
            os.rmdir(os.path.dirname(path))


sys.excepthook = _hook
atexit.register(_tidy, list(_listened_at()), os.getpid(), os.getppid())
