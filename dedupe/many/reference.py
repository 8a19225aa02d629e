"""Very many pictures to compare others with, and never to group them: ``Matcher.of_reference``, on disk."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

import numpy as np

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.frequencies import ORIENTATIONS
from synsift.dedupe.hash_batch import HashBatch, Proposal, Rows
from synsift.dedupe.judgement import look_and_judge
from synsift.dedupe.many.foresight import at_once, by_picture
from synsift.dedupe.many.lookup import ManyLookup
from synsift.dedupe.many.prints import Prints
from synsift.dedupe.many.room import Room
from synsift.dedupe.many.turns import LEFT_OUT
from synsift.dedupe.matcher import MAX_LOOKS
from synsift.dedupe.quality import better
from synsift.dedupe.second_look import side_of
from synsift.dedupe.verdicts import Kind, MatchOptions, Verdict
from synsift.dedupe.ways import nearest_ways

_DIGESTS: Final = "digests"
_BY_DIGEST: Final = "by-digest"
_DIGEST_BYTES: Final = 8
_NEW: Final = Verdict(Kind.NEW)
_PLAIN: Final = Verdict(Kind.PLAIN)


def make_known(rows: Rows, room: Room) -> None:
    """Put down which bytes are known, and ``LEFT_OUT``: of those with the same bytes the first is in the index."""
    whole = np.ascontiguousarray(rows["sha256"])
    digests = _begin_of(whole)
    # Those with the same bytes stand together, the first one first.
    order = np.lexsort((whole.view("S32").ravel(), digests))
    room.make(_DIGESTS, np.uint64, digests.shape)[:] = digests[order]
    room.make(_BY_DIGEST, np.int64, order.shape)[:] = order
    room.make(LEFT_OUT, np.bool_, order.shape)[order[1:]] = (whole[order][1:] == whole[order][:-1]).all(axis=1)


class ManyReference:
    """Pictures to compare with. Not thread-safe; any number of processes may have the same."""

    def __init__(self, prints: Prints, room: Room, options: MatchOptions) -> None:
        """Take what was made.

        Args:
            prints: The pictures.
            room: Has their index and what ``make_known`` made.
            options: What counts as near.
        """
        self._prints = prints
        self._lookup = ManyLookup(prints.rows, options, room)
        self._digests, self._by_digest = room.get(_DIGESTS), room.get(_BY_DIGEST)
        self._options = options

    def match(self, image: Fingerprint) -> Verdict:
        """What a picture is the same as; many cost less together."""
        return self.match_all([image])[0]

    def match_all(self, images: Sequence[Fingerprint]) -> list[Verdict]:
        """What each of some pictures is the same as."""
        verdicts = [self._without_looking(image) for image in images]
        asked = [place for place, verdict in enumerate(verdicts) if verdict is _NEW]
        step = at_once(len(self._prints))
        for begin in range(0, len(asked), step):
            some = asked[begin : begin + step]
            batch = HashBatch.of([images[place] for place in some], self._options)
            for first, last, hits in self._lookup.in_steps(batch):
                for at, near in by_picture(hits, first, last):
                    image = images[some[at]]
                    ways = nearest_ways(batch.proposals(at, near), self._comes_before(image.sha256))
                    verdicts[some[at]] = self._verdict(image, islice(ways, MAX_LOOKS))
        return verdicts

    def _comes_before(self, sha256: str) -> Callable[[int], bool]:
        """Whether a picture that is known is the first of two, by their bytes."""
        return lambda number: self._prints.sha256(number) < sha256

    def _without_looking(self, image: Fingerprint) -> Verdict:
        digest = bytes.fromhex(image.sha256)
        first = int(np.searchsorted(self._digests, _begin_of(np.frombuffer(digest, np.uint8)[None])[0]))
        for at in range(first, len(self._digests)):
            number = int(self._by_digest[at])
            sha256 = self._prints.sha256(number)
            if sha256[: 2 * _DIGEST_BYTES] != image.sha256[: 2 * _DIGEST_BYTES]:
                break
            if sha256 == image.sha256:
                return Verdict(Kind.EXACT, sha256, 0, ORIENTATIONS[0], key=sha256)
        return _PLAIN if image.is_plain else _NEW

    def _verdict(self, image: Fingerprint, nearest: "islice[Proposal]") -> Verdict:
        apart = self._options.not_copies.of(image.sha256)
        for proposal in nearest:
            number, bits = proposal.number, proposal.distance_bits
            sha256 = self._prints.sha256(number)
            mine, theirs = proposal.views
            _, judgement = look_and_judge(
                side_of(image, mine),
                self._prints.side(number, theirs),
                orientation=proposal.orientation,
                distance_bits=bits,
                criteria=self._options.criteria,
            )
            if judgement.score >= self._options.criteria.score and sha256 not in apart:
                transform, replaces = ORIENTATIONS[proposal.orientation], better(image, self._prints[number])
                return Verdict(Kind.NEAR, sha256, bits, transform, replaces, via=sha256, key=sha256)
        return _NEW


def _begin_of(
    digests: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]",
) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    """The first bytes of some as numbers."""
    return np.ascontiguousarray(digests[:, :_DIGEST_BYTES]).view(np.uint64).ravel()
