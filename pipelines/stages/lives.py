"""Signs of life of owners that let go of partitions without a word: they were fenced, or stopped at once by will.

Whoever takes such a partition over finds a note that says what was in flight, as after a death. A record on
``progress``, which every new owner reads, says that there was none:

    key  /<stage>@<owner>/<partition>
"""

import logging
import uuid
from collections.abc import Iterable
from typing import Final

from synsift.pipelines.errors import FencedError, LogUnavailable
from synsift.pipelines.log.base import Log
from synsift.pipelines.records import Progress
from synsift.pipelines.topics import Entry, Router

_log: Final = logging.getLogger(__name__)


class Lives:
    """The names under which one stage of a process owned partitions.

    Attributes:
        names: All of them, the present one last. It has a new one whenever it lost its partitions: of the one before
            it can be said that it lived on, and of the new one that it died.
    """

    def __init__(self, stage: str, log: Log) -> None:
        self._stage = stage
        self._logbook = log
        self._unsaid: list[Entry] = []
        self.names = [_new_name()]

    @property
    def name(self) -> str:
        """The present name."""
        return self.names[-1]

    def lost(self, partitions: Iterable[int]) -> None:
        """Partitions were lost without a word; what was in flight killed nobody."""
        self._unsaid += self._signs(partitions)
        self.names.append(_new_name())

    def say(self) -> None:
        """Say so; where the log is away, the next time."""
        if not self._unsaid:
            return
        try:
            self._logbook.produce(self._unsaid)
            self._unsaid = []
        except (FencedError, LogUnavailable) as exc:
            _log.debug("%s: can't say yet that it lives: %s", self._stage, exc)

    def disown(self, partitions: Iterable[int]) -> None:
        """Say that the end of this process, which comes at once, is no fault of what is in flight."""
        self._logbook.produce(self._signs(partitions))

    def _signs(self, partitions: Iterable[int]) -> list[Entry]:
        return [
            Router.progress(Progress(wnid="", stage=f"{self._stage}@{self.name}", partition=partition, counts={}))
            for partition in sorted(partitions)
        ]


def owner_of(stage: str, progress: Progress) -> str:
    """The owner that a record says lives; empty for any other record."""
    named, _, owner = progress.stage.partition("@")
    return owner if named == stage else ""


def _new_name() -> str:
    """Short, as it stands in notes."""
    return uuid.uuid4().hex[:8]
