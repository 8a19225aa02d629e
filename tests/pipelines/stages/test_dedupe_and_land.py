import asyncio
import contextlib
import datetime
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from synsift.dedupe import Matcher, fingerprint
from synsift.pipelines import topics
from synsift.pipelines.dead_letters import read_dead_letters, replay
from synsift.pipelines.errors import DiskFull
from synsift.pipelines.records import Candidate, Duplicate, Progress, Survivor
from synsift.pipelines.stage import Stage
from synsift.pipelines.stages.dedupe import DedupeOptions, DedupeStage
from synsift.pipelines.stages.dedupe_state import Judging
from synsift.pipelines.stages.land import LandOptions, LandStage
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.expected import expected, reached
from synsift.pipelines.storage.manifests import decode_part
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.storage.sweep import Swept, sweep
from synsift.pipelines.storage.verify import verify
from synsift.pipelines.summary import read_groups
from synsift.pipelines.topics import Entry
from synsift.pipelines.worker import Worker
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import World, candidate, stored


def small(seed: int) -> bytes:
    return encoded(scene(seed).resize((160, 120)), "JPEG", quality=90)


def large(seed: int) -> bytes:
    return encoded(scene(seed), "JPEG", quality=90)


def run(world: World, *stages: Stage) -> None:
    """Run stages until nothing is left to do."""
    asyncio.run(Worker(world.log, stages, until_idle=True).run())


def dedupe(world: World, batch: int = 100) -> DedupeStage:
    return DedupeStage(world.log, world.router, options=DedupeOptions(Judging(), batch))


def land(world: World, objects: ObjectStore | None = None) -> LandStage:
    return LandStage(world.log, world.router, objects=objects or world.objects, options=LandOptions(100, 0.05, 1))


def send(world: World, *candidates: Candidate) -> None:
    world.log.produce([world.router.candidate(item) for item in candidates])


