"""Images that were tampered with where it matters: in what a format's headers say, with checksums that still fit.

seeds (by format) ──▶ parts: chunks, segments, boxes, tags ──▶ one to six of them changed ──▶ a file again

A bit that flips anywhere is mostly found by a checksum or by the first marker. What reaches the depth of a decoder is a
file that is well formed but for one lie: a length, a size, a table, a tag, an order, a part that comes twice or from
another file.
"""

import random
import struct
import zlib
from collections.abc import Callable
from typing import Final

EXTREMES: Final = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF)
PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS: Final = (b"tRNS", b"PLTE", b"gAMA", b"iCCP", b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"pHYs")
_RIFF_CHUNKS: Final = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"EXIF", b"ICCP", b"XMP ")
_TIFF_TAGS: Final = (254, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323, 324)
_TIFF_MORE: Final = (325, 330, 338, 339, 347, 513, 514, 530, 532, 34377, 34665, 34675, 34853, 40965, 700)
_BOXES: Final = (
    b"ispe",
    b"iloc",
    b"iinf",
    b"ipma",
    b"ipco",
    b"irot",
    b"imir",
    b"av1C",
    b"auxC",
    b"iref",
    b"pitm",
    b"moov",
)

# Texts and profiles that are small until they are unpacked.
_PACKED: Final = tuple(zlib.compress(b"\0" * size) for size in (10, 70_000, 3_000_000))


def tampered(rng: random.Random, files: dict[str, list[bytes]]) -> bytes:
    """A file of a format that is drawn first, changed in its structure, in its bytes, or in both."""
    kind = rng.choice(sorted(files))
    data = rng.choice(files[kind])
    if rng.random() < 0.85:
        data = _STRUCTURED.get(kind, _unstructured)(rng, data, rng.choice(files[kind]))
    if rng.random() < 0.35:
        data = scrambled(rng, data, [rng.choice(files[kind]), rng.choice(files[rng.choice(sorted(files))])])
    return data


