"""What stands in the XMP of an image about its use: ``plus:DataMining`` (PLUS, IPTC), and ``tdm:reservation``.

That there are content credentials elsewhere stands there, too; nobody asks for them. The bytes are looked through for
packets of XMP, as they are in every format that keeps them whole; PNG may compress them, JPEG cuts long ones into
pieces. Nothing is decoded, and XML of strangers gets no entity and no DTD.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

from synsift.crawler.consent import credentials, manifests, tdm
from synsift.crawler.consent.statement import Kind, Say, Statement, shortened

SIGNAL: Final = "plus:DataMining"
_PLUS: Final = "http://ns.useplus.org/ldf/xmp/1.0/"
_TDM: Final = ("http://www.w3.org/ns/tdmrep/", "http://www.w3.org/ns/tdmrep#")
_TERMS: Final = "http://purl.org/dc/terms/"
_MARKS: Final = (b"ns.useplus.org", b"www.w3.org/ns/tdmrep", b"purl.org/dc/terms/")
_OPENING: Final = re.compile(rb"<(x:xmpmeta|rdf:RDF)[\s>]")
_KINDS_OF_PACKETS: Final = 2
_ADOBE: Final = b"XML:com.adobe.xmp\x00"
_HEAD: Final = b"http://ns.adobe.com/xap/1.0/\x00"
_MOST_OF_A_SEGMENT: Final = 65_533
_EXTENSION: Final = b"http://ns.adobe.com/xmp/extension/\x00"
_ADOBES: Final = b"http://ns.adobe.com/x"  # with which both begin
_EXTENSION_HEAD: Final = len(_EXTENSION) + 40  # an identifier of 32 characters, the whole length, the offset
_JPEG: Final = b"\xff\xd8"
_PNG: Final = b"\x89PNG"
_MOST_PACKETS: Final = 8
_MOST_LOOKED_AT: Final = 4_096
_MAX_PACKET_BYTES: Final = 4 * 1024 * 1024
_PROHIBITED: Final = b"DMI-PROHIBITED"
_SAYS: Final = {
    "DMI-UNSPECIFIED": (Kind.GRANT, Say.SILENT, Say.SILENT),
    "DMI-ALLOWED": (Kind.GRANT, Say.YES, Say.YES),
    "DMI-PROHIBITED-AIMLTRAINING": (Kind.PLUS, Say.NO, Say.SILENT),
    "DMI-PROHIBITED-GENAIMLTRAINING": (Kind.PLUS_GENERATIVE, Say.NO, Say.SILENT),
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": (Kind.PLUS, Say.NO, Say.YES),
    "DMI-PROHIBITED": (Kind.PLUS, Say.NO, Say.NO),
    "DMI-PROHIBITED-SEECONSTRAINT": (Kind.PLUS, Say.NO, Say.HOLD),
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": (Kind.PLUS, Say.NO, Say.HOLD),
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": (Kind.PLUS, Say.NO, Say.HOLD),
}
# What ExifTool shows for the keys, and some write.
_IN_WORDS: Final = (
    ("unspecified", "DMI-UNSPECIFIED"), ("allowed", "DMI-ALLOWED"),
    ("prohibited except", "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"),
    ("prohibited for generative", "DMI-PROHIBITED-GENAIMLTRAINING"),
    ("prohibited for ai", "DMI-PROHIBITED-AIMLTRAINING"),
    ("prohibited, see", "DMI-PROHIBITED-SEECONSTRAINT"), ("prohibited", "DMI-PROHIBITED"),
)  # fmt: skip


class _NotPlain(Exception):
    """XML with a document type: it isn't read."""


def statements(data: bytes, where: str) -> list[Statement]:
    """What an image says of its own use.

    Args:
        data: The file's bytes, as received.
        where: Its URL.
    """
    found: list[Statement] = []
    for number, packet in enumerate(_packets(data)):
        if number == _MOST_PACKETS:
            found += _unread(data, where)
            break
        if len(packet) > _MAX_PACKET_BYTES:
            found += _unread(packet, where)
            continue
        properties: list[tuple[str, str]] = []
        try:
            _Reader(properties).read(packet)
        except (expat.ExpatError, _NotPlain, ValueError):
            found += _unread(packet, where)
        for name, value in properties:
            found += _of_property(name, value, where)
    if found and manifests.has_manifest(data):  # then what stands elsewhere is the same once more
        found = [statement for statement in found if statement.kind is not Kind.CREDENTIALS_UNCLEAR]
    return list(dict.fromkeys(found))


def _packets(data: bytes) -> Iterator[bytes]:
    if (first := data.find(_ADOBES)) >= 0:  # most images have none: each look through all bytes costs
        yield from _segments(data, first)
    if data.startswith(_PNG) and _ADOBE in data:
        yield from _compressed(data)
    if any(mark in data for mark in _MARKS):
        yield from (packet for packet in _plain(data) if any(mark in packet for mark in _MARKS))


def _segments(data: bytes, first: int) -> Iterator[bytes]:
    """What stands in segments of a JPEG and isn't plain: long packets in pieces, and wide letters."""
    if data.startswith(_JPEG) and data.find(_EXTENSION, first) >= 0:
        pieces = _pieces(data)
        if any(mark in pieces for mark in _MARKS):
            yield pieces
    at = data.find(_HEAD, first)
    if at >= 0 and (packet := _of_wide_letters(data[at + len(_HEAD) :][:_MOST_OF_A_SEGMENT])):
        yield packet


