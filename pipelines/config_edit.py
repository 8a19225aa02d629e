"""One value of a configuration file, changed in its text: everything else of it stays as somebody wrote it."""

import re
import tomllib
from typing import Any, Final, NamedTuple

from synsift.pipelines.errors import ConfigError

_BYTE_ORDER_MARK: Final = "\ufeff"
_TABLE: Final = re.compile(r"^[ \t]*\[([^\[\]\n]+)\][ \t]*(#.*)?\r?$", re.MULTILINE)


def with_number(text: str, key: str, value: float, *, remark: str) -> str:
    """The text of a TOML file with another value of a key.

    Args:
        text: The file's; empty of a new one.
        key: With its table, as ``dedupe.similarity``.
        value: The value.
        remark: Stands behind it, beginning as all remarks of its kind, up to a colon; but somebody's own comment stays.

    Raises:
        ConfigError: The key is written in a way that can't be changed without touching anything else.
    """
    table, _, name = key.rpartition(".")
    mark, text = (_BYTE_ORDER_MARK, text[1:]) if text.startswith(_BYTE_ORDER_MARK) else ("", text)
    new = _Value(f"{value:g}", remark)
    changed = _in_table(text, table, name, new)
    changed = changed if changed is not None else _dotted(text, key, new)
    if changed is None:
        gap = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
        changed = f"{text}{gap}[{table}]\n{name} = {new}\n"
    wanted = _with(_read(text), table, name, value)
    if wanted is None or _read(changed) != wanted:
        raise ConfigError(f"`{key}` can't be set without changing more", hint=f"write `{key} = {value:g}` by hand")
    return mark + changed


class _Value(NamedTuple):
    """A number as it is written, and the remark behind it."""

    number: str
    remark: str

    def __str__(self) -> str:
        return f"{self.number}  # {self.remark}"

    def put(self, found: re.Match[str]) -> str:
        """A line with this value, all else as it was found; an earlier remark of this kind gives way."""
        comment = found["comment"] or ""
        is_own = not comment or comment.lstrip(" \t#").startswith(self.remark.partition(":")[0])
        return f"{found['key']}{self}" if is_own else f"{found['key']}{self.number}{comment}"


def _in_table(text: str, table: str, name: str, new: _Value) -> str | None:
    """The key set in a table that has a head of its own; None if there is no such table."""
    head = next((found for found in _TABLE.finditer(text) if _name_of(found[1]) == table), None)
    if head is None:
        return None
    following = _TABLE.search(text, head.end())
    end = following.start() if following else len(text)
    body = text[head.end() : end]
    replaced, count = _pattern(name).subn(new.put, body, count=1)
    if not count:
        replaced = f"\n{name} = {new}" + (body or "\n")
    return text[: head.end()] + replaced + text[end:]


def _dotted(text: str, key: str, new: _Value) -> str | None:
    """The key set where it stands with its table's name before any table; None if it doesn't."""
    first = _TABLE.search(text)
    end = first.start() if first else len(text)
    replaced, count = _pattern(key).subn(new.put, text[:end], count=1)
    return replaced + text[end:] if count else None


def _pattern(key: str) -> re.Pattern[str]:
    words = r"[ \t]*\.[ \t]*".join(rf"[\"']?{re.escape(word)}[\"']?" for word in key.split("."))
    return re.compile(
        rf"^(?P<key>[ \t]*{words}[ \t]*=[ \t]*)[^#\r\n]*?(?P<comment>[ \t]*#[^\r\n]*)?(?=\r?$)", re.MULTILINE
    )


def _name_of(head: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in head.split("."))


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except ValueError:
        return None


def _with(tree: dict[str, Any] | None, table: str, name: str, value: float) -> dict[str, Any] | None:
    """What the file should say then; None if it can't."""
    inner = {} if tree is None else tree.get(table, {})
    return {**tree, table: {**inner, name: value}} if tree is not None and isinstance(inner, dict) else None
