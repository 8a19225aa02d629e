"""What stands in a list of hashes: which kind a column, a tag or a hash is of, and its digest, however it is written.

hexadecimal digits   in small or capital letters, also behind ``0x`` or the kind: ``sha256:e3b0…``
Base64               of the same bytes (RFC 4648), as object stores and web pages write it: ``md5:1B2M2Y8…``,
                     ``sha256-47DEQ…`` (Subresource Integrity)
base 36              of SHA-1, 31 digits, as tables of MediaWiki have it: ``img_sha1``
behind a name        ``a.jpg|d41d…``, as MISP has it in values of the type ``filename|md5``
bytes                in Parquet, of the digest itself or of its digits
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from synsift.dedupe.hash_kinds import KINDS
from synsift.dedupe.hash_lists import Entry
from synsift.pipelines.errors import UsageError

FINGERPRINT: Final = "fingerprint"
"""The column of our own fingerprints."""
NAME: Final = "name"
"""The column of what something is called."""
HASH: Final = "hash"
"""The column of a hash of any kind."""
_KIND_COLUMN: Final = (
    "type", "kind", "hashtype", "hashkind", "algorithm", "alg", "hashalgorithm", "hashalg", "hashformat", "signaltype",
    "indicatortype",
)  # fmt: skip
_HASH_COLUMN: Final = (
    HASH, "hashvalue", "value", "digest", "indicator", "rawindicator", "indicatorvalue", "signal", "signalvalue",
    "checksum", "filehash", "hexdigest",
)  # fmt: skip
_NAME_COLUMN: Final = ("path", NAME, "file", "filename", "filepath", "url", "id", "image", "imgname", "imagename")
# As lists in the world call them, without blanks, hyphens and underscores.
_NAMES: Final[Mapping[str, str]] = {
    **{kind: kind for kind in KINDS},
    "sha2256": "sha256",
    "imagehash": "phash",
    "perceptualhash": "phash",
    "differencehash": "dhash",
}
# What lists have beside, or instead, and nothing here is compared by.
_OTHERS: Final = (
    r"photodna|sha512(?:224|256)?|sha384|sha224|sha3(?:224|256|384|512)?|sha0|keccak\d*|shake\d*|blake[23]?[bs]?p?\d*|b[23]sum"
    r"|md[246]|ripemd\d*|rmd\d*|sm3|gost(?:\d\d)?(?:\d{3})?|streebog\d*|snefru\d*|has160|haval\d*|edonr\d*|tigertree|tiger\d*"
    r"|tth|aich|btih|ed2k|whirlpool|crc\d*|adler32|fnv1?a?\d*|xxh(?:ash)?\d*|murmur\d*|siphash\d*|ssdeep|tlsh|sdhash|imphash|authentihash"
    r"|vhash|pehash|telfhash|ahash|whash|colorhash|videopdq|vpdq|videomd5|tmk"
)
# What may stand around the name of a kind: `file_md5`, `MD5 (hex)`, `FileHash-SHA256`, `pdq_hash_value`.
_WORDS: Final = (
    "hash", "value", "sum", "digest", "checksum", "hex", "base64", "b64", "file", "name|", "image", "img", "picture",
    "photo", "content", "original", "of", "(", ")", "[", "]",
)  # fmt: skip
_AROUND: Final = f"(?:{'|'.join(map(re.escape, _WORDS))})*"
_KIND_NAMED: Final = re.compile(f"{_AROUND}({'|'.join(sorted(_NAMES, key=len, reverse=True))}|{_OTHERS}){_AROUND}")
_BY_DIGITS: Final = {32: "md5", 40: "sha1"}
_SUM_KINDS: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_SIZES: Final = frozenset(one.bits // 8 for one in KINDS.values())
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_HEX_RUN: Final = re.compile(r"[0-9a-fA-F]{32}")
_BASE36: Final = re.compile(r"[0-9a-z]{31}")
_BASE64: Final = re.compile(r"[0-9A-Za-z+/_-]+={0,2}")
_PREFIX: Final = re.compile(r"(0[xX])(?=[0-9a-fA-F]+\Z)|([A-Za-z][A-Za-z0-9_]*(?:-[0-9]+)?)[:=-]")
DIGEST: Final = r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}"
"""Of MD5, SHA-1 or SHA-256, as a pattern."""
BASE64_DIGEST: Final = r"[0-9A-Za-z+/]{22}==|[0-9A-Za-z+/]{27}=|[0-9A-Za-z+/]{43}="
"""Those in Base64."""
# Programs that write sums of other kinds as `md5sum` writes its own, by the name that a list of them has.
_OF_OTHERS: Final = re.compile(
    r"blake|sha-?3(?!84)|snefru|gost|ripemd|edonr|whirlpool|(?<![a-z0-9])(?:b[23](?:sums?)?|sm3|md[246]|rmd(?:-?160)?|has-?160|tiger|tth|ed2k|aich)(?![a-z0-9])"
)
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class _Columns:
    """What the columns of a row are for, by their names as they are spelled there.

    Attributes:
        kinds: Of hashes of one kind, each with that.
        hashes: Of hashes of any.
        types: What kind those are.
        names: What something is called; the one that says most is first.
    """

    kinds: list[tuple[str, str]]
    hashes: list[str]
    types: list[str]
    names: list[str]


@lru_cache(1_000)
def _columns_of(names: tuple[str, ...]) -> _Columns:
    spelled = {plain(name): name for name in names if isinstance(name, str)}
    kinds = [(name, of) for name in names if isinstance(name, str) and (of := kind_named(name)) in KINDS]
    in_order = ([spelled[one] for one in each if one in spelled] for each in (_HASH_COLUMN, _KIND_COLUMN, _NAME_COLUMN))
    return _Columns(kinds, *in_order)


@lru_cache(1_000)
def plain(name: str) -> str:
    """A name of a column or kind without what it may be spelled with."""
    return re.sub(r"[\s_\-./]", "", name.lower())


@lru_cache(1_000)
def kind_named(name: str) -> str:
    """The kind that a name of a column or a tag means, as plain letters, compared here or not; empty for none."""
    found = _KIND_NAMED.fullmatch(plain(name))
    return _NAMES.get(found[1], found[1]) if found else ""


def kind_said(row: Mapping[str, Any]) -> str:
    """What a row says of the kind of its hashes, as it is spelled there; empty where it names none."""
    said = (str(row[column]) for column in _columns_of(tuple(row)).types)
    return next((one for one in said if kind_named(one)), "")


def is_hash_column(name: str) -> bool:
    """Whether a column of that name has hashes or fingerprints, of whatever kind."""
    return bool(kind_named(name)) or plain(name) in _HASH_COLUMN or plain(name) == FINGERPRINT


def is_name_column(name: str) -> bool:
    """Whether a column of that name says what something is called."""
    return plain(name) in _NAME_COLUMN


def is_header(names: list[str]) -> bool:
    """Whether a row is of names of columns, by one that is known; and not of hashes."""
    return not any(has_digest(name) or can_be_hash(name) for name in names) and any(map(is_hash_column, names))


def looks_like_hash(text: str, kind: str) -> bool:
    """Whether a text has the digits of a hash: of a kind, or where none was said of MD5, SHA-1, SHA-256 or PDQ."""
    named, digits = _split(text)
    if named and not _HEX.fullmatch(digits):
        return kind in ("", named) and can_be_hash(text)
    if kind:
        return named in ("", kind) and len(digits) == KINDS[kind].digits and _HEX.fullmatch(digits) is not None
    return len(digits) in _SUM_KINDS and _HEX.fullmatch(digits) is not None


def has_digest(text: str) -> bool:
    """Whether the digits of MD5, or of a longer hash, stand somewhere in a text."""
    return _HEX_RUN.search(text) is not None


def can_be_hash(text: str) -> bool:
    """Whether a text is a hash of any kind that is compared here, in digits or in Base64."""
    return bool(_can_be(_split(text)[1]))


def fits(text: str, kind: str) -> bool:
    """Whether a text can be a hash of a kind, by its length."""
    return kind in _can_be(_split(text)[1])


def entries_of(file: Path, place: str, row: Mapping[str, Any], kind: str) -> list[Entry]:
    """All hashes of a row.

    Args:
        file: Where it stands.
        place: Where in it, in words.
        row: By the names of columns.
        kind: Of its hashes, where that was said; then columns of that name count, or those of any hash.

    Raises:
        UsageError: There is none, or one that can't be read.
    """
    columns = _columns_of(tuple(row))
    name = next((str(row[column]) for column in columns.names if row[column]), "") or f"{file}, {place}"
    found = [
        (of, row[column]) for column, of in columns.kinds if row[column] not in (None, "", b"") and kind in ("", of)
    ]
    types = [str(row[column]) for column in columns.types if row[column]]
    said = kind_said(row) or (types[0] if types else "")
    generic = [row[column] for column in columns.hashes if row[column]]
    needed = 0 if found and (kind or not said) else 1  # beside columns of kinds, `value` may be anything
    for value in (one for at, one in enumerate(generic) if at < needed or looks_like_hash(str(one), kind)):
        of = kind_named(said) if said else kind or kind_alone(value if isinstance(value, str) else str(value))
        if of not in KINDS:
            raise unknown(file, place, said or str(value), is_kind=bool(said))
        if kind and of != kind:
            raise UsageError(
                f"{file}, {place}: a {of} hash, and {kind} was said before the name",
                hint=f"leave out `{kind}:`, or the rows of other kinds",
            )
        found.append((of, value))
    if not found:
        raise none_in(file, place, row)
    entries = [Entry(of, _digest(file, place, of, value), name) for of, value in found]
    return entries if len(entries) == 1 else list(dict.fromkeys(entries))


def sum_kind(file: Path, place: str, digest: str, likely: str) -> str:
    """What kind a sum is of, by its length and by the name of the list.

    Raises:
        UsageError: The name of the list tells of a kind that isn't compared.
    """
    size = len(digest) if _HEX.fullmatch(digest) else 2 * len(_of_base64(digest))
    if likely and likely in _can_be(digest):
        return likely
    if _OF_OTHERS.search(file.name.lower()):
        raise unknown(file, place, digest)
    return _SUM_KINDS[size]


def kind_alone(value: str, likely: str = "") -> str:
    """What a hash can be alone, by the kind before it or by its length; empty where that isn't one kind alone."""
    named, digits = _split(value)
    if named:
        return named if named in KINDS else ""
    by_digits = _BY_DIGITS.get(len(digits), "") if _HEX.fullmatch(digits) else ""
    return by_digits or (likely if likely in _can_be(digits) else "")


