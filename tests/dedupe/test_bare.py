"""Damage beside the pixels: what browsers show is read, and as the same picture."""

import sys
import zlib
from types import SimpleNamespace

import pytest
from PIL import Image

from synsift.dedupe import CorruptImage, ImageError, TooManyPixels, TruncatedImage, fingerprint
from synsift.dedupe.bare import bare, missing_of_png
from synsift.dedupe.costs import MAX_SCANNED_PIXELS
from synsift.dedupe.decode import decode
from synsift.dedupe.hash_kinds import hashes_of
from synsift.pipelines.pages.thumbnails import thumbnail
from tests.dedupe.pictures import encoded, photograph, scene

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of what it can live with

PICTURE = scene(1, (400, 300))
Chunks = list[tuple[bytes, bytes]]


def chunks_of(data: bytes) -> Chunks:
    at, found = 8, []
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def chunk(kind: bytes, body: bytes, wrong: int = 0) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + (zlib.crc32(kind + body) ^ wrong).to_bytes(4, "big")


def png_with(*more: bytes, at: int = 1, of: Image.Image = PICTURE) -> bytes:
    parts = [chunk(*one) for one in chunks_of(encoded(of, "PNG"))]
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts[:at], *more, *parts[at:]])


def check_same(damaged: bytes, whole: bytes) -> None:
    """All who open a file read it the same way."""
    found = fingerprint(damaged)
    assert found.hashes == fingerprint(whole).hashes
    assert not found.is_cut
    assert hashes_of(damaged, ["phash"]) == hashes_of(whole, ["phash"])
    assert thumbnail(damaged) == thumbnail(whole)


ANCILLARY = {
    "tEXt": b"Comment\0x",
    "zTXt": b"a\0\0" + zlib.compress(b"x" * 100)[:-6],
    "iTXt": b"a\0\1\0\0\0zz",
    "iCCP": b"profile\0\0junk",
    "gAMA": b"\0\0",
    "eXIf": b"junk",
    "pHYs": b"1",
    "cHRM": b"",
    "sRGB": b"",
    "tIME": b"9",
    "acTL": b"\0",
    "fcTL": b"\0",
    "abCd": b"of nobody",
}


@pytest.mark.parametrize("name", ANCILLARY)
@pytest.mark.parametrize("wrong", [0, 1], ids=["damaged", "wrong-checksum"])
@pytest.mark.parametrize("at", [1, 2], ids=["before", "behind"])
def test_a_png_is_read_whatever_its_ancillary_chunks_hold(name: str, wrong: int, at: int) -> None:
    check_same(png_with(chunk(name.encode(), ANCILLARY[name], wrong), at=at), encoded(PICTURE, "PNG"))


@pytest.mark.parametrize(
    "more",
    [
        chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 5_000_000)),
        chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(b"x" * 5_000_000)),
        chunk(b"tEXt", b"a\0" + b"x" * 3_000_000),
        chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 1_000_000)) * 90,
        chunk(b"a\0b\xff", b"a name that is none"),
    ],
    ids=["zTXt", "iTXt", "tEXt", "many", "odd name"],
)
def test_a_png_is_read_however_large_its_texts_are(more: bytes) -> None:
    check_same(png_with(more), encoded(PICTURE, "PNG"))


def test_a_png_keeps_its_transparency_and_its_orientation_beside_damage() -> None:
    clear = Image.new("LA", (300, 200), (0, 0))
    clear.paste((0, 255), (50, 50, 200, 120))
    check_same(png_with(chunk(b"tEXt", b"x", 1), of=clear), encoded(clear, "PNG"))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(PICTURE, "PNG", exif=exif)
    parts = [chunk(*one) for one in chunks_of(turned)]
    damaged = b"\x89PNG\r\n\x1a\n" + b"".join([parts[0], chunk(b"tEXt", b"x", 1), *parts[1:]])
    check_same(damaged, turned)
    assert fingerprint(damaged).width_px == 300


