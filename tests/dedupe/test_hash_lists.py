"""Hashes of other libraries: equal to theirs, compared by their rules."""

import hashlib
import io
import os

import imagehash
import numpy as np
import pytest
from PIL import Image

from synsift.dedupe import ImageError, TooManyPixels, fingerprint
from synsift.dedupe.hash_kinds import KINDS, HashKind, LibraryMissing, hashes_of, load_libraries
from synsift.dedupe.hash_lists import Entry, HashLists, Hit
from synsift.dedupe.reference import Reference
from tests.dedupe.pictures import encoded, scene

CI = os.environ.get("CI") == "true"


@pytest.fixture
def pdqhash() -> object:
    try:
        load_libraries(["pdq"])
    except LibraryMissing:
        if CI:
            raise
        pytest.skip("pdqhash isn't installed: pip install 'synsift[hashes]'")
    import pdqhash

    return pdqhash


def flipped(digest: bytes, bits: int) -> bytes:
    """A hash with its first so many bits changed."""
    changed = np.unpackbits(np.frombuffer(digest, np.uint8))
    changed[:bits] ^= 1
    return np.packbits(changed).tobytes()


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
def test_hashes_of_bytes_are_those_of_every_tool(kind: str) -> None:
    data = encoded(scene(1), "JPEG")
    assert hashes_of(data, [kind]) == {kind: hashlib.new(kind, data).digest()}
    assert hashes_of(b"no picture at all", [kind])[kind] == hashlib.new(kind, b"no picture at all").digest()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("kind", ["phash", "dhash"])
def test_imagehash_is_equal_to_the_library(kind: str, form: str) -> None:
    data = encoded(scene(2), form)
    wanted = str(getattr(imagehash, kind)(Image.open(io.BytesIO(data))))
    assert hashes_of(data, [kind])[kind].hex() == wanted


def test_pdq_is_equal_to_the_library(pdqhash: object) -> None:
    data = encoded(scene(3), "PNG")
    bits, quality = pdqhash.compute(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))  # type: ignore[attr-defined]
    assert quality >= 50
    assert np.unpackbits(np.frombuffer(hashes_of(data, ["pdq"])["pdq"], np.uint8)).tolist() == bits.tolist()


def test_a_picture_too_plain_for_pdq_has_none(pdqhash: object) -> None:
    assert hashes_of(encoded(Image.new("RGB", (200, 200), "grey"), "PNG"), ["pdq", "md5"]).keys() == {"md5"}


def test_pixels_are_asked_for_within_limits() -> None:
    data = encoded(scene(1), "PNG")
    with pytest.raises(TooManyPixels):
        hashes_of(data, ["phash"], max_pixels=100)
    with pytest.raises(ImageError):
        hashes_of(b"\x89PNG\r\n\x1a\n nothing", ["dhash"])


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.radius_bits], ids=lambda kind: kind.name)
def test_each_kind_has_its_radius(kind: HashKind) -> None:
    digest = np.random.default_rng(5).bytes(kind.bits // 8)
    lists = HashLists([Entry(kind.name, digest, "one"), Entry(kind.name, flipped(digest, kind.bits // 2), "far")])
    for bits in (0, 1, kind.radius_bits):
        hit = lists.find({kind.name: flipped(digest, bits)})
        assert hit is not None
        assert (hit.entry.name, hit.distance_bits) == ("one", bits)
    assert lists.find({kind.name: flipped(digest, kind.radius_bits + 1)}) is None


def test_bytes_must_be_equal() -> None:
    digest = bytes(range(16))
    lists = HashLists([Entry("md5", digest, "one")])
    assert lists.find({"md5": flipped(digest, 1)}) is None
    assert lists.find({"md5": digest}) is not None
    assert lists.find({}) is None


def test_an_entry_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="pdq has 256 bits, not 128"):
        HashLists([Entry("pdq", bytes(16), "list.csv, line 3")])


def test_a_reference_has_pictures_and_lists() -> None:
    known, listed, other = (encoded(scene(seed), "JPEG") for seed in (1, 2, 3))
    reference = Reference({"known.jpg": fingerprint(known)}, [Entry("md5", hashes_of(listed, ["md5"])["md5"], "bad")])
    assert reference.kinds == ("md5",)

    def match(data: bytes) -> str | None:
        found = reference.match(fingerprint(data), hashes_of(data, reference.kinds))
        return None if found is None else f"{found.name} {found.of}"

    assert match(known) == f"known.jpg {fingerprint(known).sha256}"
    assert match(listed) == f"bad md5:{hashes_of(listed, ['md5'])['md5'].hex()}"
    assert match(other) is None
    assert not Reference({})


@pytest.mark.parametrize("form", ["JPEG", "GIF"])
def test_a_picture_that_lacks_its_last_bytes_is_near_to_the_whole_one(form: str) -> None:
    whole = encoded(scene(2, (400, 300)), form)
    lists = HashLists([Entry("phash", hashes_of(whole, ["phash"])["phash"], "whole")])
    hit = lists.find(hashes_of(whole[: int(len(whole) * 0.98)], ["phash"]))
    assert hit is not None
    with pytest.raises(ImageError):
        hashes_of(whole[: len(whole) // 2], ["phash"])


def test_nothing_is_near_to_a_difference_hash_of_plain_light() -> None:
    even = Entry("dhash", bytes.fromhex("0000000000000008"), "a gradient")
    lists = HashLists([even])
    assert lists.find({"dhash": bytes.fromhex("0000000000000000")}) is None
    assert lists.find({"dhash": even.digest}) == Hit(even, 0)
