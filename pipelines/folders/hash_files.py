"""Files of other people's hashes: tables, JSON, Parquet, plain lines, and what ``md5sum`` and its kin write.

What a hash is, is said by its column (``pdq``, ``phash``, ``md5`` …, or ``hash`` beside ``type``), or before the name
of the file: ``pdq:list.txt``. Plain lines of 32 and 40 hexadecimal digits can be nothing but MD5 and SHA-1.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from synsift.dedupe import Fingerprint, MatchOptions
from synsift.dedupe.hash_kinds import KINDS, LibraryMissing, load_libraries
from synsift.dedupe.hash_lists import Entry
from synsift.dedupe.reference import Reference
from synsift.dedupe.verdicts import KeepsOut
from synsift.pipelines.errors import ConfigError, UsageError
from synsift.pipelines.folders.hash_cells import FINGERPRINT, entries_of
from synsift.pipelines.folders.hash_rows import bare_suffix, rows_of
from synsift.pipelines.folders.prints import PrintFile, gathered
from synsift.pipelines.folders.sets import fingerprint_of_row

SUFFIXES: Final = (
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".csv",
    ".tsv",
    ".txt",
    ".imagehash",
    *(f".{kind}" for kind in KINDS),
    *(f".{kind}sum{plural}" for kind in ("md5", "sha1", "sha256") for plural in ("", "s")),
)
_NAMES: Final = ("MD5SUMS", "SHA1SUMS", "SHA256SUMS")
"""As archives of software call them."""


def split_kind(text: str) -> tuple[str, Path]:
    """The kind and the path of ``pdq:list.txt``; no kind where none is named, or a file has just that name."""
    kind, colon, path = text.partition(":")
    if colon and kind.lower() in KINDS and not Path(text).exists():
        return kind.lower(), Path(path)
    return "", Path(text)


def is_list(path: Path) -> bool:
    """Whether a path means a file of fingerprints or hashes, rather than an image or a folder of them."""
    kind, file = split_kind(str(path))
    return bool(kind) or ((bare_suffix(file) in SUFFIXES or file.name in _NAMES) and file.is_file())


def read_reference(names: Iterable[str | Path], options: MatchOptions) -> Reference:
    """Read files of fingerprints and lists of hashes, all of them into memory.

    Args:
        names: Paths, each with its kind of hash before it where that needs to be said.
        options: What counts as near, for fingerprints.

    Raises:
        UsageError: A file can't be read.
        ConfigError: What makes a kind of hash isn't installed.
    """
    return gather_reference((), names, options, None)


def gather_reference(
    images: Iterable[tuple[str, Fingerprint]],
    lists: Iterable[str | Path],
    options: MatchOptions,
    beside: Path | None,
    *,
    on_disk: Callable[[PrintFile], KeepsOut] | None = None,
) -> Reference:
    """All that is to be compared with.

    Args:
        images: Names and fingerprints of pictures that are there.
        lists: Files as ``read_reference`` takes them.
        options: What counts as near, for fingerprints.
        beside: Of very many pictures, where fingerprints are kept, as a ``PrintFile`` has it.
        on_disk: What compares with very many; None for one in memory, whatever their number.

    Raises:
        UsageError: A file can't be read.
        ConfigError: What makes a kind of hash isn't installed.
    """
    entries: list[Entry] = []

    def all_images() -> Iterator[tuple[str, Fingerprint]]:
        yield from images
        for name in lists:
            kind, file = split_kind(str(name))
            for one in read_each(file, kind):
                if isinstance(one, Entry):
                    entries.append(one)
                else:
                    yield one

    found, names = gathered(all_images(), beside, may_be_on_disk=on_disk is not None)
    is_many = isinstance(found, PrintFile)
    reference = Reference({} if is_many else found, entries, options)
    reference.names = names
    need_libraries(reference.kinds)
    if isinstance(found, PrintFile) and on_disk is not None:
        reference.matcher = on_disk(found)
    return reference


def need_libraries(kinds: Iterable[str]) -> None:
    """See that what makes some hashes is there.

    Raises:
        ConfigError: It isn't.
    """
    try:
        load_libraries(kinds)
    except LibraryMissing as exc:
        raise ConfigError(str(exc), hint="pip install 'synsift[hashes]'") from exc


def read_entries(file: Path, kind: str = "") -> tuple[list[Entry], dict[str, Fingerprint]]:
    """Read a list whole: hashes, and fingerprints by name; see ``read_each``."""
    entries: list[Entry] = []
    images: dict[str, Fingerprint] = {}
    for one in read_each(file, kind):
        if isinstance(one, Entry):
            entries.append(one)
        else:
            images[one[0]] = one[1]
    return entries, images


def read_each(file: Path, kind: str = "") -> Iterator[Entry | tuple[str, Fingerprint]]:
    """Read a list: hashes, and names and fingerprints where its rows have those.

    Args:
        file: Which.
        kind: What its hashes are, where that was said; then the column of that name counts, or the first.

    Raises:
        UsageError: The file can't be read, or a line of it; the message says which and what to do.
    """
    _check_file(file)
    is_empty = True
    try:
        for place, row in rows_of(file, kind):
            is_empty = False
            if not kind and FINGERPRINT in row:
                yield fingerprint_of_row(f"{file}, {place}", row)
            else:
                yield from entries_of(file, place, row, kind)
    except OSError as exc:
        raise UsageError(f"{file}: {exc.strerror or exc}") from exc
    except (UnicodeDecodeError, pa.ArrowException) as exc:
        raise UsageError(f"{file}: {exc}") from exc
    if is_empty:
        raise UsageError(
            f"{file}: no hash and no fingerprint stands in it", hint="see that it came whole, or leave it out"
        )


def _check_file(file: Path) -> None:
    if file.is_dir():
        raise UsageError(
            f"{file}: a folder, where a file of fingerprints or hashes is wanted",
            hint=f"make one: synsift fingerprint {file} --format parquet --out list.parquet",
        )
    if file.exists() and not file.is_file():
        raise UsageError(f"{file}: neither a file nor a folder")