def test_a_png_whose_critical_chunks_are_damaged_is_refused() -> None:
    for kind in (b"IHDR", b"PLTE"):
        parts = [
            chunk(name, body, wrong=name == kind) for name, body in chunks_of(encoded(PICTURE.convert("P"), "PNG"))
        ]
        with pytest.raises(CorruptImage):
            fingerprint(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def png_of_pieces(damage: int | None, picture: Image.Image) -> bytes:
    """A PNG whose data come in pieces of 1 kB, one of which has other bytes than its checksum says."""
    chunks = chunks_of(encoded(picture, "PNG"))
    body = b"".join(body for kind, body in chunks if kind == b"IDAT")
    pieces = [body[at : at + 1024] for at in range(0, len(body), 1024)]
    parts = []
    for number, piece in enumerate(pieces):
        is_damaged = damage is not None and number == damage % len(pieces)
        other = bytes([*piece[:100], piece[100] ^ 0x55, *piece[101:]]) if is_damaged else piece
        parts.append(len(piece).to_bytes(4, "big") + b"IDAT" + other + zlib.crc32(b"IDAT" + piece).to_bytes(4, "big"))
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(*chunks[0]), *parts, chunk(*chunks[-1])])


def test_what_stands_behind_damaged_data_of_a_png_is_not_taken_for_the_picture() -> None:
    picture = photograph(1, (300, 225))
    whole = fingerprint(encoded(picture, "PNG"))
    assert fingerprint(png_of_pieces(None, picture)).hashes == whole.hashes
    nearly = fingerprint(png_of_pieces(-3, picture))
    assert nearly.is_cut
    with pytest.raises(TruncatedImage, match="rows are missing"):
        fingerprint(png_of_pieces(20, picture))
    with pytest.raises(ImageError):
        fingerprint(png_of_pieces(0, picture))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97, 0.999])
@pytest.mark.parametrize("mode", ["RGB", "P", "L", "1", "RGBA"])
def test_the_missing_rows_of_a_png_are_counted(share: float, mode: str) -> None:
    data = encoded(photograph(2, (300, 225)).convert(mode), "PNG")
    assert missing_of_png(bare(data)) == 0
    assert missing_of_png(bare(data[: int(len(data) * share)])) == pytest.approx(1 - share, abs=0.15)
    assert missing_of_png(b"no PNG") == 1


def jpeg_segment(marker: int, body: bytes, size: int | None = None) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2 if size is None else size).to_bytes(2, "big") + body


