"""What is asked of a matcher, and what it answers."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from numbers import Integral
from typing import Final, NamedTuple, Protocol

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.frequencies import HASH_BITS, ORIENTATIONS
from synsift.dedupe.judgement import DEFAULT_CRITERIA, Criteria, Judgement
from synsift.dedupe.not_copies import NotCopies
from synsift.dedupe.second_look import Agreement

DEFAULT_RADIUS_BITS: Final = 85
NO_PAIRS: Final = NotCopies()


class Kind(StrEnum):
    """What a picture is in its scope."""

    NEW = "new"
    PLAIN = "plain"
    EXACT = "exact"
    NEAR = "near"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """What counts as near.

    Attributes:
        radius_bits: Largest distance of what hashes propose, of 256. Larger finds more of the hard copies and costs
            more second looks; smaller misses crops and rotations (docs/near-duplicates.md).
        criteria: What the second look wants.
        all_crops: Whether copies that were cropped at one side or corner, or are covered at one, are looked for, too,
            and not only those that were cropped around the centre: four times as many hashes.
        orientations: In which of ``ORIENTATIONS`` copies are looked for.
        not_copies: Pairs that a person judged; they never come to one cluster by themselves.

    Raises:
        TypeError: A value is of another type.
        ValueError: A radius or an orientation that there isn't.
    """

    radius_bits: int = DEFAULT_RADIUS_BITS
    criteria: Criteria = DEFAULT_CRITERIA
    all_crops: bool = True
    orientations: tuple[str, ...] = ORIENTATIONS
    not_copies: NotCopies = NO_PAIRS

    def __post_init__(self) -> None:
        for name, kind in (
            ("radius_bits", Integral),
            ("criteria", Criteria),
            ("all_crops", bool),
            ("not_copies", NotCopies),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind) or (kind is Integral and isinstance(value, bool)):
                wanted = "int" if kind is Integral else kind.__name__
                raise TypeError(f"{name} is of the type {wanted}, not {type(value).__name__}")
        if not 0 <= self.radius_bits <= HASH_BITS:
            raise ValueError(f"a radius of {self.radius_bits} bits is none: it is between 0 and {HASH_BITS}")
        if not isinstance(self.orientations, tuple | list) or not all(
            isinstance(one, str) for one in self.orientations
        ):
            raise TypeError(f"orientations is a tuple of names, such as {ORIENTATIONS[:2]}, not {self.orientations!r}")
        unknown = set(self.orientations) - set(ORIENTATIONS)
        if unknown or not self.orientations:
            raise ValueError(f"orientations are some of {', '.join(ORIENTATIONS)}, not `{', '.join(sorted(unknown))}`")


DEFAULT_OPTIONS: Final = MatchOptions()


def check_options(options: object) -> None:
    """See that options are some.

    Raises:
        TypeError: They are something else.
    """
    if not isinstance(options, MatchOptions):
        raise TypeError(f"options are MatchOptions, not `{type(options).__name__}`")


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """What was found of one picture.

    Attributes:
        kind: See ``Kind``.
        of: SHA-256 of the cluster's survivor before this picture, or of the picture of reference; None for ``new`` and
            ``plain``.
        distance_bits: Hamming distance to the nearest hash, of 256; 0 for ``exact``, None where nothing was found.
        transform: Which orientation related them, one of ``ORIENTATIONS``; None where nothing was found.
        replaces: Whether this picture is the better copy and now is the cluster's survivor.
        via: SHA-256 of the picture that it is near to: the survivor, or another one of its cluster.
        key: The key of the picture ``of``, as it was given to ``Matcher.add``; its SHA-256 where none was given.
    """

    kind: Kind
    of: str | None = None
    distance_bits: int | None = None
    transform: str | None = None
    replaces: bool = False
    via: str | None = None
    key: Hashable | None = None

    def __repr__(self) -> str:
        """Short, as ``<Verdict near to 'a.jpg', 12 bits, mirrored, replaces it>``."""
        if self.of is None:
            return f"<Verdict {self.kind}>"
        what = f"{self.of[:12]}…" if self.key in (None, self.of) else repr(self.key)
        better = ", replaces it" if self.replaces else ""
        return f"<Verdict {self.kind} to {what}, {self.distance_bits} bits, {self.transform}{better}>"

    @property
    def survives(self) -> bool:
        """Whether the picture is kept."""
        return self.kind in (Kind.NEW, Kind.PLAIN) or self.replaces


class KeepsOut(Protocol):
    """Pictures that others are compared with, and never grouped with."""

    def match(self, image: Fingerprint) -> Verdict:
        """What a picture is the same as."""
        ...


class Look(NamedTuple):
    """What a second look says of one of the nearest pictures.

    Attributes:
        sha256: Of the stored picture.
        distance_bits: Hamming distance of the nearest hashes, of 256.
        transform: What turns the query into the stored one, one of ``ORIENTATIONS``.
        agreement: How far they agree.
        judgement: Its score, and why.
    """

    sha256: str
    distance_bits: int
    transform: str
    agreement: Agreement
    judgement: Judgement
