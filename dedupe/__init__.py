"""Near-duplicate search of images: from bytes to a verdict.

A pure library: no network, no clock, no logging; a file is opened only where you give its path.

    bytes ──decode──▶ small grey image ──fingerprint──▶ hashes ──Matcher──▶ verdict

    fingerprint   a file's bytes, a path, an open file, a PIL image or an array → what is kept of it
    compare       two pictures → are they copies, and why
    Matcher       pictures as they come → verdicts
    cluster       a set of pictures → groups of copies
    relate        two pictures → is one a copy or a part of the other, through any edit (``synsift[thorough]``)
"""

import importlib
from typing import TYPE_CHECKING, Final

from synsift.dedupe.calibration import Calibration, Threshold, copies_of
from synsift.dedupe.clusters import Clustering, Copy, Group, choose, cluster
from synsift.dedupe.compare import Comparison, Likeness, compare
from synsift.dedupe.decode import DEFAULT_MAX_PIXELS, EXTENSIONS, FORMATS, Decoded, decode, looks_like_image
from synsift.dedupe.detail import PIXELS
from synsift.dedupe.errors import (
    CorruptImage,
    DedupeError,
    ImageError,
    TooCostly,
    TooManyPixels,
    TruncatedImage,
    UnsupportedFormat,
)
from synsift.dedupe.faults import Fault
from synsift.dedupe.fingerprint import VERSION as FINGERPRINT_VERSION
from synsift.dedupe.fingerprint import Fingerprint, fingerprint
from synsift.dedupe.frequencies import HASH_BITS, ORIENTATIONS
from synsift.dedupe.index import HashIndex
from synsift.dedupe.inputs import Source
from synsift.dedupe.judgement import DEFAULT_CRITERIA, Criteria, Judgement
from synsift.dedupe.matcher import Matcher
from synsift.dedupe.not_copies import NotCopies
from synsift.dedupe.quality import better
from synsift.dedupe.survivors import Survivors
from synsift.dedupe.verdicts import DEFAULT_OPTIONS, Kind, Look, MatchOptions, Verdict

if TYPE_CHECKING:
    from synsift.dedupe.local.features import Features, describe
    from synsift.dedupe.local.relation import Relation, Tie, relate

# Not loaded until they are asked for.
_LATER: Final = {
    "Features": "synsift.dedupe.local.features",
    "Relation": "synsift.dedupe.local.relation",
    "Tie": "synsift.dedupe.local.relation",
    "describe": "synsift.dedupe.local.features",
    "relate": "synsift.dedupe.local.relation",
}

__all__ = [
    "DEFAULT_CRITERIA",
    "DEFAULT_MAX_PIXELS",
    "DEFAULT_OPTIONS",
    "EXTENSIONS",
    "FINGERPRINT_VERSION",
    "FORMATS",
    "HASH_BITS",
    "ORIENTATIONS",
    "PIXELS",
    "Calibration",
    "Clustering",
    "Comparison",
    "Copy",
    "CorruptImage",
    "Criteria",
    "Decoded",
    "DedupeError",
    "Fault",
    "Features",
    "Fingerprint",
    "Group",
    "HashIndex",
    "ImageError",
    "Judgement",
    "Kind",
    "Likeness",
    "Look",
    "MatchOptions",
    "Matcher",
    "NotCopies",
    "Relation",
    "Source",
    "Survivors",
    "Threshold",
    "Tie",
    "TooCostly",
    "TooManyPixels",
    "TruncatedImage",
    "UnsupportedFormat",
    "Verdict",
    "better",
    "choose",
    "cluster",
    "compare",
    "copies_of",
    "decode",
    "describe",
    "fingerprint",
    "looks_like_image",
    "relate",
]


def __getattr__(name: str) -> object:
    """Load what only some need, when it is asked for."""
    if name not in _LATER:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(importlib.import_module(_LATER[name]), name)