APPLICATION = (
    *(b"", b"J", b"JFIF", b"JFIF\0", b"JFIF\0\1", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0junk"),
    *(b"ICC_PROFILE\0", b"ICC_PROFILE\0\5\2xx", b"ICC_PROFILE\0\0\0", b"Adobe", b"Adobe\0d", b"Photoshop 3.0\0"),
    *(b"Photoshop 3.0\x008BIM\3\xed\xff", b"MPF\0", b"MPF\0junk", b"MPF\0II*\0\x08\0\0\0\1\0", b"FPXR", b"\xff" * 9),
)


@pytest.mark.parametrize("marker", [*range(0xE0, 0xF0), 0xFE])
def test_a_jpeg_is_read_whatever_stands_in_its_applications_segments(marker: int) -> None:
    whole = encoded(PICTURE, "JPEG")
    expected = fingerprint(whole).hashes
    for body in APPLICATION:
        for at in (2, 20):
            assert fingerprint(whole[:at] + jpeg_segment(marker, body) + whole[at:]).hashes == expected, (body, at)
    for size in (0, 1, 2, 9, 14):
        assert fingerprint(whole[:20] + jpeg_segment(marker, b"junk" * 3, size) + whole[20:]).hashes == expected, size


def test_a_jpeg_with_junk_between_its_segments_is_read_and_costs_are_still_seen() -> None:
    whole = encoded(PICTURE, "JPEG")
    check_same(whole[:20] + jpeg_segment(0xE0, b"JFIF\0") + whole[20:], whole)
    check_same(whole[:2] + jpeg_segment(0xE0, b"JFIF\0") + b"junk" + whole[2:], whole)
    scans = 1 + MAX_SCANNED_PIXELS // (6_000 * 6_000)
    costly = encoded(Image.new("L", (6_000, 6_000)), "JPEG", progressive=True)
    last = costly.rindex(b"\xff\xda")
    costly = costly[:last] + costly[last:-2] * scans + b"\xff\xd9"
    with pytest.raises(ImageError) as refused:
        decode(costly[:2] + jpeg_segment(0xE0, b"JFIF\0") + b"junk" + costly[2:])
    assert refused.value.outcome == "too_costly"


def riff(chunks: Chunks, size: int | None = None) -> bytes:
    body = b"".join(kind + len(part).to_bytes(4, "little") + part + b"\0" * (len(part) & 1) for kind, part in chunks)
    return b"RIFF" + (len(body) + 4 if size is None else size).to_bytes(4, "little") + b"WEBP" + body


def parts_of(data: bytes) -> Chunks:
    at, found = 12, []
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + (size & 1)
    return found


@pytest.mark.parametrize(
    "options", [{}, {"lossless": True}, {"exif": b"Exif\0\0junk"}, {"icc_profile": b"junk"}, {"alpha": True}], ids=str
)
def test_a_webp_with_odd_chunks_is_read(options: dict[str, object]) -> None:
    picture = PICTURE.convert("RGBA") if options.pop("alpha", False) else PICTURE
    whole = encoded(picture, "WEBP", **options)
    parts, expected = parts_of(whole), fingerprint(whole).hashes
    odd = [
        riff([*parts[:at], (name, b"odd"), *parts[at:]])
        for name in (b"XXXX", b"EXIF", b"ICCP", b"XMP ")
        for at in range(len(parts) + 1)
    ]
    odd += [riff(parts, size) for size in (0, 100, 10**6)]
    odd += [whole + b"junk" * 50, whole + b"j", riff([*parts, (b"EXIF", b"x" * 1000)])[:-500]]
    for number, data in enumerate(odd):
        assert fingerprint(data).hashes == expected, number


def test_a_webp_behind_an_odd_chunk_keeps_to_the_limit_of_pixels() -> None:
    parts = parts_of(encoded(PICTURE, "WEBP", exif=b"Exif\0\0junk"))
    with pytest.raises(TooManyPixels):
        decode(riff([(b"XXXX", b"odd"), *parts]), max_pixels=100)


@pytest.mark.parametrize(
    "extension",
    [
        *(b"!\xfe\3abc\0", b"!\xff\x0bNETSCAPE2.0\0", b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0", b"!\x77\1a\0"),
        *(b"!\xf9\4\0\0\0\0\0", b"!\xf9\2\0\0\0", b"!\1\0", b"!\xff\0", b"!\xf9\0"),
    ],
)
def test_a_gif_with_odd_extensions_or_junk_behind_it_is_read(extension: bytes) -> None:
    whole = encoded(PICTURE, "GIF")
    at = 13 + (3 << (whole[10] & 7) + 1)
    check_same(whole[:at] + extension + whole[at:] + b"junk" * 100, whole)


def test_a_gif_keeps_its_transparent_colour_beside_damage() -> None:
    clear = Image.new("P", (300, 200), 0)
    clear.putpalette([255, 0, 0, 0, 0, 0])
    clear.paste(1, (50, 50, 200, 120))
    whole = encoded(clear, "GIF", transparency=0)
    at = 13 + (3 << (whole[10] & 7) + 1)
    check_same(whole[:at] + b"!\xf9\2\0\0\0" + whole[at:], whole)


def test_nothing_is_made_of_other_formats() -> None:
    for kind in ("BMP", "TIFF", "AVIF"):
        data = encoded(PICTURE, kind)
        assert bare(data) == data


def test_of_data_that_never_end_no_more_is_inflated_than_the_picture_has(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = zlib.compressobj()
    parts = [chunk(b"IDAT", endless.compress(bytes(1 << 24)) + endless.flush(zlib.Z_SYNC_FLUSH)) for _ in range(20)]
    came: list[int] = []

    class Counting:
        def __init__(self) -> None:
            self._real = zlib.decompressobj()

        def decompress(self, body: bytes, most: int) -> bytes:
            found = self._real.decompress(body, most)
            came.append(len(found))
            return found

        @property
        def unconsumed_tail(self) -> bytes:
            return self._real.unconsumed_tail

    head = chunk(*chunks_of(encoded(PICTURE, "PNG"))[0])
    monkeypatch.setattr(sys.modules["synsift.dedupe.bare"], "zlib", SimpleNamespace(
        decompressobj=Counting, crc32=zlib.crc32, error=zlib.error
    ))  # fmt: skip
    assert missing_of_png(b"\x89PNG\r\n\x1a\n" + head + b"".join(parts)) == 0
    assert 400 * 300 * 3 <= sum(came) < 1 << 21
