"""Groups that hashes made, and ties between those that are left → fewer groups, and relations that are only told."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from synsift.dedupe import Clustering, Copy, Fingerprint, Group, Kind, Verdict, better
from synsift.dedupe.local.relation import Relation, Tie

K = TypeVar("K", bound=Hashable)

REMOVING: Final = frozenset({Tie.COPY})
"""Which ties remove a picture unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Related(Generic[K]):
    """One picture, and what it is to another.

    Attributes:
        name: The picture's key.
        of: The other's.
        relation: What the first is to the second.
    """

    name: K
    of: K
    relation: Relation


@dataclass(frozen=True, slots=True)
class Merged(Generic[K]):
    """Groups, and what was found between them.

    Attributes:
        clustering: The groups; a picture that a tie removes is a copy of the group that it went to.
        joined: Those pictures, each with its tie to the picture that it was compared with.
        others: Ties between pictures that are kept, the strongest first.
        taken_back: How many pictures are kept that hashes took for copies.
    """

    clustering: Clustering[K]
    joined: Mapping[K, Related[K]]
    others: Sequence[Related[K]]
    taken_back: int = 0


def merge(
    clustering: Clustering[K],
    images: Mapping[K, Fingerprint],
    found: Sequence[Related[K]],
    *,
    removing: Collection[Tie] = REMOVING,
    is_better: Callable[[K, K], bool] | None = None,
) -> Merged[K]:
    """Join groups by the ties of the pictures that lead them.

    A group joins another once, and takes its copies along; a picture that others joined isn't moved on, so nothing is
    removed for the sake of a picture that it wasn't compared with, or of a copy of it.

    Args:
        clustering: Groups, as hashes made them.
        images: Fingerprints by key.
        found: Ties between pictures that lead groups.
        removing: Which ties remove a picture: ``copy`` the worse one, ``part_of`` the part, ``contains`` the whole.
        is_better: Whether the first of two copies is to be kept; by default what ``better`` says.
    """
    prefers = is_better or (lambda one, other: better(images[one], images[other]))
    leads = {group.name: group for group in clustering.groups}
    joined: dict[K, Related[K]] = {}
    led: set[K] = set()
    others = []
    for one in sorted(found, key=lambda one: -one.relation.strength):
        away = _removed(one, removing, prefers)
        if away is None or not _may_join(away, joined, led):
            others.append(one)
            continue
        joined[away.name] = away
        led.add(joined[away.of].of if away.of in joined else away.of)
    groups = {name: Group(name, list(group.copies)) for name, group in leads.items() if name not in joined}
    for name, related in joined.items():
        leader = joined[related.of].of if related.of in joined else related.of
        groups[leader].copies.extend(_moved(leads[name], related, leader, images))
    # The order of groups stays that of what is kept.
    kept = [groups[group.name] for group in clustering.groups if group.name in groups]
    told = [one for one in others if one.name in groups and one.of in groups]
    return Merged(Clustering(kept, clustering.rejected), joined, told)


def reject(
    clustering: Clustering[K],
    found: Sequence[Related[K]],
    reference: Mapping[K, str],
    *,
    removing: Collection[Tie] = REMOVING,
) -> Merged[K]:
    """Take out the groups that are tied to a picture of reference, each by its strongest tie.

    Args:
        clustering: Groups, as hashes made them.
        found: Ties of pictures that lead groups, to pictures of reference.
        reference: SHA-256 of pictures to keep out, by their keys.
        removing: Which ties, said of the picture, keep it out.
    """
    gone: dict[K, Related[K]] = {}
    others = []
    for one in sorted(found, key=lambda one: -one.relation.strength):
        if one.relation.tie in removing:
            gone.setdefault(one.name, one)
        else:
            others.append(one)
    rejected = list(clustering.rejected)
    for group in clustering.groups:
        if group.name in gone:
            verdict = Verdict(Kind.REFERENCE, reference[gone[group.name].of], None, None)
            rejected += [Copy(name, verdict) for name in (group.name, *(copy.name for copy in group.copies))]
    kept = [group for group in clustering.groups if group.name not in gone]
    told = [one for one in others if one.name not in gone]
    return Merged(Clustering(kept, rejected), gone, told)


def _removed(one: Related[K], removing: Collection[Tie], prefers: Callable[[K, K], bool]) -> Related[K] | None:
    """A tie, said of the picture that it removes; None where it removes none."""
    tie = one.relation.tie
    back = Related(one.of, one.name, one.relation.reverse)
    if tie not in (Tie.COPY, Tie.PART_OF, Tie.CONTAINS):
        return None
    if tie is Tie.COPY:
        if tie not in removing:
            return None
        return back if prefers(one.name, one.of) else one
    part, whole = (one, back) if tie is Tie.PART_OF else (back, one)
    return part if Tie.PART_OF in removing else whole if Tie.CONTAINS in removing else None


def _may_join(away: Related[K], joined: Mapping[K, Related[K]], led: Collection[K]) -> bool:
    """Whether neither was moved in a way that forbids it: one step from what is kept, or two by way of a copy."""
    if away.name in joined or away.name in led:
        return False
    through = joined.get(away.of)
    if through is None:
        return True
    is_copy = through.relation.tie is Tie.COPY and through.of not in joined
    return is_copy and through.of != away.name


def _moved(group: Group[K], related: Related[K], leader: K, images: Mapping[K, Fingerprint]) -> list[Copy[K]]:
    """What led a group, and its copies, as copies in another."""
    of = images[leader].sha256
    first = Verdict(Kind.NEAR, of, None, None, via=images[related.of].sha256, key=leader)
    return [
        Copy(group.name, first),
        *(Copy(copy.name, replace(copy.verdict, of=of, key=leader)) for copy in group.copies),
    ]
