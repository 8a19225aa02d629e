import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from synsift.pipelines import records
from synsift.pipelines.control_records import Word
from synsift.pipelines.errors import RecordError, UnknownVersion
from synsift.pipelines.records import (
    Candidate,
    Conflict,
    Control,
    Duplicate,
    Fetched,
    FoundBy,
    HttpAnswer,
    Image,
    ImageUrl,
    Progress,
    Query,
    Record,
    Relation,
    Survivor,
    Task,
    Verified,
    Vote,
    Withdrawal,
    decode,
    encode,
)
from synsift.pipelines.storage.manifests import decode_part, encode_part
from synsift.pipelines.storage.sealed import read_sealed
from synsift.pipelines.storage.verified_parts import encode_verdicts

FOUND_BY = FoundBy(
    source="commons", query="whippet", rank=3, title="A.jpg", author="J", licence="CC0", landing_page="https://c/a"
)
IMAGE = Image(
    sha256="ab" * 32,
    hash="1:" + "A" * 43 + "=",
    information=30.5,
    width_px=640,
    height_px=480,
    format="JPEG",
    size_bytes=90_000,
)
ANSWER = HttpAnswer(status=200, fetched_at="2026-01-02T03:04:05Z", etag='"x"', last_modified="y")
CANDIDATE = Candidate(wnid="n1", url="https://up/a.jpg", image=IMAGE, found_by=FOUND_BY, answer=ANSWER)
EXAMPLES: list[Record] = [
    Query(wnid="n1", source="commons", text="whippet", cursor="{}", page=2, limit=100),
    ImageUrl(wnid="n1", url="https://up/a.jpg", found_by=FOUND_BY),
    CANDIDATE,
    Survivor(candidate=CANDIDATE, replaces="cd" * 32, distance_bits=7, transform="mirrored"),
    Duplicate(wnid="n1", sha256="ab" * 32, of="cd" * 32, kind="near", distance_bits=9, candidate=CANDIDATE),
    Fetched(url="https://up/a.jpg", outcome="fetched", image=IMAGE, answer=ANSWER, wnids=("n1", "n2")),
    Progress(wnid="n1", stage="fetch", partition=3, counts={"fetched": 5}),
    Survivor(candidate=CANDIDATE, replaces="cd" * 32, transform="identity", relation="copy"),
    Relation(wnid="n1", sha256="ab" * 32, of="cd" * 32, kind="part_of", points=31, agreed=0.9, inside=1.0, outside=0.3),
    msgspec.structs.replace(CANDIDATE, withdraws=Withdrawal(sha256="cd" * 32, kind="copy")),
    Conflict(
        id="9" * 32,
        wnid="n1",
        sha256="ab" * 32,
        other_wnid="n2",
        other_sha256="cd" * 32,
        kind="near",
        tie="disjoint",
        score=0.97,
        transform="mirrored",
        replaces="8" * 32,
        stands=False,
        ended="better_copy",
    ),
    Task(
        id="7" * 32,
        wnid="n1",
        images=("ab" * 32, "cd" * 32),
        votes=3,
        at="2026-01-02T03:04:05Z",
        rivals=("n2",),
        link="https://en.wikipedia.org/wiki/Whippet",
        rank=4,
        reason="learn",
        is_open=False,
    ),
    Vote(
        wnid="n1",
        sha256="ab" * 32,
        voter="Zoë",
        answer="other:n2",
        at="2026-01-02T03:04:05.25Z",
        origin="review",
        took_s=1.5,
        task="7" * 32,
        is_gold=True,
    ),
    Verified(
        wnid="n1",
        sha256="ab" * 32,
        verdict="rejected",
        confidence=0.995,
        yes=1,
        no=5,
        unsure=1,
        rule="voters",
        other="n2",
    ),
    Control(
        action="limit",
        subject="synset",
        target="n1",
        who="Zoë",
        why="enough for now",
        at="2026-01-02T03:04:05Z",
        value=500,
        is_lifted=True,
        past=(Word(who="Ann", why="a first look", at="2026-01-01T03:04:05Z", value=100),),
    ),
]
GOLDEN = Path(__file__).parent.parent / "data" / "records-v1.jsonl"


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assert decode(type(record), encode(record)) == record


def _integers(schema: object, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each whole number that a schema has, and where."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer":
            yield at, schema
        for key, part in schema.items():
            yield from _integers(part, f"{at}/{key}")
    elif isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from _integers(part, f"{at}/{number}")


@pytest.mark.parametrize("kind", records.ALL)
def test_whole_numbers_have_bounds(kind: type[Record]) -> None:
    """One that takes more than 64 bits ended `land`, as no column of a manifest has room for it."""
    found = dict(_integers(msgspec.json.schema(kind)))
    assert found
    assert [at for at, one in found.items() if not -(2**53) < one["minimum"] < one["maximum"] < 2**53] == []


@pytest.mark.parametrize("value", [2**53, 2**63, -(2**53), 10**400, "1" * 5_000])
def test_a_number_that_no_column_has_room_for_makes_no_record(value: object) -> None:
    text = encode(Survivor(candidate=CANDIDATE)).replace(b'"rank":3', f'"rank":{value}'.encode())
    with pytest.raises(RecordError, match="not a Survivor"):
        decode(Survivor, text)


def _at_most(part: Any) -> Any:
    """The same with each whole number as large as it may be."""
    changed = {}
    for one in msgspec.structs.fields(part):
        value, schema = getattr(part, one.name), msgspec.json.schema(one.type)
        if schema.get("type") == "integer" and one.name != "v":
            changed[one.name] = schema["maximum"]
        elif isinstance(value, msgspec.Struct):
            changed[one.name] = _at_most(value)
    return msgspec.structs.replace(part, **changed)


def test_columns_have_room_for_what_a_record_may_say() -> None:
    survivor = _at_most(Survivor(candidate=CANDIDATE))
    row = decode_part(encode_part([(0, survivor)]))[0]
    assert (row["rank"], row["width_px"], row["status"]) == (2**53 - 1,) * 3
    verified = _at_most(next(one for one in EXAMPLES if isinstance(one, Verified)))
    assert read_sealed(encode_verdicts([(0, verified)])).to_pylist()[0]["no"] == 2**31 - 1


def test_there_is_an_example_of_every_record() -> None:
    assert {type(example) for example in EXAMPLES} == set(records.ALL)


def test_messages_written_by_version_1_stay_readable() -> None:
    lines = GOLDEN.read_bytes().splitlines()
    assert [decode(type(example), line) for example, line in zip(EXAMPLES, lines, strict=True)] == EXAMPLES


def test_an_unknown_field_is_ignored() -> None:
    data = json.dumps({"wnid": "n1", "source": "s", "text": "t", "novelty": [1, 2]}).encode()
    assert decode(Query, data) == Query(wnid="n1", source="s", text="t")


@pytest.mark.parametrize("data", [b'{"v":2,"wnid":"n1","source":"s","text":"t"}', b'{"v":7,"other":"shape"}'])
def test_an_unknown_version_says_so_even_if_its_shape_is_new(data: bytes) -> None:
    with pytest.raises(UnknownVersion, match="this program reads version 1"):
        decode(Query, data)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[]", b'{"wnid": 5}', b'{"source":"s"}', b"null"])
def test_a_broken_record_is_an_error_that_names_the_record(data: bytes) -> None:
    with pytest.raises(RecordError, match="not a Query"):
        decode(Query, data)


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        EXAMPLES[0].v = 2  # type: ignore[misc]
