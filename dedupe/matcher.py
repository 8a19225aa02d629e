"""Fingerprints in the order of arrival → verdicts.

One ``Matcher`` is one scope, for example a synset. It keeps clusters: each has one survivor, the best copy seen so
far, and remembers all that survived in it before. A better copy takes the cluster over; what is near to an earlier
survivor stays in the cluster, so replacing never splits one.

    new picture ──┬─ its SHA-256 is known ───────────────▶ EXACT
                  ├─ near to a picture of reference ─────▶ REFERENCE
                  ├─ too plain to hash ──────────────────▶ PLAIN   (accepted)
                  ├─ no hash is near, or a second look
                  │  says that they are not copies ──────▶ NEW     (accepted)
                  └─ near to a cluster ──┬─ better copy ─▶ NEAR, replaces
                                         └─ otherwise ───▶ NEAR

Chains (A is near to B, B to C, A not to C): a picture joins the cluster of the nearest picture that ever survived, and
no two clusters are ever joined. So whatever the order of arrival, each picture that is rejected was near to one that
survived when it came, and no picture was accepted while one that it is near to was known. What the order can change is
how many clusters a chain becomes: with B first one, of A, B and C; with A first and B the worse copy two, of A and B,
and of C. ``dedupe.clusters`` takes the best copies first, so that for a folder no order matters.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

import numpy as np

from synsift.dedupe.evidence import extra_hashes_of
from synsift.dedupe.fingerprint import PLAIN_BELOW, Fingerprint
from synsift.dedupe.frequencies import HASH_BYTES, ORIENTATIONS, oriented_hashes
from synsift.dedupe.index import HashIndex
from synsift.dedupe.quality import better
from synsift.dedupe.second_look import DEFAULT_CRITERIA, Agreement, Criteria, Side, second_look
from synsift.dedupe.survivors import Survivors
from synsift.dedupe.views import EXTRA, INSIDE, STORED, WHOLE

DEFAULT_RADIUS_BITS: Final = 85

# So many of the nearest are looked at for one picture. Proposals beyond are of crowds of pictures that are alike.
_MAX_LOOKS: Final = 16
_EIGHT: Final = len(ORIENTATIONS)
_VIEWS: Final = STORED + EXTRA
_STORED_BITS: Final = 1 << np.arange(len(STORED))
# Pictures whose further hashes are made at once: enough to be fast, and few enough for the processor's cache.
_AT_ONCE: Final = 256
_QUERIED: Final = (_VIEWS.index(WHOLE), _VIEWS.index(INSIDE))


class Kind(StrEnum):
    """What a picture is in its scope."""

    NEW = "new"
    PLAIN = "plain"
    EXACT = "exact"
    NEAR = "near"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """What counts as near.

    Attributes:
        radius_bits: Largest distance of what hashes propose, of 256. Larger finds more of the hard copies and costs
            more second looks; smaller misses crops and rotations (docs/near-duplicates.md).
        criteria: What the second look wants.
        all_crops: Whether copies that were cropped at one side or corner are looked for, too, and not only those that
            were cropped around the centre: four times as many hashes.
    """

    radius_bits: int = DEFAULT_RADIUS_BITS
    criteria: Criteria = DEFAULT_CRITERIA
    all_crops: bool = True


DEFAULT_OPTIONS: Final = MatchOptions()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one picture.

    Attributes:
        kind: See ``Kind``.
        of: SHA-256 of the cluster's survivor before this picture, or of the picture of reference; None for ``new`` and
            ``plain``.
        distance_bits: Hamming distance to the nearest hash, of 256; 0 for ``exact``, None where nothing was found.
        transform: Which orientation related them, one of ``ORIENTATIONS``; None where nothing was found.
        replaces: Whether this picture is the better copy and now is the cluster's survivor.
        via: SHA-256 of the picture that it is near to: the survivor, or another one of its cluster.
    """

    kind: Kind
    of: str | None = None
    distance_bits: int | None = None
    transform: str | None = None
    replaces: bool = False
    via: str | None = None

    @property
    def survives(self) -> bool:
        """Whether the picture is kept."""
        return self.kind in (Kind.NEW, Kind.PLAIN) or self.replaces


