"""What became of the image URLs of synsets, as ``progress`` tells: read again and again, of all partitions.

An image ends in ``fetch``, on its host's partition, or in ``dedupe``, on its synset's. Both count it for its query
(``yields``), and who asks the sources reads these counts here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from synsift.pipelines import topics
from synsift.pipelines.log.base import Follower, Log
from synsift.pipelines.reading import Broken, look_at_state
from synsift.pipelines.records import Progress
from synsift.pipelines.stages.novelty import Known
from synsift.pipelines.stages.yields import PREFIXES, UNIQUE, Yields
from synsift.pipelines.topics import Router

_OWN_STAGE: Final = "search"
_NAMES: Final = (*PREFIXES, UNIQUE)


@dataclass(slots=True)
class _Synset:
    """Counts by stage and partition, and their sum."""

    counts: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    sum: Yields = field(default_factory=Yields)


class Verdicts:
    """What is known of the synsets of some partitions. Read in one thread, asked in another that waits meanwhile."""

    def __init__(self, log: Log, router: Router, page_size_of: Callable[[str], int]) -> None:
        """Know nothing yet.

        Args:
            log: Where ``progress`` is.
            router: Knows the partitions of synsets.
            page_size_of: Images of a page of a source.
        """
        self._logbook = log
        self._router = router
        self._page_size_of = page_size_of
        self._owned: frozenset[int] = frozenset()
        self._follower: Follower | None = None
        self._synsets: dict[str, _Synset] = {}
        self.known = Known(page_size_of)

    def read(self, owned: frozenset[int]) -> set[str]:
        """Read what is new; gives the synsets that it is about.

        Args:
            owned: Partitions of the synsets that matter.
        """
        if self._follower is None or owned != self._owned:
            self.close()
            self._owned = owned
            self._follower = self._logbook.follow(topics.PROGRESS.name)
        heard: set[str] = set()
        for message in self._follower.read():
            record = look_at_state(Progress, message, self._router)
            if record is None or isinstance(record, Broken) or not record.wnid:
                continue
            if self._router.of_wnid(record.wnid) in owned and self._take(record):
                heard.add(record.wnid)
        for wnid in heard:
            self._sum_up(self._synsets[wnid])
        return heard

    def of(self, wnid: str, own: Mapping[str, int]) -> Yields:
        """What a synset's queries gave.

        Args:
            wnid: Of it.
            own: The counts of ``search``, which knows its own sooner than it reads them here.
        """
        yields = Yields()
        found = self._synsets.get(wnid)
        for (stage, _), counts in found.counts.items() if found is not None else ():
            if stage != _OWN_STAGE:
                yields.add(counts)
        yields.add(own)
        return yields

    def close(self) -> None:
        """Forget all, and read no more."""
        if self._follower is not None:
            self._follower.close()
            self._follower = None
        self._synsets = {}
        self.known = Known(self._page_size_of)

    def _take(self, record: Progress) -> bool:
        counts = {name: number for name, number in record.counts.items() if name.startswith(_NAMES)}
        if not counts:
            return False
        self._synsets.setdefault(record.wnid, _Synset()).counts[record.stage, record.partition] = counts
        return True

    def _sum_up(self, synset: _Synset) -> None:
        self.known.add(synset.sum, -1)
        synset.sum = Yields()
        for counts in synset.counts.values():
            synset.sum.add(counts)
        self.known.add(synset.sum)
