"""What ``fingerprint`` takes, and what it says to what it doesn't."""

import ast
import io
import re
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from synsift.dedupe import PIXELS, Fingerprint, ImageError, TooManyPixels, TruncatedImage, compare, decode, fingerprint
from tests.dedupe.pictures import encoded, scene

ROOT = Path(__file__).parents[2]
DATA = encoded(scene(1), "PNG")


def seen(image: Fingerprint) -> tuple[object, ...]:
    """All but what tells how the picture came."""
    return image.hashes, image.phash, image.evidence, image.views, image.information, image.width_px, image.height_px


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "picture.png").write_bytes(DATA)
    return tmp_path / "picture.png"


def test_a_file_is_the_same_however_it_comes(path: Path, tmp_path: Path) -> None:
    expected = fingerprint(DATA)
    with tarfile.open(tmp_path / "all.tar", "w") as archive:
        archive.add(path, "picture.png")
    with path.open("rb") as file, tarfile.open(tmp_path / "all.tar") as archive:
        member = archive.extractfile("picture.png")
        assert member is not None
        ways = [bytearray(DATA), memoryview(DATA), path, str(path), file, io.BytesIO(DATA), member]
        assert [fingerprint(way) for way in ways] == [expected] * len(ways)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_pixels_give_the_hashes_of_their_file(mode: str) -> None:
    picture = scene(2).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    of_file = fingerprint(encoded(picture, "PNG"))
    of_image, of_array = fingerprint(picture), fingerprint(np.asarray(picture))
    assert seen(of_image) == seen(of_array) == seen(of_file)
    assert of_image == of_array
    assert of_image.format == PIXELS
    assert Fingerprint.from_text(of_image.to_text()) == of_image


@pytest.mark.parametrize("mode", ["P", "1", "LA", "PA", "CMYK", "HSV", "I;16", "I", "F", "YCbCr", "RGBX"])
def test_an_image_of_any_mode_is_taken(mode: str) -> None:
    base = scene(2).convert("L" if mode in ("LA", "I;16", "I", "F", "1") else "RGB")
    if mode in ("I;16", "I"):
        picture = Image.fromarray(np.asarray(base).astype(np.uint16) << 8)
    elif mode == "PA":
        picture = base.convert("P").convert("PA")
    else:
        picture = base.convert(mode)
    assert fingerprint(picture).width_px == 320


def test_an_opened_image_is_turned_as_its_file_says_and_stays_as_it_is(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(3).save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as picture:
        assert seen(fingerprint(picture)) == seen(fingerprint(tmp_path / "turned.png"))
        assert picture.size == (320, 240)


def test_a_jpeg_decoded_whole_is_near_to_its_file() -> None:
    data = encoded(scene(4, (1600, 1200)), "JPEG", quality=85)
    whole, reduced = fingerprint(Image.open(io.BytesIO(data))), fingerprint(data)
    different = int.from_bytes(whole.hash256, "big") ^ int.from_bytes(reduced.hash256, "big")
    assert different.bit_count() <= 6


def test_other_pixels_have_another_sha256() -> None:
    array = np.asarray(scene(5)).copy()
    first = fingerprint(array).sha256
    array[0, 0, 0] ^= 1
    assert fingerprint(array).sha256 != first
    assert fingerprint(np.zeros((2, 8), np.uint8)).sha256 != fingerprint(np.zeros((4, 4), np.uint8)).sha256


class Nameless:
    """Reads as text, without being a text file."""

    def read(self) -> str:
        return "text"


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (None, TypeError, "not `NoneType`"),
        (7, TypeError, "not `int`"),
        ([b"x"], TypeError, "not `list`"),
        (io.StringIO("text"), TypeError, "opened as text"),
        (Nameless(), TypeError, "mode 'rb'"),
        (io.BytesIO, TypeError, "not `type`"),
        (np.zeros((8, 8)), TypeError, "not `float64` of shape (8, 8)"),
        (np.zeros((8, 8), bool), TypeError, "not `bool`"),
        (np.zeros((8, 8, 2), np.uint8), ValueError, "not `uint8` of shape (8, 8, 2)"),
        (np.zeros((3, 8, 8), np.uint8), ValueError, "colours come last"),
        (np.zeros(8, np.uint8), ValueError, ".tobytes()"),
        (np.zeros((2, 8, 8, 3), np.uint8), ValueError, "not `uint8` of shape"),
        (np.zeros((0, 8, 3), np.uint8), ValueError, "a picture has pixels"),
        (Image.new("RGB", (0, 5)), ValueError, "0×5"),
        (Image.new("La", (5, 5)), ValueError, "`La`"),
        ("https://example.org/a.jpg", ValueError, "is a URL"),
    ],
)
def test_a_callers_mistake_says_what_came_and_is_no_image_error(given: object, kind: type, words: str) -> None:
    with pytest.raises(kind) as caught:
        fingerprint(given)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert not isinstance(caught.value, ImageError)


@pytest.mark.parametrize(("limit", "kind"), [("many", TypeError), (None, TypeError), (0, ValueError)])
def test_a_wrong_limit_is_no_image_error(limit: object, kind: type) -> None:
    for given in (DATA, scene(1)):
        with pytest.raises(kind, match="max_pixels"):
            fingerprint(given, max_pixels=limit)  # type: ignore[arg-type]


def test_an_array_that_takes_no_memory_is_refused_before_it_takes_some() -> None:
    view = np.broadcast_to(np.uint8(7), (200_000, 200_000))
    with pytest.raises(TooManyPixels, match="200000×200000"):
        fingerprint(view)


def test_decode_wants_bytes() -> None:
    with pytest.raises(TypeError, match="`str`"):
        decode("picture.png")  # type: ignore[arg-type]


def test_a_path_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fingerprint(tmp_path / "none.png")
    with pytest.raises(IsADirectoryError):
        fingerprint(tmp_path)


def test_faults_of_the_data_are_image_errors_whichever_way_it_comes(path: Path) -> None:
    path.write_bytes(DATA[: len(DATA) // 2])
    with pytest.raises(TruncatedImage):
        fingerprint(path)
    with Image.open(path) as picture, pytest.raises(TruncatedImage):
        fingerprint(picture)
    with pytest.raises(TooManyPixels):
        fingerprint(scene(1), max_pixels=1000)


def test_a_fault_of_the_data_names_the_file_where_it_has_a_name(path: Path) -> None:
    path.write_bytes(DATA[: len(DATA) // 2])
    words = f"^{re.escape(str(path))}: "
    for source in (path, str(path)):
        with pytest.raises(TruncatedImage, match=words):
            fingerprint(source)
        with pytest.raises(TruncatedImage, match=words):
            compare(DATA, source)
    with path.open("rb") as file, pytest.raises(TruncatedImage, match=words):
        fingerprint(file)
    with pytest.raises(TruncatedImage) as caught:
        fingerprint(path.read_bytes())
    assert str(path) not in str(caught.value)


def test_a_closed_image_is_the_callers_mistake(path: Path) -> None:
    picture = Image.open(path)
    picture.close()
    with pytest.raises(ValueError, match="closed"):
        fingerprint(picture)


def test_one_place_of_the_package_opens_files() -> None:
    calls = {
        path.name
        for path in (ROOT / "dedupe").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    }
    assert calls == {"inputs.py"}
