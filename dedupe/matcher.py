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

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final, NamedTuple, NoReturn, Self

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.frequencies import ORIENTATIONS
from synsift.dedupe.hash_batch import HashBatch, Proposal
from synsift.dedupe.judgement import Judgement, look_and_judge
from synsift.dedupe.lookup import Lookup
from synsift.dedupe.quality import better
from synsift.dedupe.second_look import Agreement, side_of
from synsift.dedupe.small_scopes import SmallScopes
from synsift.dedupe.survivors import Survivors
from synsift.dedupe.together import Span
from synsift.dedupe.verdicts import DEFAULT_OPTIONS, KeepsOut, Kind, Look, MatchOptions, Verdict, check_options
from synsift.dedupe.ways import nearest_ways

# So many of the nearest are looked at for one picture. Proposals beyond are of crowds of pictures that are alike.
MAX_LOOKS: Final = 16
_NEW: Final = Verdict(Kind.NEW)


class _Seen(NamedTuple):
    """A proposal, and what a second look says of it."""

    proposal: Proposal
    agreement: Agreement
    judgement: Judgement


SeenLooks = dict[tuple[str, str, Proposal], tuple[Agreement, Judgement]]
"""What second looks said, by the SHA-256 of both pictures, and what hashes proposed, with no number."""


