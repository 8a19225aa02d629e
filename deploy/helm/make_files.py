#!/usr/bin/env python3
"""Writes what the chart has from the code: the schema of its values, the topics, the rules and the dashboards.

python deploy/helm/make_files.py
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from synsift.crawler.secret import Secret
from synsift.pipelines import topics
from synsift.pipelines.config import Settings
from synsift.pipelines.log.kafka_topics import Shape, configuration_of
from synsift.pipelines.stage import INPUTS, WHOLE

HERE: Final = Path(__file__).resolve().parent
CHART: Final = HERE / "synsift"
MONITORING: Final = HERE.parent / "monitoring"
# What the chart sets itself.
_OURS: Final = {"ServiceSettings": ("host", "port")}
_SCHEDULE: Final = (
    r"^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|[0-9A-Za-z*/,?-]+( [0-9A-Za-z*/,?-]+){4}|)$"
)
"""Of a CronJob: five fields, or a word; empty for none."""


class _Plain(GenerateJsonSchema):
    """Without words about what no schema can say: the default of a secret."""

    ignored_warning_kinds = {"non-serializable-default", "skipped-choice"}  # noqa: RUF012 - Pydantic's own form


def secrets_of(settings: BaseModel) -> Iterator[tuple[str, str]]:
    """Class and field of every secret: these never stand in a chart's values."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Secret):
            yield type(settings).__name__, name
        elif isinstance(value, BaseModel):
            yield from secrets_of(value)


def values_schema() -> dict[str, Any]:
    """The schema of ``values.yaml``; ``config`` is that of the settings, without secrets."""
    config = Settings.model_json_schema(schema_generator=_Plain)
    kinds = config.pop("$defs")
    hidden = [*secrets_of(Settings()), *((kind, name) for kind, names in _OURS.items() for name in names)]
    for kind, name in hidden:
        kinds[kind]["properties"].pop(name)
    config["required"] = ["identity", "kafka", "store"]
    quantity = {"type": "object"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of synsift's chart",
        "type": "object",
        "additionalProperties": False,
        "required": ["config", "image", "stages"],
        "properties": {
            "global": {"type": "object"},
            "image": _table(repository="string", tag="string", pullPolicy=["Always", "IfNotPresent", "Never"]),
            "imagePullSecrets": {"type": "array", "items": {"type": "object"}},
            "config": config,
            "existingSecret": {"type": "string", "pattern": "^([a-z0-9][a-z0-9.-]*)?$"},
            "serviceAccount": _table(create="boolean", name="string", annotations="object"),
            "stages": {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: _stage(quantity, is_whole=name in WHOLE) for name in INPUTS},
            },
            "topics": _table(create="boolean"),
            "current": _current(),
            "podDisruptionBudget": _table(enabled="boolean", maxUnavailable="integer"),
            "nodeSelector": {"type": "object"},
            "tolerations": {"type": "array"},
            "affinity": {"type": "object"},
            "podAnnotations": {"type": "object"},
            "networkPolicy": _table(
                enabled="boolean", prometheusNamespace="string", egress="array", privateNetworks="array"
            ),
            "serviceMonitor": _table(enabled="boolean", interval="string", labels="object"),
            "prometheusRule": _table(enabled="boolean", labels="object"),
            "dashboards": _table(enabled="boolean", labels="object"),
            "keda": {
                **_table(enabled="boolean", prometheus="string", pollingInterval="integer", cooldownPeriod="integer"),
            },
            "strimzi": _table(enabled="boolean", cluster="string", user="boolean"),
        },
        "$defs": kinds,
    }


def _current() -> dict[str, Any]:
    current = _table(schedule="string", resources="object")
    current["properties"]["schedule"]["pattern"] = _SCHEDULE
    return current


def _table(**fields: str | list[str]) -> dict[str, Any]:
    kinds = {name: {"enum": kind} if isinstance(kind, list) else {"type": kind} for name, kind in fields.items()}
    return {"type": "object", "additionalProperties": False, "properties": kinds}


def _stage(resources: dict[str, Any], *, is_whole: bool) -> dict[str, Any]:
    count = {"type": "integer", "minimum": 0}
    fields = {"enabled": {"type": "boolean"}, "replicas": count, "resources": resources}
    if is_whole:
        fields["whole"] = {"const": True}
    else:
        scaling = {"min": count, "max": {"type": "integer", "minimum": 1}, "inputsPerWorker": count}
        fields["scaling"] = {"type": ["object", "null"], "additionalProperties": False, "properties": scaling}
    return {"type": "object", "additionalProperties": False, "properties": fields}


def topics_file() -> dict[str, Any]:
    """Settings of each topic on Kafka, as ``topics create`` makes them, and which one a stage reads."""
    return {
        "inputs": {stage: topic.name for stage, topic in INPUTS.items()},
        "topics": {topic.name: configuration_of(topic, Shape(partitions=16, replication=3)) for topic in topics.ALL},
    }


def files() -> Iterator[tuple[Path, str]]:
    """All files, with what they should hold."""
    schema = values_schema()
    schema["properties"]["keda"]["properties"]["fromZero"] = _table(enabled="boolean")
    yield CHART / "values.schema.json", json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    # JSON is YAML, too.
    yield CHART / "files/topics.yaml", json.dumps(topics_file(), indent=1) + "\n"
    yield CHART / "files/rules.yml", (MONITORING / "rules.yml").read_text("utf-8")
    for path in sorted((MONITORING / "dashboards").glob("*.json")):
        yield CHART / "files/dashboards" / path.name, path.read_text("utf-8")


def main() -> int:
    """Write all of them."""
    shutil.rmtree(CHART / "files", ignore_errors=True)
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
