"""Which files a user means by a list, and what kind of list each file is."""

import glob
from enum import StrEnum
from pathlib import Path
from typing import Final

from synsift.crawler.errors import SourceError

PACKED: Final = frozenset({".gz", ".zst", ".bz2", ".xz"})
"""Suffixes of packed files."""
_ARCHIVES: Final = frozenset({".zip", ".tar", ".tgz", ".tbz2", ".txz", ".7z", ".rar"})
_TABLES: Final = frozenset({".xlsx", ".xls", ".ods", ".numbers"})


class Kind(StrEnum):
    """How a list is written."""

    CSV = "csv"
    TSV = "tsv"
    TEXT = "text"
    """A URL a line, or whatever the first line shows."""
    JSON_LINES = "jsonl"
    """An object a line; or one array of them, or values of several lines each."""
    PARQUET = "parquet"


_KINDS: Final = {
    ".csv": Kind.CSV,
    ".tsv": Kind.TSV,
    ".tab": Kind.TSV,
    ".txt": Kind.TEXT,
    ".jsonl": Kind.JSON_LINES,
    ".ndjson": Kind.JSON_LINES,
    ".json": Kind.JSON_LINES,
    ".parquet": Kind.PARQUET,
    ".pq": Kind.PARQUET,
}
SUFFIXES: Final = tuple(_KINDS)


def kind_of(path: Path) -> Kind:
    """The kind that a file's name tells, in small letters or large.

    Raises:
        SourceError: It tells none.
    """
    kind = _kind(path)
    if kind is not None:
        return kind
    suffixes = {suffix.lower() for suffix in path.suffixes[-2:]}
    if suffixes & _ARCHIVES:
        hint = "unpack it, and give the folder of the lists that were in it"
        raise SourceError(f"{path}: it is no list of URLs, but an archive", hint=hint)
    if suffixes & _TABLES:
        hint = "save the table as CSV, in UTF-8"
        raise SourceError(f"{path}: it is no list of URLs, but a workbook of a spreadsheet", hint=hint)
    raise SourceError(
        f"{path}: a list of URLs is a file whose name ends in one of {', '.join(SUFFIXES)}, "
        f"with {', '.join(sorted(PACKED))} behind it if it is packed",
        hint="give it the name of what it is; a text with a URL a line is .txt",
    )


def is_list(path: Path) -> bool:
    """Whether a file's name is one of a list."""
    return _kind(path) is not None


def is_packed(path: Path) -> bool:
    """Whether a file's name says that it is packed."""
    return path.suffix.lower() in PACKED


def stem_of(path: Path) -> str:
    """A list's name without what tells its kind: ``photos`` of ``photos.csv.gz``."""
    name = path.with_suffix("") if is_packed(path) else path
    return name.stem if name.suffix.lower() in _KINDS else name.name


def files_of(name: str) -> list[Path]:
    """The files of a list that may be one file, a folder of them, or a pattern; sorted by name.

    Raises:
        SourceError: There are none.
    """
    path = Path(name)
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if _kind(file) is not None and _is_seen(file, path))
        if not found:
            raise SourceError(f"{name}: no list of URLs is in this folder", hint=f"lists end in {', '.join(SUFFIXES)}")
        return found
    if not path.exists() and glob.has_magic(name):
        found = sorted(Path(file) for file in glob.glob(name, recursive=True) if Path(file).is_file())
        if not found:
            raise SourceError(f"{name}: no file has such a name")
        return found
    if not path.exists():
        is_word = "." not in name and "/" not in name
        hint = "what is named is a list here; the synset of an image stands in the list, in a column `synset`"
        raise SourceError(f"{name}: no such file or folder", hint=hint if is_word else "")
    return [path]


def _kind(path: Path) -> Kind | None:
    packed = is_packed(path)
    inner = path.with_suffix("") if packed else path
    kind = _KINDS.get(inner.suffix.lower())
    if packed and kind is None:
        return None if inner.suffix.lower() in _ARCHIVES | _TABLES else Kind.TEXT
    return None if packed and kind is Kind.PARQUET else kind


def _is_seen(file: Path, folder: Path) -> bool:
    """Whether it is a file, and neither it nor a folder on the way is hidden."""
    return file.is_file() and not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
