"""Which few of many pictures may have something in common with one: an inverted file of words, with signatures.

A point's descriptor is cut in two halves, and each half is one of ``HALF_WORDS`` kinds: together they are its word
(Babenko and Lempitsky 2012). Behind each word stand the pictures that have it, each with 64 bits that say more of the
descriptor (Hamming embedding, Jégou, Douze and Schmid 2008). A picture that has many of the query's words, with nearly
the same bits, is proposed; all else is left to the look at the pair.

The words are learnt from the set itself, without chance: the same pictures make the same words.
"""

from dataclasses import dataclass
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from synsift.dedupe.local.features import Features, mirrored

SHORTEST: Final = 20
"""How many pictures are looked at for one, at most."""
_MOST_WORDS: Final = 256
# A word wants this many points to be learnt from.
_POINTS_A_WORD: Final = 40
_MOST_LEARNT_FROM: Final = 60_000
_SIGNATURE_BITS: Final = 64
# Points of one thing in two copies are some ten bits apart, others 32 in the mean.
_RADIUS_BITS: Final = 16
_SPREAD_BITS: Final = 8.0
# Of each half, how many kinds a point of the query may be of: the edit may have pushed it over an edge.
_KINDS_ASKED: Final = 2
# So many points are compared with those of a query, by the rarest words: what bounds the time, whatever the set's size.
_MOST_ROWS: Final = 120_000
_SEED: Final = 5
# A picture is proposed from so many common points on; a common point counts for less, the more bits it is apart.
_LEAST_VOTES: Final = 0.5
_HALF: Final = 64

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The words of a set.

    Attributes:
        halves: ``(2, k, 64) float32``: the middles of the kinds of each half.
        turn: ``(128, 128) float32``: a rotation, after which halves and bits say equally much.
        middle: ``(128,) float32``: what bits are above or below of.
    """

    halves: Floats
    turn: Floats
    middle: Floats

    @property
    def kinds(self) -> int:
        """How many kinds each half has; the square of it is the number of words."""
        return int(self.halves.shape[1])


def learn(descriptors: NDArray[np.uint8]) -> Vocabulary:
    """Learn the words of a set.

    Args:
        descriptors: ``(n, 128)``, some of each picture.
    """
    turn = np.linalg.qr(np.random.default_rng(_SEED).standard_normal((128, 128)))[0].astype(np.float32)
    if not len(descriptors):
        return Vocabulary(np.zeros((2, 1, _HALF), np.float32), turn, np.zeros(2 * _HALF, np.float32))
    step = max(1, -(-len(descriptors) // _MOST_LEARNT_FROM))
    turned = descriptors[::step].astype(np.float32) @ turn
    kinds = int(np.clip(len(turned) // _POINTS_A_WORD, 1, _MOST_WORDS))
    halves = np.zeros((2, kinds, _HALF), np.float32)
    for half in range(2):
        means = faiss.Kmeans(_HALF, kinds, niter=12, seed=_SEED, min_points_per_centroid=1)
        means.train(np.ascontiguousarray(turned[:, half * _HALF : (half + 1) * _HALF]))
        halves[half] = means.centroids
    return Vocabulary(halves, turn, np.median(turned, 0))


class Shortlist:
    """Pictures by the words that they have. All are added before the first is asked for."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._words: list[NDArray[np.uint16]] = []
        self._bits: list[NDArray[np.uint64]] = []
        self._poses: list[NDArray[np.uint8]] = []
        self._counts: list[int] = []
        self._starts: NDArray[np.int64] | None = None
        self._pictures = np.empty(0, np.uint32)
        self._signatures = np.empty(0, np.uint64)
        self._turns = np.empty((0, 2), np.uint8)

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, features: Features) -> int:
        """Add a picture; its number, from 0."""
        turned = self._turned(features.descriptors)
        self._words.append(self._nearest(turned, 1)[:, 0].astype(np.uint16))
        self._bits.append(self._signature(turned))
        self._poses.append(_poses(features))
        self._counts.append(len(features.points))
        self._starts = None
        return len(self._counts) - 1

    def propose(self, query: Features, *, most: int = SHORTEST) -> list[int]:
        """Numbers of the pictures that have most in common with one, mirrored or not, the likeliest first."""
        votes = np.maximum(self._votes(query), self._votes(mirrored(query)))
        enough = np.flatnonzero(votes >= _LEAST_VOTES)
        order = np.argsort(-votes[enough], kind="stable")[:most]
        return [int(number) for number in enough[order]]

    def _votes(self, query: Features) -> Floats:
        """For each picture, how many of the query's points it seems to have, all scaled and turned alike."""
        starts = self._ready()
        turned = self._turned(query.descriptors)
        words = self._nearest(turned, _KINDS_ASKED**2)
        asked = np.repeat(np.arange(len(turned)), words.shape[1])
        words = words.ravel()
        begins, lengths = starts[words], starts[words + 1] - starts[words]
        lengths = _rarest(lengths)
        # Row numbers of all of the words' lists, one list after the other.
        rows = np.arange(int(lengths.sum())) + np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
        asked = np.repeat(asked, lengths)
        apart = np.bitwise_count(self._signatures[rows] ^ self._signature(turned)[asked])
        near = apart <= _RADIUS_BITS
        rows, asked, apart = rows[near], asked[near], apart[near]
        pictures = self._pictures[rows].astype(np.int64)
        # What a point of the query finds often in one picture is a pattern, not a place.
        _, which, often = np.unique(pictures * len(turned) + asked, return_inverse=True, return_counts=True)
        weights = np.exp(-((apart / _SPREAD_BITS) ** 2)) / often[which]
        return _best_pose(pictures, self._turns[rows].astype(np.int64) - _poses(query)[asked], weights, len(self))

    def _ready(self) -> NDArray[np.int64]:
        """Sort what was added by its words, once."""
        if self._starts is None:
            words = np.concatenate(self._words) if self._words else np.empty(0, np.uint16)
            order = np.argsort(words, kind="stable")
            pictures = np.repeat(np.arange(len(self._counts), dtype=np.uint32), self._counts)
            self._pictures = pictures[order]
            self._signatures = np.concatenate(self._bits)[order] if self._bits else np.empty(0, np.uint64)
            self._turns = np.concatenate(self._poses)[order] if self._poses else np.empty((0, 2), np.uint8)
            counts = np.bincount(words, minlength=self._vocabulary.kinds**2)
            self._starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return self._starts

    def _turned(self, descriptors: NDArray[np.uint8]) -> Floats:
        return descriptors.astype(np.float32) @ self._vocabulary.turn

    def _signature(self, turned: Floats) -> NDArray[np.uint64]:
        above = turned[:, ::2] > self._vocabulary.middle[::2]
        return np.packbits(above, axis=1).view(np.uint64).ravel()

    def _nearest(self, turned: Floats, most: int) -> NDArray[np.int64]:
        """``(n, most)``: the words that points are nearest to: the nearest kinds of either half, combined."""
        each = min(round(most**0.5), self._vocabulary.kinds)
        nearest = []
        for half, middles in enumerate(self._vocabulary.halves):
            part = turned[:, half * _HALF : (half + 1) * _HALF]
            far = (middles * middles).sum(1)[None] - 2 * part @ middles.T
            kinds = np.argpartition(far, each - 1, axis=1)[:, :each] if each < far.shape[1] else np.argsort(far, axis=1)
            nearest.append(kinds)
        words: NDArray[np.int64] = nearest[0][:, :, None] * self._vocabulary.kinds + nearest[1][:, None, :]
        return words.reshape(len(turned), each * each)