def _unstructured(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return scrambled(rng, data, [other])


def scrambled(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Cut off, overwritten, repeated, spliced in one to four places, whatever stands there; the first bytes stay."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if len(found) < 16:
            break
        at = min(12 + int((len(found) - 12) * rng.random() ** rng.choice((1, 3))), len(found) - 1)
        kind = rng.randrange(6)
        if kind == 0:
            del found[at:]
        elif kind == 1:
            found[at : at + 4] = _number(rng, rng.choice(("<I", ">I")))
        elif kind == 2:
            found[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            found[at:at] = found[at : at + rng.randint(1, 64)] * rng.choice((1, 1, 2, 50))
        elif kind == 4:
            del found[at : at + rng.randint(1, 64)]
        else:
            found[at:] = rng.choice(others)[at:]
    return bytes(found)


def _number(rng: random.Random, form: str) -> bytes:
    bits = 8 * struct.calcsize(form)
    value = rng.choice(EXTREMES) if rng.random() < 0.7 else rng.getrandbits(bits)
    return struct.pack(form, (value - rng.randrange(2)) % (1 << bits))


def _poke(rng: random.Random, data: bytes) -> bytes:
    """One place of a part: a byte, a word, cut off, or longer."""
    if not data:
        return rng.randbytes(rng.randrange(9))
    at = int(len(data) * rng.random() ** 2)
    kind = rng.randrange(5)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data + rng.randbytes(rng.randrange(40))
    if kind == 2:
        return data[:at] + rng.randbytes(1) + data[at + 1 :]
    word = _number(rng, rng.choice((">B", ">H", "<H", ">I", "<I")))
    return data[:at] + word + data[at + len(word) :]


def _shuffle(rng: random.Random, parts: list[tuple[bytes, bytes]], others: list[tuple[bytes, bytes]]) -> None:
    """Parts that come twice, not at all, in another order, or from another file."""
    if not parts:
        return
    at = rng.randrange(len(parts))
    kind = rng.randrange(5)
    if kind == 0:
        parts.insert(at, rng.choice(parts))
    elif kind == 1:
        del parts[at]
    elif kind == 2 and others:
        parts.insert(at, rng.choice(others))
    elif kind == 3:
        other = rng.randrange(len(parts))
        parts[at], parts[other] = parts[other], parts[at]
    else:
        parts[at:at] = [parts[at]] * rng.choice((2, 30, 300))


# -- PNG: chunks of length, type, data, CRC


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    at, parts = 8, []
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        parts.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    return parts


def _png(rng: random.Random, data: bytes, other: bytes) -> bytes:
    parts = _png_chunks(data)
    for _ in range(rng.randint(1, 5)):
        kind = rng.randrange(6)
        if kind == 0 and parts and len(parts[0][1]) == 13:
            parts[0] = (parts[0][0], _png_header(rng, parts[0][1]))
        elif kind == 1:
            _shuffle(rng, parts, _png_chunks(other))
        elif kind == 2 and parts:
            at = rng.randrange(len(parts))
            parts[at] = (parts[at][0], _poke(rng, parts[at][1]))
        elif kind == 3:
            parts.insert(rng.randint(0, len(parts)), (rng.choice(_PNG_CHUNKS), _odd_text(rng)))
        elif kind == 4:
            _change_pixels(rng, parts)
        elif parts:
            at = rng.randrange(len(parts))
            parts[at] = (rng.choice(_PNG_CHUNKS), parts[at][1])
    return PNG_HEAD + b"".join(_png_chunk(rng, name, body) for name, body in parts)


def _png_chunk(rng: random.Random, name: bytes, body: bytes) -> bytes:
    size = len(body) if rng.random() < 0.97 else int.from_bytes(_number(rng, ">I"), "big")
    crc = zlib.crc32(name + body) if rng.random() < 0.98 else rng.getrandbits(32)
    return struct.pack(">I", size) + name + body + struct.pack(">I", crc)


def _png_header(rng: random.Random, body: bytes) -> bytes:
    field = rng.randrange(7)
    if field < 2:
        at, word = 4 * field, _number(rng, ">I") if rng.random() < 0.5 else struct.pack(">I", rng.randint(1, 3000))
    else:
        at, word = 6 + field, bytes([rng.choice((0, 1, 2, 3, 4, 6, 8, 16, 255))])
    return body[:at] + word + body[at + len(word) :]


def _change_pixels(rng: random.Random, parts: list[tuple[bytes, bytes]]) -> None:
    """Change what is packed, and pack it again: filters, palette numbers, too many rows or too few."""
    joined = b"".join(body for name, body in parts if name == b"IDAT")
    if not joined or len(joined) > 100_000:
        return
    try:
        raw = zlib.decompressobj().decompress(joined, 500_000)
    except zlib.error:
        return
    for _ in range(rng.randint(1, 4)):
        raw = _poke(rng, raw)
    at = next(index for index, (name, _) in enumerate(parts) if name == b"IDAT")
    parts[at:] = [(b"IDAT", zlib.compress(raw, 1)), *(part for part in parts[at:] if part[0] != b"IDAT")]


def _odd_text(rng: random.Random) -> bytes:
    packed = rng.choice(_PACKED)
    return rng.choice(
        (b"k\0\0" + packed, _exif(rng), rng.randbytes(rng.randrange(60)), b"k\0\1\0\0\0" + packed, packed)
    )


# -- JPEG: markers and segments


def _jpeg_segments(data: bytes) -> list[tuple[bytes, bytes]]:
    """Marker and body; what is packed behind a scan's header belongs to its body."""
    at, parts = 2, []
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at : at + 2]
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + size
        if marker == b"\xff\xda":
            end = _end_of_scan(data, end)
        parts.append((marker, data[at + 4 : end]))
        at = end
    return parts


def _end_of_scan(data: bytes, at: int) -> int:
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
    return len(data)


def _jpeg(rng: random.Random, data: bytes, other: bytes) -> bytes:
    parts = _jpeg_segments(data)
    for _ in range(rng.randint(1, 5)):
        kind = rng.randrange(5)
        if kind == 0:
            _shuffle(rng, parts, _jpeg_segments(other))
        elif kind == 1 and parts:
            at = rng.randrange(len(parts))
            parts[at] = (parts[at][0], _poke(rng, parts[at][1]))
        elif kind == 2:
            frames = [at for at, (marker, _) in enumerate(parts) if 0xC0 <= marker[1] <= 0xCF and marker[1] != 0xC4]
            if frames:
                at = rng.choice(frames)
                marker = parts[at][0] if rng.random() < 0.7 else bytes([0xFF, rng.randrange(0xC0, 0xD0)])
                parts[at] = (marker, _poke(rng, parts[at][1][:20]))
        elif kind == 3:
            body = rng.choice(
                (b"Exif\0\0" + _exif(rng), b"ICC_PROFILE\0\1\1" + rng.randbytes(200), b"Adobe\0d\0\0\0\0\2")
            )
            marker = rng.choice((0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE))
            parts.insert(rng.randint(0, len(parts)), (bytes([0xFF, marker]), body))
        else:
            marker = bytes([0xFF, rng.randrange(0xC0, 0x100)])
            parts.insert(rng.randint(0, len(parts)), (marker, rng.randbytes(rng.randrange(8))))
    return b"\xff\xd8" + b"".join(_jpeg_segment(rng, marker, body) for marker, body in parts) + b"\xff\xd9"


def _jpeg_segment(rng: random.Random, marker: bytes, body: bytes) -> bytes:
    size = len(body) + 2
    if marker == b"\xff\xda" and body:
        size = 2 + 1 + 2 * body[0] + 3
    if rng.random() < 0.03:
        size = int.from_bytes(_number(rng, ">H"), "big")
    return marker + struct.pack(">H", size & 0xFFFF) + body


# -- WebP: RIFF's chunks


def _riff_chunks(data: bytes, at: int = 12) -> list[tuple[bytes, bytes]]:
    parts = []
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        parts.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + (size & 1)
    return parts


def _riff_join(rng: random.Random, parts: list[tuple[bytes, bytes]]) -> bytes:
    joined = bytearray()
    for name, body in parts:
        size = struct.pack("<I", len(body)) if rng.random() < 0.97 else _number(rng, "<I")
        joined += name + size + body + b"\0" * (len(body) & 1)
    return bytes(joined)


def _webp(rng: random.Random, data: bytes, other: bytes) -> bytes:
    parts = _riff_chunks(data)
    for _ in range(rng.randint(1, 4)):
        kind = rng.randrange(5)
        if kind == 0:
            _shuffle(rng, parts, _riff_chunks(other))
        elif kind == 1 and parts:
            at = rng.randrange(len(parts))
            parts[at] = (parts[at][0], _poke(rng, parts[at][1]))
        elif kind == 2:
            flags = bytes([rng.randrange(256), 0, 0, 0])
            sizes = struct.pack("<I", rng.randrange(400))[:3] + struct.pack("<I", rng.randrange(400))[:3]
            parts.insert(0, (b"VP8X", flags + (sizes if rng.random() < 0.7 else rng.randbytes(6))))
        elif kind == 3:
            parts.insert(rng.randint(0, len(parts)), (rng.choice(_RIFF_CHUNKS), _exif(rng)))
        else:
            frames = [at for at, (name, _) in enumerate(parts) if name == b"ANMF"]
            if frames:
                at = rng.choice(frames)
                inner = _riff_chunks(parts[at][1], 16)
                _shuffle(rng, inner, parts)
                parts[at] = (b"ANMF", _poke(rng, parts[at][1][:16])[:16].ljust(16, b"\0") + _riff_join(rng, inner))
    body = _riff_join(rng, parts)
    size = struct.pack("<I", len(body) + 4) if rng.random() < 0.9 else _number(rng, "<I")
    return b"RIFF" + size + b"WEBP" + body


# -- TIFF and EXIF: directories of tags


def _tiff(rng: random.Random, data: bytes, _other: bytes) -> bytes:
    """Change entries of the directory where they stand: tag, type, count, value."""
    found = bytearray(data)
    order = "<" if found[:2] == b"II" else ">"
    if len(found) < 8 or found[2:4] in (b"+\0", b"\0+"):
        return scrambled(rng, data, [data])
    start = struct.unpack_from(order + "I", found, 4)[0]
    if start + 2 > len(found):
        return scrambled(rng, data, [data])
    count = min(struct.unpack_from(order + "H", found, start)[0], (len(found) - start - 2) // 12)
    for _ in range(rng.randint(1, 4)):
        if not count or rng.random() < 0.1:
            found[start : start + 2] = _number(rng, order + "H")
            continue
        at = start + 2 + 12 * rng.randrange(count)
        _change_tag(rng, found, at, order, start)
    return bytes(found)


def _change_tag(rng: random.Random, found: bytearray, at: int, order: str, start: int) -> None:
    kind = rng.randrange(5)
    if kind == 0:
        found[at : at + 2] = struct.pack(order + "H", rng.choice(_TIFF_TAGS + _TIFF_MORE))
    elif kind == 1:
        found[at + 2 : at + 4] = struct.pack(order + "H", rng.randrange(20))
    elif kind == 2:
        found[at + 4 : at + 8] = _number(rng, order + "I")
    elif kind == 3:
        found[at + 8 : at + 12] = _number(rng, order + "I")
    else:
        small = rng.choice((0, 1, 2, 4, 5, 6, 7, 8, 16, 32, 64, 32773, 34712, 50000, start, start + 2, len(found)))
        found[at + 8 : at + 12] = struct.pack(order + ("I" if rng.random() < 0.5 else "H2x"), small & 0xFFFF)


def _exif(rng: random.Random) -> bytes:
    """A block of EXIF that is mostly one: with an orientation, a pointer, a text, and one lie."""
    order = rng.choice("<>")
    entries = [(0x0112, 3, 1, rng.choice((1, 6, 8, 9, 65535)))]
    for _ in range(rng.randrange(6)):
        tag = rng.choice((*_TIFF_MORE, 0x0112, 0x8769, 0x8825, 0xA005, 0x927C, rng.getrandbits(16)))
        entries.append((tag, rng.randrange(14), rng.choice(EXTREMES), rng.choice(EXTREMES)))
    packed = b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(entries))
    block = head + packed + _number(rng, order + "I") + rng.randbytes(rng.randrange(64))
    return _poke(rng, block) if rng.random() < 0.3 else block


# -- GIF, BMP, AVIF: fields and boxes where they stand


def _gif(rng: random.Random, data: bytes, other: bytes) -> bytes:
    found = bytearray(data)
    images = [at for at in range(13, len(found) - 10) if found[at] == 0x2C] or [13]
    for _ in range(rng.randint(1, 4)):
        kind = rng.randrange(6)
        at = rng.choice(images)
        if kind == 0:
            field = 6 + 2 * rng.randrange(2)
            found[field : field + 2] = _number(rng, "<H")
        elif kind == 1:
            sides = struct.pack("<HH", rng.randrange(2000), rng.randrange(2000))
            found[at + 5 : at + 9] = sides if rng.random() < 0.5 else _number(rng, "<I")
        elif kind == 2:
            found[at + 9 : at + 11] = rng.randbytes(2)
        elif kind == 3:
            found[10:11] = rng.randbytes(1)
        elif kind == 4:
            loop = b"\xff\x0bNETSCAPE2.0\3\1\0\0"
            found[at:at] = b"\x21" + rng.choice((b"\xf9\4" + rng.randbytes(4), b"\xfe\3abc", loop)) + b"\0"
        else:
            found[at:] = other[at:]
    return bytes(found)


def _bmp(rng: random.Random, data: bytes, _other: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.choice((10, 14, 18, 22, 26, 28, 30, 34, 46, 50, 54, 58))
        word = _number(rng, "<H" if at in (26, 28) else "<I")
        if at in (28, 30) and rng.random() < 0.7:
            word = bytes([rng.choice((0, 1, 2, 3, 4, 5, 6, 8, 16, 24, 32)), 0])
        found[at : at + len(word)] = word
    return bytes(found)


def _avif(rng: random.Random, data: bytes, _other: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        places = [at for name in _BOXES if (at := found.find(name, 12)) > 0]
        at = rng.choice(places or [16])
        kind = rng.randrange(4)
        if kind == 0:
            found[at - 4 : at] = _number(rng, ">I")
        elif kind == 1:
            found[at : at + 4] = rng.choice(_BOXES)
        else:
            inside = at + 4 + rng.randrange(24)
            word = _number(rng, rng.choice((">B", ">H", ">I")))
            found[inside : inside + len(word)] = word
    return bytes(found)


_STRUCTURED: Final[dict[str, Callable[[random.Random, bytes, bytes], bytes]]] = {
    "PNG": _png,
    "JPEG": _jpeg,
    "WEBP": _webp,
    "TIFF": _tiff,
    "GIF": _gif,
    "BMP": _bmp,
    "AVIF": _avif,
    "HEIF": _avif,  # the same boxes
}
