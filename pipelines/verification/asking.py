"""Which images need further votes: until it is sure enough what they are, or all votes that one may have are spent.

Some images of each synset, drawn at random, get many votes whatever these say: from them it is learnt how hard the
synset is (CVPR 2009, section 3.2). All others get a few, and then one at a time while the verdict is open.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEARN_VOTES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When to stop.

    Attributes:
        accept: An image is accepted that is good at least so probably.
        reject: One is rejected that is good at most so probably.
        first: Votes that every image gets.
        most: Votes that one gets at most, ``first`` or more.
        learn: Images of each synset that get ``LEARN_VOTES`` votes.
        budget: Most votes for a synset, 0 for any number.
    """

    accept: float = 0.985
    reject: float = 0.015
    first: int = 2
    most: int = 10
    learn: int = 10
    budget: int = 0


DEFAULT: Final = Rule()


def is_open(good: Floats, votes: Integers, rule: Rule = DEFAULT) -> Flags:
    """Which images have no verdict yet, and may have another vote."""
    return ((good < rule.accept) & (good > rule.reject) | (votes < rule.first)) & (votes < rule.most)


def wanted(good: Floats, votes: Integers, learning: Flags, rule: Rule = DEFAULT) -> Integers:
    """How many votes each image wants now, beyond those that it has.

    Args:
        good: Probability that each is good, ``(images,)``.
        votes: Those that each has, and those that are asked for already.
        learning: Which are of those from which it is learnt.
        rule: When to stop.
    """
    need = np.where(is_open(good, votes, rule), np.maximum(rule.first - votes, 1), 0)
    return np.where(learning, np.maximum(need, LEARN_VOTES - votes), need)


def within(budget: int, need: Integers, good: Floats, learning: Flags) -> Integers:
    """What of the wishes of a synset a number of votes fulfils: those to learn from, then those nearest to a verdict.

    Args:
        budget: Votes that are left; 0 or less for none.
        need: How many each image wants.
        good: Probability that each is good.
        learning: Which are of those from which it is learnt.
    """
    order = np.lexsort((-np.abs(good - 0.5), ~learning))
    spent = np.cumsum(need[order])
    granted = np.zeros_like(need)
    granted[order] = np.clip(need[order] - np.maximum(spent - max(budget, 0), 0), 0, None)
    return granted


def draw(wnid: str, sha256s: list[str], number: int) -> set[str]:
    """Some images of a synset, at random and always the same: those with the least digests.

    An image that comes later may take the place of another one; most stay.
    """
    return set(sorted(sha256s, key=lambda sha256: _lot(wnid, sha256))[:number])


def _lot(wnid: str, sha256: str) -> bytes:
    return hashlib.blake2b(f"{wnid} {sha256}".encode(), digest_size=8).digest()
