"""A second look at survivors, behind the stream: what goes, what is told, and that no kill makes a difference."""

import asyncio
import datetime
import importlib.util
from collections.abc import Iterator, Sequence

import pytest
from PIL import Image

from synsift.dedupe import Tie, describe
from synsift.dedupe.local import relation as local
from synsift.dedupe.local.features import Features
from synsift.pipelines import topics
from synsift.pipelines.records import Duplicate, Relation, Survivor
from synsift.pipelines.records import Image as Known
from synsift.pipelines.stages.dedupe import DedupeOptions, DedupeStage
from synsift.pipelines.stages.dedupe_state import Judging, SnapshotPolicy
from synsift.pipelines.stages.land import LandOptions, LandStage
from synsift.pipelines.stages.thorough import ThoroughOptions, ThoroughStage
from synsift.pipelines.storage.features import FeatureStore
from synsift.pipelines.storage.manifests import decode_part
from synsift.pipelines.storage.snapshots import Snapshots
from synsift.pipelines.storage.sweep import sweep
from synsift.pipelines.summary import read_counts, read_groups
from synsift.pipelines.worker import Worker
from tests.conftest import missing
from tests.dedupe.local.scenes import busy
from tests.dedupe.pictures import encoded
from tests.pipelines.worlds import World, candidate, stored

COPIES = frozenset({Tie.COPY})


@pytest.fixture(autouse=True)
def _opencv() -> None:
    if importlib.util.find_spec("cv2") is None:
        missing("opencv-python-headless isn't installed")


class InProcess:
    """A describer without a process."""

    def __init__(self) -> None:
        self.described = 0

    def describe(self, data: bytes) -> bytes:
        self.described += 1
        return describe(data).to_bytes()

    def relate(self, query: bytes, others: Sequence[bytes]) -> list[local.Relation]:
        one = Features.from_bytes(query)
        return [local.relate(one, Features.from_bytes(other)) for other in others]

    def close(self) -> None:
        pass


def thorough(world: World, removing: frozenset[Tie] = COPIES, describer: InProcess | None = None) -> ThoroughStage:
    found = describer or InProcess()
    options = ThoroughOptions(removing, batch=3)
    return ThoroughStage(
        world.log, world.router, features=FeatureStore(world.objects, found), comparer=found, options=options
    )


def dedupe(world: World, *, snapshots: bool = False) -> DedupeStage:
    options = DedupeOptions(Judging(), 5, SnapshotPolicy(growth=1, age_s=900))
    kept = Snapshots(world.objects) if snapshots else None
    return DedupeStage(world.log, world.router, options=options, snapshots=kept)


def land(world: World) -> LandStage:
    return LandStage(world.log, world.router, objects=world.objects, options=LandOptions(100, 0.0, 1))


def run(world: World, removing: frozenset[Tie] = COPIES) -> None:
    """Run all that stands behind fetching, until nothing is left to do."""
    stages = (dedupe(world), thorough(world, removing), land(world))
    asyncio.run(Worker(world.log, stages, until_idle=True).run())


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    return encoded(image, "JPEG", quality=quality)


def turned(seed: int) -> bytes:
    """A copy that hashes can't see, and that is the worse one: in a frame of black."""
    return jpeg(busy(seed).rotate(33, expand=True).resize((300, 260)), 80)


def part(seed: int) -> bytes:
    return jpeg(busy(seed).crop((90, 70, 270, 205)))


def send(world: World, *pictures: bytes, wnid: str = "n1") -> list[str]:
    images: list[Known] = [stored(world, data) for data in pictures]
    world.log.produce([world.router.candidate(candidate(image, wnid)) for image in images])
    return [image.sha256 for image in images]


def standing(world: World, wnid: str = "n1") -> set[str]:
    """What the records of ``survivors`` leave."""
    found: list[str] = []
    for survivor in world.records(topics.SURVIVORS, Survivor):
        if survivor.candidate.wnid == wnid:
            found = [sha256 for sha256 in found if sha256 != survivor.replaces]
            found.append(survivor.candidate.image.sha256)
    return set(found)


