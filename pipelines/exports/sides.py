"""Which images go to which side of a split, so that nothing of a side can be seen on another. Pure.

    same bytes under two synsets ─┐
    copies, one of the other ─────┤
    same author ──────────────────┼──▶ a cluster ──▶ one side, whole
    same landing page ────────────┘

Clusters take their turn in an order of their own, which their images' SHA-256 give and nothing else: each goes to the
first side that has room for it, in every synset that it holds images of, and the rest is the training set. So each
synset has the share that was asked for, within one image; what is larger than a side goes to training; and what was on
a side mostly stays there as the data grow. A split of such a kind can't be drawn by chance, nor by luck.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.pipelines.errors import UsageError

TRAIN: Final = "train"
_MOST_SIDES: Final = 8
_ROUNDS: Final = 10_000

Numbers = NDArray[np.int64]
Keys = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Share:
    """A side, and which share of each synset it is to have."""

    name: str
    share: float


def shares_of(text: str) -> list[Share]:
    """Read what to split off: ``test=0.1,val=0.1``. What is left over is ``train``.

    Raises:
        UsageError: It says something else.
    """
    hint = "for example `--split test=0.1,val=0.1`; what is left over is `train`"
    found: dict[str, Share] = {}
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if not (name.isascii() and name.isidentifier() and name == name.lower() and not name.startswith("_")):
            raise UsageError(f"`--split`: `{name}` can't be the name of a side", hint=hint)
        if name in found or name == TRAIN:
            raise UsageError(f"`--split`: `{name}` is named twice, or is what is left over", hint=hint)
        try:
            share = float(value)
        except ValueError:
            share = -1.0
        if not 0 < share < 1:
            raise UsageError(f"`--split`: `{value}` is no share between 0 and 1", hint=hint)
        found[name] = Share(name, share)
    if sum(one.share for one in found.values()) >= 1 or len(found) > _MOST_SIDES:
        raise UsageError("`--split`: the shares leave nothing for `train`", hint=hint)
    return list(found.values())


def key_of(text: str) -> int:
    """Eight bytes that stand for a text; 0 for an empty one."""
    if not text:
        return 0
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1


def clusters_of(keys: Iterable[Keys], pairs: NDArray[np.int64], count: int) -> Numbers:
    """Join images that have to stay together.

    Args:
        keys: Columns of ``(n,)``: images with the same key belong together; 0 is no key.
        pairs: ``(p, 2)``: two images that belong together, by their numbers.
        count: How many images there are.

    Returns:
        ``(n,)``: the lowest number of an image of its cluster, for each.
    """
    groups = [_groups(column) for column in keys]
    lowest = np.arange(count, dtype=np.int64)
    for _ in range(_ROUNDS):
        before = lowest.copy()
        for members, begins in groups:
            if len(begins):
                least = np.minimum.reduceat(lowest[members], begins)
                lowest[members] = np.repeat(least, np.diff(np.append(begins, len(members))))
        if len(pairs):
            np.minimum.at(lowest, pairs[:, 0], lowest[pairs[:, 1]])
            np.minimum.at(lowest, pairs[:, 1], lowest[pairs[:, 0]])
        # Whoever leads may itself follow somebody by now.
        np.minimum(lowest, lowest[lowest], out=lowest)
        if np.array_equal(before, lowest):
            break
    return lowest


def _groups(column: Keys) -> tuple[Numbers, Numbers]:
    """Images that share their key with others, key after key, and where each key begins."""
    order = np.argsort(column, kind="stable")
    order = order[column[order] != 0]
    if not len(order):
        return order, order
    begins = np.flatnonzero(np.append(True, column[order][1:] != column[order][:-1]))
    sizes = np.diff(np.append(begins, len(order)))
    members = order[np.repeat(sizes > 1, sizes)]
    return members, np.cumsum(np.append(0, sizes[sizes > 1]))[:-1]


@dataclass(frozen=True, slots=True)
class Images:
    """What a split needs to know of images, in columns of ``(n,)``.

    Attributes:
        digests: ``(n, 32) uint8``: their SHA-256.
        synsets: Numbers of their synsets.
        chosen: Whether they are exported; those that aren't join others all the same.
        clusters: By ``clusters_of``.
    """

    digests: NDArray[np.uint8]
    synsets: NDArray[np.int32]
    chosen: NDArray[np.bool_]
    clusters: Numbers


def names_of(images: Images) -> NDArray[np.uint64]:
    """A name for each image's cluster that doesn't depend on the order of images, of eight bytes."""
    firsts = np.ascontiguousarray(images.digests[:, :8]).view(">u8")[:, 0].astype(np.uint64)
    names = np.full(len(firsts), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(names, images.clusters, firsts)
    return np.asarray(names[images.clusters], dtype=np.uint64)


def assign(images: Images, shares: Sequence[Share]) -> NDArray[np.uint8]:
    """The side of each image: 0 for training, else the number of its share, from 1.

    Args:
        images: See there.
        shares: Sides in their order.
    """
    chosen = np.flatnonzero(images.chosen)
    sides = np.zeros(len(images.clusters), dtype=np.uint8)
    if not len(chosen):
        return sides
    room = _room(images, shares).tolist()
    names = names_of(images)[chosen]
    # The name is the lowest of several, so that it tells the size of a cluster; what is mixed of it does not.
    order = chosen[np.lexsort((images.digests[chosen, 8], names, _mixed(names)))]
    begins = np.flatnonzero(np.append(True, np.diff(images.clusters[order]) != 0))
    for begin, end in zip(begins.tolist(), np.append(begins[1:], len(order)).tolist(), strict=True):
        wanted = Counter(images.synsets[order[begin:end]].tolist())
        for side, left in enumerate(room):
            if all(left[synset] >= count for synset, count in wanted.items()):
                for synset, count in wanted.items():
                    left[synset] -= count
                sides[order[begin:end]] = side + 1
                break
    return sides


def _room(images: Images, shares: Sequence[Share]) -> NDArray[np.int64]:
    """How many images of each synset a side may have, ``(sides, synsets)``.

    Of a share that is no whole number the rest is rounded up in as many synsets as it says: small synsets have none
    on a side, or one, and all of them together have the share.
    """
    synsets = int(images.synsets.max(initial=-1)) + 1
    totals = np.bincount(images.synsets[images.chosen], minlength=synsets)
    wanted = np.array([[share.share] for share in shares]) * totals
    luck = _mixed(np.arange(len(shares) * synsets, dtype=np.uint64)).reshape(len(shares), synsets) / 2.0**64
    whole = np.floor(wanted + 1e-9)
    return np.asarray(whole + (wanted - whole > luck + 1e-9), dtype=np.int64)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look random, by splitmix64 (Steele et al. 2014): the same for the same."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
