"""How reliable each voter is, and how sure that makes each image: for voters who come back.

Two coins a voter (Dawid and Skene, 1979): how often they say yes to a good image, and no to a bad one, each with a
prior of eight right answers in ten. Who tosses a coin, or always says yes, has coins that cancel out: such votes weigh
nothing.

Some images are hard for everybody, and models of voters alone claim too much of them. So each image has a blur, a step
between 0 and 1 that is learnt with the rest: that share of its votes is a toss of a fair coin. Where the votes on no
image disagree more than their voters explain, all are clear, and the model is that of Dawid and Skene.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

BLURS: Final = (0.0, 0.5, 0.9)
"""Steps of blur. Finer ones can hardly be told from voters who err more often: where all images are clear, they take a
while to be believed away, and cost votes."""
_CLEAR_PRIOR: Final = 50.0
"""Clear images that the shares of blur begin with: without, a handful of images may look hard by chance."""
ROUNDS: Final = 60
ENOUGH: Final = 1e-3
"""Change of the most changed image, in a round, that is none."""
_EDGE: Final = 1e-10
_LEAST: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """Votes as columns.

    Attributes:
        image: Number of the image of each vote, ``(votes,)``.
        voter: Number of its voter.
        yes: Whether it is for the image.
        synset: Number of each image's synset, ``(images,)``.
        truth: 1 and 0 for images of known answer, NaN for all others, ``(images,)``.
    """

    image: Integers
    voter: Integers
    yes: Flags
    synset: Integers
    truth: Floats

    @property
    def voters(self) -> int:
        """How many there are."""
        return int(self.voter.max(initial=-1)) + 1

    @property
    def images(self) -> int:
        """How many there are."""
        return len(self.synset)


@dataclass(frozen=True, slots=True)
class Priors:
    """What is believed of voters and synsets before they say anything.

    Attributes:
        right: Answers, as if seen, that a voter has right, of good and of bad images each.
        wrong: … and wrong.
        images: Images, as if seen, by which the share of good ones of a synset is drawn towards that of all.
        coins: 1 for one reliability a voter, 2 for one of good and one of bad images.
        blurs: Steps of blur; ``(0.0,)`` for a model without.
        halves: Votes, as if seen, half of them yes, that the first guess of an image begins with.
    """

    right: float = 8.0
    wrong: float = 2.0
    images: float = 4.0
    coins: int = 2
    blurs: tuple[float, ...] = BLURS
    halves: float = 1.0


DEFAULT: Final = Priors()


@dataclass(frozen=True, slots=True)
class Fitted:
    """What votes say of images and voters.

    Attributes:
        good: Probability that an image is good, ``(images,)``.
        yes_of_good: How often a voter says yes to a good image, ``(voters,)``.
        no_of_bad: How often no to a bad one.
        blurs: Share of each step of blur, ``(blurs,)``.
    """

    good: Floats
    yes_of_good: Floats
    no_of_bad: Floats
    blurs: Floats

    @property
    def weight(self) -> Floats:
        """What a voter's word is worth, from 0, a spammer's, to 1."""
        return np.maximum(0.0, self.yes_of_good + self.no_of_bad - 1.0)


def fit(votes: Votes, priors: Priors = DEFAULT, *, rounds: int = ROUNDS, enough: float = ENOUGH) -> Fitted:
    """Fit by expectation and maximisation, from the shares of yes on.

    Args:
        votes: All of them.
        priors: What is believed before.
        rounds: At most.
        enough: Ends it: the change of the most changed image in a round.
    """
    model = _Model(votes, priors)
    known = ~np.isnan(votes.truth)
    good = model.shares_of_yes()
    good[known] = votes.truth[known]
    belief = np.stack([1 - good, good], axis=1)[:, :, None] * model.blurs
    for _ in range(rounds):
        model.learn(belief)
        belief = model.judge()
        before, good = good, belief[:, 1].sum(axis=1)
        if np.abs(good - before).max(initial=0.0) < enough:
            break
    good[known] = votes.truth[known]
    return Fitted(good, model.coins[1], model.coins[0], model.blurs)


def _sums(of: Integers, groups: int, rows: Floats, numbers: Integers) -> Floats:
    """Of each group the sum of the rows with some numbers, column by column: NumPy does this fastest."""
    columns = np.ascontiguousarray(rows.T)
    return np.stack([np.bincount(of, column[numbers], groups) for column in columns], axis=1)


class _Model:
    """The parameters, and the two steps.

    What is believed of an image is an array ``(bad or good, blurs)``, and so is what a vote says of it, by the *cell*
    of its voter and its answer: twice the voter's number, plus 1 for yes.
    """

    def __init__(self, votes: Votes, priors: Priors) -> None:
        self._votes = votes
        self._priors = priors
        self._blur = np.array(priors.blurs)
        self._known = ~np.isnan(votes.truth)
        self._cell = votes.voter * 2 + votes.yes
        self.coins = np.full((2, votes.voters), (priors.right + 1) / (priors.right + priors.wrong + 2))
        # From the blurred side: shares move slowly, and what isn't there yet then claims too little, not too much.
        self.blurs = np.full(len(self._blur), 1.0 / len(self._blur))
        self._share = np.full(votes.images, 0.5)

    def shares_of_yes(self) -> Floats:
        """A first guess."""
        votes, halves = self._votes, self._priors.halves
        yes = np.bincount(votes.image, votes.yes, votes.images)
        cast = np.bincount(votes.image, minlength=votes.images)
        shares: Floats = (yes + halves / 2) / np.maximum(cast + halves, _EDGE)
        return shares

    def learn(self, belief: Floats) -> None:
        """Coins, shares of blur and of good images, by what is believed of the images: ``(images, 2, blurs)``."""
        self._learn_coins(belief)
        blurs = belief.sum(axis=(0, 1)) + _CLEAR_PRIOR * (self._blur == 0.0) + 1.0
        self.blurs = blurs / blurs.sum()
        good, free = belief[:, 1].sum(axis=1), ~self._known
        synset, weight = self._votes.synset[free], self._priors.images
        overall = (good[free].sum() + 0.5) / (free.sum() + 1.0)
        found = np.bincount(synset, good[free], int(self._votes.synset.max(initial=-1)) + 1)
        images = np.bincount(synset, minlength=len(found))
        shares = (found + weight * overall) / np.maximum(images + weight, _EDGE)
        self._share = np.clip(shares, _LEAST, 1 - _LEAST)[self._votes.synset]

    def _learn_coins(self, belief: Floats) -> None:
        columns = belief.reshape(len(belief), -1)
        weight = _sums(self._cell, 2 * self._votes.voters, columns, self._votes.image).reshape(-1, *belief.shape[1:])
        seen = (1 - self._blur) * self._if_seen()[:, :, None] / self._chance()
        by_answer = (weight * seen).sum(axis=2).reshape(-1, 2, 2)  # voter, answer, bad or good
        right = np.stack([by_answer[:, 0, 0], by_answer[:, 1, 1]])
        wrong = np.stack([by_answer[:, 1, 0], by_answer[:, 0, 1]])
        if self._priors.coins == 1:
            right, wrong = (np.stack([both, both]) for both in (right.sum(axis=0), wrong.sum(axis=0)))
        right, wrong = right + self._priors.right, wrong + self._priors.wrong
        self.coins = np.clip(right / np.maximum(right + wrong, _EDGE), _EDGE, 1 - _EDGE)

    def judge(self) -> Floats:
        """What is believed of the images, by all parameters."""
        votes = self._votes
        said = np.log(self._chance()).reshape(2 * votes.voters, -1)
        logs = _sums(votes.image, votes.images, said, self._cell).reshape(votes.images, 2, len(self._blur))
        logs += np.log(np.stack([1 - self._share, self._share], axis=1))[:, :, None] + np.log(self.blurs)
        logs[self._known & (votes.truth == 1), 0] = -np.inf
        logs[self._known & (votes.truth == 0), 1] = -np.inf
        logs -= logs.max(axis=(1, 2), keepdims=True)
        found = np.exp(logs)
        belief: Floats = found / found.sum(axis=(1, 2), keepdims=True)
        return belief

    def _if_seen(self) -> Floats:
        """How probable each answer is of bad and of good images, if the voter sees what is there: ``(cells, 2)``."""
        bad, good = self.coins
        no, yes = np.stack([bad, 1 - good], axis=1), np.stack([1 - bad, good], axis=1)
        return np.stack([no, yes], axis=1).reshape(-1, 2)

    def _chance(self) -> Floats:
        """The same by blur: ``(cells, 2, blurs)``."""
        chance: Floats = (1 - self._blur) * self._if_seen()[:, :, None] + self._blur / 2
        return chance
