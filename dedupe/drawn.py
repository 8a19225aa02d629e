"""How far two pictures that show little are drawings, rather than photographs with much sky or blur.

It says which of two ways of judging counts how much (``dedupe.judgement``), and follows from their thumbnails alone,
before one is laid over the other.
"""

from dataclasses import dataclass
from typing import Final

from synsift.dedupe.faults import share_of

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
    """

    plain: float
    exact: tuple[float, float]
    tones_bits: float
    side_px: float
    size_bytes: int
    spread: float
    striped: float


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
