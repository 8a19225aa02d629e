"""Dead letters: the input itself, with what happened in headers."""

from pathlib import Path

import pytest

from synsift.pipelines import topics
from synsift.pipelines.dead_letters import (
    MAX_LETTER_BYTES,
    PREFIX,
    REPLAY_OF,
    DeadLetter,
    entry_of,
    letter_of,
    read_dead_letters,
    replay,
)
from synsift.pipelines.log.base import Message
from synsift.pipelines.reading import Broken, Skipped
from synsift.pipelines.topics import Entry
from tests.pipelines.worlds import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def letter(**changes: object) -> DeadLetter:
    known: dict[str, object] = {
        "stage": "fetch",
        "topic": "image-urls",
        "partition": 3,
        "offset": 9,
        "key": b"up.example",
        "value": b"\xff\x00raw",
        "headers": (("trace", b"7"),),
        "outcome": "timeout",
        "message": "no answer in 30 s",
        "at": "2026-01-02T03:04:05Z",
        "attempts": 4,
        "wnid": "n1",
    }
    return DeadLetter(**(known | changes))  # type: ignore[arg-type]


def as_read(entry: Entry) -> Message:
    return Message(entry.topic, entry.partition, 0, entry.key, entry.value, entry.headers)


def test_key_value_and_headers_of_the_input_are_untouched() -> None:
    entry = entry_of(letter(), 3)
    assert (entry.key, entry.value, entry.headers[0]) == (b"up.example", b"\xff\x00raw", ("trace", b"7"))
    said = {name: value for name, value in entry.headers if name.startswith(PREFIX)}
    assert said["__synsift.errors.topic"] == b"image-urls"
    assert said["__synsift.errors.offset"] == b"9"
    assert said["__synsift.errors.outcome"] == b"timeout"
    assert letter_of(as_read(entry)) == letter()


@pytest.mark.parametrize("change", [{"key": None}, {"value": None}, {"value": b""}, {"is_part": True}, {"wnid": ""}])
def test_a_letter_is_read_as_it_was_written(change: dict[str, object]) -> None:
    assert letter_of(as_read(entry_of(letter(**change), 3))) == letter(**change)


def test_a_message_without_end_is_cut_and_a_surrogate_replaced() -> None:
    entry = entry_of(letter(message="\ud800" + "x" * 10_000), 0)
    assert entry.size_bytes < 3_000


def test_a_letter_about_a_letter_does_not_grow() -> None:
    once = entry_of(letter(), 0)
    again = entry_of(letter(headers=once.headers), 0)
    assert len(again.headers) == len(once.headers)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("other", b"x"),),
        ((PREFIX + "stage", b"fetch"), (PREFIX + "topic", b"nowhere")),
        ((PREFIX + "partition", b"many"),),
    ],
)
def test_a_strangers_record_is_no_letter_and_is_skipped(world: World, headers: tuple[tuple[str, bytes], ...]) -> None:
    assert isinstance(letter_of(Message("dead-letters", 0, 0, b"k", b"v", headers)), Broken)
    world.log.produce([Entry("dead-letters", 0, b"k", b"v", headers), entry_of(letter(), 0)])
    skipped = Skipped()
    assert [found.letter for found in read_dead_letters(world.log, skipped)] == [letter()]
    assert skipped.by_topic == {"dead-letters": 1}


def test_a_replay_writes_the_input_as_it_was_on_its_keys_partition_and_closes_the_letter(world: World) -> None:
    world.log.produce([entry_of(letter(), 3)])
    assert replay(world.log, world.router, read_dead_letters(world.log)) == 1
    (again,) = [m for p in range(4) for m in world.log.read("image-urls", p)]
    assert (again.partition, again.key, again.value) == (
        world.router.of_key(b"up.example", 0),
        b"up.example",
        b"\xff\x00raw",
    )
    assert dict(again.headers) == {"trace": b"7", REPLAY_OF: b"timeout"}
    assert read_dead_letters(world.log) == []


def test_an_input_too_large_to_be_written_again_is_read_where_it_stands(world: World) -> None:
    large = Entry("image-urls", 3, b"up.example", b"x" * (MAX_LETTER_BYTES + 1), (("trace", b"7"),))
    world.log.produce([large])
    entry = entry_of(letter(offset=0, value=large.value), 3)
    assert entry.size_bytes < 1_000
    world.log.produce([entry])
    (found,) = read_dead_letters(world.log)
    assert found.letter.left_out_bytes == MAX_LETTER_BYTES + 1
    assert replay(world.log, world.router, [found]) == 1
    messages = [m for p in range(4) for m in world.log.read("image-urls", p)]
    assert [len(m.value or b"") for m in messages] == [MAX_LETTER_BYTES + 1] * 2


def test_a_part_of_an_input_cannot_be_replayed_and_stays_open(world: World) -> None:
    world.log.produce([entry_of(letter(is_part=True, value=b"line 7"), 0)])
    assert replay(world.log, world.router, read_dead_letters(world.log)) == 0
    assert len(read_dead_letters(world.log)) == 1


def test_a_letter_of_an_impossible_partition_is_not_replayed(world: World) -> None:
    world.log.produce([entry_of(letter(key=None, partition=4_000), 0)])
    assert replay(world.log, world.router, read_dead_letters(world.log)) == 0
    assert list(world.log.read(topics.IMAGE_URLS.name, 0)) == []


def test_an_input_that_the_log_had_lost_already_is_not_written_again_as_a_tombstone(world: World) -> None:
    world.log.produce([entry_of(letter(key=None, value=None, outcome="broken_record"), 3)])
    assert replay(world.log, world.router, read_dead_letters(world.log)) == 0
    assert len(read_dead_letters(world.log)) == 1
    assert list(world.log.read("image-urls", 3)) == []
