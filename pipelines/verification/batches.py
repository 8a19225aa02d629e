"""Wishes → batches: images of one synset that want the same number of votes, and no two of them nearly the same.

Two copies of one picture in a batch are judged together, and their votes are no two votes; so they are kept apart.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NEAR_BITS: Final = 80
"""Hamming distance, of 256, up to which two pictures are kept apart: copies have up to some 30, and pictures of one
scene from two moments often less than this; of unrelated ones hardly any two have."""
_ROWS: Final = 256


@dataclass(frozen=True, slots=True)
class Wish:
    """An image that wants votes.

    Attributes:
        sha256: Which.
        votes: How many it is to have in all.
        learns: Whether it is one of those from which it is learnt how hard the synset is.
    """

    sha256: str
    votes: int
    learns: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Images that are shown together."""

    images: tuple[str, ...]
    votes: int
    learns: bool


def compose(wishes: Collection[Wish], apart: Mapping[str, Collection[str]], *, size: int, lot: str) -> list[Batch]:
    """Make batches, those to learn from first, then by the number of votes.

    Args:
        wishes: What they are made of.
        apart: Images that never stand in one batch with an image.
        size: Images in a batch, at most.
        lot: Says in which order images are drawn: the same word, the same order.
    """
    kinds: dict[tuple[bool, int], list[str]] = defaultdict(list)
    for wish in wishes:
        kinds[not wish.learns, wish.votes].append(wish.sha256)
    return [
        Batch(tuple(batch), votes, not is_decided)
        for (is_decided, votes), images in sorted(kinds.items())
        for batch in _fill(shuffled(images, lot), apart, size)
    ]


def _fill(images: Sequence[str], apart: Mapping[str, Collection[str]], size: int) -> list[list[str]]:
    """Put each into the first batch that has room for it, and nothing that it is kept apart from."""
    full: list[list[str]] = []
    room: list[list[str]] = []
    for image in images:
        others = apart.get(image, ())
        batch = next((one for one in room if not any(other in one for other in others)), None)
        if batch is None:
            batch = []
            room.append(batch)
        batch.append(image)
        if len(batch) >= size:
            room.remove(batch)
            full.append(batch)
    return full + room


def shuffled(images: Collection[str], lot: str) -> list[str]:
    """Images in an order that says nothing, and is always the same."""
    return sorted(images, key=lambda image: hashlib.blake2b(f"{lot} {image}".encode(), digest_size=8).digest())


def near(hashes: NDArray[np.uint8], others: NDArray[np.uint8], bits: int = NEAR_BITS) -> list[tuple[int, int]]:
    """Pairs of images whose hashes differ little, in any orientation: numbers of both, the lower one first.

    Args:
        hashes: ``(n, 32)``.
        others: ``(n, k, 32)``: of each image in all orientations that count.
        bits: How little.
    """
    found: list[tuple[int, int]] = []
    words = np.ascontiguousarray(hashes).view(np.uint64)
    turned = np.ascontiguousarray(others.transpose(1, 0, 2)).view(np.uint64)
    for start in range(0, len(words), _ROWS):
        some = words[start : start + _ROWS]
        is_near = np.zeros((len(some), len(words) - start), bool)
        for turn in turned:
            is_near |= _distance(some, turn[start:]) <= bits
        rows, columns = np.nonzero(np.triu(is_near, k=1))
        found += [(start + int(row), start + int(column)) for row, column in zip(rows, columns, strict=True)]
    return found


def _distance(some: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Of all pairs: word by word, as a sum over a short axis takes ten times as long."""
    total = np.zeros((len(some), len(others)), np.uint16)
    for word in range(some.shape[1]):
        total += np.bitwise_count(some[:, None, word] ^ others[None, :, word])
    return total