def _rarest(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Lengths of the words' lists, without the longest ones where all are too much."""
    if lengths.sum() <= _MOST_ROWS:
        return lengths
    order = np.argsort(lengths, kind="stable")
    kept = lengths.copy()
    kept[order[np.cumsum(lengths[order]) > _MOST_ROWS]] = 0
    return kept


def _poses(features: Features) -> NDArray[np.uint8]:
    """``(n, 2)``: each point's direction in 256ths of a turn, and its size in quarters of an octave."""
    turns = np.rint(features.points[:, 3] * (128 / np.pi)).astype(np.int64) & 255
    octaves = np.rint(4 * np.log2(np.maximum(1e-3, features.points[:, 2]))).clip(-40, 80) + 40
    return np.stack([turns, octaves.astype(np.int64)], 1).astype(np.uint8)


def _best_pose(pictures: NDArray[np.int64], poses: NDArray[np.int64], weights: Floats, number: int) -> Floats:
    """The sum of weights for each picture, of those that are turned and scaled most alike (weak consistency)."""
    best = np.zeros(number, np.float32)
    if not len(pictures):
        return best
    # Bins that overlap by half, so that no pose lies on an edge.
    for turn in (0, 16):
        for octave in (0, 2):
            turns = ((poses[:, 0] + turn) & 255) >> 5
            octaves = (poses[:, 1] + octave + 128) >> 2
            keys, which = np.unique((pictures << 10) | (turns << 7) | (octaves & 127), return_inverse=True)
            np.maximum.at(best, keys >> 10, np.bincount(which, weights, len(keys)).astype(np.float32))
    return best
