"""What is taken down is nowhere any more, and never comes back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import ImageOps

from synsift.dedupe import fingerprint
from synsift.pipelines import topics
from synsift.pipelines.conflicts import read_conflicts
from synsift.pipelines.controls.steering import read_view
from synsift.pipelines.dead_letters import read_dead_letters, replay
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.records import Candidate, Conflict, Fetched, Image, Survivor, Task, Verified
from synsift.pipelines.removed import read_removed
from synsift.pipelines.stages import mend
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.compaction import compact
from synsift.pipelines.storage.conflict_parts import encode_conflicts
from synsift.pipelines.storage.current import read_current
from synsift.pipelines.storage.expected import expected, reached
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.storage.standing import read_standing as read_manifests
from synsift.pipelines.storage.verified_parts import encode_verdicts
from synsift.pipelines.storage.verify import verify
from synsift.pipelines.summary import read_groups
from synsift.pipelines.takedown import removing
from synsift.pipelines.takedown.finding import Found, find
from synsift.pipelines.takedown.named import Meant, Wanted
from synsift.pipelines.takedown.removing import Request, take_down
from synsift.pipelines.topics import Router
from synsift.pipelines.voting import read_standing
from tests.dedupe.pictures import encoded, photograph
from tests.pipelines.controls.said import AT
from tests.pipelines.log.test_kafka import prefix  # noqa: F401 - a fixture
from tests.pipelines.stages.test_dedupe_and_land import dedupe, land, run, send
from tests.pipelines.worlds import PARTITIONS, World, candidate, stored


@dataclass
class Crawl:
    """A small crawl in which one picture stands in several disguises, and another one alone."""

    world: World
    best: Image
    small: Image
    mirrored: Image
    other: Image

    def all_of_it(self) -> set[str]:
        return {self.best.sha256, self.small.sha256, self.mirrored.sha256}


def by(found: Image, author: str, wnid: str = "n1") -> Candidate:
    made = candidate(found, wnid, f"https://img.example/{wnid}/{found.sha256[:8]}.jpg")
    return msgspec.structs.replace(made, found_by=msgspec.structs.replace(made.found_by, author=author))


@pytest.fixture
def crawl(world: World) -> Crawl:
    return make_crawl(world)


def make_crawl(world: World) -> Crawl:
    whole, other = photograph(1), photograph(2)
    found = Crawl(
        world,
        best=stored(world, encoded(whole, "JPEG", quality=95)),
        small=stored(world, encoded(whole.resize((250, 188)), "JPEG", quality=70)),
        mirrored=stored(world, encoded(ImageOps.mirror(whole), "PNG")),
        other=stored(world, encoded(other, "JPEG", quality=90)),
    )
    # In n1 the small one comes first, and is replaced; in n2 the mirrored one stands.
    for one in (by(found.small, "Jane  Doe"), by(found.best, "somebody"), by(found.other, "J. Roe")):
        send(world, one)
    send(world, by(found.mirrored, "", "n2"), by(found.other, "J. Roe", "n2"))
    entries = [
        world.router.fetched(Fetched(url=f"http://a.example/{number}", outcome="fetched", image=image))
        for number, image in enumerate((found.small, found.best, found.other, found.mirrored))
    ]
    world.log.produce(entries)
    run(world, dedupe(world), land(world))
    task = Task(id="7" * 32, wnid="n1", images=(found.best.sha256, found.other.sha256), votes=3, at=AT)
    verdict = Verified(wnid="n1", sha256=found.best.sha256, verdict="accepted", confidence=0.9, rule="voters")
    world.log.produce([world.router.task(task), world.router.verified(verdict)])
    part = layout.ManifestPart("n1", world.router.of_wnid("n1"), 0, 0, layout.VERIFIED)
    world.objects.put(part.path, encode_verdicts([(0, verdict)]))
    gold = msgspec.structs.replace(verdict, wnid="n5")  # shown for another synset, whose answer is known
    pair = Conflict(
        id="8" * 32,
        wnid="n6",
        sha256=found.other.sha256,
        other_wnid="n1",
        other_sha256=found.best.sha256,
        kind="near",
        tie="disjoint",
    )
    world.log.produce([world.router.verified(gold), world.router.conflict(pair)])
    part = layout.ManifestPart("n5", world.router.of_wnid("n5"), 0, 0, layout.VERIFIED)
    world.objects.put(part.path, encode_verdicts([(0, gold)]))
    for wnid in ("n1", "n6"):
        part = layout.ManifestPart(wnid, 0, 0, 0, layout.CONFLICTS)
        world.objects.put(part.path, encode_conflicts(wnid, [(0, pair)]))
    list(compact(world.objects))
    return found


def removal(crawl: Crawl, wanted: Wanted, objects: Any = None) -> dict[str, Any]:
    request = Request(wanted, "ann", "they asked")
    world = crawl.world
    found = find(world.log, wanted, read_view(world.log).options)
    return take_down(world.log, world.router, objects or world.objects, request, found)


def everywhere(world: World) -> dict[str, str]:
    """All that the store holds, but receipts and snapshots: path → what stands there, as text."""
    return {
        path: world.objects.get(path).decode("latin-1")
        for top in layout.TOPS
        if top not in (layout.REMOVALS, "snapshots/")
        for path in world.paths(top)
    }


def rows(world: World) -> set[str]:
    return {row["sha256"] for standing in read_manifests(world.objects) for row in standing.rows}


def problems(world: World) -> list[str]:
    names = {
        (one.candidate.wnid, one.candidate.image.sha256)
        for letter in read_dead_letters(world.log)
        if letter.letter.stage == "land" and (one := mend.survivor_of(letter)) is not None
    }
    at = reached(world.log)
    found = verify(world.objects, expect=lambda: expected(world.log, at, names))
    return [f"{one.path}: {one.problem}" for one in found if one.problem and not one.path.startswith("verified/")]


WAYS = ["url", "page of all", "sha256", "author", "like"]


def ways(crawl: Crawl) -> Iterator[tuple[str, Wanted]]:
    yield "url", Wanted(urls=(f"HTTPS://IMG.example/n1/{crawl.small.sha256[:8]}.jpg",))
    yield "page of all", Wanted(urls=(f"*/n2/{crawl.mirrored.sha256[:8]}*",))
    yield "sha256", Wanted(sha256=(crawl.best.sha256,))
    yield "author", Wanted(authors=("jane doe",))
    yield "like", Wanted(like=(fingerprint(encoded(photograph(1).rotate(180), "JPEG", quality=80)),))


@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_named_all_copies_of_it_go_and_nothing_else(crawl: Crawl, way: str) -> None:
    world = crawl.world
    told = removal(crawl, dict(ways(crawl))[way])
    left = everywhere(world)
    for sha256 in crawl.all_of_it():
        assert not any(sha256 in path for path in left)
    assert {path.rpartition("/")[2].partition(".")[0] for path in left if not path.endswith(".parquet")} == {
        crawl.other.sha256
    }
    assert rows(world) == {crawl.other.sha256}
    assert problems(world) == []
    assert {one["sha256"] for one in told["images"]} >= crawl.all_of_it()
    assert told["state"] == "done"
    assert json.loads(world.objects.get(layout.receipt(told["id"]))) == told
    assert {standing.survivor.candidate.image.sha256 for standing in read_standing(world.log)} == {crawl.other.sha256}
    assert all(
        group.survivor.image.sha256 == crawl.other.sha256 for some in read_groups(world.log).values() for group in some
    )
    assert not read_conflicts(world.log)
    assert [task.is_open for task in world.records(topics.TASKS, Task)][-1] is False
    assert not world.paths("verified/")
    assert not world.paths("conflicts/")


def test_it_leaves_the_view_of_what_stands_at_once_even_a_damaged_one(crawl: Crawl) -> None:
    world = crawl.world
    one, two = layout.current_view("n1"), layout.current_view("n2")
    in_view = {row["sha256"] for path in (one, two) for row in read_current(world.objects.get(path), ["sha256"])}
    assert in_view == {crawl.best.sha256, crawl.mirrored.sha256, crawl.other.sha256}
    world.objects.put(two, b"damaged")
    told = removal(crawl, Wanted(sha256=(crawl.best.sha256,)))
    assert told["rows"][one] == 1
    assert [row["sha256"] for row in read_current(world.objects.get(one), ["sha256"])] == [crawl.other.sha256]
    assert not world.objects.exists(two)
    assert {str(renewed.outcome) for renewed in compact(world.objects)} == {"written"}
    assert problems(world) == []
    assert [row["sha256"] for row in read_current(world.objects.get(two), ["sha256"])] == [crawl.other.sha256]


def test_it_never_comes_back_by_another_url_nor_by_a_replay_of_all(crawl: Crawl) -> None:
    world = crawl.world
    removal(crawl, Wanted(sha256=(crawl.best.sha256,)))
    before = everywhere(world)
    again = stored(world, encoded(photograph(1).resize((400, 300)), "WEBP", quality=80))
    send(world, by(again, "thief", "n1"), by(again, "thief", "n9"), by(crawl.best, "", "n1"))
    run(world, dedupe(world), land(world))
    # All that the log has is written once more, as who recovers a log does.
    for topic in (topics.CANDIDATES, topics.SURVIVORS):
        for partition in range(world.log.partitions):
            entries = [
                topics.Entry(topic.name, partition, message.key, message.value)
                for message in list(world.log.read(topic.name, partition))
            ]
            world.log.produce(entries)
    run(world, dedupe(world), land(world))
    replay(world.log, world.router, read_dead_letters(world.log))
    run(world, dedupe(world), land(world))
    world.objects.delete(layout.blob(again.sha256))  # a test put it there
    after = everywhere(world)
    assert {path for path in after if not path.startswith("manifests/")} == {
        path for path in before if not path.startswith("manifests/")
    }
    assert rows(world) == {crawl.other.sha256}
    assert {found.letter.outcome for found in read_dead_letters(world.log)} == {"blocked"}


@pytest.mark.slow
def test_on_kafka_as_well(kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    try:
        world = World(log, Objects(StoreAddress(str(tmp_path))), Router(PARTITIONS))  # type: ignore[arg-type]
        crawl = make_crawl(world)
        told = removal(crawl, Wanted(authors=("Jane Doe",)))
        assert {one["sha256"] for one in told["images"]} == crawl.all_of_it()
        assert rows(world) == {crawl.other.sha256}
        assert problems(world) == []
        assert removal(crawl, Wanted(authors=("Jane Doe",))) == told
    finally:
        log.close()


class Torn(Objects):
    """A store that breaks after so many changes."""

    left = 0

    def _spend(self) -> None:
        if self.left <= 0:
            raise KeyboardInterrupt
        self.left -= 1

    def put(self, path: str, data: bytes, *, overwrite: bool = True) -> bool:
        self._spend()
        return super().put(path, data, overwrite=overwrite)

    def delete(self, path: str) -> None:
        self._spend()
        super().delete(path)


def test_cut_off_anywhere_the_same_command_ends_it_and_the_receipt_has_all(
    crawl: Crawl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removing, "_THREADS", 1)
    world = crawl.world
    wanted = Wanted(authors=("Jane Doe",))
    torn = Torn(world.objects.address)
    gone: set[str] = set()
    whole = set(everywhere(world))
    for changes in range(1, 40):
        torn.left = changes
        try:
            told = removal(crawl, wanted, torn)
        except KeyboardInterrupt:
            gone |= whole - set(everywhere(world))
        else:
            break
    gone |= whole - set(everywhere(world))
    assert changes > 5
    assert rows(world) == {crawl.other.sha256}
    assert problems(world) == []
    assert {path for path in gone if not path.endswith(".parquet")} == set(told["objects"])
    assert removal(crawl, wanted)["objects"] == told["objects"]  # once more changes nothing


def test_a_receipt_of_strangers_takes_nothing_else_down(crawl: Crawl) -> None:
    world = crawl.world
    request = Request(Wanted(sha256=(crawl.best.sha256,)), "ann", "they asked")
    path = layout.receipt(request.id)
    bad = [b"", b"\xff", b"[" * 100_000, b'{"objects":7}', b'{"images":[1]}', b'{"images":[{}],"objects":["log.db"]}']
    for data in (*bad, b'{"objects":["%s"]}' % layout.blob(crawl.other.sha256).encode()):
        world.objects.put(path, data)
        removal(crawl, request.wanted)
        assert rows(world) == {crawl.other.sha256}
        assert world.objects.exists(layout.blob(crawl.other.sha256))
    assert world.log.path.exists()


def test_an_image_that_is_let_in_again_is_removed_no_more(crawl: Crawl) -> None:
    from synsift.pipelines.controls.writing import lifted, say

    world = crawl.world
    removal(crawl, Wanted(sha256=(crawl.best.sha256,)))
    assert read_removed(world.log) >= crawl.all_of_it()
    view = read_view(world.log)
    say(world.log, world.router, view, [lifted(one, who="bob", why="", at=AT) for one in view.controls.values()])
    assert not read_removed(world.log)


def test_what_nobody_has_is_kept_out_all_the_same(crawl: Crawl) -> None:
    told = removal(crawl, Wanted(sha256=("ab" * 32,), urls=("https://never.example/*",)))
    assert (told["state"], told["objects"], told["images"], told["unknown"]) == ("done", [], [], ["ab" * 32])
    view = read_view(crawl.world.log)
    assert view.of_url("https://never.example/x", "n1") is not None
    assert ("block", "sha256", "ab" * 32) in {(x.action, x.subject, x.target) for x in view.controls.values()}
    assert rows(crawl.world) == {crawl.best.sha256, crawl.mirrored.sha256, crawl.other.sha256}


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        (
            "J\u00fcrgen  M\u00fcller",
            ["J\u00fcrgen M\u00fcller", "Ju\u0308rgen Mu\u0308ller", "J\u00dcRGEN M\u00dcLLER"],
        ),
        ("Jane Doe", ["Jane\u200b Doe", "jane\u00a0doe", "\uff2aane Doe", "\ufeffJane Doe", "Ja\u00adne Doe"]),
        (r"\*sarah\*", ["*sarah*", "*Sarah*"]),
        ("\uff0asarah\uff0a", ["*sarah*", "\uff0asarah\uff0a"]),
        ("*sarah*", ["*sarah*", "sarah connor"]),
    ],
)
def test_an_author_is_meant_by_how_the_name_looks(asked: str, goes: list[str]) -> None:
    meant = Meant(Wanted(authors=(asked,)))
    others = ["somebody", "J\u00fcrgen Muller", "sarah connor", "jane", "", "Jane Doe II"]
    assert [name for name in goes if not meant.image("ab" * 32, (), name)] == []
    assert [name for name in others if meant.image("ab" * 32, (), name)] == [name for name in others if name in goes]


def test_records_that_cannot_be_read_hide_no_image(crawl: Crawl) -> None:
    world = crawl.world
    for topic in (topics.SURVIVORS, topics.DUPLICATES, topics.CANDIDATES, topics.FETCHED):
        for partition in range(world.log.partitions):
            bad = [b"", b"\xff", b"[" * 100_000, b"null", b'{"image":{"sha256":"zz"}}', b'{"sha256":7}']
            world.log.produce([topics.Entry(topic.name, partition, b"k%d" % n, value) for n, value in enumerate(bad)])
    found: list[Found] = find(world.log, Wanted(authors=("jane*",)), read_view(world.log).options)
    assert {one.sha256 for one in found} == crawl.all_of_it()


def test_survivors_of_another_version_are_found_by_what_they_name(crawl: Crawl) -> None:
    world = crawl.world
    made = world.router.survivor(Survivor(candidate=by(crawl.other, "Jane Doe", "n7")))
    value = (made.value or b"").replace(b'{"candidate"', b'{"v":2,"new":[1],"candidate"')
    world.log.produce([topics.Entry(made.topic, made.partition, made.key, value)])
    found = find(world.log, Wanted(authors=("Jane Doe",)), read_view(world.log).options)
    assert crawl.other.sha256 in {one.sha256 for one in found}
