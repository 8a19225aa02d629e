"""Images that were taken down, as the log says it: nobody sees them again, whatever the other topics still name."""

from collections.abc import Iterator

from synsift.pipelines import topics
from synsift.pipelines.control_records import Control
from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Broken, Skipped, look_at_state, read_all
from synsift.pipelines.records import Survivor
from synsift.pipelines.topics import Router


def read_removed(log: Log) -> frozenset[str]:
    """The SHA-256 of all images that were taken down, and are not let in again."""
    router = Router(log.partitions)
    found: dict[bytes | None, str] = {}
    for partition in range(log.partitions):
        for message in log.read(topics.CONTROLS.name, partition):
            control = look_at_state(Control, message, router)
            if control is None:
                found.pop(message.key, None)
            elif isinstance(control, Broken):
                continue
            elif control.keeps_image_out:
                found[message.key] = control.target
            else:
                found.pop(message.key, None)
    return frozenset(found.values())


def read_survivors(log: Log, skipped: Skipped | None = None) -> Iterator[Survivor]:
    """Every good record of ``survivors`` but of those that were taken down."""
    removed = read_removed(log)
    return (one for one in read_all(log, Survivor, skipped) if one.candidate.image.sha256 not in removed)
