"""A set of pictures → groups of copies, whatever their order.

The best copies come first (``quality.rank``, then their names). Each joins the group of the nearest picture that leads
one, or that joined for its leader's sake; where there is none, it leads a new one. So a group's leader is its best
copy, every other picture of it is a copy of the leader or of one of its copies, and no leader is near to a better one.
A chain (A is near to B, B to C, A not to C) is one group; a longer one is cut at the third step from its best picture.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.matcher import DEFAULT_OPTIONS, Kind, Matcher, MatchOptions, Verdict
from synsift.dedupe.quality import rank

if TYPE_CHECKING:
    import typing_extensions

    # ``Clustering`` alone means one by texts, such as paths.
    K = typing_extensions.TypeVar("K", bound=Hashable, default=str)
else:
    K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Copy(Generic[K]):
    """A picture that isn't kept.

    Attributes:
        name: The picture's key, as the caller gave it.
        verdict: What relates it to the one that is.
    """

    name: K
    verdict: Verdict


@dataclass(frozen=True, slots=True, repr=False)
class Group(Generic[K]):
    """A picture that is kept, and its copies.

    Attributes:
        name: The best copy's key.
        copies: The others, the better first.
    """

    name: K
    copies: list[Copy[K]] = field(default_factory=list)

    def __repr__(self) -> str:
        """Short: which is kept, and how many copies it has."""
        return f"<Group {self.name!r} and {len(self.copies)} copies>"


@dataclass(frozen=True, slots=True, repr=False)
class Clustering(Generic[K]):
    """All groups of a set.

    Attributes:
        groups: In the order of the names of what is kept; those without copies included.
        rejected: Near to a picture of reference.
    """

    groups: list[Group[K]]
    rejected: list[Copy[K]]

    def __repr__(self) -> str:
        """Short: how many there are of each."""
        copies = sum(len(group.copies) for group in self.groups)
        return f"<Clustering: {len(self.groups)} groups, {copies} copies, {len(self.rejected)} rejected>"


def cluster(
    images: Mapping[K, Fingerprint],
    options: MatchOptions = DEFAULT_OPTIONS,
    *,
    reference: Matcher | None = None,
    on_picture: Callable[[], None] = lambda: None,
) -> Clustering[K]:
    """Group pictures.

        found = cluster({path: fingerprint(path) for path in paths})
        for group in found.groups:
            print("keep", group.name, "of", [copy.name for copy in group.copies])

    Args:
        images: Fingerprints by keys of your own: paths, numbers of rows, tuples; whatever a dictionary takes.
        options: What counts as near.
        reference: What is near to one of its pictures is rejected.
        on_picture: Called after each.

    Raises:
        TypeError: Not a mapping of fingerprints.
    """
    if not isinstance(images, Mapping):
        raise TypeError(f"a mapping of keys to fingerprints is taken, not `{type(images).__name__}`")
    matcher = Matcher(options, reference=reference)
    groups: dict[str, Group[K]] = {}
    rejected: list[Copy[K]] = []
    place = {name: number for number, name in enumerate(_in_order(images))}
    for name, image in sorted(images.items(), key=lambda item: (_worst_last(item[1]), place[item[0]])):
        verdict = matcher.add(image, key=name)
        if verdict.of is None:
            groups[image.sha256] = Group(name)
        elif verdict.kind is Kind.REFERENCE:
            rejected.append(Copy(name, verdict))
        else:
            groups[verdict.of].copies.append(Copy(name, verdict))
            if verdict.kind is Kind.NEAR and verdict.via == verdict.of:
                matcher.attach(image, to=verdict.of, key=name)
        on_picture()
    return Clustering(sorted(groups.values(), key=lambda group: place[group.name]), rejected)


def _worst_last(image: Fingerprint) -> list[int]:
    if not isinstance(image, Fingerprint):
        raise TypeError(f"a Fingerprint is taken, not `{type(image).__name__}`: make one with fingerprint(…)")
    return [-part for part in rank(image)]


def _in_order(names: Iterable[K]) -> list[K]:
    """Names in their order; those that have none, such as numbers beside texts, by type and ``repr``."""
    found = list(names)
    try:
        return sorted(found)  # type: ignore[type-var]
    except TypeError:
        return sorted(found, key=lambda name: (type(name).__qualname__, repr(name)))
