"""Which of the inputs that were read begin now: all of them, unless workers died with some of them in flight.

    read ──add──▶ waiting ──ready──▶ plain: all at once
                                 ├─▶ suspects, a few at a time; what else the stage has goes on
                                 ├─▶ strong suspects, each alone in the process, those with the fewest deaths first
                                 └─▶ proven ones: a dead letter, ``poisonous``

Where suspects take long, they and what else is waiting take turns (``turns.py``): a host that answers goes on. Of
suspects, too, those come first whose hosts answer: any at a dead one may take half a minute.
Whether a suspect began alone is written down before it begins (``Ledger.begin``); see ``log/attempts.py``.
"""

import itertools
import logging
import math
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from synsift.pipelines.dead_letters import REPLAY_OF
from synsift.pipelines.gate import Gate
from synsift.pipelines.log.attempts import FEW, POISONOUS, Begun, Suspicion
from synsift.pipelines.log.base import Message
from synsift.pipelines.stages.ledger import Ledger
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.stages.turns import Turns

_log: Final = logging.getLogger(__name__)

_TRIAL_S: Final = 30.0
"""What began alone and waits for its host for so long doesn't kill just now: others begin beside it."""
_PASSED_S: Final = 10.0
"""The same for one of a few."""
# So long after the last record suspects are awaited that were not read yet. Some never come: ends of transactions take
# offsets, too.
_AWAITED_S: Final = 3.0
_MOST_KEYS: Final = 20_000
"""So many hosts are remembered as to whether they answer."""
_FIRST, _UNKNOWN, _LAST = 0, 1, 2
# By no decoder: it may be that which the record kills.
_WNID: Final = re.compile(rb'"wnid":"([A-Za-z0-9][A-Za-z0-9._-]{0,63})"')


@dataclass(frozen=True, slots=True)
class Start:
    """Inputs that begin now, and how.

    Attributes:
        messages: They begin.
        how: Alone or not.
        joined: What began alone, and has company from now on.
    """

    messages: Sequence[Message] = ()
    how: Begun = Begun.IN_COMPANY
    joined: Sequence[Message] = ()


class _Begin(NamedTuple):
    """When an input began, and whether it is a suspect."""

    at_s: float
    is_suspect: bool


@dataclass(slots=True)
class _Sorted:
    """What waits. Of a strong one its rank and its deaths stand before it."""

    plain: list[Message]
    weak: list[Message]
    strong: list[tuple[int, int, Message]]
    has_weak: bool = False
    weak_rank: int = _LAST

    def comes_alone(self) -> Message | None:
        """The strong suspect that is next, if no weak one is before it."""
        rank, _, message = min(self.strong, key=lambda item: item[:2], default=(_LAST, 0, None))
        return message if message is not None and (not self.has_weak or rank < self.weak_rank) else None


