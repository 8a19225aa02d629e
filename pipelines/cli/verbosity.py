"""How much a command says beside its data: ``-q``, ``-v``, or as the configuration has it."""

from enum import Enum
from typing import Final


class Verbosity(Enum):
    """How much is said on standard error."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


class _Chosen:
    """What the command line asked for. A process runs one command line."""

    verbosity = Verbosity.NORMAL


_LEVELS: Final = {Verbosity.QUIET: "ERROR", Verbosity.VERBOSE: "DEBUG"}


def choose(verbosity: Verbosity) -> None:
    """Say so much from now on."""
    _Chosen.verbosity = verbosity


def log_level(configured: str) -> str:
    """The level of log lines."""
    return _LEVELS.get(_Chosen.verbosity, configured)


def is_verbose() -> bool:
    """Whether all is to be said."""
    return _Chosen.verbosity is Verbosity.VERBOSE
