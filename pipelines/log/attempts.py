"""Which inputs of a partition were in flight when its owners died. Pure; travels in the position's note.

    plain     by W, open to E         W dies ──▶ whatever isn't done below E is a suspect
    careful   by W, suspects; begun   W dies ──▶ those that were begun have one death more
    let go    suspects, if any        nobody died

A plain partition costs no write of its own: each commit moves the end ``E`` ahead of what will be read. A careful one
has suspects that aren't done; each is written down before it begins, a few in company, or one alone in its process.
"""

import itertools
import logging
from collections import deque
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Annotated, Final

import msgspec

from synsift.pipelines.log.base import Position
from synsift.pipelines.unreadable import UNREADABLE

_log: Final = logging.getLogger(__name__)

POISONOUS: Final = "poisonous"
"""Outcome of an input that was in flight whenever workers died, and in the end alone."""
DEATHS: Final = 3
"""So many deaths make an input poisonous …"""
DEATHS_ALONE: Final = 2
"""… if nothing else was in flight at so many of them: one may be chance, an operator or the kernel that kills."""
DEATHS_IN_COMPANY: Final = 6
"""So many make it poisonous even so: what takes minutes can't be waited for alone, and must not kill for ever."""
FEW: Final = 32
"""So many suspects begin together at most. What died in such company is tried alone the next time."""
AHEAD: Final = 2_000
"""How far above what was read a commit opens a partition. Smaller, and reading outruns it, which costs a write; larger,
and more inputs are suspects that were never begun."""
NOTE_CHARACTERS: Final = 4_000
"""Kafka's brokers take 4,096 bytes beside a position."""
_SEPARATOR: Final = ";"
_MAX_SUSPECTS: Final = 20_000


class Begun(IntEnum):
    """How an input began."""

    NOT = 0
    IN_COMPANY = 1
    ALONE = 2


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is held against an input.

    Attributes:
        deaths: Owners that died while it was in flight.
        alone: Those of them that had nothing else in flight.
        in_few: Whether few were in flight at one of them.
    """

    deaths: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    in_few: bool = False

    @property
    def is_strong(self) -> bool:
        """Whether it is to be tried alone."""
        return self.in_few or len(self.deaths) > 1

    @property
    def is_proof(self) -> bool:
        """Whether it is not to be tried again."""
        alone = len(self.deaths) >= DEATHS and len(self.alone) >= DEATHS_ALONE
        return alone or len(self.deaths) >= DEATHS_IN_COMPANY


_Natural = Annotated[int, msgspec.Meta(ge=0, le=_MAX_SUSPECTS)]


class _Run(msgspec.Struct, frozen=True, array_like=True):
    """Suspects next to each other, with the same suspicion: the first's distance to the position, how many offsets."""

    first: _Natural
    count: _Natural
    deaths: tuple[_Natural, ...] = ()
    alone: tuple[_Natural, ...] = ()
    in_few: bool = False
    begun: Begun = Begun.NOT