class Turnstile:
    """Inputs of one stage between reading and beginning.

    Attributes:
        gate: Shared by the stages of a process.
    """

    def __init__(
        self, stage: str, ledger: Ledger, *, in_order: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin without partitions.

        Args:
            stage: Name of the stage.
            ledger: Knows what is suspected, and takes dead letters.
            in_order: Whether the inputs of a partition must begin in the order in which they stand there.
            clock: Seconds.
        """
        self.gate = Gate()
        self._stage = stage
        self._ledger = ledger
        self._in_order = in_order
        self._clock = clock
        self._waiting: dict[int, deque[Message]] = {}
        self._begun: dict[int, dict[int, _Begin]] = {}
        self._alone: Message | None = None
        self._heard_s = 0.0
        self._turns = Turns()
        self._are_others = False
        self._begins = False
        self._answers: dict[bytes | None, bool] = {}

    def assign(self, partition: int) -> None:
        """A partition is ours."""
        self._waiting[partition] = deque()
        self._begun[partition] = {}
        self._heard_s = self._clock()

    def forget(self, partition: int) -> None:
        """A partition is another's."""
        self._waiting.pop(partition, None)
        self._begun.pop(partition, None)
        if self._alone is not None and self._alone.partition == partition:
            self._alone = None
        self._tell_gate()

    def close(self) -> None:
        """The stage has ended."""
        self._waiting.clear()
        self._begun.clear()
        self._tell_gate()
        self.gate.leave(self._stage)

    def add(self, message: Message) -> None:
        """Take in an input that was admitted."""
        self._waiting[message.partition].append(message)
        self._heard_s = self._clock()

    def ended(self, message: Message) -> None:
        """An input is committed."""
        self._begun.get(message.partition, {}).pop(message.offset, None)
        if message is self._alone:
            self._alone = None
        self._tell_gate()

    def heard(self, message: Message, *, answers: bool) -> None:
        """What an input asked, by its key, answers, or does not."""
        self._answers.pop(message.key, None)
        self._answers[message.key] = answers
        if len(self._answers) > _MOST_KEYS:
            del self._answers[next(iter(self._answers))]

    def _rank(self, message: Message) -> int:
        """Smaller is earlier: what answers, what nobody knows of, what doesn't."""
        answers = self._answers.get(message.key)
        return _UNKNOWN if answers is None else _FIRST if answers else _LAST

    def rest(self, message: Message) -> None:
        """An input that began waits for something, and can't kill: for the gate, it is as if it had not begun."""
        begun = self._begun.get(message.partition, {})
        if message.offset in begun:
            begun[message.offset] = begun[message.offset]._replace(at_s=-math.inf)
            self._tell_gate()

    def waits(self, message: Message, wait_s: float) -> None:
        """An input that began is not asked for before: where that is longer than any trial, it rests until then."""
        if wait_s > _TRIAL_S:
            self.rest(message)

    def resume(self, message: Message) -> bool:
        """It goes on. False if it must not now."""
        begun = self._begun.get(message.partition, {})
        is_another_alone = self._alone is not None and self._alone is not message
        if message.offset not in begun or is_another_alone or not self.gate.begin(self._stage):
            return False
        begun[message.offset] = begun[message.offset]._replace(at_s=self._clock())
        return True

    @property
    def has_waiting(self) -> bool:
        """Whether inputs wait to begin. Safe from any thread."""
        return any(list(self._waiting.values()))

    @property
    def is_careful(self) -> bool:
        """Whether inputs are suspected, or another stage waits to be alone: what has ended is to be known soon."""
        return self.gate.is_wanted or any(self._ledger.attempts(partition).is_careful for partition in self._waiting)

    @property
    def is_passed(self) -> bool:
        """Whether nothing waits to begin, and what began last is on its way. Safe from any thread."""
        return not self.has_waiting and not self._begins  # in this order: what leaves the one is in the other

    def full(self) -> frozenset[int]:
        """Partitions of which enough is waiting."""
        return frozenset(partition for partition in self._waiting if self._held(partition) >= FEW)

    def _held(self, partition: int) -> int:
        """How many inputs of a partition wait for the others of it."""
        passes = self._are_others and not self._in_order
        return sum(1 for _ in self._plain(partition)) if passes else len(self._waiting[partition])

    def must_step_aside(self) -> bool:
        """Whether what is in flight has kept another waiting for too long, and must be let go."""
        if self.gate.is_wanted:
            self._tell_gate()
        return self.gate.presses(self._stage)

    def ready(self) -> Start:
        """What begins now. It counts as begun."""
        self._begins = False
        joined = self._end_trial()
        if self._alone is not None:
            return Start()
        self._are_others = self._is_turn_of_others()
        found = self._sort()
        if self._are_others or (not found.strong and not self._awaits_strong()):
            self.gate.leave(self._stage)
            return self._start([*found.weak, *found.plain], Begun.IN_COMPANY, joined)
        next_alone = found.comes_alone()
        if joined or (found.has_weak and next_alone is None):
            return self._start(found.weak, Begun.IN_COMPANY, joined)
        if not self.gate.enter(self._stage) or next_alone is None:
            return Start()
        self._alone = next_alone
        return self._start([next_alone], Begun.ALONE)

    def _is_turn_of_others(self) -> bool:
        # In order nothing passes a suspect: turns would only stand still.
        if not self._in_order and any(self._ledger.attempts(partition).is_careful for partition in self._waiting):
            return self._turns.are_others(self._clock(), are_busy=self._others_are_busy())
        self._turns.end()
        return False

    def _others_are_busy(self) -> bool:
        since_s = self._clock() - _PASSED_S
        begun = (begin for begun in self._begun.values() for begin in begun.values())
        if any(begin.at_s > since_s and not begin.is_suspect for begin in begun):
            return True
        return any(True for partition in self._waiting for _ in self._plain(partition))

    def _on_trial(self, partition: int, patience_s: float = _PASSED_S) -> int:
        """How many suspects of a partition began of late."""
        since_s = self._clock() - patience_s
        return sum(1 for begin in self._begun[partition].values() if begin.is_suspect and begin.at_s > since_s)

    def _end_trial(self) -> list[Message]:
        """What began alone and waits for too long, if there is such an input: it hinders nobody any more."""
        alone = self._alone
        if alone is None or self._on_trial(alone.partition, _TRIAL_S):
            return []
        self._alone = None
        self._tell_gate()
        return [alone] if alone.offset in self._begun.get(alone.partition, {}) else []

    def _start(self, messages: Sequence[Message], how: Begun, joined: Sequence[Message] = ()) -> Start:
        if not messages or not self.gate.begin(self._stage):
            return Start(joined=joined)
        self._begins = True  # until it is asked again: their beginning is written down first, which may take its time
        chosen: dict[int, set[int]] = {}
        for message in messages:
            chosen.setdefault(message.partition, set()).add(message.offset)
            is_suspect = self._suspicion(message) is not None
            self._begun[message.partition][message.offset] = _Begin(self._clock(), is_suspect)
            if is_suspect:
                self._turns.tried(self._clock())
        for partition, offsets in chosen.items():
            self._waiting[partition] = deque(m for m in self._waiting[partition] if m.offset not in offsets)
        return Start(messages, how, joined)

    def _sort(self) -> _Sorted:
        found = _Sorted([], [], [])
        # Each partition has a share, so that a slow host holds up its own.
        share = max(1, FEW // max(1, len(self._waiting)))
        for partition, waiting in self._waiting.items():
            if not self._ledger.attempts(partition).is_careful:
                found.plain += waiting
                continue
            self._condemn(partition)
            tried = self._on_trial(partition)
            room = share - tried
            if self._in_order:
                self._sort_in_order(partition, found, room)
                continue
            suspects = list(self._suspects(partition))
            weak = sorted((message for message, suspicion in suspects if not suspicion.is_strong), key=self._rank)
            found.has_weak = found.has_weak or bool(weak)
            found.weak_rank = min(found.weak_rank, *map(self._rank, weak[:1]), _LAST)
            found.weak += weak[: max(0, room)]
            found.strong += [(self._rank(message), len(x.deaths), message) for message, x in suspects if x.is_strong]
            if self._are_others or (not suspects and not tried):
                found.plain += self._plain(partition)
        return found

    def _sort_in_order(self, partition: int, found: _Sorted, room: int) -> None:
        """The inputs at the head of a partition: as long as they are of one kind, or the first, if it is strong."""
        waiting = self._waiting[partition]
        first = self._suspicion(waiting[0]) if waiting else None
        if first is not None and first.is_strong:
            found.strong.append((_UNKNOWN, len(first.deaths), waiting[0]))
            return
        kind = list(itertools.takewhile(lambda message: self._is_like(first, self._suspicion(message)), waiting))
        if first is not None:
            found.has_weak, found.weak_rank = True, _UNKNOWN
            found.weak += kind[: max(0, room)]
        elif not self._on_trial(partition):
            found.plain += kind

    @staticmethod
    def _is_like(one: Suspicion | None, other: Suspicion | None) -> bool:
        return (one is None) == (other is None) and not (other is not None and other.is_strong)

    def _suspicion(self, message: Message) -> Suspicion | None:
        return self._ledger.attempts(message.partition).of(message.offset)

    def _plain(self, partition: int) -> Iterator[Message]:
        return (message for message in self._waiting[partition] if self._suspicion(message) is None)

    def _suspects(self, partition: int) -> Iterator[tuple[Message, Suspicion]]:
        for message in self._waiting[partition]:
            suspicion = self._suspicion(message)
            if suspicion is not None:
                yield message, suspicion

    def _condemn(self, partition: int) -> None:
        """End what was proven to kill workers."""
        for message, suspicion in list(self._suspects(partition)):
            if suspicion.is_proof:
                self._waiting[partition].remove(message)
                self._give_up(message, suspicion)

    def _give_up(self, message: Message, suspicion: Suspicion) -> None:
        deaths, alone = len(suspicion.deaths), len(suspicion.alone)
        text = f"workers died {deaths} times while it was in flight, {alone} of these times alone"
        _log.error("%s: %s/%d/%d: %s", self._stage, message.topic, message.partition, message.offset, text)
        found = _WNID.search(message.value or b"")
        wnid = found[1].decode() if found else ""
        letter = self._ledger.dead_letter(message, POISONOUS, text, attempts=deaths, wnid=wnid)
        counts = [Count(wnid, POISONOUS)]
        replay_of = next((value for name, value in message.headers if name == REPLAY_OF), b"")
        if replay_of and self._stage == "fetch":
            counts.append(Count(wnid, replay_of.decode("utf-8", "replace"), -1))
        self._ledger.finish(message, [letter], counts)

    def _awaits_strong(self) -> bool:
        """Whether a strong suspect is likely to be read soon: what would begin meanwhile had to end before it."""
        is_near = self._clock() - self._heard_s < _AWAITED_S
        return is_near and any(self._ledger.attempts(partition).has_strong_unread for partition in self._waiting)

    def _tell_gate(self) -> None:
        """Say if nothing is in flight: what began long ago waits for its host, and doesn't kill just now."""
        since_s = self._clock() - _TRIAL_S
        if not any(begin.at_s > since_s for begun in self._begun.values() for begin in begun.values()):
            self.gate.ended(self._stage)
