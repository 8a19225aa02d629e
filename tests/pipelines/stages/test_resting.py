"""Synsets that rest judge, once they are woken, as if they had never slept."""

import os

import pytest

from synsift.dedupe import Matcher, Survivors, fingerprint
from synsift.pipelines.errors import StoreUnavailable
from synsift.pipelines.reading import Skipped
from synsift.pipelines.stages.dedupe_state import DedupeState, Judging, SnapshotPolicy
from synsift.pipelines.stages.resting import Bed, Synsets
from synsift.pipelines.stages.spill_file import SpillFile
from synsift.pipelines.storage.snapshots import Snapshots
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.stages.test_dedupe_state import PROBES, images, judge_and_write, verdicts
from tests.pipelines.worlds import World

PRINTS = [fingerprint(encoded(scene(seed), "JPEG", quality=90)) for seed in range(6)]


def make(survivors: Survivors | None) -> Matcher:
    return Matcher() if survivors is None else Matcher.from_survivors(survivors)


def filled(bed: Bed) -> Synsets:
    synsets = Synsets(make, bed)
    for number, image in enumerate(PRINTS):
        synsets.matcher(f"n{number % 3}").add(image)
    return synsets


def lie_down(synsets: Synsets) -> None:
    synsets._looked_s = 0.0
    synsets.rest(0.0)


def test_what_rests_wakes_as_it_was_and_counts_meanwhile() -> None:
    bed = Bed()
    synsets = filled(bed)
    lie_down(synsets)
    assert (synsets.awake, len(synsets), synsets.images) == (0, 3, 6)
    assert bed.size_bytes > 6 * 500
    rows = {wnid: found.sha256s() for wnid, found in synsets.survivors()}
    assert rows == {f"n{n}": [PRINTS[n].sha256, PRINTS[n + 3].sha256] for n in range(3)}
    assert synsets.awake == 0  # looking at rows wakes none
    for number, image in enumerate(PRINTS):
        assert not synsets.matcher(f"n{number % 3}").match(image).survives
    assert (synsets.awake, synsets.images) == (3, 6)
    assert synsets.find("n9") is None


def test_only_those_rest_that_were_not_asked_for_long() -> None:
    synsets = filled(Bed())
    assert synsets.rest(3600.0) == 0
    assert synsets.awake == 3
    synsets._asked_s["n0"] -= 7200  # asked longest ago, and first in the order
    synsets._looked_s = 0.0
    assert synsets.rest(3600.0) == 1
    assert synsets.awake == 2
    assert synsets.rest(0.0) == 0  # looked a moment ago


def test_room_of_what_woke_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synsift.pipelines.stages.resting._WORTH_CLEANING", 1_000)
    bed = Bed()
    synsets = filled(bed)
    for _ in range(30):
        lie_down(synsets)
        assert not synsets.matcher("n1").match(PRINTS[1]).survives
    assert bed.size_bytes < 8 * 6 * 1_000
    lie_down(synsets)
    assert {wnid: len(found) for wnid, found in synsets.survivors()} == {"n0": 2, "n1": 2, "n2": 2}
    synsets.drop()
    assert (len(synsets), synsets.images) == (0, 0)


class _Full(SpillFile):
    def append(self, _data: bytes) -> int:
        raise OSError(28, "No space left on device")


def test_what_finds_no_room_on_disk_stays_in_memory() -> None:
    synsets = filled(Bed(_Full))
    lie_down(synsets)
    assert (synsets.awake, synsets.images) == (0, 6)
    assert not synsets.matcher("n1").match(PRINTS[1]).survives


def test_bytes_that_changed_are_no_synset() -> None:
    files: list[SpillFile] = []

    def opened() -> SpillFile:
        files.append(SpillFile())
        return files[-1]

    synsets = filled(Bed(opened))
    lie_down(synsets)
    os.pwrite(files[0]._descriptor, b"\xff\x00", 100)
    with pytest.raises(StoreUnavailable, match="other"):
        list(synsets.survivors())


@pytest.mark.parametrize("snapshots", [True, False])
def test_a_state_that_rests_after_every_batch_judges_as_one_that_never_does(world: World, snapshots: bool) -> None:
    def state(rest_s: float) -> DedupeState:
        policy = SnapshotPolicy(growth=2, age_s=1e9, rest_s=rest_s)
        return DedupeState(world.log, Snapshots(world.objects) if snapshots else None, judging=Judging(), policy=policy)

    partition = world.router.of_wnid("n1")
    sleepy = state(0.0)
    sleepy.restore(partition, Skipped())
    for batch in (images(2), images(2, first=2), images(2, width=240), images(2, first=4)):
        judge_and_write(world, sleepy, batch)
        for held in sleepy._partitions.values():
            held.matchers._looked_s = 0.0
        sleepy.keep()
        assert all(held.matchers.awake == 0 for held in sleepy._partitions.values())
    assert sleepy.images == 6
    assert [sleepy.judge(partition, "n1", p) for p in PRINTS[:0]] == []
    expected = verdicts(world, state(1e9), PROBES)
    assert verdicts(world, state(0.0), PROBES) == expected
    assert len({verdict.kind for verdict in expected}) > 1
