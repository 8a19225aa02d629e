"""Ballots → verdicts: one function, of the ballots and of the rule alone, whatever came first."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.pipelines.verification import table, voters
from synsift.pipelines.verification.asking import Rule
from synsift.pipelines.verification.ballots import OTHER, PLANNER, UNIMAGEABLE, Ballot, Ballots, Place

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

COMES_BACK: Final = 20.0
"""Votes of a voter, on average, from which on voters are known by their votes rather than by the synset's table. With
fewer, their coins are little but their prior."""
_FEW: Final = 3
"""People who must say that a synset can't be shown, at least."""
_DIGITS: Final = 3


class Verdict(StrEnum):
    """What becomes of an image."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CONTESTED = "contested"
    UNIMAGEABLE = "unimageable"
    REPLACED = "replaced"
    OPEN = "open"


class By(StrEnum):
    """What a confidence is from."""

    TABLE = "table"
    VOTERS = "voters"
    GOLD = "gold"
    ELSEWHERE = "elsewhere"
    """Gold that was taken from another synset, to be shown here as what isn't meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What follows from the votes on an image.

    Attributes:
        verdict: What becomes of it.
        good: Probability that it is good.
        yes: Votes for it.
        no: Votes against it.
        unsure: Votes that say neither.
        by: What the probability is from.
        other: The synset that most of those name who name another one; empty for none.
    """

    verdict: Verdict
    good: float
    yes: int
    no: int
    unsure: int
    by: By
    other: str = ""

    @property
    def votes(self) -> int:
        """All of them."""
        return self.yes + self.no + self.unsure

    @property
    def confidence(self) -> float:
        """How sure the verdict is, rounded down; of one that is open or contested, how sure it is that it is good."""
        sure = 1.0 - self.good if self.verdict is Verdict.REJECTED else self.good
        scale = 10.0**_DIGITS
        # What is whole but for the last bits of a sum is whole.
        return float(np.floor(sure * scale + 1e-6) / scale)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from all votes.

    Attributes:
        images: Of each image.
        weights: What each voter's word is worth, 0 to 1, where voters are known; empty otherwise.
        tables: Of each synset: probability of good by votes for and against it, ``(most + 1, most + 1)``.
        unimageable: Synsets that can't be shown.
    """

    images: Mapping[Place, Judged]
    weights: Mapping[str, float]
    tables: Mapping[str, Floats]
    unimageable: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Ballots in columns; ``truth`` is NaN where nobody knows."""

    places: list[Place]
    names: list[str]
    synsets: list[str]
    votes: voters.Votes
    yes: Integers
    no: Integers
    unsure: Integers


def judge(ballots: Ballots, rule: Rule, *, by: By | None = None, least: int = 1) -> Outcome:
    """Judge all images that have votes.

    Args:
        ballots: The votes that count.
        rule: When it is sure enough.
        by: What the confidence is from; None for voters if they come back, else the table.
        least: Votes that the tables go up to at least.
    """
    columns = _columns(ballots)
    if not columns.places:
        return Outcome({}, {}, {}, frozenset())
    synset = columns.votes.synset
    most = max(least, int(columns.yes.max()), int(columns.no.max()))
    free = np.isnan(columns.votes.truth)
    mixture = table.fit(columns.yes[free], columns.no[free], synset[free], len(columns.synsets))
    tables = mixture.confidence(most)
    wanted = by or _fitting(columns)
    weights: dict[str, float] = {}
    if wanted is By.VOTERS:
        fitted = voters.fit(columns.votes)
        good = fitted.good
        weights = dict(zip(columns.names, map(float, fitted.weight), strict=True))
    else:
        good = tables[synset, columns.yes, columns.no]
    good = np.where(free, good, np.nan_to_num(columns.votes.truth))
    unimageable = _unimageable(columns, ballots)
    images = {
        place: _judged(columns, at, float(good[at]), ballots, rule, wanted, place.wnid in unimageable)
        for at, place in enumerate(columns.places)
    }
    return Outcome(images, weights, dict(zip(columns.synsets, tables, strict=True)), unimageable)


def _columns(ballots: Ballots) -> _Columns:
    places, names = ballots.places(), ballots.voters()
    synsets = sorted({place.wnid for place in places})
    number_of = {name: number for number, name in enumerate(names)}
    synset_of = {wnid: number for number, wnid in enumerate(synsets)}
    image, voter, yes = [], [], []
    truth, unsure = np.full(len(places), np.nan), np.zeros(len(places), int)
    for at, place in enumerate(places):
        known = known_answer(ballots.of(place))
        if known is not None:
            truth[at] = known.is_yes
        for name, ballot in sorted(ballots.of(place).items()):
            if ballot.is_gold:
                continue
            if ballot.is_silent:
                unsure[at] += 1
            else:
                image.append(at)
                voter.append(number_of[name])
                yes.append(ballot.is_yes)
    said = np.array(yes, bool)
    which = np.array(image, int)
    votes = voters.Votes(
        image=which,
        voter=np.array(voter, int),
        yes=said,
        synset=np.array([synset_of[place.wnid] for place in places], int),
        truth=truth,
    )
    counts = [np.bincount(which[mask], minlength=len(places)) for mask in (said, ~said)]
    return _Columns(places, names, synsets, votes, counts[0], counts[1], unsure)


def _fitting(columns: _Columns) -> By:
    """Voters, where most votes are of people who have cast many."""
    cast = np.bincount(columns.votes.voter) if len(columns.votes.voter) else np.zeros(1)
    of_each = np.sort(cast[columns.votes.voter]) if len(columns.votes.voter) else cast
    return By.VOTERS if of_each[len(of_each) // 2] >= COMES_BACK else By.TABLE


def _unimageable(columns: _Columns, ballots: Ballots) -> frozenset[str]:
    """Synsets of which most of those who voted on them say that no picture can show them."""
    voted: dict[str, set[str]] = {wnid: set() for wnid in columns.synsets}
    said: dict[str, set[str]] = {wnid: set() for wnid in columns.synsets}
    for place in columns.places:
        for name, ballot in ballots.of(place).items():
            if not ballot.is_gold:
                voted[place.wnid].add(name)
                if ballot.answer == UNIMAGEABLE:
                    said[place.wnid].add(name)
    return frozenset(w for w in columns.synsets if len(said[w]) >= _FEW and 2 * len(said[w]) > len(voted[w]))


def _judged(  # noqa: PLR0913 - all that is known of one image
    columns: _Columns,
    at: int,
    good: float,
    ballots: Ballots,
    rule: Rule,
    by: By,
    cannot_be_shown: bool,
) -> Judged:
    cast = ballots.of(columns.places[at])
    is_gold = not np.isnan(columns.votes.truth[at])
    yes, no, unsure = int(columns.yes[at]), int(columns.no[at]), int(columns.unsure[at])
    verdict = verdict_of(good, yes + no + unsure, rule, is_known=is_gold)
    if cannot_be_shown and not is_gold:
        verdict = Verdict.UNIMAGEABLE
    return Judged(
        verdict=verdict,
        good=good,
        yes=yes,
        no=no,
        unsure=unsure,
        by=_gold_from(cast) if is_gold else by,
        other=_other(cast.values()),
    )


def known_answer(cast: Mapping[str, Ballot]) -> Ballot | None:
    """The answer that is known to be true, if any: the latest of those that are said to be."""
    latest = None
    for name in sorted(name for name, ballot in cast.items() if ballot.is_gold):
        latest = cast[name] if latest is None or latest.is_before(cast[name]) else latest
    return latest


def _gold_from(cast: Mapping[str, Ballot]) -> By:
    gold = {name: ballot for name, ballot in cast.items() if ballot.is_gold}
    return By.ELSEWHERE if set(gold) == {PLANNER} and gold[PLANNER].is_of_another else By.GOLD


def verdict_of(good: float, votes: int, rule: Rule, *, is_known: bool = False) -> Verdict:
    """What becomes of an image that is good so probably, and has so many votes."""
    if votes < rule.first and not is_known:
        return Verdict.OPEN
    if good >= rule.accept:
        return Verdict.ACCEPTED
    if good <= rule.reject:
        return Verdict.REJECTED
    return Verdict.CONTESTED if votes >= rule.most else Verdict.OPEN


def _other(cast: Collection[Ballot]) -> str:
    named = Counter(ballot.answer.removeprefix(OTHER) for ballot in cast if ballot.answer.startswith(OTHER))
    return min(named, key=lambda wnid: (-named[wnid], wnid)) if named else ""
