"""Suspects of a partition: what notes say, what deaths add, and what is let go costs nobody anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsift.pipelines.log.attempts import FEW, NOTE_CHARACTERS, Attempts, Begun, Suspicion
from synsift.pipelines.log.base import Position
from synsift.pipelines.log.watermark import MAX_SPAN, Watermark

BITMAP = "eJxjZmYGAAAVAAg="


def over(note: str, *, by: str = "me", offset: int = 10, ends: int = 0, alive: tuple[str, ...] = ()) -> Attempts:
    position = Position(offset, note, ends=ends)
    return Attempts.taken_over(by, position, Watermark(position).done, alive)


def plain(owner: str, to: int, *, offset: int = 10) -> str:
    attempts = Attempts(owner, {})
    attempts.open(to)
    return attempts.noted(Position(offset)).note


def tried(owner: str, suspects: dict[int, Suspicion], how: Begun, *begun: int) -> str:
    attempts = Attempts(owner, suspects)
    for offset in begun:
        attempts.begin(offset, how)
    return attempts.noted(Position(10)).note


def test_what_may_have_been_in_flight_when_an_owner_died_is_suspected() -> None:
    attempts = over(plain("dead", 14))
    assert [attempts.of(offset) for offset in (9, 10, 13, 14)] == [
        None,
        Suspicion(("dead",)),
        Suspicion(("dead",)),
        None,
    ]
    assert not attempts.of(10).is_strong  # type: ignore[union-attr]


def test_what_the_log_did_not_have_yet_was_not_in_flight() -> None:
    assert over(plain("dead", 2_000), ends=12).suspects == 2
    assert over(plain("dead", 2_000), ends=10).suspects == 0


def test_what_was_done_is_not_suspected() -> None:
    mark = Watermark(Position(10))
    for offset in range(10, 14):
        mark.admit(offset)
    mark.finish(11)
    attempts = Attempts("dead", {})
    attempts.open(14)
    found = over(attempts.noted(mark.position()).note)
    assert [found.of(offset) is None for offset in range(10, 14)] == [False, True, False, False]


@pytest.mark.parametrize(
    "note", [plain("dead", 14), tried("dead", {11: Suspicion(("first", "second"), ("second",))}, Begun.ALONE, 11)]
)
def test_who_lives_on_has_not_died(note: str) -> None:
    assert over(note, by="dead").suspects == over(note, alive=("dead",)).suspects == note.count("first")
    if "first" in note:
        assert over(note, by="dead").of(11) == Suspicion(("first", "second"), ("second",))
        assert over(note, alive=("dead", "second")).of(11) == Suspicion(("first",))


def test_only_what_was_begun_has_a_death_more() -> None:
    suspects = {offset: Suspicion(("first",)) for offset in range(10, 20)}
    found = over(tried("second", suspects, Begun.IN_COMPANY, 12, 13))
    assert found.of(12) == found.of(13) == Suspicion(("first", "second"), in_few=True)
    assert found.of(11) == Suspicion(("first",))
    alone = over(tried("second", suspects, Begun.ALONE, 12))
    assert alone.of(12) == Suspicion(("first", "second"), ("second",), in_few=True)


def test_two_deaths_alone_of_three_are_a_proof_and_one_is_chance() -> None:
    assert not Suspicion(("a", "b", "c"), ("c",)).is_proof
    assert not Suspicion(("a", "b"), ("a", "b")).is_proof
    assert Suspicion(("a", "b", "c"), ("b", "c")).is_proof
    assert not Suspicion(tuple("abcde")).is_proof
    assert Suspicion(tuple("abcdef")).is_proof


def test_an_owner_that_dies_before_it_wrote_anything_adds_nothing() -> None:
    note = plain("first", 14)
    assert over(note, by="second").of(10) == over(note, by="third").of(10) == Suspicion(("first",))


def test_letting_go_keeps_what_is_held_against_inputs_and_says_that_nothing_is_in_flight() -> None:
    attempts = Attempts("me", {11: Suspicion(("first",))})
    attempts.begin(11, Begun.ALONE)
    attempts.close()
    assert over(attempts.noted(Position(10)).note, by="next").of(11) == Suspicion(("first",))
    done = Attempts("me", {})
    done.open(12)
    done.close()
    assert done.noted(Position(10, BITMAP)) == Position(10, BITMAP)


def test_offsets_that_are_no_records_are_not_waited_for() -> None:
    attempts = Attempts("me", dict.fromkeys(range(10, 14), Suspicion(("first",), in_few=True)))
    assert attempts.has_strong_unread
    attempts.read(12)  # 10 and 11 are ends of transactions
    attempts.end(12)
    attempts.read(20)
    assert not attempts.is_careful
    assert not attempts.has_unread


def test_a_note_is_never_too_long_and_keeps_the_worst_suspects() -> None:
    suspects = {
        10 + 2 * number: Suspicion(tuple(f"owner-{number % 7}-{death}" for death in range(1 + number % 3)))
        for number in range(400)
    }
    suspects[11] = worst = Suspicion(("a", "b", "c", "d"), ("d",))
    at = Attempts("me", suspects).noted(Position(10, "x" * 1_400))
    assert len(at.note) <= NOTE_CHARACTERS
    assert over(at.note).of(11) == worst


def test_a_large_crowd_fits_a_note() -> None:
    attempts = over(plain("dead", 10 + MAX_SPAN))
    attempts.begin(10, Begun.IN_COMPANY)
    again = over(attempts.noted(Position(10)).note, by="next")
    assert again.suspects == MAX_SPAN > FEW
    assert again.of(10) == Suspicion(("dead", "me"), in_few=True)


@pytest.mark.parametrize(
    "note",
    [
        ";",
        ";{",
        ";" + "[" * 3_000,
        ";null",
        ';{"by":7}',
        ';{"to":-1}',
        ';{"to":1e99}',
        ';{"by":"x","runs":[[0,20000,[],[],false,0],[0,20000,[],[],false,0]]}',
        ';{"by":"x","runs":[[0,1,[5],[],false,0]]}',
        ';{"by":"x","runs":[[0,1,[],[],false,9]]}',
        ";\ud800",
    ],
)
def test_a_note_that_is_not_ours_says_nothing(note: str, caplog: pytest.LogCaptureFixture) -> None:
    assert over(BITMAP + note).suspects == 0
    assert ("attempts is not counted" in caplog.text) == (note != ";")


@given(st.text(max_size=200), st.integers(0, 50))
def test_whatever_a_note_says_it_is_read(note: str, offset: int) -> None:
    assert over(note, offset=offset).suspects >= 0


_NAMES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4, unique=True).map(tuple)


@given(
    st.dictionaries(st.integers(10, 60), st.builds(Suspicion, _NAMES, st.just(()), st.booleans())),
    st.sets(st.integers(10, 60)),
)
def test_what_is_written_is_read_back(suspects: dict[int, Suspicion], done: set[int]) -> None:
    mark = Watermark(Position(10))
    for offset in range(10, 61):
        mark.admit(offset)
    for offset in done:
        mark.finish(offset)
    attempts = Attempts("me", suspects)
    for offset in done:
        attempts.end(offset)
    at = attempts.noted(mark.position())
    found = Attempts.taken_over("next", at, Watermark(at).done, ())
    left = {offset: suspicion for offset, suspicion in suspects.items() if offset not in done}
    read = {offset: suspicion for offset in range(10, 61) if (suspicion := found.of(offset)) is not None}
    assert left.items() <= read.items()
    # Between two of a crowd that died once nothing is told apart.
    assert all(len(read[offset].deaths) == 1 for offset in read.keys() - left.keys())


def test_a_note_of_an_earlier_version_has_no_attempts() -> None:
    assert over(BITMAP).suspects == 0
