"""Pairs to ask people about: the same picture or not, and which of two synsets a picture belongs to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from synsift.dedupe import MatchOptions, compare
from synsift.pipelines.clock import now_text
from synsift.pipelines.conflicts import read_conflicts
from synsift.pipelines.errors import UsageError
from synsift.pipelines.log.base import Log
from synsift.pipelines.pairs import is_conflict
from synsift.pipelines.reading import Broken, Skipped, read_all
from synsift.pipelines.records import Candidate, Duplicate, Vote
from synsift.pipelines.removed import read_removed, read_survivors
from synsift.pipelines.review.desk import NO, ORIGIN, voter_of
from synsift.pipelines.review.judged import DIFFERENT, JudgedPairs, Key, key_of
from synsift.pipelines.stages.dedupe_state import fingerprint_of
from synsift.pipelines.topics import Router
from synsift.pipelines.verification.ballots import OTHER, UNSURE, YES, Place

DOUBT: Final = "doubt"
CONFLICT: Final = "conflict"
SAME: Final = "same"
_MARGIN: Final = 0.07
"""Near copies whose score is less than this above the threshold are in doubt."""
_MOST: Final = 20_000
"""So many near copies are looked at, the last ones."""
_FIRST, _SECOND, _BOTH, _NEITHER, _UNSURE = "first", "second", "both", "neither", UNSURE
ANSWERS: Final = {
    DOUBT: (SAME, DIFFERENT, _UNSURE),
    CONFLICT: (_FIRST, _SECOND, _BOTH, _NEITHER, DIFFERENT, _UNSURE),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures to judge.

    Attributes:
        kind: ``doubt``: they are taken for copies, and hardly so; ``conflict``: for copies under two synsets.
        first: The one that was kept, or came first.
        second: The other one.
        score: How well they agree, of 1.
        reasons: What speaks for and against it, for people.
    """

    kind: str
    first: Place
    second: Place
    score: float
    reasons: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What a judgement of it is about."""
        return key_of(self.first, self.second, with_synsets=self.kind == CONFLICT)

    @property
    def answers(self) -> tuple[str, ...]:
        """What may be said of it."""
        is_one_file = self.first.sha256 == self.second.sha256
        return tuple(one for one in ANSWERS[self.kind] if one != DIFFERENT or not is_one_file)


class PairDesk:
    """Gives pairs out and takes answers in. Used by one thread at a time."""

    def __init__(self, log: Log, options: MatchOptions, judged: JudgedPairs) -> None:
        self._log = log
        self._router = Router(log.partitions)
        self._options = options
        self._judged = judged
        self._pairs = [*_conflicts(log), *_doubts(log, options)]
        self._images = {place.sha256 for pair in self._pairs for place in (pair.first, pair.second)}

    def knows(self, sha256: str) -> bool:
        """Whether an image is in any pair."""
        return sha256 in self._images

    def left(self) -> list[Pair]:
        """Pairs that nobody has judged, conflicts first, then those most in doubt."""
        return [pair for pair in self._pairs if pair.key not in self._judged]

    def take(self, voter: str, first: Place, second: Place, answer: str) -> None:
        """Write an answer down; returns when it is kept.

        Which synset a picture belongs to becomes votes; that two aren't copies, a line that ``dedupe`` honours.

        Args:
            voter: Whose it is.
            first: The first picture of a pair.
            second: The second one.
            answer: One of its ``answers``.

        Raises:
            UsageError: There is no such pair or answer, or it can't be kept.
        """
        voter = voter_of(voter)
        pair = next((one for one in self._pairs if (one.first, one.second) == (first, second)), None)
        if pair is None:
            raise UsageError("this pair is not known", hint="load the page again")
        if answer not in pair.answers:
            raise UsageError(f"`{answer[:40]}` is no answer to this")
        at = now_text()
        votes = _votes(pair, voter, answer, at) if pair.kind == CONFLICT else []
        self._log.produce([self._router.vote(vote) for vote in votes])
        self._judged.add(first, second, answer, says=f"{voter}, {at}", with_synsets=pair.kind == CONFLICT)


def _votes(pair: Pair, voter: str, answer: str, at: str) -> list[Vote]:
    one, other = pair.first, pair.second
    says = {
        _FIRST: (YES, OTHER + one.wnid),
        _SECOND: (OTHER + other.wnid, YES),
        _BOTH: (YES, YES),
        _NEITHER: (NO, NO),
        _UNSURE: (UNSURE, UNSURE),
    }.get(answer)
    if says is None:
        return []
    return [
        Vote(wnid=place.wnid, sha256=place.sha256, voter=voter, answer=said, at=at, origin=ORIGIN)
        for place, said in zip((one, other), says, strict=True)
    ]


def _conflicts(log: Log) -> Iterator[Pair]:
    for found in read_conflicts(log):
        if is_conflict(found.tie):
            first, second = Place(found.other_wnid, found.other_sha256), Place(found.wnid, found.sha256)
            yield Pair(CONFLICT, first, second, found.score)


def _doubts(log: Log, options: MatchOptions) -> Sequence[Pair]:
    near = [one for one in read_all(log, Duplicate, Skipped()) if one.kind == "near"][-_MOST:]
    kept: dict[tuple[str, str], Candidate] = {}
    wanted = {(one.wnid, sha256) for one in near for sha256 in (one.of, one.sha256)}
    for survivor in read_survivors(log, Skipped()):
        name = survivor.candidate.wnid, survivor.candidate.image.sha256
        if name in wanted:
            kept[name] = survivor.candidate
    found, removed = [], read_removed(log)
    for one in near:
        if one.sha256 in removed:
            continue
        candidate, of = one.candidate or kept.get((one.wnid, one.sha256)), kept.get((one.wnid, one.of))
        if candidate is not None and of is not None and (pair := _doubt(of, candidate, options)) is not None:
            found.append(pair)
    return sorted(found, key=lambda pair: (pair.score, pair.first, pair.second))


def _doubt(of: Candidate, candidate: Candidate, options: MatchOptions) -> Pair | None:
    first, second = fingerprint_of(of.image), fingerprint_of(candidate.image)
    if isinstance(first, Broken) or isinstance(second, Broken):
        return None
    found = compare(first, second, options=options)
    if found.score >= options.criteria.score + _MARGIN:
        return None
    places = Place(of.wnid, of.image.sha256), Place(candidate.wnid, candidate.image.sha256)
    return Pair(DOUBT, *places, round(found.score, 3), found.reasons)
