"""How a command ends, for scripts. ``docs/exit-status.md`` says what the second means of each command."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """The status that the system is told."""

    DONE = 0
    """It was done."""
    FAILED = 1
    """It was done in part or not at all, or what it looked for is there; the same command may be run again."""
    WRONG_USE = 2
    """The command line, the configuration or a file that it names is wrong: nothing was begun."""
