"""Which of two copies is kept: an original against what is made of it."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from synsift.dedupe import Fingerprint, better, fingerprint
from tests.dedupe.pictures import encoded, photograph, scene


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    return encoded(image, "JPEG", quality=quality)


def png(image: Image.Image) -> bytes:
    return encoded(image, "PNG")


def larger(image: Image.Image, times: float) -> Image.Image:
    return image.resize((int(image.width * times), int(image.height * times)), Image.Resampling.BICUBIC)


def repeated(image: Image.Image, times: float) -> Image.Image:
    return image.resize((int(image.width * times), int(image.height * times)), Image.Resampling.NEAREST)


def smaller(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def spoiled(image: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(jpeg(image, quality))).convert("RGB")


def captioned(image: Image.Image) -> Image.Image:
    out = ImageOps.expand(image, (0, 0, 0, image.height // 10), "black")
    ImageDraw.Draw(out).text((8, image.height + 4), "A caption for the photo", fill="white", font_size=18)
    return out


def telephone(image: Image.Image) -> Image.Image:
    out = ImageOps.expand(image, (0, image.height // 6), "black")
    ImageDraw.Draw(out).text((8, 4), "12:41", fill="white", font_size=14)
    return out


def on_paper(number: int) -> Image.Image:
    """Drawings with fine lines, margins, letters."""
    image = Image.new("RGB", (420, 300), "white")
    pen = ImageDraw.Draw(image)
    if number == 0:
        for at in range(0, 241, 30):
            pen.line((30, 30 + at, 270, 30 + at), fill="#333333")
            pen.line((30 + at, 30, 30 + at, 270), fill="#333333")
        pen.ellipse((94, 94, 116, 116), fill="#c02020")
    elif number == 1:
        pen.rectangle((40, 120, 380, 180), outline="black", width=2)
        pen.rectangle((42, 122, 220, 178), fill="#3366cc")
    elif number == 2:
        for row in range(7):
            pen.text((30, 20 + row * 36), f"Item {row}: {row * 137 % 90}.50", fill="black", font_size=15)
            pen.line((30, 44 + row * 36, 390, 44 + row * 36), fill="#bbbbbb")
    else:
        pen.arc((60, 40, 360, 340), 180, 360, fill="black", width=3)
        pen.line((210, 190, 290, 80), fill="#d02020", width=4)
    return image


def sepia(image: Image.Image) -> Image.Image:
    return ImageOps.colorize(image.convert("L"), "#2b1a08", "#fff2d8")


WORSE: dict[str, Callable[[Image.Image], bytes]] = {
    "framed": lambda image: jpeg(ImageOps.expand(image, 25, "white")),
    "framed, without loss": lambda image: png(ImageOps.expand(image, 25, "white")),
    "letterboxed": lambda image: jpeg(ImageOps.expand(image, (0, 30), "black")),
    "captioned": lambda image: jpeg(captioned(image)),
    "twice as large": lambda image: jpeg(larger(image, 2)),
    "twice as large, hardly compressed": lambda image: jpeg(larger(image, 2), 95),
    "half as large again": lambda image: jpeg(larger(image, 1.5)),
    "thrice as large, without loss": lambda image: png(larger(image, 3)),
    "twice as large, of a spoiled one": lambda image: jpeg(larger(spoiled(image, 10), 2)),
    "spoiled, without loss": lambda image: png(spoiled(image, 10)),
    "spoiled": lambda image: jpeg(image, 10),
    "compressed": lambda image: jpeg(image, 60),
    "10 % wider": lambda image: jpeg(image.resize((550, 375))),
    "grey, without loss": lambda image: png(image.convert("L")),
    "grey, twice as large": lambda image: png(larger(image.convert("L"), 2)),
    "sepia": lambda image: jpeg(sepia(image), 97),
    "sepia, without loss": lambda image: png(sepia(image)),
    "sepia, of black and white": lambda image: png(sepia(image.convert("1"))),
    "black and white, dithered": lambda image: png(image.convert("1")),
    "mirrored, without loss": lambda image: png(ImageOps.mirror(image)),
    "mirrored": lambda image: jpeg(ImageOps.mirror(image)),
    "on a telephone": lambda image: png(telephone(image)),
    "on a large telephone": lambda image: png(telephone(larger(image, 1.5))),
    "the same pixels without loss": lambda image: png(image),
    "WebP": lambda image: encoded(image, "WEBP", quality=75),
    "GIF": lambda image: encoded(image.quantize(256), "GIF"),
    "blurred": lambda image: jpeg(image.filter(ImageFilter.GaussianBlur(2)), 97),
    "half the size": lambda image: jpeg(smaller(image), 97),
    "half the size, without loss": lambda image: png(smaller(image)),
    "blown out": lambda image: jpeg(image.point(lambda level: min(255, level * 5 // 2)), 97),
    "blown out, without loss": lambda image: png(image.point(lambda level: min(255, level * 5 // 2))),
    "crushed, without loss": lambda image: png(image.point(lambda level: max(0, level * 2 - 255))),
    "washed out, without loss": lambda image: png(image.point(lambda level: 128 + level // 2)),
    "half the size, enlarged again": lambda image: png(larger(smaller(image), 2)),
    "twice as large, of repeated pixels": lambda image: png(repeated(image, 2)),
    "half as large again, of repeated pixels": lambda image: png(repeated(image, 1.5)),
    "of quality 30, without loss": lambda image: png(spoiled(image, 30)),
}


@pytest.mark.parametrize("name", WORSE)
def test_the_original_is_better_than_what_is_made_of_it(name: str) -> None:
    for seed in range(2):
        original = jpeg(photograph(seed), 92)
        one = fingerprint(original)
        other = fingerprint(WORSE[name](Image.open(io.BytesIO(original)).convert("RGB")))
        assert better(one, other), name
        assert not better(other, one), name


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tones", [2, 8])
def test_what_lost_tones_is_the_worse_though_its_edges_look_like_detail(seed: int, tones: int) -> None:
    image = photograph(seed, (200, 150))
    whole, poor = fingerprint(png(image)), fingerprint(png(image.quantize(tones, dither=Image.Dither.NONE)))
    assert better(whole, poor)
    assert not better(poor, whole)


def deep(image: Image.Image, kind: str) -> bytes:
    """Grey, in sixteen bits that say more than eight: a part of a level by lot."""
    values = np.asarray(image.convert("L")).astype(np.uint16) * 256
    values += np.random.default_rng(1).integers(0, 256, values.shape, dtype=np.uint16)
    return encoded(Image.fromarray(values), kind)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("picture", [photograph(1), photograph(2), scene(2), on_paper(0)])
def test_sixteen_bits_are_better_than_eight_of_the_same_picture(kind: str, picture: Image.Image) -> None:
    original = deep(picture, kind)
    one, other = fingerprint(original), fingerprint(png(picture.convert("L")))
    assert one.is_deep
    assert not other.is_deep
    assert one.detail_bits == pytest.approx(other.detail_bits, rel=0.1)
    assert better(one, other)
    assert not better(other, one)


def test_sixteen_bits_of_colours_are_told_by_the_header() -> None:
    # Of PNG's RGB, of which Pillow makes eight bits: each byte is there twice.
    picture = photograph(1, (64, 48))
    rows = np.repeat(np.asarray(picture), 2, axis=-1).reshape(48, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 64, 48, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    assert fingerprint(data).is_deep
    assert better(fingerprint(data), fingerprint(png(picture)))
    assert not better(fingerprint(png(picture)), fingerprint(data))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("picture", [photograph(1, (200, 150)), scene(2), on_paper(3)])
def test_an_animation_is_better_than_its_first_frame_alone(kind: str, picture: Image.Image) -> None:
    frames = [picture, ImageOps.mirror(picture), ImageOps.flip(picture)]
    target = io.BytesIO()
    frames[0].save(
        target, kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {})
    )
    one = fingerprint(target.getvalue())
    assert one.is_animated
    assert Fingerprint.from_text(one.to_text()) == one
    stills = [fingerprint(still) for still in (png(picture), jpeg(picture), encoded(picture.quantize(256), "GIF"))]
    # Of a photograph GIF has 256 colours, and the others all of them.
    holds_less = [kind == "GIF" and not one.fine and still.format != "GIF" for still in stills]
    assert not any(still.is_animated for still in stills)
    assert [better(still, one) for still in stills] == holds_less
    assert [better(one, still) for still in stills] == [not less for less in holds_less]


def sharpened(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(4, 250, 2))


@pytest.mark.parametrize("make", [jpeg, png])
@pytest.mark.parametrize("radius_px", [0, 1])
def test_what_sharpening_adds_is_no_detail_and_what_blur_takes_was(
    radius_px: int, make: Callable[[Image.Image], bytes]
) -> None:
    for seed in range(2):
        picture = photograph(seed).filter(ImageFilter.GaussianBlur(radius_px))
        original, halos = fingerprint(make(picture)), fingerprint(make(sharpened(picture)))
        assert halos.detail_bits < 1.1 * original.detail_bits
        assert make is jpeg or better(original, halos)  # of JPEGs the larger file stays
        assert better(original, fingerprint(make(picture.filter(ImageFilter.GaussianBlur(2)))))
        assert better(halos, fingerprint(make(sharpened(picture).filter(ImageFilter.GaussianBlur(3)))))


MORE_CONTRAST: dict[str, Callable[[Image.Image], Image.Image]] = {
    "equalised": ImageOps.equalize,
    "stretched": lambda image: ImageEnhance.Contrast(image).enhance(1.5),
    "brighter": lambda image: image.point(lambda level: level * 5 // 4),
}


@pytest.mark.parametrize("name", MORE_CONTRAST)
@pytest.mark.parametrize("seed", range(3))
def test_what_contrast_adds_is_no_detail_where_there_was_most_of_the_range(name: str, seed: int) -> None:
    whole = ImageEnhance.Contrast(photograph(seed)).enhance(1.3)
    original, copy = fingerprint(jpeg(whole, 92)), fingerprint(jpeg(MORE_CONTRAST[name](whole), 88))
    assert better(original, copy)
    assert not better(copy, original)
    # … but what fills half of the range has lost the other half.
    dull = fingerprint(jpeg(ImageEnhance.Contrast(whole).enhance(0.4), 92))
    assert better(copy, dull)


def with_a_sky(seed: int) -> Image.Image:
    """A photograph of which the upper half is smooth, but for a level or two."""
    image = photograph(seed)
    ramp = np.linspace(90, 200, 500)[None, :, None] + np.random.default_rng(seed).normal(0, 1, (190, 500, 3))
    image.paste(Image.fromarray(ramp.clip(0, 255).astype(np.uint8)), (0, 0))
    return image


def noisy(image: Image.Image, strength: float) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, strength, (image.height, image.width, 3))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strength", [12, 25])
@pytest.mark.parametrize("make", [jpeg, png])
def test_noise_that_was_added_is_no_detail(seed: int, strength: float, make: Callable[[Image.Image], bytes]) -> None:
    original, copy = fingerprint(jpeg(with_a_sky(seed), 92)), fingerprint(make(noisy(with_a_sky(seed), strength)))
    assert copy.noise > original.noise
    assert better(original, copy)
    assert not better(copy, original)
    assert Fingerprint.from_text(copy.to_text()) == copy


LESS_NOISE: dict[str, Callable[[Image.Image], Image.Image]] = {
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    "without single pixels": lambda image: image.filter(ImageFilter.MedianFilter(3)),
    "made smaller": smaller,
    "made smaller and larger again": lambda image: larger(smaller(image), 2),
}


@pytest.mark.parametrize("name", LESS_NOISE)
@pytest.mark.parametrize("strength", [6, 12, 20])
def test_a_noisy_original_is_better_than_itself_with_its_noise_taken_away(name: str, strength: float) -> None:
    for seed in range(3):
        grain = noisy(with_a_sky(seed), strength)
        original, copy = fingerprint(jpeg(grain, 92)), fingerprint(jpeg(LESS_NOISE[name](grain), 95))
        assert better(original, copy)
        assert not better(copy, original)


def test_of_fingerprints_from_before_noise_was_measured_more_detail_is_better() -> None:
    original, copy = fingerprint(jpeg(with_a_sky(1), 92)), fingerprint(jpeg(noisy(with_a_sky(1), 25)))
    for known, unknown in ((original, copy), (copy, original)):
        old = Fingerprint.from_record(replace(unknown, noise=0).to_record())
        assert better(*((known, old) if known is copy else (old, known)))


def test_lines_that_repeat_in_drawings_are_their_own() -> None:
    for number in range(4):
        drawing = on_paper(number)
        assert fingerprint(png(drawing)).detail_bits > 0.4 * fingerprint(jpeg(drawing)).detail_bits


def test_what_was_black_or_white_from_the_beginning_lost_no_tones() -> None:
    drawing = fingerprint(png(scene(2)))
    washed = fingerprint(png(scene(2).point(lambda level: 64 + level // 2)))
    assert better(drawing, washed)
    assert not better(washed, drawing)


def test_of_what_is_kept_without_loss_the_smaller_file_stays() -> None:
    image = photograph(3)
    small, large = fingerprint(encoded(image, "PNG", optimize=True)), fingerprint(encoded(image, "BMP"))
    assert better(small, large)
    assert not better(large, small)


def test_a_soft_picture_is_better_than_itself_compressed_hard() -> None:
    soft = photograph(3).filter(ImageFilter.GaussianBlur(3))
    assert better(fingerprint(png(soft)), fingerprint(jpeg(soft, 30)))
    assert not better(fingerprint(jpeg(soft, 30)), fingerprint(png(soft)))
    # … but not where that has colours, which the other lost.
    assert better(fingerprint(jpeg(soft, 30)), fingerprint(png(soft.convert("L"))))


def test_without_loss_what_was_cut_off_is_not_the_better_for_its_smaller_file() -> None:
    picture = photograph(5)
    cut = fingerprint(png(picture.crop((25, 19, 500, 375))))
    whole = fingerprint(png(picture))
    assert cut.size_bytes < whole.size_bytes
    assert better(whole, cut)
    assert not better(cut, whole)


def test_a_drawing_without_loss_is_better_than_its_jpeg() -> None:
    assert better(fingerprint(png(scene(2))), fingerprint(jpeg(scene(2), 88)))


def test_a_cameras_file_is_better_than_an_edit_that_lost_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x0110] = "Model 5"
    data = io.BytesIO()
    photograph(1).save(data, "JPEG", quality=88, exif=exif)
    camera = fingerprint(data.getvalue())
    assert camera.is_camera
    assert better(camera, fingerprint(jpeg(photograph(1), 92)))


_IMAGE = replace(fingerprint(jpeg(photograph(1))), width_px=100, height_px=100, size_bytes=1000, quality=80)


@pytest.mark.parametrize(
    ("challenger", "wins"),
    [
        (replace(_IMAGE, width_px=150), True),
        (replace(_IMAGE, width_px=70, size_bytes=9_999), False),
        (replace(_IMAGE, detail_bits=_IMAGE.detail_bits * 0.5, width_px=150), False),
        (replace(_IMAGE, size_bytes=1001), True),
        (replace(_IMAGE, size_bytes=999), False),
        (replace(_IMAGE, quality=90, size_bytes=900), True),
        (replace(_IMAGE, quality=70, size_bytes=9_999), False),
        (replace(_IMAGE, format="WEBP"), False),
        (replace(_IMAGE, sha256="0f" * 32), False),
        (_IMAGE, False),
    ],
)
def test_which_copy_is_better(challenger: Fingerprint, wins: bool) -> None:
    assert better(challenger, _IMAGE) is wins


def test_no_two_files_are_each_better_than_the_other() -> None:
    images = [fingerprint(make(photograph(1))) for make in WORSE.values()]
    for one in images:
        assert not any(better(one, other) and better(other, one) for other in images)


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("quality", [30, 50, 70, 85, 95])
def test_a_drawing_without_loss_is_kept_before_the_same_with_loss(number: int, quality: int) -> None:
    drawing = on_paper(number)
    png = fingerprint(encoded(drawing, "PNG"))
    for options in ({}, {"subsampling": 0}):
        jpeg = fingerprint(encoded(drawing, "JPEG", quality=quality, **options))
        assert better(png, jpeg)
        assert not better(jpeg, png)


def test_a_drawing_that_was_blurred_is_not_kept_for_its_format() -> None:
    for number in (0, 2, 3):  # of a bar alone blur makes no less
        original = fingerprint(encoded(on_paper(number), "JPEG", quality=90))
        blurred = fingerprint(encoded(on_paper(number).filter(ImageFilter.GaussianBlur(3)), "PNG"))
        assert better(original, blurred)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("times", [4, 6, 8])
def test_a_soft_large_picture_is_better_than_its_thumbnail(seed: int, times: int) -> None:
    soft = photograph(seed, (1600, 1200)).convert("RGB").filter(ImageFilter.GaussianBlur(10))
    small = soft.resize((1600 // times, 1200 // times), Image.Resampling.LANCZOS)
    original, thumbnail = fingerprint(jpeg(soft, 80)), fingerprint(jpeg(small, 92))
    assert better(original, thumbnail)
    assert not better(thumbnail, original)
