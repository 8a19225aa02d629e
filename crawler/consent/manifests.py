"""Content credentials in an image (C2PA): the assertion ``training-mining`` of its manifests, in boxes of JUMBF.

    JPEG: segments APP11, GIF: blocks ─▶ put together ┐
    PNG, WebP, TIFF, AVIF, HEIF: in one piece ────────┴▶ jumb ─▶ jumd: "cawg.training-mining" ─▶ cbor, json ─▶ entries

Whoever signed isn't looked at, so that no grant counts; a refusal needs no proof. Manifests of what an image was made
of are heard like its own: the strictest counts.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final

from synsift.crawler import content_codings
from synsift.crawler.consent import cbor, credentials
from synsift.crawler.consent.statement import Kind, Say, Statement
from synsift.crawler.errors import BrokenAnswer
from synsift.crawler.outside_json import loads

_LABEL: Final = re.compile(rb"jumd.{17}(?:c2pa|cawg)\.training-mining[\w.:-]*\x00", re.DOTALL)
_STORE: Final = b"jumdc2pa"
_GIF: Final = b"\x21\xff\x0bC2PA_GIF"
_PACKED: Final = re.compile(rb"brob(?=jumb|cbor|json)")
_MOST: Final = 16
_MOST_PIECES: Final = 65_536
"""Segments and blocks: at their largest they are more than any image may be."""
_FILL: Final = re.compile(rb"\xff*")
_MAX_BYTES: Final = 4 * 1024 * 1024
_BOX: Final = 8


class _TooMany(Exception):
    """An image is cut into more pieces than are looked at."""


def has_manifest(data: bytes) -> bool:
    """Whether an image holds a manifest itself."""
    return _STORE in data


def statements(data: bytes, where: str) -> list[Statement]:
    """What the credentials in an image say of its use.

    Args:
        data: The file's bytes, as received.
        where: Its URL.
    """
    if b"jumb" not in data:
        return []
    try:
        stores = list(_stores(data))
    except _TooMany:
        return [_unread("more pieces than anybody makes of it", where)]
    found: list[Statement] = []
    for whole in stores:
        labels = list(_LABEL.finditer(whole))
        for label in labels[:_MOST]:
            found += _of_assertion(_contents(whole, label.start() - 4), where)
        if len(labels) > _MOST:
            found.append(_unread("one of too many assertions", where))
    return list(dict.fromkeys(found))


def _stores(data: bytes) -> Iterator[bytes]:
    """The bytes in which boxes are whole."""
    if data.startswith(b"\xff\xd8"):
        stores = list(_of_segments(data))
    elif data.startswith(b"GIF8"):
        stores = list(_of_blocks(data))
    else:
        stores = [data]
    for store in stores:
        yield store
        for packed in itertools.islice(_PACKED.finditer(store), _MOST):
            end = packed.start() - 4 + int.from_bytes(store[packed.start() - 4 : packed.start()], "big")
            try:
                inner = store[packed.end() : packed.end() + 4]
                text = content_codings.decoded(store[packed.end() + 4 : end], "br", _MAX_BYTES, must_be=True)
            except (content_codings.TooMuch, BrokenAnswer):
                continue
            yield (len(text) + _BOX).to_bytes(4, "big") + inner + text


def _of_segments(data: bytes) -> Iterator[bytes]:
    """Boxes of a JPEG: each segment has a number, and but for the first repeats the head of the box."""
    boxes: dict[bytes, list[tuple[int, bytes]]] = {}
    at = 2
    for _ in range(_MOST_PIECES):
        fill = _FILL.match(data, at)
        at = fill.end() - 1 if fill is not None else at
        marker, length = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at : at + 1] != b"\xff" or marker in (b"", b"\xda", b"\xd9") or length < 2:
            break
        segment = data[at + 4 : at + 2 + length]
        if marker == b"\xeb" and segment.startswith(b"JP"):
            boxes.setdefault(segment[2:4], []).append((int.from_bytes(segment[4:8], "big"), segment[8:]))
        at += 2 + length
    else:
        raise _TooMany
    for pieces in boxes.values():
        pieces.sort(key=lambda piece: piece[0])
        head = _BOX + _BOX * (pieces[0][1][:4] == b"\x00\x00\x00\x01")
        yield pieces[0][1] + b"".join(piece[head:] for _, piece in pieces[1:])


def _of_blocks(data: bytes) -> Iterator[bytes]:
    """Boxes of a GIF: blocks of up to 255 bytes, each behind its length."""
    at = data.find(_GIF)
    left = _MOST_PIECES
    while at >= 0:
        at += len(_GIF) + 3
        pieces: list[bytes] = []
        while at < len(data) and data[at] and len(pieces) < left:
            pieces.append(data[at + 1 : at + 1 + data[at]])
            at += 1 + data[at]
        left -= len(pieces) + 1
        if left < 0:
            raise _TooMany
        yield b"".join(pieces)
        at = data.find(_GIF, at)


def _contents(store: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    """Types and contents of the boxes beside a description, up to the end of the box that holds them."""
    outer = at - _BOX
    if outer < 0 or store[outer + 4 : at] != b"jumb":
        return
    end = min(outer + int.from_bytes(store[outer : outer + 4], "big"), len(store))
    at += int.from_bytes(store[at : at + 4], "big")
    for _ in range(_MOST):
        length = int.from_bytes(store[at : at + 4], "big")
        if at + _BOX > end or length < _BOX:
            return
        yield store[at + 4 : at + _BOX], store[at + _BOX : min(at + length, end)]
        at += length


def _of_assertion(contents: Iterator[tuple[bytes, bytes]], where: str) -> list[Statement]:
    for kind, content in contents:
        if kind not in (b"cbor", b"json"):
            continue
        try:
            entries = _entries(cbor.loads(content) if kind == b"cbor" else loads(content))
        except ValueError:
            return [_unread("an assertion that can't be read", where)]
        return credentials.statements(entries, where, is_trusted=False)
    return [_unread("an assertion without content", where)]


def _entries(assertion: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401 - whatever they wrote
    found = assertion.get("entries") if isinstance(assertion, dict) else None
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        raise ValueError("it has no entries")
    return {str(name): {"use": str(entry.get("use", ""))} for name, entry in found.items()}


def _unread(problem: str, where: str) -> Statement:
    return Statement(Kind.CREDENTIALS_UNCLEAR, credentials.SIGNAL, problem, where, Say.HOLD)
