"""``attest``: verdicts → parts beside the manifests of their synsets, ``verified/<wnid>/…``."""

from collections.abc import Sequence
from typing import Final

from synsift.pipelines.records import Verified
from synsift.pipelines.stages.beside import BesideStage
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.verified_parts import encode_verdicts

ATTESTED: Final = "attested"
"""Count of verdicts that were written beside the manifests."""


class AttestStage(BesideStage[Verified]):
    """Writes beside manifests what became of their images."""

    name = "attest"
    kind = Verified
    folder = layout.VERIFIED
    counted = ATTESTED

    def wnids_of(self, record: Verified) -> Sequence[str]:
        """The synset of a verdict."""
        return [record.wnid]

    def encode(self, wnid: str, rows: Sequence[tuple[int, Verified]]) -> bytes:
        """A part: the verdicts of a synset."""
        del wnid
        return encode_verdicts(rows)
