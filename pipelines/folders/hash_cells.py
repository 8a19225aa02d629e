"""What stands in a list of hashes: which kind a column, a tag or a hash is of, and its digest, however it is written.

hexadecimal digits   in small or capital letters, also behind ``0x`` or the kind: ``sha256:e3b0…``
Base64               of the same bytes (RFC 4648), as object stores and web pages write it: ``md5:1B2M2Y8…``,
                     ``sha256-47DEQ…`` (Subresource Integrity)
"""

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from synsift.dedupe.hash_kinds import KINDS
from synsift.dedupe.hash_lists import Entry
from synsift.pipelines.errors import UsageError

FINGERPRINT: Final = "fingerprint"
"""The column of our own fingerprints."""
NAME: Final = "name"
"""The column of what something is called."""
_KIND_COLUMN: Final = ("type", "kind", "hashtype", "hashkind", "algorithm", "signaltype", "indicatortype")
_HASH_COLUMN: Final = ("hash", "hashvalue", "value", "digest", "indicator", "signal", "signalvalue", "indicatorvalue")
_NAME_COLUMN: Final = ("path", NAME, "file", "filename", "filepath", "url", "id", "image")
# As lists in the world call them, without blanks, hyphens and underscores.
_NAMES: Final[Mapping[str, str]] = {
    **{kind: kind for kind in KINDS},
    **{f"hash{kind}": kind for kind in KINDS},
    **{f"{kind}hash": kind for kind in KINDS},
    **{f"{kind}sum": kind for kind in KINDS},
    "sha2256": "sha256",
    "contentmd5": "md5",
    "pdqhex": "pdq",
    "imagehash": "phash",
    "perceptualhash": "phash",
    "differencehash": "dhash",
}
# What lists have beside, or instead, and nothing here is compared by.
_OTHERS: Final = frozenset(
    {"photodna", "sha512", "sha384", "sha224", "sha3256", "sha3512", "blake2b", "blake2s", "blake3", "crc32", "ssdeep"}
    | {"tlsh", "tiger", "whirlpool", "ahash", "whash", "colorhash", "videopdq", "tmk", "xxhash", "ed2k", "sha512256"}
)
_ALL_NAMES: Final = frozenset({*_NAMES, *_OTHERS})
_BY_DIGITS: Final = {32: "md5", 40: "sha1"}
_SUM_KINDS: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_BASE64: Final = re.compile(r"[0-9A-Za-z+/_-]+={0,2}")
_PREFIX: Final = re.compile(r"(0[xX])|([A-Za-z][A-Za-z0-9_]*(?:-[0-9]+)?)[:=-]")
_SUMS: Final = re.compile(r"(\\?)([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}) [ *](.+)", re.DOTALL)
_TAGGED: Final = re.compile(r"(\\?)([A-Za-z][A-Za-z0-9/-]*) ?\((.+)\) ?= ?([0-9a-fA-F]+)", re.DOTALL)
_ESCAPES: Final = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_SHOWN: Final = 80


def plain(name: str) -> str:
    """A name of a column or kind without what it may be spelled with."""
    return re.sub(r"[\s_\-./]", "", name.lower())


def is_header(names: list[str]) -> bool:
    """Whether a row is of names of columns, by one that is known; and not of hashes."""
    is_known = any(plain(name) in _ALL_NAMES or plain(name) in _HASH_COLUMN for name in names)
    return is_known and not any(_can_be(_split(name)[1]) for name in names)


def of_sums(line: str, kind: str) -> Mapping[str, Any] | None:
    """A line as ``md5sum`` and its kin write them, plain or with ``--tag``, or as ``openssl dgst``; None of others.

    Args:
        line: Without its end.
        kind: Of its hash, where that was said.
    """
    if found := _SUMS.fullmatch(line):
        escaped, digest, name = found.groups()
        return {kind or _SUM_KINDS[len(digest)]: digest, NAME: _unescaped(name.strip(), escaped)}
    if found := _TAGGED.fullmatch(line):
        escaped, tag, name, digest = found.groups()
        return {"type": tag, "hash": digest, NAME: _unescaped(name, escaped)}
    return None


def of_plain(file: Path, place: str, cells: list[str], kind: str) -> Mapping[str, Any]:
    """A row without a header: the hash comes first, and what it is called last; PDQ's own tools write them so.

    Raises:
        UsageError: What kind of hash it is, nothing says.
    """
    found = kind or _kind_of(cells[0])
    if not found:
        raise _unknown(file, place, cells[0])
    return {found: cells[0], NAME: cells[-1] if len(cells) > 1 else ""}


