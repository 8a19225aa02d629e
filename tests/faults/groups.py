"""Consumer groups deleted: Kafka forgets the offsets of a group that is empty for a week, and anybody may delete it."""

import time

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors

from synsift.pipelines.stage import INPUTS
from tests.faults.scene import Scene

_EMPTY_S = 30.0
_GONE = ("OK", "GroupIdNotFoundError")


def groups(scene: Scene) -> None:
    """Stop all workers, delete their groups, start them again."""
    for _ in range(max(2, scene.strikes // 3)):
        with scene.log() as log:
            scene.wait_for_work(log, scene.rng.randint(10, 100))
        scene.stop_fleet()
        chosen = scene.rng.sample(list(INPUTS), scene.rng.randint(1, len(INPUTS)))
        scene.played.others += _delete([scene.prefix + stage for stage in chosen], scene.place.address.bootstrap)
        scene.fleet.start()
    scene.played.differences += scene.fleet.ended


def _delete(names: list[str], bootstrap: str) -> int:
    """Delete groups once they are empty; how many there were."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    deadline_s = time.monotonic() + _EMPTY_S
    deleted = 0
    try:
        while names:
            try:
                results = dict(admin.delete_groups(names))
            except kafka_errors.CoordinatorNotAvailableError:
                results = dict.fromkeys(names, "no coordinator yet")
            deleted += sum(error == "OK" for error in results.values())
            names = [name for name, error in results.items() if error not in _GONE]
            if names and time.monotonic() > deadline_s:
                raise RuntimeError(f"groups that can't be deleted: {results}")
            time.sleep(0.2)
    finally:
        admin.close()
    return deleted
