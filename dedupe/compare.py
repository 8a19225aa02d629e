"""Two pictures → are they copies of one another, how sure is that, and why.

    files are the same, byte for byte ────────────────────────▶ EXACT
    one of them is too plain to have a hash ──────────────────▶ PLAIN       nothing can be said
    hashes are near, and a second look agrees ────────────────▶ NEAR
    otherwise ────────────────────────────────────────────────▶ DIFFERENT   and each reason

The verdict is that of a ``Matcher`` which knows one of the two, whichever of them it is: their hashes propose the same
either way, and so does a look at both score.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from synsift.dedupe.decode import DEFAULT_MAX_PIXELS
from synsift.dedupe.fingerprint import Fingerprint, fingerprint
from synsift.dedupe.frequencies import HASH_BITS, ORIENTATIONS
from synsift.dedupe.inputs import Source
from synsift.dedupe.judgement import Judgement, look_and_judge
from synsift.dedupe.matcher import Matcher
from synsift.dedupe.second_look import side_of
from synsift.dedupe.verdicts import DEFAULT_OPTIONS, Look, MatchOptions, check_options
from synsift.dedupe.views import WHOLE

# A pair that hashes don't propose never scores as high as a copy, however well it agrees.
_BELOW: Final = 0.99
# So many reasons are told.
_REASONS: Final = 4
_WORDS: Final = {
    "identity": "the second stands as the first does",
    "mirrored": "the second is mirrored, left to right",
    "flipped": "the second is mirrored, top to bottom",
    "rotated-180": "the second is turned by 180°",
    "transposed": "the second is mirrored along its diagonal",
    "rotated-90": "the second is turned by 90° clockwise",
    "rotated-270": "the second is turned by 90° counter-clockwise",
    "transverse": "the second is mirrored along its other diagonal",
}


class Likeness(StrEnum):
    """What two pictures are to each other."""

    EXACT = "exact"
    NEAR = "near"
    PLAIN = "plain"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found of two pictures.

    Attributes:
        kind: See ``Likeness``.
        score: How well they agree, 0…1: 1 for ``exact``; at or above the threshold (``Criteria.score``, 0.85) for
            ``near`` and below it for the rest; 0 for ``plain``.
        distance_bits: Hamming distance of their nearest hashes, of 256; unrelated pictures have about 128. None for
            ``plain``.
        transform: What turns the second into the first, one of ``ORIENTATIONS``; None unless they are copies.
        reasons: Short sentences that say why, for people.
    """

    kind: Likeness
    score: float
    distance_bits: int | None
    transform: str | None
    reasons: tuple[str, ...]

    @property
    def are_copies(self) -> bool:
        """Whether they are copies of one picture."""
        return self.kind in (Likeness.EXACT, Likeness.NEAR)


def compare(
    first: Fingerprint | Source,
    second: Fingerprint | Source,
    *,
    options: MatchOptions = DEFAULT_OPTIONS,
    max_pixels: int = DEFAULT_MAX_PIXELS,
) -> Comparison:
    """Say whether two pictures are copies of one another, and why.

    Args:
        first: A fingerprint, or whatever ``fingerprint`` takes.
        second: The same.
        options: What counts as near.
        max_pixels: Limit on width × height, where a picture is decoded.

    Raises:
        ImageError: One of its kinds, if a file can't be decoded.
        TypeError: Not what is taken; see ``fingerprint``.
        ValueError: As ``fingerprint``.
        OSError: A path can't be read.
    """
    check_options(options)
    one, other = (
        picture if isinstance(picture, Fingerprint) else fingerprint(picture, max_pixels=max_pixels)
        for picture in (first, second)
    )
    if one.sha256 == other.sha256:
        return Comparison(Likeness.EXACT, 1.0, 0, ORIENTATIONS[0], ("both are the same, byte for byte",))
    plain = [name for name, image in (("first", one), ("second", other)) if image.is_plain]
    if plain:
        reason = f"the {' and the '.join(plain)} is too plain to compare: only files with the same bytes are its copies"
        return Comparison(Likeness.PLAIN, 0.0, None, None, (reason,))
    if other.sha256 in options.not_copies.of(one.sha256):
        return Comparison(Likeness.DIFFERENT, 0.0, None, None, ("a person judged that they are no copies",))
    look = _nearest_look(one, other, options)
    return _judged(look or _unproposed(one, other, options), look is not None, options)


def _nearest_look(one: Fingerprint, other: Fingerprint, options: MatchOptions) -> Look | None:
    """What a matcher that knows the one sees of the other; None if its hashes propose nothing."""
    return next(Matcher.of_reference([one], options).looks(other), None)


def _unproposed(one: Fingerprint, other: Fingerprint, options: MatchOptions) -> Look:
    """A look at the whole of both, in the orientation that is the least far."""
    distances = np.bitwise_count(other.orientations() ^ one.view_hashes()[0]).sum(axis=1)
    nearest = min(
        (ORIENTATIONS.index(name) for name in options.orientations), key=lambda number: int(distances[number])
    )
    distance_bits = int(distances[nearest])
    query, stored = (side_of(image, WHOLE) for image in (other, one))
    found = look_and_judge(query, stored, orientation=nearest, distance_bits=distance_bits, criteria=options.criteria)
    return Look(one.sha256, distance_bits, ORIENTATIONS[nearest], *found)


def _judged(look: Look, is_proposed: bool, options: MatchOptions) -> Comparison:
    score, least = look.judgement.score, options.criteria.score
    if is_proposed and score >= least:
        hashes = f"their hashes differ in {look.distance_bits} of {HASH_BITS} bits; up to {options.radius_bits} may"
        scored = f"their score is {score:.2f}; {least:.2f} is enough"
        reasons = (hashes, scored, _WORDS[look.transform], *_taken_off(look.judgement))
        return Comparison(Likeness.NEAR, score, look.distance_bits, look.transform, reasons)
    if is_proposed:
        why = f"their score is {_unlike(score, least)}; {least:.2f} is needed"
    else:
        score, why = min(score, least * _BELOW), _far(look, options)
    reasons = (why, *_taken_off(look.judgement))
    return Comparison(Likeness.DIFFERENT, score, look.distance_bits, None, reasons)


def _taken_off(judgement: Judgement) -> list[str]:
    """What speaks against a copy, the heaviest first, with what each costs."""
    return [f"−{fault.cost:.2f}: {fault.words}" for fault in judgement.faults[:_REASONS] if fault.cost >= 0.005]


def _far(look: Look, options: MatchOptions) -> str:
    if look.distance_bits > options.radius_bits:
        most = options.radius_bits
        return f"their hashes differ in {look.distance_bits} of {HASH_BITS} bits; those of copies in {most} at most"
    return f"the coarsest parts of their hashes differ, though only {look.distance_bits} of {HASH_BITS} bits do in all"


def _unlike(value: float, limit: float, *, decimals: int = 2) -> str:
    """A value that misses a limit, with as many decimals as it takes to see that it does."""
    while f"{value:.{decimals}f}" == f"{limit:.{decimals}f}" and value != limit:
        decimals += 1
    return f"{value:.{decimals}f}"
