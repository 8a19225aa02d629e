"""Files without what stands beside their pixels: for pictures whose metadata are damaged.

Browsers leave a text with a wrong checksum aside, a profile that is none, a segment that ends in its midst; Pillow
refuses the whole file. What the pixels need is kept, and what turns the picture upright:

    PNG    IHDR, PLTE, tRNS, eXIf, and the image data up to the first that is damaged
    JPEG   tables, frames, scans; JFIF and Adobe's mark, which say what the components are; Exif
    WebP   the picture, its transparency and its frames; Exif
    GIF    all but extensions before the first picture; of those, what says which colour is transparent

Nothing here reads pixels, and nothing is invented: a critical part that is damaged stays so.
"""

import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT")
_WEBP_KEPT: Final = (b"ALPH", b"VP8 ", b"VP8L", b"ANIM", b"ANMF", b"EXIF")
_VP8X_BYTES: Final = 10
# Of its flags: a profile and XMP, which aren't kept.
_VP8X_DROPPED: Final = 0x24
_VP8X_EXIF: Final = 0x08
_BARE_MARKERS: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_EOI: Final = 0xD9
_SOS: Final = 0xDA
_COMMENT: Final = 0xFE
_NAMED: Final = {0xE0: (b"JFIF\0", 14), 0xE1: (b"Exif\0\0", 8), 0xEE: (b"Adobe", 12)}
"""Of the application's segments those that are kept: how they begin, and how long they are at least."""


class _Chunk(NamedTuple):
    """A chunk of a PNG; of one that breaks off, what there is. ``is_right`` says whether its checksum is."""

    kind: bytes
    body: bytes
    is_right: bool = True

    def to_bytes(self) -> bytes:
        checksum = zlib.crc32(self.body, zlib.crc32(self.kind))
        return len(self.body).to_bytes(4, "big") + self.kind + self.body + checksum.to_bytes(4, "big")


def bare(data: bytes) -> bytes:
    """A file with nothing but what its pixels need; as it is if it is of another format, or too damaged for that."""
    if data.startswith(_PNG):
        return _bare_png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _bare_jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _bare_webp(data)
    return _bare_gif(data) if data.startswith(b"GIF8") else data


def missing_of_png(data: bytes) -> float:
    """The share of a PNG's pixels that its data don't reach, 0…1; 1 of what is no PNG.

    Args:
        data: As ``bare`` gives it.
    """
    chunks = list(_chunks_of_png(data))
    if not chunks or chunks[0].kind != b"IHDR" or len(chunks[0].body) < 13:
        return 1.0
    wanted, came = _size_of_pixels(chunks[0].body), 0
    inflate = zlib.decompressobj()
    for chunk in chunks:
        if chunk.kind == b"IDAT" and came < wanted:
            came += _inflated(inflate, chunk.body, wanted - came)
    return max(0.0, 1 - came / max(1, wanted))


def _inflated(inflate: "zlib._Decompress", body: bytes, most: int) -> int:
    """How many bytes come of some; a megabyte at a time, which isn't kept, and no more than are wanted."""
    came = 0
    try:
        while body and came < most:
            found = len(inflate.decompress(body, 1 << 20))
            came += found
            body = inflate.unconsumed_tail
            if not found and not body:
                break
    except zlib.error:
        return came
    return came


def _size_of_pixels(header: bytes) -> int:
    """Bytes of all rows, with the one before each that names its filter (PNG 1.2, sections 2.3 and 2.6)."""
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, colour, interlaced = header[8], header[9], header[12]
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 4)
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    size = 0
    for left, top, across, down in passes if interlaced else ((0, 0, 1, 1),):
        columns, rows = (width - left + across - 1) // across, (height - top + down - 1) // down
        size += rows * (1 + (columns * bits + 7) // 8) if columns > 0 and rows > 0 else 0
    return size


def _chunks_of_png(data: bytes) -> Iterator[_Chunk]:
    at = len(_PNG)
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + size]
        checksum = data[at + 8 + size : at + 12 + size]
        is_right = len(checksum) < 4 or int.from_bytes(checksum, "big") == zlib.crc32(body, zlib.crc32(kind))
        yield _Chunk(kind, body, is_right)
        at += 12 + size


def _bare_png(data: bytes) -> bytes:
    kept = []
    for chunk in _chunks_of_png(data):
        if not chunk.is_right and chunk.kind in (b"IHDR", b"PLTE"):
            return data
        if not chunk.is_right and chunk.kind == b"IDAT":
            break
        if chunk.is_right and chunk.kind in _PNG_KEPT:
            kept.append(chunk)
    return _PNG + b"".join(chunk.to_bytes() for chunk in [*kept, _Chunk(b"IEND", b"")])


def _bare_jpeg(data: bytes) -> bytes:
    kept, at = [data[:2]], 2
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            return data
        marker = data[at + 1]
        if marker in (0x00, 0xFF) or marker in _BARE_MARKERS:
            at += 1
            continue
        if marker == _SOS:
            return b"".join([*kept, data[at:]])
        if marker == _EOI:
            return data
        end = at + 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
        if _needs_segment(marker, data[at + 4 : end]):
            kept.append(data[at:end])
        at = end


def _needs_segment(marker: int, body: bytes) -> bool:
    if marker in _NAMED:
        begin, least = _NAMED[marker]
        return body.startswith(begin) and len(body) >= least
    return not 0xE0 <= marker <= 0xEF and marker != _COMMENT


def _bare_webp(data: bytes) -> bytes:
    kept, extended, at = [], b"", 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body, at = data[at + 8 : at + 8 + size], at + 8 + size + (size & 1)
        if len(body) < size:
            break
        if kind == b"VP8X" and size >= _VP8X_BYTES and not extended:
            extended = body[:_VP8X_BYTES]
        elif kind in _WEBP_KEPT:
            kept.append((kind, body))
    if extended:
        flags = extended[0] & ~_VP8X_DROPPED
        if not any(kind == b"EXIF" for kind, _ in kept):
            flags &= ~_VP8X_EXIF
        kept.insert(0, (b"VP8X", bytes([flags]) + extended[1:]))
    else:
        kept = [chunk for chunk in kept if chunk[0] != b"EXIF"]  # the simple form has no place for it
    chunks = b"".join(kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) & 1) for kind, body in kept)
    return b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks


def _bare_gif(data: bytes) -> bytes:
    flags = data[10] if len(data) > 10 else 0
    begin = at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    control = b""
    while data[at : at + 1] == b"!":
        extension, at = at, at + 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
        if data[extension + 1 : extension + 3] == b"\xf9\x04" and at == extension + 8:
            control = data[extension:at]
    return data[:begin] + control + data[at:]
