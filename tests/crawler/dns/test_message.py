"""Any bytes are read, or refused with a reason."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsift.crawler.dns.message import Answer, BadMessage, Kind, Question, name_bytes, question_bytes, read_answer
from tests.name_server import NO_SUCH_NAME, Reply, encoded, read_question

ASKED = Question(0x1234, "host.example", Kind.IPV4)


def answered(reply: Reply, question: Question = ASKED) -> bytes:
    return encoded(read_question(question_bytes(question)), reply)


def read(data: bytes) -> Answer | None:
    found = read_answer(data, {ASKED.number: ASKED})
    return found[1] if found else None


def test_what_holds_shortest_on_the_way_is_how_long_it_holds() -> None:
    assert read(answered(Reply(["192.0.2.1"], ttl_s=77, aliases=["a.b"]))) == Answer(0, ("192.0.2.1",), 77)


@pytest.mark.parametrize(("said", "held"), [(300, 300), (10**6, 86_400), (0, 0), (None, None)])
def test_how_long_there_is_nothing_is_the_lesser_of_two_numbers(said: int | None, held: int | None) -> None:
    assert read(answered(Reply(code=NO_SUCH_NAME, negative_ttl_s=said))) == Answer(NO_SUCH_NAME, (), held)


def test_addresses_of_another_name_beside_the_one_asked_for_are_not_taken() -> None:
    other = answered(Reply(["192.0.2.66"])).replace(b"\xc0\x0c", b"\x01x\0", 1)
    assert read(other) == Answer(0)


@pytest.mark.parametrize("change", [(0, 0x99), (2, 0x01), (2, 0x99), (5, 0), (5, 2), (13, 0x78), (-12, 9)])
def test_what_is_no_answer_to_the_question_is_passed_over(change: tuple[int, int]) -> None:
    data = bytearray(question_bytes(ASKED))
    data[2] |= 0x80
    assert read(bytes(data)) is not None
    at, value = change
    data[at] = value
    assert read(bytes(data)) is None


@given(st.binary(max_size=600))
def test_any_bytes_are_survived(data: bytes) -> None:
    head = question_bytes(ASKED)
    for start in (b"", head[:2] + b"\x81\x80", head[:2] + b"\x81\x80\0\1\0\3\0\2\0\0" + head[12:]):
        try:
            found = read(start + data)
        except BadMessage:
            continue
        assert found is None or all(address.count(".") == 3 for address in found.addresses)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6), st.integers(0, 300))
def test_any_change_of_a_good_answer_is_survived(changes: list[tuple[int, int]], size: int) -> None:
    data = bytearray(answered(Reply(["192.0.2.1", "192.0.2.2"], aliases=["a.b", "c.example"], negative_ttl_s=3)))
    for at, value in changes:
        data[at % len(data)] = value
    with contextlib.suppress(BadMessage):
        read(bytes(data[:size]))


@given(st.text(max_size=300))
def test_any_name_is_written_or_refused(name: str) -> None:
    try:
        written = name_bytes(name)
    except BadMessage:
        return
    assert len(written) <= 255
    assert name.isascii()
