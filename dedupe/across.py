"""Copies between scopes that are judged apart, for example between the synsets of an ontology.

Within a synset a copy is thrown out; the same picture under two synsets is kept under both, and one of the two labels
may be wrong. ImageNet's worst duplicates are of this kind. One index over all scopes finds them: each picture once,
whatever the number of its scopes, in the order of arrival, so that a pair is found once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.matcher import Matcher
from synsift.dedupe.verdicts import DEFAULT_OPTIONS, MatchOptions


@dataclass(frozen=True, slots=True)
class Crossing:
    """A picture that stands in two scopes, itself or by a copy.

    Attributes:
        scope: Where the later one stands.
        sha256: Of it.
        other_scope: Where the earlier one stands.
        other_sha256: Of it; the same for the same bytes.
        score: How well the two agree, of 1; 1 for the same bytes.
        transform: What turns the later one into the earlier one.
    """

    scope: str
    sha256: str
    other_scope: str
    other_sha256: str
    score: float = 1.0
    transform: str = "identity"

    @property
    def is_exact(self) -> bool:
        """Whether the two are the same bytes."""
        return self.sha256 == self.other_sha256


def crossings(
    pictures: Iterable[tuple[str, Fingerprint]], options: MatchOptions = DEFAULT_OPTIONS
) -> Iterator[Crossing]:
    """Find what stands in several scopes.

    Args:
        pictures: Scope and fingerprint, each pair once.
        options: What counts as near.
    """
    matcher = Matcher(options)
    scopes: dict[str, list[str]] = {}
    near: dict[str, list[tuple[str, float, str]]] = {}
    for scope, image in pictures:
        known = scopes.get(image.sha256)
        if known is None:
            near[image.sha256] = found = _near(matcher, image, options)
            if not found:
                del near[image.sha256]
            matcher.restore(image)
            known = scopes.setdefault(image.sha256, [])
        yield from (Crossing(scope, image.sha256, other, image.sha256) for other in known)
        for sha256, score, transform in near.get(image.sha256, ()):
            for other in scopes[sha256]:
                if other != scope:
                    yield Crossing(scope, image.sha256, other, sha256, score, transform)
        known.append(scope)


def _near(matcher: Matcher, image: Fingerprint, options: MatchOptions) -> list[tuple[str, float, str]]:
    if image.is_plain:
        return []
    apart = options.not_copies.of(image.sha256)
    return [
        (look.sha256, look.judgement.score, look.transform)
        for look in matcher.looks(image)
        if look.judgement.score >= options.criteria.score and look.sha256 not in apart
    ]
