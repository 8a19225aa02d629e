"""``attest``: verdicts → parts beside the manifests of their synsets. Idempotent: names derive from offsets.

As ``annotate`` does with conflicts: parts of their own, ``verified/<wnid>/…``, which are joined by SHA-256. The order
of a batch is that of ``land``: parts, then the positions.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.reading import Broken, Skipped, read
from synsift.pipelines.records import Verified
from synsift.pipelines.stages.batch_stage import LingeringStage
from synsift.pipelines.stages.part_writer import PartWriter
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.verified_parts import encode_verdicts
from synsift.pipelines.topics import Router

ATTESTED: Final = "attested"
"""Count of verdicts that were written beside the manifests."""


class AttestStage(LingeringStage):
    """Writes beside manifests what became of their images."""

    name = "attest"

    def __init__(self, log: Log, router: Router, *, objects: ObjectStore, batch: int, linger_s: float) -> None:
        super().__init__(log, router, batch=batch, linger_s=linger_s)
        self._objects = objects
        self._parts = PartWriter(objects, layout.VERIFIED)

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
        done: list[tuple[Message, str]] = []
        rows: dict[tuple[str, int], list[tuple[int, Verified]]] = defaultdict(list)
        for message in messages:
            verdict = read(Verified, message, self._router)
            if isinstance(verdict, Broken):
                self._ledger.reject(message, verdict.outcome, verdict.text)
                continue
            rows[verdict.wnid, message.partition].append((message.offset, verdict))
            done.append((message, verdict.wnid))
        for (wnid, partition), found in sorted(rows.items()):
            part = layout.ManifestPart(wnid, partition, found[0][0], found[-1][0], layout.VERIFIED)
            self._parts.write(part, encode_verdicts(found))
        for message, wnid in done:
            self._ledger.finish(message, [], [Count(wnid, ATTESTED)])
