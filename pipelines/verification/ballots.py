"""Which votes count: the last of each voter on each image, and an image's go over to its better copy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

OTHER: Final = "other:"
COPY: Final = "copy:"
YES: Final = "yes"
UNSURE: Final = "unsure"
UNIMAGEABLE: Final = "unimageable"
PLANNER: Final = "plan"
"""Who says what is gold, and takes images of other synsets for that. No person has this name."""


class Place(NamedTuple):
    """An image under a synset."""

    wnid: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one voter says of one image, last.

    Attributes:
        answer: As in the records of votes.
        at: When, in UTC as RFC 3339.
        is_gold: Whether it is known to be true.
    """

    answer: str
    at: str
    is_gold: bool = False

    @property
    def is_yes(self) -> bool:
        """Whether it is for the image."""
        return self.answer == YES

    @property
    def is_of_another(self) -> bool:
        """Whether it names another synset."""
        return self.answer.startswith(OTHER)

    @property
    def is_silent(self) -> bool:
        """Whether it is neither for the image nor against it."""
        return self.answer in (UNSURE, UNIMAGEABLE)

    @property
    def moment(self) -> str:
        """When, in a form that sorts."""
        return self.at.rstrip("Z")

    def is_before(self, other: "Ballot") -> bool:
        """Whether another one, which is read later, takes its place."""
        return self.moment <= other.moment


class Ballots:
    """All that count. What it holds depends on the order of the votes of one synset alone."""

    def __init__(self) -> None:
        self._cast: dict[Place, dict[str, Ballot]] = {}
        self._heirs: dict[Place, Place] = {}

    def __len__(self) -> int:
        """How many images have any."""
        return len(self._cast)

    def cast(self, place: Place, voter: str, ballot: Ballot) -> None:
        """Take a vote in: a vote, or the word that an image was replaced."""
        if ballot.answer.startswith(COPY):
            self._inherit(place, place._replace(sha256=ballot.answer.removeprefix(COPY)))
            return
        if voter == PLANNER and not ballot.is_gold:
            return  # a person of that name would take what is known away
        self._put(self._cast.setdefault(self.last_heir(place), {}), voter, ballot)

    def last_heir(self, place: Place) -> Place:
        """The image that a vote on this one counts for."""
        while (heir := self._heirs.get(place)) is not None:
            place = heir
        return place

    def replaced(self) -> Iterator[Place]:
        """Images that were replaced."""
        yield from self._heirs

    def of(self, place: Place) -> Mapping[str, Ballot]:
        """The votes that count for an image, by voter."""
        return self._cast.get(place, {})

    def places(self) -> list[Place]:
        """Images that have votes, in order."""
        return sorted(self._cast)

    def voters(self) -> list[str]:
        """All who have voted, in order."""
        return sorted({voter for ballots in self._cast.values() for voter in ballots})

    def _inherit(self, old: Place, new: Place) -> None:
        if old == new:
            return
        # What was replaced may come back, in the place of what replaced it: then it stands for both.
        gone = {self.last_heir(old), self.last_heir(new)} - {new}
        self._heirs.pop(new, None)
        for place in sorted(gone):
            self._heirs[place] = new
            for voter, ballot in self._cast.pop(place, {}).items():
                kept = self._cast.setdefault(new, {})
                if voter not in kept or not ballot.is_before(kept[voter]):
                    kept[voter] = ballot

    @staticmethod
    def _put(kept: dict[str, Ballot], voter: str, ballot: Ballot) -> None:
        known = kept.get(voter)
        if known is None or known.is_before(ballot):
            kept[voter] = ballot
