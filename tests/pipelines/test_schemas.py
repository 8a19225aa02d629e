"""What others are told of records is true: schemas, headers, the AsyncAPI document."""

import dataclasses
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml  # type: ignore[import-untyped]

from synsift.pipelines import records, schemas, topics
from synsift.pipelines.records import Record, encode
from synsift.pipelines.topics import Entry, Router, made_of, saying
from tests.conftest import missing
from tests.pipelines.test_records import EXAMPLES

ROOT = Path(__file__).parents[2]
VERSIONS = Path(__file__).parent.parent / "data" / "schema-versions.json"


def validator(kind: type[Record]) -> jsonschema.Draft202012Validator:
    schema = schemas.schema_of(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def parts() -> dict[str, dict[str, Any]]:
    _, found = msgspec.json.schema_components(topics.TOPIC_OF, ref_template="#/x/{name}")
    return found


def test_of_every_text_of_a_record_it_is_known_what_it_is() -> None:
    """A new field is a text without a form until somebody says so: a list of words, a time, a URL, or any text."""
    texts = {
        f"{name}.{field}"
        for name, part in parts().items()
        for field, schema in part["properties"].items()
        if schema.get("type") == "string" and "pattern" not in schema
    }
    told = Counter([*schemas.WORDS, *schemas.MOMENTS, *schemas.URLS, *schemas.TEXTS])
    assert [name for name, times in told.items() if times > 1] == []
    assert sorted(texts - told.keys()) == []
    fields = {f"{name}.{field}" for name, part in parts().items() for field in part["properties"]}
    assert sorted(told.keys() - fields) == []


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_a_record_is_valid_by_its_schema(record: Record) -> None:
    assert [error.message for error in validator(type(record)).iter_errors(json.loads(encode(record)))] == []


def test_what_is_none_is_not_valid() -> None:
    """For each form that schemas add, something that is none."""
    example = {type(record): json.loads(encode(record)) for record in EXAMPLES}
    wrong: list[tuple[type[Record], str, object]] = [
        (records.Duplicate, "kind", "similar"),
        (records.Conflict, "tie", "beside"),
        (records.Task, "at", "yesterday"),
        (records.Task, "at", "2026-01-02T03:04:05"),
        (records.Task, "at", "2026-01-02T03:04:05Z\n"),
        (records.ImageUrl, "url", "ftp://a.example/x"),
        (records.ImageUrl, "url", ""),
        (records.Vote, "sha256", "AB"),
        (records.Query, "rank", -1),
        (records.Query, "v", 2),
    ]
    for kind, field, value in wrong:
        check = validator(kind)
        assert check.is_valid(example[kind])
        assert not check.is_valid({**example[kind], field: value}), (kind, field, value)
    assert validator(records.ImageUrl).is_valid({**example[records.ImageUrl], "not_before": ""})
    assert validator(records.Query).is_valid({**example[records.Query], "of a later version": [1]})


def form_of(kind: type[Record]) -> str:
    """A digest of what a schema demands, without its words for people and its version."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(one) for key, one in value.items() if key not in ("description", "title", "x-version")}
        return [bare(one) for one in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps(bare(schemas.schema_of(kind)), sort_keys=True).encode()).hexdigest()[:16]


def test_a_schema_that_changes_has_another_version() -> None:
    """Who was given a schema by its version must find the same under it for ever."""
    known = json.loads(VERSIONS.read_text())
    for kind, topic in topics.TOPIC_OF.items():
        version = topics.schema_version(kind)
        assert known[topic.name].get(version) == form_of(kind), (
            f"the form of {topic.name} changed, or its version {version} is new: raise its number in `topics.MINOR`, "
            f"and write {version!r}: {form_of(kind)!r} into {VERSIONS.name}, beside those that stand there"
        )
        assert list(known[topic.name])[-1] == version


def test_every_entry_of_a_router_says_what_its_bytes_are_by_the_same_object() -> None:
    router = Router(4)
    makers = {
        records.Query: router.query,
        records.ImageUrl: router.image_url,
        records.Candidate: router.candidate,
        records.Survivor: router.survivor,
        records.Duplicate: router.duplicate,
        records.Relation: router.relation,
        records.Conflict: router.conflict,
        records.Fetched: router.fetched,
        records.Task: router.task,
        records.Vote: router.vote,
        records.Verified: router.verified,
        records.Progress: router.progress,
        records.Control: router.control,
    }
    assert makers.keys() == topics.TOPIC_OF.keys()
    for record in EXAMPLES:
        entry: Entry = makers[type(record)](record)  # type: ignore[operator]
        assert entry.topic == topics.TOPIC_OF[type(record)].name
        assert entry.headers is made_of(type(record))
        said = {name: value.decode() for name, value in entry.headers}
        assert said == {
            "content-type": "application/json",
            "__synsift.schema.id": schemas.schema_of(type(record))["$id"],
            "__synsift.schema.version": schemas.schema_of(type(record))["x-version"],
        }


def test_who_writes_a_record_anew_says_what_it_is_now_whatever_was_said_of_it_before() -> None:
    """A URL that goes to the tail was read from a record of another version, or of a stranger who said nonsense."""
    entry = Router(4).image_url(next(one for one in EXAMPLES if isinstance(one, records.ImageUrl)))
    before = (("content-type", b"text/plain"), ("__synsift.schema.version", b"0.9"), ("mine", b"1"), ("mine", b"2"))
    again = saying(entry, before)
    assert again.headers == (*entry.headers, ("mine", b"1"), ("mine", b"2"))
    assert saying(again, again.headers).headers.count(entry.headers[0]) == 1
    assert dataclasses.replace(again, headers=()) == dataclasses.replace(entry, headers=())


def test_the_asyncapi_document_is_valid_and_whole() -> None:
    from deploy.local.asyncapi import install_schema
    from deploy.local.services import MissingComponent

    document = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text("utf-8"))
    try:
        schema = json.loads(install_schema().read_text("utf-8"))
    except MissingComponent as exc:
        missing(str(exc))
    check = jsonschema.Draft7Validator(schema)
    assert [(list(error.absolute_path), error.message[:200]) for error in check.iter_errors(document)] == []
    broken = {**document, "channels": {**document["channels"], "queries": {"adress": "queries"}}}
    assert not check.is_valid(broken)
    assert {channel["address"] for channel in document["channels"].values()} == {
        topic.name for topic in topics.ALL if topic is not topics.POSITIONS
    }


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text("utf-8"))

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for one in value.values() for found in references(one)]
        return [found for one in value for found in references(one)] if isinstance(value, list) else []

    found = set(references(document))
    assert len(found) > 30
    for reference in found:
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert isinstance(place, dict)
