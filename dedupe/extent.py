"""Which part of a reduced picture shows the original.

A side that isn't a multiple of what it is divided by ends within the last pixel, which is a whole one all the same: of
1,101 columns divided by four there are 276, and the last shows one column. Taken for four, it would move what lies at
that edge by a quarter of a hundredth, and by another length in each size and file of one picture.
"""

from typing import NamedTuple


class Extent(NamedTuple):
    """A part of a picture, in pixels and parts of them."""

    left: float
    top: float
    right: float
    bottom: float

    def within(self, shares: tuple[float, float, float, float]) -> "Extent":
        """A part of it, of which left, top, right and bottom are shares of its sides."""
        left, top, right, bottom = shares
        width, height = self.right - self.left, self.bottom - self.top
        return Extent(
            self.left + left * width, self.top + top * height, self.left + right * width, self.top + bottom * height
        )


def extent_of(size_px: tuple[int, int], decoded_px: tuple[int, int], factors: tuple[int, int]) -> Extent:
    """Of an original in what is left of it when it was decoded, and its sides were divided.

    Args:
        size_px: Width and height of the original.
        decoded_px: The same as it was decoded.
        factors: What they were divided by then.
    """
    right, bottom = (
        original / (_scaled_by(original, decoded) * factor)
        for original, decoded, factor in zip(size_px, decoded_px, factors, strict=True)
    )
    return Extent(0.0, 0.0, right, bottom)


def _scaled_by(original: int, decoded: int) -> int:
    """What a JPEG's decoder divided a side by: a power of 2, and the quotient is rounded up (Pillow's ``draft``)."""
    return next((by for by in (1, 2, 4, 8) if -(-original // by) == decoded), 1)


def turned(extent: Extent, size_px: tuple[int, int], orientation: int) -> Extent:
    """The extent in a picture of such a size, once that is made upright by its EXIF orientation, 2 to 8."""
    # What is more than the original lies behind its right and lower edge.
    behind_right, behind_lower = size_px[0] - extent.right, size_px[1] - extent.bottom
    width, height = size_px
    if orientation >= 5:
        behind_right, behind_lower = behind_lower, behind_right
        width, height = height, width
    is_across, is_down = orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
    return Extent(
        left=behind_right if is_across else 0.0,
        top=behind_lower if is_down else 0.0,
        right=width - (0.0 if is_across else behind_right),
        bottom=height - (0.0 if is_down else behind_lower),
    )
