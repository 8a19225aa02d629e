"""Which of two copies is the better one to keep."""

from dedupe.fingerprint import Fingerprint


def better(challenger: Fingerprint, holder: Fingerprint) -> bool:
    """Whether ``challenger`` should replace ``holder``: more pixels, then less compressed.

    Of copies with equal pixels and equal size the smaller SHA-256 is kept, so that the order of arrival doesn't
    decide. Pure; the same answer for the same two files, always.
    """
    return _rank(challenger) > _rank(holder)


def _rank(image: Fingerprint) -> tuple[int, int, int]:
    return image.width_px * image.height_px, image.size_bytes, -int(image.sha256, 16)
