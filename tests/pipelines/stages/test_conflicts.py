"""Survivors beside those of other synsets: as they come, exactly once, and carried beside the manifests."""

import asyncio
import io
from collections.abc import Sequence

import msgspec
import pyarrow.parquet
import pytest
from PIL import ImageOps

from synsift.crawler.ontology import wordnet
from synsift.dedupe import Fingerprint, MatchOptions
from synsift.pipelines import topics
from synsift.pipelines.assembly import stages_of
from synsift.pipelines.config import load
from synsift.pipelines.conflicts import find_conflicts, read_conflicts
from synsift.pipelines.matching import match_options
from synsift.pipelines.pairs import Ties, pair_id
from synsift.pipelines.records import Conflict, Survivor
from synsift.pipelines.stages import mend
from synsift.pipelines.stages.annotate import AnnotateStage
from synsift.pipelines.stages.beholder import Beholder
from synsift.pipelines.stages.conflicts import ConflictsOptions, ConflictsStage
from synsift.pipelines.stages.dedupe_state import fingerprint_of
from synsift.pipelines.storage.expected import expected, reached
from synsift.pipelines.storage.verify import verify
from synsift.pipelines.summary import read_counts
from synsift.pipelines.topics import Entry
from synsift.pipelines.worker import Worker
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import World, candidate, stored

WHIPPET, DOG, DAISY, SHELF = "n02091134", "n02084071", "n11939491", "shelf"


