"""Thumbnails for people: shape, colours, transparency, and any bytes at all."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from synsift.dedupe.decode import readable_formats
from synsift.pipelines.pages.thumbnails import SIDE_PX, Thumbnail, thumbnail
from tests.dedupe.pictures import encoded, scene


def opened(made: Thumbnail | None) -> Image.Image:
    assert made is not None
    image = Image.open(io.BytesIO(made.data))
    assert (image.width, image.height) == (made.width_px, made.height_px)
    assert image.format == "WEBP"
    return image.convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, dtype=float) - np.asarray(other.resize(one.size), dtype=float)).mean())


@pytest.mark.parametrize("kind", readable_formats())
@pytest.mark.parametrize("size", [(640, 480), (480, 640), (900, 90), (90, 60)])
def test_every_format_keeps_its_shape_and_colours(kind: str, size: tuple[int, int]) -> None:
    original = scene(1, size)
    made = opened(thumbnail(encoded(original, kind)))
    assert max(made.size) == min(SIDE_PX, max(size))
    assert made.width / made.height == pytest.approx(size[0] / size[1], rel=0.06)
    assert difference(made, original) < 18  # a GIF has 256 colours


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_that_lies_on_its_side_is_shown_upright(kind: str) -> None:
    upright = scene(2, (320, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    assert difference(opened(thumbnail(encoded(lying, kind, exif=exif.tobytes()))), upright) < 18


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P"])
def test_what_is_drawn_on_nothing_can_be_seen(mode: str) -> None:
    for ink in (0, 255):
        drawn = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
        drawn.paste((ink, ink, ink, 255), (50, 25, 150, 75))
        kind = drawn if mode == "RGBA" else drawn.convert("LA") if mode == "LA" else drawn.quantize(4)
        pixels = np.asarray(opened(thumbnail(encoded(kind, "PNG"))).convert("L"), dtype=int)
        assert abs(pixels[50, 100] - ink) < 12
        assert abs(pixels[12, 20] - ink) > 150


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "I", "F", "LAB", "YCbCr"])
def test_every_mode_of_pixels_is_shown(mode: str) -> None:
    picture = scene(3).convert("L")
    if mode in ("I;16", "I", "F"):
        values = np.asarray(picture)
        grown = {
            "I;16": values.astype(np.uint16) * 200,
            "I": values.astype(np.int32) * 200,
            "F": values / np.float32(255),
        }
        shown = opened(thumbnail(encoded(Image.fromarray(grown[mode]), "TIFF")))
    else:
        original = scene(3) if mode != "1" else picture
        kind = "TIFF" if mode in ("LAB", "CMYK", "YCbCr") else "PNG"
        source = Image.new("LAB", (320, 240), (128, 128, 128)) if mode == "LAB" else original.convert(mode)
        shown = opened(thumbnail(encoded(source, kind)))
    assert shown.size == (SIDE_PX, SIDE_PX * 3 // 4)
    if mode in ("I;16", "I", "F", "L"):
        pixels = np.asarray(shown.convert("L"), dtype=float).ravel()
        wanted = np.asarray(picture.resize(shown.size), dtype=float).ravel()
        assert np.corrcoef(pixels, wanted)[0, 1] > 0.98


def test_a_header_of_a_huge_picture_is_refused_before_it_is_decoded() -> None:
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert thumbnail(data) is None
    assert thumbnail(encoded(scene(1), "PNG"), max_pixels=320 * 240 - 1) is None


def test_a_thumbnail_is_small_and_has_nothing_of_the_files_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    made = thumbnail(encoded(scene(1, (3000, 2000)), "JPEG", exif=exif.tobytes()))
    assert made is not None
    assert b"where I live" not in made.data
    assert len(made.data) < 12_000


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(readable_formats()), st.integers(0, 10_000), st.binary(max_size=40), st.booleans())
def test_no_bytes_make_it_raise(kind: str, at: int, noise: bytes, cut: bool) -> None:
    data = bytearray(encoded(scene(4, (64, 48)), kind))
    at %= len(data)
    data[at : at + len(noise)] = noise
    made = thumbnail(bytes(data[:at] if cut else data))
    assert made is None or max(made.width_px, made.height_px) <= SIDE_PX


@given(st.binary(max_size=200))
def test_bytes_of_nothing_have_none(data: bytes) -> None:
    assert thumbnail(data) is None


@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
def test_a_picture_that_lacks_its_last_bytes_is_shown(kind: str) -> None:
    whole = encoded(scene(1, (400, 300)), kind)
    assert difference(opened(thumbnail(whole[: int(len(whole) * 0.98)])), opened(thumbnail(whole))) < 8
    assert thumbnail(whole[: len(whole) // 2]) is None
