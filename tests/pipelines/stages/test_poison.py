"""Bad records on every topic: no stage, no state and no command stops at them, and each is shown."""

import contextlib
import json
import sqlite3

import pytest

from synsift.pipelines import topics
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Progress, Survivor, encode
from synsift.pipelines.summary import read_counts
from synsift.pipelines.survivors import rebuild
from synsift.pipelines.topics import Entry
from tests.conftest import RunCli
from tests.pipelines.stages.test_dedupe_and_land import dedupe, land, large, run, send
from tests.pipelines.test_reading import HOSTILE
from tests.pipelines.worlds import PARTITIONS, World, candidate, make_world, stored


def poison(world: World) -> None:
    """Write every kind of bad record on every topic and partition. HOSTILE and four more."""
    bad = [*HOSTILE.values(), b"0", b"{}", None]
    for topic in topics.ALL:
        for partition in range(PARTITIONS):
            world.log.produce([Entry(topic.name, partition, b"k%d" % n, value) for n, value in enumerate(bad)])
            world.log.produce([Entry(topic.name, partition, None, b"no key")])


def test_dedupe_and_land_pass_bad_records_by(world: World) -> None:
    poison(world)
    one, two = stored(world, large(1)), stored(world, large(2))
    send(world, candidate(one))
    run(world, dedupe(world), land(world))
    poison(world)
    send(world, candidate(two), candidate(one))
    run(world, dedupe(world), land(world))  # a state restored over bad survivors
    survivors = [x for x in read_good(world) if x]
    assert survivors == [one.sha256, two.sha256]
    assert len([path for path in world.paths("candidates/") if path.endswith(".jpg")]) == 2
    letters = world.letters()
    per_topic = 2 * PARTITIONS * (len(HOSTILE) + 4)
    assert len([x for x in letters if x.topic == "candidates"]) == per_topic
    assert len([x for x in letters if x.topic == "survivors"]) == per_topic
    assert {x.outcome for x in letters} == {"broken_record", "wrong_partition"}
    skipped = [
        progress.counts["skipped:survivors"]
        for progress in good_progress(world)
        if progress.wnid == "" and "skipped:survivors" in progress.counts
    ]
    assert skipped


def test_commands_show_what_can_be_read_and_name_the_rest(world: World, cli: RunCli) -> None:
    poison(world)
    one = stored(world, large(1))
    send(world, candidate(one))
    run(world, dedupe(world), land(world))
    here = ("--out", str(world.log.path.parent), "--set", f"log.partitions={PARTITIONS}")
    world.log.close()
    status = cli("status", *here)
    assert status.returncode == 0, status.stderr
    assert "n1" in status.stdout
    assert "synsift log check" in status.stderr
    listed = cli("dead-letters", "list", "--format", "jsonl", *here)
    assert listed.returncode == 0, listed.stderr
    assert len(listed.stdout.splitlines()) == 2 * PARTITIONS * (len(HOSTILE) + 4)
    checked = cli("log", "check", "--format", "jsonl", *here)
    assert checked.returncode == 1
    rows = [json.loads(line) for line in checked.stdout.splitlines()]
    assert {row["topic"] for row in rows} == {topic.name for topic in topics.ALL}
    assert all(row["problem"] for row in rows)


@pytest.mark.parametrize("circle", [True, False])
def test_survivors_of_strangers_that_replace_each_other_stop_nobody(world: World, cli: RunCli, circle: bool) -> None:
    one, two = stored(world, large(1)), stored(world, large(2))
    first = Survivor(candidate=candidate(one), replaces=two.sha256 if circle else "ab" * 32)
    world.log.produce([world.router.survivor(first)])
    world.log.produce([world.router.survivor(Survivor(candidate=candidate(two), replaces=one.sha256))])
    send(world, candidate(two))
    run(world, dedupe(world), land(world))
    assert encode(first)
    world.log.close()
    here = ("--out", str(world.log.path.parent), "--set", f"log.partitions={PARTITIONS}")
    assert cli("status", *here).returncode == 0


def test_survivors_come_back_from_the_store_where_the_log_is_gone(world: World, cli: RunCli) -> None:
    one, two = stored(world, large(1)), stored(world, large(2))
    send(world, candidate(one), candidate(two), candidate(two, "n2"))
    run(world, dedupe(world), land(world))
    folder = world.log.path.parent
    world.objects.put("candidates/n1/not-a-record.json", b"[]")
    world.log.close()
    for part in folder.glob("log.db*"):
        part.unlink()
    done = cli("log", "recover", "--out", str(folder), "--set", f"log.partitions={PARTITIONS}")
    assert done.returncode == 0, done.stderr
    assert "added 3 survivors" in done.stderr
    again = make_world(folder)
    assert sorted(x.candidate.image.sha256 for x in again.records(topics.SURVIVORS, Survivor)) == sorted(
        [one.sha256, two.sha256, two.sha256]
    )
    assert rebuild(again.log, again.objects).added == 0
    send(again, candidate(one))
    run(again, dedupe(again), land(again))
    assert len(again.records(topics.DUPLICATES, topics.records.Duplicate)) == 1


def test_a_damaged_survivor_is_said_to_need_recovery_and_is_counted_once(world: World, cli: RunCli) -> None:
    one, two = stored(world, large(1)), stored(world, large(2))
    send(world, candidate(one), candidate(two))
    run(world, dedupe(world), land(world))
    folder = world.log.path.parent
    world.log.close()
    with contextlib.closing(sqlite3.connect(folder / "log.db")) as db, db:
        longer = "UPDATE records SET value = CAST(value || ' ' AS BLOB) WHERE CAST(value AS TEXT) LIKE ?"
        assert db.execute(longer, (f'%{{"candidate":%{two.sha256}%',)).rowcount == 1
    damaged = make_world(folder)
    run(damaged, dedupe(damaged), land(damaged))
    damaged.log.close()
    here = ("--out", str(folder), "--set", f"log.partitions={PARTITIONS}")
    checked, status = cli("log", "check", *here), cli("status", *here)
    assert checked.returncode == 1
    assert "1 survivor can't be read" in checked.stderr
    assert "synsift log recover" in checked.stderr
    assert "nothing else has to be done" not in checked.stderr
    assert "can't be read" in status.stderr
    recovered = cli("log", "recover", *here)
    assert "added 1 survivors" in recovered.stderr
    assert cli("log", "check", *here).returncode == 0
    assert "can't be read" not in cli("status", *here).stderr
    again = make_world(folder)
    run(again, dedupe(again), land(again))
    (row,) = (x for wnid, x in read_counts(again.log).items() if wnid)
    assert (row.unique, row.landed) == (2, 2)


def test_a_stage_whose_output_no_broker_would_take_makes_a_dead_letter(world: World) -> None:
    image = stored(world, large(1))
    send(world, candidate(image, url="http://a.example/" + "x" * 1_100_000))
    run(world, dedupe(world))
    (letter,) = world.letters()
    assert letter.outcome == "output_too_large"
    assert world.records(topics.SURVIVORS, Survivor) == []


def read_good(world: World) -> list[str]:
    return [survivor.candidate.image.sha256 for survivor in read_all(world.log, Survivor)]


def good_progress(world: World) -> list[Progress]:
    return list(read_all(world.log, Progress))
