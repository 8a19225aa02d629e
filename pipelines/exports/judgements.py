"""What voters decided on images: the one place where an export asks which are accepted."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from synsift.pipelines.log.base import Log
from synsift.pipelines.storage.base import ObjectStore

ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was decided on an image of a synset.

    Attributes:
        decision: ``accepted``, ``rejected``, ``contested``, ``unimageable``; empty where votes don't suffice.
        confidence: That it is good.
        yes: Votes for it.
        no: Votes against it.
        decided_by: By what rule.
    """

    decision: str
    confidence: float = 0.0
    yes: int = 0
    no: int = 0
    decided_by: str = ""


NONE: Final = Judgement("")

Judgements = Mapping[str, Mapping[str, Judgement]]
"""wnid → SHA-256 → what was decided."""


def read_judgements(log: Log | None, objects: ObjectStore) -> Judgements:
    """What the log knows, or, where there is none, the store."""
    found: dict[str, dict[str, Judgement]] = defaultdict(dict)
    return found
