"""What decoding an image would cost, read off its headers: a picture that costs far more than it shows is refused.

Decoders believe what a file says. A progressive JPEG may ask for its every coefficient to be looked at thousands of
times; a file may be nothing but segments that a decoder strings together one by one; thirty bytes may promise a hundred
megapixels. None of it needs a pixel to be recognised, and none of it is found in photographs.
"""

import struct
from typing import Final

from synsift.dedupe.errors import TooCostly

MAX_SEGMENTS: Final = 4_096
"""Segments of a JPEG, or chunks of a RIFF file. A large colour profile and extended XMP make some 300."""
MAX_CHUNKS: Final = 50_000
"""Chunks of a PNG: its data comes in chunks, of 8 kB in most files, of a few hundred bytes in odd ones."""
MAX_SCANNED_PIXELS: Final = 4_000_000_000
"""Scans × pixels of a progressive JPEG: a scan looks at each coefficient. Encoders write about ten scans."""
MAX_SCANS: Final = 200
MAX_GIF_EXTENSIONS: Final = 4_000_000
"""Bytes of comments and the like before a GIF's first picture, which Pillow puts together 255 at a time."""

_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_BARE: Final = frozenset({0x01, *range(0xD0, 0xDA)})
_SOS: Final = 0xDA
_EOI: Final = 0xD9


def refuse_costly(data: bytes) -> None:
    """Look at the headers of a file.

    Args:
        data: The whole file, untrusted.

    Raises:
        TooCostly: Decoding would cost far more than any photograph of its size does.
    """
    if data.startswith(b"\xff\xd8"):
        _check_jpeg(data)
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        _check_chunks(data, 8, big_endian=True, overhead=12, most=MAX_CHUNKS)
    elif data[:4] == b"RIFF":
        _check_chunks(data, 12, big_endian=False, overhead=8, most=MAX_SEGMENTS)
    elif data.startswith(b"GIF8"):
        _check_gif(data)


def coefficient_bytes(data: bytes) -> int:
    """What a decoder keeps of a progressive JPEG until its last scan: two bytes for each coefficient; 0 for others.

    libjpeg calls a file broken where it lacks the memory for them.
    """
    at = 2
    while data.startswith(b"\xff\xd8") and at + 10 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _PROGRESSIVE:
            height, width, components = struct.unpack_from(">HHB", data, at + 5)
            sampling = [data[place] for place in range(at + 11, at + 10 + 3 * components, 3) if place < len(data)]
            shares = [(byte >> 4) * (byte & 15) for byte in sampling] or [1]
            return int(2 * width * height * sum(shares) // max(1, *shares))
        if marker in _FRAMES or marker == _SOS:
            return 0
        at += 1 if marker == 0xFF else 2 if marker in _BARE else 2 + max(2, length)
    return 0


def webp_pixels(data: bytes) -> int:
    """Width × height of a WebP's canvas, by its header (RFC 9649, section 2); 0 for anything else.

    Pillow's reader makes the whole canvas before it says how large it is.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return 0
    kind = data[12:16]
    if kind == b"VP8X":
        return (int.from_bytes(data[24:27], "little") + 1) * (int.from_bytes(data[27:30], "little") + 1)
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        return (int.from_bytes(data[26:28], "little") & 0x3FFF) * (int.from_bytes(data[28:30], "little") & 0x3FFF)
    return 0


def _check_jpeg(data: bytes) -> None:
    at, segments, scans, pixels = 2, 0, 0, 0
    progressive = False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return  # not where a marker should be: the decoder says what it thinks of that
        marker = data[at + 1]
        if marker == 0xFF or marker in _BARE:
            if marker == _EOI:
                return
            at += 1 if marker == 0xFF else 2
            continue
        segments += 1
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _FRAMES and at + 9 <= len(data):
            height, width = struct.unpack_from(">HH", data, at + 5)
            pixels, progressive = max(pixels, height * width), progressive or marker in _PROGRESSIVE
        at += 2 + max(2, length)
        if marker == _SOS:
            if not progressive:
                return  # each further scan costs what its bytes cost
            scans += 1
            at = _behind_scan(data, at)
        _check_limits(segments - scans, scans if progressive else 0, pixels)


def _behind_scan(data: bytes, at: int) -> int:
    """Where the marker behind entropy-coded data is: there FF is followed by 00 or is a restart marker."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        following = data[at + 1]
        if following == 0xFF:
            at += 1
        elif following == 0 or 0xD0 <= following <= 0xD7:
            at += 2
        else:
            return at
    return len(data)


def _check_limits(segments: int, scans: int, pixels: int) -> None:
    if segments > MAX_SEGMENTS:
        raise TooCostly(f"more than {MAX_SEGMENTS} segments")
    if scans > MAX_SCANS or scans * pixels > MAX_SCANNED_PIXELS:
        raise TooCostly(f"{scans} or more scans of {pixels} pixels")


def _check_chunks(data: bytes, at: int, *, big_endian: bool, overhead: int, most: int) -> None:
    chunks = 0
    sizes = struct.Struct(">I" if big_endian else "<4xI")
    while at + 8 <= len(data):
        size = sizes.unpack_from(data, at)[0]
        at += overhead + size + (0 if big_endian else size & 1)
        chunks += 1
        if chunks > most:
            raise TooCostly(f"more than {most} chunks")


def _check_gif(data: bytes) -> None:
    flags = data[10] if len(data) > 10 else 0
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    began = at
    while at + 2 <= len(data) and data[at] == 0x21:
        at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
            if at - began > MAX_GIF_EXTENSIONS:
                raise TooCostly(f"more than {MAX_GIF_EXTENSIONS} bytes of comments before the picture")
        at += 1
