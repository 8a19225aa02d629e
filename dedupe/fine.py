"""The finer look at pictures that show little: drawings, texts, signs, a subject before a plain ground.

Sixteen frequencies tell photographs apart, and not two of diamonds from two of clubs. So a picture of which a part is
plain carries a thumbnail of 64×64 pixels in sixteen levels, too, packed: at most ``FINE_BYTES``, some 750 as a rule.
So does one of stripes, or of black and white, such as a code: nothing of it is plain, and all of it is alike. Most
photographs carry none.
"""

import zlib
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from operator import sub
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.alignment import Grid, slopes_of
from synsift.dedupe.frequencies import DCT, SIDE_PX, Floats, frequencies_of

FINE_SIDE: Final = SIDE_PX
"""Side of the thumbnail, in pixels."""
FINE_GRID: Final = Grid(FINE_SIDE)
"""Of thumbnails."""
_LEVELS: Final = 15
_PAIRS: Final = (_LEVELS + 1) ** 2
_STEPS: Final = np.arange(_LEVELS + 1, dtype=np.float32)
_HEAD_BYTES: Final = 4
_RAW_BYTES: Final = _HEAD_BYTES + FINE_SIDE**2 // 2
FINE_BYTES: Final = _RAW_BYTES + 32
"""Most bytes that it takes."""

# A place is smooth if it is within so many grey levels of the middle of its neighbours on both axes, and plain if
# within so many of the next ones. From such a share of either on a picture shows little: nearly all drawings do, and
# photographs with much sky or blur.
_SMOOTH: Final = 3.0
_SMOOTH_SHARE: Final = 0.35
_PLAIN: Final = 1.5
_PLAIN_SHARE: Final = 0.15
# A picture is striped if such a share of it is plain along one axis, and stark if its standard deviation is so large:
# bar codes, and codes of squares. Of 200 photographs none that isn't plain has more than 0.42 and 80.
_STRIPED_SHARE: Final = 0.7
_STARK: Final = 85.0
# A picture is written on if such a share of it is of one tone, within so many grey levels, and so much more than is
# plain of its thumbnail: windows, pages, sheets. Of 500 photographs two have 0.2 and 0.1.
_GROUND: Final = 2
_NONE_BEFORE: Final = [0] * (_GROUND + 1)
_WRITTEN_GROUND: Final = 0.2
_WRITTEN_BETWEEN: Final = 0.1
# Within so many grey levels there is no noise, as in drawings, and hardly in photographs.
_EXACT: Final = 0.5
_LEAST_PLAIN: Final = 0.02
# A step of less is that of a thumbnail of one tone: its darkest and its brightest one are whole grey levels.
_LEAST_STEP: Final = 0.5 / _LEVELS


def _well_inside() -> Floats:
    inside = np.zeros((FINE_SIDE, FINE_SIDE), dtype=np.float32)
    inside[2:-2, 2:-2] = 1
    return inside.reshape(1, -1)


WELL_INSIDE: Final = _well_inside()
"""``(1, 4096)``: 1 at places of a thumbnail that aren't at its edges, else 0."""


def _smoothness(picture: Floats) -> float:
    inner = 2 * picture[1:-1, 1:-1]
    right = np.abs(picture[1:-1, :-2] - inner + picture[1:-1, 2:])
    down = np.abs(picture[:-2, 1:-1] - inner + picture[2:, 1:-1])
    return _share(np.maximum(right, down) <= _SMOOTH)


def _share(places: NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(places)) / places.size


def _steps(picture: Floats) -> tuple[Floats, Floats]:
    """How far each place is from the next one below, and on the right, in grey levels."""
    down, right = picture[1:] - picture[:-1], picture[:, 1:] - picture[:, :-1]
    return np.abs(down, out=down), np.abs(right, out=right)


def _is_code(picture: Floats, *steps: Floats) -> bool:
    if any(_share(each <= _PLAIN) >= _STRIPED_SHARE for each in steps):
        return True
    return float(picture.std()) >= _STARK


