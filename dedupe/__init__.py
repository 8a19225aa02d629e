"""Near-duplicate search of images: from bytes to a verdict.

A pure library: no network, no files, no clock, no logging.

    bytes ──decode──▶ small grey image ──fingerprint──▶ hashes ──Matcher──▶ verdict
"""

from dedupe.calibration import Calibration, Threshold, copies_of
from dedupe.clusters import Clustering, Copy, Group, cluster
from dedupe.decode import DEFAULT_MAX_PIXELS, EXTENSIONS, FORMATS, Decoded, decode, looks_like_image
from dedupe.errors import CorruptImage, DedupeError, ImageError, TooManyPixels, TruncatedImage, UnsupportedFormat
from dedupe.fingerprint import VERSION as FINGERPRINT_VERSION
from dedupe.fingerprint import Fingerprint, fingerprint
from dedupe.frequencies import HASH_BITS, ORIENTATIONS
from dedupe.index import HashIndex
from dedupe.matcher import DEFAULT_OPTIONS, Kind, Matcher, MatchOptions, Verdict
from dedupe.quality import better
from dedupe.second_look import DEFAULT_CRITERIA, Criteria
from dedupe.survivors import Survivors

__all__ = [
    "DEFAULT_CRITERIA",
    "DEFAULT_MAX_PIXELS",
    "DEFAULT_OPTIONS",
    "EXTENSIONS",
    "FINGERPRINT_VERSION",
    "FORMATS",
    "HASH_BITS",
    "ORIENTATIONS",
    "Calibration",
    "Clustering",
    "Copy",
    "CorruptImage",
    "Criteria",
    "Decoded",
    "DedupeError",
    "Fingerprint",
    "Group",
    "HashIndex",
    "ImageError",
    "Kind",
    "MatchOptions",
    "Matcher",
    "Survivors",
    "Threshold",
    "TooManyPixels",
    "TruncatedImage",
    "UnsupportedFormat",
    "Verdict",
    "better",
    "cluster",
    "copies_of",
    "decode",
    "fingerprint",
    "looks_like_image",
]
