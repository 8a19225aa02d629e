"""Two pictures → are they copies of one another, how sure is that, and why.

    files are the same, byte for byte ────────────────────────▶ EXACT
    one of them is too plain to have a hash ──────────────────▶ PLAIN       nothing can be said
    hashes are near, and a second look agrees ────────────────▶ NEAR
    otherwise ────────────────────────────────────────────────▶ DIFFERENT   and each reason

The verdict is that of a ``Matcher`` which knows one of the two, whichever of them it is.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from synsift.dedupe.decode import DEFAULT_MAX_PIXELS
from synsift.dedupe.fingerprint import Fingerprint, fingerprint
from synsift.dedupe.frequencies import HASH_BITS, ORIENTATIONS
from synsift.dedupe.inputs import Source
from synsift.dedupe.matcher import DEFAULT_OPTIONS, Look, Matcher, MatchOptions
from synsift.dedupe.second_look import Agreement, Criteria, Side, second_look
from synsift.dedupe.views import WHOLE

# A pair that isn't a copy never scores as high as one that is, however well it agrees in detail.
_BELOW: Final = 0.99
_BACK: Final = {"rotated-90": "rotated-270", "rotated-270": "rotated-90"}
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
        score: How well they agree, 0…1: 1 for ``exact``; of others how well their details agree, at or above the
            threshold (``Criteria.detail``, 0.85) for ``near`` and below it for the rest; 0 for ``plain``.
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
    look = _nearest_look(one, other, options)
    return _judged(look or _unproposed(one, other, options.criteria), look is not None, options)


def _nearest_look(one: Fingerprint, other: Fingerprint, options: MatchOptions) -> Look | None:
    """What a matcher that knows one of the two sees of the other; None if its hashes propose nothing."""
    found = list(Matcher.of_reference([one], options).looks(other))
    back = Matcher.of_reference([other], options).looks(one)
    found.extend(look._replace(transform=_BACK.get(look.transform, look.transform)) for look in back)
    return max(found, key=lambda look: (look.agreement.meets(options.criteria), look.agreement.detail), default=None)


def _unproposed(one: Fingerprint, other: Fingerprint, criteria: Criteria) -> Look:
    """A look at the whole of both, in the orientation that is the least far."""
    distances = np.bitwise_count(other.orientations() ^ one.view_hashes()[0]).sum(axis=1)
    nearest = int(distances.argmin())
    sides = Side(other.evidence, WHOLE), Side(one.evidence, WHOLE)
    agreement = second_look(*sides, orientation=nearest, criteria=criteria)
    return Look(one.sha256, int(distances[nearest]), ORIENTATIONS[nearest], agreement)


def _judged(look: Look, is_proposed: bool, options: MatchOptions) -> Comparison:
    agreement, criteria = look.agreement, options.criteria
    detail = min(1.0, max(0.0, agreement.detail))
    if is_proposed and agreement.meets(criteria):
        hashes = f"their hashes differ in {look.distance_bits} of {HASH_BITS} bits; up to {options.radius_bits} may"
        details = f"their details agree to {detail:.2f}; {criteria.detail:.2f} is enough"
        reasons = (hashes, details, "their colours agree", _WORDS[look.transform])
        return Comparison(Likeness.NEAR, detail, look.distance_bits, look.transform, reasons)
    score = min(detail, criteria.detail) * _BELOW if detail >= criteria.detail else detail
    found = () if is_proposed else (_far(look, options),)
    reasons = (*found, *_objections(agreement, criteria))
    return Comparison(Likeness.DIFFERENT, score, look.distance_bits, None, reasons)


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


def _objections(agreement: Agreement, criteria: Criteria) -> list[str]:
    """What speaks against a copy, in the order of weight."""
    if agreement.overlap < criteria.overlap:
        return [f"one shows {max(0.0, agreement.overlap):.0%} of the other at most; {criteria.overlap:.0%} is needed"]
    found = []
    for what, value, least in (
        ("light and dark", agreement.correlation, criteria.correlation),
        ("details", agreement.detail, criteria.detail),
        ("the parts that agree least", agreement.everywhere, criteria.everywhere),
    ):
        if value < least:
            found.append(f"{what} agree to {_unlike(value, least)}; {least:.2f} is needed")
    # Where light and dark are swapped, which has been said, the contrast is below nothing.
    contrast = max(agreement.gain, 1 / agreement.gain) if agreement.gain > 0 else 0.0
    if contrast > criteria.gain:
        times = _unlike(contrast, criteria.gain, decimals=1)
        found.append(f"the contrast of one is {times} times the other's; {criteria.gain} is the most")
    if not agreement.same_colours:
        found.append("their colours differ")
    return found