def ground_share(counts: Sequence[int]) -> float:
    """Which share of a picture is its most frequent tone: of the paper between letters, though no place is plain.

    Args:
        counts: How many of its pixels, as finely as it was decoded, have each of the 256 grey levels.
    """
    sums = [*_NONE_BEFORE, *accumulate(counts)]  # of so few numbers in half the time that arrays take
    sums += [sums[-1]] * _GROUND
    return float(max(map(sub, sums[2 * _GROUND + 1 :], sums)) / max(1, sums[-1]))


def make_fine(inside: Floats, ground: float = 0.0) -> bytes:
    """Pack the thumbnail of what is inside of the borders; empty if it shows much.

    Args:
        inside: Its luminance, ``(64, 64)``, in grey levels.
        ground: Of it; see ``ground_share``.
    """
    down, right = _steps(inside)
    steps = np.maximum(right[:-1], down[:, :-1])
    plain, exact = (_share(steps <= within) for within in (_PLAIN, _EXACT))
    is_written = ground >= _WRITTEN_GROUND and ground - plain >= _WRITTEN_BETWEEN
    shows_much = not is_written and plain < _PLAIN_SHARE and _smoothness(inside) < _SMOOTH_SHARE
    if shows_much and not _is_code(inside, down, right):
        return b""
    low, high = int(inside.min()), int(inside.max())
    levels = np.round((inside - low) * (_LEVELS / max(1, high - low))).astype(np.uint8)
    head = bytes([low, high, round(255 * plain), round(255 * (max(exact, ground) if is_written else exact))])
    return zlib.compress(head + (levels[:, ::2] << 4 | levels[:, 1::2]).tobytes(), 6)


class Subject(NamedTuple):
    """What stands on the ground of a picture.

    Attributes:
        plain: Share of it that is plain; below 0 where its ground has noise.
        tones_bits: Entropy of its levels: 0 to 4.
        bits: That the thumbnail takes for a pixel of it.
    """

    plain: float
    tones_bits: float
    bits: float


class Fine(NamedTuple):
    """What is packed.

    Attributes:
        luma: ``(64, 64)``, in grey levels.
        plain: Share of the picture that is plain.
        exact: Share of it that is plain without any noise.
        tones_bits: Entropy of its sixteen levels: 0 to 4.
        size_bytes: What it takes when packed: little, where there is little to see.
        striped: How much more of it keeps its level along one axis than along the other: 0 to 1.
    """

    luma: Floats
    plain: float
    exact: float
    tones_bits: float
    size_bytes: int
    striped: float

    @property
    def subject(self) -> "Subject":
        """What stands on the ground, which is the most frequent of its levels."""
        levels = np.rint(
            (self.luma - np.minimum.reduce(self.luma, axis=None)) / np.float32(max(self.step, _LEAST_STEP))
        )
        counts = np.bincount(levels.astype(np.intp).ravel(), minlength=_LEVELS + 1)
        place = int(counts.argmax())
        on_ground = levels == place
        # Plain places of the ground: as far as the next ones are of it, too.
        plain_ground = np.count_nonzero(on_ground[:-1, :-1] & on_ground[1:, :-1] & on_ground[:-1, 1:])
        steps = (FINE_SIDE - 1) ** 2
        plain = (self.plain * steps - int(plain_ground)) / max(1, steps - int(plain_ground))
        pixels = on_ground.size - int(counts[place])
        counts[place] = 0
        used = counts[counts > 0] / max(1, pixels)
        return Subject(plain, float(-(used * np.log2(used)).sum()), 8 * self.size_bytes / max(1, pixels))

    @property
    def step(self) -> float:
        """From one of its levels to the next, in grey levels."""
        return float(np.maximum.reduce(self.luma, axis=None) - np.minimum.reduce(self.luma, axis=None)) / _LEVELS

    @property
    def exactness(self) -> float:
        """Of what is plain, the share without any noise: much of it in drawings, little in photographs."""
        return _exactness(self.plain, self.exact)


def _exactness(plain: float, exact: float) -> float:
    return exact / max(_LEAST_PLAIN, plain)


def exactness_of(packed: bytes) -> float:
    """``Fine.exactness`` of what ``make_fine`` gave, without unpacking more than its head."""
    head = zlib.decompressobj().decompress(packed, _HEAD_BYTES)
    return _exactness(head[2] / 255, head[3] / 255)


