"""What can be said of a data set in numbers: ImageNet's own statistics, and what later audits found to be missing.

    manifests ──synset by synset──▶ Measured ──▶ Summary, histogram, precision by depth, coverage
    votes     ──────────────────────▲

One source, one author, one day: where a large share of a synset is of one of them, a model learns that instead.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from synsift.crawler.ontology import Concepts, graph
from synsift.dedupe import Fingerprint
from synsift.dedupe.average import average_of, lossless_bytes, png_of
from synsift.pipelines.exports.attribution import author_key, one_line
from synsift.pipelines.exports.choosing import fingerprint_in
from synsift.pipelines.exports.judgements import ACCEPTED, NONE, REJECTED, Judgement, Judgements
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.standing import Standing, read_standing

AVERAGED: Final = 100
"""Images in an average, by the order of their SHA-256. Fewer, and chance decides; more, and small synsets have none."""
_MOST_AVERAGES: Final = 5
_LEAST_FOR_ALARM: Final = 10
"""Images of a synset below which a share of one host or author says nothing."""
EDGES: Final = (1, 10, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
"""Lower ends of the histogram's classes."""


@dataclass(frozen=True, slots=True)
class Most:
    """What most images of a synset have in common: a host, an author, a day."""

    name: str = ""
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Average:
    """The average image of a synset.

    Attributes:
        png: One of them, to be shown.
        size_bytes: Of the PNG, mean of several averages of other images.
        entropy_bytes: By ``lossless_bytes``, likewise.
        spread_bytes: Between the smallest and the largest of these.
        draws: How many averages.
    """

    png: bytes
    size_bytes: float
    entropy_bytes: float
    spread_bytes: float
    draws: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A synset in numbers.

    Attributes:
        wnid: The synset.
        name: What people call it.
        depth: Steps from the root; None where the ontology lacks it.
        survivors: Images that stand.
        decisions: What voters decided → of how many.
        yes: Votes for an image, of all of its images.
        no: Votes against one.
        frequencies: Share of yes of each image that was voted on, added up, and of how many.
        host: That most images are from.
        author: Of most of those whose author is named.
        day: On which most were last changed, of those whose server said that.
        average: None for fewer images than are averaged.
    """

    wnid: str
    name: str
    depth: int | None
    survivors: int
    decisions: Mapping[str, int] = field(default_factory=dict)
    yes: int = 0
    no: int = 0
    frequencies: tuple[float, int] = (0.0, 0)
    host: Most = Most()
    author: Most = Most()
    day: Most = Most()
    average: Average | None = None

    @property
    def accepted(self) -> int:
        """Images that voters accepted."""
        return self.decisions.get(ACCEPTED, 0)

    @property
    def precision(self) -> float | None:
        """Share of good ones among the candidates that were decided."""
        decided = self.accepted + self.decisions.get(REJECTED, 0)
        return self.accepted / decided if decided else None

    @property
    def selection(self) -> float | None:
        """Mean share of yes."""
        total, count = self.frequencies
        return total / count if count else None

    @property
    def votes_an_accepted(self) -> float | None:
        """Votes that an accepted image cost, those on all others included."""
        return (self.yes + self.no) / self.accepted if self.accepted else None

    def alarms(self, share: float) -> dict[str, Most]:
        """What too many images have in common."""
        if self.survivors < _LEAST_FOR_ALARM:
            return {}
        found = {"host": self.host, "author": self.author, "day": self.day}
        return {name: most for name, most in found.items() if most.share > share}


def measure(
    objects: ObjectStore, judgements: Judgements, concepts: Concepts, *, accepted_only: bool, with_average: bool = True
) -> Iterator[Measured]:
    """Measure all synsets of a store, in the order of wnids.

    Args:
        objects: The store.
        judgements: What voters decided.
        concepts: The ontology.
        accepted_only: Whether hosts, authors, days and averages are those of accepted images alone.
        with_average: Whether averages are made.
    """
    for standing in read_standing(objects):
        decided = judgements.get(standing.wnid, {})
        yield _measure(standing, decided, concepts, accepted_only=accepted_only, with_average=with_average)


def _measure(
    standing: Standing, decided: Mapping[str, Judgement], concepts: Concepts, *, accepted_only: bool, with_average: bool
) -> Measured:
    rows = list(standing.rows)
    survivors = len(rows)
    votes = [decided.get(row["sha256"], NONE) for row in rows]
    voted = [one for one in votes if one.yes + one.no]
    if accepted_only:
        rows = [row for row, one in zip(rows, votes, strict=True) if one.decision == ACCEPTED]
    name, depth = _placed(standing.wnid, concepts)
    return Measured(
        wnid=standing.wnid,
        name=name,
        depth=depth,
        survivors=survivors,
        decisions=dict(Counter(one.decision for one in votes if one.decision)),
        yes=sum(one.yes for one in votes),
        no=sum(one.no for one in votes),
        frequencies=(sum(one.yes / (one.yes + one.no) for one in voted), len(voted)),
        host=_most(_host(row.get("final_url") or row.get("url") or "") for row in rows),
        author=_most_author([row.get("author") or "" for row in rows]),
        day=_most(_day(row.get("last_modified") or "") for row in rows),
        average=_average(rows) if with_average else None,
    )


def named_apart(synsets: Sequence[Measured]) -> tuple[Measured, ...]:
    """Synsets whose names are all different: a crane is a bird, and a machine."""
    often = Counter(one.name for one in synsets)
    return tuple(replace(one, name=f"{one.name} ({one.wnid})") if often[one.name] > 1 else one for one in synsets)


def _placed(wnid: str, concepts: Concepts) -> tuple[str, int | None]:
    try:
        return concepts.get(wnid).lemmas[0], graph.depth(concepts, wnid)
    except KeyError:
        return wnid, None


def _most(names: Iterable[str]) -> Most:
    """The most frequent name, and its share of all, those without a name included."""
    counts = Counter(names)
    whole = counts.total()
    counts.pop("", None)
    if not counts:
        return Most()
    number, name = min((-number, name) for name, number in counts.items())
    return Most(name, -number / whole)


def _most_author(authors: Sequence[str]) -> Most:
    """The same of authors, each as they are written most often."""
    most = _most(map(author_key, authors))
    spelled = Counter(one_line(author) for author in authors if author_key(author) == most.name)
    return Most(spelled.most_common(1)[0][0], most.share) if most.name else most


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _day(last_modified: str) -> str:
    try:
        return parsedate_to_datetime(last_modified).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _average(rows: Sequence[Mapping[str, Any]]) -> Average | None:
    ordered = sorted(rows, key=lambda row: str(row["sha256"]))[: AVERAGED * _MOST_AVERAGES]
    found: list[Fingerprint] = [image for image in map(fingerprint_in, ordered) if image is not None]
    draws = [found[at : at + AVERAGED] for at in range(0, len(found) - AVERAGED + 1, AVERAGED)]
    if not draws:
        return None
    averages = [average_of(draw) for draw in draws]
    pngs = [png_of(one) for one in averages]
    entropies = [lossless_bytes(one) for one in averages]
    return Average(
        png=pngs[0],
        size_bytes=statistics.fmean(map(len, pngs)),
        entropy_bytes=statistics.fmean(entropies),
        spread_bytes=max(entropies) - min(entropies),
        draws=len(draws),
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """A class of the histogram: from so many images of a synset to so many, both included; how many synsets."""

    low: int
    high: int | None
    synsets: int


@dataclass(frozen=True, slots=True)
class Level:
    """Synsets of one depth: how many, their images, accepted and decided ones."""

    depth: int
    synsets: int
    images: int
    accepted: int
    decided: int

    @property
    def precision(self) -> float | None:
        """Share of good ones among the candidates that were decided."""
        return self.accepted / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class Covered:
    """A subtree: its synsets, how many have images, how many have enough of them."""

    name: str
    synsets: int
    with_images: int
    with_enough: int


@dataclass(frozen=True, slots=True)
class Whole:
    """All synsets together.

    Attributes:
        synsets: Each, in the order of wnids.
        accepted_only: Whether images are counted that were accepted.
        enough: So many images are enough of a synset.
        alarm: So large a share of one host, author or day is too much.
    """

    synsets: tuple[Measured, ...]
    accepted_only: bool
    enough: int
    alarm: float

    def count(self, one: Measured) -> int:
        """Images of a synset that count."""
        return one.accepted if self.accepted_only else one.survivors

    @property
    def counts(self) -> list[int]:
        """Images that count, of each synset."""
        return [self.count(one) for one in self.synsets]

    def histogram(self) -> list[Bin]:
        """How many synsets have how many images."""
        counts, ends = self.counts, [*EDGES[1:], None]
        bins = [Bin(0, 0, sum(count == 0 for count in counts))]
        for low, end in zip(EDGES, ends, strict=True):
            number = sum(count >= low and (end is None or count < end) for count in counts)
            bins.append(Bin(low, None if end is None else end - 1, number))
        return bins

    def levels(self) -> list[Level]:
        """By depth, from the root down."""
        depths = sorted({one.depth for one in self.synsets if one.depth is not None})
        return [self._level(depth, [one for one in self.synsets if one.depth == depth]) for depth in depths]

    def _level(self, depth: int, some: Sequence[Measured]) -> Level:
        accepted = sum(one.accepted for one in some)
        rejected = sum(one.decisions.get(REJECTED, 0) for one in some)
        return Level(depth, len(some), sum(map(self.count, some)), accepted, accepted + rejected)

    def covered(self, name: str, wnids: frozenset[str]) -> Covered:
        """How much of a subtree has images."""
        counts = [self.count(one) for one in self.synsets if one.wnid in wnids]
        return Covered(
            name, len(wnids), sum(count > 0 for count in counts), sum(count >= self.enough for count in counts)
        )

    def summary(self) -> dict[str, Any]:
        """The whole in a few numbers; None for what can't be told."""
        counts = [count for count in self.counts if count]
        yes, no = sum(one.yes for one in self.synsets), sum(one.no for one in self.synsets)
        accepted = sum(one.accepted for one in self.synsets)
        decided = accepted + sum(one.decisions.get(REJECTED, 0) for one in self.synsets)
        shown = sum(one.frequencies[1] for one in self.synsets)
        averages = [one.average.entropy_bytes for one in self.synsets if one.average is not None]
        return {
            "synsets": len(counts),
            "images": sum(counts),
            "images_a_synset": statistics.fmean(counts) if counts else None,
            "median": statistics.median(counts) if counts else None,
            "share_with_enough": sum(count >= self.enough for count in counts) / len(counts) if counts else None,
            "accepted": accepted if decided else None,
            "precision": accepted / decided if decided else None,
            "selection_frequency": sum(one.frequencies[0] for one in self.synsets) / shown if shown else None,
            "votes": yes + no,
            "votes_an_accepted_image": (yes + no) / accepted if accepted else None,
            "average_image_bytes": statistics.fmean(averages) if averages else None,
            "synsets_with_alarms": sum(bool(one.alarms(self.alarm)) for one in self.synsets),
        }
