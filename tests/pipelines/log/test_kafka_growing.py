"""Topics that grow: every record is found at its home once, and whoever was killed in the midst goes on."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from kafka import KafkaProducer

from synsift.dedupe import fingerprint
from synsift.pipelines import topics
from synsift.pipelines.errors import LogError, UsageError
from synsift.pipelines.log.base import Position
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_growing import Growing, Grown, check_numbers
from synsift.pipelines.log.kafka_growth import COPIED, GROWN, NOT_BY_SYNSET, Growth, growths, home_of
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from synsift.pipelines.log.watermark import Watermark
from synsift.pipelines.partitioning import partition_of
from synsift.pipelines.reading import Broken, look_at_state
from synsift.pipelines.records import Candidate, Control, FoundBy, ImageUrl, Progress, Query, encode
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.stages.image_record import image_record
from synsift.pipelines.topics import Entry, Router
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.log.contract import Owner, poll_all
from tests.pipelines.worlds import candidate

_prefixes = (f"grow{n}-" for n in itertools.count())
WNIDS = [f"n{number:08d}" for number in range(40)]
BEFORE, AFTER = 2, 6


class Place:
    """A log behind a prefix of its own."""

    def __init__(self, address: KafkaAddress) -> None:
        self.address, self.prefix = address, next(_prefixes)
        self.topics = KafkaTopics(address, prefix=self.prefix)
        self.topics.create(Shape(BEFORE))
        self._logs: list[KafkaLog] = []

    def log(self, partitions: int) -> KafkaLog:
        log = KafkaLog(self.address, partitions=partitions, prefix=self.prefix)
        self._logs.append(log)
        return log

    def growing(self, router: Callable[[int], Router] = Router) -> Growing:
        return Growing(self.topics, lambda n: KafkaLog(self.address, partitions=n, prefix=self.prefix), INPUTS, router)

    def grow(self, partitions: int = AFTER) -> Grown | None:
        return self.growing().grow(partitions)

    def close(self) -> None:
        for log in self._logs:
            log.close()


@pytest.fixture
def place(kafka: KafkaAddress) -> Iterator[Place]:
    place = Place(kafka)
    yield place
    place.close()


def survivors(router: Router, marks: str = "a") -> list[Entry]:
    """Not records, but whoever moves them needs only their keys."""
    name = topics.SURVIVORS.name
    return [
        Entry(name, router.of_wnid(wnid), wnid.encode(), f"{wnid} {mark}".encode()) for wnid in WNIDS for mark in marks
    ]


def found(log: KafkaLog, topic: str) -> list[tuple[int, bytes | None]]:
    return [(partition, m.value) for partition in range(log.partitions) for m in log.read(topic, partition)]


def test_what_stages_count_by_synset_is_known_without_them() -> None:
    by_wnid = {topics.QUERIES, topics.CANDIDATES, topics.SURVIVORS, topics.VOTES, topics.VERIFIED}
    assert {stage for stage, reads in INPUTS.items() if reads not in by_wnid} == NOT_BY_SYNSET


def worked(log: KafkaLog, group: str) -> int:
    return sum(lag.worked for lag in log.lag(group, INPUTS[group].name))


def test_what_strangers_put_anywhere_is_no_work_anew(place: Place) -> None:
    """On another partition than its key's, without a key, with one that is no text: done once, it stays done."""
    old = place.log(BEFORE)
    name = topics.SURVIVORS.name
    odd = [Entry(name, p, key, b"odd") for p in range(BEFORE) for key in (b"n1", b"n2", None, b"\xff\xfe", b"zz", b"")]
    old.produce(odd)
    member = old.join("land", name, Owner())
    member.commit({m.partition: Position(m.offset + 1) for m in poll_all(member, len(odd))})
    member.close()
    for partitions in (AFTER, 2 * AFTER):
        assert place.grow(partitions) is not None
        new = place.log(partitions)
        assert [lag for lag in new.lag("land", name) if lag.records] == []
        assert worked(new, "land") == worked(old, "land")
        assert len(found(new, name)) == len(odd)


