"""What crosses a process border: the records of every topic, as JSON.

    Query ──search──▶ ImageUrl ──fetch──▶ Candidate ──dedupe──▶ Survivor ──land──▶ object storage
                          │                 ▲      │      └───▶ Duplicate   │
                          │                 └─ thorough ──▶ Relation       └─conflicts──▶ Conflict ──annotate──▶ …
                          └──▶ Fetched (so that no URL is fetched twice)
                                             plan ──▶ Task ──people──▶ Vote ──verify──▶ Verified ──attest──▶ …
                                           operators ──▶ Control ──▶ every stage
    every stage ──▶ Progress, and dead letters: the inputs themselves, with what happened in headers

What becomes a key or a part of an object's name has a form, and is checked where a record is read. Readers ignore
fields that they don't know, and new fields have defaults; a change that old readers would misunderstand raises
``VERSION``. ``docs/schemas`` holds the JSON Schemas made from these types.
"""

from typing import Final, TypeVar

import msgspec

from synsift.pipelines.control_records import Control
from synsift.pipelines.errors import RecordError, UnknownVersion
from synsift.pipelines.record_parts import (
    VERSION,
    Count,
    FoundBy,
    HttpAnswer,
    Image,
    Number,
    PairId,
    PairIdOrNone,
    Record,
    Rest,
    Sha256,
    Sha256OrHash,
    Sha256OrNone,
    Withdrawal,
    Wnid,
    WnidOrNone,
)
from synsift.pipelines.said import Consent
from synsift.pipelines.unreadable import UNREADABLE
from synsift.pipelines.vote_records import Task, Verified, Vote

__all__ = [
    "ALL",
    "VERSION",
    "Candidate",
    "Conflict",
    "Control",
    "Duplicate",
    "Fetched",
    "FoundBy",
    "HttpAnswer",
    "Image",
    "ImageUrl",
    "Progress",
    "Query",
    "Record",
    "Relation",
    "Rest",
    "Survivor",
    "Task",
    "Verified",
    "Vote",
    "Withdrawal",
    "decode",
    "encode",
]


class Query(Record, frozen=True, kw_only=True):
    """Ask a source for a text on behalf of a synset. Key: wnid.

    Attributes:
        wnid: Identifier of the synset.
        source: Name of the image source.
        text: What to ask for.
        lang: Language of the text, ISO 639-1.
        rank: Place of this query among the synset's, best first, from 0.
        cursor: Where the next page begins, in the source's own terms; empty for the first page.
        page: Number of the page, from 0.
        limit: Stop asking for this synset after so many image URLs; 0 for no limit.
        want: Stop asking for this synset when it has so many survivors, and ask first what gives new ones; 0 for no
            such target.
    """

    wnid: Wnid
    source: str
    text: str
    lang: str = "en"
    rank: Count = 0
    cursor: str = ""
    page: Count = 0
    limit: Count = 0
    want: Count = 0


class ImageUrl(Record, frozen=True, kw_only=True):
    """Fetch an image for a synset. Key: host, or a part of one that is split.

    Attributes:
        wnid: Synset that wants it.
        url: Absolute, http or https.
        found_by: Its origin.
        not_before: Don't ask sooner, RFC 3339: its host was far behind, and it was put at the tail. Empty for any time.
        content_id: Names the bytes behind the URL, where its source knows them: what has the same name at the same
            host is the same file, and need not be fetched. Empty if that isn't known.
    """

    wnid: Wnid
    url: str
    found_by: FoundBy
    not_before: str = ""
    content_id: str = ""


class Candidate(Record, frozen=True, kw_only=True):
    """An image of a synset is in the blob store. Key: wnid.

    Attributes:
        wnid: Synset that wants it.
        url: Where it was asked for.
        image: What it is.
        found_by: Its origin.
        answer: The response that gave it.
        consent: What was said of its use; None in records of versions that didn't keep it.
        withdraws: What is to go for its sake, if ``thorough`` sends it: then it survived before. None otherwise.
    """

    wnid: Wnid
    url: str
    image: Image
    found_by: FoundBy
    answer: HttpAnswer
    consent: Consent | None = None
    withdraws: Withdrawal | None = None


class Survivor(Record, frozen=True, kw_only=True):
    """A candidate is kept: a new image of its synset, or a better copy of one. Key: wnid.

    The system of record: the state of deduplication is a function of these, in order.

    Attributes:
        candidate: What is kept.
        replaces: SHA-256 of the survivor that it replaces as the better copy; empty for a new image.
        distance_bits: Hamming distance to what it replaces; 0 for a new image.
        transform: What turns it into what it replaces; empty for a new image.
        relation: Where local features found it later, and the candidate stood before: what the replaced one is to it,
            ``copy``, ``part_of`` or ``contains``. Empty otherwise.
    """

    candidate: Candidate
    replaces: Sha256OrNone = ""
    distance_bits: Number = 0
    transform: str = ""
    relation: str = ""


class Duplicate(Record, frozen=True, kw_only=True):
    """An image is a copy of a survivor of its synset. Key: wnid.

    Attributes:
        wnid: The synset.
        sha256: The copy.
        of: SHA-256 of the survivor at that time; of the picture of reference, or ``pdq:…`` and the like for a hash of a
            list.
        kind: ``exact`` (same bytes), ``near``, or ``reference``: near to a picture of a set that is kept out. Found by
            local features: ``copy``, ``part_of`` or ``contains``.
        distance_bits: Hamming distance of the hashes, out of 256.
        transform: What turns the copy into the survivor: ``identity``, ``mirrored``, ….
        candidate: The copy, whole; None where a survivor was replaced by the better copy ``of``: it stands in
            ``survivors`` already.
    """

    wnid: Wnid
    sha256: Sha256
    of: Sha256OrHash
    kind: str
    distance_bits: Number = 0
    transform: str = "identity"
    candidate: Candidate | None = None


