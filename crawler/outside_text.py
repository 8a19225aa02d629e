"""The text of a small file that a person made, with whatever program."""

import codecs
from pathlib import Path
from typing import Final

MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What a text begins with that isn't UTF-8, and how its letters are written then; the longer ones first."""
_NO_TEXT: Final = (
    (b"PK\x03\x04", "a workbook of a spreadsheet, or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "a workbook or document of old Office"),
    (b"%PDF-", "a PDF"),
    (b"\x1f\x8b", "packed with gzip"),
)


class NotText(ValueError):
    """A file is no text.

    Attributes:
        line: From 1; 0 if it is none of its lines that is to blame.
        problem: What is wrong with it.
    """

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem

    def told_of(self, path: Path) -> str:
        """What is wrong, and where."""
        return f"{path}{f':{self.line}' if self.line else ''}: {self.problem}"


def text_of(path: Path, max_bytes: int, *, errors: str = "strict") -> str:
    """Read a file in UTF-8, or in UTF-16 or UTF-32 with a mark that says so; the mark is left out.

    Args:
        path: Of it.
        max_bytes: It may have no more.
        errors: What becomes of bytes that aren't UTF-8, as ``bytes.decode`` takes it.

    Raises:
        NotText: It is of another kind, or too large.
        OSError: It can't be read.
    """
    if path.stat().st_size > max_bytes:
        raise NotText(0, f"larger than {max_bytes >> 20} MiB")
    data = path.read_bytes()
    for mark, kind in _NO_TEXT:
        if data.startswith(mark):
            raise NotText(0, f"it is {kind}: save it as text, a table as CSV in UTF-8")
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "utf-8-sig")
    try:
        return data.decode(encoding, errors if encoding == "utf-8-sig" else "strict")
    except UnicodeDecodeError as exc:
        before = data[: exc.start]
        line = before.count(b"\n") + 1
        said = "UTF-8" if encoding == "utf-8-sig" else encoding.upper()
        raise NotText(line, f"not {said}: byte 0x{data[exc.start]:02x}") from exc
