"""Fingerprints in the order of arrival → verdicts.

One ``Matcher`` is one scope, for example a synset. It keeps clusters: each has one survivor, the best copy seen so
far, and remembers the hashes of all that survived in it before. A better copy takes the cluster over; what is near
to an earlier survivor stays in the cluster, so replacing never splits one.

    new picture ──┬─ its SHA-256 is known ───────────────▶ EXACT
                  ├─ too plain to hash ──────────────────▶ PLAIN   (accepted)
                  ├─ nothing within the radius ──────────▶ NEW     (accepted)
                  └─ near to a cluster ──┬─ better copy ─▶ NEAR, replaces
                                         └─ otherwise ───▶ NEAR
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from dedupe.fingerprint import ORIENTATIONS, Fingerprint
from dedupe.index import HashIndex
from dedupe.quality import better
from dedupe.survivors import Survivors

DEFAULT_RADIUS_BITS: Final = 81
"""Largest Hamming distance of near-duplicates, out of 256 bits, over eight orientations of the query.

Unrelated photographs come this close once in a million pairs (docs/DESIGN.md). Larger finds more of the hard copies
and merges pictures that are merely alike; smaller splits recompressed crops.
"""


class Kind(StrEnum):
    """What a picture is in its scope."""

    NEW = "new"
    PLAIN = "plain"
    EXACT = "exact"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one picture.

    Attributes:
        kind: See ``Kind``.
        of: SHA-256 of the cluster's survivor before this picture; None for ``new`` and ``plain``.
        distance_bits: Hamming distance to the nearest hash; 0 for ``exact``, None where nothing was found.
        transform: Which orientation related them, one of ``ORIENTATIONS``; None where nothing was found.
        replaces: Whether this picture is the better copy and now is the cluster's survivor.
    """

    kind: Kind
    of: str | None = None
    distance_bits: int | None = None
    transform: str | None = None
    replaces: bool = False

    @property
    def survives(self) -> bool:
        """Whether the picture is kept."""
        return self.kind in (Kind.NEW, Kind.PLAIN) or self.replaces


class Matcher:
    """Near-duplicate search within one scope. Not thread-safe.

    State is a function of the survivors in the order in which they were accepted: ``restore`` replays them one by
    one, ``survivors`` and ``from_survivors`` carry them over whole.
    """

    def __init__(self, *, radius_bits: int = DEFAULT_RADIUS_BITS) -> None:
        self._radius_bits = radius_bits
        self._index = HashIndex()
        self._accepted: list[Fingerprint] = []
        self._cluster_of_accepted: list[int] = []
        self._survivor_of_cluster: list[int] = []
        self._accepted_of_hash: list[int] = []
        self._cluster_of_sha256: dict[str, int] = {}

    @classmethod
    def from_survivors(cls, survivors: Survivors, *, radius_bits: int = DEFAULT_RADIUS_BITS) -> Self:
        """Make one in the state that another had when it gave its ``survivors``."""
        matcher = cls(radius_bits=radius_bits)
        matcher._accepted = survivors.fingerprints()
        matcher._cluster_of_accepted = survivors.clusters.tolist()
        for number, cluster in enumerate(matcher._cluster_of_accepted):
            if cluster == len(matcher._survivor_of_cluster):
                matcher._survivor_of_cluster.append(number)
            else:
                matcher._survivor_of_cluster[cluster] = number
        known = zip(matcher._accepted, matcher._cluster_of_accepted, strict=True)
        matcher._cluster_of_sha256 = {image.sha256: cluster for image, cluster in known}
        matcher._accepted_of_hash = [n for n, image in enumerate(matcher._accepted) if not image.is_plain]
        matcher._index.add_all(survivors.hashes[matcher._accepted_of_hash])
        return matcher

    def survivors(self) -> Survivors:
        """All that survived so far, those that were replaced since included, in order."""
        return Survivors.of(self._accepted, self._cluster_of_accepted)

    def __len__(self) -> int:
        """Number of survivors."""
        return len(self._survivor_of_cluster)

    def match(self, image: Fingerprint) -> Verdict:
        """Say what a picture is, without remembering it. Costs one scan of the index for each orientation."""
        known = self._cluster_of_sha256.get(image.sha256)
        if known is not None:
            return Verdict(Kind.EXACT, self._survivor(known).sha256, 0, ORIENTATIONS[0])
        if image.is_plain:
            return Verdict(Kind.PLAIN)
        found = self._index.nearest(image.orientations(), radius_bits=self._radius_bits)
        if found is None:
            return Verdict(Kind.NEW)
        number, distance_bits, row = found
        survivor = self._survivor(self._cluster_of_accepted[self._accepted_of_hash[number]])
        return Verdict(Kind.NEAR, survivor.sha256, distance_bits, ORIENTATIONS[row], better(image, survivor))

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
        self._accepted.append(image)
        self._cluster_of_accepted.append(cluster)
        self._cluster_of_sha256[image.sha256] = cluster
        if not image.is_plain:
            self._index.add(image.hash256)
            self._accepted_of_hash.append(number)

    def _survivor(self, cluster: int) -> Fingerprint:
        return self._accepted[self._survivor_of_cluster[cluster]]
