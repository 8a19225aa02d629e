"""Pictures that lack their last bytes."""

import io

import pytest
from PIL import Image

from synsift.dedupe.cut import ended_jpeg, keep_what_came, missing_rows
from tests.dedupe.pictures import encoded, scene


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97, 0.999])
def test_the_missing_rows_of_a_jpeg_are_counted(share: float) -> None:
    data = encoded(scene(1, (400, 300)), "JPEG", quality=90)
    image = Image.open(io.BytesIO(ended_jpeg(data[: int(len(data) * share)])))
    image.load()
    assert missing_rows(image).mean() == pytest.approx(1 - share, abs=0.15)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97, 0.999])
@pytest.mark.parametrize("interlace", [0, 1])
def test_the_missing_rows_of_a_gif_are_counted(share: float, interlace: int) -> None:
    data = encoded(scene(1, (400, 300)), "GIF", interlace=interlace)
    image = Image.open(io.BytesIO(data[: int(len(data) * share)]))
    with pytest.raises(OSError, match="truncated"):
        image.load()
    keep_what_came(image)
    assert missing_rows(image).mean() == pytest.approx(1 - share, abs=0.15)


def test_a_whole_picture_misses_nothing() -> None:
    for form in ("JPEG", "GIF"):
        image = Image.open(io.BytesIO(encoded(scene(1, (400, 300)), form)))
        image.load()
        assert missing_rows(image).mean() < 0.01