class _Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands in a note: the owner, how far it was open, the dead by name, the suspects."""

    by: str = ""
    to: _Natural = 0
    dead: tuple[str, ...] = ()
    runs: tuple[_Run, ...] = ()


class Attempts:
    """The suspects of one partition, and what of it may be in flight."""

    def __init__(self, owner: str, suspects: Mapping[int, Suspicion]) -> None:
        """Begin with nothing in flight.

        Args:
            owner: Name of whoever has the partition now.
            suspects: By offset.
        """
        self._owner = owner
        self._suspects = dict(sorted(suspects.items()))
        self._unread = deque(self._suspects)
        self._begun: dict[int, Begun] = {}
        self._open_to = 0

    @classmethod
    def taken_over(cls, owner: str, position: Position, done: Container[int], alive: Container[str]) -> "Attempts":
        """Count what a note says.

        Args:
            owner: The new owner.
            position: As it was committed.
            done: Offsets above it that are done.
            alive: Owners that let go without saying so in the note, and are known to have lived on.
        """
        mark = _read(position.note)
        died = mark.by if mark.by not in ("", owner) and mark.by not in alive else ""
        suspects = {
            position.offset + offset: suspicion
            for offset, suspicion in _suspects(mark, died, alive)
            if position.offset + offset not in done
        }
        if died and mark.to:
            end = position.offset + mark.to
            in_flight = range(position.offset, min(end, position.ends) if position.ends else end)
            fresh = [offset for offset in in_flight if offset not in done and offset not in suspects]
            suspects |= dict.fromkeys(fresh, Suspicion((died,)))
        return cls(owner, suspects)

    def were_few(self) -> None:
        """What was in flight in all, in this partition and others of the same owner, was little: try each alone."""
        for offset, suspicion in self._suspects.items():
            self._suspects[offset] = replace(suspicion, in_few=True)

    # What is known.

    @property
    def is_careful(self) -> bool:
        """Whether there are suspects, before which nothing else begins."""
        return bool(self._suspects)

    @property
    def suspects(self) -> int:
        """How many there are."""
        return len(self._suspects)

    def of(self, offset: int) -> Suspicion | None:
        """What is held against an input; None for nothing."""
        return self._suspects.get(offset)

    @property
    def has_unread(self) -> bool:
        """Whether one has not been read yet."""
        return bool(self._unread)

    @property
    def has_strong_unread(self) -> bool:
        """Whether one that is to be tried alone has not been read yet."""
        return any(self._suspects[offset].is_strong for offset in self._unread)

    def is_noted(self, offset: int) -> bool:
        """Whether the note says that an input may be in flight."""
        return offset < self._open_to and offset not in self._suspects

    @property
    def says_in_flight(self) -> bool:
        """Whether the note says that anything may be."""
        return bool(self._open_to or self._begun)

    # What happens.

    def read(self, offset: int) -> None:
        """Reading has come to an offset: suspects before it that were not met are no records."""
        while self._unread and self._unread[0] <= offset:
            passed = self._unread.popleft()
            if passed != offset:
                self._suspects.pop(passed, None)

    def begin(self, offset: int, how: Begun) -> None:
        """An input is about to begin."""
        if offset in self._suspects:
            self._begun[offset] = how

    def open(self, to: int) -> None:
        """All below an offset may begin without a word more."""
        self._open_to = max(self._open_to, to)

    def move_on(self, to: int) -> None:
        """The same, if it is open."""
        if self._open_to:
            self.open(to)

    def end(self, offset: int) -> None:
        """An input is done, or about to be said to be."""
        self._begun.pop(offset, None)
        self._suspects.pop(offset, None)

    def close(self) -> None:
        """Nothing is in flight, or what is will be begun anew by another."""
        self._open_to = 0
        self._begun.clear()

    def noted(self, at: Position) -> Position:
        """A position with what is to be remembered beside it."""
        left = NOTE_CHARACTERS - len(at.note) - len(_SEPARATOR)
        mark = self._mark(at.offset)
        if not mark.to and not mark.runs:
            return at
        while len(text := msgspec.json.encode(mark).decode()) > left and mark.runs:
            # What was in flight at the fewest deaths can be forgotten best: it is counted anew.
            weakest = min(range(len(mark.runs)), key=lambda number: len(mark.runs[number].deaths))
            mark = msgspec.structs.replace(mark, runs=mark.runs[:weakest] + mark.runs[weakest + 1 :])
        return Position(at.offset, at.note + _SEPARATOR + text)

    def _mark(self, low: int) -> _Mark:
        dead = sorted({name for suspicion in self._suspects.values() for name in suspicion.deaths})
        number = {name: place for place, name in enumerate(dead)}
        runs = [
            _Run(
                first=offsets[0] - low,
                count=offsets[-1] - offsets[0] + 1,
                deaths=tuple(number[name] for name in suspicion.deaths),
                alone=tuple(number[name] for name in suspicion.alone),
                in_few=suspicion.in_few,
                begun=begun,
            )
            for offsets, suspicion, begun in self._alike(low)
        ]
        by = self._owner if self.says_in_flight else ""
        return _Mark(by, max(0, self._open_to - low), tuple(dead), tuple(runs))

    def _alike(self, low: int) -> Iterator[tuple[list[int], Suspicion, Begun]]:
        """Suspects from an offset on, those together of which the same is to be said."""

        def said(item: tuple[int, tuple[int, Suspicion]]) -> tuple[Suspicion, Begun, int]:
            place, (offset, suspicion) = item
            # A crowd's offsets have gaps where inputs are done or transactions end, and need not be told one by one;
            # what an input is charged with beyond that must never be another's.
            apart = offset - place if len(suspicion.deaths) > 1 else 0
            return suspicion, self._begun.get(offset, Begun.NOT), apart

        left = ((offset, suspicion) for offset, suspicion in self._suspects.items() if offset >= low)
        for (suspicion, begun, _), group in itertools.groupby(enumerate(left), key=said):
            yield [offset for _, (offset, _) in group], suspicion, begun


def done_of(note: str) -> str:
    """The part of a note that says what is done."""
    return note.partition(_SEPARATOR)[0]


def _read(note: str) -> _Mark:
    """What a note says of attempts. One that isn't ours says nothing: an attempt is counted too few."""
    text = note.partition(_SEPARATOR)[2]
    if not text:
        return _Mark()
    try:
        mark = msgspec.json.decode(text, type=_Mark)
    except UNREADABLE:
        _log.warning("the note of a position can't be read, and what it says of attempts is not counted")
        return _Mark()
    named = [number for run in mark.runs for number in (*run.deaths, *run.alone)]
    if sum(run.count for run in mark.runs) > _MAX_SUSPECTS or any(number >= len(mark.dead) for number in named):
        _log.warning("the note of a position contradicts itself, and what it says of attempts is not counted")
        return _Mark()
    return mark


def _suspects(mark: _Mark, died: str, alive: Container[str]) -> Iterator[tuple[int, Suspicion]]:
    """Suspects by their distance to the position. Those that were begun have a death more, if ``died`` names one."""
    for run in mark.runs:
        deaths = [mark.dead[number] for number in run.deaths if mark.dead[number] not in alive]
        alone = [mark.dead[number] for number in run.alone if mark.dead[number] not in alive]
        in_few = run.in_few
        if died and run.begun is not Begun.NOT:
            deaths.append(died)
            alone += [died] if run.begun is Begun.ALONE else []
            in_few = True
        if deaths:
            suspicion = Suspicion(tuple(deaths), tuple(alone), in_few)
            for offset in range(run.first, run.first + run.count):
                yield offset, suspicion