def entries_of(file: Path, place: str, row: Mapping[str, Any], kind: str) -> list[Entry]:
    """All hashes of a row.

    Args:
        file: Where it stands.
        place: Where in it, in words.
        row: By the names of columns.
        kind: Of its hashes, where that was said; then the column of that name counts, or the one of any hash.

    Raises:
        UsageError: There is none, or one that can't be read.
    """
    cells = {plain(name): value for name, value in row.items() if isinstance(name, str)}
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
        of = _NAMES.get(plain(named)) if named else _kind_of(str(generic))
        if not of:
            raise _unknown(file, place, named or str(generic), is_kind=bool(named))
        found.setdefault(of, generic)
    if not found:
        raise _none(file, place, cells)
    return [Entry(of, _digest(file, place, of, value), name) for of, value in found.items()]


def _unescaped(name: str, escaped: str) -> str:
    """A name as it is: where a line begins with a backslash, line ends and backslashes in it are written as letters."""
    return re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], name) if escaped else name


def _kind_of(value: str) -> str:
    """What a hash can be alone, by the kind before it or by its length; empty where that isn't one kind alone."""
    named, digits = _split(value)
    if named:
        return _NAMES.get(named, "")
    return _BY_DIGITS.get(len(digits), "") if _HEX.fullmatch(digits) else ""


def _split(value: str) -> tuple[str, str]:
    """The kind that stands before a hash, empty if none does; and the hash."""
    value = value.strip()
    found = _PREFIX.match(value)
    if found is None or (found[2] and plain(found[2]) not in _ALL_NAMES):
        return "", value
    return plain(found[2] or ""), value[found.end() :]


def _digest(file: Path, place: str, kind: str, value: object) -> bytes:
    size = KINDS[kind].bits // 8
    named, text = _split(value) if isinstance(value, str) else ("", "")
    if not named or _NAMES.get(named) == kind:
        if len(text) == 2 * size and _HEX.fullmatch(text):
            return bytes.fromhex(text)
        digest = _of_base64(text)
        if len(digest) == size:
            return digest
    raise UsageError(
        f"{file}, {place}: `{str(value)[:_SHOWN]}` is no {kind} hash: that is {2 * size} hexadecimal digits",
        hint=_mistaken(text, kind) or "mend or delete the line: a list is read whole or not at all",
    )


def _of_base64(text: str) -> bytes:
    """Bytes that are written in Base64, also for URLs; none if it isn't that."""
    if len(text) % 4 or not _BASE64.fullmatch(text):
        return b""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _mistaken(text: str, kind: str) -> str:
    """A hint where a hash is of another kind than was said; empty if it isn't."""
    others = [other for other in _can_be(text) if other != kind]
    return f"by its length it may be {' or '.join(others)}" if others else ""


def _can_be(text: str) -> list[str]:
    """Kinds that have so many digits."""
    size = len(text) // 2 if _HEX.fullmatch(text) and len(text) % 2 == 0 else len(_of_base64(text))
    return [kind for kind in KINDS if size and KINDS[kind].bits == 8 * size]


def _unknown(file: Path, place: str, what: str, *, is_kind: bool = False) -> UsageError:
    """What to say of a hash, or of the name of a kind, that nothing is known of."""
    named, text = _split(what)
    could_be = [] if named or is_kind else _can_be(text)
    if could_be:
        hint = f"say it before the name, as {' or '.join(f'`{kind}:{file}`' for kind in could_be)}, or in a header"
        return UsageError(f"{file}, {place}: what kind of hash `{what[:_SHOWN]}` is can't be told", hint=hint)
    compared = f"what is compared is {', '.join(f'{kind} ({one.digits} digits)' for kind, one in KINDS.items())}"
    if named or is_kind:
        said = f"hashes of the kind `{(named or what)[:_SHOWN]}` aren't compared here"
    elif len(text) >= min(one.digits for one in KINDS.values()) and _HEX.fullmatch(text):
        said = f"no kind of hash that is compared here has {len(text)} digits, as `{what[:_SHOWN]}`"
    else:
        said = f"`{what[:_SHOWN]}` is neither a hash nor a header of one"
        compared = f"a list has a hash a line, or a header that names a column: {', '.join(KINDS)}, or hash and type"
    return UsageError(f"{file}, {place}: {said}", hint=compared)


def _none(file: Path, place: str, cells: Mapping[str, Any]) -> UsageError:
    others = [column for column, value in cells.items() if column in _OTHERS and value]
    also = f"; {' and '.join(others)} aren't compared here" if others else ""
    return UsageError(
        f"{file}, {place}: there is no `fingerprint`, and no hash of a kind that can be told{also}",
        hint=f"`synsift fingerprint` writes such files; hashes are {', '.join(KINDS)}",
    )
