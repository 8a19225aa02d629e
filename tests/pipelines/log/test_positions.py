"""Positions of the topic ``positions``, as somebody else may have written them."""

import pytest

from synsift.pipelines import topics
from synsift.pipelines.log.base import Message, Position
from synsift.pipelines.log.kafka_positions import entries_of, newest, problem_of


def message(value: bytes, offset: int = 0) -> Message:
    return Message(topics.POSITIONS.name, 3, offset, b"fetch/image-urls/3", value)


def test_a_position_is_read_as_it_was_written() -> None:
    (entry,) = entries_of("fetch", "image-urls", {3: Position(2**62, "note")})
    assert entry.value is not None
    assert newest([message(entry.value)], "fetch", "image-urls", 3) == Position(2**62, "note")


@pytest.mark.parametrize(
    "value",
    [b'{"offset":-1}', b'{"offset":%d}' % 2**63, b'{"offset":%d}' % 10**400, b'{"offset":1.5}', b"[]", b"", b"{}"],
)
def test_one_that_no_log_can_have_is_skipped_and_listed(value: bytes) -> None:
    """A client that is told to go to an offset of more than 63 bits fails, and the worker with it."""
    sound = message(b'{"offset":7}')
    assert newest([sound, message(value, 1)], "fetch", "image-urls", 3) == Position(7, "")
    assert "not a position" in problem_of(message(value, 1))
