"""Pairs of pictures that people judged, in a file of lines that ``dedupe.not_copies`` reads.

    <sha256> <sha256>  # not copies, says ana, 2026-01-02T03:04:05Z
    # <sha256> <sha256>: same, says ana, 2026-01-02T03:04:05Z
    # <sha256> <sha256> <synset> <synset>: first, says ana, 2026-01-02T03:04:05Z

What begins with ``#`` is a remark to whoever else reads it, and tells us what need not be asked again.
"""

import os
import re
from pathlib import Path
from typing import Final

from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import printable
from synsift.pipelines.verification.ballots import Place

DIFFERENT: Final = "different"
_PAIR: Final = re.compile(r"^(?:#\s*)?([0-9a-f]{64})[ ,]+([0-9a-f]{64})(?: ([\w.-]{1,64}) ([\w.-]{1,64}):)?", re.ASCII)
Key = tuple[frozenset[str], frozenset[str]]
"""Two pictures; and the two synsets, where it is asked which of them they belong to."""


def key_of(first: Place, second: Place, *, with_synsets: bool) -> Key:
    """What a judgement is about."""
    return frozenset((first.sha256, second.sha256)), frozenset((first.wnid, second.wnid) if with_synsets else ())


class JudgedPairs:
    """Such a file, which may not be there yet. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Read what was judged.

        Raises:
            UsageError: It can't be read.
        """
        self.path: Final = path
        self._known: set[Key] = set()
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        except OSError as exc:
            raise UsageError(f"`{path}` can't be read: {exc.strerror}") from exc
        self._known.update(key for line in text.splitlines() if (key := _key_in(line)) is not None)

    def __contains__(self, key: Key) -> bool:
        """Whether that was judged."""
        return key in self._known

    def add(self, first: Place, second: Place, answer: str, *, says: str, with_synsets: bool) -> None:
        """Write a judgement down, and return when it is on the disk. It takes the place of an earlier one.

        Args:
            first: A picture.
            second: Another one.
            answer: What was said.
            says: Who said it, and when.
            with_synsets: Whether it was asked which synset they belong to.

        Raises:
            UsageError: It can't be written.
        """
        pictures = f"{first.sha256} {second.sha256}"
        about = f"{pictures} {first.wnid} {second.wnid}" if with_synsets else pictures
        lines = [f"# {about}: {answer}, says {printable(says)}"]
        if answer == DIFFERENT:
            lines = [*lines[:with_synsets], f"{pictures}  # not copies, says {printable(says)}"]
        key = key_of(first, second, with_synsets=with_synsets)
        try:
            if key in self._known:
                self._leave_out(key)
            self._append("".join(f"{line}\n" for line in lines).encode())
        except OSError as exc:
            raise UsageError(f"`{self.path}` can't be written: {exc.strerror}") from exc
        self._known.add(key)

    def _leave_out(self, key: Key) -> None:
        """Write the file anew without what was said of a pair; all else stays as it is."""
        lines = self.path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not _is_of(line, key)]
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        part.write_bytes(b"".join(kept))
        part.replace(self.path)

    def _append(self, lines: bytes) -> None:
        """Append in one write: two programs may share the file, and an editor may have left its last line open."""
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            size = os.fstat(file).st_size
            is_open = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            os.write(file, b"\n" * is_open + lines)
            os.fsync(file)
        finally:
            os.close(file)


def _key_in(line: str) -> Key | None:
    found = _PAIR.match(line.strip())
    if found is None:
        return None
    return frozenset(found.group(1, 2)), frozenset((found[3], found[4]) if found[3] else ())


def _is_of(line: bytes, key: Key) -> bool:
    """Whether a line says of a pair what was asked, or that its pictures aren't copies."""
    found = _key_in(line.decode("utf-8", errors="replace"))
    return found is not None and (found == key or (found == (key[0], frozenset()) and not line.startswith(b"#")))
