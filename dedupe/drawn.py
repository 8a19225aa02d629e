"""How far two pictures that show little are drawings, rather than photographs with much sky or blur.

It says which of two ways of judging counts how much (``dedupe.judgement``), and follows from their thumbnails alone,
before one is laid over the other.
"""

from typing import Final, Protocol

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


class Pair(Protocol):
    """What is asked of two thumbnails; ``finer_look.Finer`` says more of each."""

    @property
    def plain(self) -> float:
        """Share of the busier one that is plain."""

    @property
    def exact(self) -> tuple[float, float]:
        """Of what is plain, the share without any noise: of the one with less, and of the one with more of it."""

    @property
    def side_px(self) -> float:
        """Of the one of fewer pixels, as if it were a square."""

    @property
    def size_bytes(self) -> int:
        """What the larger one takes when packed."""

    @property
    def spread(self) -> float:
        """Standard deviation of the one with less contrast, in grey levels."""

    @property
    def striped(self) -> float:
        """Of the one with fewer stripes."""


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
