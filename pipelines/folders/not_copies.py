"""Files of pairs that a person judged to be no copies → what matchers are told."""

from collections.abc import Iterable
from pathlib import Path

from synsift.dedupe import NotCopies
from synsift.pipelines.errors import UsageError


def read_not_copies(files: Iterable[Path]) -> NotCopies:
    """Read files of two SHA-256 a line.

    Raises:
        UsageError: One of them can't be read, or has another line; the message says which.
    """
    text = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8")
            NotCopies.from_text(lines)
        except ValueError as exc:
            raise UsageError(
                f"{file}, {exc}", hint="`synsift dedupe DIR --format jsonl` prints each image's `sha256`"
            ) from exc
        except OSError as exc:
            raise UsageError(f"`{file}` can't be read: {exc.strerror or exc}") from exc
        text.append(lines)
    return NotCopies.from_text("\n".join(text))
