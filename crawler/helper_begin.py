"""Loaded first by the process that helpers are forked of, and by nothing else: a helper without a starter ends quietly.

A helper that is forked while its starter leaves finds the starter's pipes closed and its semaphores gone. That is no
news to a user who pressed Ctrl-C, and a starter that goes on is told by its pool that the helper is gone. Only what
happens before a helper begins its work comes here.
"""

import sys
from types import TracebackType


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if not isinstance(error, OSError | EOFError):
        sys.__excepthook__(kind, error, traceback)


sys.excepthook = _hook