def _split(value: str) -> tuple[str, str]:
    """The kind that stands before a hash, empty if none does; and the hash."""
    value = value.strip().rpartition("|")[2]
    found = _PREFIX.match(value)
    if found is None:
        return "", value
    named = kind_named(found[2]) if found[2] else ""
    return ("", value) if found[2] and not named else (named, value[found.end() :])


def _digest(file: Path, place: str, kind: str, value: object) -> bytes:
    size = KINDS[kind].bits // 8
    if isinstance(value, str) and len(value) == 2 * size and _HEX.fullmatch(value):  # as most are
        return bytes.fromhex(value)
    if isinstance(value, bytes):
        if len(value) == size:
            return value
        value = value.decode("ascii", "replace")
    named, text = _split(value) if isinstance(value, str) else ("", "")
    if named in ("", kind):
        if len(text) == 2 * size and _HEX.fullmatch(text):
            return bytes.fromhex(text)
        digest = _of_base36(text) if kind == "sha1" else b""
        digest = digest or _of_base64(f"{text}{'=' * (-len(text) % 4)}")
        if len(digest) == size:
            return digest
    raise UsageError(
        f"{file}, {place}: `{str(value)[:_SHOWN]}` is no {kind} hash: that is {2 * size} hexadecimal digits",
        hint=_mistaken(text, kind) or "mend or delete the line: a list is read whole or not at all",
    )


