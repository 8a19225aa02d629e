"""The topics of a log on Kafka: made as the design wants them, and checked to be so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from synsift.pipelines import topics
from synsift.pipelines.log.kafka_clients import KafkaAddress, errors_of
from synsift.pipelines.topics import Cleanup, Topic

_DAY_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Shape:
    """What the design fixes of every topic.

    Attributes:
        partitions: The same for all: a worker finds its state on the partition of its input.
        replication: Copies of every record.
        retention_days: Of topics that may forget by age.
    """

    partitions: int
    replication: int = 1
    retention_days: int = 30


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic as it is; ``partitions`` is 0 if it doesn't exist."""

    name: str
    partitions: int
    replication: int
    cleanup: str
    retention_ms: int


def configuration_of(topic: Topic, retention_days: int) -> dict[str, str]:
    """The settings of a topic on Kafka."""
    if topic.cleanup is Cleanup.COMPACT:
        return {"cleanup.policy": "compact"}
    forever = topic.cleanup is Cleanup.KEEP
    return {"cleanup.policy": "delete", "retention.ms": "-1" if forever else str(retention_days * _DAY_MS)}


def problem_of(topic: Topic, found: FoundTopic, shape: Shape) -> str | None:
    """What of an existing topic would break the design; None if nothing does. More replicas break nothing."""
    if found.partitions != shape.partitions:
        return (
            f"topic {found.name} has {found.partitions} partitions and log.partitions says {shape.partitions}: "
            "all topics must have the same number, or a worker wouldn't find the state of its input"
        )
    wanted = "compact" if topic.cleanup is Cleanup.COMPACT else "delete"
    if found.cleanup != wanted:
        return f"topic {found.name} has cleanup.policy={found.cleanup}, and the design needs {wanted}"
    if topic.cleanup is Cleanup.KEEP and found.retention_ms != -1:
        return f"topic {found.name} forgets after {found.retention_ms} ms, and it is the system of record: set -1"
    return None


class KafkaTopics:
    """The topics behind a prefix."""

    def __init__(self, address: KafkaAddress, *, prefix: str = "") -> None:
        self._address = address
        self._prefix = prefix

    def create(self, shape: Shape) -> list[str]:
        """Make the topics that don't exist; return their names. Existing ones are left alone."""
        with self._admin() as admin, errors_of(self._address):
            missing = [found for topic, found in self._found(admin) if found.partitions == 0]
            by_name = {self._prefix + topic.name: topic for topic in topics.ALL}
            wanted = {
                found.name: {
                    "num_partitions": shape.partitions,
                    "replication_factor": shape.replication,
                    "configs": configuration_of(by_name[found.name], shape.retention_days),
                }
                for found in missing
            }
            if wanted:
                admin.create_topics(wanted, wait_for_metadata=True)
        return sorted(wanted)

    def describe(self) -> list[FoundTopic]:
        """Every topic of the design as it is."""
        with self._admin() as admin, errors_of(self._address):
            return [found for _, found in self._found(admin)]

    def problems(self, shape: Shape) -> list[str]:
        """What of the topics would break the design, one that doesn't exist included."""
        problems = []
        with self._admin() as admin, errors_of(self._address):
            for topic, found in self._found(admin):
                if found.partitions == 0:
                    problems.append(f"topic {found.name} does not exist: synsift topics create makes it")
                elif (problem := problem_of(topic, found, shape)) is not None:
                    problems.append(problem)
        return problems

    def _admin(self) -> "_Admin":
        return _Admin(self._address)

    def _found(self, admin: Any) -> Iterator[tuple[Topic, FoundTopic]]:  # noqa: ANN401 - kafka-python has no types
        names = [self._prefix + topic.name for topic in topics.ALL]
        existing = {entry["name"]: entry for entry in admin.describe_topics() if entry["name"] in names}
        settings = _settings(admin, sorted(existing))
        for topic in topics.ALL:
            name = self._prefix + topic.name
            entry = existing.get(name)
            if entry is None:
                yield topic, FoundTopic(name, 0, 0, "", 0)
                continue
            partitions = entry["partitions"]
            replicas = min(len(partition["replica_nodes"]) for partition in partitions)
            setting = settings[name]
            yield (
                topic,
                FoundTopic(
                    name, len(partitions), replicas, setting["cleanup.policy"], int(setting.get("retention.ms", 0))
                ),
            )


class _Admin:
    """An admin client for a block."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address

    def __enter__(self) -> Any:  # noqa: ANN401
        with errors_of(self._address):
            self._client = KafkaAdminClient(client_id="synsift-topics", **self._address.client_settings())
        return self._client

    def __exit__(self, *_exc: object) -> None:
        self._client.close()


def _settings(admin: Any, names: list[str]) -> dict[str, dict[str, str]]:  # noqa: ANN401
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    described = admin.describe_configs(resources, config_filter="all")["topic"]
    return {name: {key: str(value["value"]) for key, value in described[name].items()} for name in names}
