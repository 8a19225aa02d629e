"""Copies between scopes that are judged apart, for example between the synsets of an ontology.

Within a synset a copy is thrown out; the same picture under two synsets is kept under both, and one of the two labels
may be wrong. ImageNet's worst duplicates are of this kind. One view over all scopes finds them as they come:

    picture of a scope ──add──▶ where else it stands, itself or by a copy       (its crossings; it is in the view then)
                       ──remove──▶ it stands there no more

Each picture is indexed once, whatever the number of its scopes. Whoever comes later finds the earlier one, so that a
pair is found once, and which pairs are found doesn't hang on the order of arrival.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.matcher import Matcher
from synsift.dedupe.verdicts import DEFAULT_OPTIONS, Look, MatchOptions

_AT_ONCE: Final = 1_024


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


class View:
    """What stands in all scopes. Not thread-safe.

    Memory is that of a ``Matcher``, which see, and some 0.1 kB a picture. What was removed from its last scope stays in
    the index, and is passed over, until the view is made anew.
    """

    def __init__(self, options: MatchOptions = DEFAULT_OPTIONS) -> None:
        """Make an empty one.

        Args:
            options: What counts as near.
        """
        self._options = options
        self._matcher = Matcher(options)
        # A picture stands in one scope nearly always: then its name stands here bare.
        self._scopes: dict[str, str | tuple[str, ...]] = {}
        self._names: dict[str, str] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many pictures stand in how many scopes, in all."""
        return self._count

    def __contains__(self, place: tuple[str, str]) -> bool:
        """Whether a picture stands in a scope."""
        scope, sha256 = place
        return scope in self._scopes_of(sha256)

    def add(self, scope: str, image: Fingerprint) -> list[Crossing]:
        """Take a picture in. Gives its crossings with all that stands already, those that are known included."""
        found = self.crossings(scope, image)
        self.restore(scope, image)
        return found

    def crossings(self, scope: str, image: Fingerprint) -> list[Crossing]:
        """What a picture would cross if it stood in a scope. It is not taken in."""
        others = [other for other in self._scopes_of(image.sha256) if other != scope]
        found = [Crossing(scope, image.sha256, other, image.sha256) for other in others]
        found += [
            Crossing(scope, image.sha256, other, look.sha256, look.judgement.score, look.transform)
            for look in self._near(image)
            for other in self._scopes_of(look.sha256)
            if other != scope
        ]
        return found

    def restore(self, scope: str, image: Fingerprint) -> None:
        """Take a picture in without a look at what it crosses."""
        if (scope, image.sha256) in self:
            return
        if image.sha256 not in self._scopes:
            self._matcher.restore(image)
        self._put(image.sha256, (*self._scopes_of(image.sha256), self._names.setdefault(scope, scope)))
        self._count += 1

    def restore_all(self, pictures: Iterable[tuple[str, Fingerprint]]) -> None:
        """Take many in, without a look at what they cross: some times faster than one after the other."""
        new: dict[str, Fingerprint] = {}
        for scope, image in pictures:
            if (scope, image.sha256) in self:
                continue
            if image.sha256 not in self._scopes:
                new[image.sha256] = image
            self._put(image.sha256, (*self._scopes_of(image.sha256), self._names.setdefault(scope, scope)))
            self._count += 1
            if len(new) >= _AT_ONCE:
                self._matcher.restore_all(new.values())
                new.clear()
        self._matcher.restore_all(new.values())

    def remove(self, scope: str, sha256: str) -> bool:
        """A picture stands in a scope no more. False if it didn't before."""
        if (scope, sha256) not in self:
            return False
        self._put(sha256, tuple(other for other in self._scopes_of(sha256) if other != scope))
        self._count -= 1
        return True

    def _scopes_of(self, sha256: str) -> tuple[str, ...]:
        found = self._scopes.get(sha256, ())
        return (found,) if isinstance(found, str) else found

    def _put(self, sha256: str, scopes: tuple[str, ...]) -> None:
        self._scopes[sha256] = scopes[0] if len(scopes) == 1 else scopes

    def _near(self, image: Fingerprint) -> Iterator[Look]:
        """Other pictures that it is a copy of."""
        if image.is_plain:
            return
        apart = self._options.not_copies.of(image.sha256)
        itself = image.sha256 if image.sha256 in self._scopes else ""
        for look in self._matcher.looks(image, without=itself):
            is_near = look.judgement.score >= self._options.criteria.score
            if is_near and look.sha256 not in apart:
                yield look


def crossings(
    pictures: Iterable[tuple[str, Fingerprint]], options: MatchOptions = DEFAULT_OPTIONS
) -> Iterator[Crossing]:
    """Find what stands in several scopes.

    Args:
        pictures: Scope and fingerprint.
        options: What counts as near.
    """
    view = View(options)
    for scope, image in pictures:
        yield from view.add(scope, image)