def counts(world: World, stage: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for progress in world.records(topics.PROGRESS, Progress):
        if progress.stage == stage:
            found |= progress.counts
    return found


def test_candidates_become_survivors_and_duplicates(world: World) -> None:
    one, two = stored(world, large(1)), stored(world, large(2))
    copy = stored(world, small(1))
    send(world, candidate(one), candidate(two), candidate(one, url="http://b.example/same"), candidate(copy))
    run(world, dedupe(world))
    survivors = world.records(topics.SURVIVORS, Survivor)
    assert [s.candidate.image.sha256 for s in survivors] == [one.sha256, two.sha256]
    duplicates = world.records(topics.DUPLICATES, Duplicate)
    assert [(d.sha256, d.of, d.kind) for d in duplicates] == [
        (one.sha256, one.sha256, "exact"),
        (copy.sha256, one.sha256, "near"),
    ]
    assert counts(world, "dedupe") == {"candidates": 4, "unique": 2, "exact_duplicate": 1, "near_duplicate": 1}


def test_a_transform_turns_the_copy_into_the_survivor_whichever_came_first(world: World) -> None:
    upright = encoded(scene(1).resize((640, 480)), "PNG")
    turned = encoded(scene(1).resize((320, 240)).rotate(90, expand=True), "PNG")
    of_copy = Matcher.of_reference([fingerprint(upright)]).match(fingerprint(turned)).transform
    of_better = Matcher.of_reference([fingerprint(turned)]).match(fingerprint(upright)).transform
    assert {of_copy, of_better} == {"rotated-90", "rotated-270"}
    for wnid, images in (("n1", (upright, turned)), ("n2", (turned, upright))):
        for image in images:
            send(world, candidate(stored(world, image), wnid))
            run(world, dedupe(world))
    assert [one.transform for one in world.records(topics.DUPLICATES, Duplicate)] == [of_copy, of_copy]
    replacing = [one for one in world.records(topics.SURVIVORS, Survivor) if one.replaces]
    assert [one.transform for one in replacing] == [of_better]


def test_what_is_near_to_a_reference_is_rejected_in_every_synset(world: World) -> None:
    kept_out = fingerprint(small(1))
    one, two = stored(world, large(1)), stored(world, large(2))
    send(world, candidate(one), candidate(two), candidate(one, "n2"))
    options = DedupeOptions(Judging(reference=Matcher.of_reference([kept_out])), 100)
    run(world, DedupeStage(world.log, world.router, options=options))
    assert [s.candidate.image.sha256 for s in world.records(topics.SURVIVORS, Survivor)] == [two.sha256]
    duplicates = world.records(topics.DUPLICATES, Duplicate)
    assert {(d.wnid, d.sha256, d.of, d.kind) for d in duplicates} == {
        ("n1", one.sha256, kept_out.sha256, "reference"),
        ("n2", one.sha256, kept_out.sha256, "reference"),
    }
    groups = read_groups(world.log)
    assert [group.survivor.image.sha256 for group in groups["n1"]] == [two.sha256]


def test_the_same_image_is_kept_under_both_of_its_synsets(world: World) -> None:
    one = stored(world, large(1))
    send(world, candidate(one, "n1"), candidate(one, "n2"))
    run(world, dedupe(world), land(world))
    assert world.paths("blobs/") == [layout.blob(one.sha256)]
    assert {path.split("/")[1] for path in world.paths("candidates/")} == {"n1", "n2"}


def test_state_comes_back_from_survivors_after_a_restart(world: World) -> None:
    one, copy, best = stored(world, small(1)), stored(world, encoded(scene(1), "WEBP")), stored(world, large(1))
    for image in (one, best, copy):
        send(world, candidate(image))
        run(world, dedupe(world))
    survivors = world.records(topics.SURVIVORS, Survivor)
    assert [(s.candidate.image.sha256, s.replaces) for s in survivors] == [(one.sha256, ""), (best.sha256, one.sha256)]
    assert [(d.sha256, d.of) for d in world.records(topics.DUPLICATES, Duplicate)] == [
        (one.sha256, best.sha256),
        (copy.sha256, best.sha256),
    ]


def test_a_record_that_cannot_be_read_becomes_a_dead_letter_with_its_bytes(world: World) -> None:
    broken = [b"\xff not json", b'{"v":9,"what":"new"}']
    good = stored(world, large(1))
    world.log.produce([Entry("candidates", 0, b"k", value) for value in broken])
    send(world, candidate(good))
    run(world, dedupe(world))
    letters = world.letters()
    assert [letter.value for letter in letters] == broken
    assert [letter.outcome for letter in letters] == ["broken_record"] * 2
    assert "reads version 1" in letters[1].message
    assert len(world.records(topics.SURVIVORS, Survivor)) == 1


def test_a_hash_that_cannot_be_read_is_a_broken_record(world: World) -> None:
    good = stored(world, large(1))
    entry = world.router.candidate(candidate(good))
    bad = (entry.value or b"").replace(b'"hash":"4:', b'"hash":"9:')
    world.log.produce([Entry(entry.topic, entry.partition, entry.key, bad)])
    run(world, dedupe(world))
    assert "version '9'" in world.letters()[0].message


def test_survivors_land_with_provenance_and_manifest(world: World) -> None:
    one = stored(world, large(1))
    send(world, candidate(one))
    run(world, dedupe(world), land(world))
    assert world.objects.get(f"candidates/n1/{one.sha256}.jpg") == large(1)
    provenance = json.loads(world.objects.get(f"candidates/n1/{one.sha256}.json"))
    assert provenance["candidate"]["url"] == "http://a.example/x.jpg"
    (part,) = world.paths("manifests/")
    (row,) = decode_part(world.objects.get(part))
    assert (row["sha256"], row["replaces"], row["object"]) == (one.sha256, "", f"candidates/n1/{one.sha256}.jpg")


def test_what_is_replaced_is_moved_out(world: World) -> None:
    first, best = stored(world, small(1)), stored(world, large(1))
    send(world, candidate(first))
    run(world, dedupe(world), land(world))
    assert any(first.sha256 in path for path in world.paths("candidates/"))
    send(world, candidate(best))
    run(world, dedupe(world), land(world))
    assert world.paths("candidates/") == [f"candidates/n1/{best.sha256}.{ext}" for ext in ("jpg", "json")]
    rows = [row for part in world.paths("manifests/") for row in decode_part(world.objects.get(part))]
    assert [(row["sha256"], row["replaces"]) for row in rows] == [
        (first.sha256, ""),
        (best.sha256, first.sha256),
    ]
    assert counts(world, "land") == {"landed": 2, "moved_out": 1}


def test_what_is_replaced_within_a_batch_never_lands(world: World) -> None:
    first, best = stored(world, small(1)), stored(world, large(1))
    send(world, candidate(first), candidate(best))
    run(world, dedupe(world))
    run(world, land(world))
    assert world.paths("candidates/") == [f"candidates/n1/{best.sha256}.{ext}" for ext in ("jpg", "json")]


def test_a_manifest_part_of_an_interrupted_batch_is_replaced(world: World) -> None:
    one, two = stored(world, large(1)), stored(world, large(2))
    send(world, candidate(one), candidate(two))
    run(world, dedupe(world))
    partition = world.router.of_wnid("n1")
    stale = layout.ManifestPart("n1", partition, 0, 0)
    world.objects.put(stale.path, b"written before the kill, never committed")
    run(world, land(world))
    assert world.paths("manifests/") == [layout.ManifestPart("n1", partition, 0, 1).path]


def test_a_survivor_whose_blob_is_gone_is_a_dead_letter_and_no_stop(world: World) -> None:
    one, two = stored(world, large(1)), stored(world, large(2))
    send(world, candidate(one), candidate(two))
    run(world, dedupe(world))
    world.objects.delete(layout.blob(one.sha256))
    run(world, land(world))
    (letter,) = world.letters()
    assert (letter.stage, letter.outcome) == ("land", "blob_missing")
    assert [path for path in world.paths("candidates/") if path.endswith("jpg")] == [f"candidates/n1/{two.sha256}.jpg"]
    lacking = {("n1", one.sha256)}
    found = verify(world.objects, expect=lambda: expected(world.log, reached(world.log), lacking, lacking))
    gone = "gone; a survivor that has not landed needs it"
    assert [(one.path, one.problem) for one in found if one.problem] == [(layout.blob(one.sha256), gone)]


def swept(world: World, *, dry_run: bool = False) -> Swept:
    return sweep(world.log, world.objects, dry_run=dry_run, min_age=datetime.timedelta(0))


def test_sweeping_takes_blobs_of_duplicates_and_nothing_else(world: World) -> None:
    kept, copy, open_one = stored(world, large(1)), stored(world, small(1)), stored(world, large(2))
    elsewhere = stored(world, small(3))
    send(world, candidate(kept), candidate(copy), candidate(elsewhere, "n2"), candidate(stored(world, large(3)), "n1"))
    run(world, dedupe(world), land(world))
    send(world, candidate(open_one), candidate(copy, "n3"))
    assert swept(world, dry_run=True) == Swept(5, 0)
    run(world, dedupe(world), land(world))
    # The small copy survives in n3 now, so only in n1 it is a duplicate.
    assert swept(world) == Swept(5, 0)
    send(world, candidate(kept, "n3"))
    run(world, dedupe(world), land(world))
    assert swept(world, dry_run=True) == Swept(4, 1)
    assert swept(world) == Swept(4, 1)
    assert not world.objects.exists(layout.blob(copy.sha256))
    assert world.objects.exists(layout.blob(kept.sha256))


def test_a_survivor_that_was_replaced_before_it_landed_keeps_its_blob(world: World) -> None:
    first, best = stored(world, small(1)), stored(world, large(1))
    send(world, candidate(first), candidate(best))
    run(world, dedupe(world))
    assert swept(world) == Swept(2, 0)
    run(world, land(world))
    assert swept(world) == Swept(1, 1)


class CutOff:
    """A store that works for some operations and then fails, as when the disk is full or the process is killed."""

    def __init__(self, world: World, operations: int) -> None:
        self._objects, self._left = world.objects, operations

    def __getattr__(self, name: str) -> Callable[..., object]:
        if self._left == 0:
            raise DiskFull("no space left")
        self._left -= 1
        return getattr(self._objects, name)  # type: ignore[no-any-return]


@pytest.mark.parametrize("operations", range(12))
def test_wherever_a_batch_is_cut_off_the_next_run_mends_it(world: World, operations: int) -> None:
    first, other, best = stored(world, small(1)), stored(world, large(2)), stored(world, large(1))
    send(world, candidate(first), candidate(other))
    run(world, dedupe(world))
    with contextlib.suppress(DiskFull):
        run(world, land(world, CutOff(world, operations)))
    send(world, candidate(best))
    run(world, dedupe(world))
    with contextlib.suppress(DiskFull):
        run(world, land(world, CutOff(world, operations)))
    run(world, land(world))
    kept = sorted([best.sha256, other.sha256])
    assert world.paths("candidates/") == [f"candidates/n1/{sha256}.{ext}" for sha256 in kept for ext in ("jpg", "json")]
    rows = [row for part in world.paths("manifests/") for row in decode_part(world.objects.get(part))]
    assert sorted(row["offset"] for row in rows) == [0, 1, 2]


@pytest.mark.parametrize("is_gone", [True, False])
def test_what_landed_whole_before_its_blob_was_damaged_has_landed(world: World, is_gone: bool) -> None:
    one = stored(world, large(1))
    whole = world.objects.get(layout.blob(one.sha256))
    send(world, candidate(one))
    run(world, dedupe(world))
    with contextlib.suppress(DiskFull):
        run(world, land(world, CutOff(world, 3)))  # read, provenance, copy; its manifest is missing
    assert world.objects.exists(f"candidates/n1/{one.sha256}.jpg")
    world.objects.delete(layout.blob(one.sha256))
    if not is_gone:
        world.objects.put(layout.blob(one.sha256), b"rotten")
        world.objects.delete(f"candidates/n1/{one.sha256}.jpg")  # in a folder it is the same file
        world.objects.put(f"candidates/n1/{one.sha256}.jpg", whole)
    run(world, land(world))
    assert world.letters() == []
    assert world.objects.get(f"candidates/n1/{one.sha256}.jpg") == whole
    assert len(world.paths("manifests/")) == 1


def test_a_survivor_without_blob_leaves_no_provenance(world: World) -> None:
    one = stored(world, large(1))
    send(world, candidate(one))
    run(world, dedupe(world))
    world.objects.delete(layout.blob(one.sha256))
    run(world, land(world))
    assert world.paths("candidates/") == []


class RotsWhenCopied(Objects):
    """A disk on which a blob rots between the look at it and the copy."""

    def copy(self, source: str, target: str) -> None:
        data = self.get(source)
        self.put(source, data[:-1] + bytes([data[-1] ^ 1]))
        super().copy(source, target)


def test_a_blob_that_rots_between_the_look_and_the_copy_does_not_land(world: World) -> None:
    one = stored(world, large(1))
    send(world, candidate(one))
    run(world, dedupe(world))
    run(world, land(world, RotsWhenCopied(world.objects.address)))
    assert [letter.outcome for letter in world.letters()] == ["blob_damaged"]
    assert world.paths("candidates/") == []


class RotsWhenWritten(Objects):
    """A store elsewhere in which a blob rots between the look at it and its landing, and which need not look again."""

    def put(self, path: str, data: bytes, *, overwrite: bool = True) -> bool:
        if path.startswith(layout.CANDIDATES) and not path.endswith(".json"):
            super().put(layout.blob(path.rpartition("/")[2].partition(".")[0]), b"rotten")
        return super().put(path, data, overwrite=overwrite)

    def tag(self, path: str) -> str:
        raise AssertionError(f"{path} was looked at again")


def test_elsewhere_a_small_image_lands_by_one_request_and_as_it_was_looked_at(world: World) -> None:
    objects, data = RotsWhenWritten(StoreAddress("memory:///")), large(1)
    one = stored(world, data)
    objects.put(layout.blob(one.sha256), data)
    send(world, candidate(one))
    run(world, dedupe(world), land(world, objects))
    assert world.letters() == []
    assert objects.get(f"candidates/n1/{one.sha256}.jpg") == data


class GoneAfterOneCopy(Objects):
    """A disk from which a blob is lost once it was copied."""

    def copy(self, source: str, target: str) -> None:
        super().copy(source, target)
        self.delete(source)


def test_an_image_of_two_synsets_that_is_lost_between_them_lands_in_the_first(world: World) -> None:
    one = stored(world, large(1))
    send(world, candidate(one, "n1"), candidate(one, "n2"))
    run(world, dedupe(world))
    run(world, land(world, GoneAfterOneCopy(world.objects.address)))
    (landed,) = [path for path in world.paths("candidates/") if path.endswith(".jpg")]
    (other,) = {"n1", "n2"} - {landed.split("/")[1]}
    assert [(letter.wnid, letter.outcome) for letter in world.letters()] == [(other, "blob_missing")]
    rows = [row for part in world.paths("manifests/") for row in decode_part(world.objects.get(part))]
    assert [row["object"] for row in rows] == [landed]


def test_what_never_landed_is_not_counted_as_moved_out(world: World) -> None:
    first, best = stored(world, small(1)), stored(world, large(1))
    send(world, candidate(first))
    run(world, dedupe(world))
    world.objects.delete(layout.blob(first.sha256))
    run(world, land(world))
    send(world, candidate(best))
    run(world, dedupe(world), land(world))
    assert counts(world, "land") == {"blob_missing": 1, "landed": 1}


def test_what_is_moved_out_for_one_that_does_not_land_is_counted_then_and_not_when_that_is_replayed(
    world: World,
) -> None:
    first, best = stored(world, small(1)), stored(world, large(1))
    send(world, candidate(first))
    run(world, dedupe(world), land(world))
    send(world, candidate(best))
    run(world, dedupe(world))
    bytes_of_best = world.objects.get(layout.blob(best.sha256))
    world.objects.delete(layout.blob(best.sha256))
    run(world, land(world))
    assert counts(world, "land") == {"landed": 1, "blob_missing": 1, "moved_out": 1}
    world.objects.put(layout.blob(best.sha256), bytes_of_best)
    replay(world.log, world.router, read_dead_letters(world.log))
    run(world, land(world))
    assert counts(world, "land") == {"landed": 2, "blob_missing": 1, "moved_out": 1}
    assert world.paths("candidates/") == [f"candidates/n1/{best.sha256}.{ext}" for ext in ("jpg", "json")]


@pytest.mark.parametrize("operations", range(14))
def test_what_was_moved_out_before_a_batch_was_cut_off_is_counted_once(world: World, operations: int) -> None:
    first, best = stored(world, small(1)), stored(world, large(1))
    send(world, candidate(first))
    run(world, dedupe(world), land(world))
    send(world, candidate(best))
    run(world, dedupe(world))
    with contextlib.suppress(DiskFull):
        run(world, land(world, CutOff(world, operations)))
    run(world, land(world))
    assert counts(world, "land") == {"landed": 2, "moved_out": 1}
    assert world.paths("candidates/") == [f"candidates/n1/{best.sha256}.{ext}" for ext in ("jpg", "json")]


def test_stages_of_one_process_need_none_of_the_common_threads(world: World) -> None:
    """There are as many as cores, and four: a seventh stage never began on two, and nobody saw that all was done."""

    async def with_one_thread() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        await Worker(world.log, [dedupe(world), land(world)], until_idle=True).run()

    send(world, candidate(stored(world, encoded(scene(1), "JPEG"))))
    asyncio.run(asyncio.wait_for(with_one_thread(), 60))
    assert len(world.paths(layout.CANDIDATES)) == 2
