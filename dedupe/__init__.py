"""Near-duplicate search of images: from bytes to a verdict.

A pure library: no network, no files, no clock, no logging.

    bytes ──decode──▶ small grey image ──fingerprint──▶ hashes ──Matcher──▶ verdict
"""

from dedupe.decode import DEFAULT_MAX_PIXELS, EXTENSIONS, FORMATS
from dedupe.errors import CorruptImage, DedupeError, ImageError, TooManyPixels, TruncatedImage, UnsupportedFormat
from dedupe.fingerprint import HASH_BITS, ORIENTATIONS, Fingerprint, fingerprint, hash_from_text
from dedupe.index import HashIndex
from dedupe.matcher import DEFAULT_RADIUS_BITS, Kind, Matcher, Verdict
from dedupe.quality import better
from dedupe.survivors import Survivors

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "DEFAULT_RADIUS_BITS",
    "EXTENSIONS",
    "FORMATS",
    "HASH_BITS",
    "ORIENTATIONS",
    "CorruptImage",
    "DedupeError",
    "Fingerprint",
    "HashIndex",
    "ImageError",
    "Kind",
    "Matcher",
    "Survivors",
    "TooManyPixels",
    "TruncatedImage",
    "UnsupportedFormat",
    "Verdict",
    "better",
    "fingerprint",
    "hash_from_text",
]
