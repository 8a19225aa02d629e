"""The topics of a log on Kafka: made as the design wants them, and checked to be so."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import ConfigResource, ConfigResourceType

from synsift.pipelines import topics
from synsift.pipelines.errors import LogUnavailable
from synsift.pipelines.log.kafka_clients import KafkaAddress, errors_of
from synsift.pipelines.topics import Cleanup, Topic

_DAY_MS: Final = 24 * 3600 * 1000
_SETTLES_S: Final = 30.0
_LOOK_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Shape:
    """What the design fixes of every topic.

    Attributes:
        partitions: The same for all: a worker finds its state on the partition of its input.
        replication: Copies of every record.
        retention_days: Of topics that may forget by age.
        compression: ``zstd`` or ``gzip``: how brokers keep batches, however they come.
    """

    partitions: int
    replication: int = 1
    retention_days: int = 30
    compression: str = "zstd"


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic as it is; ``partitions`` is 0 if it doesn't exist."""

    name: str
    partitions: int
    replication: int
    settings: tuple[tuple[str, str], ...] = ()

    def setting(self, name: str) -> str:
        """One of its settings; empty if the broker doesn't say."""
        return dict(self.settings).get(name, "")


def configuration_of(topic: Topic, shape: Shape) -> dict[str, str]:
    """The settings of a topic on Kafka, all that the design depends on."""
    settings = {
        # Whatever a stranger's producer writes: kafka-python reads no LZ4 or Snappy without more libraries, and such a
        # batch would be lost to us.
        "compression.type": shape.compression,
        "retention.bytes": "-1",
        "min.insync.replicas": str(max(1, shape.replication - 1)),
        "max.message.bytes": str((2 if topic is topics.DEAD_LETTERS else 1) * 1024 * 1024),
    }
    if topic.cleanup is Cleanup.COMPACT:
        # What was written over goes within a day or so, and is not copied again and again for it.
        return settings | {"cleanup.policy": "compact", "segment.ms": str(_DAY_MS), "min.cleanable.dirty.ratio": "0.3"}
    # Inputs are kept until they are done, however long that takes; workers delete them then.
    forgets = topic in (topics.DUPLICATES, topics.DEAD_LETTERS)
    retention_ms = str(shape.retention_days * _DAY_MS) if forgets else "-1"
    return settings | {"cleanup.policy": "delete", "retention.ms": retention_ms}


def problem_of(topic: Topic, found: FoundTopic, shape: Shape) -> str | None:
    """What of an existing topic would break the design; None if nothing does. More replicas break nothing."""
    if found.partitions != shape.partitions:
        return (
            f"topic {found.name} has {found.partitions} partitions and log.partitions says {shape.partitions}: "
            "all topics must have the same number, or a worker wouldn't find the state of its input"
        )
    wanted = configuration_of(topic, shape)
    if found.setting("cleanup.policy") != wanted["cleanup.policy"]:
        return (
            f"topic {found.name} has cleanup.policy={found.setting('cleanup.policy')}, "
            f"and the design needs {wanted['cleanup.policy']}"
        )
    if wanted.get("retention.ms") == "-1" and found.setting("retention.ms") != "-1":
        return (
            f"topic {found.name} forgets after {found.setting('retention.ms')} ms, "
            "and must keep what is not done, or is the system of record: set retention.ms=-1"
        )
    if found.setting("retention.bytes") not in ("-1", ""):
        return f"topic {found.name} forgets above {found.setting('retention.bytes')} bytes: set retention.bytes=-1"
    if int(found.setting("max.message.bytes") or 0) < int(wanted["max.message.bytes"]):
        return (
            f"topic {found.name} takes records of {found.setting('max.message.bytes')} bytes only: "
            f"set max.message.bytes={wanted['max.message.bytes']}"
        )
    if int(found.setting("min.insync.replicas") or 1) > max(1, found.replication):
        return f"topic {found.name} wants more replicas in sync than it has: it can't be written to"
    return None


def _of_all(topics_in_all: int, partitions: int, wanted: int) -> str:
    return (
        f"all {topics_in_all} topics have {partitions} partitions and log.partitions says {wanted}: set it to "
        f"{partitions}. If they are being grown, `synsift topics grow --partitions {partitions}` says so, and ends it"
    )


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
                    "configs": configuration_of(by_name[found.name], shape),
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
            all_found = list(self._found(admin))
            numbers = {found.partitions for _, found in all_found}
            if len(numbers) == 1 and not numbers & {0, shape.partitions}:
                return [_of_all(len(all_found), all_found[0][1].partitions, shape.partitions)]
            for topic, found in all_found:
                if found.partitions == 0:
                    problems.append(f"topic {found.name} does not exist: synsift topics create makes it")
                elif (problem := problem_of(topic, found, shape)) is not None:
                    problems.append(problem)
        return problems

    def add_partitions(self, partitions: int) -> None:
        """Give every topic that has fewer so many."""
        with self._admin() as admin, errors_of(self._address):
            fewer = [found.name for _, found in self._found(admin) if found.partitions < partitions]
            if fewer:
                admin.create_partitions(dict.fromkeys(fewer, partitions))
            # Brokers answer before all of them know.
            deadline_s = time.monotonic() + _SETTLES_S
            while any(found.partitions < partitions for _, found in self._found(admin)):
                if time.monotonic() > deadline_s:
                    raise LogUnavailable(f"the brokers don't show {partitions} partitions after {_SETTLES_S:.0f} s")
                time.sleep(_LOOK_S)

    def members(self, groups: Iterable[str]) -> dict[str, int]:
        """How many members each of some groups has, where it has any."""
        with self._admin() as admin, errors_of(self._address):
            described = admin.describe_groups([self._prefix + group for group in groups])
        return {
            name.removeprefix(self._prefix): len(found["members"])
            for name, found in described.items()
            if found.get("members")
        }

    def delete_below(self, topic: str, offsets: Mapping[int, int]) -> None:
        """Delete what stands below offsets, by partition."""
        with self._admin() as admin, errors_of(self._address):
            admin.delete_records({TopicPartition(self._prefix + topic, at): end for at, end in offsets.items()})

    def put_offsets(self, group: str, topic: str, offsets: Mapping[int, int]) -> None:
        """Set the offsets of a group without members."""
        with self._admin() as admin, errors_of(self._address):
            places = {
                TopicPartition(self._prefix + topic, at): OffsetAndMetadata(end, "", -1) for at, end in offsets.items()
            }
            for problem in admin.alter_group_offsets(self._prefix + group, places).values():
                if problem is not kafka_errors.NoError:
                    raise problem

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
                yield topic, FoundTopic(name, 0, 0)
                continue
            partitions = entry["partitions"]
            replicas = min(len(partition["replica_nodes"]) for partition in partitions)
            setting = settings[name]
            yield (
                topic,
                FoundTopic(name, len(partitions), replicas, tuple(sorted(setting.items()))),
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
