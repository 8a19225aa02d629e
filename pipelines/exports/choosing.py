"""Which images are exported, and on which side each is, before the first byte of any is read.

    manifests, synset by synset ──▶ stands? accepted? licence? reference? ──▶ spool
                              └──▶ columns of numbers, some 70 bytes an image ──▶ clusters ──▶ sides

What isn't exported is counted by its reason.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from synsift.crawler.ontology import Concepts
from synsift.dedupe import EXTENSIONS, Fingerprint, MatchOptions
from synsift.dedupe.across import View
from synsift.dedupe.reference import Reference
from synsift.pipelines.exports import sides
from synsift.pipelines.exports.attribution import author_key, page_key
from synsift.pipelines.exports.judgements import ACCEPTED, NONE, Judgements
from synsift.pipelines.exports.licences import is_wanted
from synsift.pipelines.exports.rows import Class, Placed, Row, scaled_format
from synsift.pipelines.exports.spool import Spool
from synsift.pipelines.exports.standing import row_of
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.standing import Standing, read_standing

Place = tuple[str, str]
"""Synset and SHA-256."""
Pairs = Collection[tuple[Place, Place]]

NOT_ACCEPTED: Final = "not accepted"
OTHER_LICENCE: Final = "of another licence"
IN_REFERENCE: Final = "in the reference"
ODD_ROW: Final = "not readable in its manifest"
OnSynset = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is wanted.

    Attributes:
        accepted_only: Whether voters must have accepted an image.
        licences: Names by ``licences.wanted_of``; empty for any.
        reference: What is left out, with all that is near to it; None for nothing.
        shares: What is split off.
        pairs: Images that are the same picture, across synsets or within one; None to look for those across.
        match: What counts as near, where they are looked for.
        max_side_px: Longer side of what is exported; 0 for as it is.
    """

    accepted_only: bool = False
    licences: frozenset[str] = frozenset()
    reference: Reference | None = None
    shares: tuple[sides.Share, ...] = ()
    pairs: Pairs | None = ()
    match: MatchOptions | None = None
    max_side_px: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is exported. Iterating gives all images in their order, as often as wanted.

    Attributes:
        spool: The rows.
        classes: By wnid, in the order of wnids.
        side_names: ``train``, and what is split off.
        sides: Of each image that stands, by its number.
        clusters: Names of clusters, likewise; empty where nothing is split.
        max_side_px: Longer side of what is exported.
        left_out: Why images are not exported, and how many.
        licences: Of those that are: SPDX name → how many.
        formats: Of those that are.
        latest: When the last of them was fetched.
        unnamed: How many of them need a line of credit, and have no author to name in it.
    """

    spool: Spool
    classes: Mapping[str, Class]
    side_names: tuple[str, ...]
    sides: NDArray[np.uint8]
    clusters: NDArray[np.uint64]
    max_side_px: int
    left_out: Mapping[str, int]
    licences: Mapping[str, int]
    formats: frozenset[str]
    latest: str
    unnamed: int

    @property
    def endings(self) -> frozenset[str]:
        """What the names of exported files may end in."""
        scaled = {scaled_format(kind) for kind in self.formats} if self.max_side_px else set()
        return frozenset(EXTENSIONS[kind] for kind in self.formats | scaled)

    def __iter__(self) -> Iterator[Placed]:
        """The images, in the order of their SHA-256."""
        for row in self.spool:
            cluster = f"{self.clusters[row.number]:016x}" if len(self.clusters) else ""
            side = self.side_names[self.sides[row.number]]
            yield Placed(row, self.classes[row.wnid], side, cluster, self.max_side_px)


@dataclass(slots=True)
class _Columns:
    """What is kept in memory of every image that stands."""

    digests: bytearray = field(default_factory=bytearray)
    synsets: "array[int]" = field(default_factory=lambda: array("i"))
    chosen: bytearray = field(default_factory=bytearray)
    authors: "array[int]" = field(default_factory=lambda: array("Q"))
    pages: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, synset: int, row: Mapping[str, Any], *, is_chosen: bool) -> None:
        self.digests += bytes.fromhex(row["sha256"])
        self.synsets.append(synset)
        self.chosen.append(is_chosen)
        self.authors.append(sides.key_of(author_key(row.get("author") or "")))
        self.pages.append(sides.key_of(page_key(row.get("landing_page") or "")))


class Surveyor:
    """Looks through a store once."""

    def __init__(self, choice: Choice, judgements: Judgements, concepts: Concepts, spool: Spool) -> None:
        self._choice = choice
        self._judgements = judgements
        self._concepts = concepts
        self._spool = spool
        self._columns = _Columns()
        self._classes: dict[str, Class] = {}
        self._left_out: Counter[str] = Counter()
        self._licences: Counter[str] = Counter()
        self._formats: set[str] = set()
        self._latest = ""
        self._unnamed = 0
        self._count = 0
        self._joined = _Joined(choice)

    def survey(self, objects: ObjectStore, on_synset: OnSynset = lambda _: None) -> Plan:
        """Look through a store.

        Args:
            objects: The store.
            on_synset: Told of each synset that is done, with the number of images that stand in it.

        Raises:
            StoreError: It can't be read.
        """
        for number, standing in enumerate(read_standing(objects)):
            before = self._count
            self._look_at(number, standing)
            on_synset(self._count - before)
        self._spool.close()
        found_sides, clusters = self._split()
        return Plan(
            spool=self._spool,
            classes=_named_apart(self._classes),
            side_names=(sides.TRAIN, *(share.name for share in self._choice.shares)),
            sides=found_sides,
            clusters=clusters,
            max_side_px=self._choice.max_side_px,
            left_out=dict(self._left_out),
            licences=dict(self._licences.most_common()),
            formats=frozenset(self._formats),
            latest=self._latest,
            unnamed=self._unnamed,
        )

    def _look_at(self, synset: int, standing: Standing) -> None:
        judgements = self._judgements.get(standing.wnid, {})
        for found in standing.rows:
            row = row_of(self._count, standing.wnid, found, judgements.get(found["sha256"], NONE))
            reason = self._refusal(row, found)
            if reason:
                self._left_out[reason] += 1
            else:
                self._take(row)
            if self._choice.shares:
                self._columns.add(synset, found, is_chosen=not reason)
                self._joined.see((row.wnid, row.sha256), self._count, found)
            self._count += 1
        self._left_out[ODD_ROW] += standing.odd

    def _refusal(self, row: Row, found: Mapping[str, Any]) -> str:
        choice = self._choice
        if choice.accepted_only and row.decision != ACCEPTED:
            return NOT_ACCEPTED
        if choice.licences and not is_wanted(row.licence, choice.licences):
            return OTHER_LICENCE
        if choice.reference is not None:
            image = fingerprint_in(found)
            if image is not None and choice.reference.match(image, {}) is not None:
                return IN_REFERENCE
        return ""

    def _take(self, row: Row) -> None:
        self._spool.add(row)
        if row.wnid not in self._classes:
            self._classes[row.wnid] = _class_of(len(self._classes), row.wnid, self._concepts)
        self._licences[row.licence] += 1
        self._formats.add(row.format)
        self._latest = max(self._latest, row.fetched_at)
        self._unnamed += not author_key(row.author) and row.licence.removeprefix("LicenseRef-").startswith("CC-BY")

    def _split(self) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
        if not self._choice.shares:
            return np.zeros(self._count, dtype=np.uint8), np.empty(0, dtype=np.uint64)
        columns = self._columns
        digests = np.frombuffer(columns.digests, dtype=np.uint8).reshape(-1, 32)
        synsets = np.frombuffer(columns.synsets, dtype=np.int32)
        same = np.ascontiguousarray(digests[:, :8]).view(np.uint64)[:, 0]
        keys = [same, *(np.frombuffer(column, dtype=np.uint64) for column in (columns.authors, columns.pages))]
        clusters = sides.clusters_of(keys, self._joined.numbers(), self._count)
        images = sides.Images(digests, synsets, np.frombuffer(columns.chosen, dtype=np.bool_), clusters)
        return sides.assign(images, self._choice.shares), sides.names_of(images)


class _Joined:
    """Which images are copies of each other, by their numbers."""

    def __init__(self, choice: Choice) -> None:
        self._pairs = choice.pairs
        looks = choice.shares and choice.pairs is None
        self._view = View(choice.match or MatchOptions()) if looks else None
        self._wanted = {place for pair in choice.pairs or () for place in pair}
        self._numbers: dict[Place, int] = {}
        self._found: list[tuple[int, int]] = []

    def see(self, place: Place, number: int, found: Mapping[str, Any]) -> None:
        """Take note of an image."""
        if self._view is None:
            if place in self._wanted:
                self._numbers[place] = number
            return
        self._numbers[place] = number
        image = fingerprint_in(found)
        for crossing in self._view.add(place[0], image) if image is not None else ():
            self._found.append((number, self._numbers[(crossing.other_scope, crossing.other_sha256)]))

    def numbers(self) -> NDArray[np.int64]:
        """The pairs, ``(p, 2)``; those of which one isn't there any more are none."""
        known = self._numbers
        told = [(known[one], known[two]) for one, two in self._pairs or () if one in known and two in known]
        return np.array([*told, *self._found], dtype=np.int64).reshape(-1, 2)


def fingerprint_in(row: Mapping[str, Any]) -> Fingerprint | None:
    """The fingerprint in a row of a manifest; None where it can't be read: by an older version, for example."""
    try:
        image = Fingerprint.from_text(row.get("hash") or "")
    except ValueError:
        return None
    return image if image.sha256 == row["sha256"] else None


def _class_of(label: int, wnid: str, concepts: Concepts) -> Class:
    try:
        synset = concepts.get(wnid)
    except KeyError:
        return Class(wnid, label, wnid, "")
    return Class(wnid, label, synset.lemmas[0], synset.definition)


def _named_apart(classes: Mapping[str, Class]) -> dict[str, Class]:
    """Classes whose names are all different: a crane is a bird, and a machine."""
    often = Counter(one.name for one in classes.values())
    return {
        wnid: Class(wnid, one.label, f"{one.name} ({wnid})", one.definition) if often[one.name] > 1 else one
        for wnid, one in classes.items()
    }


def counts_of(plan: Iterable[Placed]) -> dict[str, Counter[str]]:
    """How many images of each synset are on each side."""
    found: dict[str, Counter[str]] = {}
    for placed in plan:
        found.setdefault(placed.side, Counter())[placed.row.wnid] += 1
    return found
