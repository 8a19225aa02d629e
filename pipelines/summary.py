"""What the log says of each synset: counts, survivors, and the copies of each survivor."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import msgspec

from synsift.crawler.outcome import Outcome
from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Skipped, read_all
from synsift.pipelines.records import Candidate, Duplicate, Progress
from synsift.pipelines.removed import read_removed, read_survivors
from synsift.pipelines.stage import REPEATED, REUSED

SKIPPED: Final = "skipped:"
"""What the names of counts begin with that tell of records which workers could not read."""
LEFT_OUT: Final = "left_out:"
"""What the names of counts begin with that tell of what a source listed, and is no picture."""
_UNASKED: Final = ("limit_reached", "want_reached", "nothing_new")
_SHOWN_VERDICTS: Final = ("accepted", "rejected", "contested", "unimageable", "open")
_NOT_REFUSED: Final = frozenset({Outcome.FETCHED, REUSED, REPEATED})


@dataclass(frozen=True, slots=True)
class SynsetCounts:
    """The counts of one synset, by stage and outcome."""

    wnid: str
    stages: dict[str, Counter[str]]

    @property
    def skipped(self) -> dict[str, int]:
        """Records of state topics that workers could not read: topic → how many. Stands under the empty wnid."""
        return self._noted(SKIPPED)

    @property
    def lost(self) -> dict[str, int]:
        """Inputs that the log deleted before they were done: topic → how many. Stands under the empty wnid."""
        return self._noted("lost:")

    def _noted(self, prefix: str) -> dict[str, int]:
        return {
            name.removeprefix(prefix): number
            for counts in self.stages.values()
            for name, number in counts.items()
            if name.startswith(prefix) and number > 0
        }

    def of(self, stage: str, *outcomes: str) -> int:
        """How many inputs of a stage ended in one of the outcomes."""
        counts = self.stages.get(stage, Counter())
        return sum(counts[outcome] for outcome in outcomes)

    @property
    def asked(self) -> int:
        """Queries."""
        return self.of("search", "asked")

    @property
    def found(self) -> int:
        """Image URLs."""
        return self.of("search", "found")

    @property
    def left_out(self) -> dict[str, int]:
        """What sources listed, and is no picture or not there: reason → how many."""
        return self._noted(LEFT_OUT)

    @property
    def unasked(self) -> dict[str, int]:
        """Queries that ended before their last page: why → how many."""
        counts = self.stages.get("search", Counter())
        return {name: counts[name] for name in _UNASKED if counts[name] > 0}

    @property
    def fetched(self) -> int:
        """Images that came: by a request, or from an earlier one for another synset."""
        return self.of("fetch", Outcome.FETCHED, REUSED)

    @property
    def repeated(self) -> int:
        """URLs that were found more than once."""
        return self.of("fetch", REPEATED)

    @property
    def refused(self) -> dict[str, int]:
        """Image URLs that gave no image: outcome → how many."""
        counts = self.stages.get("fetch", Counter())
        return {name: number for name, number in sorted(counts.items()) if _is_refusal(name) and number > 0}

    @property
    def unique(self) -> int:
        """Survivors."""
        return self.of("dedupe", "unique")

    @property
    def exact(self) -> int:
        """Copies with the same bytes."""
        return self.of("dedupe", "exact_duplicate")

    @property
    def near(self) -> int:
        """Near-duplicates, those that local features found later included."""
        return self.of("dedupe", "near_duplicate", "withdrawn")

    @property
    def reference(self) -> int:
        """Near to a picture of reference."""
        return self.of("dedupe", "reference_duplicate")

    @property
    def verified(self) -> dict[str, int]:
        """Images that people have voted on: verdict → how many."""
        counts = self.stages.get("verify", Counter())
        return {verdict: counts[verdict] for verdict in _SHOWN_VERDICTS if counts[verdict] > 0}

    @property
    def landed(self) -> int:
        """Survivors in object storage now."""
        return self.of("land", "landed") - self.of("land", "moved_out")


def _is_refusal(name: str) -> bool:
    return ":" not in name and name not in _NOT_REFUSED


@dataclass(slots=True)
class Group:
    """A survivor and its copies."""

    survivor: Candidate
    copies: list[Duplicate] = field(default_factory=list)


def read_counts(log: Log, skipped: Skipped | None = None) -> dict[str, SynsetCounts]:
    """Sum up the ``progress`` topic. What concerns no known synset stands under the empty wnid."""
    counts: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for progress in read_last_progress(log, skipped):
        counts[progress.wnid][progress.stage].update(progress.counts)
    return {wnid: SynsetCounts(wnid, dict(stages)) for wnid, stages in sorted(counts.items())}


def read_last_progress(log: Log, skipped: Skipped | None = None) -> Collection[Progress]:
    """The last record of each key of ``progress``: a log may compact late, or never."""
    return {(x.wnid, x.stage, x.partition): x for x in read_all(log, Progress, skipped)}.values()


def read_groups(log: Log) -> dict[str, list[Group]]:
    """Survivors by synset, in the order in which their clusters were found, with their copies."""
    known: dict[str, dict[str, Candidate]] = defaultdict(dict)
    heir: dict[tuple[str, str], str] = {}
    order: dict[str, list[str]] = defaultdict(list)
    removed = read_removed(log)
    for survivor in read_survivors(log):
        candidate = survivor.candidate
        known[candidate.wnid][candidate.image.sha256] = candidate
        if survivor.replaces:
            heir[(candidate.wnid, survivor.replaces)] = candidate.image.sha256
        else:
            order[candidate.wnid].append(candidate.image.sha256)

    def last_heir(wnid: str, sha256: str) -> str:
        passed = set()  # records of strangers may replace each other in a circle
        while (wnid, sha256) in heir and sha256 not in passed:
            passed.add(sha256)
            sha256 = heir[(wnid, sha256)]
        return sha256

    groups = {
        wnid: {last: Group(known[wnid][last]) for last in (last_heir(wnid, sha256) for sha256 in first)}
        for wnid, first in order.items()
    }
    for duplicate in read_all(log, Duplicate):
        if duplicate.sha256 in removed:
            continue
        group = groups.get(duplicate.wnid, {}).get(last_heir(duplicate.wnid, duplicate.of))
        if group is not None:
            replaced = known[duplicate.wnid].get(duplicate.sha256)
            whole = duplicate.candidate or replaced
            group.copies.append(msgspec.structs.replace(duplicate, candidate=whole))
    return {wnid: list(found.values()) for wnid, found in sorted(groups.items())}
