"""Which other synsets a picture may be of, for voters to choose instead.

The people who made ImageNet were asked of one synset at a time, and called kayaks canoes. So the likeliest mistakes are
offered beside it:

    synsets that hold a copy of one of its images ─▶ those that share a name ─▶ siblings whose definitions are alike
    ─▶ other siblings, those that were crawled before those that were not
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from synsift.crawler.ontology import Concepts, graph
from synsift.crawler.ontology.alike import Alike, alike
from synsift.crawler.ontology.base import Synset
from synsift.pipelines.pairs import is_conflict
from synsift.pipelines.records import Conflict

MOST = 3


class Rivals:
    """Finds those of each synset."""

    def __init__(self, concepts: Concepts, crawled: Collection[str], conflicts: Iterable[Conflict]) -> None:
        """Prepare.

        Args:
            concepts: The ontology.
            crawled: Synsets that have survivors.
            conflicts: Pairs of images that stand under two synsets.
        """
        self._concepts = concepts
        self._crawled = frozenset(crawled)
        self._copies: dict[str, Counter[str]] = defaultdict(Counter)
        for pair in conflicts:
            if is_conflict(pair.tie):
                self._copies[pair.wnid][pair.other_wnid] += 1
                self._copies[pair.other_wnid][pair.wnid] += 1
        self._known: dict[str, tuple[str, ...]] = {}
        self._alike: Mapping[str, list[str]] = self._look_alikes()

    def of(self, wnid: str) -> tuple[str, ...]:
        """The likeliest; none of what is above the synset or below it."""
        if wnid not in self._known:
            self._known[wnid] = self._find(wnid)
        return self._known[wnid]

    def _find(self, wnid: str) -> tuple[str, ...]:
        related = {wnid}
        if wnid in self._concepts:
            related |= {*graph.ancestors(self._concepts, wnid), *graph.descendants(self._concepts, wnid)}
        found: dict[str, None] = {}
        for rival in self._in_order(wnid):
            if rival not in related:
                found[rival] = None
            if len(found) == MOST:
                break
        return tuple(found)

    def _in_order(self, wnid: str) -> Iterator[str]:
        yield from sorted(self._copies[wnid], key=lambda other: (-self._copies[wnid][other], other))
        yield from self._alike.get(wnid, ())
        if wnid not in self._concepts:
            return
        synset = self._concepts.get(wnid)
        yield from self._namesakes(synset)
        siblings = self._siblings(synset)
        yield from (pair.other if pair.wnid == wnid else pair.wnid for pair in self._near(wnid, siblings))
        yield from sorted(siblings, key=lambda other: (other not in self._crawled, siblings.index(other)))

    def _look_alikes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for pair in alike(self._concepts, sorted(self._crawled)):
            found[pair.wnid].append(pair.other)
            found[pair.other].append(pair.wnid)
        return found

    def _namesakes(self, synset: Synset) -> Iterator[str]:
        """Crawled synsets that share a name, whatever they are: a crane is no crane."""
        for lemma in synset.lemmas:
            yield from (other for other in self._concepts.senses(lemma) if other in self._crawled)

    def _siblings(self, synset: Synset) -> list[str]:
        below = [other for parent in synset.parents for other in self._concepts.get(parent).children]
        return [other for other in dict.fromkeys(below) if other != synset.wnid]

    def _near(self, wnid: str, siblings: list[str]) -> list[Alike]:
        return [pair for pair in alike(self._concepts, [wnid, *siblings]) if wnid in (pair.wnid, pair.other)]
