"""``annotate``: conflicts → parts beside the manifests of both synsets. Idempotent: names derive from offsets.

A part of a manifest is written once, and what is found later of an image can't stand in it. So it stands in parts of
its own, ``conflicts/<wnid>/…``, which are joined by SHA-256. The order of a batch is that of ``land``: parts, then the
positions.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.pairs import places_of
from synsift.pipelines.reading import Broken, Skipped, read
from synsift.pipelines.records import Conflict
from synsift.pipelines.stages.batch_stage import LingeringStage
from synsift.pipelines.stages.part_writer import PartWriter
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.conflict_parts import encode_conflicts
from synsift.pipelines.topics import Router

ANNOTATED: Final = "annotated"
"""Count of pairs that were written beside the manifests of their synsets."""


class AnnotateStage(LingeringStage):
    """Writes beside manifests which of their images stand elsewhere, too."""

    name = "annotate"

    def __init__(self, log: Log, router: Router, *, objects: ObjectStore, batch: int, linger_s: float) -> None:
        super().__init__(log, router, batch=batch, linger_s=linger_s)
        self._objects = objects
        self._parts = PartWriter(objects, layout.CONFLICTS)

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
        pairs: list[tuple[Message, Conflict]] = []
        for message in messages:
            pair = read(Conflict, message, self._router)
            if isinstance(pair, Broken):
                self._ledger.reject(message, pair.outcome, pair.text)
            else:
                pairs.append((message, pair))
        rows: dict[tuple[str, int], list[tuple[int, Conflict]]] = defaultdict(list)
        for message, pair in pairs:
            for wnid, _ in places_of(pair):
                rows[wnid, message.partition].append((message.offset, pair))
        for (wnid, partition), found in sorted(rows.items()):
            part = layout.ManifestPart(wnid, partition, found[0][0], found[-1][0], layout.CONFLICTS)
            self._parts.write(part, encode_conflicts(wnid, found))
        for message, pair in pairs:
            self._ledger.finish(message, [], [Count(wnid, ANNOTATED) for wnid, _ in places_of(pair)])
