"""The counts of a stage's partitions, by synset; and those that are no synset's, under the empty name.

Read from ``progress`` when a partition is taken over, written there with each commit.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Skipped, read_state
from synsift.pipelines.records import Progress
from synsift.pipelines.stages.lives import owner_of


@dataclass(frozen=True, slots=True)
class Count:
    """So many inputs or outputs of a synset ended so."""

    wnid: str
    outcome: str
    number: int = 1


def outcomes_of(counts: Iterable[Count]) -> Counter[str]:
    """How many ended how; what is counted of queries' pages has a colon, and is no outcome."""
    found: Counter[str] = Counter()
    for count in counts:
        if count.number > 0 and ":" not in count.outcome:
            found[count.outcome] += count.number
    return found


def read_counts(log: Log, stage: str, partition: int, skipped: Skipped, alive: set[str]) -> dict[str, Counter[str]]:
    """The counts of a stage's partition, by synset; owners that are said to have lived on are added to ``alive``."""
    counts: dict[str, Counter[str]] = {}
    for _, progress in read_state(log, Progress, partition, skipped=skipped):
        if progress.partition != partition:
            continue
        if progress.stage == stage:
            counts[progress.wnid] = Counter(progress.counts)
        elif owner := owner_of(stage, progress):
            alive.add(owner)
    return counts


class Tally:
    """Counts of one stage. For one thread, but for ``of`` and ``noted``."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._counts: dict[int, dict[str, Counter[str]]] = {}
        self._touched: set[tuple[int, str]] = set()

    def take_over(self, partition: int, counts: dict[str, Counter[str]]) -> None:
        """A partition is ours."""
        self._counts[partition] = counts

    def drop(self, partition: int) -> None:
        """It is another's."""
        self._counts.pop(partition, None)
        self._touched = {at for at in self._touched if at[0] != partition}

    def add(self, partition: int, counts: Iterable[Count]) -> None:
        """Count."""
        for count in counts:
            if count.number:
                self._counts[partition].setdefault(count.wnid, Counter())[count.outcome] += count.number
                self._touched.add((partition, count.wnid))

    def put(self, partition: int, name: str, value: int) -> None:
        """Set a count that is no synset's; 0 forgets it."""
        counts = self._counts[partition].setdefault("", Counter())
        if counts[name] != value:
            counts[name] = value
            self._touched.add((partition, ""))
        if not value:
            del counts[name]

    def of(self, partition: int, wnid: str, outcome: str) -> int:
        """How many there are."""
        return self._counts.get(partition, {}).get(wnid, Counter())[outcome]

    def all_of(self, partition: int, wnid: str) -> Mapping[str, int]:
        """All counts of a synset."""
        return self._counts.get(partition, {}).get(wnid, {})

    def noted(self, partition: int) -> Mapping[str, int]:
        """The counts of a partition that are no synset's."""
        return self._counts.get(partition, {}).get("", {})

    @property
    def touched(self) -> set[int]:
        """Partitions with counts that are not written yet."""
        return {partition for partition, _ in self._touched}

    def forget_touched(self) -> None:
        """Write none of them."""
        self._touched.clear()

    def take_records(self) -> list[Progress]:
        """What is to be written."""
        touched, self._touched = sorted(self._touched), set()
        return [
            Progress(wnid=wnid, stage=self._stage, partition=partition, counts=dict(self._counts[partition][wnid]))
            for partition, wnid in touched
        ]
