"""Hashes in JSON, and in tables whose cells hold several: rows wherever they stand in a value.

    {"md5": "…", "name": "x"}                          a row, by the names that columns have, too
    [{"md5": "…"}], {"data": [{"md5": "…"}]}           rows in an array, as answers of APIs have them, at any depth
    ["…", "…"], {"md5": ["…"], "sha1": ["…"]}          hashes in arrays, of a kind that their key may name
    {"a.jpg": "…"}, {"…": "a.jpg"}                     an object of names and hashes
    {"pattern": "[file:hashes.'SHA-256' = '…']"}       patterns of STIX 2.1, § 9, with ``IN`` too

In an object without a key that is known here, what looks like a hash is taken for one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from synsift.crawler.outside_json import next_value
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.hash_cells import (
    FINGERPRINT,
    HASH,
    NAME,
    has_digest,
    is_hash_column,
    is_name_column,
    kind_said,
    looks_like_hash,
    none_in,
    plain,
)

Placed = tuple[str, Mapping[str, Any]]
"""Where a row stands, in words, and its cells."""
_IN_PATTERN: Final = re.compile(
    r"hashes\s*\.\s*'?([A-Za-z0-9_-]+)'?\s*(?:=|IN)\s*(\(\s*(?:'[^']*'\s*,?\s*)*\)|'[^']*')"
)
_BLANK: Final = " \t\r\n\ufeff"
_DEEPEST: Final = 50
_SHOWN: Final = 80
_HOLDERS: Final = (list, tuple, dict)


@dataclass(frozen=True, slots=True)
class _Where:
    """What is known of a value from what is around it.

    Attributes:
        file: Where it stands.
        place: Where in it, in words.
        kind: Of all hashes of the file, where that was said.
        column: The key of what is no object itself; empty where it names nothing.
        depth: In how many others it is.
    """

    file: Path
    place: str
    kind: str
    column: str = ""
    depth: int = 0


def rows_of_text(file: Path, text: str, kind: str) -> Iterator[Placed]:
    """The rows of a file of JSON: of one value, or of several one behind the other.

    Args:
        file: Which.
        text: All that stands in it.
        kind: What its hashes are, where that was said.

    Raises:
        UsageError: It isn't JSON, or a value has no hash.
    """
    at = _next(text, 0)
    is_first, line, counted = True, 1, 0
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        value, end = _value(file, f"line {line}", text, at)
        at = _next(text, end)
        if is_first and at == len(text):
            yield from _rows_of_one(file, value, kind)
        else:
            yield from rows_of_value(file, f"line {line}", value, kind)
        is_first = False


def rows_of_line(file: Path, number: int, line: str, kind: str) -> Iterator[Placed]:
    """The rows of a line of JSON Lines, which may have several values.

    Raises:
        UsageError: It isn't JSON, or has no hash.
    """
    place, at = f"line {number}", 0
    while at < len(line):
        value, end = _value(file, place, line, at)
        yield from rows_of_value(file, place, value, kind)
        at = _next(line, end)


def rows_of_value(file: Path, place: str, value: object, kind: str) -> Iterator[Placed]:
    """All rows in a value.

    Args:
        file: Where it stands.
        place: Where in it, in words.
        value: Whatever JSON or a row of Parquet can be.
        kind: What its hashes are, where that was said.

    Raises:
        UsageError: There is none.
    """
    if isinstance(value, dict) and _is_row(value) and not any(isinstance(part, _HOLDERS) for part in value.values()):
        yield place, value  # as most are
        return
    is_empty = True
    for one in _walk(value, _Where(file, place, kind, HASH)):
        is_empty = False
        yield one
    if is_empty:
        raise none_in(file, place, value if isinstance(value, dict) else {})


def _value(file: Path, place: str, text: str, at: int) -> tuple[Any, int]:
    try:
        return next_value(text, at)
    except ValueError as exc:
        raise UsageError(f"{file}, {place}: not JSON: {exc}") from exc


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _rows_of_one(file: Path, value: object, kind: str) -> Iterator[Placed]:
    """Rows of one value that is all. Where its one array holds the rows, each of them must have a hash."""
    values: list[object] = value if isinstance(value, list) else [value]
    beside: Mapping[str, Any] = {}
    if isinstance(value, dict) and not _is_row(value):
        arrays = [key for key, part in value.items() if isinstance(part, list) and part]
        if len(arrays) == 1 and not is_hash_column(arrays[0]):
            values = value[arrays[0]]
            beside = {key: part for key, part in value.items() if key != arrays[0]}
    for number, part in enumerate(values, 1):
        yield from rows_of_value(file, f"value {number}", part, kind)
    yield from _walk(beside, _Where(file, "beside the values", kind))


@lru_cache(1_000)
def _hash_columns(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in keys if is_hash_column(key))


def _is_row(value: Mapping[str, Any]) -> bool:
    return any(not isinstance(value[key], _HOLDERS) for key in _hash_columns(tuple(value)))


def _walk(value: object, where: _Where) -> Iterator[Placed]:
    if where.depth > _DEEPEST:
        raise UsageError(f"{where.file}, {where.place}: nested deeper than {_DEEPEST} times")
    if isinstance(value, dict):
        yield from _of_object(value, where)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _walk(part, replace(where, depth=where.depth + 1))
    elif where.column:
        if value not in (None, ""):
            yield where.place, {where.column: value}
    elif isinstance(value, str) and looks_like_hash(value, where.kind):
        yield where.place, {HASH: value}


def _of_object(value: Mapping[str, Any], where: _Where) -> Iterator[Placed]:
    """An object that is a row, or holds names and hashes; and what its parts hold."""
    if not where.kind and FINGERPRINT in map(plain, value):
        yield where.place, value
        return
    alone = {key: part for key, part in value.items() if not isinstance(part, _HOLDERS)}
    pattern = alone.get("pattern")
    if isinstance(pattern, str) and "hashes" in pattern:
        yield from _of_pattern(pattern, where)
    if _is_row(value):
        yield where.place, alone
    else:
        said = {"type": kind_said(alone)}
        for key, part in value.items():
            if looks_like_hash(key, where.kind):
                yield where.place, {where.column or HASH: key, NAME: part if isinstance(part, str) else "", **said}
            elif isinstance(part, str) and not is_name_column(key) and looks_like_hash(part, where.kind):
                yield where.place, {where.column or HASH: part, NAME: "" if said["type"] else key, **said}
    for key, part in value.items():
        if key not in alone:
            column = key if is_hash_column(key) else ""
            yield from _walk(part, replace(where, column=column, depth=where.depth + 1))


def _of_pattern(pattern: str, where: _Where) -> Iterator[Placed]:
    """Hashes that a pattern of STIX asks for.

    Raises:
        UsageError: It has others, which can't be told.
    """
    rest = pattern
    for found in _IN_PATTERN.finditer(pattern):
        for value in re.findall("'([^']*)'", found[2]):
            yield where.place, {"type": found[1], HASH: value}
        rest = rest.replace(found[0], "")
    if has_digest(rest):
        raise UsageError(
            f"{where.file}, {where.place}: a hash stands in a pattern that can't be read: `{pattern[:_SHOWN]}`",
            hint="what is read is `file:hashes.'SHA-256' = '…'`, joined by OR",
        )
