"""A set of pictures → groups of copies, whatever their order.

The best copies come first (``quality.rank``, then their names). Each joins the group of the nearest picture that leads
one, or that joined for its leader's sake; where there is none, it leads a new one. Where two are of nearly the same
rank, the finer rules of ``quality.better`` say which of them leads. So a group's leader is its best copy, every other
picture of it is a copy of the leader or of one of its copies, and no leader is near to a better one.
A chain (A is near to B, B to C, A not to C) is one group; a longer one is cut at the third step from its best picture.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.frequencies import undone_by
from synsift.dedupe.hash_batch import HashBatch
from synsift.dedupe.matcher import Matcher
from synsift.dedupe.quality import rank
from synsift.dedupe.verdicts import DEFAULT_OPTIONS, KeepsOut, Kind, MatchOptions, Verdict

if TYPE_CHECKING:
    import typing_extensions

    # ``Clustering`` alone means one by texts, such as paths.
    K = typing_extensions.TypeVar("K", bound=Hashable, default=str)
else:
    K = TypeVar("K", bound=Hashable)


# Pictures that are looked up at once: enough to be fast, few enough that comparing them with each other costs little.
_AT_ONCE: Final = 128


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
    reference: KeepsOut | None = None,
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
    return cluster_by(Matcher(options, reference=reference), images, options, on_picture=on_picture)


def cluster_by(
    matcher: Matcher,
    images: Mapping[K, Fingerprint],
    options: MatchOptions,
    *,
    on_picture: Callable[[], None] = lambda: None,
) -> Clustering[K]:
    """Group pictures, as ``cluster`` does, by a matcher that knows nothing yet.

    Args:
        matcher: Made with the same options.
        images: Fingerprints by key.
        options: What counts as near.
        on_picture: Called after each.
    """
    groups: Groups[K] = Groups(lambda name: images[name].sha256)
    place = places_of(images)
    for name, image in _looked_up_ahead(matcher, images, options):
        verdict = matcher.add(image, key=name)
        groups.take(name, verdict)
        if verdict.of is not None and joins_for_its_leader(verdict):
            matcher.attach(image, to=verdict.of, key=name)
        on_picture()
    return groups.found(place.__getitem__)


def nearest_of(
    asked: Collection[K], matcher: Matcher, images: Mapping[K, Fingerprint], options: MatchOptions
) -> Iterator[tuple[K, Iterator[K]]]:
    """The better pictures that some of a set are near to, were each of them kept: what ``cluster`` may find next.

    Args:
        asked: Keys of those pictures.
        matcher: Made with the same options; knows nothing yet.
        images: Fingerprints by key.
        options: What counts as near.

    Yields:
        Of each such picture its key, and those of a few others, the nearest first, to be taken before the next one.
    """
    name_of: dict[str, K] = {}
    for name, image in _looked_up_ahead(matcher, images, options):
        if image.sha256 in name_of:
            continue
        if name in asked and not image.is_plain:
            near = (look.sha256 for look in matcher.looks(image) if look.judgement.score >= options.criteria.score)
            yield name, map(name_of.__getitem__, near)
        name_of[image.sha256] = name
        matcher.restore(image)


def _looked_up_ahead(
    matcher: Matcher, images: Mapping[K, Fingerprint], options: MatchOptions
) -> Iterator[tuple[K, Fingerprint]]:
    """Pictures in the order in which they are taken, the best first; a matcher is told of them before they come."""
    place = places_of(images)
    ordered = sorted(images.items(), key=lambda item: (_worst_last(item[1]), place[item[0]]))
    for number, (name, image) in enumerate(ordered):
        if number % _AT_ONCE == 0:
            some = [image for _, image in ordered[number : number + _AT_ONCE]]
            matcher.look_ahead(HashBatch.of(some, options), 0, len(some))
        yield name, image


def joins_for_its_leader(verdict: Verdict) -> bool:
    """Whether a picture that isn't kept is near to the one that is, so that what is near to it joins, too."""
    return verdict.kind is Kind.NEAR and not verdict.replaces and verdict.via == verdict.of


