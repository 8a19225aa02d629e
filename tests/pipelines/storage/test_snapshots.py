from pathlib import Path

import pytest

from synsift.dedupe import Matcher, fingerprint
from synsift.pipelines.errors import DamagedSnapshot
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.storage.snapshots import KEPT, Snapshot, Snapshots, decode_snapshot, digest_of, encode_snapshot
from tests.dedupe.pictures import encoded, scene


def snapshot(offset: int = 7) -> Snapshot:
    matchers = {"n1": Matcher(), "n2": Matcher()}
    for seed in range(3):
        matchers["n1"].add(fingerprint(encoded(scene(seed), "JPEG")))
    matchers["n2"].add(fingerprint(encoded(scene(9), "PNG")))
    synsets = {wnid: matcher.survivors() for wnid, matcher in matchers.items()}
    return Snapshot(3, offset, digest_of(b"record"), synsets)


def test_a_snapshot_comes_back_as_it_was() -> None:
    written = snapshot()
    read = decode_snapshot(encode_snapshot(written))
    assert (read.partition, read.last_offset, read.last_digest) == (3, 7, digest_of(b"record"))
    assert {wnid: found.to_bytes() for wnid, found in read.synsets.items()} == {
        wnid: found.to_bytes() for wnid, found in written.synsets.items()
    }


def test_a_damaged_byte_anywhere_is_noticed() -> None:
    data = encode_snapshot(snapshot())
    for place in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[place] ^= 1
        with pytest.raises(DamagedSnapshot):
            decode_snapshot(bytes(damaged))


@pytest.mark.parametrize("keep", [0, 10, 33, 200, -1])
def test_a_snapshot_that_is_cut_off_is_noticed(keep: int) -> None:
    with pytest.raises(DamagedSnapshot):
        decode_snapshot(encode_snapshot(snapshot())[:keep])


def test_a_snapshot_of_another_form_says_so() -> None:
    with pytest.raises(DamagedSnapshot, match="this program reads 3"):
        decode_snapshot(encode_snapshot(snapshot()).replace(b"synsift-snapshot 3", b"synsift-snapshot 2"))


def test_only_the_newest_snapshots_stay(tmp_path: Path) -> None:
    snapshots = Snapshots(Objects(StoreAddress(str(tmp_path))))
    for offset in (5, 50, 500, 1000, 20):
        snapshots.write(snapshot(offset))
    offsets = [snapshots.read(path).last_offset for path in snapshots.paths(3)]
    assert offsets == [1000, 500, 50]
    assert len(offsets) == KEPT
    assert snapshots.paths(4) == []
