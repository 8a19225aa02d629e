"""Near-duplicate search of images: from bytes to a verdict.

A pure library: no network, no files, no clock, no logging.

    bytes ──decode──▶ small grey image ──fingerprint──▶ hashes ──Matcher──▶ verdict
"""

from synsift.dedupe.calibration import Calibration, Threshold, copies_of
from synsift.dedupe.clusters import Clustering, Copy, Group, cluster
from synsift.dedupe.decode import DEFAULT_MAX_PIXELS, EXTENSIONS, FORMATS, Decoded, decode, looks_like_image
from synsift.dedupe.errors import (
    CorruptImage,
    DedupeError,
    ImageError,
    TooCostly,
    TooManyPixels,
    TruncatedImage,
    UnsupportedFormat,
)
from synsift.dedupe.fingerprint import VERSION as FINGERPRINT_VERSION
from synsift.dedupe.fingerprint import Fingerprint, fingerprint
from synsift.dedupe.frequencies import HASH_BITS, ORIENTATIONS
from synsift.dedupe.index import HashIndex
from synsift.dedupe.matcher import DEFAULT_OPTIONS, Kind, Matcher, MatchOptions, Verdict
from synsift.dedupe.quality import better
from synsift.dedupe.second_look import DEFAULT_CRITERIA, Criteria
from synsift.dedupe.survivors import Survivors

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
    "TooCostly",
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
