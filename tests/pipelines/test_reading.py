"""Whatever stands on a topic, reading it gives a record or says what is broken; nothing raises."""

import random
from dataclasses import replace

import pytest

from synsift.pipelines import records, topics
from synsift.pipelines.log.base import Message
from synsift.pipelines.reading import Broken, Skipped, good, read
from synsift.pipelines.records import Candidate, Query, Record, Survivor, encode
from synsift.pipelines.topics import Router
from tests.pipelines.test_records import CANDIDATE, EXAMPLES, IMAGE

ROUTER = Router(16)
QUERY = Query(wnid="n1", source="s", text="t")
_BY_TYPE = {type(example): example for example in EXAMPLES}


def message(value: bytes | None, topic: str = "queries", partition: int = ROUTER.of_wnid("n1")) -> Message:
    return Message(topic, partition, 0, b"n1", value)


HOSTILE = {
    "bad UTF-8 in a text": encode(QUERY).replace(b'"t"', b'"\xff\xfe"'),
    "bad UTF-8 outside": b"\xff\xfe\x00",
    "nested without end": b"[" * 200_000,
    "nested in a field": b'{"wnid":"n1","source":"s","text":"t","more":' + b'{"a":' * 200_000,
    "a number beyond measure": b'{"wnid":"n1","source":"s","text":"t","rank":' + b"9" * 5_000 + b"}",
    "a lone surrogate": b'{"wnid":"n1","source":"s","text":"\\ud800"}',
    "nothing": b"",
    "null": b"null",
    "another record": encode(CANDIDATE),
    "a path for a wnid": encode(QUERY).replace(b'"n1"', b'"../../etc"'),
    "a wnid with a line break": encode(QUERY).replace(b'"n1"', b'"n1\\n"'),
    "a negative page": b'{"wnid":"n1","source":"s","text":"t","page":-1}',
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_are_broken_and_raise_nothing(value: bytes) -> None:
    found = read(Query, message(value), ROUTER)
    assert isinstance(found, Broken)
    assert found.outcome == "broken_record"
    assert len(found.text) < 1_000


def test_a_tombstone_is_broken_as_an_input_and_nothing_as_a_state() -> None:
    assert isinstance(read(Query, message(None), ROUTER), Broken)
    skipped = Skipped()
    assert list(good(iter([message(None)]), Query, ROUTER, skipped)) == []
    assert skipped.by_topic.total() == 0


def test_bytes_that_the_log_does_not_vouch_for_are_broken() -> None:
    found = read(Query, replace(message(encode(QUERY)), damage="wrong checksum"), ROUTER)
    assert found == Broken("broken_record", "wrong checksum")


def test_a_record_on_another_partition_than_its_keys_is_refused() -> None:
    home = ROUTER.of_wnid("n1")
    for record in (
        QUERY,
        CANDIDATE,
        Survivor(candidate=CANDIDATE),
        records.ImageUrl(wnid="n1", url="http://h/", found_by=CANDIDATE.found_by),
    ):
        topic = topics.TOPIC_OF[type(record)].name
        own = home if not isinstance(record, records.ImageUrl) else ROUTER.of_url(record.url)
        assert read(type(record), message(encode(record), topic, own), ROUTER) == record
        found = read(type(record), message(encode(record), topic, (own + 1) % 16), ROUTER)
        assert isinstance(found, Broken)
        assert found.outcome == "wrong_partition"


@pytest.mark.parametrize("bad", ["AB" * 32, "ab" * 31, "../" + "a" * 61, "ab" * 32 + "\n"])
def test_a_digest_that_could_not_name_a_blob_is_refused(bad: str) -> None:
    record = Candidate(
        wnid="n1",
        url="u",
        image=records.msgspec.structs.replace(IMAGE, sha256=bad),
        found_by=CANDIDATE.found_by,
        answer=CANDIDATE.answer,
    )
    assert isinstance(read(Candidate, message(encode(record), "candidates"), ROUTER), Broken)


def test_what_is_skipped_of_a_state_is_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    skipped = Skipped()
    stream = [message(b"junk"), message(encode(QUERY)), message(b"\xff"), message(b"more junk")]
    assert [record for _, record in good(iter(stream), Query, ROUTER, skipped)] == [QUERY]
    assert skipped.by_topic == {"queries": 3}
    assert len([line for line in caplog.messages if "is skipped" in line]) == 1


@pytest.mark.parametrize("kind", records.ALL, ids=lambda kind: kind.__name__)
def test_mutated_records_never_raise(kind: type[Record]) -> None:
    randoms = random.Random(kind.__name__)  # noqa: S311 - made-up inputs, the same each time
    whole = encode(_BY_TYPE[kind])
    topic = topics.TOPIC_OF[kind].name
    alphabet = b'"{}[],:\\u0 \xff\xc3\x00e+-9n'
    broken = 0
    for _ in range(3_000):
        data = bytearray(whole)
        for _ in range(randoms.choice((1, 1, 2, 5, 20))):
            place = randoms.randrange(len(data) + 1)
            step = randoms.randrange(4)
            if step == 0 and data:
                data[min(place, len(data) - 1)] = randoms.choice(alphabet)
            elif step == 1:
                data[place:place] = bytes(randoms.choices(alphabet, k=randoms.randrange(1, 5)))
            elif step == 2:
                del data[place : place + randoms.randrange(1, 30)]
            else:
                data[place:place] = data[: randoms.randrange(1, 40)]
        broken += isinstance(read(kind, message(bytes(data), topic), ROUTER), Broken)
    assert broken > 1_000
