"""Which few of many pictures may have something in common with one: an inverted file of words, with signatures.

A point's descriptor is cut in two halves, and each half is one of ``HALF_WORDS`` kinds: together they are its word
(Babenko and Lempitsky 2012). Behind each word stand the pictures that have it, each with 64 bits that say more of the
descriptor (Hamming embedding, Jégou, Douze and Schmid 2008). A picture that has many of the query's words, with nearly
the same bits, is proposed; all else is left to the look at the pair.

The words come with the package, so that the same two pictures are proposed to each other whatever the set, and whenever
they are added. They were learnt, without chance, from photographs that stand in no benchmark (``tools/words.py``).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Final, Self

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
_RADIUS_BITS: Final = 18
_SPREAD_BITS: Final = 10.0
# Of each half, how many kinds a point of the query may be of: the edit may have pushed it over an edge.
_KINDS_ASKED: Final = 2
# From so many points on a block has a table of where its words begin: to look for each takes too long.
_LARGE: Final = 1 << 16
# So many points are compared with those of a query, by the rarest words: what bounds the time, whatever the set's size.
_MOST_ROWS: Final = 300_000
# Votes are counted in whole numbers: sums of them don't depend on the order, nor so on when a picture was added.
_WHOLE_VOTE: Final = 1 << 20
# Up to so many keys for each vote a table of all is quicker than sorting: votes are many where icons of one set share a
# frame.
_KEYS_A_VOTE: Final = 6
_POSES: Final = 8 * 64
_WEIGHTS: Final = np.rint(_WHOLE_VOTE * np.exp(-((np.arange(_RADIUS_BITS + 1) / _SPREAD_BITS) ** 2))).astype(np.int64)
_SEED: Final = 5
_SHIPPED: Final = "words.npy"
# A picture is proposed from so many common points on; a common point counts for less, the more bits it is apart.
_LEAST_VOTES: Final = 0.5
_HALF: Final = 64

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Words of points.

    Attributes:
        halves: ``(2, k, 64) float32``: the middles of the kinds of each half.
        turn: ``(128, 128) float32``: a rotation, after which halves and bits say equally much.
        middle: ``(128,) float32``: what bits are above or below of, beside the middles of a point's kinds.
    """

    halves: Floats
    turn: Floats
    middle: Floats

    @property
    def kinds(self) -> int:
        """How many kinds each half has; the square of it is the number of words."""
        return int(self.halves.shape[1])

    def nearest(self, turned: Floats, most: int) -> NDArray[np.int64]:
        """``(2, n, most)``: of either half of each point, the nearest kinds, the nearest first."""
        most = min(most, self.kinds)
        found = []
        for part, middles in zip(np.split(turned, 2, axis=1), self.halves, strict=True):
            far = (middles * middles).sum(1)[None] - 2 * part @ middles.T
            rows, kinds = np.arange(len(far)), np.empty((len(far), most), np.int64)
            for number in range(most):
                kinds[:, number] = far.argmin(1)
                far[rows, kinds[:, number]] = np.inf
            found.append(kinds)
        return np.stack(found)

    def signatures(self, turned: Floats, kinds: NDArray[np.int64]) -> NDArray[np.uint32]:
        """``(2, n, most)``: bits of each half of a point beside the middle of each of some kinds.

        Beside that, not beside the middle of all: points of one word are much alike, and what is left says more.
        """
        parts = np.stack(np.split((turned - self.middle)[:, ::2], 2, axis=1))
        found = [
            part[:, None] > middles[one, ::2] for part, middles, one in zip(parts, self.halves, kinds, strict=True)
        ]
        packed: NDArray[np.uint32] = np.packbits(np.stack(found), axis=-1).view(np.uint32)[..., 0]
        return packed

    def to_bytes(self) -> bytes:
        """The form in which it is kept."""
        target = io.BytesIO()
        rows = (self.turn, self.middle[None], self.halves.transpose(1, 0, 2).reshape(-1, 2 * _HALF))
        np.save(target, np.concatenate(rows).astype(np.float16))
        return target.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read that form."""
        rows = np.load(io.BytesIO(data)).astype(np.float32)
        turn, middle, kinds = rows[: 2 * _HALF], rows[2 * _HALF], rows[2 * _HALF + 1 :]
        return cls(np.ascontiguousarray(kinds.reshape(-1, 2, _HALF).transpose(1, 0, 2)), turn, middle)


@cache
def shipped() -> Vocabulary:
    """The words that come with the package."""
    return Vocabulary.from_bytes((resources.files(__package__) / _SHIPPED).read_bytes())


def learn(descriptors: NDArray[np.uint8]) -> Vocabulary:
    """Learn words.

    Args:
        descriptors: ``(n, 128)``, of many pictures.
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
    made = Vocabulary(halves, turn, np.zeros(2 * _HALF, np.float32))
    kinds_of = made.nearest(turned, 1)[:, :, 0]
    return replace(
        made, middle=np.median(turned - np.concatenate([halves[0][kinds_of[0]], halves[1][kinds_of[1]]], 1), 0)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Points of some pictures, sorted by their words.

    Attributes:
        words: ``(n,) uint16``.
        pictures: ``(n,) uint32``: whose point it is.
        signatures: ``(n,) uint64``.
        poses: ``(n, 2) uint8``.
        begins: Where each word's points begin, and the last's end, in a large block; empty in one that is small.
    """

    words: NDArray[np.uint16]
    pictures: NDArray[np.uint32]
    signatures: NDArray[np.uint64]
    poses: NDArray[np.uint8]
    begins: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @classmethod
    def of(cls, parts: "Sequence[_Block]") -> "_Block":
        """One of several."""
        words = np.concatenate([part.words for part in parts])
        order = np.argsort(words, kind="stable")
        is_large = len(words) > _LARGE
        counts = np.bincount(words, minlength=_MOST_WORDS**2) if is_large else np.empty(0, np.int64)
        return cls(
            words[order],
            np.concatenate([part.pictures for part in parts])[order],
            np.concatenate([part.signatures for part in parts])[order],
            np.concatenate([part.poses for part in parts])[order],
            np.concatenate([np.zeros(int(is_large), np.int64), np.cumsum(counts)]),
        )

    def rows_of(self, words: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where each word's points begin, and how many they are."""
        if len(self.begins):
            return self.begins[words], self.begins[words + 1] - self.begins[words]
        # Of the block's own type: else all of the block is converted, whatever is looked for.
        own = words.astype(self.words.dtype)
        begins = np.searchsorted(self.words, own, "left")
        return begins, np.searchsorted(self.words, own, "right") - begins


class Shortlist:
    """Pictures by the words that they have, as they come."""

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        """Without pictures.

        Args:
            vocabulary: The words; by default those that come with the package.
        """
        self._vocabulary = vocabulary or shipped()
        # New ones wait; blocks are each more than twice as large as the next, so that there are few of them.
        self._waiting: list[_Block] = []
        self._blocks: list[_Block] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, features: Features) -> int:
        """Add a picture; its number, from 0."""
        words, signatures = self._words(features, 1)
        whose = np.full(len(words), self._count, np.uint32)
        self._waiting.append(_Block(words[:, 0].astype(np.uint16), whose, signatures[:, 0], _poses(features)))
        self._count += 1
        return self._count - 1

    def propose(self, query: Features, *, most: int = SHORTEST) -> list[int]:
        """Numbers of the pictures that have most in common with one, mirrored or not, the likeliest first."""
        votes = np.maximum(self._votes(query), self._votes(mirrored(query)))
        enough = np.flatnonzero(votes >= _LEAST_VOTES)
        order = np.argsort(-votes[enough], kind="stable")[:most]
        return [int(number) for number in enough[order]]

    def _votes(self, query: Features) -> NDArray[np.float64]:
        """For each picture, how many of the query's points it seems to have, all scaled and turned alike."""
        words, signatures = self._words(query, _KINDS_ASKED)
        poses = _poses(query)
        places = [(block, *block.rows_of(words.ravel())) for block in self._ready()]
        is_rare = _rarest(np.sum([lengths for _, _, lengths in places], axis=0)) if places else np.empty(0, bool)
        found = []
        for block, begins, lengths in places:
            lengths = np.where(is_rare, lengths, 0)
            # Row numbers of all of the words' lists, one list after the other.
            ends = np.cumsum(lengths)
            rows = np.arange(int(lengths.sum())) + np.repeat(begins - ends + lengths, lengths)
            apart = np.bitwise_count(block.signatures[rows] ^ np.repeat(signatures.ravel(), lengths))
            near = np.flatnonzero(apart <= _RADIUS_BITS)
            # In whose list a row is, is asked of the few that are near alone.
            which = np.searchsorted(ends, near, "right") // words.shape[1]
            rows, apart = rows[near], apart[near]
            turns = block.poses[rows].astype(np.int64) - poses[which]
            found.append((block.pictures[rows].astype(np.int64), which, apart, turns))
        if not found:
            return np.zeros(self._count, np.float64)
        pictures, which, apart, turns = (np.concatenate(parts) for parts in zip(*found, strict=True))
        # What a point of the query finds often in one picture is a pattern, not a place.
        often = _how_often(pictures * len(words) + which, self._count * len(words))
        return _best_pose(pictures, turns, _WEIGHTS[apart] // often, self._count) / _WHOLE_VOTE

    def _ready(self) -> list[_Block]:
        """Sort what was added by its words."""
        if self._waiting:
            self._blocks.append(_Block.of(self._waiting))
            self._waiting = []
        while len(self._blocks) > 1 and len(self._blocks[-2].words) <= 2 * len(self._blocks[-1].words):
            self._blocks[-2:] = [_Block.of(self._blocks[-2:])]
        return self._blocks

    def _words(self, features: Features, kinds: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """``(n, kinds²)``: the words that points are nearest to, and how they lie beside each."""
        turned = features.descriptors.astype(np.float32) @ self._vocabulary.turn
        nearest = self._vocabulary.nearest(turned, kinds)
        one, other = self._vocabulary.signatures(turned, nearest).astype(np.uint64)
        words = nearest[0][:, :, None] * self._vocabulary.kinds + nearest[1][:, None, :]
        signatures = (one[:, :, None] << np.uint64(32)) | other[:, None, :]
        shape = len(turned), words.shape[1] * words.shape[2]
        return words.reshape(shape), signatures.reshape(shape)


def _rarest(lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the words' lists to go through: not the longest ones, where all are too much."""
    order = np.argsort(lengths, kind="stable")
    kept = np.empty(len(lengths), bool)
    kept[order] = np.cumsum(lengths[order]) <= _MOST_ROWS
    return kept


def _poses(features: Features) -> NDArray[np.uint8]:
    """``(n, 2)``: each point's direction in 256ths of a turn, and its size in quarters of an octave."""
    turns = np.rint(features.points[:, 3] * (128 / np.pi)).astype(np.int64) & 255
    octaves = np.rint(4 * np.log2(np.maximum(1e-3, features.points[:, 2]))).clip(-40, 80) + 40
    return np.stack([turns, octaves.astype(np.int64)], 1).astype(np.uint8)


def _best_pose(
    pictures: NDArray[np.int64], poses: NDArray[np.int64], weights: NDArray[np.int64], number: int
) -> NDArray[np.float64]:
    """The sum of weights for each picture, of those that are turned and scaled most alike (weak consistency)."""
    best = np.zeros(number, np.float64)
    # Bins that overlap by half, so that no pose lies on an edge.
    for turn in (0, 16):
        for octave in (0, 2):
            bins = ((((poses[:, 0] + turn) & 255) >> 5) << 6) | ((poses[:, 1] + octave + 128) >> 2)
            keys = pictures * _POSES + bins
            if number * _POSES <= _KEYS_A_VOTE * len(keys):
                sums = np.bincount(keys, weights, number * _POSES).reshape(number, _POSES).max(axis=1)
                np.maximum(best, sums, out=best)
            else:
                keys, which = np.unique(keys, return_inverse=True)
                np.maximum.at(best, keys // _POSES, np.bincount(which, weights, len(keys)))
    return best


def _how_often(keys: NDArray[np.int64], below: int) -> NDArray[np.int64]:
    """How often each key is among all of them, which are less than ``below``."""
    if below <= _KEYS_A_VOTE * len(keys):
        return np.bincount(keys)[keys]
    _, which, often = np.unique(keys, return_inverse=True, return_counts=True)
    return often[which]
