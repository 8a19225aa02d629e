"""Pairs that people judge: near copies in doubt, and pictures under two synsets."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from synsift.dedupe import DEFAULT_OPTIONS
from synsift.pipelines import topics
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.not_copies import read_not_copies
from synsift.pipelines.pairs import Tie, pair_id
from synsift.pipelines.records import Conflict, Duplicate, Survivor, Vote
from synsift.pipelines.review import doubts, server
from synsift.pipelines.review.doubts import CONFLICT, DOUBT, PairDesk
from synsift.pipelines.review.judged import JudgedPairs
from synsift.pipelines.verification.ballots import Place
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.review.desks import GREYHOUND, WHIPPET
from tests.pipelines.worlds import candidate, make_world, stored


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A whippet with a near copy in doubt, and one that stands as a greyhound, too."""
    monkeypatch.setattr(doubts, "_MARGIN", 1.0)
    world = make_world(tmp_path)
    kept, copy = (stored(world, encoded(scene(1), "JPEG", quality=quality)) for quality in (95, 30))
    both = stored(world, encoded(scene(2), "JPEG"))
    survivors = [candidate(kept, WHIPPET), candidate(both, WHIPPET), candidate(both, GREYHOUND)]
    world.log.produce([world.router.survivor(Survivor(candidate=one)) for one in survivors])
    near = Duplicate(wnid=WHIPPET, sha256=copy.sha256, of=kept.sha256, kind="near", candidate=candidate(copy, WHIPPET))
    places = (GREYHOUND, both.sha256), (WHIPPET, both.sha256)
    conflict = Conflict(
        id=pair_id(*places),
        wnid=GREYHOUND,
        sha256=both.sha256,
        other_wnid=WHIPPET,
        other_sha256=both.sha256,
        kind="exact",
        tie=Tie.DISJOINT,
    )
    world.log.produce([world.router.duplicate(near), world.router.conflict(conflict)])
    path = tmp_path / "not-copies.txt"

    def desk() -> PairDesk:
        return PairDesk(world.log, DEFAULT_OPTIONS, JudgedPairs(path))

    return SimpleNamespace(world=world, path=path, desk=desk)


def pair_of(desk: PairDesk, kind: str) -> Any:
    return next(pair for pair in desk.left() if pair.kind == kind)


def test_both_kinds_are_asked_for_with_reasons(found: SimpleNamespace) -> None:
    conflict, doubt = found.desk().left()
    assert (conflict.kind, doubt.kind) == (CONFLICT, DOUBT)
    assert doubt.reasons
    assert "different" not in conflict.answers, "it is one file"
    assert "different" in doubt.answers


def test_what_is_no_copy_is_a_line_that_dedupe_reads(found: SimpleNamespace) -> None:
    desk = found.desk()
    doubt = pair_of(desk, DOUBT)
    desk.take("ana", doubt.first, doubt.second, "different")
    assert read_not_copies([found.path]).of(doubt.first.sha256) == {doubt.second.sha256}
    assert [pair.kind for pair in desk.left()] == [CONFLICT]
    assert [pair.kind for pair in found.desk().left()] == [CONFLICT], "at the next start, too"


def test_a_judgement_takes_the_place_of_an_earlier_one(found: SimpleNamespace) -> None:
    found.path.write_text("# mine\n" + "a" * 64 + " " + "b" * 64)
    desk = found.desk()
    doubt = pair_of(desk, DOUBT)
    for answer in ("different", "same"):
        desk.take("ana", doubt.first, doubt.second, answer)
    known = read_not_copies([found.path])
    assert len(known) == 1
    assert known.of("a" * 64) == {"b" * 64}, "what others wrote stays"
    assert found.path.read_text().startswith("# mine\n")
    assert "same, says ana" in found.path.read_text()


@pytest.mark.parametrize(
    ("answer", "votes"),
    [
        ("first", {WHIPPET: "yes", GREYHOUND: f"other:{WHIPPET}"}),
        ("second", {WHIPPET: f"other:{GREYHOUND}", GREYHOUND: "yes"}),
        ("both", {WHIPPET: "yes", GREYHOUND: "yes"}),
        ("neither", {WHIPPET: "no", GREYHOUND: "no"}),
        ("unsure", {WHIPPET: "unsure", GREYHOUND: "unsure"}),
    ],
)
def test_which_synset_it_belongs_to_becomes_votes(found: SimpleNamespace, answer: str, votes: dict[str, str]) -> None:
    desk = found.desk()
    pair = pair_of(desk, CONFLICT)
    desk.take("ana", pair.first, pair.second, answer)
    assert {vote.wnid: vote.answer for vote in found.world.records(topics.VOTES, Vote)} == votes
    assert [pair.kind for pair in found.desk().left()] == [DOUBT]
    assert len(read_not_copies([found.path])) == 0


def test_what_is_no_answer_or_no_pair_changes_nothing(found: SimpleNamespace) -> None:
    desk = found.desk()
    doubt, conflict = pair_of(desk, DOUBT), pair_of(desk, CONFLICT)
    for first, second, answer in (
        (doubt.first, doubt.second, "first"),
        (conflict.first, conflict.second, "different"),
        (doubt.second, doubt.first, "same"),
        (Place(WHIPPET, "0" * 64), doubt.second, "same"),
    ):
        with pytest.raises(UsageError):
            desk.take("ana", first, second, answer)
    assert not found.path.exists()
    assert not found.world.records(topics.VOTES, Vote)


def test_a_name_can_not_add_a_line(found: SimpleNamespace) -> None:
    desk = found.desk()
    doubt = pair_of(desk, DOUBT)
    desk.take("ana # " + "a" * 64, doubt.first, doubt.second, "same")
    for name in ("ana\u2028bob", "ana\x85bob", "ana\nbob"):
        with pytest.raises(UsageError):
            desk.take(name, doubt.first, doubt.second, "same")
    assert len(read_not_copies([found.path])) == 0


def test_a_file_that_can_not_be_read_or_written_is_named(tmp_path: Path, found: SimpleNamespace) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        JudgedPairs(tmp_path)
    desk = PairDesk(found.world.log, DEFAULT_OPTIONS, JudgedPairs(tmp_path / "nowhere" / "x.txt"))
    doubt = pair_of(desk, DOUBT)
    with pytest.raises(UsageError, match="can't be written"):
        desk.take("ana", doubt.first, doubt.second, "same")
    assert doubt in desk.left()


def test_a_hundred_pairs_that_are_passed_over_fit_into_an_address(found: SimpleNamespace) -> None:
    """8,190 bytes are what the server takes; a voter's name may need twelve for each of its 128 characters."""
    names = [server._name(pair) for pair in found.desk().left()]
    assert len(set(names)) == len(names) == 2
    assert 128 * 12 + 100 * max(len(f"&passed={name}") for name in names) < 8_000
