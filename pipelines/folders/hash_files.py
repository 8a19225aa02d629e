"""Files of other people's hashes: CSV, TSV, JSON Lines, Parquet, plain lines, and what ``md5sum`` writes.

What a hash is, is said by its column (``pdq``, ``phash``, ``md5`` …, or ``hash`` beside ``type``), or before the name
of the file: ``pdq:list.txt``. Plain lines of 32 and 40 hexadecimal digits can be nothing but MD5 and SHA-1.

A line that can't be read is an error and never skipped: a list that denies must deny all that stands in it.
"""

import csv
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from synsift.crawler.outside_json import loads
from synsift.dedupe import Fingerprint, MatchOptions
from synsift.dedupe.hash_kinds import KINDS, LibraryMissing, load_libraries
from synsift.dedupe.hash_lists import Entry
from synsift.dedupe.reference import Reference
from synsift.dedupe.verdicts import KeepsOut
from synsift.pipelines.errors import ConfigError, UsageError
from synsift.pipelines.folders.prints import PrintFile, gathered
from synsift.pipelines.folders.sets import fingerprint_of_row

SUFFIXES: Final = (
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".csv",
    ".tsv",
    ".txt",
    ".imagehash",
    *(f".{kind}" for kind in KINDS),
)
_KIND_COLUMN: Final = ("type", "kind", "hashtype", "hashkind", "algorithm", "signaltype", "indicatortype")
_HASH_COLUMN: Final = ("hash", "hashvalue", "value", "digest", "indicator", "signal")
_NAME_COLUMN: Final = ("path", "name", "file", "filename", "filepath", "url", "id", "image")
# As lists in the world call them, without blanks, hyphens and underscores.
_NAMES: Final[Mapping[str, str]] = {
    **{kind: kind for kind in KINDS},
    **{f"hash{kind}": kind for kind in KINDS},
    **{f"{kind}hash": kind for kind in KINDS},
    "sha2256": "sha256",
    "pdqhex": "pdq",
    "imagehash": "phash",
    "perceptualhash": "phash",
    "differencehash": "dhash",
}
_FINGERPRINT: Final = "fingerprint"
_BY_DIGITS: Final = {32: "md5", 40: "sha1"}
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_SUMS: Final = re.compile(r"\\?([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}) [ *](.+)")
_SUM_KINDS: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_BOM: Final = "\ufeff"
_MAX_LINE: Final = 1_000_000


def split_kind(text: str) -> tuple[str, Path]:
    """The kind and the path of ``pdq:list.txt``; no kind where none is named, or a file has just that name."""
    kind, colon, path = text.partition(":")
    if colon and kind.lower() in KINDS and not Path(text).exists():
        return kind.lower(), Path(path)
    return "", Path(text)


def is_list(path: Path) -> bool:
    """Whether a path means a file of fingerprints or hashes, rather than an image or a folder of them."""
    kind, file = split_kind(str(path))
    return bool(kind) or (file.suffix.lower() in SUFFIXES and file.is_file())


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
        for place, row in _rows(file, kind):
            is_empty = False
            if not kind and _FINGERPRINT in row:
                yield fingerprint_of_row(f"{file}, {place}", row)
            else:
                yield from _entries_of(file, place, row, kind)
    except OSError as exc:
        raise UsageError(f"{file}: {exc.strerror or exc}") from exc
    except (UnicodeDecodeError, csv.Error, pa.ArrowException) as exc:
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


