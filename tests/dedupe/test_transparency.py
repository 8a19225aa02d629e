"""White artwork on nothing, and what else shows through."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from synsift.dedupe import compare, fingerprint
from synsift.dedupe.decode import decode, decode_image
from synsift.dedupe.transparency import BLACK, WHITE, flat, ground_of
from tests.dedupe.pictures import encoded, photograph, scene

LOGOS = ("wheel", "letters", "arrow")
ALPHA_FORMATS = [("PNG", "RGBA", {}), ("PNG", "LA", {}), ("WEBP", "RGBA", {}), ("WEBP", "RGBA", {"lossless": True})]
PHONES = [("AVIF", "RGBA", {"quality": 90}), ("JXL", "RGBA", {"quality": 90}), ("TIFF", "RGBA", {})]


def logo(name: str, colour: tuple[int, int, int] = (255, 255, 255), size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Artwork of one colour on nothing, whose invisible pixels are of that colour, too."""
    mask = Image.new("L", (400, 300), 0)
    draw = ImageDraw.Draw(mask)
    if name == "wheel":
        draw.ellipse((80, 30, 320, 270), outline=255, width=30)
        draw.line((200, 30, 200, 270), fill=255, width=18)
        draw.line((80, 150, 320, 150), fill=255, width=18)
    elif name == "letters":
        draw.text((30, 80), "ACME", fill=255, font_size=130)
    else:
        draw.polygon([(60, 110), (240, 110), (240, 50), (350, 150), (240, 250), (240, 190), (60, 190)], fill=255)
    image = Image.new("RGBA", (400, 300), (*colour, 0))
    image.putalpha(mask)
    return image.resize(size, Image.Resampling.LANCZOS)


def on(image: Image.Image, colour: str, **options: object) -> bytes:
    ground = Image.new("RGBA", image.size, colour)
    return encoded(Image.alpha_composite(ground, image).convert("RGB"), "JPEG", quality=90, **options)


@pytest.mark.parametrize(("kind", "mode", "options"), ALPHA_FORMATS + PHONES)
def test_a_white_logo_on_nothing_is_a_copy_of_itself_on_black(kind: str, mode: str, options: dict[str, object]) -> None:
    clear = fingerprint(encoded(logo("wheel").convert(mode), kind, **options))
    assert not clear.is_plain
    assert compare(clear, on(logo("wheel"), "black")).are_copies
    assert not compare(clear, on(logo("arrow"), "black")).are_copies


def test_a_white_logo_of_a_palette_with_one_colour_that_is_nothing_is_seen_too() -> None:
    mask = logo("arrow").getchannel("A").point(lambda level: 1 if level > 127 else 0)
    image = Image.new("P", mask.size)
    image.putdata([int(level) for level in mask.get_flattened_data()])
    image.putpalette([255, 255, 255, 255, 255, 255])
    for kind in ("PNG", "GIF"):
        found = fingerprint(encoded(image, kind, transparency=0))
        assert compare(found, on(logo("arrow"), "black")).are_copies


@pytest.mark.parametrize("one", LOGOS)
@pytest.mark.parametrize("other", LOGOS)
def test_two_white_logos_are_two(one: str, other: str) -> None:
    pair = [encoded(logo(name), kind) for name, kind in ((one, "PNG"), (other, "WEBP"))]
    assert compare(*pair).are_copies is (one == other)


@pytest.mark.parametrize("size", [(400, 300), (1600, 1200), (123, 92), (64, 48), (3000, 2250)])
def test_every_size_and_way_in_has_the_same_ground(size: tuple[int, int]) -> None:
    image = logo("letters", size=size)
    assert ground_of(image) == BLACK
    decoded = decode(encoded(image, "PNG")).picture
    assert np.array_equal(np.asarray(decoded), np.asarray(decode_image(image).picture))
    assert np.asarray(decoded)[..., 0].min() == 0
    assert ground_of(logo("letters", (40, 60, 90), size)) == WHITE


@pytest.mark.parametrize("colour", [(0, 0, 0), (200, 30, 30), (255, 220, 60), (225, 225, 225)])
def test_what_shows_over_white_lies_over_white(colour: tuple[int, int, int]) -> None:
    image = logo("wheel", colour)
    assert ground_of(image) == WHITE
    assert compare(encoded(image, "PNG"), on(image, "white")).are_copies


def test_what_is_nowhere_transparent_is_as_it_was() -> None:
    for picture in (photograph(1), Image.new("RGB", (300, 200), "white"), scene(2)):
        whole, clear = encoded(picture, "PNG"), encoded(picture.convert("RGBA"), "PNG")
        assert fingerprint(whole).hashes == fingerprint(clear).hashes
        assert fingerprint(whole).evidence == fingerprint(clear).evidence


def test_a_picture_of_nothing_at_all_is_plain() -> None:
    for level in (0, 255):
        found = fingerprint(encoded(Image.new("RGBA", (100, 80), (level, level, level, 0)), "PNG"))
        assert found.is_plain


def test_a_flat_copy_is_what_fingerprints_see() -> None:
    for image in (logo("wheel"), logo("wheel", (10, 80, 160)), scene(1).convert("P"), scene(1).convert("LA")):
        seen = fingerprint(image)
        assert fingerprint(flat(image)).hashes == seen.hashes


def test_detail_is_that_of_what_is_seen() -> None:
    clear = fingerprint(encoded(logo("letters"), "PNG"))
    on_black = Image.alpha_composite(Image.new("RGBA", (400, 300), "black"), logo("letters")).convert("RGB")
    assert clear.detail_bits == fingerprint(encoded(on_black, "PNG")).detail_bits