def test_each_record_is_read_once_at_its_home_and_in_order_and_keeps_its_old_place(place: Place) -> None:
    old = place.log(BEFORE)
    router = Router(BEFORE)
    old.produce(survivors(router, "abc"))
    said = {"who": "x", "why": "y", "at": "2026-01-01T00:00:00Z"}
    pauses = [Control(action="pause", subject="host", target=f"h{n}.example", **said) for n in range(9)]
    old.produce(list(map(router.control, pauses)))
    places = {(m.partition, m.offset): m.value for p in range(BEFORE) for m in old.read(topics.SURVIVORS.name, p)}
    done = place.grow()
    assert done is not None
    new = place.log(AFTER)
    assert sorted(found(new, topics.SURVIVORS.name)) == sorted(
        (partition_of(wnid, AFTER), f"{wnid} {mark}".encode()) for wnid in WNIDS for mark in "abc"
    )
    for partition in range(AFTER):
        texts = [(m.value or b"").decode().split() for m in new.read(topics.SURVIVORS.name, partition)]
        for wnid in WNIDS:
            assert [mark for name, mark in texts if name == wnid] in ([], ["a", "b", "c"])
    assert len(found(new, topics.CONTROLS.name)) == 9
    follower = new.follow(topics.SURVIVORS.name)
    assert Counter(m.value for m in follower.read()) == Counter(places.values())
    follower.close()
    assert {
        (m.partition, m.offset): m.value for p in range(BEFORE) for m in new.read_as_it_stands(topics.SURVIVORS.name, p)
    } == places
    moved = [m for p in range(BEFORE, AFTER) for m in new.read(topics.SURVIVORS.name, p)]
    assert done.copied[topics.SURVIVORS.name] == len(moved) > 0
    for message in moved:
        (origin,) = (value.decode() for name, value in message.headers if name == GROWN)
        partition, offset = map(int, origin.split("/"))
        assert places[partition, offset] == message.value
    assert place.grow() is None


def test_groups_go_on_where_they_stood_and_those_that_never_began_see_everything_once(place: Place) -> None:
    old = place.log(BEFORE)
    old.produce(survivors(Router(BEFORE)))
    member = old.join("land", topics.SURVIVORS.name, Owner())
    member.commit({m.partition: Position(m.offset + 1) for m in poll_all(member, len(WNIDS))})
    member.close()
    grown = place.grow()
    assert grown is not None
    new = place.log(AFTER)
    assert sum(lag.records for lag in new.lag("land", topics.SURVIVORS.name)) == 0
    assert worked(new, "land") == worked(old, "land")
    new.produce([Entry(topics.SURVIVORS.name, Router(AFTER).of_wnid(w), w.encode(), b"later") for w in WNIDS])
    member = new.join("land", topics.SURVIVORS.name, Owner())
    assert {m.value for m in poll_all(member, len(WNIDS))} == {b"later"}
    member.close()
    member = new.join("conflicts", topics.SURVIVORS.name, Owner())
    messages = poll_all(member, 2 * len(WNIDS) + grown.copied[topics.SURVIVORS.name])
    values = [m.value for m in messages if not m.is_left]
    assert Counter(values) == Counter(value for _, value in found(new, topics.SURVIVORS.name))
    assert values.count(b"later") == len(WNIDS)
    member.close()


@pytest.mark.slow
def test_what_waits_goes_along_and_what_is_done_stays_done(place: Place) -> None:
    old = place.log(BEFORE)
    router = Router(BEFORE)
    queries = [Query(wnid=wnid, source="wiki", text=wnid, lang="en", rank=0) for wnid in WNIDS]
    urls = [
        ImageUrl(wnid="n00000001", url=f"http://h{n}.example/{n}.jpg", found_by=FoundBy(source="wiki", query="q"))
        for n in range(60)
    ]
    old.produce([*map(router.query, queries), *map(router.image_url, urls)])
    old.produce([Entry(topics.IMAGE_URLS.name, 1, b"h1.example", b"no record"), Entry("image-urls", 0, None, b"none")])
    waiting: dict[str, set[bytes | None]] = {}
    for group, topic, number in (("search", topics.QUERIES, len(queries)), ("fetch", topics.IMAGE_URLS, 62)):
        member = old.join(group, topic.name, Owner())
        marks = {partition: Watermark(Position(0)) for partition in range(BEFORE)}
        messages = poll_all(member, number)
        for message in messages:
            marks[message.partition].admit(message.offset)
        done = [message for message in messages if message.offset % 3]  # out of order, as hosts answer
        for message in done:
            marks[message.partition].finish(message.offset)
        member.commit({partition: mark.position() for partition, mark in marks.items()})
        waiting[topic.name] = {m.value for m in messages} - {m.value for m in done}
        member.close()
    grown = place.grow()
    assert grown is not None
    assert {name: grown.waiting[name] for name in waiting} == {name: len(left) for name, left in waiting.items()}
    new = place.log(AFTER)
    router = Router(AFTER)
    for group, topic in (("search", topics.QUERIES), ("fetch", topics.IMAGE_URLS)):
        # The marker of the transaction before may come later, and counts, too: "at most".
        assert len(waiting[topic.name]) <= sum(lag.records for lag in new.lag(group, topic.name)) <= 62
        member = new.join(group, topic.name, Owner())
        messages = poll_all(member, len(waiting[topic.name]))
        assert not member.poll(100, 0.5)
        assert {m.value for m in messages} == waiting[topic.name]
        for message in messages:
            assert message.key is None or message.partition == router.of_key(message.key, -1)
        member.close()
    read = {value for _, value in found(new, topics.QUERIES.name)}
    assert read == {encode(query) for query in queries}


