"""What can go wrong with an image's bytes.

DedupeError
└── ImageError               the bytes can't be fingerprinted; trying again won't help
    ├── UnsupportedFormat    not an image, or of a format outside the allow-list
    ├── TooManyPixels        the header promises more pixels than the limit
    ├── TooCostly            decoding would cost far more than its pixels are worth
    ├── TruncatedImage       the data ends before the picture does
    └── CorruptImage         the data contradicts itself
"""

from typing import ClassVar


class DedupeError(Exception):
    """Root of all errors of this package."""

    retriable: ClassVar[bool] = False


class ImageError(DedupeError):
    """Bytes that can't be made into a fingerprint.

    ``outcome`` is the word for it in records and metrics.
    """

    outcome: ClassVar[str] = "corrupt_image"


class UnsupportedFormat(ImageError):
    """Not an image at all, or of a format that isn't allowed."""

    outcome = "not_an_image"


class TooManyPixels(ImageError):
    """More pixels than the limit, by the header: nothing was decoded."""

    outcome = "too_many_pixels"


class TooCostly(ImageError):
    """Made to cost: scans, segments or chunks without end, by the headers; nothing was decoded."""

    outcome = "too_costly"


class TruncatedImage(ImageError):
    """The data ends before the picture does."""

    outcome = "truncated_image"


class CorruptImage(ImageError):
    """The data contradicts itself or its format."""

    outcome = "corrupt_image"
