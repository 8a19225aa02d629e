import io
import re
import struct
import sys
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from synsift.dedupe import (
    CorruptImage,
    Fingerprint,
    ImageError,
    TooManyPixels,
    TruncatedImage,
    UnsupportedFormat,
    better,
    codecs,
    compare,
    fingerprint,
)
from synsift.dedupe.decode import EXIF_ORIENTATION, decode, translated
from tests.dedupe.pictures import encoded, scene


def luma(data: bytes) -> NDArray[np.float32]:
    picture = decode(data).picture
    channel = picture if picture.mode == "L" else picture.getchannel(0)
    return np.asarray(channel.resize((32, 32), Image.Resampling.BOX), dtype=np.float32)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("TIFF", {}),
        ("AVIF", {"quality": 95}),
    ],
)
def test_every_format_shows_the_same_picture(kind: str, options: dict[str, object]) -> None:
    image = scene(1)
    reference = luma(encoded(image, "PNG"))
    data = encoded(image, kind, **options)
    decoded = decode(data)
    assert decoded.format == kind
    assert (decoded.width_px, decoded.height_px) == image.size
    assert np.abs(luma(data) - reference).mean() < 3


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA", "RGBA", "I;16"])
def test_every_mode_shows_the_same_picture(mode: str) -> None:
    grey = scene(2).convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        image = grey.convert("RGB").convert(mode) if mode in ("CMYK", "RGBA") else grey.convert(mode)
    kind = "TIFF" if mode in ("CMYK", "I;16") else "PNG"
    decoded = luma(encoded(image, kind))
    assert np.abs(decoded - luma(encoded(grey, "PNG"))).mean() < 3


def test_a_gif_whose_first_picture_has_the_grey_palette_that_its_screen_lacks_is_seen_as_it_is() -> None:
    data = encoded(scene(1, size=(200, 150)), "GIF")
    colours = data[10] & 7
    head, frame = 13 + 3 * (2 << colours), data.index(b"\x2c", 13 + 3 * (2 << colours))
    grey = bytes(level for level in range(2 << colours) for _ in range(3))
    own = data[frame : frame + 9] + bytes([data[frame + 9] | 0x80 | colours]) + grey + data[frame + 10 :]
    seen = luma(data[:head] + data[head:frame] + own)
    assert np.abs(seen - luma(data[:13] + grey + data[head:])).mean() < 1
    assert fingerprint(data[:frame] + own).format == "GIF"


def test_transparency_lies_over_white() -> None:
    clear = Image.new("RGBA", (100, 80), (0, 0, 0, 0))
    assert luma(encoded(clear, "PNG")).min() == 255


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_colours_are_kept(kind: str) -> None:
    found = decode(encoded(Image.new("RGB", (300, 200), (200, 40, 90)), kind)).picture.resize((1, 1)).convert("RGB")
    assert np.abs(np.array(found.getpixel((0, 0))) - (200, 40, 90)).max() <= 6


def test_a_large_picture_is_reduced_whatever_its_shape() -> None:
    for size in ((3000, 2000), (9000, 40), (40, 9000)):
        for kind in ("JPEG", "PNG"):
            decoded = decode(encoded(scene(1).resize(size), kind))
            assert (decoded.width_px, decoded.height_px) == size
            assert decoded.picture.width * decoded.picture.height < 512 * 512
            assert all(px >= min(128, side) for px, side in zip(decoded.picture.size, size, strict=True))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "I;16", "L"])
