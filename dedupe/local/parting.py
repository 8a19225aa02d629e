"""Groups that hashes made, without what a closer look takes back.

    groups ──near pairs, each asked once──▶ a closer look ──▶ pairs that are no copies
       ▲                                                          │
       └───────── their groups made anew, without these ◀─────────┘

A picture that is taken back may be a copy of another one of its group, which was less near. So the group is made anew,
until nothing in it is taken back.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Generic, NamedTuple, TypeVar

from synsift.dedupe import Clustering, Fingerprint, Group, Kind, MatchOptions, cluster
from synsift.dedupe.clusters import places_of, related
from synsift.dedupe.not_copies import NotCopies

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
    asked = set[frozenset[K]]()
    left, done = list(clustering.groups), list[Group[K]]()
    while left:
        pairs = [pair for group in left for pair in _near(group, images) if frozenset(pair) not in asked]
        asked.update(map(frozenset, pairs))
        others = doubts(pairs) if pairs else ()
        judged = ((images[one].sha256, images[other].sha256) for one, other in others)
        options = replace(options, not_copies=options.not_copies.and_pairs(judged))
        taken_back = {one for one, _ in others}
        broken = [group for group in left if not taken_back.isdisjoint(copy.name for copy in group.copies)]
        of_broken = {group.name for group in broken}
        done += [group for group in left if group.name not in of_broken]
        left = [made for group in broken for made in _anew(group, images, options)]
    place = places_of(images)
    groups = sorted(done, key=lambda group: place[group.name])
    return Parted(replace(clustering, groups=groups), options.not_copies, len(groups) - len(clustering.groups))


def _near(group: Group[K], images: Mapping[K, Fingerprint]) -> Iterator[tuple[K, K]]:
    """The copies of a group that hashes found, each with the picture that it is near to."""
    for copy, of in related(group, images):
        if copy.verdict.kind is Kind.NEAR and of != copy.name:
            yield copy.name, of


def _anew(group: Group[K], images: Mapping[K, Fingerprint], options: MatchOptions) -> list[Group[K]]:
    """The groups of a group's pictures, with more pairs that are no copies."""
    return cluster({name: images[name] for name in _names(group)}, options).groups


def _names(group: Group[K]) -> list[K]:
    return [group.name, *(copy.name for copy in group.copies)]
