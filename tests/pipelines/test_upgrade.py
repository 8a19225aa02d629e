"""Versions side by side: today's code reads what earlier ones wrote, and what later ones of the same major will.

``tests/data/records-before.jsonl`` has records as earlier commits wrote them in the demo, each with its key and
headers, one for each shape that there was; ``manifest-0baff8f.parquet`` is a part of a manifest, likewise. They are
never written anew; a version that adds a shape adds lines.
"""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from synsift.pipelines import schemas, topics
from synsift.pipelines.conflicts import read_conflicts
from synsift.pipelines.controls.steering import read_view
from synsift.pipelines.dead_letters import letter_of, read_dead_letters
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.reading import Broken, Skipped, check, look_at_state, read
from synsift.pipelines.records import Candidate, Record, Survivor, decode, encode
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.compaction import compact
from synsift.pipelines.storage.current import read_current
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.storage.verify import verify
from synsift.pipelines.summary import read_counts, read_groups
from synsift.pipelines.topics import Entry, Router
from synsift.pipelines.voting import read_ballots, read_open_batches, read_standing, read_verdicts
from tests.dedupe.pictures import encoded, photograph
from tests.pipelines.later import CHECKED, LATER, LaterLog, later_entry, with_fields, with_words
from tests.pipelines.log.test_kafka import prefix  # noqa: F401 - a fixture
from tests.pipelines.stages.test_dedupe_and_land import dedupe, land, run
from tests.pipelines.test_records import EXAMPLES
from tests.pipelines.worlds import PARTITIONS, World, candidate, make_world, stored

DATA = Path(__file__).parent.parent / "data"
BEFORE: list[dict[str, Any]] = [json.loads(line) for line in (DATA / "records-before.jsonl").read_text().splitlines()]
KINDS = {topic.name: kind for kind, topic in topics.TOPIC_OF.items()}
WIDE = Router(16)


def home_of(line: dict[str, Any]) -> int:
    """The partition on which a record stood: that of its key, or what it counts."""
    value = json.loads(line["value"])
    if line["topic"] == topics.PROGRESS.name:
        return int(value["partition"])
    if line["topic"] == topics.FETCHED.name:
        return WIDE.of_url(value["url"])
    return WIDE.of_key(line["key"].encode(), 0)


def headers_of(line: dict[str, Any]) -> topics.Headers:
    return tuple((name, text.encode()) for name, text in line["headers"])


def entry_of(line: dict[str, Any]) -> Entry:
    return Entry(line["topic"], home_of(line), line["key"].encode(), line["value"].encode(), headers_of(line))


def name_of(line: dict[str, Any]) -> str:
    return f"{line['version']}-{line['topic']}"


def test_what_is_kept_has_several_versions_and_most_topics() -> None:
    assert len({line["version"] for line in BEFORE}) >= 6
    assert {line["topic"] for line in BEFORE} >= KINDS.keys() - {"relations", "controls"}
    assert all(line["headers"] == [] for line in BEFORE if line["version"] != "1.0" and line["topic"] == "candidates")


def test_each_record_of_an_earlier_version_is_read_and_is_valid_by_todays_schema() -> None:
    valid = {name: jsonschema.Draft202012Validator(schemas.schema_of(kind)) for name, kind in KINDS.items()}
    for line in BEFORE:
        entry = entry_of(line)
        message = Message(entry.topic, entry.partition, 0, entry.key, entry.value, entry.headers)
        if line["topic"] == topics.DEAD_LETTERS.name:
            assert not isinstance(letter_of(message), Broken), name_of(line)
            continue
        record = read(KINDS[line["topic"]], message, WIDE)
        assert isinstance(record, Record), (name_of(line), record)
        assert decode(type(record), encode(record)) == record
        problems = [error.message[:200] for error in valid[line["topic"]].iter_errors(json.loads(line["value"]))]
        assert problems == [], name_of(line)


def read_all_of(log: Log) -> Counter[str]:
    """Have everything read that people are shown; gives what was skipped, by topic."""
    skipped = Skipped()
    read_counts(log, skipped)
    read_groups(log)
    read_conflicts(log, skipped)
    read_verdicts(log, skipped)
    read_ballots(log, skipped)
    list(read_standing(log, skipped=skipped))
    read_open_batches(log)
    read_dead_letters(log, skipped)
    read_view(log)
    return skipped.by_topic


