"""Controls for tests."""

from synsift.dedupe import Fingerprint
from synsift.pipelines.control_records import Control
from synsift.pipelines.controls.steering import read_view
from synsift.pipelines.controls.writing import say as write
from synsift.pipelines.log.base import Log
from synsift.pipelines.topics import Router

AT = "2026-01-02T03:04:05Z"


def control(action: str, subject: str, target: str, value: float = 0.0, *, is_lifted: bool = False) -> Control:
    return Control(
        action=action, subject=subject, target=target, who="ann", why="test", at=AT, value=value, is_lifted=is_lifted
    )


def picture_control(image: Fingerprint) -> Control:
    return Control(
        action="block",
        subject="fingerprint",
        target=image.sha256,
        who="ann",
        why="test",
        at=AT,
        fingerprint=image.to_text(),
    )


def say(log: Log, *controls: Control) -> None:
    """Write controls as a command does."""
    write(log, Router(log.partitions), read_view(log), controls)
