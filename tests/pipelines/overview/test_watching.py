"""What the fleet's page shows, followed in a log."""

from pathlib import Path

import msgspec
import pytest

from synsift.pipelines import topics
from synsift.pipelines.controls.writing import lifted
from synsift.pipelines.dead_letters import PREFIX
from synsift.pipelines.overview.watching import MOST_SYNSETS, NEWEST, Overview
from synsift.pipelines.topics import Entry
from tests.pipelines.controls.said import AT, control, say
from tests.pipelines.overview.fleets import asleep, letter, progress, survivor
from tests.pipelines.review.desks import WHIPPET, TwoSynsets
from tests.pipelines.worlds import PARTITIONS, World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def overview(world: World) -> Overview:
    return Overview(world.log, TwoSynsets())  # type: ignore[arg-type]


def test_an_empty_log_is_shown_as_such(world: World) -> None:
    view = overview(world).look()
    assert [stage["stage"] for stage in view["stages"]] == ["search", "fetch", "dedupe", "land"]
    assert all(stage["lag"] == stage["workers"] == 0 for stage in view["stages"])
    assert (view["synsets"], view["hosts"], view["letters"], view["newest"], view["lost"]) == ([], [], [], [], {})


def test_counts_are_those_of_the_last_records_and_the_synsets_that_moved_come_first(world: World) -> None:
    watching = overview(world)
    first = [
        progress(WHIPPET, "fetch", 0, fetched=5, timeout=2),
        progress(WHIPPET, "fetch", 1, fetched=4),
        progress(WHIPPET, "dedupe", 0, unique=3, near_duplicate=1),
        progress("n9", "fetch", 0, fetched=1),
    ]
    world.log.produce([world.router.progress(one) for one in first])
    assert {row["wnid"]: row["fetched"] for row in watching.look()["synsets"]} == {WHIPPET: 9, "n9": 1}
    world.log.produce([world.router.progress(progress(WHIPPET, "fetch", 0, fetched=7, timeout=2))])
    view = watching.look()
    row, other = view["synsets"]
    assert row == {
        "wnid": WHIPPET,
        "name": "whippet",
        "is_moving": True,
        "found": 0,
        "fetched": 11,
        "refused": 2,
        "copies": 1,
        "unique": 3,
        "landed": 0,
        "verified": {},
    }
    assert (other["name"], other["is_moving"]) == ("n9", False)
    assert not watching.look()["synsets"][0]["is_moving"]


def test_a_large_crawl_is_counted_whole_and_shown_in_part(world: World) -> None:
    many = MOST_SYNSETS + 50
    world.log.produce([world.router.progress(progress(f"n{n}", "fetch", 0, fetched=1)) for n in range(many)])
    view = overview(world).look()
    assert view["synsets_in_all"] == many
    assert len(view["synsets"]) == MOST_SYNSETS


def test_hosts_are_shown_while_they_are_left_alone(world: World) -> None:
    watching = overview(world)
    hosts = ["https://a.example", "https://b.example", "https://c.example"]
    records = [asleep(hosts[0]), asleep(hosts[1], for_s=60), asleep(hosts[2], for_s=-1)]
    world.log.produce([world.router.fetched(one) for one in records])
    view = watching.look()
    assert [host["host"] for host in view["hosts"]] == [hosts[1], hosts[0]], "the next to be asked comes first"
    assert view["hosts_in_all"] == 2
    assert view["hosts"][0]["failures"] == 3
    well = world.router.fetched(records[1])
    world.log.produce([Entry(well.topic, well.partition, well.key, None)])
    assert [host["host"] for host in watching.look()["hosts"]] == [hosts[0]]


def test_letters_that_were_replayed_do_not_count(world: World) -> None:
    watching = overview(world)
    world.log.produce([letter(n, outcome) for n, outcome in enumerate(["timeout", "timeout", "forbidden"])])
    assert watching.look()["letters"] == [
        {"stage": "fetch", "outcome": "timeout", "number": 2},
        {"stage": "fetch", "outcome": "forbidden", "number": 1},
    ]
    (first, *_) = world.log.read(topics.DEAD_LETTERS.name, 0)
    closing = ((f"{PREFIX}closes", f"0/{first.offset}".encode()),)
    world.log.produce([Entry(topics.DEAD_LETTERS.name, 0, b"k", None, closing)])
    assert watching.look()["letters_in_all"] == 2


def test_kinds_of_letters_that_are_not_shown_are_counted(world: World) -> None:
    world.log.produce([letter(n, f"outcome_{n}") for n in range(20)])
    view = overview(world).look()
    assert (len(view["letters"]), view["kinds_of_letters"], view["letters_in_all"]) == (12, 20, 20)


def test_what_operators_said_is_shown_while_it_holds_and_takedowns_are_counted(world: World) -> None:
    watching = overview(world)
    paused, slow = control("pause", "host", "a.example"), control("delay", "host", "b.example", 2.5)
    removed = [
        msgspec.structs.replace(control("block", subject, target), removal="0" * 32)
        for subject, target in (("sha256", "ab" * 32), ("url", "http://a.example/1"), ("sha256", "cd" * 32))
    ]
    say(world.log, paused, slow, *removed)
    view = watching.look()
    assert {(one["action"], one["target"], one["value"]) for one in view["controls"]} == {
        ("pause", "a.example", ""),
        ("delay", "b.example", "2.5"),
    }
    assert (view["controls_in_all"], view["taken_down"]) == (2, 2)
    world.log.produce([world.router.control(lifted(paused, who="bob", why="", at=AT))])
    assert [one["action"] for one in watching.look()["controls"]] == ["delay"]


def test_what_was_fetched_last_is_shown_whatever_its_partition(world: World) -> None:
    watching = overview(world)
    made = [survivor(world, n) for n in range(NEWEST + 6)]
    world.log.produce([world.router.survivor(one) for one in made])
    shown = watching.look()["newest"]
    assert [one["sha256"] for one in shown] == [one.candidate.image.sha256 for one in reversed(made)][:NEWEST]
    assert watching.knows(made[-1].candidate.image.sha256)
    assert not watching.knows(made[0].candidate.image.sha256)


@pytest.mark.parametrize(
    "topic", [topics.PROGRESS, topics.FETCHED, topics.SURVIVORS, topics.DEAD_LETTERS, topics.CONTROLS]
)
def test_records_of_strangers_stop_nothing(world: World, topic: topics.Topic) -> None:
    watching = overview(world)
    values = [b"", b"{", b"[]", b"null", b"\xff" * 40, b'{"wnid": 3}', b'{"v": 99}', b"[" * 100_000, None]
    keys = [None, b"", b"\xff", b"http://x/robots.txt", b"n1/fetch/0"]
    world.log.produce([Entry(topic.name, n % PARTITIONS, key, value) for n, value in enumerate(values) for key in keys])
    world.log.produce([world.router.progress(progress(WHIPPET, "fetch", 0, fetched=5))])
    view = watching.look()
    assert [row["fetched"] for row in view["synsets"] if row["wnid"] == WHIPPET] == [5]
    assert (view["hosts"], view["newest"], view["controls"]) == ([], [], [])
    if topic in (topics.PROGRESS, topics.SURVIVORS, topics.CONTROLS):
        assert view["unread"][topic.name] >= 20


def test_what_waits_and_what_is_done_is_the_logs_word(world: World) -> None:
    watching = overview(world)
    world.log.produce([world.router.survivor(survivor(world, 1))])
    land = next(stage for stage in watching.look()["stages"] if stage["stage"] == "land")
    assert (land["lag"], land["largest"], land["done"], land["workers"]) == (1, 1, 0, 0)
