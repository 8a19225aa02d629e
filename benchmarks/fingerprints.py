"""Fingerprints of pictures that have nothing to do with each other, and of copies of them, made without pictures."""

from collections.abc import Iterator

import numpy as np

from synsift.dedupe.evidence import EVIDENCE
from synsift.dedupe.fingerprint import RECORD, Fingerprint
from synsift.dedupe.frequencies import FREQUENCIES, Floats, TaperedCrops, hashes_of
from synsift.dedupe.views import STORED

_CROPS = TaperedCrops([(view.axis(0), view.axis(1)) for view in STORED[:3]])
_AT_ONCE = 1_000


def random_frequencies(rng: np.random.Generator, count: int) -> Floats:
    """Frequencies ``(count, 16, 16)`` that fall as those of photographs do."""
    k = np.arange(FREQUENCIES)
    fall = 1 / (1 + np.hypot(k[:, None], k[None, :]))
    return (rng.standard_normal((count, FREQUENCIES, FREQUENCIES)) * fall * 2_000).astype(np.float32)


def fingerprint_rows(rng: np.random.Generator, frequencies: Floats) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    """Fingerprints in their binary form, of JPEG files of 640×480 px."""
    count = len(frequencies)
    rows = np.zeros(count, dtype=RECORD)
    rows["sha256"] = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    rows["hashes"][:, :3] = hashes_of(_CROPS.of(frequencies))
    rows["views"], rows["quality"], rows["information"], rows["format"] = 0b111, 90, 30.0, b"JPEG"
    rows["width_px"], rows["height_px"], rows["size_bytes"] = 640, 480, 90_000
    evidence = np.zeros(count, dtype=EVIDENCE)
    scale = np.abs(frequencies).max(axis=(1, 2))
    evidence["luma_scale"], evidence["chroma_scale"], evidence["mean"] = scale, 500, 120
    evidence["luma"] = np.round(127 * np.sign(frequencies) * np.sqrt(np.abs(frequencies) / scale[:, None, None]))
    evidence["chroma"] = rng.integers(-40, 40, evidence["chroma"].shape)
    rows["evidence"] = evidence.view(np.uint8).reshape(count, -1)
    return rows


def random_fingerprints(count: int, *, seed: int = 1) -> Iterator[Fingerprint]:
    """The same ones for the same seed."""
    rng = np.random.default_rng(seed)
    for begin in range(0, count, _AT_ONCE):
        rows = fingerprint_rows(rng, random_frequencies(rng, min(_AT_ONCE, count - begin)))
        for row in rows:
            yield Fingerprint.from_record(row.tobytes())