def landed(world: World, wnid: str = "n1") -> set[str]:
    paths = world.paths(f"candidates/{wnid}/")
    return {path.rpartition("/")[2].partition(".")[0] for path in paths if not path.endswith(".json")}


def ties(world: World) -> set[tuple[str, str, str]]:
    return {(one.sha256, one.of, one.kind) for one in world.records(topics.RELATIONS, Relation)}


def test_a_copy_that_hashes_cannot_see_is_withdrawn_by_a_record_and_moved_out(world: World) -> None:
    first, other, copy = send(world, jpeg(busy(1)), jpeg(busy(2)), turned(1))
    run(world)
    assert ties(world) == {(copy, first, "copy")}
    last = world.records(topics.SURVIVORS, Survivor)[-1]
    assert (last.candidate.image.sha256, last.replaces, last.relation) == (first, copy, "copy")
    assert last.candidate.withdraws is None
    assert standing(world) == landed(world) == {first, other}
    gone = world.records(topics.DUPLICATES, Duplicate)
    assert [(one.sha256, one.of, one.kind) for one in gone] == [(copy, first, "copy")]
    counts = read_counts(world.log)["n1"]
    assert (counts.unique, counts.near, counts.landed) == (2, 1, 2)


def test_the_better_one_stays_though_it_came_later(world: World) -> None:
    copy, first = send(world, turned(1), jpeg(busy(1)))
    run(world)
    assert standing(world) == landed(world) == {first}
    assert read_counts(world.log)["n1"].landed == 1
    assert [group.survivor.image.sha256 for group in read_groups(world.log)["n1"]] == [first]
    assert [one.sha256 for one in read_groups(world.log)["n1"][0].copies] == [copy]


def test_parts_are_told_and_stay_unless_they_are_to_go(world: World) -> None:
    whole, cut = send(world, jpeg(busy(3)), part(3))
    run(world)
    assert ties(world) == {(cut, whole, "part_of")}
    assert standing(world) == landed(world) == {whole, cut}
    again, piece = send(world, jpeg(busy(4)), part(4))
    run(world, frozenset({Tie.PART_OF}))
    assert standing(world) == landed(world) == {whole, cut, again}
    assert (piece, again, "part_of") in ties(world)


def test_synsets_know_nothing_of_each_other(world: World) -> None:
    (first,) = send(world, jpeg(busy(1)), wnid="n1")
    (copy,) = send(world, turned(1), wnid="n2")
    run(world)
    assert standing(world, "n1") == {first}
    assert standing(world, "n2") == {copy}
    assert ties(world) == set()


def test_the_present_set_is_what_manifests_name_less_what_they_replace(world: World) -> None:
    first, _ = send(world, jpeg(busy(1)), turned(1))
    run(world)
    rows = [row for path in world.paths("manifests/n1/") for row in decode_part(world.objects.get(path))]
    assert {row["sha256"] for row in rows} - {row["replaces"] for row in rows} == {first}
    assert [row["relation"] for row in rows if row["replaces"]] == ["copy"]


def test_what_is_like_a_withdrawn_image_is_a_copy_of_what_it_went_for(world: World) -> None:
    first, copy = send(world, jpeg(busy(1)), turned(1))
    run(world)
    (same,) = send(world, turned(1))
    (near,) = send(world, jpeg(busy(1).rotate(33, expand=True).resize((300, 260)), 30))
    for stage in (dedupe(world, snapshots=True), dedupe(world, snapshots=True)):
        # The second time from a snapshot: it knows what was withdrawn.
        asyncio.run(Worker(world.log, [stage], until_idle=True).run())
        send(world, turned(1))
    run(world)
    of = {(one.sha256, one.of, one.kind) for one in world.records(topics.DUPLICATES, Duplicate)}
    assert same == copy
    assert of == {(copy, first, "copy"), (copy, first, "exact"), (near, first, "near")}
    assert standing(world) == landed(world) == {first}


