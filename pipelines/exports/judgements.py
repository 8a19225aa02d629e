"""What voters decided on images: the one place where an export asks which are accepted.

the log is at hand, and the store is behind it ──▶ all verdicts of the log, in memory
else ─────────────────────────────────────────────▶ parts of ``verified`` in the store, a synset at a time
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from synsift.crawler.ontology.base import is_identifier
from synsift.pipelines.errors import StoreError
from synsift.pipelines.log.base import Log
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.manifests import decode_part
from synsift.pipelines.verification.consensus import Verdict
from synsift.pipelines.voting import read_verdicts

ACCEPTED: Final = str(Verdict.ACCEPTED)
REJECTED: Final = str(Verdict.REJECTED)
_SAYS_NOTHING: Final = frozenset([str(Verdict.OPEN), str(Verdict.REPLACED)])


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was decided on an image of a synset.

    Attributes:
        decision: ``accepted``, ``rejected``, ``contested``, ``unimageable``; empty where votes don't suffice.
        confidence: How sure that is.
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
    """What voters decided, as far as anybody has voted.

    Args:
        log: Of the store; None where there is none.
        objects: The store.
    """
    if log is not None and any(lag.records for lag in log.lag("attest", INPUTS["attest"].name)):
        return _of_log(log)
    return _OfStore(objects)


def _of_log(log: Log) -> Judgements:
    found: dict[str, dict[str, Judgement]] = defaultdict(dict)
    for place, one in read_verdicts(log).items():
        found[place.wnid][place.sha256] = _judgement(one.verdict, one.confidence, one.yes, one.no, one.rule)
    return dict(found)


def _judgement(verdict: str, confidence: float, yes: int, no: int, rule: str) -> Judgement:
    # Of one that is open, confidence says how sure it is that it is good: no decision is made of that here.
    return Judgement("" if verdict in _SAYS_NOTHING else verdict, confidence, yes, no, rule)


class _OfStore(Mapping[str, Mapping[str, Judgement]]):
    """Verdicts as the store has them, read when a synset is asked for."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._parts: dict[str, list[layout.ManifestPart]] = defaultdict(list)
        for path in objects.list(layout.VERIFIED):
            part = layout.verified_part(path)
            if part is not None and is_identifier(part.wnid):
                self._parts[part.wnid].append(part)
        self._read = lru_cache(maxsize=1)(self._of_synset)

    def __getitem__(self, wnid: str) -> Mapping[str, Judgement]:
        if wnid not in self._parts:
            raise KeyError(wnid)
        return self._read(wnid)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._parts))

    def __len__(self) -> int:
        return len(self._parts)

    def _of_synset(self, wnid: str) -> dict[str, Judgement]:
        last: dict[str, dict[str, Any]] = {}
        for part in sorted(self._parts[wnid], key=lambda part: (part.partition, part.first, part.last)):
            last.update((str(row["sha256"]), row) for row in self._rows(part.path))
        return {
            sha256: _judgement(row["verdict"], row["confidence"], row["yes"], row["no"], row["rule"])
            for sha256, row in last.items()
        }

    def _rows(self, path: str) -> list[dict[str, Any]]:
        try:
            return decode_part(self._objects.get(path))
        except StoreError:
            raise
        except Exception as exc:  # Arrow and Python have many words for what can be wrong with old bytes
            hint = "`synsift storage verify --fetch-again` writes parts of manifests anew by the log"
            raise StoreError(f"{path} can't be read: it is no part of verdicts", hint=hint) from exc
