"""JSON Schemas of records for others: as they are written now, with what they may say where that is a list of words.

Readers of ours take more than that: a field that they don't know is ignored, and so is a word. A schema says what a
writer of its version writes, so it is named by the version (``topics.schema_id``, ``topics.schema_version``).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from synsift.crawler.consent.statement import Say
from synsift.dedupe import EXTENSIONS, Kind
from synsift.dedupe.local.relation import Tie as Local
from synsift.pipelines import topics
from synsift.pipelines.pairs import Ended, Tie
from synsift.pipelines.records import VERSION, Record
from synsift.pipelines.verification.consensus import By, Verdict

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_COPIES: Final = (Local.COPY, Local.PART_OF, Local.CONTAINS)
WORDS: Final[Mapping[str, Sequence[str]]] = {
    "Survivor.relation": ("", *_COPIES),
    "Withdrawal.kind": _COPIES,
    "Duplicate.kind": (Kind.EXACT, Kind.NEAR, Kind.REFERENCE, *_COPIES),
    "Relation.kind": (*_COPIES, Local.SHARES_A_PART),
    "Conflict.kind": (Kind.EXACT, Kind.NEAR),
    "Conflict.tie": tuple(Tie),
    "Conflict.ended": ("", *Ended),
    "HttpAnswer.tls": ("", "unverified"),
    "Image.format": tuple(EXTENSIONS),
    "Task.reason": ("learn", "decide"),
    "Verified.verdict": tuple(Verdict),
    "Verified.rule": ("", *By),
    "Control.action": ("pause", "drop", "block", "delay", "limit", "priority"),
    "Control.subject": ("host", "source", "synset", "url", "sha256", "fingerprint"),
    "Consent.acquisition": ("robots.txt", "unasked"),
    "Consent.train": tuple(Say),
    "Consent.index": tuple(Say),
    "Said.train": ("", Say.YES, Say.NO, Say.HOLD),
    "Said.index": ("", Say.YES, Say.NO, Say.HOLD),
}
"""Fields that say one of a list of words. A new word is a new minor version."""
MOMENTS: Final = frozenset(
    {
        *("ImageUrl.not_before", "HttpAnswer.fetched_at", "Consent.at", "Rest.since", "Rest.until"),
        *("Task.at", "Vote.at", "Control.at", "Word.at"),
    }
)
"""Fields that are times, RFC 3339 in UTC; or empty, where that is the default."""
URLS: Final = frozenset(
    {
        *("ImageUrl.url", "Candidate.url", "HttpAnswer.final_url", "Fetched.url", "Task.link"),
    }
)
"""Fields that are URLs of the web, as they were found; or empty, where that is the default."""
TEXTS: Final = frozenset(
    {
        *("Query.source", "Query.text", "Query.lang", "Query.cursor", "ImageUrl.content_id", "Fetched.content_id"),
        *("FoundBy.source", "FoundBy.query", "FoundBy.lang", "FoundBy.title", "FoundBy.author", "FoundBy.licence"),
        *("FoundBy.landing_page", "FoundBy.licence_url"),
        *("HttpAnswer.content_type", "HttpAnswer.etag", "HttpAnswer.last_modified", "Image.hash"),
        *("Survivor.transform", "Duplicate.transform", "Conflict.transform"),
        *("Fetched.outcome", "Fetched.message", "Progress.stage", "Vote.origin", "Verified.other"),
        *("Said.kind", "Said.signal", "Said.value", "Said.where", "Consent.policy"),
        *("Control.target", "Control.who", "Control.why", "Control.fingerprint", "Word.who", "Word.why"),
    }
)
"""Fields that are any text, those among them that a source calls a URL."""
# As in `record_parts`: an end that means the same in Python and in JSON Schema.
_MOMENT: Final = r"^[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})(?![\s\S])"
_WEB: Final = "^[Hh][Tt][Tt][Pp][Ss]?://"


def schema_of(kind: type[Record]) -> dict[str, Any]:
    """The schema of a topic's records, whole."""
    schema = msgspec.json.schema(kind)
    return {
        "$schema": DIALECT,
        "$id": topics.schema_id(kind),
        "title": topics.TOPIC_OF[kind].name,
        "x-version": topics.schema_version(kind),
        "$ref": schema["$ref"],
        "$defs": {name: _told(name, one) for name, one in schema["$defs"].items()},
    }


def components() -> dict[str, dict[str, Any]]:
    """Schemas of all records and of their parts, by name; they refer to each other as those of AsyncAPI do."""
    _, found = msgspec.json.schema_components(topics.TOPIC_OF, ref_template="#/components/schemas/{name}")
    return {name: _told(name, one) for name, one in found.items()}


def _told(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A struct's schema with what its types don't say."""
    properties = {field: _field(f"{name}.{field}", one) for field, one in schema["properties"].items()}
    told = {**schema, "properties": properties}
    if "description" in told:
        told["description"] = _plain(told["description"])
    return told


def _field(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    if name.endswith(".v"):
        return {**schema, "const": VERSION}
    if name in WORDS:
        # A pattern that says the same again would be in the way of who reads it.
        return {
            **{key: value for key, value in schema.items() if key != "pattern"},
            "enum": [str(word) for word in WORDS[name]],
        }
    if name in MOMENTS:
        return _or_empty(schema, {"format": "date-time", "pattern": _MOMENT})
    if name in URLS:
        return _or_empty(schema, {"format": "iri", "pattern": _WEB})
    return schema


def _or_empty(schema: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    """A form that a text has; where it is empty by default, that is allowed."""
    rest = {key: value for key, value in schema.items() if key != "pattern"}
    return {**rest, "anyOf": [{"const": ""}, form]} if schema.get("default") == "" else {**rest, **form}


def _plain(text: str) -> str:
    """A docstring as a text: without the indentation and the marks of code's own."""
    return "\n".join(line.strip() for line in text.splitlines()).replace("``", "`")
