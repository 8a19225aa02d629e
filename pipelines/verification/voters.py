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
_ROUNDS: Final = 60
_ENOUGH: Final = 1e-4
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
    """

    right: float = 8.0
    wrong: float = 2.0
    images: float = 4.0
    coins: int = 2
    blurs: tuple[float, ...] = BLURS


DEFAULT: Final = Priors()


@dataclass(frozen=True, slots=True)
class Fitted:
    """What votes say of images and voters.

    Attributes:
        good: Probability that an image is good, ``(images,)``.
        yes_of_good: How often a voter says yes to a good image, ``(voters,)``.
        no_of_bad: How often no to a bad one.
        clear: Share of each step of blur, ``(blurs,)``.
    """

    good: Floats
    yes_of_good: Floats
    no_of_bad: Floats
    clear: Floats

    @property
    def weight(self) -> Floats:
        """What a voter's word is worth, from 0, a spammer's, to 1."""
        return np.maximum(0.0, self.yes_of_good + self.no_of_bad - 1.0)


def fit(votes: Votes, priors: Priors = DEFAULT) -> Fitted:
    """Fit by expectation and maximisation, from the shares of yes on.

    Cost: some 0.15 s a round for a million votes.
    """
    model = _Model(votes, priors)
    good = model.shares_of_yes()
    known = ~np.isnan(votes.truth)
    good[known] = votes.truth[known]
    posterior = good[:, None] * np.array([0.0, 1.0]) + (1 - good)[:, None] * np.array([1.0, 0.0])
    responsibility = posterior[:, :, None] * model.clear[None, None, :]
    for _ in range(_ROUNDS):
        model.learn(responsibility)
        responsibility = model.judge()
        before, good = good, responsibility[:, 1].sum(axis=1)
        if np.abs(good - before).max(initial=0.0) < _ENOUGH:
            break
    return Fitted(good, model.coins[1], model.coins[0], model.clear)


class _Model:
    """The parameters, and the two steps."""

    def __init__(self, votes: Votes, priors: Priors) -> None:
        self._votes = votes
        self._priors = priors
        self._blur = np.array(priors.blurs)
        self._cell = votes.voter * 2 + votes.yes
        self._cells = votes.voters * 2
        self._known = ~np.isnan(votes.truth)
        start = priors.right / (priors.right + priors.wrong)
        self.coins = np.full((2, votes.voters), start)  # of bad and good images: how often right
        self.clear = np.full(len(self._blur), 1.0 / len(self._blur))
        self._prior = np.full(votes.images, 0.5)

    def shares_of_yes(self) -> Floats:
        """A first guess."""
        votes = self._votes
        yes = np.bincount(votes.image, votes.yes, votes.images)
        return (yes + 0.5) / (np.bincount(votes.image, minlength=votes.images) + 1.0)

    def learn(self, responsibility: Floats) -> None:
        """Coins, shares of blur and of good images, by what is believed of the images now: ``(images, 2, blurs)``."""
        self._learn_coins(responsibility)
        blurs = responsibility.sum(axis=(0, 1)) + _CLEAR_PRIOR * (self._blur == 0.0) + 1.0
        self.clear = blurs / blurs.sum()
        good, free = responsibility[:, 1].sum(axis=1), ~self._known
        synset, weight = self._votes.synset[free], self._priors.images
        overall = (good[free].sum() + 0.5) / (free.sum() + 1.0)
        found = np.bincount(synset, good[free], int(self._votes.synset.max(initial=-1)) + 1)
        shares = (found + weight * overall) / (np.bincount(synset, minlength=len(found)) + weight)
        self._prior = np.clip(shares, _LEAST, 1 - _LEAST)[self._votes.synset]

    def _learn_coins(self, responsibility: Floats) -> None:
        right, wrong = np.full((2, 2, self._votes.voters), [[[self._priors.right]], [[self._priors.wrong]]])
        seen = self._seen()
        for truth in (0, 1):
            for blur in range(len(self._blur)):
                share = responsibility[:, truth, blur]
                weight = np.bincount(self._cell, share[self._votes.image], self._cells) * seen[truth, blur]
                by_answer = weight.reshape(-1, 2)
                right[truth] += by_answer[:, truth]
                wrong[truth] += by_answer[:, 1 - truth]
        if self._priors.coins == 1:
            both = (right.sum(axis=0) - self._priors.right, wrong.sum(axis=0) - self._priors.wrong)
            right, wrong = np.stack([both[0], both[0]]), np.stack([both[1], both[1]])
        self.coins = np.clip(right / (right + wrong), _EDGE, 1 - _EDGE)

    def judge(self) -> Floats:
        """What is believed of the images, by all parameters."""
        votes = self._votes
        logs = np.empty((votes.images, 2, len(self._blur)))
        chance = self._chance()
        for truth in (0, 1):
            prior = np.log(self._prior if truth else 1 - self._prior)
            for blur in range(len(self._blur)):
                said = np.log(chance[truth, blur])[self._cell]
                logs[:, truth, blur] = np.bincount(votes.image, said, votes.images) + prior + np.log(self.clear[blur])
        logs[self._known & (votes.truth == 1), 0] = -np.inf
        logs[self._known & (votes.truth == 0), 1] = -np.inf
        logs -= logs.max(axis=(1, 2), keepdims=True)
        found = np.exp(logs)
        result: Floats = found / found.sum(axis=(1, 2), keepdims=True)
        return result

    def _clear_chance(self) -> Floats:
        """Of each truth and cell of voter and answer, if the voter sees: ``(2, cells)``."""
        bad, good = self.coins
        return np.stack([np.stack([bad, 1 - bad], axis=1).ravel(), np.stack([1 - good, good], axis=1).ravel()])

    def _chance(self) -> Floats:
        """The same for each blur: ``(2, blurs, cells)``."""
        return (1 - self._blur)[None, :, None] * self._clear_chance()[:, None] + self._blur[None, :, None] / 2

    def _seen(self) -> Floats:
        """How probably a voter who answers so has seen anything: ``(2, blurs, cells)``."""
        seen: Floats = (1 - self._blur)[None, :, None] * self._clear_chance()[:, None] / self._chance()
        return seen
