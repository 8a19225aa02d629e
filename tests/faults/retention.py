"""Records deleted: behind the positions that doesn't matter; ahead of them, each is counted, and said."""

from kafka import KafkaAdminClient, TopicPartition

from synsift.pipelines.log.base import Message, Position
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.watermark import Watermark
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.summary import read_counts
from synsift.pipelines.topics import Entry
from tests import warm
from tests.conftest import environment
from tests.faults.scene import Scene

_STAGES = ("fetch", "dedupe")
"""Who reads ``image-urls`` and ``candidates``."""


def retention(scene: Scene) -> None:
    """Delete below the positions while workers work; ahead of them while they don't, and plan what was lost again."""
    admin = KafkaAdminClient(bootstrap_servers=scene.place.address.bootstrap)
    lost = offsets = 0
    with scene.log() as log:
        for number in range(scene.strikes):
            scene.wait_for_work(log, scene.rng.randint(5, 40))
            _delete_behind(scene, admin, log)
            if number % 2:
                scene.strike()
            if number % 3 == 2:
                scene.stop_fleet()
                again, gap = _delete_ahead(scene, admin, log)
                scene.fleet.start()
                log.produce(again)
                lost, offsets = lost + len(again), offsets + gap
            scene.fleet.replace_ended()
    admin.close()
    scene.played.differences += scene.wait_until_done()
    scene.played.differences += scene.fleet.ended
    scene.played.differences += _judge(scene, lost, offsets)


def _delete_behind(scene: Scene, admin: KafkaAdminClient, log: KafkaLog) -> None:
    for stage in _STAGES:
        topic = INPUTS[stage].name
        below = {lag.partition: scene.rng.randint(0, lag.committed) for lag in log.lag(stage, topic) if lag.committed}
        _delete(admin, scene.prefix + topic, below)
        scene.played.others += len(below)


def _delete_ahead(scene: Scene, admin: KafkaAdminClient, log: KafkaLog) -> tuple[list[Entry], int]:
    """Delete some of what is not done; the records, to be written again, and how many offsets that were not done."""
    again: list[Entry] = []
    gap = 0
    for stage in _STAGES:
        topic = INPUTS[stage].name
        for lag in log.lag(stage, topic):
            if not lag.records or scene.rng.random() < 0.5:
                continue
            end = scene.rng.randint(lag.committed + 1, lag.end)
            mark = Watermark(_position(admin, scene.prefix + stage, scene.prefix + topic, lag.partition, lag.committed))
            undone = [m for m in _between(log, topic, lag.partition, lag.committed, end) if mark.admit(m.offset)]
            again += [Entry(m.topic, m.partition, m.key, m.value, m.headers) for m in undone]
            gap += end - lag.committed
            _delete(admin, scene.prefix + topic, {lag.partition: end})
            scene.played.others += 1
    return again, gap


def _position(admin: KafkaAdminClient, group: str, topic: str, partition: int, committed: int) -> Position:
    place = TopicPartition(topic, partition)
    found = admin.list_group_offsets({group: [place]}).get(group, {}).get(place)
    return Position(committed, (found.metadata or "") if found is not None else "")


def _between(log: KafkaLog, topic: str, partition: int, start: int, end: int) -> list[Message]:
    return [message for message in log.read(topic, partition, start) if message.offset < end]


def _delete(admin: KafkaAdminClient, topic: str, below: dict[int, int]) -> None:
    admin.delete_records({TopicPartition(topic, partition): offset for partition, offset in below.items()})


def _judge(scene: Scene, lost: int, offsets: int) -> list[str]:
    """What was lost is counted, ends of transactions among it at most, and `status` says so."""
    found: list[str] = []
    with scene.parts() as parts:
        counts = read_counts(parts.log)
    said = sum(counts[""].lost.values()) if "" in counts else 0
    scene.played.notes.append(f"{lost} inputs deleted before they were done, {said} said to be")
    if not lost <= said <= offsets:
        found.append(f"{said} inputs are said to be lost, and {lost} were ({offsets} offsets)")
    done = warm.run(["status"], env=environment(scene.options))
    if said and f"deleted up to {said} inputs" not in " ".join(done.stderr.split()):
        found.append(f"`synsift status` does not say what was lost: {done.stderr[-300:]}")
    return found