def read_fine(packed: bytes) -> Fine:
    """Unpack; it isn't trusted.

    Raises:
        ValueError: Not what ``make_fine`` gives.
    """
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(packed, _RAW_BYTES)
    except zlib.error as exc:
        raise ValueError(f"a thumbnail that can't be unpacked: {exc}") from exc
    if len(raw) != _RAW_BYTES or unpacker.unconsumed_tail or unpacker.unused_data or len(packed) > FINE_BYTES:
        raise ValueError("a thumbnail of another size")
    low, high, plain, exact = raw[:_HEAD_BYTES]
    pairs = np.frombuffer(raw[_HEAD_BYTES:], np.uint8).reshape(FINE_SIDE, FINE_SIDE // 2)
    levels = np.empty((FINE_SIDE, FINE_SIDE), dtype=np.uint8)
    levels[:, ::2], levels[:, 1::2] = pairs >> 4, pairs & 15
    luma = (low + _STEPS * np.float32((high - low) / _LEVELS)).take(levels)
    both = np.bincount(pairs.ravel(), minlength=_PAIRS).reshape(_LEVELS + 1, _LEVELS + 1)
    used = (np.add.reduce(both, axis=0) + np.add.reduce(both, axis=1)) / levels.size
    used = used[used > 0]
    tones_bits = float(-(used * np.log2(used)).sum())
    down = np.count_nonzero(levels[1:] == levels[:-1])
    right = np.count_nonzero(levels[:, 1:] == levels[:, :-1])
    striped = float(abs(down - right) / (FINE_SIDE * (FINE_SIDE - 1)))
    return Fine(luma, plain / 255, exact / 255, tones_bits, len(packed), striped)


def unrounded(luma: Floats, step: float, frequencies: Floats) -> Floats:
    """A thumbnail whose levels have the tones that are rounded to them, as far as these are known.

    A tone that lies between two levels is one of them or the other as the light changes by a hundredth, and a whole
    area with it. But the lowest frequencies of the same picture are known to a part of a grey level, and each level has
    the tone that makes them come out best: in drawings most levels are those of one area. Edges stay where they are.

    Args:
        luma: The thumbnail ``(64, 64)``, in grey levels.
        step: From one of its levels to the next.
        frequencies: Its lowest ones, as ``frequencies_of`` gives them, ``(16, 16)``. They aren't trusted: no tone
            leaves its level.
    """
    if step < _LEAST_STEP:
        return luma
    least, half = np.minimum.reduce(luma, axis=None), step / 2
    levels = np.rint((luma - least) / np.float32(step)).astype(np.intp)
    flat = levels.ravel()
    counts = np.maximum(np.bincount(flat, minlength=_LEVELS + 1), 1)
    off = DCT.T @ (frequencies - frequencies_of(luma)) @ DCT
    away = np.bincount(flat, weights=off.ravel(), minlength=len(counts)) / counts
    tones = least + _STEPS * np.float32(step) + np.minimum(np.maximum(away, -half), half)
    return np.asarray(tones.astype(np.float32).take(levels))


class Thumbnail:
    """A thumbnail as it is compared, and what is asked of it more than once.

    Attributes:
        luma: ``(4096,)``, in grey levels.
    """

    def __init__(self, luma: Floats) -> None:
        self.luma = luma

    @cached_property
    def spread(self) -> float:
        """Standard deviation, in grey levels."""
        return float(self.luma.std())

    @cached_property
    def layers(self) -> Floats:
        """``(4, 4096)``, see ``Grid.layers``: luminance, its slopes, and whether a place is well inside."""
        return FINE_GRID.layers(self.luma, WELL_INSIDE)

    @cached_property
    def edges(self) -> Floats:
        """``(4096,)``: squares of the slopes, a pixel."""
        return edges_of(self.luma)


def edges_of(luma: Floats) -> Floats:
    """Squares of the slopes of a thumbnail ``(4096,)``, a pixel."""
    slopes = slopes_of(luma, FINE_SIDE)
    slopes *= slopes
    return np.asarray(slopes[0] + slopes[1], dtype=np.float32)
