"""What objects of Kubernetes look like: JSON Schemas by which kubeconform checks the chart.

Made of what the projects publish for Go: Kubernetes' own OpenAPI document, and the definitions of KEDA and of the
Prometheus operator. Strict: a field that they don't know is an error. Strimzi is a Java project; the little that is
used of it stands here.
"""

import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from deploy.local.services import CACHE, download_go

VERSION: Final = "1.33.2"
"""Of Kubernetes."""
_CORE: Final = f"k8s.io/kubernetes@v{VERSION}"
_DEFINED: Final = {
    "github.com/kedacore/keda/v2@v2.17.2": ["config/crd/bases/keda.sh_scaledobjects.yaml"],
    "github.com/prometheus-operator/prometheus-operator@v0.83.0": [
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ],
}
_KINDS: Final = {
    *("Deployment", "Job", "CronJob", "ConfigMap", "Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"),
}

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_NAME: Final[dict[str, Any]] = {"type": "object", "required": ["name"]}


def _strimzi(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"enum": ["kafka.strimzi.io/v1", "kafka.strimzi.io/v1beta2"]},
            "kind": {"const": kind},
            "metadata": _NAME,
            "spec": {"type": "object", "additionalProperties": False, "properties": spec},
        },
    }


_RESOURCE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["type"],
    "properties": {
        "type": {"enum": ["topic", "group", "cluster", "transactionalId"]},
        "name": _TEXT,
        "patternType": {"enum": ["literal", "prefix"]},
    },
}
_OPERATIONS: Final = (
    *("Read", "Write", "Create", "Delete", "Alter", "Describe", "ClusterAction"),
    *("AlterConfigs", "DescribeConfigs", "IdempotentWrite", "All"),
)
_STRIMZI: Final = {
    "KafkaTopic": _strimzi(
        "KafkaTopic",
        {
            "topicName": _TEXT,
            "partitions": {"type": "integer", "minimum": 1},
            "replicas": {"type": "integer", "minimum": 1, "maximum": 32767},
            "config": {"type": "object"},
        },
    ),
    "KafkaUser": _strimzi(
        "KafkaUser",
        {
            "authentication": {"type": "object", "properties": {"type": {"enum": ["tls", "scram-sha-512"]}}},
            "authorization": {
                "type": "object",
                "required": ["type", "acls"],
                "properties": {
                    "type": {"const": "simple"},
                    "acls": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["resource", "operations"],
                            "properties": {
                                "type": {"enum": ["allow", "deny"]},
                                "host": _TEXT,
                                "resource": _RESOURCE,
                                "operations": {"type": "array", "items": {"enum": list(_OPERATIONS)}},
                            },
                        },
                    },
                },
            },
        },
    ),
}


def install_schemas() -> Path:
    """The folder of the schemas; made if it isn't there."""
    # Other kinds are another folder: one that was made for fewer would lack some.
    kinds = zlib.crc32(" ".join(sorted(_KINDS)).encode())
    folder = CACHE / f"kube-{VERSION}-{kinds:08x}"
    if (folder / "done").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    document = json.loads((download_go(_CORE) / "api/openapi-spec/swagger.json").read_text("utf-8"))
    for name, schema in _core(document["definitions"]):
        (folder / name).write_text(json.dumps(schema), "utf-8")
    for module, paths in _DEFINED.items():
        source = download_go(module)
        for path in paths:
            for name, schema in _defined(yaml.load((source / path).read_text("utf-8"), yaml.CSafeLoader)):
                (folder / name).write_text(json.dumps(schema), "utf-8")
    for kind, schema in _STRIMZI.items():
        for version in ("v1", "v1beta2"):
            (folder / _file_of(kind, "kafka.strimzi.io", version)).write_text(json.dumps(schema), "utf-8")
    (folder / "done").touch()
    return folder


def _file_of(kind: str, group: str, version: str) -> str:
    """As kubeconform looks for it: by the first word of the group."""
    return "-".join(filter(None, [kind.lower(), group.partition(".")[0], version])) + ".json"


def _core(definitions: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    strict = {name: _strict(schema) for name, schema in definitions.items()}
    prefix = "io.k8s.apimachinery.pkg."
    strict[f"{prefix}util.intstr.IntOrString"] = {"type": ["integer", "string"]}
    strict[f"{prefix}api.resource.Quantity"] = {"type": ["number", "string"]}
    for name, schema in definitions.items():
        for known in schema.get("x-kubernetes-group-version-kind", ()):
            if known["kind"] in _KINDS:
                text = json.dumps({**strict[name], "definitions": strict})
                yield _file_of(known["kind"], known["group"], known["version"]), json.loads(text)


def _defined(definition: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    spec = definition["spec"]
    for version in spec["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = _NAME
        yield _file_of(spec["names"]["kind"], spec["group"], version["name"]), schema


def _strict(schema: Any) -> Any:
    """A schema in which no object has fields that it doesn't name, without words."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: {name: _strict(one) for name, one in value.items()} if key == "properties" else _strict(value)
        for key, value in schema.items()
        if key == "properties" or not (key == "description" or key == "format" or key.startswith("x-kubernetes"))
    }
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        kept.setdefault("additionalProperties", False)
    return kept
