"""Which pictures are wanted, of those that can be decoded: by their size, their shape, their format."""

from dataclasses import dataclass
from typing import Final

from synsift.dedupe import Fingerprint, ImageError


class TooSmall(ImageError):
    """One side is shorter than is wanted: icons, spacers, counting pixels."""

    outcome = "too_small"


class TooLong(ImageError):
    """One side is so much longer than the other that it is no photograph: banners, rules."""

    outcome = "too_long"


class UnwantedFormat(ImageError):
    """Of a format that can be read, and isn't wanted."""

    outcome = "unwanted_format"


@dataclass(frozen=True, slots=True)
class WantedPictures:
    """What is wanted.

    Attributes:
        min_side_px: Least length of the shorter side.
        max_aspect: Most that the longer side may be of the shorter; 0 for any.
        formats: Names of formats; empty for all that can be read.
    """

    min_side_px: int = 0
    max_aspect: float = 0.0
    formats: tuple[str, ...] = ()

    def check(self, found: Fingerprint) -> None:
        """Let a picture pass.

        Raises:
            ImageError: It isn't wanted; the outcome says why.
        """
        shorter, longer = sorted((found.width_px, found.height_px))
        size = f"{found.width_px}×{found.height_px} pixels"
        if self.formats and found.format not in self.formats:
            raise UnwantedFormat(f"{found.format} is none of fetch.formats: {', '.join(self.formats)}")
        if shorter < self.min_side_px:
            raise TooSmall(f"{size}, and fetch.min_side_px is {self.min_side_px}")
        if self.max_aspect and longer > shorter * self.max_aspect:
            raise TooLong(f"{size}, and fetch.max_aspect is {self.max_aspect:g}")


ANY_PICTURES: Final = WantedPictures()
"""All that can be decoded."""
