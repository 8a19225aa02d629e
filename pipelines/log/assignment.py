"""Which member of a group should own which partition. Pure."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

P = TypeVar("P", bound=Hashable)


def balance(members: Sequence[str], partitions: Sequence[int], owners: Mapping[int, str]) -> dict[int, str]:
    """Spread partitions over members evenly, moving as few as possible.

    Args:
        members: Names of the living members.
        partitions: All partitions.
        owners: Who owns a partition now; the dead and the unknown are ignored.

    Returns:
        The owner that each partition should have; empty without members. Loads differ by at most one.
    """
    if not members:
        return {}
    wanted: dict[int, str] = {}
    load = dict.fromkeys(sorted(members), 0)
    base, extra = divmod(len(partitions), len(members))
    for partition in partitions:
        owner = owners.get(partition)
        if owner not in load:
            continue
        # As many members as there are partitions left over may keep one more than the others.
        if load[owner] < base or (load[owner] == base and extra > 0):
            extra -= load[owner] == base
            load[owner] += 1
            wanted[partition] = owner
    for partition in partitions:
        if partition not in wanted:
            lightest = min(load, key=lambda member: (load[member], member))
            load[lightest] += 1
            wanted[partition] = lightest
    return wanted


def gather(members: Sequence[str], partitions: Sequence[P], owners: Mapping[P, str]) -> dict[P, str]:
    """Give all partitions to one member: the one that owns the most, so that none moves without need.

    Args:
        members: Names of the living members.
        partitions: All partitions.
        owners: Who owns a partition now; the dead and the unknown are ignored.

    Returns:
        The owner that each partition should have; empty without members.
    """
    if not members:
        return {}
    load = Counter(owners.get(partition, "") for partition in partitions)
    chosen = min(members, key=lambda member: (-load[member], member))
    return dict.fromkeys(partitions, chosen)
