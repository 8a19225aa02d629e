import io

import pytest

from synsift.dedupe.costs import coefficient_bytes, refuse_costly, webp_pixels
from synsift.dedupe.errors import TooCostly
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.decoding.test_pool import costly_jpeg


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_pictures_are_not_costly(kind: str) -> None:
    refuse_costly(encoded(scene(5), kind))


def test_a_progressive_jpeg_with_profile_and_metadata_is_not_costly() -> None:
    file = io.BytesIO()
    scene(5).resize((3_000, 2_000)).save(
        file, "JPEG", progressive=True, quality=95, icc_profile=bytes(900_000), exif=b"Exif\0\0" + bytes(60_000)
    )
    refuse_costly(file.getvalue())


@pytest.mark.parametrize("options", [{"quality": 80}, {"lossless": True}, {"exif": b"Exif\0\0" + bytes(40)}])
def test_the_canvas_of_a_webp_is_read_off_its_header(options: dict[str, object]) -> None:
    assert webp_pixels(encoded(scene(5), "WEBP", **options)) == 320 * 240
    assert webp_pixels(encoded(scene(5), "JPEG")) == 0


@pytest.mark.parametrize(
    ("mode", "options", "bytes_a_pixel"),
    [
        ("RGB", {"progressive": True, "subsampling": 0}, 6),
        ("RGB", {"progressive": True, "subsampling": 2}, 3),
        ("L", {"progressive": True}, 2),
        ("CMYK", {"progressive": True, "exif": b"Exif\0\0" + bytes(400)}, 8),
        ("RGB", {}, 0),
    ],
)
def test_what_a_progressive_jpeg_takes_is_read_off_its_header(
    mode: str, options: dict[str, object], bytes_a_pixel: int
) -> None:
    assert coefficient_bytes(encoded(scene(5).convert(mode), "JPEG", **options)) == bytes_a_pixel * 320 * 240
    assert coefficient_bytes(encoded(scene(5), "PNG")) == 0


def test_markers_within_a_segment_are_no_scans() -> None:
    scans = b"\xff\xda\x00\x02" * 3_000
    file = io.BytesIO()
    scene(5).save(file, "JPEG", progressive=True, exif=b"Exif\0\0" + scans)
    refuse_costly(file.getvalue())


def test_scans_without_end_are_costly() -> None:
    with pytest.raises(TooCostly, match="scans"):
        refuse_costly(costly_jpeg(201, side=8))
    with pytest.raises(TooCostly, match="scans"):
        refuse_costly(costly_jpeg(50))


def test_any_bytes_are_looked_at_without_an_error() -> None:
    whole = [encoded(scene(5), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")]
    for data in whole:
        for cut in range(400):
            refuse_costly(data[:cut])
            coefficient_bytes(data[:cut])
            refuse_costly(data[:cut] + b"\xff" * 50 + data[cut:])
