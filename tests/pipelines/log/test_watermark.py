import base64
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.pipelines.log.base import Position
from synsift.pipelines.log.watermark import MAX_SPAN, Watermark


def test_the_position_is_the_smallest_offset_that_is_not_done() -> None:
    mark = Watermark(Position(4))
    for offset in range(4, 10):
        assert mark.admit(offset)
    for offset in (4, 5, 7, 9):
        mark.finish(offset)
    assert mark.position().offset == 6
    assert (mark.pending, mark.span) == (2, 4)


def test_what_is_done_above_the_position_is_not_done_again_after_a_restart() -> None:
    mark = Watermark(Position(0))
    for offset in range(6):
        mark.admit(offset)
    for offset in (1, 4):
        mark.finish(offset)
    again = Watermark(mark.position())
    assert [again.admit(offset) for offset in range(6)] == [True, False, True, True, False, True]


def test_an_offset_that_was_never_admitted_cannot_be_finished() -> None:
    with pytest.raises(KeyError):
        Watermark(Position(0)).finish(3)


def test_the_note_of_the_widest_span_fits() -> None:
    mark = Watermark(Position(0))
    for offset in range(MAX_SPAN):
        mark.admit(offset)
    for offset in range(1, MAX_SPAN, 2):
        mark.finish(offset)
    for offset in range(2, MAX_SPAN, 6):
        mark.finish(offset)
    assert len(mark.position().note) <= 4_000


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_over_any_crashes_every_offset_is_done_exactly_once(data: st.DataObject) -> None:
    # Offsets may have gaps, as Kafka's have.
    offsets = sorted(data.draw(st.sets(st.integers(0, 60), max_size=30)))
    done: list[int] = []
    position = Position(0)
    for _ in range(4):
        mark = Watermark(position)
        taken = [offset for offset in offsets if offset >= position.offset and mark.admit(offset)]
        for offset in data.draw(st.permutations(taken))[: data.draw(st.integers(0, len(taken)))]:
            mark.finish(offset)
            done.append(offset)
        position = mark.position()
    mark = Watermark(position)
    done += [offset for offset in offsets if offset >= position.offset and mark.admit(offset)]
    assert sorted(done) == offsets


@pytest.mark.parametrize("note", ["reset by an operator", "é", "AAAA", "eJw=", "x" * 4_000, "eJwDAAAAAAE="])
def test_a_note_of_somebody_else_says_nothing(note: str) -> None:
    mark = Watermark(Position(5, note))
    assert mark.admit(5)
    mark.finish(5)
    assert mark.position() == Position(6)


def test_a_note_that_unpacks_to_megabytes_is_read_as_far_as_a_note_goes() -> None:
    bomb = base64.b64encode(zlib.compress(b"\xff" * 10_000_000)).decode()
    mark = Watermark(Position(0, bomb))
    assert not mark.admit(MAX_SPAN - 1)
    assert mark.admit(MAX_SPAN)
