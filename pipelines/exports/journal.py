"""What of an export is whole, so that a run which was killed goes on, and nothing is mixed with another export.

    .synsift-export/plan.json      what is exported, by a digest of all that decides its bytes
                    journal.jsonl  a line a unit that is whole, in the order in which they became that
                    rows/          rows in their order, while it is at work

The order: the unit, then its line. A line that was cut off counts for nothing.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from synsift.pipelines.errors import StoreError, UsageError
from synsift.pipelines.exports.formats.base import PART, Written

FOLDER: Final = ".synsift-export"
_PLAN: Final = "plan.json"
_JOURNAL: Final = "journal.jsonl"
# What may stand in a folder that is nobody's yet.
_NOTHING: Final = frozenset([FOLDER, ".lock", "lost+found", ".DS_Store"])


class _Said(msgspec.Struct, frozen=True):
    digest: str
    options: Mapping[str, Any] = {}


class Journal:
    """The journal of a folder that is exported to."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.folder: Final = target / FOLDER
        self._written: dict[str, Written] = {}

    def begin(self, digest: str, options: Mapping[str, Any]) -> None:
        """Begin an export, or go on with the same.

        Args:
            digest: Of all that decides its bytes.
            options: What it was made of, for people.

        Raises:
            UsageError: The folder holds another export, or something else.
        """
        path = self.folder / _PLAN
        if path.exists():
            if self._read(path).digest != digest:
                raise UsageError(
                    f"`{self._target}` holds another export: of other options, or of a crawl that has gone on since",
                    hint="name another folder, or delete this one",
                )
            self._written = {one.unit: one for one in self._lines()}
            return
        check_free(self._target)
        self.folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(_PLAN + PART)
        part.write_bytes(msgspec.json.format(msgspec.json.encode(_Said(digest, options))) + b"\n")
        part.replace(path)

    def has(self, unit: str) -> bool:
        """Whether a unit is whole, with all that belongs into it."""
        found = self._written.get(unit)
        return found is not None and not found.left_out

    def forget(self, unit: str) -> None:
        """A unit isn't whole any more."""
        self._written.pop(unit, None)

    def note(self, written: Written) -> None:
        """A unit is whole."""
        with (self.folder / _JOURNAL).open("ab") as file:
            file.write(msgspec.json.encode(written) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._written[written.unit] = written

    def written(self) -> list[Written]:
        """All units that are whole, by their names."""
        return [self._written[unit] for unit in sorted(self._written)]

    def tidy(self) -> None:
        """All is done: what is kept doesn't tell how often it was killed."""
        part = self.folder / (_JOURNAL + PART)
        part.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in self.written()))
        part.replace(self.folder / _JOURNAL)

    def _lines(self) -> Iterator[Written]:
        path = self.folder / _JOURNAL
        for line in path.read_bytes().splitlines() if path.exists() else ():
            try:
                found = msgspec.json.decode(line, type=Written)
            except (msgspec.MsgspecError, UnicodeError):
                continue  # the last one, if the machine stopped
            if self._is_there(found):
                yield found

    def _is_there(self, written: Written) -> bool:
        """Whether a file is as long as it was; somebody may have deleted one."""
        path = self._target / written.unit
        try:
            return not path.suffix or path.stat().st_size == written.size_bytes
        except OSError:
            return False

    def _read(self, path: Path) -> _Said:
        try:
            return msgspec.json.decode(path.read_bytes(), type=_Said)
        except (msgspec.MsgspecError, UnicodeError, OSError) as exc:
            raise StoreError(
                f"{path} can't be read, so nobody knows what is exported there", hint="name another folder"
            ) from exc


def check_target(target: Path) -> None:
    """Make sure that a folder is nobody's, or holds an export.

    Raises:
        UsageError: It holds something else.
    """
    if not (target / FOLDER / _PLAN).exists():
        check_free(target)


def check_free(target: Path) -> None:
    """Make sure that a folder is empty, or isn't there.

    Raises:
        UsageError: It holds something.
    """
    if not target.exists():
        if target.is_symlink():
            raise UsageError(
                f"`{target}` is a symbolic link to nothing", hint="name a folder, or make the one it means"
            )
        return
    if not target.is_dir():
        raise UsageError(f"`{target}` is a file, where a folder to export to is wanted")
    found = sorted(path.name for path in target.iterdir() if path.name not in _NOTHING)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise UsageError(
            f"`{target}` holds something else: `{found[0]}`{more}", hint="name a folder that is empty, or a new one"
        )