def test_a_picture_is_the_same_in_strips(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = scene(1).resize((1100, 900))
    image = picture.convert("L").convert("I;16") if mode == "I;16" else picture.convert(mode)
    data = encoded(image, "PNG")
    whole = decode(data).picture
    monkeypatch.setattr(sys.modules["synsift.dedupe.decode"], "_STRIP_PIXELS", 20_000)
    strips = decode(data).picture
    assert (strips.mode, strips.size) == (whole.mode, whole.size)
    assert np.array_equal(np.asarray(strips), np.asarray(whole))


@pytest.mark.parametrize(("top", "value"), [(1.0, 0.5), (255.0, 128.0)])
def test_floating_point_pictures_go_to_one_or_to_255(top: float, value: float) -> None:
    image = Image.fromarray(np.full((40, 40), value, dtype=np.float32))
    image.putpixel((0, 0), top)
    assert abs(np.median(luma(encoded(image, "TIFF"))) - 128) <= 1


@pytest.mark.parametrize("quality", [10, 30, 50, 75, 90, 98])
def test_the_quality_of_jpeg_is_read_off_its_tables(quality: int) -> None:
    assert abs(decode(encoded(scene(1), "JPEG", quality=quality)).quality - quality) <= 1


def test_a_camera_file_with_a_preview_is_jpeg() -> None:
    data = encoded(scene(1), "MPO", save_all=True, append_images=[scene(2)])
    assert decode(data).format == "JPEG"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_once_whoever_turns_it(kind: str, orientation: int) -> None:
    upright = scene(5, (320, 200))
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = next(
        turned
        for way in (None, *Image.Transpose)
        if (turned := upright if way is None else upright.transpose(way))
        and ImageOps.exif_transpose(reopened(turned, exif)).tobytes() == upright.tobytes()
    )
    decoded = decode(encoded(lying, kind, exif=exif.tobytes()))
    assert (decoded.width_px, decoded.height_px) == (320, 200)
    wanted = decode(encoded(upright, kind)).picture.convert("L")
    shown = decoded.picture.convert("L").resize(wanted.size)
    assert np.abs(np.asarray(shown, dtype=float) - np.asarray(wanted, dtype=float)).mean() < 4


def reopened(image: Image.Image, exif: Image.Exif) -> Image.Image:
    return Image.open(io.BytesIO(encoded(image, "PNG", exif=exif.tobytes())))


def test_exif_orientation_is_applied() -> None:
    image = scene(3)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = decode(encoded(image, "JPEG", exif=exif, quality=95))
    upright = decode(encoded(image.transpose(Image.Transpose.ROTATE_270), "JPEG", quality=95))
    assert (turned.width_px, turned.height_px) == (image.height, image.width)
    assert np.abs(np.asarray(turned.picture, dtype=int) - np.asarray(upright.picture)).mean() < 3


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_place_is_where_it_was_whatever_a_side_is_divided_by(kind: str, orientation: int) -> None:
    """The last pixel of a reduced picture may stand for less of the original than the others do."""
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    for width, height in ((1101, 803), (519, 1543), (1025, 514)):
        image = Image.new("L", (width, height), "black")
        image.paste("white", (int(0.8 * width), int(0.7 * height), width, height))
        found = decode(encoded(image.convert("RGB"), kind, exif=exif, quality=95))
        luma = np.asarray(found.picture.getchannel(0).resize((256, 256), box=found.extent)) / 255.0
        shares = sorted((1 - width_share) for width_share in (luma.max(axis=0).mean(), luma.max(axis=1).mean()))
        wanted = sorted((int(0.8 * width) / width, int(0.7 * height) / height))
        assert shares == pytest.approx(wanted, abs=0.3 / 256)


def test_the_first_frame_of_an_animation_counts() -> None:
    first = scene(4)
    data = encoded(first, "GIF", save_all=True, append_images=[scene(5)])
    still = encoded(first, "GIF")
    assert np.abs(luma(data) - luma(still)).mean() < 3


@pytest.mark.parametrize("data", [b"", b"hello", b"<!DOCTYPE html><html></html>", b"%PDF-1.7"])
def test_what_is_no_image_is_named_so(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat):
        decode(data)


@pytest.mark.parametrize("head", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0"])
def test_what_only_begins_as_a_picture_is_a_damaged_one(head: bytes) -> None:
    with pytest.raises(CorruptImage):
        decode(head + b"and goes on as nothing of the kind")


def test_a_format_outside_the_list_is_refused() -> None:
    with pytest.raises(UnsupportedFormat):
        decode(encoded(scene(1), "PPM"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_truncated_data_is_an_error_and_not_half_a_picture(kind: str) -> None:
    data = encoded(scene(1), kind)
    with pytest.raises((TruncatedImage, CorruptImage, UnsupportedFormat)):
        decode(data[: len(data) // 2])


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(20_000, 20_000), (2_000_000, 1), (65_535, 65_535)])
def test_too_many_pixels_are_refused_by_the_header(size: tuple[int, int]) -> None:
    with pytest.raises(TooManyPixels):
        decode(png_header(*size), max_pixels=1_000_000)


def test_the_limit_itself_is_allowed() -> None:
    image = scene(1)
    assert decode(encoded(image, "PNG"), max_pixels=image.width * image.height).format == "PNG"


@pytest.mark.parametrize("error", [AssertionError("no palette"), RecursionError(), ZeroDivisionError(), OSError("?")])
def test_whatever_a_decoder_raises_is_a_named_error(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(CorruptImage):
        decode(encoded(Image.new("L", (9, 9)), "BMP"))


_SEEDS = [encoded(scene(7, size=(64, 48)), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")]


# Pillow warns of oddities that it can live with; hostile bytes are full of them.
@pytest.mark.filterwarnings("ignore:.*:UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(_SEEDS),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=0, max_size=8)), min_size=1, max_size=6),
    length=st.floats(0.1, 1),
)
def test_mutated_bytes_end_as_a_picture_or_a_named_error(
    seed: bytes, cuts: list[tuple[float, bytes]], length: float
) -> None:
    data = bytearray(seed[: int(len(seed) * length)])
    for place, replacement in cuts:
        at = int(place * len(data))
        data[at : at + len(replacement)] = replacement
    try:
        assert decode(bytes(data), max_pixels=10_000_000).picture.mode in ("L", "YCbCr")
    except ImageError as error:
        assert error.outcome in {"not_an_image", "too_many_pixels", "truncated_image", "corrupt_image"}


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "PNG"])
def test_a_picture_that_lacks_its_last_bytes_is_decoded_and_marked(kind: str) -> None:
    whole = encoded(scene(1, (400, 300)), kind)
    found = decode(whole[: int(len(whole) * 0.98)])
    assert (found.is_cut, found.format, found.width_px, found.height_px) == (True, kind, 400, 300)
    assert not decode(whole).is_cut
    cut, original = fingerprint(whole[: int(len(whole) * 0.98)]), fingerprint(whole)
    assert cut.is_cut
    assert Fingerprint.from_record(cut.to_record()) == cut
    assert compare(cut, original).are_copies
    assert better(original, cut)
    assert not better(cut, original)


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "PNG"])
@pytest.mark.parametrize("share", [0.2, 0.7, 0.9])
def test_a_picture_that_lacks_much_is_refused(kind: str, share: float) -> None:
    whole = encoded(scene(1, (400, 300)), kind)
    with pytest.raises(TruncatedImage):
        decode(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "BMP"])
def test_other_formats_are_whole_or_refused(kind: str) -> None:
    whole = encoded(scene(1, (400, 300)), kind)
    with pytest.raises(ImageError):
        decode(whole[: int(len(whole) * 0.98)])


@pytest.mark.parametrize("kind", ["HEIF", "JXL", "AVIF"])
def test_a_phones_formats_are_copies_of_the_same_picture(kind: str) -> None:
    picture = scene(1, (400, 300))
    found = fingerprint(encoded(picture, kind, quality=80))
    assert (found.format, found.width_px, found.height_px) == (kind, 400, 300)
    assert compare(found, fingerprint(encoded(picture, "JPEG"))).are_copies


@pytest.mark.parametrize("kind", ["HEIF", "JXL", "AVIF"])
def test_a_phones_picture_is_upright(kind: str) -> None:
    upright = scene(1, (400, 300))
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    data = encoded(upright.transpose(Image.Transpose.ROTATE_90), kind, exif=exif.tobytes())
    found = decode(data)
    assert (found.width_px, found.height_px) == (400, 300)
    comparison = compare(data, encoded(upright, "PNG"))
    assert (comparison.are_copies, comparison.transform) == (True, "identity")


def test_too_many_pixels_of_a_jpeg_xl_are_refused_before_it_is_decoded() -> None:
    with pytest.raises(TooManyPixels):
        decode(encoded(scene(1, (400, 300)), "JXL"), max_pixels=100_000)


def test_a_format_whose_library_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(scene(1), "HEIF")
    monkeypatch.setattr(codecs, "can_read", lambda _name: False)
    with pytest.raises(UnsupportedFormat, match=r"a HEIC picture.*synsift\[formats\]"):
        decode(data)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("decoder error -2"), "its pixels can't be decoded: they are damaged, or packed in a way that"),
        (ValueError("Unable to seek to frame"), "its data make no sense to the decoder: Unable to seek to frame"),
        (AssertionError(), "its data make no sense to the decoder: AssertionError"),
    ],
)
def test_what_decoders_say_is_put_into_words(error: Exception, said: str) -> None:
    with pytest.raises(CorruptImage, match=re.escape(said)), translated("TIFF"):
        raise error