def _rows(file: Path, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Rows as mappings, each with its place in words."""
    if file.suffix.lower() == ".parquet":
        yield from _parquet_rows(file)
        return
    # Names in it may be of any encoding; hashes and columns are ASCII.
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        numbered = ((number, line.strip().removeprefix(_BOM)) for number, line in enumerate(_bounded(file, lines), 1))
        wanted = ((number, line) for number, line in numbered if line and not line.startswith("#"))
        first = next(wanted, None)
        if first is None:
            return
        rest = itertools.chain([first], wanted)
        if first[1].startswith("{") or file.suffix.lower() in (".jsonl", ".ndjson"):
            yield from _json_rows(file, rest)
        else:
            yield from _text_rows(file, rest, kind)


def _bounded(file: Path, lines: Any) -> Iterator[str]:  # noqa: ANN401 - a text file
    while line := lines.readline(_MAX_LINE):
        if len(line) == _MAX_LINE:
            raise UsageError(f"{file}: a line of more than {_MAX_LINE:,} characters is none of a list of hashes")
        yield line


def _parquet_rows(file: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    number = 0
    with pq.ParquetFile(file) as table:
        for batch in table.iter_batches(10_000):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", row


def _json_rows(file: Path, lines: Iterator[tuple[int, str]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in lines:
        try:
            row = loads(line)
        except ValueError as exc:
            raise UsageError(f"{file}, line {number}: not JSON: {exc}") from exc
        if not isinstance(row, dict):
            raise UsageError(f'{file}, line {number}: a row is an object, such as {{"pdq": "…"}}')
        yield f"line {number}", row


def _text_rows(file: Path, lines: Iterator[tuple[int, str]], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Sums, plain lines, or a table with or without a header."""
    header: list[str] | None = None
    delimiter = ""
    for number, line in lines:
        place = f"line {number}"
        sums = _SUMS.fullmatch(line)
        if sums is not None:
            yield place, {kind or _SUM_KINDS[len(sums[1])]: sums[1], "name": sums[2].strip()}
            continue
        delimiter = delimiter or next((one for one in (",", "\t", ";") if one in line), ",")
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True))]
        if header is None:
            header = _header(cells)
            if header:
                continue
        yield place, _cells(file, place, cells, header, kind)


def _header(cells: Sequence[str]) -> list[str]:
    """The names of columns; empty if a line holds none, but a hash."""
    names = [_plain(cell) for cell in cells]
    known = {*_NAMES, *_HASH_COLUMN}
    return names if any(name in known for name in names) else []


def _cells(file: Path, place: str, cells: Sequence[str], header: Sequence[str], kind: str) -> Mapping[str, Any]:
    if header:
        # Lists leave out last cells that are empty. One of fingerprints doesn't, and without them is cut off.
        if len(cells) > len(header) or (len(cells) < len(header) and _FINGERPRINT in header):
            raise UsageError(f"{file}, {place}: {len(cells)} cells, and the header has {len(header)}")
        return dict(zip(header, cells, strict=False))
    found = kind or _BY_DIGITS.get(len(cells[0]), "")
    if not found:
        raise _unknown(file, place, cells[0])
    # Without a header the hash comes first; PDQ's own tools write hash, quality, file.
    return {found: cells[0], "name": cells[-1] if len(cells) > 1 else ""}


def _entries_of(file: Path, place: str, row: Mapping[str, Any], kind: str) -> list[Entry]:
    """All hashes of a row."""
    cells = {_plain(name): value for name, value in row.items() if isinstance(name, str)}
    name = next((str(cells[column]) for column in _NAME_COLUMN if cells.get(column)), "") or f"{file}, {place}"
    found: dict[str, Any] = {}
    for column, value in cells.items():
        if column in _NAMES and value not in (None, ""):
            found.setdefault(_NAMES[column], value)
    generic = next((cells[column] for column in _HASH_COLUMN if cells.get(column)), None)
    if kind:
        wanted = found.get(kind, generic if generic is not None else None)
        found = {} if wanted is None else {kind: wanted}
    elif generic is not None:
        named = next((str(cells[column]) for column in _KIND_COLUMN if cells.get(column)), "")
        of = _NAMES.get(_plain(named)) if named else _BY_DIGITS.get(len(str(generic)))
        if of is None:
            raise _unknown(file, place, named or str(generic))
        found.setdefault(of, generic)
    if not found:
        raise UsageError(
            f"{file}, {place}: there is no `fingerprint`, and no hash of a kind that can be told",
            hint=f"`synsift fingerprint` writes such files; hashes are {', '.join(KINDS)}",
        )
    return [Entry(of, _digest(file, place, of, value), name) for of, value in found.items()]


def _digest(file: Path, place: str, kind: str, value: object) -> bytes:
    digits = KINDS[kind].digits
    if not isinstance(value, str) or len(value) != digits or not _HEX.fullmatch(value):
        raise UsageError(
            f"{file}, {place}: `{str(value)[:80]}` is no {kind} hash: that is {digits} hexadecimal digits",
            hint="mend or delete the line: a list is read whole or not at all",
        )
    return bytes.fromhex(value)


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.]", "", name.lower())


def _unknown(file: Path, place: str, what: str) -> UsageError:
    return UsageError(
        f"{file}, {place}: what kind of hash `{what[:80]}` is can't be told",
        hint=f"say it before the name, as `pdq:{file}`, or in a header; there are {', '.join(KINDS)}",
    )
