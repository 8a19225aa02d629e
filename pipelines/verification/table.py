"""The confidence table of a synset: how probably an image is good, of which so many said yes and so many no.

Deng et al., "ImageNet: a large-scale hierarchical image database", CVPR 2009, section 3.2, publish such tables, and no
formula. A mixture of two beta-binomials a synset gives their numbers within 0.009: of good images a share of about
``says_yes_of_good`` of all people says yes, of bad ones ``says_yes_of_bad``, and images differ in that as a beta
distribution of the given concentration does. Independent votes, multiplied, would be too sure: they are off by 0.03.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CONCENTRATIONS: Final = (4.0, 8.0, 16.0, 32.0, 64.0, 1e4)
"""Those that are tried, for all synsets together: a few images tell too little of it to fit one each."""
_ROUNDS: Final = 40
_SHRINK_VOTES: Final = 30.0
"""How many votes all synsets together count for in a synset's own shares of yes: less, and synsets with ten images get
tables of their own chance; more, and hard synsets look like all others."""
_SHRINK_IMAGES: Final = 4.0
_EDGE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Mixture:
    """What the tables of some synsets are made from.

    Attributes:
        good: Share of good images, ``(synsets,)``.
        yes_of_good: Share of yes among votes on good images, ``(synsets,)``.
        yes_of_bad: The same of bad ones, ``(synsets,)``.
        concentration: Of both beta distributions; large where images of one kind are alike.
    """

    good: Floats
    yes_of_good: Floats
    yes_of_bad: Floats
    concentration: float

    def confidence(self, most: int) -> Floats:
        """The tables: ``(synsets, most + 1, most + 1)``, the probability of good by votes for and against."""
        one, zero = self._evidence(most)
        return 1.0 / (1.0 + np.exp(np.clip(zero - one, -700, 700)))

    def likelihood(self, most: int) -> Floats:
        """Log-probability of each pair of counts, in one order of the votes; of the tables' shape."""
        return np.logaddexp(*self._evidence(most))

    def _evidence(self, most: int) -> tuple[Floats, Floats]:
        votes = np.arange(most + 1)
        total = _rising(np.array(self.concentration), 2 * most)[np.add.outer(votes, votes)]

        def of(share: Floats, prior: Floats) -> Floats:
            yes = _rising(share * self.concentration, most)[:, :, None]
            no = _rising((1 - share) * self.concentration, most)[:, None, :]
            return yes + no - total + np.log(prior)[:, None, None]

        return of(self.yes_of_good, self.good), of(self.yes_of_bad, 1 - self.good)


def fit(yes: Integers, no: Integers, synset: Integers, synsets: int) -> Mixture:
    """Fit mixtures to counts of votes, each shrunk towards that of all synsets.

    Args:
        yes: Votes for each image, ``(images,)``.
        no: Votes against each.
        synset: Number of each image's synset.
        synsets: How many there are.
    """
    most = int(max(yes.max(initial=0), no.max(initial=0)))
    cells = np.zeros((synsets, most + 1, most + 1))
    np.add.at(cells, (synset, yes, no), 1.0)
    cells[:, 0, 0] = 0.0  # an image without votes says nothing
    fits = [_fit(cells, concentration) for concentration in CONCENTRATIONS]
    return max(fits, key=lambda found: float((cells * found.likelihood(most)).sum()))


def _fit(cells: Floats, concentration: float) -> Mixture:
    votes = np.arange(cells.shape[1])
    for_it, cast = votes[:, None] + 0 * votes, np.add.outer(votes, votes)
    good = np.broadcast_to(np.clip(for_it / np.maximum(cast, 1), 0.05, 0.95), cells.shape)
    for _ in range(_ROUNDS):
        pulled = _shrunk(cells * good, np.ones_like(for_it), cells, np.ones_like(cast), weight=_SHRINK_IMAGES)
        yes_of_good = _shrunk(cells * good, for_it, cells * good, cast, weight=_SHRINK_VOTES)
        yes_of_bad = _shrunk(cells * (1 - good), for_it, cells * (1 - good), cast, weight=_SHRINK_VOTES)
        # Which of the two is the good one is a matter of names: it is the one that more people say yes to.
        yes_of_bad = np.minimum(yes_of_bad, yes_of_good - _EDGE)
        mixture = Mixture(_clipped(pulled), _clipped(yes_of_good), _clipped(yes_of_bad), concentration)
        good = mixture.confidence(len(votes) - 1)
    return mixture


def _shrunk(hits: Floats, of_hits: Integers, cases: Floats, of_cases: Integers, *, weight: float) -> Floats:
    """Shares by synset, with so many cases' worth of the share of all."""
    hit, case = (hits * of_hits).sum(axis=(1, 2)), (cases * of_cases).sum(axis=(1, 2))
    overall = (hit.sum() + 0.5) / (case.sum() + 1.0)
    shares: Floats = (hit + weight * overall) / (case + weight)
    return shares


def _clipped(shares: Floats) -> Floats:
    return np.clip(shares, _EDGE, 1 - _EDGE)


def _rising(start: Floats, count: int) -> Floats:
    """Log of x (x + 1) … (x + n − 1), for n from 0 to ``count``, along a new last axis."""
    steps = np.log(np.asarray(start, float)[..., None] + np.arange(count))
    return np.concatenate([np.zeros((*np.shape(start), 1)), np.cumsum(steps, axis=-1)], axis=-1)