def test_a_better_copy_of_a_withdrawn_image_is_looked_at_again(world: World) -> None:
    grey = busy(1).rotate(33, expand=True).convert("L")
    first, _ = send(world, jpeg(busy(1).convert("L")), jpeg(grey.resize((280, 240))))
    run(world)
    assert len(standing(world)) == 1
    (coloured,) = send(world, jpeg(busy(1).rotate(33, expand=True)))
    run(world)
    assert standing(world) == landed(world) == {coloured}
    counts = read_counts(world.log)["n1"]
    assert (counts.unique, counts.near, counts.landed) == (1, 2, 1)
    assert first not in standing(world)


def test_what_was_overtaken_by_a_better_copy_is_asked_anew(world: World) -> None:
    copy, small = send(world, turned(1), jpeg(busy(1).convert("L")))
    asyncio.run(Worker(world.log, [dedupe(world)], until_idle=True).run())
    # What asks that one goes for the other stands behind the better copy of the latter.
    (large,) = send(world, jpeg(busy(1)))
    look(world)
    run(world)
    assert read_counts(world.log)["n1"].of("dedupe", "overtaken") == 1
    assert standing(world) == landed(world) == {large}
    assert {copy, small}.isdisjoint(standing(world))


def look(world: World) -> None:
    """Let ``thorough`` alone come to its end."""
    asyncio.run(Worker(world.log, [thorough(world)], until_idle=True).run())


def test_blobs_of_withdrawn_images_are_swept_and_features_are_made_once(world: World) -> None:
    send(world, jpeg(busy(1)), turned(1))
    run(world)
    assert len(world.paths("features/")) == 2
    describer = InProcess()
    send(world, jpeg(busy(2)))
    stages = (dedupe(world), thorough(world, describer=describer))
    asyncio.run(Worker(world.log, stages, until_idle=True).run())
    assert describer.described == 1
    run(world)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=2)
    assert sweep(world.log, world.objects, dry_run=False, now=later).removed == 1


def test_an_image_whose_bytes_are_gone_is_passed_over_and_counted(world: World) -> None:
    first, copy = send(world, jpeg(busy(1)), turned(1))
    asyncio.run(Worker(world.log, [dedupe(world)], until_idle=True).run())
    world.objects.delete(f"blobs/{copy[:2]}/{copy}")
    look(world)
    assert ties(world) == set()
    assert read_counts(world.log)["n1"].of("thorough", "described", "undescribed") == 2
    assert standing(world) == {first, copy}


class Killed(BaseException):
    pass


class Fragile(InProcess):
    """Ends its worker in the midst of its work."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.left = looks

    def relate(self, query: bytes, others: Sequence[bytes]) -> list[local.Relation]:
        if self.left == 0:
            raise Killed
        self.left -= 1
        return super().relate(query, others)


def pictures() -> Iterator[bytes]:
    for seed in range(6):
        yield jpeg(busy(seed))
    yield turned(1)
    yield part(2)
    yield turned(4)
    yield jpeg(busy(4).rotate(70, expand=True).resize((280, 300)), 70)


@pytest.mark.parametrize("looks", [1, 4, 7, 9])
def test_state_that_is_rebuilt_in_the_midst_makes_no_difference(world: World, looks: int) -> None:
    names = send(world, *pictures())
    asyncio.run(Worker(world.log, [dedupe(world)], until_idle=True).run())
    worker = Worker(world.log, [thorough(world, describer=Fragile(looks))], until_idle=True)
    with pytest.raises(Killed):
        asyncio.run(worker.run())
    run(world)
    expected = {*names[:6], names[7]}
    assert standing(world) == landed(world) == expected
    relations = world.records(topics.RELATIONS, Relation)
    assert len({(one.sha256, one.of) for one in relations}) == len(relations)
    assert read_counts(world.log)["n1"].landed == len(expected)
