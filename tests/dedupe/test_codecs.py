"""How files begin, and formats whose library may be missing."""

import io
import random

import pytest
from PIL import Image

from synsift.dedupe.codecs import can_read, jxl_pixels, kind_of
from tests.dedupe.pictures import encoded, scene


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF"])
def test_a_format_is_told_by_its_first_bytes(form: str) -> None:
    assert kind_of(encoded(scene(1), form)[:64]) == form


@pytest.mark.parametrize(
    ("brands", "kind"),
    [
        (b"avif\0\0\0\0mif1miaf", "AVIF"),
        (b"mif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"heic\0\0\0\0mif1heic", "HEIF"),
        (b"mif1\0\0\0\0heic", "HEIF"),
        (b"msf1\0\0\0\0hevc", "HEIF"),
        (b"mif1\0\0\0\0miaf", "AVIF"),
        (b"isom\0\0\0\0isomiso2mp41", ""),
        (b"qt  \0\0\0\0", ""),
    ],
)
def test_a_box_of_brands_is_read_whole(brands: bytes, kind: str) -> None:
    box = (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands
    assert kind_of(box + b"\0\0\1\xa1meta") == kind
    assert kind_of(box + b"avif") == kind  # behind the box nothing is a brand


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (256, 256), (300, 200), (640, 480), (1_000, 4_001), (513, 270_000)])
def test_the_size_of_a_jpeg_xl_is_in_its_header(size: tuple[int, int]) -> None:
    if not can_read("JXL"):
        pytest.skip("pillow-jxl-plugin isn't installed")
    if size[0] * size[1] > 10_000_000:
        size = (513, 2_000)
    file = io.BytesIO()
    Image.new("L", size).save(file, "JXL")
    assert jxl_pixels(file.getvalue()) == size[0] * size[1]


def test_any_bytes_have_a_kind_and_a_size() -> None:
    rng = random.Random(4)  # noqa: S311 - to be repeated
    heads = [b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\x0a", b"\0\0\0\x20ftypheic", b"RIFF", b""]
    for _ in range(5_000):
        data = rng.choice(heads) + rng.randbytes(rng.randrange(80))
        assert isinstance(kind_of(data), str)
        assert jxl_pixels(data) >= 0