class Relation(Record, frozen=True, kw_only=True):
    """What an image of a synset is to an earlier one, by local features. Key: wnid.

    Both survived when they came. Which relations removed one of them, ``survivors`` and ``duplicates`` say.

    Attributes:
        wnid: The synset.
        sha256: The image.
        of: SHA-256 of the earlier one.
        kind: What the image is to it: ``copy``, ``part_of``, ``contains``, or ``shares_a_part``.
        points: How many points one map explains.
        agreed: Which share of what lies in both shows the same.
        inside: Which share of the image lies within the other.
        outside: Which share of the other lies within the image.
        mirrored: Whether one is the mirror image of the other.
    """

    wnid: Wnid
    sha256: Sha256
    of: Sha256
    kind: str
    points: Count = 0
    agreed: float = 0.0
    inside: float = 0.0
    outside: float = 0.0
    mirrored: bool = False


class Conflict(Record, frozen=True, kw_only=True):
    """The same picture, or a copy, stands under two synsets: one of the labels may be wrong. Key: id.

    One that no longer stands comes again with the same id: the last record of an id says how it is.

    Attributes:
        id: Names the pair, whoever finds it and whenever: the first 32 hexadecimal digits of the SHA-256 of
            ``<synset> <sha256>`` of both, in the order of these texts, with a line break between.
        wnid: Synset of the one that was looked at later.
        sha256: That image.
        other_wnid: Synset of the other one.
        other_sha256: The other image.
        kind: ``exact`` for the same bytes, else ``near``.
        tie: What the synset is to the other: ``above`` it, ``below`` it, ``disjoint``, or ``unknown`` where WordNet
            lacks one of them. Above and below both labels may be right; else it is a conflict.
        score: How well the two agree, of 1; of one that was carried over, how well those agreed that it comes from.
        transform: What turns the image into the other: ``identity``, ``mirrored``, ….
        replaces: Id of the pair from which it was carried over to a better copy; empty for none.
        stands: Whether both images are still kept under these synsets.
        ended: Why it doesn't stand: ``better_copy`` or ``withdrawn``; empty where it does.
    """

    id: PairId
    wnid: Wnid
    sha256: Sha256
    other_wnid: Wnid
    other_sha256: Sha256
    kind: str
    tie: str
    score: float = 1.0
    transform: str = "identity"
    replaces: PairIdOrNone = ""
    stands: bool = True
    ended: str = ""


class Fetched(Record, frozen=True, kw_only=True):
    """What a URL gave, so that it is not fetched again. Key: URL; on its host's partition; compacted.

    Attributes:
        url: As asked for.
        outcome: ``fetched``, or why there is no image.
        message: Of the failure.
        attempts: How often it was tried.
        image: What it gave; None after a failure.
        answer: The response that gave it; None after a failure.
        wnids: Synsets that were served from it.
        consent: What was said of its use; None after a failure.
        rest: Of the robots.txt of a host that fails, whose outcome is ``asleep``; None otherwise.
        content_id: Names the bytes that it gave, where its source knows them; empty otherwise.
    """

    url: str
    outcome: str
    message: str = ""
    attempts: Number = 1
    image: Image | None = None
    answer: HttpAnswer | None = None
    wnids: tuple[Wnid, ...] = ()
    consent: Consent | None = None
    rest: Rest | None = None
    content_id: str = ""


class Progress(Record, frozen=True, kw_only=True):
    """Counts of one stage for one synset on one input partition, since the beginning. Compacted.

    Key: ``wnid/stage/partition``. The counts of a synset are the sum over its records.

    Attributes:
        wnid: The synset.
        stage: Who counted.
        partition: Of the stage's input.
        counts: Outcome → how many.
    """

    wnid: WnidOrNone
    stage: str
    partition: Count
    counts: dict[str, Number]


ALL: Final = (
    *(Query, ImageUrl, Candidate, Survivor, Duplicate, Relation, Conflict, Fetched, Progress),
    *(Task, Vote, Verified, Control),
)
"""Every record type that travels, for schemas and tests."""

_R = TypeVar("_R", bound=Record)
_ENCODER: Final = msgspec.json.Encoder()
_DECODERS: Final[dict[type[Record], msgspec.json.Decoder[Record]]] = {kind: msgspec.json.Decoder(kind) for kind in ALL}


class _Version(msgspec.Struct):
    v: Number = VERSION


_VERSION_DECODER: Final = msgspec.json.Decoder(_Version)


def encode(record: Record) -> bytes:
    """Write a record as it travels: JSON in UTF-8, without fields that have their default."""
    return _ENCODER.encode(record)


def decode(kind: type[_R], data: bytes) -> _R:
    """Read a record.

    Raises:
        UnknownVersion: Written in a version that this program doesn't read.
        RecordError: Not JSON, or not this record.
    """
    try:
        record = _DECODERS[kind].decode(data)
    except UNREADABLE as exc:
        raise _explain(kind, data, exc) from exc
    if record.v != VERSION:
        raise UnknownVersion(_version_message(kind, record.v))
    return record  # type: ignore[return-value]  # the decoder of `kind` makes `kind`


def _explain(kind: type[Record], data: bytes, cause: Exception) -> RecordError:
    """A record of a newer version may well not parse: say that rather than what is missing."""
    try:
        version = _VERSION_DECODER.decode(data).v
    except UNREADABLE:
        version = VERSION
    if version != VERSION:
        return UnknownVersion(_version_message(kind, version))
    return RecordError(f"not a {kind.__name__}: {cause}")


def _version_message(kind: type[Record], version: int) -> str:
    return f"{kind.__name__} of version {version}; this program reads version {VERSION}"
