"""What files say → votes in the log. What can't be a vote is told with its place, and the rest goes on."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from synsift.pipelines.clock import now_text
from synsift.pipelines.exchange.said import Said, Unreadable
from synsift.pipelines.exchange.votes_in import PLAIN, Line, read_votes
from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Broken, Skipped, read_all, read_bytes
from synsift.pipelines.records import Survivor, Task, Vote, encode
from synsift.pipelines.texts import printable
from synsift.pipelines.verification.ballots import COPY, OTHER, PLANNER, Place
from synsift.pipelines.voting import append_votes, place_of

_AHEAD_S: Final = 24 * 3600.0
"""So far ahead a time may be, of another zone or a wrong clock. One further ahead would outlast all later votes."""
_REPLACED: Final = "\ufffd"
_SHOWN: Final = 40
_WANTED: Final = {
    "wnid": "a synset: letters, digits and `.`, `_`, `-`, 64 at most",
    "sha256": "the SHA-256 of an image: 64 digits of 0-9a-f",
    "voter": "a name: 128 characters at most, no control characters",
    "answer": "an answer: yes, no, unsure, broken, unimageable or other:WNID",
    "task": "the id of a batch: 32 digits of 0-9a-f",
}

Tell = Callable[[Path, Unreadable], None]
Name = tuple[str, str, str]


@dataclass(slots=True)
class Imported:
    """What came of files.

    Attributes:
        written: Votes that are new in the log.
        known: Votes that stood there already.
        unreadable: Places that are no votes.
        voters: Who has voted, and how often.
    """

    written: int = 0
    known: int = 0
    unreadable: int = 0
    voters: Counter[str] = field(default_factory=Counter)


def import_votes(log: Log, files: Sequence[Path], tell: Tell) -> Imported:
    """Write the votes of files into the log; doing it again changes nothing.

    Args:
        log: Gets them.
        files: In any form that ``read_votes`` tells.
        tell: Is told of each place that is no vote.

    Raises:
        UsageError: A file can't be read at all; nothing of any is written then.
    """
    opened = [(path, *read_votes(path)) for path in files]
    importing = _Importing(log, tell)
    done = importing.done
    done.written = append_votes(log, (vote for one in opened for vote in importing.votes(*one)))
    done.known = done.voters.total() - done.written
    return done


class _Importing:
    def __init__(self, log: Log, tell: Tell) -> None:
        self.done = Imported()
        self._tell = tell
        self._places = _places(log)
        self._last: dict[Name, str] = {_name(vote): vote.answer for vote in read_all(log, Vote, Skipped())}
        self._now = now_text()
        self._latest = now_text(ahead_s=_AHEAD_S)

    def votes(self, path: Path, kind: str, lines: Iterator[Line]) -> Iterator[Vote]:
        """The votes of a file that may be new. One without a time is of now, if its voter hasn't said the same last."""
        origin = path.name if kind == PLAIN else kind
        for line in lines:
            found = line if isinstance(line, Unreadable) else self._vote(line, origin)
            if isinstance(found, Unreadable):
                self.done.unreadable += 1
                self._tell(path, found)
                continue
            self.done.voters[found.voter] += 1
            is_dated = isinstance(line, Said) and line.at != ""
            if is_dated or self._last.get(_name(found)) != found.answer:
                self._last[_name(found)] = found.answer
                yield found

    def _vote(self, said: Said, origin: str) -> Vote | Unreadable:
        vote = Vote(
            wnid=said.wnid,
            sha256=said.sha256,
            voter=unicodedata.normalize("NFC", said.voter),
            answer=said.answer,
            at=said.at or self._now,
            origin=origin,
            took_s=said.took_s,
            task=said.task,
        )
        if _REPLACED in said.voter:
            return Unreadable(said.where, "its voter's name isn't in UTF-8: save the file as that")
        if vote.voter == PLANNER:
            return Unreadable(said.where, f"a voter can't be called `{PLANNER}`: that says what is gold")
        if said.at > self._latest:
            return Unreadable(said.where, f"it was given at {said.at}, which is yet to come")
        try:
            checked = read_bytes(Vote, encode(vote))
        except UnicodeError:
            return Unreadable(said.where, "it has characters that are none")
        if isinstance(checked, Broken):
            return Unreadable(said.where, _why_broken(vote, checked))
        if said.answer.startswith(COPY):
            return Unreadable(said.where, f"`{said.answer[:12]}…` is no answer of a voter's")
        if said.answer == OTHER + said.wnid:
            return Unreadable(said.where, f"it says that it shows another synset, and names its own, `{said.wnid}`")
        if Place(vote.wnid, vote.sha256) not in self._places:
            why = f"no image `{vote.sha256[:12]}…` was ever kept or asked for under `{vote.wnid}`"
            return Unreadable(said.where, why)
        return vote


def _why_broken(vote: Vote, broken: Broken) -> str:
    """What is wrong with a vote, in words: the record's own say it by a pattern."""
    for name, wanted in _WANTED.items():
        if f"`$.{name}`" in broken.text:
            value = printable(str(getattr(vote, name)))
            return f"its {name}, `{value[:_SHOWN]}{'…' if len(value) > _SHOWN else ''}`, is not {wanted}"
    return broken.text


def _name(vote: Vote) -> Name:
    return vote.wnid, vote.sha256, vote.voter


def _places(log: Log) -> set[Place]:
    """Images that may be voted on, those included that were replaced since."""
    found = {place_of(survivor) for survivor in read_all(log, Survivor, Skipped())}
    for task in read_all(log, Task, Skipped()):
        found.update(Place(task.wnid, sha256) for sha256 in task.images)
    return found