def _plain(data: bytes) -> Iterator[bytes]:
    """Packets that stand there as they are; in time that grows with the data, whatever it is."""
    at = 0
    endless: set[bytes] = set()
    number = 0
    while (opening := _OPENING.search(data, at)) is not None and len(endless) < _KINDS_OF_PACKETS:
        at = opening.end()
        if opening[1] in endless:
            continue
        closing = data.find(b"</" + opening[1], at)
        if closing < 0:
            endless.add(opening[1])
            continue
        at = closing + len(opening[1]) + 2
        at = data.find(b">", at) + 1 or at
        number += 1
        yield data[opening.start() :] if number == _MOST_LOOKED_AT else data[opening.start() : at]
        if number == _MOST_LOOKED_AT:
            return


def _of_wide_letters(segment: bytes) -> bytes:
    """A packet in UTF-16 or UTF-32, which XMP may be, as UTF-8; nothing if it isn't there."""
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        for name in ("x:xmpmeta", "rdf:RDF"):
            start = segment.find(f"<{name}".encode(encoding))
            end = segment.rfind(f"</{name}>".encode(encoding))
            if 0 <= start < end:
                return segment[start:end].decode(encoding, "replace").encode() + f"</{name}>".encode()
    return b""


def _compressed(data: bytes) -> Iterator[bytes]:
    """XMP that a PNG keeps compressed: keyword, flag 1, method, language, translated keyword, data."""
    at = data.find(_ADOBE) + len(_ADOBE)
    if data[at : at + 2] != b"\x01\x00":
        return
    parts = data[at + 2 : at + 2 + 4096].split(b"\x00", 2)
    if len(parts) < 3:
        return
    start = at + 2 + len(parts[0]) + len(parts[1]) + 2
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data[start:], _MAX_PACKET_BYTES + 1)
    except zlib.error:
        return
    if any(mark in text for mark in _MARKS):
        yield next(_plain(text), text)


def _pieces(data: bytes) -> bytes:
    """The long part of a JPEG's XMP, put together from its segments, in the order of their offsets."""
    pieces: list[tuple[int, bytes]] = []
    at = data.find(_EXTENSION)
    while at >= 4 and len(pieces) < 256:
        length = int.from_bytes(data[at - 2 : at], "big") - 2
        offset = int.from_bytes(data[at + _EXTENSION_HEAD - 4 : at + _EXTENSION_HEAD], "big")
        pieces.append((offset, data[at + _EXTENSION_HEAD : at + max(length, 0)]))
        at = data.find(_EXTENSION, at + 1)
    return b"".join(piece for _, piece in sorted(pieces, key=lambda piece: piece[0]))


class _Reader:
    """Notes the properties that matter in a packet, whether they are attributes, elements or references."""

    def __init__(self, properties: list[tuple[str, str]]) -> None:
        self._properties = properties
        self._texts: list[list[str]] = []

    def read(self, packet: bytes) -> None:
        """Read a packet. What comes before an error in it is noted."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._hear
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = self._refuse
        parser.Parse(packet, True)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._texts.append([])
        for attribute, value in attributes.items():
            if _matters(attribute):
                self._properties.append((attribute, value))
            elif _matters(name) and attribute.endswith((" resource", " value")):
                self._properties.append((name, value))

    def _end(self, name: str) -> None:
        text = "".join(self._texts.pop()).strip()
        if text and _matters(name):
            self._properties.append((name, text))
        elif text and self._texts:
            self._texts[-1].append(text)  # a value in a list, or in a description of its own

    def _hear(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)

    @staticmethod
    def _refuse(*_: object) -> None:
        raise _NotPlain


def _matters(name: str) -> bool:
    namespace, _, local = name.rpartition(" ")
    if namespace == _TERMS:
        return local == "provenance"
    return (namespace == _PLUS and local == "DataMining") or (namespace in _TDM and local == "reservation")


def _of_property(name: str, value: str, where: str) -> list[Statement]:
    if name.startswith(_TERMS):
        is_elsewhere = value.strip().lower().startswith(("http://", "https://"))
        return [credentials.elsewhere("dcterms:provenance", value, where)] if is_elsewhere else []
    if not name.startswith(_PLUS):
        return [tdm.reserved("tdm:reservation", value, where)] if value.strip() == "1" else []
    key = value.rpartition("/")[2].strip().upper()
    if key not in _SAYS:
        key = next((known for words, known in _IN_WORDS if value.strip().lower().startswith(words)), key)
    kind, train, index = _SAYS.get(key, (Kind.PLUS_UNCLEAR, Say.HOLD, Say.HOLD))
    return [Statement(kind, SIGNAL, shortened(value), where, train, index)]


def _unread(packet: bytes, where: str) -> list[Statement]:
    """What can't be read, and speaks of a prohibition all the same."""
    if _PROHIBITED not in packet:
        return []
    return [Statement(Kind.PLUS_UNCLEAR, SIGNAL, "XMP that can't be read", where, Say.HOLD)]