def picture(number: int, side: int = 320) -> bytes:
    return encoded(scene(number).resize((side, side * 3 // 4)), "PNG")


def survivor(world: World, wnid: str, data: bytes, **fields: str) -> Survivor:
    return Survivor(candidate=candidate(stored(world, data), wnid), **fields)


def send(world: World, *survivors: Survivor) -> list[str]:
    world.log.produce([world.router.survivor(one) for one in survivors])
    return [one.candidate.image.sha256 for one in survivors]


def stage(world: World, batch: int = 3) -> ConflictsStage:
    return ConflictsStage(world.log, world.router, options=ConflictsOptions(batch=batch))


def annotate(world: World) -> AnnotateStage:
    return AnnotateStage(world.log, world.router, objects=world.objects, batch=100, linger_s=0.0)


def run(world: World) -> None:
    asyncio.run(Worker(world.log, [stage(world), annotate(world)], until_idle=True).run())


def records(world: World) -> list[Conflict]:
    return world.records(topics.CONFLICTS, Conflict)


def ends(pair: Conflict) -> frozenset[tuple[str, str]]:
    return frozenset(((pair.wnid, pair.sha256), (pair.other_wnid, pair.other_sha256)))


def standing(world: World) -> set[frozenset[tuple[str, str]]]:
    return {ends(pair) for pair in read_conflicts(world.log)}


def rows(world: World, wnid: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for path in world.paths(f"conflicts/{wnid}/"):
        found += pyarrow.parquet.read_table(io.BytesIO(world.objects.get(path))).to_pylist()
    return found


def test_pairs_of_two_synsets_are_told_with_what_these_are_to_each_other(world: World) -> None:
    a, b, c, d, _ = send(
        world,
        survivor(world, WHIPPET, picture(1)),
        survivor(world, DAISY, picture(1)),
        survivor(world, DOG, picture(1, 200)),
        survivor(world, SHELF, picture(2)),
        survivor(world, WHIPPET, picture(3)),
    )
    send(world, survivor(world, DAISY, picture(2, 240)))
    run(world)
    found = {(frozenset((one.wnid, one.other_wnid)), one.kind) for one in records(world)}
    assert a == b != c != d
    assert found == {
        (frozenset((WHIPPET, DAISY)), "exact"),
        (frozenset((WHIPPET, DOG)), "near"),
        (frozenset((DAISY, DOG)), "near"),
        (frozenset((DAISY, SHELF)), "near"),
    }
    ties = {frozenset((one.wnid, one.other_wnid)): (one.wnid, one.tie) for one in records(world)}
    assert ties[frozenset((WHIPPET, DOG))] in {(WHIPPET, "below"), (DOG, "above")}
    assert ties[frozenset((WHIPPET, DAISY))][1] == "disjoint"
    assert ties[frozenset((DAISY, SHELF))][1] == "unknown"
    counts = read_counts(world.log)
    assert sum(one.of("conflicts", "compared") for one in counts.values()) == 6
    assert sum(one.of("conflicts", "conflict") for one in counts.values()) == 3
    assert sum(one.of("conflicts", "linked") for one in counts.values()) == 1


def test_the_name_of_a_pair_is_the_same_for_ever() -> None:
    one, other = ("n02091134", "ab" * 32), ("n11939491", "cd" * 32)
    assert pair_id(one, other) == pair_id(other, one) == "f4a988bdcf01b81d5f89aa695c1b458c"
    assert pair_id(one, ("n11939491", "ce" * 32)) != pair_id(one, other)


def test_a_pair_goes_over_to_the_better_copy(world: World) -> None:
    small, other = send(world, survivor(world, WHIPPET, picture(1, 200)), survivor(world, DAISY, picture(1, 240)))
    run(world)
    (first,) = records(world)
    (large,) = send(world, survivor(world, WHIPPET, picture(1), replaces=small))
    run(world)
    assert standing(world) == {frozenset(((WHIPPET, large), (DAISY, other)))}
    last = {pair.id: pair for pair in records(world)}
    assert (last[first.id].stands, last[first.id].ended) == (False, "better_copy")
    (new,) = read_conflicts(world.log)
    assert new.replaces == first.id
    assert len(records(world)) == 3
    (third,) = send(world, survivor(world, DOG, picture(1, 220)))
    run(world)
    assert standing(world) == {
        frozenset(((WHIPPET, large), (DAISY, other))),
        frozenset(((WHIPPET, large), (DOG, third))),
        frozenset(((DAISY, other), (DOG, third))),
    }


def test_a_pair_ends_with_a_picture_that_goes_for_what_it_is_a_part_of(world: World) -> None:
    part, whole, _ = send(
        world,
        survivor(world, WHIPPET, picture(1)),
        survivor(world, WHIPPET, picture(2)),
        survivor(world, DAISY, picture(1, 240)),
    )
    run(world)
    assert len(standing(world)) == 1
    send(world, survivor(world, WHIPPET, picture(2), replaces=part, relation="part_of"))
    run(world)
    assert standing(world) == set()
    assert [pair.ended for pair in records(world)] == ["", "withdrawn"]
    send(world, survivor(world, DOG, picture(1, 260)))
    run(world)
    assert len(standing(world)) == 1, "what was withdrawn is in view no more"
    assert not any((WHIPPET, whole) in pair for pair in standing(world))


class Cut(ConflictsStage):
    """A worker that dies before, or after, its n-th commit."""

    def __init__(self, world: World, commits: int, *, after: bool) -> None:
        super().__init__(world.log, world.router, options=ConflictsOptions(batch=2))
        self._left = commits
        self._after = after

    def work(self, messages: Sequence[object]) -> None:
        super().work(messages)  # type: ignore[arg-type]
        self._left -= 1
        if not self._left and not self._after:
            raise Killed

    def committed(self) -> None:
        if self._left <= 0:
            raise Killed


class Killed(Exception):
    """As a kill: nothing more is written."""


def crossing_world(world: World) -> list[Survivor]:
    synsets = (WHIPPET, DAISY, DOG, SHELF)
    found = [survivor(world, wnid, picture(n, 320 - 20 * at)) for n in range(1, 4) for at, wnid in enumerate(synsets)]
    small = survivor(world, DAISY, picture(5, 200))
    found += [small, survivor(world, WHIPPET, picture(5, 260))]
    return [*found, survivor(world, DAISY, picture(5), replaces=small.candidate.image.sha256)]


@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_each_pair_is_told_once(world: World, after: bool) -> None:
    for one in crossing_world(world):
        send(world, one)
    for commits in (2, 4):  # of three deaths an input is taken to be the cause
        dying = Cut(world, commits, after=after)
        with pytest.raises(Killed):
            asyncio.run(Worker(world.log, [dying], until_idle=True).run())
    run(world)
    told = [(pair.id, pair.stands) for pair in records(world)]
    assert len(told) == len(set(told)), "a pair was told twice"
    anew = {ends(pair) for pair in find_conflicts(world.log, wordnet(), match_options(load(env={}).settings.dedupe))}
    assert standing(world) == anew
    assert len(anew) == 3 * 6 + 1


def test_what_was_given_up_is_looked_at_when_it_is_replayed(world: World) -> None:
    """It is in view by then, as everything below the position is."""
    send(world, survivor(world, WHIPPET, picture(1)))
    lost = survivor(world, DAISY, picture(1))
    send(world, lost)
    run(world)
    (pair,) = records(world)
    known = Beholder(Ties(wordnet), MatchOptions())
    known.restore(world.records(topics.SURVIVORS, Survivor))
    image = fingerprint_of(lost.candidate.image)
    assert isinstance(image, Fingerprint)
    assert [found.id for found in known.look(lost, image)] == [pair.id]
    assert known.look(lost, image) == []


def test_what_comes_after_a_restart_is_found_beside_what_came_before(world: World) -> None:
    (first,) = send(world, survivor(world, WHIPPET, picture(1)))
    run(world)
    (second,) = send(world, survivor(world, DAISY, encoded(ImageOps.mirror(scene(1)), "PNG")))
    run(world)
    (pair,) = records(world)
    assert ends(pair) == {(WHIPPET, first), (DAISY, second)}
    assert pair.transform == "mirrored"


def test_a_second_worker_stands_by_and_takes_over(world: World) -> None:
    send(world, survivor(world, WHIPPET, picture(1)))
    first, second = stage(world), stage(world)

    async def both() -> None:
        worker = asyncio.create_task(first.run())
        while not first.statistics().partitions or world.log.lag("conflicts", "survivors")[0].owner == "":
            await asyncio.sleep(0.01)
        heir = asyncio.create_task(second.run())
        while not second.statistics().is_ready:
            await asyncio.sleep(0.01)
        assert second.statistics().partitions == 0
        first.stop()
        await worker
        send(world, survivor(world, DAISY, picture(1)))
        while any(lag.records for lag in world.log.lag("conflicts", "survivors")):
            await asyncio.sleep(0.01)
        assert second.statistics().partitions == world.log.partitions
        second.stop()
        await heir

    asyncio.run(asyncio.wait_for(both(), 60))
    assert len(standing(world)) == 1


def test_a_record_that_cannot_be_read_costs_itself(world: World) -> None:
    world.log.produce([Entry(topics.SURVIVORS.name, world.router.of_wnid(WHIPPET), WHIPPET.encode(), b"{")])
    broken = survivor(world, WHIPPET, picture(2))
    image = msgspec.structs.replace(broken.candidate.image, hash="no hash")
    send(world, msgspec.structs.replace(broken, candidate=msgspec.structs.replace(broken.candidate, image=image)))
    send(world, survivor(world, WHIPPET, picture(1)), survivor(world, DAISY, picture(1)))
    run(world)
    assert len(standing(world)) == 1
    assert world.letters() == []


def test_what_is_found_stands_beside_the_manifests_of_both_synsets(world: World) -> None:
    a, b = send(world, survivor(world, WHIPPET, picture(1)), survivor(world, DOG, picture(1, 200)))
    run(world)
    (mine,), (theirs,) = rows(world, WHIPPET), rows(world, DOG)
    assert (mine["sha256"], mine["other_wnid"], mine["other_sha256"], mine["tie"]) == (a, DOG, b, "below")
    assert (theirs["sha256"], theirs["other_wnid"], theirs["other_sha256"], theirs["tie"]) == (b, WHIPPET, a, "above")
    assert mine["id"] == theirs["id"] == records(world)[0].id
    assert (mine["stands"], mine["is_conflict"], mine["kind"]) == (True, False, "near")
    send(world, survivor(world, WHIPPET, picture(1, 400), replaces=a))
    run(world)
    last = {row["id"]: row["stands"] for row in sorted(rows(world, DOG), key=lambda row: str(row["offset"]))}
    assert sorted(last.values()) == [False, True]  # type: ignore[type-var]


def test_parts_of_a_batch_that_was_cut_off_are_written_once(world: World) -> None:
    send(world, survivor(world, WHIPPET, picture(1)), survivor(world, DOG, picture(1, 200)))
    run(world)
    (path,) = world.paths(f"conflicts/{DOG}/")
    data = world.objects.get(path)
    world.objects.put(path.replace(".parquet", "").rpartition("-")[0] + "-000000000009.parquet", data)
    stages = [stage(world), annotate(world)]
    send(world, survivor(world, DOG, picture(2)), survivor(world, WHIPPET, picture(2, 200)))
    for one in stages:
        asyncio.run(Worker(world.log, [one], until_idle=True).run())
    offsets = [(row["id"], row["offset"]) for row in rows(world, DOG)]
    assert len({name for name, _ in offsets}) == 2


def look(world: World) -> dict[str, str]:
    at = reached(world.log)
    return {
        one.path: one.problem
        for one in verify(world.objects, expect=lambda: expected(world.log, at, ()))
        if one.problem
    }


def test_what_is_gone_or_damaged_of_it_is_named_and_written_anew(world: World) -> None:
    send(world, survivor(world, WHIPPET, picture(1)), survivor(world, DOG, picture(1, 200)))
    run(world)
    assert look(world) == {}
    (path,) = world.paths(f"conflicts/{DOG}/")
    before = rows(world, DOG)
    world.objects.put(path, b"PAR1")
    assert look(world) == {path: "its bytes are not a manifest's"}
    assert mend.write_from_log(world.log, world.objects, [path]) == {path}
    assert (rows(world, DOG), look(world)) == (before, {})
    world.objects.delete(path)
    assert look(world) == {f"conflicts/{DOG}/": "1 conflict is in none of its parts"}


@pytest.mark.parametrize(("wanted", "among"), [("true", True), ("false", False)])
def test_the_configuration_leaves_it_out(wanted: str, among: bool) -> None:
    names = stages_of(load(env={}, options={"dedupe.conflicts": wanted}).settings)
    assert ({"conflicts", "annotate"} <= set(names)) is among
    assert among or not {"conflicts", "annotate"} & set(names)