@pytest.mark.parametrize("version", sorted({line["version"] for line in BEFORE}))
def test_a_log_of_an_earlier_version_is_read_whole(version: str, tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db", partitions=16)
    lines = [line for line in BEFORE if line["version"] == version]
    log.produce([entry_of(line) for line in lines])
    assert read_all_of(log) == Counter()
    for kind, topic in topics.TOPIC_OF.items():
        found = list(check(log, topic, lambda message, kind=kind: look_at_state(kind, message, WIDE)))  # type: ignore[misc]
        assert found == [None] * sum(line["topic"] == topic.name for line in lines)
    log.close()


def test_a_manifest_of_an_earlier_version_comes_into_the_view(tmp_path: Path) -> None:
    objects = Objects(StoreAddress(str(tmp_path)))
    objects.put(layout.ManifestPart("n1", 0, 0, 99).path, (DATA / "manifest-0baff8f.parquet").read_bytes())
    (standing,) = layout_standing(objects)
    for row in standing:
        objects.put(layout.named_candidate("n1", row, "jpg"), b"its bytes")
    assert [(str(one.outcome), one.images) for one in compact(objects)] == [("written", len(standing))]
    rows = read_current(objects.get(layout.current_view("n1")), ["wnid", "consent", "fetched_at", "kind"])
    assert {(row["wnid"], row["consent"]) for row in rows} == {("n1", None)}
    assert all(row["fetched_at"].year == 2026 and row["kind"] in ("new", "better_copy") for row in rows)


def layout_standing(objects: Objects) -> list[list[str]]:
    from synsift.pipelines.storage.standing import read_standing as read_manifests

    return [[row["sha256"] for row in standing.rows] for standing in read_manifests(objects)]


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_fields_and_words_of_a_later_version_are_ignored_or_passed_on(record: Record) -> None:
    kind, value = type(record), json.loads(encode(record))
    assert decode(kind, json.dumps(with_fields(value)).encode()) == record
    for name, other in with_words(kind, value):
        found = decode(kind, json.dumps(with_fields(other)).encode())
        assert getattr(found, name.partition(".")[2]) == "of_a_later_version"


def test_a_control_of_a_later_version_that_nobody_understands_is_left_alone(tmp_path: Path) -> None:
    """To do something else than was asked for would be worse: the others hold, and ``log check`` names it."""
    log = SqliteLog(tmp_path / "log.db", partitions=PARTITIONS)
    router = Router(PARTITIONS)
    control = next(one for one in EXAMPLES if type(one).__name__ == "Control")
    good = router.control(control)  # type: ignore[arg-type]
    assert {"Control.action", "Control.subject"} == CHECKED
    value = json.loads(good.value or b"")
    odd = [json.dumps({**value, field: "hurry"}).encode() for field in ("action", "subject")]
    log.produce([later_entry(good), *(Entry(good.topic, good.partition, b"k%d" % n, v) for n, v in enumerate(odd))])
    assert [one.target for one in read_view(log).controls.values()] == ["n1"]
    log.close()


@pytest.mark.parametrize("words", [False, True])
def test_all_that_is_read_of_a_log_is_read_of_a_later_one(tmp_path: Path, words: bool) -> None:
    log = SqliteLog(tmp_path / "log.db", partitions=16)
    entries: list[Entry] = []
    for line in BEFORE:
        if line["topic"] == topics.DEAD_LETTERS.name:
            entries.append(entry_of(line))
            continue
        entry = later_entry(entry_of(line))
        values = [json.loads(entry.value or b"")]
        if words:
            values = [one for _, one in with_words(KINDS[line["topic"]], values[0])] or values
        entries += [replace(entry, value=json.dumps(value).encode()) for value in values]
    log.produce(entries)
    assert read_all_of(log) == Counter()
    log.close()


class Sided:
    """A worker of today and one of a later version on one log and store."""

    def __init__(self, today: World) -> None:
        self.today = today
        self.later = World(LaterLog(today.log), today.objects, today.router)  # type: ignore[arg-type]

    def send(self, world: World, *found: Candidate) -> None:
        world.log.produce([world.router.candidate(one) for one in found])

    def check(self) -> None:
        """Of each picture the best copy stands, whoever wrote and read what, and all of it is understood."""
        survivors = self.today.records(topics.SURVIVORS, Survivor)
        gone = {one.replaces for one in survivors}
        standing = {one.candidate.image.sha256 for one in survivors} - gone
        images = {path.rpartition("/")[2].partition(".")[0] for path in self.today.paths(layout.CANDIDATES)}
        assert images == standing
        list(compact(self.today.objects))
        rows = read_current(self.today.objects.get(layout.current_view("n1")), ["sha256"])
        assert {row["sha256"] for row in rows} == standing
        assert [one for one in verify(self.today.objects) if one.problem] == []
        assert read_all_of(self.today.log) == Counter()
        assert read_dead_letters(self.today.log) == []
        said = {
            dict(message.headers)[topics.SCHEMA_VERSION]
            for partition in range(PARTITIONS)
            for message in self.today.log.read(topics.SURVIVORS.name, partition)
        }
        assert said == {topics.schema_version(Survivor).encode(), LATER}


def work_side_by_side(world: World) -> None:
    sided = Sided(world)
    today, later = sided.today, sided.later
    for number, (writer, judge, lander) in enumerate(
        [(today, later, today), (later, today, later), (later, later, today), (today, today, later)]
    ):
        whole = photograph(number)
        small = stored(world, encoded(whole.resize((250, 188)), "JPEG", quality=70))
        best = stored(world, encoded(whole, "JPEG", quality=95))
        sided.send(writer, candidate(small))
        run(judge, dedupe(judge), land(lander))
        sided.send(writer, candidate(best, url=f"http://a.example/{number}.jpg"), candidate(small))
        run(judge, dedupe(judge), land(lander))
    sided.check()
    assert len(world.records(topics.SURVIVORS, Survivor)) == 8


def test_a_worker_of_a_later_version_works_beside_ours(tmp_path: Path) -> None:
    work_side_by_side(make_world(tmp_path))


@pytest.mark.slow
def test_on_kafka_as_well(kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    try:
        work_side_by_side(World(log, Objects(StoreAddress(str(tmp_path))), Router(PARTITIONS)))  # type: ignore[arg-type]
    finally:
        log.close()