def test_what_was_done_before_stands_where_it_was_and_nothing_is_wrong_with_that(place: Place) -> None:
    """Of candidates none is copied; who checks the log, or looks for an image that is to go, reads them all."""
    old = place.log(BEFORE)
    made = [candidate(image_record(fingerprint(encoded(scene(1), "PNG"))), wnid) for wnid in WNIDS]
    old.produce([Router(BEFORE).candidate(one) for one in made])
    member = old.join("dedupe", topics.CANDIDATES.name, Owner())
    member.commit({m.partition: Position(m.offset + 1) for m in poll_all(member, len(WNIDS))})
    member.close()
    for partitions in (AFTER, 2 * AFTER):
        assert place.grow(partitions) is not None
        new, router = place.log(partitions), Router(partitions)
        read = [look_at_state(Candidate, m, router) for p in range(partitions) for m in new.read("candidates", p)]
        assert sorted(one.wnid for one in read if isinstance(one, Candidate)) == WNIDS
    strangers = router.candidate(candidate(made[0].image, "n5"))
    new.produce([replace(strangers, partition=(strangers.partition + 1) % partitions)])
    read = [look_at_state(Candidate, m, router) for p in range(partitions) for m in new.read("candidates", p)]
    assert [one.outcome for one in read if isinstance(one, Broken)] == ["wrong_partition"]


def test_counts_of_a_synset_move_with_it_and_add_up(place: Place) -> None:
    old = place.log(BEFORE)
    router = Router(BEFORE)
    own = [
        Progress(wnid=wnid, stage=stage, partition=router.of_wnid(wnid), counts={"new": 3})
        for wnid in WNIDS
        for stage in ("search", "dedupe")
    ]
    by_host = [Progress(wnid=w, stage="fetch", partition=p, counts={"ok": 1}) for w in WNIDS for p in range(BEFORE)]
    old.produce(list(map(router.progress, (*own, *by_host))))
    place.grow()
    new = place.log(AFTER)
    counts: Counter[str] = Counter()
    for partition in range(AFTER):
        for message in new.read(topics.PROGRESS.name, partition):
            wnid, stage, at = (message.key or b"").decode().split("/")
            assert int(at) == partition
            assert stage == "fetch" or partition == Router(AFTER).of_wnid(wnid)
            counts[stage] += 1
    assert counts == {"search": len(WNIDS), "dedupe": len(WNIDS), "fetch": len(by_host)}