def _of_base36(text: str) -> bytes:
    """The bytes of a SHA-1 in 31 digits and letters; none if it isn't that."""
    number = int(text, 36) if _BASE36.fullmatch(text) else 1 << KINDS["sha1"].bits
    size = KINDS["sha1"].bits // 8
    return number.to_bytes(size) if number < 1 << KINDS["sha1"].bits else b""


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
    return [kind for kind in KINDS if KINDS[kind].bits == 8 * size] if size in _SIZES else []


def unknown(file: Path, place: str, what: str, *, is_kind: bool = False) -> UsageError:
    """What to say of a hash, or of the name of a kind, that nothing is known of."""
    named, text = _split(what)
    if not named and _HEX.fullmatch(first := what.split(maxsplit=1)[0] if what.strip() else ""):
        what = text = first  # and what it is called
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


def none_in(file: Path, place: str, cells: Mapping[str, Any]) -> UsageError:
    """What to say of a row without a hash that is known as one."""
    texts = (text for pair in cells.items() for text in pair if isinstance(text, str))
    if short := next((text for text in texts if can_be_hash(text) and not kind_alone(text)), ""):
        return unknown(file, place, short)
    others = [column for column, value in cells.items() if value and kind_named(column) not in ("", *KINDS)]
    also = f"; {' and '.join(others)} aren't compared here" if others else ""
    return UsageError(
        f"{file}, {place}: there is no `fingerprint`, and no hash of a kind that can be told{also}",
        hint=f"`synsift fingerprint` writes such files; hashes are {', '.join(KINDS)}",
    )
