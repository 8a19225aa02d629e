"""Bad records of every kind, on every topic and partition, written by a producer that is none of ours."""

import itertools
from dataclasses import dataclass, field

from kafka import KafkaProducer

from synsift.pipelines import records, topics
from synsift.pipelines.dead_letters import read_dead_letters
from synsift.pipelines.records import ImageUrl, Progress, Query, Record, encode
from synsift.pipelines.stage import INPUTS, OPTIONAL
from synsift.pipelines.topics import Cleanup, Router, Topic
from tests import warm
from tests.conftest import environment
from tests.faults.scene import Scene, leave_out
from tests.pipelines.test_reading import HOSTILE
from tests.pipelines.test_records import CANDIDATE, EXAMPLES

# Of those that the fleet works on.
_INPUTS = {topic.name for stage, topic in INPUTS.items() if stage not in OPTIONAL}
_TYPES = {topic.name: kind for kind, topic in topics.TOPIC_OF.items()}
# The first of each kind is a plain one.
_EXAMPLES = {type(example): example for example in reversed(EXAMPLES)}
_NEAR_LIMIT = 1_025_000  # with 1,000 headers it is nearer still
_PRIVATE = "http://127.0.9.9"  # outside of what the demo may ask: refused at once, and nobody is asked
_numbers = itertools.count()


class _RawName(str):
    """A header's name that is no UTF-8 on the wire."""

    __slots__ = ()

    def encode(self, *_arguments: str, **_named: str) -> bytes:
        return b"\xff\xfe" + super().encode()


@dataclass(frozen=True)
class Poison:
    """A bad record: what it is, and where it goes."""

    name: str
    value: bytes | None
    partition: int


@dataclass
class Injected:
    """What was put in: each input by its topic, partition and offset, with its value."""

    inputs: dict[tuple[str, int, int], bytes | None] = field(default_factory=dict)


def poison(scene: Scene) -> None:
    """Write bad records while workers work, and kill some in between: what restores reads them, too."""
    producer = KafkaProducer(
        bootstrap_servers=scene.place.address.bootstrap, max_request_size=4 << 20, linger_ms=20, acks="all"
    )
    injected = Injected()
    places = [(topic, partition) for topic in topics.ALL for partition in range(16)] * 2
    scene.rng.shuffle(places)
    for number in range(scene.strikes):
        scene.pause(0.3, 2.0)
        _inject(scene, producer, injected, places[number :: scene.strikes])
        if number % 2:
            scene.strike()
        scene.fleet.replace_ended()
    producer.close()
    scene.played.differences += scene.wait_until_done()
    scene.played.differences += scene.fleet.ended
    if not scene.played.differences:
        scene.played.differences += _judge(scene, injected)


def _inject(scene: Scene, producer: KafkaProducer, injected: Injected, places: list[tuple[Topic, int]]) -> None:
    router, rng = Router(16), scene.rng
    sent = []
    for topic, partition in places:
        bad = rng.choice(_kinds(topic, partition, router))
        keys = [b"poison", b"\xff\xfe", b"", *([None] if topic.cleanup is not Cleanup.COMPACT else [])]
        if topic is topics.POSITIONS:
            keys = [f"{stage}/{INPUTS[stage].name}/{bad.partition}".encode() for stage in INPUTS]
        future = producer.send(
            scene.prefix + topic.name,
            bad.value,
            key=rng.choice([key for key in keys if bad.value is not None or key is not None]),
            headers=rng.choice(_headers()),
            partition=bad.partition,
        )
        sent.append((topic.name, bad, future))
    producer.flush()
    for name, bad, future in sent:
        written = future.get(timeout=30)
        scene.played.others += 1
        if name in _INPUTS:
            injected.inputs[(name, written.partition, written.offset)] = bad.value


def _kinds(topic: Topic, partition: int, router: Router) -> list[Poison]:
    """Every kind of bad record for a partition."""
    found = [Poison(name, value, partition) for name, value in HOSTILE.items() if name != "another record"]
    found += [
        Poison("a near limit", b"[" * _NEAR_LIMIT, partition),
        Poison("a text near the limit", b'"' + b"x" * _NEAR_LIMIT + b'"', partition),
    ]
    if topic is not topics.POSITIONS:  # there a tombstone says that a group stands nowhere
        found.append(Poison("a tombstone", None, partition))
    kind = _TYPES.get(topic.name)
    if kind is not None:
        found.append(Poison("another record", encode(_other(kind)), partition))
        home = _home(kind, router)
        found.append(Poison("misplaced", encode(_example(kind)), (home + 1 + partition % 15) % 16))
        if topic.name in _INPUTS:
            useless = encode(_example(kind))[:-1] + b',"more":"'
            padded = useless + b"x" * (_NEAR_LIMIT - len(useless)) + b'"}'
            found.append(Poison("useless and near the limit", padded, home))
    return found


def _example(kind: type[Record]) -> Record:
    """A record that can be read, and comes to nothing."""
    if kind is Query:
        return Query(wnid="n1", source="nowhere", text="t")
    if kind is ImageUrl:
        return ImageUrl(wnid="n1", url=f"{_PRIVATE}/{next(_numbers)}{'a' * 200_000}", found_by=CANDIDATE.found_by)
    return _EXAMPLES[kind]


def _other(kind: type[Record]) -> Record:
    return _EXAMPLES[Progress if kind is not Progress else Query]


def _home(kind: type[Record], router: Router) -> int:
    if kind is ImageUrl:
        return router.of_url(_PRIVATE)
    if kind is records.Fetched:
        return router.of_url("https://up/a.jpg")
    return 3 if kind is Progress else router.of_wnid("n1")


def _headers() -> list[list[tuple[str, bytes]]]:
    return [
        [],
        [("a", b"\x00\xff"), ("a", b""), ("", b"x")],
        [(_RawName("name"), b"\xff")],
        [(f"h{number}", b"x" * 10) for number in range(1_000)],
        [("large", b"x" * 5_000)],
        [("__synsift.errors.topic", b"\xff"), ("__synsift.errors.partition", b"9" * 5_000)],
        [("__synsift.errors.closes", b"99/-1")],
        [("__synsift.replay.outcome", b"\xff\xfe")],
    ]


def _judge(scene: Scene, injected: Injected) -> list[str]:
    """Every injected input is one dead letter, its bytes untouched; without those the rest is as the truth says."""
    found: list[str] = []
    letters: dict[tuple[str, int, int], list[bytes | None]] = {}
    by_outcome: list[tuple[str, str]] = []
    with scene.parts() as parts:
        for opened in read_dead_letters(parts.log):
            letter = opened.letter
            place = (letter.topic, letter.partition, letter.offset)
            if place in injected.inputs:
                letters.setdefault(place, []).append(letter.value)
                by_outcome.append((letter.wnid, letter.outcome))
    for place, value in injected.inputs.items():
        if letters.get(place) != [value]:
            found.append(f"{place} has {len(letters.get(place, []))} letters, or other bytes")

    def without(actual: dict[str, object]) -> None:
        for wnid, outcome in by_outcome:
            leave_out(actual, wnid, outcome)  # type: ignore[arg-type]

    found += scene.compare(without)  # type: ignore[arg-type]
    for words in (("status",), ("dead-letters", "list", "--summary"), ("log", "check")):
        done = warm.run(words, env=environment(scene.options))
        if done.returncode != (1 if words[0] == "log" else 0) or "Traceback" in done.stderr:
            found.append(f"`synsift {' '.join(words)}` ended with {done.returncode}: {done.stderr[-300:]}")
    return found
