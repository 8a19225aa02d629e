"""What one drawing shows where another one has nothing but its margin."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from synsift.dedupe import Fingerprint, Likeness, compare, fingerprint
from synsift.dedupe.evidence import picture_of
from synsift.dedupe.frequencies import HASH_BYTES, ORIENTATIONS, oriented_hashes
from synsift.dedupe.margins import plain_margin

Part = Callable[[ImageDraw.ImageDraw], None]


def _arrow(*parts: Part) -> Image.Image:
    """Two hooks, one in the other, in the midst of their ground, and what stands beside them."""
    image = Image.new("RGB", (96, 96), "white")
    pen = ImageDraw.Draw(image)
    for y in (0, 22):
        pen.line((14, 50 + y, 48, 16 + y, 82, 50 + y), fill="black", width=4)
    for part in parts:
        part(pen)
    return image


def _line(pen: ImageDraw.ImageDraw) -> None:
    pen.line((14, 88, 82, 88), fill="black", width=4)


def _dot(pen: ImageDraw.ImageDraw) -> None:
    pen.ellipse((44, 82, 52, 90), fill="black")


def _file(image: Image.Image, name: str = "PNG", **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, name, **options)
    return target.getvalue()


def _seen(*parts: Part) -> Fingerprint:
    return fingerprint(_file(_arrow(*parts)))


@pytest.mark.parametrize("part", [_line, _dot])
def test_a_sign_with_one_part_more_is_another_one(part: Part) -> None:
    found = compare(_seen(), _seen(part))
    assert found.kind is not Likeness.NEAR
    assert any("nothing but its margin" in reason for reason in found.reasons)


@pytest.mark.parametrize("parts", [(), (_line,), (_dot,)])
@pytest.mark.parametrize(
    "edit",
    [
        lambda image: _file(image, "JPEG", quality=60),
        lambda image: _file(image.resize((60, 60), Image.Resampling.LANCZOS)),
        lambda image: _file(ImageOps.expand(image, 24, "white")),
        lambda image: _file(image.crop((5, 4, 92, 94))),
        lambda image: _file(image.point(lambda level: round(0.8 * level))),
    ],
)
def test_copies_have_nothing_in_the_margin(parts: tuple[Part, ...], edit: Callable[[Image.Image], bytes]) -> None:
    found = compare(_seen(*parts), fingerprint(edit(_arrow(*parts))))
    assert not any("margin" in reason for reason in found.reasons)


@pytest.mark.parametrize("orientation", range(len(ORIENTATIONS)))
def test_a_margin_is_plain_however_the_picture_is_turned(orientation: int) -> None:
    seen = _seen(_line)
    whole = oriented_hashes(np.frombuffer(seen.framed_hashes[:HASH_BYTES], np.uint8)[None])[0, orientation]
    assert plain_margin(picture_of(seen.evidence, orientation, seen.fine), whole.tobytes()) == 1


def test_a_margin_with_something_in_it_is_not_plain() -> None:
    seen, other = _seen(_line), fingerprint(_file(_arrow().rotate(90)))
    picture = picture_of(seen.evidence, 0, seen.fine)
    assert plain_margin(picture, other.framed_hashes[:HASH_BYTES]) == 0
    assert plain_margin(picture, b"") == 0