@pytest.mark.slow
def test_who_is_killed_in_the_midst_begins_anew_and_until_then_nobody_works(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = place.log(BEFORE)
    old.produce(survivors(Router(BEFORE)))
    old.produce([Router(BEFORE).query(Query(wnid=w, source="wiki", text=w, lang="en", rank=0)) for w in WNIDS])
    produce = KafkaLog.produce
    cuts = 0
    for cut_at in itertools.count(1):
        calls = itertools.count()

        def cut(log: KafkaLog, entries: list[Entry], calls: Iterator[int] = calls, last: int = cut_at) -> None:
            if next(calls) == last:
                raise KeyboardInterrupt
            produce(log, entries)

        with monkeypatch.context() as patch:
            patch.setattr(KafkaLog, "produce", cut)
            try:
                place.grow()
            except KeyboardInterrupt:
                cuts += 1
            else:
                break
        log = place.log(AFTER)
        with pytest.raises(LogError, match="not finished"):
            list(log.read(topics.SURVIVORS.name, 0))
        with pytest.raises(LogError, match="not finished"):
            log.join("land", topics.SURVIVORS.name, Owner())
        with pytest.raises(UsageError, match="growing to 6 partitions was begun"):
            place.grow(4)
    assert cuts >= 4
    new = place.log(AFTER)
    assert sorted(value or b"" for _, value in found(new, topics.SURVIVORS.name)) == sorted(
        f"{wnid} a".encode() for wnid in WNIDS
    )
    member = new.join("search", topics.QUERIES.name, Owner())
    assert Counter(m.value for m in poll_all(member, len(WNIDS))) == Counter(
        {value for _, value in found(new, "queries")}
    )
    assert not member.poll(100, 0.5)
    member.close()


@pytest.mark.slow
def test_topics_grow_again_and_again(place: Place) -> None:
    log = place.log(BEFORE)
    log.produce(survivors(Router(BEFORE)))
    for partitions, mark in ((4, "b"), (12, "c")):
        place.grow(partitions)
        log = place.log(partitions)
        log.produce(survivors(Router(partitions), mark))
    assert sorted(found(log, topics.SURVIVORS.name)) == sorted(
        (partition_of(wnid, 12), f"{wnid} {mark}".encode()) for wnid in WNIDS for mark in "abc"
    )


def test_nothing_begins_while_somebody_works_or_something_is_left_to_do(place: Place) -> None:
    old = place.log(BEFORE)
    old.produce(survivors(Router(BEFORE)))
    member = old.join("land", topics.SURVIVORS.name, Owner())
    message = poll_all(member, 1)[0]
    member.commit({message.partition: Position(message.offset + 1)})
    with pytest.raises(UsageError, match="workers are at work: 1 of land"):
        place.grow()
    member.close()
    with pytest.raises(UsageError, match="39 for land"):
        place.grow()
    assert growths(old.read_as_it_stands(topics.POSITIONS.name, 0)) == (None, None)
    assert found(old, topics.SURVIVORS.name)


def test_partitions_that_somebody_added_are_taken_in_and_records_on_them_are_said(place: Place) -> None:
    old = place.log(BEFORE)
    old.produce(survivors(Router(BEFORE)))
    with place.topics._admin() as admin:
        admin.create_partitions({place.prefix + topics.SURVIVORS.name: 3})
    deadline_s = time.monotonic() + 300  # the broker answers before it shows them
    while not any("has 3 partitions" in problem for problem in place.topics.problems(Shape(BEFORE))):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    producer = KafkaProducer(bootstrap_servers=place.address.bootstrap)
    producer.send(place.prefix + topics.SURVIVORS.name, b"odd", partition=2).get(timeout=30)
    producer.close()
    with pytest.raises(UsageError, match="has 3 partitions already"):
        place.grow(2)
    with pytest.raises(UsageError, match="records on partition 2, where synsift wrote none"):
        place.grow()
    place.topics.delete_below(topics.SURVIVORS.name, {2: 1})
    place.grow()
    assert len(found(place.log(AFTER), topics.SURVIVORS.name)) == len(WNIDS)
    assert place.topics.problems(Shape(AFTER)) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(4, 6, "6 is no multiple of 4"), (4, 2, "2 is no multiple of 4"), (4, 3, "no multiple")],
)
def test_only_a_multiple_keeps_what_stays_where_it_is(before: int, after: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_numbers({"a": before}, before, after, None)


@pytest.mark.parametrize("value", [b"", b"{}", b"[1]", b'{"before":0,"after":0,"ends":{}}', b'{"before":4,"after":6}'])
def test_a_strangers_growth_counts_for_nothing(place: Place, value: bytes) -> None:
    log = place.log(BEFORE)
    log.produce([Entry(topics.POSITIONS.name, 0, b"growth", value)])
    assert growths(log.read_as_it_stands(topics.POSITIONS.name, 0)) == (None, None)


def test_what_is_below_the_ends_and_has_another_home_was_left() -> None:
    growth = Growth(BEFORE, AFTER, {topics.FETCHED.name: [5, 5]})
    url = "http://www.example.org/1.jpg"
    home = home_of(topics.FETCHED.name, url.encode(), 0, AFTER)
    assert home == Router(AFTER).of_url(url)
    assert topics.POSITIONS.name not in COPIED
    assert home_of(topics.SURVIVORS.name, None, 1, AFTER) == 1
    assert growth.after == AFTER
