"""Whatever kills workers is found, and nothing else is taken for it: lives of workers played through, by chance."""

import random
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from synsift.pipelines import topics
from synsift.pipelines.dead_letters import letter_of
from synsift.pipelines.gate import PATIENCE_S, Gate
from synsift.pipelines.log.attempts import DEATHS, FEW, POISONOUS, Attempts, Begun, Suspicion
from synsift.pipelines.log.base import Lag, Member, Message, Position
from synsift.pipelines.log.transaction import GatheredTransaction
from synsift.pipelines.stages.ledger import Hooks, Ledger
from synsift.pipelines.stages.turns import Turns
from synsift.pipelines.stages.turnstile import Turnstile
from synsift.pipelines.topics import Entry, Router

PARTITIONS = 3
INPUT = topics.IMAGE_URLS.name


class Death(BaseException):
    """A process ends on the spot."""


@dataclass
class MemoryLog:
    """The inputs, and what was committed; outlives workers."""

    inputs: dict[int, list[Message]]
    written: list[Entry] = field(default_factory=list)
    positions: dict[int, Position] = field(default_factory=dict)
    writes: int = 0
    partitions: int = PARTITIONS

    def produce(self, entries: Sequence[Entry]) -> None:
        self.written += entries

    def read(self, topic: str, partition: int, start: int = 0) -> Generator[Message, None, None]:
        for offset, entry in enumerate(self.written):
            if (entry.topic, entry.partition) == (topic, partition):
                yield Message(topic, partition, offset, entry.key, entry.value, entry.headers)

    @contextmanager
    def transaction(self) -> Iterator[GatheredTransaction]:
        gathered = GatheredTransaction()
        yield gathered
        self.writes += 1
        self.written += gathered.entries
        self.positions |= gathered.positions

    def taken_over(self) -> dict[int, Position]:
        return {
            partition: replace(self.positions.get(partition, Position(0)), ends=messages[-1].offset + 2)
            for partition, messages in self.inputs.items()
        }

    @property
    def ends(self) -> Counter[tuple[int, int]]:
        """How often each input was done."""
        done = [entry for entry in self.written if entry.topic == "done"]
        return Counter((entry.partition, int(entry.value or b"0")) for entry in done)

    @property
    def poisonous(self) -> dict[tuple[int, int], int]:
        """Deaths of the inputs that were given up."""
        found = {}
        for number, entry in enumerate(self.written):
            if entry.topic == topics.DEAD_LETTERS.name:
                letter = letter_of(Message(entry.topic, 0, number, entry.key, entry.value, entry.headers))
                assert getattr(letter, "outcome", "") == POISONOUS
                found[(letter.partition, letter.offset)] = letter.attempts  # type: ignore[union-attr]
        return found

    def join(self, group: str, topic: str, listener: object, *, whole: bool = False) -> Member:
        raise NotImplementedError

    def lag(self, group: str, topic: str) -> list[Lag]:
        raise NotImplementedError

    def poll(self, max_records: int, timeout_s: float, *, paused: Collection[int] = ()) -> list[Message]:
        raise NotImplementedError

    def commit(self, positions: Mapping[int, Position]) -> None:
        raise NotImplementedError

    def identity(self) -> str:
        raise NotImplementedError

    def adopt(self, identity: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class Life:
    """One worker from its start to its end."""

    def __init__(
        self, log: MemoryLog, *, in_order: bool = False, gate: Gate | None = None, stage: str = "fetch"
    ) -> None:
        self.now_s = 0.0
        self.log = log
        self.ledger = Ledger(stage, log, Router(PARTITIONS), Hooks(self._assign, self._forget, self._ended))
        self.turnstile = Turnstile(stage, self.ledger, in_order=in_order, clock=lambda: self.now_s)
        self.turnstile.gate = gate or Gate(lambda: self.now_s)
        self.ledger.member = log
        self.begun: list[Message] = []
        self.began_s: dict[tuple[int, int], float] = {}
        self.alone: Message | None = None
        self.in_order = in_order
        self.last: dict[int, int] = {}
        self.next = {partition: position.offset for partition, position in log.taken_over().items()}
        self.ledger.on_assigned(log.taken_over())

    def _assign(self, partition: int, _skipped: object) -> None:
        self.turnstile.assign(partition)

    def _forget(self, partition: int) -> None:
        self.turnstile.forget(partition)

    def _ended(self, message: Message) -> None:
        self.turnstile.ended(message)

    def read(self, count: int) -> None:
        """Read so many of each partition that isn't full."""
        for partition, messages in self.log.inputs.items():
            if partition in self.turnstile.full():
                continue
            for message in [m for m in messages if m.offset >= self.next[partition]][:count]:
                self.next[partition] = message.offset + 1
                if self.ledger.admit(message):
                    self.turnstile.add(message)

    def begin(self) -> tuple[Sequence[Message], Begun]:
        start = self.turnstile.ready()
        if start.messages or start.joined:
            self.ledger.begin(self.log, [*start.messages, *start.joined], start.how)
        if start.messages and self.alone is not None and self.alone in self.begun:
            assert self.now_s - self.began_s[(self.alone.partition, self.alone.offset)] > 30, "not alone"
        if start.how is Begun.ALONE and start.messages:
            self.alone = start.messages[0]
            assert all(self.now_s - self.began_s[(m.partition, m.offset)] > 30 for m in self.begun), "not alone"
        if self.in_order:
            for message in start.messages:
                assert message.offset > self.last.get(message.partition, -1)
                self.last[message.partition] = message.offset
        self.begun += start.messages
        self.began_s |= {(m.partition, m.offset): self.now_s for m in start.messages}
        return start.messages, start.how

    def finish(self, message: Message) -> None:
        self.begun.remove(message)
        assert self.ledger.finish(message, [Entry("done", message.partition, b"", b"%d" % message.offset)], [])

    def turn(self, rng: random.Random, deadly: set[tuple[int, int]]) -> None:
        """Read, begin, and end some of what was begun."""
        self.now_s += 0.5
        self.ledger.commit(self.log)
        self.read(rng.choice([0, 3, 40, 200]))
        self.begin()
        for message in rng.sample(self.begun, rng.randint(0, len(self.begun))):
            if (message.partition, message.offset) in deadly:
                raise Death
            self.finish(message)

    @property
    def is_done(self) -> bool:
        ends = {partition: messages[-1].offset + 1 for partition, messages in self.log.inputs.items()}
        return all(self.log.positions.get(p, Position(0)).offset >= end for p, end in ends.items())


def make_log(rng: random.Random, most: int) -> MemoryLog:
    """Inputs with gaps between their offsets, as the ends of transactions make them."""
    inputs = {}
    for partition in range(PARTITIONS):
        offset, messages = 0, []
        for _ in range(rng.randint(1, most)):
            messages.append(Message(INPUT, partition, offset, b"k", b'{"wnid":"n1"}'))
            offset += rng.choice([1, 1, 1, 2])
        inputs[partition] = messages
    return MemoryLog(inputs)


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_what_kills_is_given_up_and_all_others_are_done_once(seed: int, in_order: bool) -> None:
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    log = make_log(rng, rng.choice([5, 30, 300]))
    places = [(m.partition, m.offset) for messages in log.inputs.values() for m in messages]
    deadly = set(rng.sample(places, rng.randint(1, min(3, len(places)))))
    strangers = rng.randint(0, 1)  # one kill of an operator; of two the same input may be the victim
    for _ in range(40):
        life = Life(log, in_order=in_order)
        with suppress(Death):
            for _ in range(2_000):
                if strangers and rng.random() < 0.02:
                    strangers -= 1
                    raise Death
                life.turn(rng, deadly)
                if life.is_done:
                    break
            else:
                raise AssertionError("it goes on for ever")
            break
    assert life.is_done
    assert log.poisonous.keys() == deadly
    assert all(DEATHS <= deaths <= DEATHS + 2 for deaths in log.poisonous.values())
    assert set(log.ends) == set(places) - deadly
    assert set(log.ends.values()) <= {1}


@pytest.mark.parametrize("seed", range(15))
def test_ends_that_are_no_deaths_condemn_nobody(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    log = make_log(rng, 60)
    life = Life(log)
    for _ in range(60):
        for _ in range(rng.randint(1, 8)):
            life.turn(rng, set())
        how = rng.choice(["stopped", "fenced", "stopped at once"])
        if how == "stopped":
            life.ledger.on_revoked(list(range(PARTITIONS)))
        elif how == "stopped at once":
            life.ledger.disown()
        else:
            life.ledger.forget_all()
            life.ledger.lives.say()
        life = Life(log)
        assert all(not life.ledger.attempts(partition).is_careful for partition in range(PARTITIONS))
    assert log.poisonous == {}


def test_who_is_fenced_and_takes_its_partitions_over_again_counts_nothing() -> None:
    log = make_log(random.Random(1), 5)  # noqa: S311
    life = Life(log)
    life.read(9)
    life.begin()
    life.ledger.forget_all()
    life.ledger.on_assigned(log.taken_over())
    assert not any(life.ledger.attempts(partition).is_careful for partition in range(PARTITIONS))


def test_a_fenced_owner_that_dies_later_is_dead() -> None:
    log = make_log(random.Random(1), 5)  # noqa: S311
    life = Life(log)
    life.read(9)
    life.begin()
    life.ledger.forget_all()
    life.ledger.lives.say()
    life.ledger.on_assigned(log.taken_over())
    life.next = dict.fromkeys(life.next, 0)
    life.read(9)
    life.begin()
    heir = Life(log)
    assert all(heir.ledger.attempts(partition).is_careful for partition in range(PARTITIONS))


def test_in_the_ordinary_course_nothing_is_written_but_what_was_done() -> None:
    log = MemoryLog({0: [Message(INPUT, 0, offset, b"k", b"") for offset in range(5_000)]})
    life = Life(log)
    for _ in range(50):
        life.read(100)
        for message in life.begin()[0]:
            life.finish(message)
        life.ledger.commit(log)
    assert life.is_done
    assert log.writes == 51  # the first says that something begins


def test_a_crowd_begins_a_few_at_a_time_while_other_partitions_go_on() -> None:
    log = MemoryLog({p: [Message(INPUT, p, offset, b"k", b"") for offset in range(400)] for p in (0, 1)})
    first = Life(log)
    first.next[1] = 400  # nothing of it is read, and so nothing is suspected
    first.read(200)
    first.begin()
    life = Life(log)
    life.read(400)
    messages, how = life.begin()
    assert how is Begun.IN_COMPANY
    assert Counter(message.partition for message in messages) == {0: FEW // 2, 1: 400}
    assert not life.begin()[0]
    life.finish(messages[0])
    life.ledger.commit(log)
    assert len(life.begin()[0]) == 1
    life.now_s = 15.0  # what waits for a slow host takes no room
    assert len(life.begin()[0]) == FEW // 2


def test_what_must_be_tried_alone_waits_for_all_stages_and_they_for_it() -> None:
    gate = Gate()
    other = Life(make_log(random.Random(1), 5), gate=gate, stage="dedupe")  # noqa: S311
    other.read(1)
    (busy, *_), _ = other.begin()
    log = make_log(random.Random(2), 5)  # noqa: S311
    dead = Life(log)
    dead.read(9)
    dead.begin()
    life = Life(log, gate=gate)
    life.read(9)
    assert not life.begin()[0]
    other.read(1)
    assert not other.begin()[0]
    for message in list(other.begun):
        other.finish(message)
    other.ledger.commit(other.log)
    assert busy not in other.begun
    (alone,), how = life.begin()
    assert how is Begun.ALONE
    assert not other.begin()[0]
    life.finish(alone)
    life.ledger.commit(log)
    assert life.begin()[1] is Begun.ALONE


def test_what_waits_for_another_stage_keeps_nothing_from_being_tried_alone_there() -> None:
    gate = Gate()
    other = Life(make_log(random.Random(1), 5), gate=gate, stage="search")  # noqa: S311
    other.read(1)
    waiting, _ = other.begin()
    assert not gate.enter("fetch")
    for message in waiting:
        other.turnstile.rest(message)
    assert gate.enter("fetch")
    assert not other.turnstile.resume(waiting[0])
    gate.leave("fetch")
    assert other.turnstile.resume(waiting[0])
    assert not gate.enter("fetch")
    other.finish(waiting[0])
    other.ledger.commit(other.log)
    assert gate.enter("fetch")
    assert not other.turnstile.resume(waiting[0])  # it has ended


def test_who_takes_too_long_to_end_steps_aside() -> None:
    now_s = 0.0
    gate = Gate(lambda: now_s)
    assert gate.begin("fetch")
    assert not gate.enter("dedupe")
    assert not gate.presses("fetch")
    now_s = PATIENCE_S + 1
    assert gate.presses("fetch")
    assert not gate.presses("fetch")  # it has stepped aside, and has time to come to an end
    assert not gate.presses("dedupe")
    gate.ended("fetch")
    assert gate.enter("dedupe")
    assert not gate.presses("fetch")
    assert not gate.begin("fetch")
    gate.leave("dedupe")
    assert gate.begin("fetch")


def test_what_waits_for_its_host_for_long_hinders_nobody() -> None:
    log = MemoryLog({0: [Message(INPUT, 0, offset, b"k", b"") for offset in range(3)]})
    dead = Life(log)
    dead.read(3)
    dead.begin()
    life = Life(log)
    log.inputs[0].append(Message(INPUT, 0, 50, b"k", b""))
    life.read(9)
    (slow,), how = life.begin()
    assert how is Begun.ALONE
    life.now_s = 60.0
    (other,), how = life.begin()
    assert (other.offset, how) == (50, Begun.IN_COMPANY)
    life.finish(other)
    life.ledger.commit(log)
    life.now_s = 62.0  # nothing waits but suspects
    (second,), how = life.begin()
    assert how is Begun.ALONE
    life.finish(second)
    heir = Life(log)
    suspicion = heir.ledger.attempts(0).of(slow.offset)
    assert suspicion is not None
    assert len(suspicion.deaths) == 2
    assert suspicion.alone == ()


@pytest.mark.parametrize("in_order", [False, True])
def test_a_suspect_in_the_midst_of_others_is_not_overtaken_where_order_matters(in_order: bool) -> None:
    log = MemoryLog({0: [Message(INPUT, 0, offset, b"k", b"") for offset in range(100)]})
    attempts = Attempts("dead", {50: Suspicion(("first",), in_few=True)})
    attempts.begin(50, Begun.ALONE)
    log.positions[0] = attempts.noted(Position(0))
    life = Life(log, in_order=in_order)
    begun = []
    while not life.is_done:
        life.now_s += 1.0
        life.read(40)
        messages, how = life.begin()
        begun.append((how, [message.offset for message in messages]))
        for message in messages:
            life.finish(message)
        life.ledger.commit(log)
        assert life.now_s < 60
    alone = [offsets for how, offsets in begun if how is Begun.ALONE]
    assert alone == [[50]]
    assert set(log.ends.values()) == {1}
    assert len(log.ends) == 100


def deaths_of(log: MemoryLog, count: int) -> None:
    """Let workers die whose inputs all were in flight."""
    for _ in range(count):
        life = Life(log)
        for _ in range(3):
            life.now_s += 15.0
            life.read(400)
            life.begin()


@pytest.mark.parametrize("deaths", [1, 2, 3])
def test_a_host_that_answers_goes_on_though_suspects_wait_for_dead_ones(deaths: int) -> None:
    inputs = [Message(INPUT, 0, offset, b"k", b"") for offset in range(200)]
    log = MemoryLog({0: inputs})
    deaths_of(log, deaths)
    suspects = [m.offset for m in inputs if (x := Life(log).ledger.attempts(0).of(m.offset)) and x.deaths]
    assert len(suspects) >= 200
    inputs += [Message(INPUT, 0, offset, b"k", b"") for offset in range(5_000, 5_400)]
    life = Life(log)
    done_s: list[float] = []
    while len(done_s) < 400:
        life.now_s += 0.5
        assert life.now_s < 100, f"{len(done_s)} done"
        life.read(400)
        life.begin()
        for message in list(life.begun):
            if message.offset >= 5_000:
                done_s.append(life.now_s)
            if message.offset >= 5_000 or life.now_s - life.began_s[(0, message.offset)] > 12:
                life.finish(message)
        life.ledger.commit(log)
    assert life.now_s < 60


def test_the_others_have_three_times_what_they_waited() -> None:
    turns = Turns()
    assert not turns.are_others(0.0, are_busy=True)
    assert not turns.are_others(100.0, are_busy=True)  # none could begin yet
    turns.tried(100.0)
    assert not turns.are_others(104.0, are_busy=True)
    assert turns.are_others(106.0, are_busy=True)
    assert turns.are_others(423.0, are_busy=True)
    assert not turns.are_others(425.0, are_busy=True)
    turns.tried(426.0)
    assert turns.are_others(431.0, are_busy=False)
    assert turns.are_others(431.5, are_busy=False)
    assert not turns.are_others(432.5, are_busy=False)  # nothing to do
    turns.tried(433.0)
    assert not turns.are_others(433.5, are_busy=True)  # what was given away is not taken back
    turns.end()
    assert not turns.are_others(439.0, are_busy=True)


def strong_suspects(plain: int) -> MemoryLog:
    """A log whose first ten inputs are to be tried alone, with others behind them."""
    log = MemoryLog({0: [Message(INPUT, 0, offset, b"k", b"") for offset in range(10 + plain)]})
    attempts = Attempts("dead", {offset: Suspicion(("first",), in_few=True) for offset in range(10)})
    attempts.begin(0, Begun.ALONE)
    log.positions[0] = attempts.noted(Position(0))
    return log


def test_where_order_matters_nothing_stands_still_for_turns() -> None:
    log = strong_suspects(40)
    life = Life(log, in_order=True)
    while not life.is_done:
        life.now_s += 1.0
        assert life.now_s < 40, "it stood still"
        life.ledger.commit(log)
        life.read(100)
        life.begin()
        for message in list(life.begun):
            if life.now_s - life.began_s[(0, message.offset)] >= 1:
                life.finish(message)


def turn_of_others() -> tuple[Life, Message]:
    """One of ten strong suspects was tried, and the one input that nothing is held against has begun."""
    life = Life(strong_suspects(1))
    life.read(20)
    (first,), _ = life.begin()
    life.now_s = 6.0
    life.finish(first)
    life.ledger.commit(life.log)
    (other,), how = life.begin()
    assert (other.offset, how) == (10, Begun.IN_COMPANY)
    return life, other


def test_what_rested_does_not_go_on_beside_what_is_tried_alone() -> None:
    life, other = turn_of_others()
    life.turnstile.rest(other)
    life.begun.remove(other)
    life.now_s = 30.0
    (second,), how = life.begin()
    assert how is Begun.ALONE
    assert not life.turnstile.resume(other)
    life.finish(second)
    life.ledger.commit(life.log)
    assert life.turnstile.resume(other)


def test_what_waits_for_its_host_for_long_is_no_company_to_what_is_tried_alone() -> None:
    for wait_s, is_free in ((3_600.0, True), (2.0, False)):
        life, other = turn_of_others()
        life.turnstile.waits(other, wait_s)
        if is_free:
            life.begun.remove(other)
        life.now_s = 8.0  # the others' turn is over: they have nothing else to do
        assert (life.begin()[1] is Begun.ALONE) == is_free


def test_what_begins_just_now_is_not_passed_yet() -> None:
    log = MemoryLog({0: [Message(INPUT, 0, 0, b"k", b"")]})
    life = Life(log)
    assert life.turnstile.is_passed
    life.read(5)
    assert not life.turnstile.is_passed
    assert len(life.turnstile.ready().messages) == 1
    assert not life.turnstile.has_waiting
    assert not life.turnstile.is_passed  # its beginning is being written down
    life.turnstile.ready()
    assert life.turnstile.is_passed


def test_turns_end_with_the_last_partition() -> None:
    log = strong_suspects(20)
    life = Life(log)
    life.read(30)
    life.begin()
    life.turnstile.forget(0)
    life.turnstile.ready()
    life.now_s = 3_600.0
    life.turnstile.assign(0)
    for message in log.inputs[0]:
        life.turnstile.add(message)
    start = life.turnstile.ready()
    assert start.how is Begun.ALONE
    assert len(start.messages) == 1


def test_what_has_ended_is_to_be_known_soon_where_inputs_are_suspected() -> None:
    log = make_log(random.Random(1), 5)  # noqa: S311
    life = Life(log)
    life.read(9)
    life.begin()
    assert not life.turnstile.is_careful
    heir = Life(log)
    assert heir.turnstile.is_careful


def test_what_has_ended_is_to_be_known_soon_where_another_stage_waits_to_be_alone() -> None:
    gate = Gate()
    life = Life(make_log(random.Random(1), 5), gate=gate, stage="dedupe")  # noqa: S311
    life.read(9)
    life.begin()
    assert not life.turnstile.is_careful
    assert not gate.enter("fetch")
    assert life.turnstile.is_careful


@pytest.mark.parametrize("deaths", [1, 2, 3])
def test_of_suspects_those_come_first_whose_host_answers(deaths: int) -> None:
    """All were in flight when workers died; one of five is of a host that answers, none of the others'."""
    keys = [b"well" if offset % 5 == 4 else b"dead-%d" % (offset % 40) for offset in range(200)]
    log = MemoryLog({0: [Message(INPUT, 0, offset, key, b"") for offset, key in enumerate(keys)]})
    deaths_of(log, deaths)
    life = Life(log)
    well = 0
    while well < 40:
        life.now_s += 0.5
        assert life.now_s < 60, f"{well} done"
        life.read(400)
        life.begin()
        for message in list(life.begun):
            is_well = message.key == b"well"
            if is_well or life.now_s - life.began_s[(0, message.offset)] > 12:
                life.turnstile.heard(message, answers=is_well)
                life.finish(message)
                well += is_well
        life.ledger.commit(log)