class Matcher:
    """Near-duplicate search within one scope. Not thread-safe.

        matcher = Matcher()
        for path in paths:
            verdict = matcher.add(fingerprint(path), key=path)
            if not verdict.survives:
                print(path, "is a copy of", verdict.key)

    Memory is some 2 kB a picture that survived, and 3.5 kB with ``all_crops``. A million take some seconds
    to restore.

    State is a function of the survivors in the order in which they were accepted: ``restore`` replays them one by
    one, ``survivors`` and ``from_survivors`` carry them over whole.
    """

    def __init__(
        self,
        options: MatchOptions = DEFAULT_OPTIONS,
        *,
        reference: KeepsOut | None = None,
        scopes: SmallScopes | None = None,
        seen: SeenLooks | None = None,
    ) -> None:
        """Make one that knows nothing.

        Args:
            options: What counts as near.
            reference: Whatever is near to one of its pictures is rejected; see ``of_reference``.
            scopes: Where there are many matchers, they share one, made with the same options: it has the hashes of
                those that are small.
            seen: Looks that were taken before at the same pictures, by the same criteria, aren't taken again; those of
                this one are added.
        """
        check_options(options)
        _check_reference(reference)
        self._options = options
        self._reference = reference
        self._lookup = Lookup(options, scopes)
        self._seen = seen
        self._accepted = Survivors()
        self._cluster_of_accepted: list[int] = []
        self._survivor_of_cluster: list[int] = []
        self._cluster_of_sha256: dict[str, int] = {}
        # Of those that were given one; keys are the caller's, and no part of the state that is kept.
        self._key_of_sha256: dict[str, Hashable] = {}

    @classmethod
    def of_reference(
        cls, images: Iterable[Fingerprint] | Mapping[Any, Fingerprint], options: MatchOptions = DEFAULT_OPTIONS
    ) -> Self:
        """A set of pictures to keep out, such as the test split of a benchmark; each is kept, copies or not.

        Args:
            images: Fingerprints, or fingerprints by keys of your own.
            options: What counts as near.
        """
        found = cls(options)
        pairs = images.items() if isinstance(images, Mapping) else ((None, image) for image in images)
        for key, image in pairs:
            _check(image)
            if image.sha256 not in found._cluster_of_sha256:
                found.restore(image, key=key)
        return found

    @classmethod
    def from_survivors(
        cls,
        survivors: Survivors,
        options: MatchOptions = DEFAULT_OPTIONS,
        *,
        reference: KeepsOut | None = None,
        scopes: SmallScopes | None = None,
    ) -> Self:
        """Make one in the state that another had when it gave its ``survivors``, which now are this one's."""
        if not isinstance(survivors, Survivors):
            raise TypeError(f"Survivors are taken, not `{type(survivors).__name__}`: a matcher gives its own")
        matcher = cls(options, reference=reference, scopes=scopes)
        matcher._accepted = survivors
        matcher._cluster_of_accepted = survivors.rows["cluster"].tolist()
        for number, cluster in enumerate(matcher._cluster_of_accepted):
            if cluster == len(matcher._survivor_of_cluster):
                matcher._survivor_of_cluster.append(number)
            else:
                matcher._survivor_of_cluster[cluster] = number
        matcher._cluster_of_sha256 = dict(zip(survivors.sha256s(), matcher._cluster_of_accepted, strict=True))
        matcher._lookup.add_rows(survivors.rows)
        return matcher

    def survivors(self) -> Survivors:
        """All that survived so far, those that were replaced since included, in order. A view, not a copy."""
        return self._accepted

    def __len__(self) -> int:
        """Number of survivors."""
        return len(self._survivor_of_cluster)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        """Neither copied nor pickled: its index can be neither, and a shallow copy would share it.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            "a Matcher isn't copied: keep matcher.survivors().to_bytes(), and make another one of these by "
            "Matcher.from_survivors(Survivors.from_bytes(…), options)"
        )

    def __repr__(self) -> str:
        """How many survived, and the radius."""
        return f"<Matcher: {len(self)} survivors, radius {self._options.radius_bits} bits>"

    def key_of(self, sha256: str) -> Hashable:
        """The key that a picture was added with; its SHA-256 where none was given, and of unknown pictures."""
        return self._key_of_sha256.get(sha256, sha256)

    def survivor_of(self, sha256: str) -> str | None:
        """SHA-256 of what survives of a picture's cluster: its own, or its better copy's; None for unknown pictures."""
        cluster = self._cluster_of_sha256.get(sha256)
        return None if cluster is None else self._accepted.sha256(self._survivor_of_cluster[cluster])

    def look_ahead(self, batch: HashBatch, begin: int, end: int) -> None:
        """Look up pictures that are to come, all at once, which costs less than one by one; verdicts stay as they are.

        Args:
            batch: Their hashes, made with the options of this one.
            begin: The first of them in the batch.
            end: Behind the last.
        """
        self._lookup.look_ahead(batch, begin, end)

    def span(self, begin: int, end: int) -> Span:
        """Its pictures in a batch, for ``Together``, which looks ahead for several matchers.

        Args:
            begin: The first of them in the batch.
            end: Behind the last.
        """
        return Span(self._lookup, begin, end)

    def settle(self) -> None:
        """They came: what was looked up ahead is needed no more."""
        self._lookup.settle()

    def match(self, image: Fingerprint) -> Verdict:
        """Say what a picture is, without remembering it. Costs one search of the index for each orientation.

        Raises:
            TypeError: Not a fingerprint.
        """
        _check(image)
        known = self._cluster_of_sha256.get(image.sha256)
        if known is not None:
            return self._verdict(Kind.EXACT, self._survivor(known), 0, ORIENTATIONS[0])
        if self._reference is not None:
            found = self._reference.match(image)
            if found.of is not None:
                return replace(found, kind=Kind.REFERENCE, replaces=False)
        if image.is_plain:
            return Verdict(Kind.PLAIN)
        nearest = self._nearest(image)
        if nearest is None:
            return _NEW
        number = nearest.number
        survivor = self._survivor(self._cluster_of_accepted[number])
        verdict = self._verdict(Kind.NEAR, survivor, nearest.distance_bits, ORIENTATIONS[nearest.orientation])
        return replace(verdict, replaces=better(image, survivor), via=self._accepted[number].sha256)

    def add(self, image: Fingerprint, *, key: Hashable | None = None) -> Verdict:
        """Say what a picture is, and remember it if it survives.

        Args:
            image: Its fingerprint.
            key: What you call it, such as a path or a number of a row: verdicts on its copies give it back as ``key``.

        Raises:
            TypeError: Not a fingerprint, or a key that can't be one of a dictionary.
        """
        hash(key)
        verdict = self.match(image)
        if verdict.survives:
            self.restore(image, replaces=verdict.of if verdict.replaces else None, key=key)
        return verdict

    def _verdict(self, kind: Kind, of: Fingerprint, distance_bits: int, transform: str) -> Verdict:
        return Verdict(kind, of.sha256, distance_bits, transform, key=self.key_of(of.sha256))

    def restore(self, image: Fingerprint, *, replaces: str | None = None, key: Hashable | None = None) -> None:
        """Take a picture that survived before, without judging it again.

        Args:
            image: Its fingerprint.
            replaces: SHA-256 of the survivor whose cluster it took over.
            key: As ``add`` takes it.

        Raises:
            KeyError: The picture that it replaces was never restored.
            TypeError: Not a fingerprint.
        """
        _check(image)
        number = len(self._accepted)
        if replaces is None:
            cluster = len(self._survivor_of_cluster)
            self._survivor_of_cluster.append(number)
        else:
            cluster = self._cluster_of_sha256[replaces]
            self._survivor_of_cluster[cluster] = number
        self._remember(image, cluster, key)

    def restore_all(self, images: Iterable[Fingerprint]) -> None:
        """Take pictures that survived before, each new: some times faster than one after the other.

        Raises:
            TypeError: One is no fingerprint; those before it are taken.
        """
        begin = len(self._accepted)
        try:
            for image in images:
                _check(image)
                cluster = len(self._survivor_of_cluster)
                self._survivor_of_cluster.append(len(self._accepted))
                self._accepted.append(image, cluster)
                self._cluster_of_accepted.append(cluster)
                self._cluster_of_sha256[image.sha256] = cluster
        finally:
            self._lookup.add_rows(self._accepted.rows[begin:])

    def attach(self, image: Fingerprint, *, to: str, key: Hashable | None = None) -> None:
        """Take a picture as one more of a cluster, so that what is near to it joins, too; its survivor stays.

        Args:
            image: Its fingerprint.
            to: SHA-256 of a picture of the cluster.
            key: As ``add`` takes it.

        Raises:
            KeyError: There is none with this SHA-256.
            TypeError: Not a fingerprint.
        """
        _check(image)
        self._remember(image, self._cluster_of_sha256[to], key)

    def _remember(self, image: Fingerprint, cluster: int, key: Hashable | None) -> None:
        self._accepted.append(image, cluster)
        self._cluster_of_accepted.append(cluster)
        self._cluster_of_sha256[image.sha256] = cluster
        if key is not None:
            self._key_of_sha256[image.sha256] = key
        self._lookup.add(image)

    def _survivor(self, cluster: int) -> Fingerprint:
        return self._accepted[self._survivor_of_cluster[cluster]]

    def looks(self, image: Fingerprint, *, without: str = "") -> Iterator[Look]:
        """What a second look says of each of the nearest pictures, the nearest first.

        Args:
            image: Its fingerprint.
            without: SHA-256 of a picture that is not looked at, such as its own.

        Raises:
            TypeError: Not a fingerprint.
        """
        _check(image)
        for (number, distance_bits, orientation, _), agreement, judgement in self._looks(image, without):
            yield Look(self._accepted.sha256(number), distance_bits, ORIENTATIONS[orientation], agreement, judgement)

    def _nearest(self, image: Fingerprint) -> Proposal | None:
        """The nearest picture that a second look confirms."""
        judged = self._options.not_copies.of(image.sha256)
        apart = {self._cluster_of_sha256[sha256] for sha256 in judged if sha256 in self._cluster_of_sha256}
        for proposal, _, judgement in self._looks(image):
            if self._cluster_of_accepted[proposal.number] in apart:
                continue
            if judgement.score >= self._options.criteria.score:
                return proposal
        return None

    def _looks(self, image: Fingerprint, without: str = "") -> Iterator[_Seen]:
        """Look at what hashes propose, the nearest first."""
        ways = nearest_ways(self._lookup.proposals(image), lambda number: self._accepted.sha256(number) < image.sha256)
        others = (way for way in ways if not without or self._accepted.sha256(way.number) != without)
        for proposal in islice(others, MAX_LOOKS):
            yield _Seen(proposal, *self._look_once(image, proposal))

    def _look_once(self, image: Fingerprint, proposal: Proposal) -> tuple[Agreement, Judgement]:
        """A second look, if none was taken before."""
        if self._seen is None:
            return self._second_look(image, proposal)
        key = image.sha256, self._accepted.sha256(proposal.number), proposal._replace(number=0)
        if key not in self._seen:
            self._seen[key] = self._second_look(image, proposal)
        return self._seen[key]

    def _second_look(self, image: Fingerprint, proposal: Proposal) -> tuple[Agreement, Judgement]:
        mine, theirs = proposal.views
        return look_and_judge(
            side_of(image, mine),
            self._accepted.side(proposal.number, theirs),
            orientation=proposal.orientation,
            distance_bits=proposal.distance_bits,
            criteria=self._options.criteria,
        )


def _check(image: object) -> None:
    if not isinstance(image, Fingerprint):
        raise TypeError(f"a Fingerprint is taken, not `{type(image).__name__}`: make one with fingerprint(…)")


def _check_reference(reference: object) -> None:
    if reference is not None and (isinstance(reference, type) or not callable(getattr(reference, "match", None))):
        raise TypeError(
            f"a reference is what has a method `match`, not `{type(reference).__name__}`: "
            "make one of fingerprints with Matcher.of_reference(…)"
        )
