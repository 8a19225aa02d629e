"""Lines that have hashes and no header: sums as ``md5sum`` and its kin write them, and plain rows.

d41d…  a.jpg                  ``md5sum``, ``shasum``; with one blank alone ``md5 -r``
7  d41d…  a.jpg               ``md5deep -z``: with the size of the file
MD5 (a.jpg) = d41d…           ``md5sum --tag``, ``openssl dgst``, which writes D4:1D:… when asked (``-c``)
a.jpg  d41d…  da39…           ``rhash --simple`` with several kinds
d41d…,100,a.jpg               as PDQ's own tools write rows
a.jpg,d41d…    pdq,f8f8…      a name or a kind comes first
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from synsift.dedupe.hash_kinds import KINDS
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.hash_cells import (
    BASE64_DIGEST,
    DIGEST,
    HASH,
    NAME,
    can_be_hash,
    fits,
    has_digest,
    kind_alone,
    kind_named,
    looks_like_hash,
    sum_kind,
    unknown,
)

_SIZE: Final = r"(?:[0-9]{1,15}  )?"
# With one blank alone as `md5 -r` of BSD writes them.
_SUMS: Final = re.compile(rf"(\\?){_SIZE}({DIGEST}|{BASE64_DIGEST})( [ *]?)(.+)", re.DOTALL)
_BY_COLONS: Final = r"(?:[0-9a-fA-F]{2}:){7,}[0-9a-fA-F]{2}"
_TAGGED: Final = re.compile(
    rf"(\\?)([A-Za-z][A-Za-z0-9/-]*) *\((.+)\) ?= ?([0-9a-fA-F]+|{_BY_COLONS}|{BASE64_DIGEST})", re.DOTALL
)
# In a name: a row whose line end is lost; and, after the first line, any hash.
_ROW_INSIDE: Final = re.compile(rf"(?:{DIGEST}) [ *]\S|,(?:{DIGEST}),|\) ?= ?(?:{DIGEST})")
_LINE_END: Final = re.compile("[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_WHOLE_DIGEST: Final = re.compile(rf"(?<![0-9a-zA-Z])(?:{DIGEST})(?![0-9a-zA-Z])")
_LONGEST_KIND: Final = 40
_ESCAPES: Final = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def of_sums(file: Path, place: str, line: str, kind: str, likely: str = "") -> Mapping[str, Any] | None:
    """A line as ``md5sum`` and its kin write them, plain or with ``--tag``, or as ``openssl dgst``; None of others.

    Args:
        file: Where it stands.
        place: Where in it, in words.
        line: Without its end.
        kind: Of its hash, where that was said.
        likely: What hashes are of which nothing else tells it, by the name of the file.

    Raises:
        UsageError: Other lines hide in what would be the name.
    """
    row: dict[str, Any]
    if found := _SUMS.fullmatch(line) or (kind and _sums_of(KINDS[kind].digits).fullmatch(line)):
        escaped, digest, between, name = found.groups()
        if len(between) == 1 and all(map(can_be_hash, name.split())):
            return None  # several hashes
        row = {kind or sum_kind(file, place, digest, likely): digest, NAME: _unescaped(name.strip(), escaped)}
    elif found := _TAGGED.fullmatch(line):
        escaped, tag, name, digest = found.groups()
        row = {"type": tag, HASH: digest.replace(":", ""), NAME: _unescaped(name, escaped)}
    else:
        return None
    check_name(file, place, name)
    return row


@lru_cache
def _sums_of(digits: int) -> re.Pattern[str]:
    return re.compile(rf"(\\?)([0-9a-fA-F]{{{digits}}})( [ *]?)(.+)", re.DOTALL)


def check_name(file: Path, place: str, name: str) -> None:
    """See that no more lines with hashes stand in a name.

    Raises:
        UsageError: They do.
    """
    first_end = _LINE_END.search(name)
    is_behind = first_end is not None and _WHOLE_DIGEST.search(name, first_end.end()) is not None
    if is_behind or _ROW_INSIDE.search(name):
        raise UsageError(
            f"{file}, {place}: what would be a name there has other lines in it, with hashes of their own",
            hint="see where a quote is open, or what its lines end with; a list is read whole or not at all",
        )


def cells_of_blanks(line: str) -> list[str]:
    """The cells of a line without a delimiter: itself, or the hashes that stand in it, maybe behind a name."""
    apart = line.split()
    if len(apart) > 1 and all(map(can_be_hash, apart)):
        return apart
    wide = re.split(r" {2,}", line)
    if len(wide) > 1 and all(map(can_be_hash, wide[1:])):
        return wide
    name, _, last = line.rpartition(" ")
    if name and can_be_hash(last) and not has_digest(name) and not any(map(can_be_hash, apart[:-1])):
        return [name, last]
    return [line]


def of_plain(file: Path, place: str, cells: list[str], kind: str, likely: str = "") -> Iterator[Mapping[str, Any]]:
    """A row without a header: one cell or more are hashes, one may be their kind, and one what they are called.

    All cells that are hashes count, also the last one: a file may be named by its own hash.

    Args:
        file: Where it stands.
        place: Where in it, in words.
        cells: Of the row.
        kind: Of its hashes, where that was said.
        likely: What hashes are of which nothing else tells it, by the name of the file.

    Raises:
        UsageError: What kind of hash it is, nothing says.
    """
    first, hashes = cells[0], [cell for cell in cells if (looks_like_hash(cell, kind) if kind else can_be_hash(cell))]
    if first not in hashes and (not hashes or has_digest(first)):
        hashes = [first, *hashes]  # to be named as what can't be read
    before = cells[: cells.index(hashes[0])]
    if other := next((cell for cell in before if _kind_in(cell) not in ("", *KINDS)), ""):
        raise unknown(file, place, other, is_kind=True)
    said = next((of for cell in cells if cell not in hashes and (of := _kind_in(cell)) in KINDS), "")
    for cell in hashes:
        found = kind or (said if said and fits(cell, said) else kind_alone(cell, likely))
        if not found:
            raise unknown(file, place, cell)
        yield {found: cell, NAME: _name_among(cells, hashes)}


def _kind_in(cell: str) -> str:
    """The kind that a cell is the name of, compared or not; empty where it is none."""
    return kind_named(cell) if len(cell) <= _LONGEST_KIND else ""


def _name_among(cells: list[str], hashes: list[str]) -> str:
    """What a row's hashes are called: what comes first if it is no hash, kind, or number, else what comes last."""
    first = cells[0]
    if len(cells) == 1 or not (first in hashes or _kind_in(first) or first.isdecimal()):
        return first if len(cells) > 1 else ""
    return cells[-1]


def _unescaped(name: str, escaped: str) -> str:
    """A name as it is: where a line begins with a backslash, line ends and backslashes in it are written as letters."""
    return re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], name) if escaped else name
