"""Groups that hashes made, without what a closer look takes back.

    groups ──near pairs, each asked once──▶ a closer look ──▶ pairs that are no copies
       ▲                                                          │
       └───── each of them made anew, whole, without these ◀──────┘

A picture that is taken back may be a copy of another one of its group, which was less near, or which was taken back as
well. So all that was one group is made anew, until nothing in it is taken back. Before that, what was taken back is
compared with the next nearest ones, four times as many each time: one by one, a group of many drawings that are each
their own would be made anew as many times as it has pictures.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from itertools import islice
from typing import Final, Generic, NamedTuple, TypeVar

from synsift.dedupe import Clustering, Fingerprint, Group, Kind, Matcher, MatchOptions
from synsift.dedupe.clusters import cluster_by, nearest_of, places_of, related
from synsift.dedupe.matcher import SeenLooks
from synsift.dedupe.not_copies import NotCopies

# So many times more are asked, each time that a picture is taken back: each round takes a look at all of a group again.
_TIMES_MORE: Final = 4

K = TypeVar("K", bound=Hashable)

Doubts = Callable[[Sequence[tuple[K, K]]], Collection[tuple[K, K]]]
"""Pairs that hashes take for copies → those of them that are none."""


class Parted(NamedTuple, Generic[K]):
    """Groups, and what parts them.

    Attributes:
        clustering: The groups.
        not_copies: Pairs that are no copies: those of the options, and those that were taken back.
        taken_back: How many more pictures are kept.
    """

    clustering: Clustering[K]
    not_copies: NotCopies
    taken_back: int


def part(
    clustering: Clustering[K], images: Mapping[K, Fingerprint], options: MatchOptions, doubts: Doubts[K]
) -> Parted[K]:
    """Take out of groups what a closer look says to be another picture.

    What is near to a picture of reference stays rejected.

    Args:
        clustering: Groups, as hashes made them by these options.
        images: Fingerprints by key.
        options: What counts as near.
        doubts: The closer look; asked once of each pair.
    """
    look = _Asked(doubts)
    left, done = [[group] for group in clustering.groups], list[Group[K]]()
    while left:
        others = look.others(pair for groups in left for group in groups for pair in _near(group, images))
        taken_back = {one for one, _ in others}
        again = []
        for groups in left:
            names = [name for group in groups for name in (group.name, *(copy.name for copy in group.copies))]
            if taken_back.isdisjoint(names):
                done += groups
            else:
                again.append({name: images[name] for name in names})
        others += look.others(pair for some in again for pair in look.next_nearest(some, taken_back, options))
        judged = ((images[one].sha256, images[other].sha256) for one, other in others)
        options = replace(options, not_copies=options.not_copies.and_pairs(judged))
        left = [cluster_by(Matcher(options, seen=look.seen), some, options).groups for some in again]
    place = places_of(images)
    groups = sorted(done, key=lambda group: place[group.name])
    return Parted(replace(clustering, groups=groups), options.not_copies, len(groups) - len(clustering.groups))


class _Asked(Generic[K]):
    """A closer look that is asked once of each pair."""

    def __init__(self, doubts: Doubts[K]) -> None:
        self._doubts = doubts
        self._known = set[frozenset[K]]()
        self._taken_back = Counter[K]()
        self.seen: SeenLooks = {}

    def others(self, pairs: Iterable[tuple[K, K]]) -> list[tuple[K, K]]:
        """Those of some pairs that are no copies, without what was asked before."""
        new = {frozenset(pair): pair for pair in pairs if frozenset(pair) not in self._known}
        self._known.update(new)
        return list(self._doubts(list(new.values()))) if new else []

    def next_nearest(
        self, images: Mapping[K, Fingerprint], taken_back: Set[K], options: MatchOptions
    ) -> Iterator[tuple[K, K]]:
        """What else those pictures of a set are near to that were taken back, four times as many each time."""
        asked = taken_back & images.keys()
        self._taken_back.update(asked)
        for name, near in nearest_of(asked, Matcher(options, seen=self.seen), images, options):
            new = ((name, other) for other in near if frozenset((name, other)) not in self._known)
            yield from islice(new, _TIMES_MORE ** self._taken_back[name])


def _near(group: Group[K], images: Mapping[K, Fingerprint]) -> Iterator[tuple[K, K]]:
    """The copies of a group that hashes found, each with the picture that it is near to."""
    for copy, of in related(group, images):
        if copy.verdict.kind is Kind.NEAR and of != copy.name:
            yield copy.name, of
