"""Ballots become verdicts."""

import pytest

from synsift.pipelines.verification.asking import Rule
from synsift.pipelines.verification.ballots import PLANNER, Ballot, Ballots, Place
from synsift.pipelines.verification.consensus import By, Judged, Outcome, Verdict, judge, verdict_of

RULE = Rule(accept=0.99, reject=0.01, first=2, most=10)


def cast(*votes: tuple[str, str, str], gold: bool = False, into: Ballots | None = None) -> Ballots:
    ballots = Ballots() if into is None else into
    for sha256, voter, answer in votes:
        ballots.cast(Place("n1", sha256), voter, Ballot(answer, "1Z", gold))
    return ballots


def crowd(images: int = 40, voters: int = 8, good: int = 15) -> Ballots:
    return cast(*((f"{n:02d}", f"v{v}", "yes" if n < good else "no") for n in range(images) for v in range(voters)))


def of(outcome: Outcome, sha256: str) -> Judged:
    return outcome.images[Place("n1", sha256)]


@pytest.mark.parametrize(
    ("good", "votes", "verdict"),
    [
        (0.99, 2, Verdict.ACCEPTED),
        (0.9899, 2, Verdict.OPEN),
        (0.01, 2, Verdict.REJECTED),
        (0.0101, 2, Verdict.OPEN),
        (0.5, 9, Verdict.OPEN),
        (0.5, 10, Verdict.CONTESTED),
        (0.999, 10, Verdict.ACCEPTED),
        (0.999, 1, Verdict.OPEN),
        (0.001, 1, Verdict.OPEN),
    ],
)
def test_a_verdict_needs_its_votes_and_its_confidence(good: float, votes: int, verdict: Verdict) -> None:
    assert verdict_of(good, votes, RULE) is verdict
    assert verdict_of(1.0, 0, RULE, is_known=True) is Verdict.ACCEPTED


def test_nothing_follows_from_nothing() -> None:
    assert judge(Ballots(), RULE) == Outcome({}, {}, {}, frozenset())


def test_voters_who_come_back_are_weighed_and_others_are_not() -> None:
    outcome = judge(crowd(), RULE)
    assert set(outcome.weights) == {f"v{v}" for v in range(8)}
    assert of(outcome, "00").by is By.VOTERS
    strangers = cast(*((f"{n:02d}", f"v{n}-{v}", "yes" if n < 15 else "no") for n in range(40) for v in range(8)))
    outcome = judge(strangers, RULE)
    assert outcome.weights == {}
    assert of(outcome, "00").by is By.TABLE
    assert (of(outcome, "00").verdict, of(outcome, "39").verdict) == (Verdict.ACCEPTED, Verdict.REJECTED)
    assert judge(strangers, RULE, by=By.VOTERS).weights


def test_a_name_for_something_else_and_a_broken_picture_are_votes_against() -> None:
    ballots = cast(
        ("00", "v0", "other:n2"),
        ("00", "v1", "other:n3"),
        ("00", "v2", "other:n3"),
        ("00", "v3", "broken"),
        into=crowd(),
    )
    # Votes of one time: the later read counts.
    found = of(judge(ballots, RULE), "00")
    assert (found.yes, found.no, found.unsure, found.other) == (4, 4, 0, "n3")
    tie = cast(("00", "v0", "other:n9"), ("00", "v1", "other:n2"), into=crowd())
    assert of(judge(tie, RULE), "00").other == "n2"
    assert of(judge(crowd(), RULE), "00").other == ""


def test_who_is_unsure_is_counted_and_says_nothing() -> None:
    found = of(judge(cast(("50", "v0", "unsure"), ("50", "v1", "unsure"), into=crowd()), RULE), "50")
    assert (found.yes, found.no, found.unsure, found.votes) == (0, 0, 2, 2)
    assert found.verdict is Verdict.OPEN
    assert 0.2 < found.good < 0.6


def test_gold_is_known_whatever_voters_say_and_the_latest_word_on_it_counts() -> None:
    ballots = cast(("00", "expert", "no"), into=crowd(), gold=True)
    found = of(judge(ballots, RULE), "00")
    assert (found.verdict, found.good, found.by, found.yes) == (Verdict.REJECTED, 0.0, By.GOLD, 8)
    ballots.cast(Place("n1", "00"), "another", Ballot("yes", "2Z", is_gold=True))
    assert of(judge(ballots, RULE), "00").verdict is Verdict.ACCEPTED


def test_what_the_plan_takes_from_another_synset_is_known_as_that() -> None:
    ballots = cast(("xx", PLANNER, "other:n7"), into=crowd(), gold=True)
    found = of(judge(ballots, RULE), "xx")
    assert (found.verdict, found.by, found.other) == (Verdict.REJECTED, By.ELSEWHERE, "n7")
    cast(("xx", "expert", "no"), into=ballots, gold=True)
    assert of(judge(ballots, RULE), "xx").by is By.GOLD


@pytest.mark.parametrize(("people", "is_so"), [(2, False), (4, False), (5, True)])
def test_a_synset_can_not_be_shown_if_most_who_voted_on_it_say_so(people: int, is_so: bool) -> None:
    ballots = cast(*(("39", f"v{v}", "unimageable") for v in range(people)), into=crowd())
    outcome = judge(ballots, RULE)
    assert (outcome.unimageable == {"n1"}) is is_so
    assert (of(outcome, "00").verdict is Verdict.UNIMAGEABLE) is is_so


def test_two_people_are_too_few_to_say_that_of_a_synset() -> None:
    assert judge(cast(("00", "a", "unimageable"), ("00", "b", "unimageable")), RULE).unimageable == frozenset()
    three = cast(*(("00", name, "unimageable") for name in "abc"))
    assert judge(three, RULE).unimageable == {"n1"}


def test_what_is_gold_stays_what_it_is_in_a_synset_that_can_not_be_shown() -> None:
    ballots = cast(*(("39", f"v{v}", "unimageable") for v in range(6)), into=crowd())
    cast(("00", "expert", "yes"), into=ballots, gold=True)
    assert of(judge(ballots, RULE), "00").verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("verdict", "good", "confidence"),
    [
        (Verdict.ACCEPTED, 0.99789, 0.997),
        (Verdict.ACCEPTED, 0.9899999999999, 0.99),
        (Verdict.REJECTED, 0.0021, 0.997),
        (Verdict.CONTESTED, 0.4567, 0.456),
        (Verdict.OPEN, 1.0, 1.0),
    ],
)
def test_a_confidence_is_rounded_down_and_never_up(verdict: Verdict, good: float, confidence: float) -> None:
    one = Judged(verdict=verdict, good=good, yes=1, no=1, unsure=0, by=By.TABLE)
    assert one.confidence == confidence


def test_tables_go_up_to_the_votes_that_are_asked_for() -> None:
    assert judge(crowd(voters=2), RULE, least=7).tables["n1"].shape == (8, 8)
    assert judge(crowd(voters=9), RULE, least=2).tables["n1"].shape == (10, 10)


def test_votes_of_every_kind_are_spent() -> None:
    ballots = cast(("70", "v0", "yes"), ("70", "v1", "no"), ("70", "v2", "unsure"), into=crowd())
    found = of(judge(ballots, Rule(accept=0.999, reject=0.001, first=2, most=3)), "70")
    assert (found.votes, found.verdict) == (3, Verdict.CONTESTED)
    assert of(judge(ballots, Rule(accept=0.999, reject=0.001, first=2, most=4)), "70").verdict is Verdict.OPEN
