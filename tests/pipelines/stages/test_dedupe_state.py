"""However a partition's state is rebuilt, it judges as the state that was lost."""

import logging

import pytest

from synsift.dedupe import Kind, Verdict, fingerprint
from synsift.pipelines import topics
from synsift.pipelines.errors import StoreUnavailable
from synsift.pipelines.reading import Skipped
from synsift.pipelines.records import Image, Survivor
from synsift.pipelines.stages.dedupe_state import DedupeState, Judging, SnapshotPolicy, Wanted, fingerprint_of
from synsift.pipelines.stages.image_record import image_record
from synsift.pipelines.storage.objects import Objects
from synsift.pipelines.storage.snapshots import Snapshots
from synsift.pipelines.topics import Entry
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import World, candidate

NEVER = SnapshotPolicy(growth=10**9, age_s=10.0**9)
ALWAYS = SnapshotPolicy(growth=1, age_s=10.0**9)


def images(count: int, *, width: int = 160, first: int = 0) -> list[Image]:
    pictures = [scene(seed).resize((width, width * 3 // 4)) for seed in range(first, first + count)]
    return [image_record(fingerprint(encoded(picture, "JPEG", quality=90))) for picture in pictures]


def state_of(world: World, policy: SnapshotPolicy = ALWAYS, *, snapshots: bool = True) -> DedupeState:
    return DedupeState(world.log, Snapshots(world.objects) if snapshots else None, judging=Judging(), policy=policy)


def judge_and_write(world: World, state: DedupeState, found: list[Image]) -> None:
    """What the stage does with a batch: judge, then commit the survivors."""
    partition = world.router.of_wnid("n1")
    entries = []
    for image in found:
        verdict = state.judge(partition, "n1", fingerprint_of(image))
        if verdict.survives:
            survivor = Survivor(candidate=candidate(image), replaces=verdict.of or "")
            entries.append(world.router.survivor(survivor))
    world.log.produce(entries)


def verdicts(world: World, state: DedupeState, found: list[Image]) -> list[Verdict]:
    partition = world.router.of_wnid("n1")
    state.restore(partition, Skipped())
    return [state.judge(partition, "n1", fingerprint_of(image)) for image in found]


PROBES = [*images(4), *images(4, width=100), *images(3, first=50), *images(4, width=320)]


@pytest.fixture
def written(world: World) -> World:
    """A world whose state was kept twice, and has a tail behind the last snapshot."""
    state = state_of(world)
    partition = world.router.of_wnid("n1")
    state.restore(partition, Skipped())
    judge_and_write(world, state, images(2))
    state.keep()
    judge_and_write(world, state, images(2, first=2))
    judge_and_write(world, state, images(2, width=240))  # better copies: they replace
    state.keep()
    judge_and_write(world, state, images(2, first=4))
    return world


def paths(world: World) -> list[str]:
    return Snapshots(world.objects).paths(world.router.of_wnid("n1"))


def expected(world: World) -> list[Verdict]:
    return verdicts(world, state_of(world, snapshots=False), PROBES)


def test_a_snapshot_and_the_tail_give_the_state_of_the_topic(written: World, caplog: pytest.LogCaptureFixture) -> None:
    assert len(paths(written)) == 2
    with caplog.at_level(logging.DEBUG):
        found = verdicts(written, state_of(written), PROBES)
    assert "8 survivors, 2 of them replayed" not in caplog.text  # six clusters, two of them replaced
    assert "6 survivors, 2 of them replayed" in caplog.text
    assert found == expected(written)


@pytest.mark.parametrize("damaged", [1, 2])
def test_damaged_snapshots_are_passed_over_with_a_warning(
    written: World, damaged: int, caplog: pytest.LogCaptureFixture
) -> None:
    for path in paths(written)[:damaged]:
        data = written.objects.get(path)
        written.objects.put(path, data[: len(data) // 2])
    found = verdicts(written, state_of(written), PROBES)
    assert caplog.text.count("can't be used: its checksum is wrong") == damaged
    assert found == expected(written)


def test_a_snapshot_of_another_log_is_not_believed(written: World, caplog: pytest.LogCaptureFixture) -> None:
    newest = paths(written)[0]
    data = written.objects.get(newest)
    for path in paths(written):
        written.objects.delete(path)
    # The same topics made anew: other survivors stand at these offsets.
    fresh = World(
        type(written.log)(written.log.path.with_name("new.db"), partitions=4), written.objects, written.router
    )
    state = state_of(fresh)
    state.restore(fresh.router.of_wnid("n1"), Skipped())
    judge_and_write(fresh, state, images(7, first=70))
    written.objects.put(newest, data)
    found = verdicts(fresh, state_of(fresh), PROBES)
    assert "is of another log" in caplog.text
    assert found == expected(fresh)
    fresh.log.close()


def test_images_that_are_looked_up_ahead_are_judged_as_one_by_one(written: World) -> None:
    home, away = written.router.of_wnid("n1"), (written.router.of_wnid("n1") + 1) % 4
    state = state_of(written)
    found = {}
    for is_ahead in (False, True):
        for partition in (home, away):
            state.restore(partition, Skipped())
        wanted = [
            Wanted(partition, wnid, fingerprint_of(image))
            for image in (*PROBES, *images(3, width=90), *images(2, width=500, first=50))
            for partition, wnid in ((home, "n1"), (away, "n2"), (home, "n3"))
        ]
        if is_ahead:
            state.look_ahead(wanted)
        found[is_ahead] = [state.judge(*each) for each in wanted]
        state.settle()
        found[is_ahead] += [state.judge(*each) for each in wanted]
    assert found[True] == found[False]
    assert {verdict.kind for verdict in found[True]} == {Kind.NEW, Kind.EXACT, Kind.NEAR}


def test_a_state_that_others_have_gone_on_from_keeps_only_what_is_its_own(
    written: World, caplog: pytest.LogCaptureFixture
) -> None:
    before = paths(written)
    zombie = state_of(written)
    zombie.restore(written.router.of_wnid("n1"), Skipped())
    for image in images(1, first=80):
        zombie.judge(written.router.of_wnid("n1"), "n1", fingerprint_of(image))  # never committed
    heir = state_of(written, NEVER)
    heir.restore(written.router.of_wnid("n1"), Skipped())
    judge_and_write(written, heir, images(3, first=90))
    zombie.keep()
    assert "are not all ours" in caplog.text
    assert paths(written) == before


def test_bad_records_among_the_survivors_keep_no_snapshot_from_being_written(
    written: World, caplog: pytest.LogCaptureFixture
) -> None:
    before = paths(written)
    partition = written.router.of_wnid("n1")
    state = state_of(written)
    state.restore(partition, Skipped())
    for first in (90, 95):
        written.log.produce([Entry(topics.SURVIVORS.name, partition, b"n1", b"junk")])
        judge_and_write(written, state, images(2, first=first))
    state.keep()
    assert "are not all ours" not in caplog.text
    assert paths(written)[0] not in before
    assert verdicts(written, state_of(written, NEVER), PROBES) == expected(written)


def test_a_store_that_is_away_costs_a_warning(
    written: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("the store is away")

    monkeypatch.setattr(Objects, "put", away)
    monkeypatch.setattr(Objects, "list", away)
    state = state_of(written)
    found = verdicts(written, state, PROBES)
    assert "replaying the topic" in caplog.text
    state.keep()
    assert found == expected(written)


def test_growth_and_age_make_a_snapshot_due() -> None:
    policy = SnapshotPolicy(growth=10, age_s=60)
    assert policy.is_due(grown=10, age_s=0)
    assert policy.is_due(grown=1, age_s=60)
    assert not policy.is_due(grown=9, age_s=59)
    assert not policy.is_due(grown=0, age_s=10_000)
