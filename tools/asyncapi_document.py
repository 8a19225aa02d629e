"""docs/asyncapi.yaml: the topics of a fleet as an AsyncAPI 3.0 document, made from the code.

Records refer to each other by name within it, so it needs no other file.
"""

from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from synsift.pipelines import topics
from synsift.pipelines.dead_letters import PREFIX
from synsift.pipelines.log.kafka_topics import Shape, configuration_of
from synsift.pipelines.records import VERSION, Record
from synsift.pipelines.schemas import components
from synsift.pipelines.stage import INPUTS

NOTE: Final = "# Made by tools/make_docs.py from the code: change it there, then run `make docs`.\n"
BINDING: Final = "0.5.0"
PARTITIONS: Final = 16
_FROM_OTHERS: Final = {
    topics.QUERIES: "Ask a source for a text on behalf of a synset: as `synsift plan` writes it.",
    topics.VOTES: "Say what somebody says of an image: as `synsift votes import` writes it.",
    topics.CONTROLS: "Steer the fleet: as `synsift pause`, `block` and their like write it.",
}
"""Topics that others may write, too."""
_INTRODUCTION: Final = """\
What stands on the topics of a synsift fleet. `kafka.prefix` of its configuration stands before each name.

Keys are texts in UTF-8; the partition is murmur2 of the key, as Java's clients have it (librdkafka: `partitioner =
murmur2_random`). Read with `isolation.level=read_committed`: offsets have gaps where transactions end. Readers ignore
fields and words that they don't know; a field or a word more is a new minor version, which the header
`__synsift.schema.version` says; what old readers would misunderstand is a new major version, and another schema id.
"""


def asyncapi_document() -> str:
    """The document, as YAML."""
    return NOTE + yaml.safe_dump(document(), sort_keys=False, allow_unicode=True, width=120)


def document() -> dict[str, Any]:
    """The document."""
    kinds = topics.TOPIC_OF
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "synsift",
            "version": f"{VERSION}.{sum(topics.MINOR.values())}",
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "fleet": {
                "host": "localhost:9092",
                "protocol": "kafka",
                "description": "The brokers of a fleet: `kafka.bootstrap` of its configuration.",
            }
        },
        "channels": {
            **{topic.name: _channel(topic, kind.__name__, _summary(kind)) for kind, topic in kinds.items()},
            topics.DEAD_LETTERS.name: _channel(topics.DEAD_LETTERS, "DeadLetter", _DEAD_LETTERS),
        },
        "operations": dict(_operations()),
        "components": {
            "messages": {**{kind.__name__: _message(kind) for kind in kinds}, "DeadLetter": _dead_letter()},
            "schemas": components(),
        },
    }


def _channel(topic: topics.Topic, message: str, summary: str) -> dict[str, Any]:
    settings = configuration_of(topic, Shape(partitions=PARTITIONS, replication=3))
    configuration: dict[str, Any] = {"cleanup.policy": settings["cleanup.policy"].split(",")}
    configuration |= {name: int(settings[name]) for name in ("retention.ms", "max.message.bytes") if name in settings}
    return {
        "address": topic.name,
        "summary": summary,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": PARTITIONS,
                "replicas": 3,
                "topicConfiguration": configuration,
                "bindingVersion": BINDING,
            }
        },
    }


def _operations() -> Any:  # noqa: ANN401 - pairs
    """Seen from the fleet: it sends all of them, and receives what others may write, and what its stages read."""
    for topic in (*topics.TOPIC_OF.values(), topics.DEAD_LETTERS):
        yield f"send-{topic.name}", {"action": "send", "channel": {"$ref": f"#/channels/{topic.name}"}}
    for topic, summary in _FROM_OTHERS.items():
        received = {"action": "receive", "channel": {"$ref": f"#/channels/{topic.name}"}, "summary": summary}
        groups = [stage for stage, read in INPUTS.items() if read is topic]
        if groups:
            group = {"type": "string", "enum": groups}
            received["bindings"] = {"kafka": {"groupId": group, "bindingVersion": BINDING}}
        yield f"receive-{topic.name}", received


def _message(kind: type[Record]) -> dict[str, Any]:
    said = {name: value.decode() for name, value in topics.made_of(kind)}
    return {
        "name": kind.__name__,
        "title": topics.TOPIC_OF[kind].name,
        "summary": _summary(kind),
        "contentType": said[topics.CONTENT_TYPE],
        "headers": {
            "type": "object",
            "properties": {
                topics.CONTENT_TYPE: {"type": "string", "const": said[topics.CONTENT_TYPE]},
                topics.SCHEMA_ID: {"type": "string", "const": said[topics.SCHEMA_ID]},
                topics.SCHEMA_VERSION: {"type": "string", "pattern": rf"^{VERSION}\.[0-9]+$"},
            },
        },
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": BINDING}},
    }


_DEAD_LETTERS: Final = "Inputs that a stage could not do: the record itself, untouched, with what happened in headers."


def _dead_letter() -> dict[str, Any]:
    names = ("topic", "partition", "offset", "stage", "outcome", "message", "attempts", "at", "wnid")
    return {
        "name": "DeadLetter",
        "title": topics.DEAD_LETTERS.name,
        "summary": _DEAD_LETTERS,
        "headers": {
            "type": "object",
            "properties": {PREFIX + name: {"type": "string"} for name in (*names, "part", "left_out", "closes")},
        },
        "payload": {"description": "What stood on the topic that the headers name."},
    }


def _summary(kind: type[Record]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0].replace("``", "`")
