"""Pictures that agree in all that is large, and in nothing else: spectra of noise in one band."""

import io
import itertools

import numpy as np
from PIL import Image

from synsift.dedupe import Fingerprint, compare, fingerprint
from tests.dedupe.pictures import photograph


def spectrum(seed: int) -> Image.Image:
    """How loud noise in one band is, over time."""
    chance = np.random.default_rng(seed)
    height = np.linspace(-1, 1, 96)[:, None]
    loud = 200 * np.exp(-((height - 0.1) ** 2) / 0.15) + 20 + chance.normal(0, 14, (96, 180))
    return Image.fromarray(np.clip(loud, 0, 255).astype(np.uint8)).resize((540, 384), Image.Resampling.NEAREST)


def printed(image: Image.Image, quality: int = 90) -> Fingerprint:
    made = io.BytesIO()
    image.save(made, "JPEG", quality=quality)
    return fingerprint(made.getvalue())


def test_spectra_of_other_noise_are_no_copies() -> None:
    spectra = [printed(spectrum(seed)) for seed in range(8)]
    assert {compare(one, other).kind for one, other in itertools.combinations(spectra, 2)} == {"different"}


def test_copies_of_one_are() -> None:
    for seed in range(4):
        made = spectrum(seed)
        copies = printed(made, 50), printed(made.resize((270, 192))), printed(made.point(lambda level: level * 0.8))
        assert {compare(copy, printed(made)).kind for copy in copies} == {"near"}


def test_what_a_patch_is_laid_over_stays_a_copy() -> None:
    for seed in range(4):
        known = photograph(seed)
        covered = known.copy()
        covered.paste((20, 160, 60), (190, 130, 320, 250))
        assert compare(printed(covered), printed(known)).kind == "near"