_NEW: Final = Verdict(Kind.NEW)


class Matcher:
    """Near-duplicate search within one scope. Not thread-safe.

    State is a function of the survivors in the order in which they were accepted: ``restore`` replays them one by
    one, ``survivors`` and ``from_survivors`` carry them over whole.
    """

    def __init__(self, options: MatchOptions = DEFAULT_OPTIONS, *, reference: "Matcher | None" = None) -> None:
        """Make one that knows nothing.

        Args:
            options: What counts as near.
            reference: Whatever is near to one of its pictures is rejected; see ``of_reference``.
        """
        self._options = options
        self._reference = reference
        self._index = HashIndex()
        self._accepted = Survivors()
        self._cluster_of_accepted: list[int] = []
        self._survivor_of_cluster: list[int] = []
        # Of each hash in the index: which picture, and which of its views.
        self._picture_of_hash = array("I")
        self._view_of_hash = array("B")
        self._cluster_of_sha256: dict[str, int] = {}

    @classmethod
    def of_reference(cls, images: Iterable[Fingerprint], options: MatchOptions = DEFAULT_OPTIONS) -> Self:
        """A set of pictures to keep out, such as the test split of a benchmark; each is kept, copies or not."""
        found = cls(options)
        for image in images:
            if image.sha256 not in found._cluster_of_sha256:
                found.restore(image)
        return found

    @classmethod
    def from_survivors(
        cls, survivors: Survivors, options: MatchOptions = DEFAULT_OPTIONS, *, reference: "Matcher | None" = None
    ) -> Self:
        """Make one in the state that another had when it gave its ``survivors``, which now are this one's."""
        matcher = cls(options, reference=reference)
        matcher._accepted = survivors
        matcher._cluster_of_accepted = survivors.rows["cluster"].tolist()
        for number, cluster in enumerate(matcher._cluster_of_accepted):
            if cluster == len(matcher._survivor_of_cluster):
                matcher._survivor_of_cluster.append(number)
            else:
                matcher._survivor_of_cluster[cluster] = number
        matcher._cluster_of_sha256 = dict(zip(survivors.sha256s(), matcher._cluster_of_accepted, strict=True))
        for begin in range(0, len(survivors), _AT_ONCE):
            matcher._index_rows(begin, min(begin + _AT_ONCE, len(survivors)))
        return matcher

    def survivors(self) -> Survivors:
        """All that survived so far, those that were replaced since included, in order. A view, not a copy."""
        return self._accepted

    def __len__(self) -> int:
        """Number of survivors."""
        return len(self._survivor_of_cluster)

    def match(self, image: Fingerprint) -> Verdict:
        """Say what a picture is, without remembering it. Costs one search of the index for each orientation."""
        known = self._cluster_of_sha256.get(image.sha256)
        if known is not None:
            return Verdict(Kind.EXACT, self._survivor(known).sha256, 0, ORIENTATIONS[0])
        if self._reference is not None:
            found = self._reference.match(image)
            if found.of is not None:
                return replace(found, kind=Kind.REFERENCE, replaces=False)
        if image.is_plain:
            return Verdict(Kind.PLAIN)
        nearest = self._nearest(image)
        if nearest is None:
            return _NEW
        number, distance_bits, orientation = nearest
        survivor = self._survivor(self._cluster_of_accepted[number])
        return Verdict(
            Kind.NEAR,
            survivor.sha256,
            distance_bits,
            ORIENTATIONS[orientation],
            replaces=better(image, survivor),
            via=self._accepted[number].sha256,
        )

    def add(self, image: Fingerprint) -> Verdict:
        """Say what a picture is, and remember it if it survives."""
        verdict = self.match(image)
        if verdict.survives:
            self.restore(image, replaces=verdict.of if verdict.replaces else None)
        return verdict

    def restore(self, image: Fingerprint, *, replaces: str | None = None) -> None:
        """Take a picture that survived before, without judging it again.

        Args:
            image: Its fingerprint.
            replaces: SHA-256 of the survivor whose cluster it took over.

        Raises:
            KeyError: The picture that it replaces was never restored.
        """
        number = len(self._accepted)
        if replaces is None:
            cluster = len(self._survivor_of_cluster)
            self._survivor_of_cluster.append(number)
        else:
            cluster = self._cluster_of_sha256[replaces]
            self._survivor_of_cluster[cluster] = number
        self._remember(image, cluster)

    def attach(self, image: Fingerprint, *, to: str) -> None:
        """Take a picture as one more of a cluster, so that what is near to it joins, too; its survivor stays.

        Args:
            image: Its fingerprint.
            to: SHA-256 of a picture of the cluster.

        Raises:
            KeyError: There is none with this SHA-256.
        """
        self._remember(image, self._cluster_of_sha256[to])

    def _remember(self, image: Fingerprint, cluster: int) -> None:
        number = len(self._accepted)
        self._accepted.append(image, cluster)
        self._cluster_of_accepted.append(cluster)
        self._cluster_of_sha256[image.sha256] = cluster
        self._index_rows(number, number + 1)

    def _index_rows(self, begin: int, end: int) -> None:
        """Put the hashes of some of the accepted pictures into the index."""
        rows = self._accepted.rows[begin:end]
        is_used = (rows["views"][:, None] & _STORED_BITS) * (rows["information"] >= PLAIN_BELOW)[:, None]
        hashes = rows["hashes"]
        if self._options.all_crops:
            extra = extra_hashes_of(rows["evidence"])
            hashes = np.concatenate([hashes, extra], axis=1)
            is_used = np.concatenate([is_used, np.repeat(is_used.any(axis=1)[:, None], extra.shape[1], axis=1)], axis=1)
        numbers, views = np.nonzero(is_used)
        self._index.add_all(hashes[numbers, views])
        self._picture_of_hash.extend((numbers + begin).tolist())
        self._view_of_hash.extend(views.tolist())

    def _survivor(self, cluster: int) -> Fingerprint:
        return self._accepted[self._survivor_of_cluster[cluster]]

    def looks(self, image: Fingerprint) -> Iterator[tuple[str, int, Agreement]]:
        """What a second look says of each of the nearest pictures: SHA-256, distance in bits, and how they agree."""
        for number, distance_bits, _, agreement in self._looks(image):
            yield self._accepted[number].sha256, distance_bits, agreement

    def _nearest(self, image: Fingerprint) -> tuple[int, int, int] | None:
        """The nearest picture that a second look confirms: its number, distance and orientation."""
        for number, distance_bits, orientation, agreement in self._looks(image):
            if agreement.meets(self._options.criteria):
                return number, distance_bits, orientation
        return None

    def _looks(self, image: Fingerprint) -> Iterator[tuple[int, int, int, Agreement]]:
        """Look at what hashes propose, the nearest first: number, distance, orientation, and how the pictures agree."""
        views = [view for view in image.used_views.tolist() if view in _QUERIED]
        hashes = oriented_hashes(image.view_hashes()[views]).reshape(-1, HASH_BYTES)
        looked_at: set[int] = set()
        for distance_bits, row, hash_number in self._index.search(hashes, radius_bits=self._options.radius_bits):
            number, view = self._picture_of_hash[hash_number], self._view_of_hash[hash_number]
            if number in looked_at:
                continue
            if len(looked_at) == _MAX_LOOKS:
                break
            looked_at.add(number)
            agreement = second_look(
                Side(image.evidence, _VIEWS[views[row // _EIGHT]]),
                Side(self._accepted.evidence(number), _VIEWS[view]),
                orientation=row % _EIGHT,
                criteria=self._options.criteria,
            )
            yield number, distance_bits, row % _EIGHT, agreement
