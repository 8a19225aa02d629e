"""Which votes count."""

from hypothesis import given
from hypothesis import strategies as st

from synsift.pipelines.verification.ballots import PLANNER, Ballot, Ballots, Place

A, B, C = (Place("n1", name) for name in "abc")


def cast(*votes: tuple[Place, str, str, str]) -> Ballots:
    ballots = Ballots()
    for place, voter, answer, at in votes:
        ballots.cast(place, voter, Ballot(answer, at))
    return ballots


def test_the_last_vote_of_a_voter_counts() -> None:
    ballots = cast((A, "v", "yes", "1Z"), (A, "v", "no", "2Z"), (A, "w", "yes", "2Z"), (A, "w", "no", "1Z"))
    assert {name: ballot.answer for name, ballot in ballots.of(A).items()} == {"v": "no", "w": "yes"}


def test_a_fraction_of_a_second_is_later_than_none() -> None:
    assert cast((A, "v", "yes", "05.2Z"), (A, "v", "no", "05Z")).of(A)["v"].answer == "yes"


def test_votes_follow_through_several_copies() -> None:
    ballots = cast((A, "v", "yes", "1Z"), (A, "-", "copy:b", "0Z"), (B, "-", "copy:c", "0Z"), (A, "w", "no", "1Z"))
    assert set(ballots.of(C)) == {"v", "w"}
    assert ballots.places() == [C]
    assert ballots.last_heir(A) == C


def test_of_two_votes_of_one_voter_on_both_copies_the_later_counts() -> None:
    for first, second in ((A, B), (B, A)):
        ballots = cast((first, "v", "yes", "2Z"), (second, "v", "no", "1Z"), (A, "-", "copy:b", "0Z"))
        assert ballots.of(B)["v"].answer == "yes"


def test_what_comes_back_in_the_place_of_what_replaced_it_stands_for_both() -> None:
    ballots = cast((A, "v", "yes", "1Z"), (A, "-", "copy:b", "0Z"), (B, "-", "copy:a", "0Z"), (B, "w", "no", "1Z"))
    assert set(ballots.of(A)) == {"v", "w"}
    assert ballots.places() == [A]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")), max_size=12))
def test_whatever_replaces_whatever_an_heir_is_found_and_no_vote_is_lost(links: list[tuple[str, str]]) -> None:
    ballots = Ballots()
    for name in "abcde":
        ballots.cast(Place("n1", name), f"voter of {name}", Ballot("yes", "1Z"))
    for old, new in links:
        ballots.cast(Place("n1", old), "-", Ballot(f"copy:{new}", "0Z"))
    assert len(ballots.voters()) == 5
    for name in "abcde":
        assert f"voter of {name}" in ballots.of(ballots.last_heir(Place("n1", name)))


@given(st.permutations([(A, "v", "yes", "1Z"), (A, "v", "no", "3Z"), (B, "w", "yes", "2Z"), (A, "-", "copy:b", "0Z")]))
def test_the_order_in_which_votes_are_read_changes_nothing(votes: list[tuple[Place, str, str, str]]) -> None:
    found = cast(*votes)
    assert {name: ballot.answer for name, ballot in found.of(B).items()} == {"v": "no", "w": "yes"}


def test_of_two_votes_of_one_moment_the_one_that_is_read_last_counts() -> None:
    assert cast((A, "v", "yes", "1Z"), (A, "v", "no", "1Z")).of(A)["v"].answer == "no"


def test_an_answer_is_for_the_image_against_it_or_neither() -> None:
    found = {word: Ballot(word, "1Z") for word in ("yes", "no", "broken", "other:n2", "unsure", "unimageable")}
    assert [word for word, ballot in found.items() if ballot.is_yes] == ["yes"]
    assert [word for word, ballot in found.items() if ballot.is_silent] == ["unsure", "unimageable"]
    assert [word for word, ballot in found.items() if ballot.is_of_another] == ["other:n2"]


def test_nobody_of_the_planners_name_takes_away_what_is_known() -> None:
    ballots = Ballots()
    ballots.cast(A, PLANNER, Ballot("yes", "2026-01-01T00:00:00Z", is_gold=True))
    ballots.cast(A, PLANNER, Ballot("no", "2026-01-02T00:00:00Z"))
    assert ballots.of(A) == {PLANNER: Ballot("yes", "2026-01-01T00:00:00Z", is_gold=True)}