class Groups(Generic[K]):
    """Groups as verdicts make them. A verdict's ``key`` is the name of what is kept."""

    def __init__(self, sha256_of: Callable[[K], str]) -> None:
        """Begin with none.

        Args:
            sha256_of: The SHA-256 of a picture of some name; asked where another picture is kept from now on.
        """
        self._sha256_of = sha256_of
        self._groups: dict[Hashable, Group[K]] = {}
        self._rejected: list[Copy[K]] = []

    def take(self, name: K, verdict: Verdict) -> None:
        """Put a picture into its group.

        Args:
            name: Its name.
            verdict: On it, with the name of what is kept of its group as ``key``.
        """
        if verdict.of is None:
            self._groups[name] = Group(name)
        elif verdict.kind is Kind.REFERENCE:
            self._rejected.append(Copy(name, verdict))
        elif verdict.replaces:
            group = self._groups.pop(verdict.key)
            self._groups[name] = led_by(group, Copy(name, verdict), self._sha256_of)
        else:
            self._groups[verdict.key].copies.append(Copy(name, verdict))

    def found(self, place_of: Callable[[K], int]) -> Clustering[K]:
        """All groups, in the order of their names' places."""
        return Clustering(sorted(self._groups.values(), key=lambda group: place_of(group.name)), self._rejected)


def places_of(names: Iterable[K]) -> dict[K, int]:
    """The place of each name in their order."""
    return {name: place for place, name in enumerate(_in_order(names))}


def led_by(group: Group[K], copy: Copy[K], sha256_of: Callable[[K], str]) -> Group[K]:
    """The same group with another picture to keep.

        A ◀── B ◀── C        A is kept: B is near to it, and C to B
        A ──▶ B ──▶ C        C is kept: what was found between two is said of the other one

    Args:
        group: As it was.
        copy: The picture that is kept from now on; it may be one of the group's copies.
        sha256_of: The SHA-256 of a picture of the group.
    """
    verdicts = {one.name: one.verdict for one in group.copies if one.name != copy.name}
    step, sha256, before = copy.verdict, sha256_of(copy.name), sha256_of(group.name)
    if step.kind is Kind.EXACT and sha256 != before:  # the bytes are those of another copy, which is so of this one now
        double = _near_of(verdicts, sha256, sha256_of)
        if double is not None:
            step, verdicts[double] = verdicts[double], step
    verdicts = {name: replace(verdict, of=sha256, key=copy.name) for name, verdict in verdicts.items()}
    verdicts = {group.name: Verdict(Kind.NEAR, sha256, via=step.via, key=copy.name), **verdicts}
    via = sha256
    while True:
        was_kept = before == (sha256 if step.kind is Kind.EXACT else step.via)
        name = group.name if was_kept else _near_of(verdicts, step.via, sha256_of)
        if name is None:
            break
        how = step.transform and undone_by(step.transform)
        step, verdicts[name] = (
            verdicts[name],
            Verdict(step.kind, sha256, step.distance_bits, how, via=via, key=copy.name),
        )
        if was_kept:
            break
        via = sha256_of(name)
    return Group(copy.name, [Copy(name, verdict) for name, verdict in verdicts.items()])


def _near_of(verdicts: Mapping[K, Verdict], sha256: str | None, sha256_of: Callable[[K], str]) -> K | None:
    """The copy of some bytes that came first: later ones are exact copies of it."""
    near = (name for name, verdict in verdicts.items() if verdict.kind is Kind.NEAR and sha256_of(name) == sha256)
    return next(near, None)


def related(group: Group[K], images: Mapping[K, Fingerprint]) -> Iterator[tuple[Copy[K], K]]:
    """The copies of a group, in order, each with the name of the picture that its verdict speaks of.

    Args:
        group: One of a clustering.
        images: All fingerprints, by name.
    """
    name_of = {images[group.name].sha256: group.name}
    for copy in group.copies:
        name_of.setdefault(images[copy.name].sha256, copy.name)
    for copy in group.copies:
        verdict = copy.verdict
        # The bytes are those of a picture that came before; nearness is measured to the picture ``via``.
        sha256 = images[copy.name].sha256 if verdict.kind is Kind.EXACT else verdict.via
        yield copy, name_of.get(sha256 or "", group.name)


def choose(
    clustering: Clustering[K], images: Mapping[K, Fingerprint], prefer: Callable[[K], tuple[float, ...]]
) -> Clustering[K]:
    """The same groups, each with the picture to keep that is the first by a rule of the caller's.

    Args:
        clustering: What ``cluster`` found.
        images: What it was given.
        prefer: What a picture is sorted by; of equal ones the best stays.
    """
    groups = []
    for group in clustering.groups:
        best = min(group.copies, key=lambda copy: prefer(copy.name), default=None)
        if best is not None and prefer(best.name) < prefer(group.name):
            group = led_by(group, best, lambda name: images[name].sha256)
        groups.append(group)
    return replace(clustering, groups=groups)


def _worst_last(image: Fingerprint) -> list[float]:
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
