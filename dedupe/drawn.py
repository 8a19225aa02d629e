"""How far two pictures that show little are drawings, rather than photographs with much sky or blur.

It says which of two ways of judging counts how much (``dedupe.judgement``), and follows from their thumbnails alone,
before one is laid over the other.
"""

from dataclasses import dataclass
from typing import Final

from synsift.dedupe.faults import share_of
from synsift.dedupe.fine import Subject

# From drawings to photographs of a thing before a plain ground, of what isn't ground: the share that is plain, the
# entropy of its tones, the bits that the thumbnail takes for a pixel of it, and the pixels of a side.
_SHADED_PLAIN: Final = (0.05, 0.15)
_SHADED_TONES: Final = (3.0, 3.2)
_SHADED_BITS: Final = (2.0, 2.3)
_SHADED_PX: Final = (200.0, 250.0)
# From drawings to photographs: what is exact of what is plain, the size of the thumbnails (of those that are hardly
# noisy, and of noisy ones), and the pixels of a side.
_EXACT: Final = (0.5, 0.8)
_NOISY: Final = (0.25, 0.5)
_PHOTO_BYTES: Final = (700, 400)
_PHOTO_BYTES_WIDE: Final = 200
_PHOTO_PX: Final = (100.0, 170.0)
# … and what no photograph has that isn't plain: such a standard deviation, in grey levels, or so many stripes.
_NOT_PLAIN: Final = (0.12, 0.16)
_STARK: Final = (80.0, 90.0)
_STRIPED: Final = (0.4, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """How little two pictures show, by their finer thumbnails.

    Attributes:
        plain: Share of the busier one that is plain.
        exact: Of what is plain, the share without any noise: of the one with less, and of the one with more of it.
        tones_bits: Entropy of the sixteen levels of the one with fewer: 0 to 4.
        side_px: Of the one of fewer pixels, as if it were a square.
        size_bytes: What the larger thumbnail takes when packed.
        spread: Standard deviation of the one with less contrast, in grey levels.
        striped: Of the one with fewer stripes; see ``Fine``.
        shaded: How far what stands on the ground is shaded all over, as things are that were photographed before one,
            of the one that is less so; see ``shaded_share``.
    """

    plain: float
    exact: tuple[float, float]
    tones_bits: float
    side_px: float
    size_bytes: int
    spread: float
    striped: float
    shaded: float


def drawn_share(pair: Pair) -> float:
    """How far both are drawings rather than photographs: 0 to 1.

    Photographs have noise where they are plain, and much that isn't. Of few pixels neither can be told.
    """
    exact = pair.exact[0]
    (few, few_if_noisy), (noisy, hardly_noisy) = _PHOTO_BYTES, _NOISY
    least = few_if_noisy + (few - few_if_noisy) * share_of(exact, (noisy, hardly_noisy))
    detailed = share_of(pair.size_bytes, (least, least + _PHOTO_BYTES_WIDE))
    code = max(share_of(pair.spread, _STARK), share_of(pair.striped, _STRIPED)) * (1 - share_of(pair.plain, _NOT_PLAIN))
    return 1 - (1 - share_of(exact, _EXACT)) * (1 - code) * detailed * share_of(pair.side_px, _PHOTO_PX)


def shaded_share(subject: Subject, side_px: float) -> float:
    """How far what stands on a ground is shaded all over, as in photographs of products on white: 0 to 1.

    Drawings have areas of one tone, few tones, or gradients, which take few bits. Of few pixels none can be told.

    Args:
        subject: What stands on the ground.
        side_px: Of the picture, as if it were a square.
    """
    shaded = (1 - share_of(subject.plain, _SHADED_PLAIN)) * share_of(subject.tones_bits, _SHADED_TONES)
    return shaded * share_of(subject.bits, _SHADED_BITS) * share_of(side_px, _SHADED_PX)
