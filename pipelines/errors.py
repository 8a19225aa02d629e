"""What a command or a worker could not do.

SynsiftError
├── UsageError               the user asked for something that doesn't exist (exit status 2)
│   └── ConfigError          a key or value of the configuration
├── RecordError              bytes on a topic that aren't a record of ours
│   └── UnknownVersion       written by a newer program
├── LogError                 the log can't be read or written
│   ├── LogUnavailable       for now; trying again may help
│   ├── DamagedLog           its file is not what was written; `synsift log recover` makes a new one of what is whole
│   └── FencedError          this member lost its partitions: it must write nothing more
├── SweepRefused             it can't be told, for now, what nobody needs
├── StoreError               the object store refused
│   ├── NoSuchObject         that was to be read or copied
│   │   └── NotAFile         a folder, a pipe or a device stands there
│   ├── WrongStore           it belongs to another log
│   │   └── UnknownOwner     what says whose it is can't be read
│   ├── DamagedBlob          its bytes are not those that name it
│   ├── DamagedPart          of a table beside the images, such as a manifest; the log can tell it anew
│   ├── DamagedSnapshot      of the state of deduplication; an older one, or the topic, serves
│   ├── StoreUnavailable     for now; trying again may help
│   └── DiskFull             no space: stop cleanly, resume when there is some
└── FolderInUse              another synsift works on the output folder
"""

from typing import ClassVar


class SynsiftError(Exception):
    """Root of all errors of this package. Its message is shown to users as it is.

    Attributes:
        hint: The way out, shown on a line of its own; may be empty.
    """

    retriable: ClassVar[bool] = False

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(SynsiftError):
    """The user asked for something that doesn't exist or makes no sense."""


class ConfigError(UsageError):
    """A key or value of the configuration is wrong; the message names it and its source."""


class RecordError(SynsiftError):
    """Bytes that are not a record of the expected type."""


class UnknownVersion(RecordError):
    """A record of a version that this program doesn't read."""


class LogError(SynsiftError):
    """The log can't be read or written."""


class LogUnavailable(LogError):
    """The log can't be reached or is locked, for now."""

    retriable = True


class DamagedLog(LogError):
    """The log's file is damaged, or is no log."""


class HeldUp(LogUnavailable):
    """Readers wait for the end of a transaction that somebody left open. Trying again soon won't help."""


class FencedError(LogError):
    """The member's partitions belong to others now. What it had in flight is theirs to do again."""


class SweepRefused(SynsiftError):
    """Nothing was swept: what is needed can't be told for now."""


class StoreError(SynsiftError):
    """The object store refused an operation."""


class NoSuchObject(StoreError):
    """There is no object of that name."""


class NotAFile(NoSuchObject):
    """A folder, a pipe or a device stands where an object should be."""


class WrongStore(StoreError):
    """The store belongs to another log: what that one needs must not be touched."""


class UnknownOwner(WrongStore):
    """What says whose the store is can't be read."""


class DamagedBlob(StoreError):
    """A blob whose bytes are not those that its name is made of."""


class DamagedPart(StoreError):
    """A part of a table whose bytes are none."""


class DamagedSnapshot(StoreError):
    """A snapshot that was cut off, changed, or is of another version."""


class StoreUnavailable(StoreError):
    """The object store can't be reached or is overloaded, for now."""

    retriable = True


class DiskFull(StoreError, LogError):
    """No space is left on the disk. Nothing is lost: free some and run the same command again."""


class FolderInUse(SynsiftError):
    """Another synsift works on the same output folder."""
