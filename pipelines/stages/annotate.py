"""``annotate``: conflicts → parts beside the manifests of both synsets, ``conflicts/<wnid>/…``."""

from collections.abc import Sequence
from typing import Final

from synsift.pipelines.pairs import places_of
from synsift.pipelines.records import Conflict
from synsift.pipelines.stages.beside import BesideStage
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.conflict_parts import encode_conflicts

ANNOTATED: Final = "annotated"
"""Count of pairs that were written beside the manifests of their synsets."""


class AnnotateStage(BesideStage[Conflict]):
    """Writes beside manifests which of their images stand elsewhere, too."""

    name = "annotate"
    kind = Conflict
    folder = layout.CONFLICTS
    counted = ANNOTATED

    def wnids_of(self, record: Conflict) -> Sequence[str]:
        """Both synsets of a pair."""
        return [wnid for wnid, _ in places_of(record)]

    def encode(self, wnid: str, rows: Sequence[tuple[int, Conflict]]) -> bytes:
        """A part: what pairs say of a synset."""
        return encode_conflicts(wnid, rows)
