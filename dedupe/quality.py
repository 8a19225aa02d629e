"""Which of two copies is the better one to keep."""

from typing import Final

from synsift.dedupe.decode import PIXELS
from synsift.dedupe.fingerprint import Fingerprint

# Of copies that are equal in pixels and compression: what any program can read, first.
_FORMATS: Final = (PIXELS, "AVIF", "BMP", "GIF", "TIFF", "WEBP", "PNG", "JPEG")


def better(challenger: Fingerprint, holder: Fingerprint) -> bool:
    """Whether ``challenger`` should replace ``holder``.

    More pixels win; then less compression, by the quality that the file tells and then by its size; then the more
    common format. Of copies that are equal in all that the earlier one stays. Pure; the same answer for the same two
    files, always.
    """
    return rank(challenger) > rank(holder)


def rank(image: Fingerprint) -> tuple[int, int, int, int]:
    """What ``better`` compares; the larger is the better."""
    return image.width_px * image.height_px, image.quality, image.size_bytes, _FORMATS.index(image.format)
