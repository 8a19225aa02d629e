from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from synsift.pipelines.log.assignment import balance, gather


def test_nobody_gets_anything_without_members() -> None:
    assert balance([], range(4), {0: "gone"}) == {}


def test_owners_keep_what_they_have_when_a_member_joins() -> None:
    wanted = balance(["a", "b"], range(4), dict.fromkeys(range(4), "a"))
    assert sum(owner == "a" for owner in wanted.values()) == 2
    assert set(wanted.values()) == {"a", "b"}


@given(
    members=st.lists(st.sampled_from("abcdef"), unique=True, min_size=1),
    partitions=st.integers(1, 20),
    owners=st.dictionaries(st.integers(0, 25), st.sampled_from("abcdefxyz")),
)
def test_loads_are_even_and_no_more_than_needed_moves(
    members: list[str], partitions: int, owners: dict[int, str]
) -> None:
    wanted = balance(members, range(partitions), owners)
    assert set(wanted) == set(range(partitions))
    loads = Counter(dict.fromkeys(members, 0))
    loads.update(wanted.values())
    assert max(loads.values()) - min(loads.values()) <= 1
    # A member that has no more than its share keeps all of it; one that has more keeps its share.
    share = partitions // len(members)
    for member in members:
        had = [p for p, owner in owners.items() if owner == member and p < partitions]
        kept = [p for p in had if wanted[p] == member]
        assert len(kept) >= min(len(had), share)
    assert balance(members, range(partitions), wanted) == wanted


def test_who_owns_most_gets_all_and_nobody_else_anything() -> None:
    assert set(gather(["a", "b", "c"], range(4), {0: "b", 1: "a", 2: "b", 3: "gone"}).values()) == {"b"}
    assert set(gather(["b", "a"], range(4), {}).values()) == {"a"}
    assert gather([], range(4), {0: "gone"}) == {}
