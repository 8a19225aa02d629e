"""What is found later of an image → parts beside the manifest of its synset. Idempotent: names derive from offsets.

A part of a manifest is written once, and what is found later can't stand in it. So it stands in parts of its own, which
are joined by SHA-256. The order of a batch is that of ``land``: parts, then the positions.
"""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.reading import Broken, Skipped, read
from synsift.pipelines.records import Record
from synsift.pipelines.stages.batch_stage import LingeringStage
from synsift.pipelines.stages.part_writer import PartWriter
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.topics import Router

R = TypeVar("R", bound=Record)


class BesideStage(LingeringStage, Generic[R]):
    """Writes records of a topic beside the manifests of the synsets that they concern.

    Attributes:
        kind: What stands on the topic.
        folder: Where the parts stand.
        counted: The count of what was written.
    """

    kind: type[R]
    folder: ClassVar[str]
    counted: ClassVar[str]

    def __init__(self, log: Log, router: Router, *, objects: ObjectStore, batch: int, linger_s: float) -> None:
        super().__init__(log, router, batch=batch, linger_s=linger_s)
        self._objects = objects
        self._parts = PartWriter(objects, self.folder)

    @abstractmethod
    def wnids_of(self, record: R) -> Sequence[str]:
        """Synsets that a record concerns."""

    @abstractmethod
    def encode(self, wnid: str, rows: Sequence[tuple[int, R]]) -> bytes:
        """A part: what records, each with its offset, say of a synset."""

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Remember that parts of an interrupted batch may lie about."""
        self._parts.take_over(partition)

    def forget(self, partition: int) -> None:
        """Drop what is known of a partition's parts."""
        self._parts.forget(partition)

    def make_durable(self) -> None:
        """Parts first, then the position that they are done."""
        self._objects.sync()

    def work(self, messages: Sequence[Message]) -> None:
        """Write the parts of a batch."""
        done: list[tuple[Message, Sequence[str]]] = []
        rows: dict[tuple[str, int], list[tuple[int, R]]] = defaultdict(list)
        for message in messages:
            record = read(self.kind, message, self._router)
            if isinstance(record, Broken):
                self._ledger.reject(message, record.outcome, record.text)
                continue
            wnids = self.wnids_of(record)
            for wnid in wnids:
                rows[wnid, message.partition].append((message.offset, record))
            done.append((message, wnids))
        for (wnid, partition), found in sorted(rows.items()):
            part = layout.ManifestPart(wnid, partition, found[0][0], found[-1][0], self.folder)
            self._parts.write(part, self.encode(wnid, found))
        for message, wnids in done:
            self._ledger.finish(message, [], [Count(wnid, self.counted) for wnid in wnids])
