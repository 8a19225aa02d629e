import numpy as np
import pytest
from PIL import Image, ImageOps

from synsift.dedupe import Fingerprint, Matcher, fingerprint
from synsift.dedupe.fingerprint import RECORD
from synsift.dedupe.sieve import Sieve, grains
from synsift.dedupe.verdicts import MatchOptions
from synsift.dedupe.views import STORED
from tests.dedupe.pictures import encoded, photograph, scene


def rows_of(images: list[Fingerprint]) -> np.ndarray:
    return np.concatenate([np.frombuffer(one.to_record()[: RECORD.itemsize], dtype=RECORD) for one in images])


def disguises(seed: int) -> list[Fingerprint]:
    whole = photograph(seed)
    wide, high = whole.size
    made = [
        whole,
        whole.resize((wide // 2, high // 2)),
        ImageOps.mirror(whole),
        whole.rotate(90, expand=True),
        ImageOps.flip(whole),
        whole.crop((wide // 20, high // 20, wide - wide // 20, high - high // 20)),
        whole.crop((wide // 8, high // 8, wide - wide // 8, high - high // 8)),
        ImageOps.expand(whole, 30, "white"),
        ImageOps.grayscale(whole),
    ]
    return [fingerprint(encoded(one, "JPEG", quality=60)) for one in made]


@pytest.mark.parametrize("all_crops", [False, True])
def test_all_that_a_matcher_finds_near_passes_but_by_further_crops_of_others(all_crops: bool) -> None:
    options = MatchOptions(all_crops=all_crops)
    some = [one for seed in (1, 2) for one in disguises(seed)] + [
        fingerprint(encoded(scene(seed), "PNG")) for seed in range(40)
    ]
    known = grains(rows_of(some))
    near = 0
    for target in some[:18]:
        passed = set(Sieve([target], options).passing(known).tolist())
        reference = Matcher.of_reference([target], options)
        for number, image in enumerate(some):
            found = reference.match(image).of is not None and image.sha256 != target.sha256
            # Of further crops only those of what is looked for are known to the sieve.
            if found and any(way.seen[0] < len(STORED) for way in reference._lookup.proposals(image)):
                near += 1
                assert number in passed
    assert near > 60


def test_hardly_anything_else_passes() -> None:
    others = [fingerprint(encoded(scene(seed), "PNG")) for seed in range(200)]
    passed = Sieve([fingerprint(encoded(photograph(1), "JPEG"))]).passing(grains(rows_of(others)))
    assert len(passed) < 10


def test_plain_pictures_and_no_pictures_pass_nothing() -> None:
    plain = fingerprint(encoded(Image.new("RGB", (64, 64), "red"), "PNG"))
    known = grains(rows_of([plain, fingerprint(encoded(scene(1), "PNG"))]))
    assert Sieve([plain]).passing(known).tolist() == []
    assert Sieve([]).passing(known).tolist() == []
    assert Sieve([plain]).passing(known[:0]).tolist() == []
