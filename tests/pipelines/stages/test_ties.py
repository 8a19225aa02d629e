from synsift.dedupe import Tie
from synsift.pipelines.stages.ties import Ask, Pair, SynsetTies

COPIES = {Tie.COPY}


def sooner(one: str, other: str) -> bool:
    """The first in the alphabet is the best."""
    return one < other


def known(*images: str, pairs: str = "") -> SynsetTies:
    """Images that came in this order; `ab` says that a and b are copies."""
    ties = SynsetTies()
    for image in images:
        ties.note(image, "", "")
    for pair in pairs.split():
        ties.add(copy(pair))
    return ties


def copy(pair: str) -> Pair:
    return Pair(pair[0], pair[1], Tie.COPY)


def asked(ties: SynsetTies, pair: str) -> tuple[str, str] | None:
    ask = ties.asks_of(copy(pair), COPIES, sooner)
    return None if ask is None else (ask.sha256, ask.keeper)


def test_the_worse_of_two_copies_goes_whichever_came_first() -> None:
    assert asked(known("a", "b"), "ab") == asked(known("b", "a"), "ba") == ("b", "a")


def test_the_part_goes_or_the_whole_or_neither() -> None:
    ties = known("part", "whole")
    pair = Pair("part", "whole", Tie.PART_OF)
    assert ties.asks_of(pair, COPIES, sooner) is None
    assert ties.asks_of(pair, {Tie.PART_OF}, sooner) == Ask("part", "whole", Tie.PART_OF, is_mirrored=False)
    assert ties.asks_of(pair.reverse, {Tie.PART_OF}, sooner) == Ask("part", "whole", Tie.PART_OF, is_mirrored=False)
    assert ties.asks_of(pair, {Tie.CONTAINS}, sooner) == Ask("whole", "part", Tie.CONTAINS, is_mirrored=False)


def test_what_hashes_took_together_goes_together() -> None:
    ties = known("b", "c", pairs="bc")
    ties.note("a", "b", "")
    assert asked(ties, "bc") == ("c", "a")
    assert asked(ties, "ab") is None


def test_what_went_goes_no_further_but_takes_others_in_by_a_copy() -> None:
    ties = known("a", "b", "c", pairs="ab bc")
    ties.note("a", "b", "copy")
    assert asked(ties, "bc") == ("c", "a")
    ties.note("a", "c", "copy")
    ties.note("d", "", "")
    ties.add(copy("cd"))
    assert asked(ties, "cd") is None, "three steps lead from d to a"


def test_a_part_of_a_part_stays() -> None:
    ties = known("whole", "part", "piece")
    ties.note("whole", "part", "part_of")
    assert ties.asks_of(Pair("piece", "part", Tie.PART_OF), {Tie.PART_OF}, sooner) is None


def test_a_group_moves_to_a_better_one_if_nobody_gets_too_far() -> None:
    ties = known("b", "c", pairs="bc")
    ties.note("b", "c", "copy")
    ties.note("a", "", "")
    ties.add(copy("ab"))
    assert asked(ties, "ab") == ("b", "a")
    ties.note("a", "b", "copy")
    ties.note("A", "", "")
    ties.add(copy("Aa"))
    assert asked(ties, "Aa") is None, "c would be three steps away"
    ties.add(copy("Ac"))
    assert asked(ties, "Aa") == ("a", "A"), "c was compared with A itself"


def test_a_change_asks_anew_for_the_ties_of_the_whole_group() -> None:
    ties = known("b", "c", "d", pairs="bc cd")
    assert list(ties.changed([])) == []
    changed = ties.note("b", "c", "copy")
    assert {(pair.sha256, pair.of) for pair in ties.changed(changed)} == {("b", "c"), ("c", "d")}
    assert asked(ties, "cd") == ("d", "b")


def test_records_of_what_is_not_known_change_nothing() -> None:
    ties = known("a")
    assert ties.note("a", "nobody", "copy") == []
    assert ties.note("nobody", "a", "copy") == []
    ties.add(copy("ax"))
    assert asked(ties, "ax") is None
    assert ties.note("a", "", "") == []


def test_a_replay_in_the_same_order_ends_the_same() -> None:
    records = [("b", "", ""), ("c", "", ""), ("b", "c", "copy"), ("a", "", ""), ("a", "b", "copy"), ("e", "a", "")]
    made = []
    for _ in range(2):
        ties = SynsetTies()
        for sha256, replaces, relation in records:
            ties.note(sha256, replaces, relation)
            for pair in ("bc", "ab"):
                if sha256 == max(pair, key=[record[0] for record in records].index):
                    ties.add(copy(pair))
        made.append(ties)
    assert made[0] == made[1]
    assert made[0].leads["a"] == "e"
