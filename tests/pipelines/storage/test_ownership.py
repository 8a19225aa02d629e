"""A log and a store know each other, and nothing of strangers is deleted, overwritten or believed."""

import contextlib
import datetime
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from synsift.pipelines.errors import StoreError, SweepRefused, WrongStore
from synsift.pipelines.folder_lock import lock_folder
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Fetched, Survivor
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.expected import expected, reached
from synsift.pipelines.storage.identity import claim, owner_of
from synsift.pipelines.storage.sweep import Swept, sweep
from synsift.pipelines.storage.verify import verify
from synsift.pipelines.topics import Entry
from tests.conftest import RunCli
from tests.pipelines.stages.test_dedupe_and_land import dedupe, land, large, run, send
from tests.pipelines.worlds import PARTITIONS, World, candidate, make_world, stored

STRANGE = "blobs/ab/ab" + "0" * 62


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path / "world")


def test_a_store_is_claimed_once_and_refuses_another_log(world: World, tmp_path: Path) -> None:
    claim(world.objects, world.log.identity())
    claim(world.objects, world.log.identity())
    assert owner_of(world.objects) == world.log.identity()
    other = SqliteLog(tmp_path / "other.db", partitions=PARTITIONS)
    with pytest.raises(WrongStore, match="another log"):
        claim(world.objects, other.identity())
    other.close()


def test_a_store_whose_owner_cannot_be_read_is_nobodys_to_take(world: World) -> None:
    world.objects.put("synsift-store.json", b"\xff")
    with pytest.raises(WrongStore, match="nobody knows") as caught:
        claim(world.objects, world.log.identity())
    assert "log recover" in caught.value.hint


def recover(world: World, cli: RunCli, *more: str) -> "subprocess.CompletedProcess[str]":
    return cli("log", "recover", "--out", str(world.log.path.parent), "--set", f"log.partitions={PARTITIONS}", *more)


def with_survivors(world: World) -> str:
    """Two survivors, landed; the log's identity."""
    claim(world.objects, world.log.identity())
    send(world, candidate(stored(world, large(1))), candidate(stored(world, large(2))))
    run(world, dedupe(world), land(world))
    identity = world.log.identity()
    world.log.close()
    return identity


def test_a_store_whose_owner_cannot_be_read_is_given_back_to_the_log_that_names_what_it_holds(
    world: World, cli: RunCli
) -> None:
    identity = with_survivors(world)
    world.objects.put("synsift-store.json", b"")
    done = recover(world, cli)
    assert done.returncode == 0, done.stderr
    assert "the log is whole, and stays as it is" in done.stderr
    assert owner_of(world.objects) == identity
    assert not list(world.log.path.parent.glob("log.db.*"))
    with contextlib.closing(SqliteLog(world.log.path, partitions=PARTITIONS)) as log:
        assert log.identity() == identity
        assert len(list(read_all(log, Survivor))) == 2


def test_a_log_takes_a_store_that_it_does_not_know_only_when_told(world: World, cli: RunCli) -> None:
    with_survivors(world)
    world.objects.put("synsift-store.json", b"")
    world.log.path.unlink()
    refused = recover(world, cli)
    assert refused.returncode == 1
    assert "hint:" in refused.stderr
    assert "--take-store" in refused.stderr
    assert not list(world.log.path.parent.glob("log.db*"))
    done = recover(world, cli, "--take-store")
    assert done.returncode == 0, done.stderr
    assert "added 2 survivors" in done.stderr


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["a pipe", "a folder"])
def test_what_stands_in_the_place_of_the_owner_and_is_no_file_is_named(
    world: World, make: Callable[[Path], None]
) -> None:
    make(world.log.path.parent / "synsift-store.json")
    with pytest.raises(WrongStore, match="not a file") as caught:
        claim(world.objects, world.log.identity())
    assert "move" in caught.value.hint


def test_a_lock_that_is_a_pipe_is_left_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".lock")
    with pytest.raises(StoreError, match="not a file") as caught, lock_folder(tmp_path):
        raise AssertionError("locked")
    assert caught.value.hint


def test_checking_a_store_says_that_nobody_knows_whose_it_is(world: World, cli: RunCli) -> None:
    world.objects.put("synsift-store.json", b"")
    done = cli("storage", "check", "--out", str(world.log.path.parent))
    assert done.returncode == 1
    assert "nobody knows" in done.stderr


@pytest.mark.parametrize("name", [b"Icon\r", b"caf\xe9.jpg", b"a\x1b[31m.jpg"])
def test_a_name_that_no_object_can_have_ends_nothing(world: World, cli: RunCli, name: bytes) -> None:
    with_survivors(world)
    folder = os.fsencode(world.log.path.parent / "candidates" / "n1")
    Path(os.fsdecode(os.path.join(folder, name))).touch()
    for part in world.log.path.parent.glob("log.db*"):
        part.unlink()
    done = recover(world, cli)
    assert done.returncode == 0, done.stderr
    assert "added 2 survivors" in done.stderr
    assert "passed over" in done.stderr
    assert "\x1b" not in done.stderr
    assert "\r" not in done.stderr


def test_a_recovery_names_the_images_that_have_no_provenance(world: World, cli: RunCli) -> None:
    with_survivors(world)
    origin = next(path for path in world.paths("candidates/") if path.endswith(".json"))
    world.objects.delete(origin)
    world.log.path.unlink()
    done = recover(world, cli)
    assert "added 1 survivor" in done.stderr
    assert origin.removesuffix("json") + "jpg" in done.stderr.replace("\n", "")


def test_commands_refuse_a_store_of_another_log(world: World, tmp_path: Path, cli: RunCli) -> None:
    claim(world.objects, world.log.identity())
    world.log.close()
    folder = world.log.path.parent
    SqliteLog(tmp_path / "other.db", partitions=PARTITIONS).close()
    there = ("--set", f"log.path={tmp_path / 'other.db'}", "--set", f"log.partitions={PARTITIONS}")
    done = cli("storage", "sweep", "--out", str(folder), *there)
    assert done.returncode == 1
    assert "belongs to another log" in done.stderr


def test_a_sweep_leaves_what_its_log_never_named(world: World) -> None:
    folder = world.log.path.parent
    for name in ("blobs/holiday.jpg", "blobs/ab/notes.txt", STRANGE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"a stranger's")
    send(world, candidate(stored(world, large(1))))
    run(world, dedupe(world), land(world))
    assert sweep(world.log, world.objects, dry_run=False, min_age=datetime.timedelta(0)) == Swept(1, 0, 3)
    assert (folder / STRANGE).exists()


def test_a_sweep_leaves_what_is_younger_than_an_hour(world: World) -> None:
    image = stored(world, large(1))
    record = Fetched(url="http://a.example/x.jpg", outcome="fetched", image=image)
    world.log.produce([world.router.fetched(record)])
    assert sweep(world.log, world.objects, dry_run=False) == Swept(1, 0)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=2)
    assert sweep(world.log, world.objects, dry_run=False, now=later) == Swept(0, 1)


def test_a_sweep_is_refused_where_the_log_cannot_tell(world: World) -> None:
    stored(world, large(1))
    with pytest.raises(SweepRefused, match="the log is empty"):
        sweep(world.log, world.objects, dry_run=False)
    world.log.produce([Entry("survivors", 0, b"k", b"junk")])
    with pytest.raises(SweepRefused, match="can't be read"):
        sweep(world.log, world.objects, dry_run=False)


def test_a_sweep_is_refused_while_a_worker_lives(world: World) -> None:
    from tests.pipelines.log.contract import Owner

    member = world.log.join("dedupe", "candidates", Owner())
    member.poll(0, 0.0)
    with pytest.raises(SweepRefused, match="at work"):
        sweep(world.log, world.objects, dry_run=False)
    member.close()


@pytest.mark.parametrize("spoilt", [b"", b"other bytes"], ids=["emptied by a power cut", "rotten"])
def test_a_damaged_blob_is_a_dead_letter_and_does_not_land(world: World, spoilt: bytes) -> None:
    one, two = stored(world, large(1)), stored(world, large(2))
    send(world, candidate(one), candidate(two))
    run(world, dedupe(world))
    (world.log.path.parent / layout.blob(one.sha256)).write_bytes(spoilt)
    run(world, land(world))
    (letter,) = world.letters()
    assert (letter.stage, letter.outcome) == ("land", "blob_damaged")
    assert [p for p in world.paths("candidates/") if p.endswith(".jpg")] == [f"candidates/n1/{two.sha256}.jpg"]


def test_a_blob_of_another_size_is_written_anew(world: World) -> None:
    image = stored(world, large(1))
    path = world.log.path.parent / layout.blob(image.sha256)
    path.write_bytes(b"")
    assert world.objects.put_content(layout.blob(image.sha256), large(1))
    assert path.read_bytes() == large(1)
    assert not world.objects.put_content(layout.blob(image.sha256), large(1))


def test_verifying_names_what_is_damaged(world: World, cli: RunCli) -> None:
    one, two = stored(world, large(1)), stored(world, large(2))
    send(world, candidate(one), candidate(two))
    run(world, dedupe(world), land(world))
    assert all(not found.problem for found in verify(world.objects))
    assert list(verify(world.objects, share=0.0)) == []
    (world.log.path.parent / layout.blob(two.sha256)).write_bytes(b"")  # its object is the same file, by a link
    assert sorted(found.path for found in verify(world.objects) if found.problem) == sorted(
        [layout.blob(two.sha256), f"candidates/n1/{two.sha256}.jpg"]
    )
    world.log.close()
    done = cli("storage", "verify", "--out", str(world.log.path.parent), "--format", "jsonl")
    assert done.returncode == 1
    assert two.sha256 in done.stdout


def test_a_sweep_that_only_says_what_it_would_do_and_a_replay_refuse_anothers_store_and_readers_say_so(
    world: World, tmp_path: Path, cli: RunCli
) -> None:
    with_survivors(world)
    SqliteLog(tmp_path / "other.db", partitions=PARTITIONS).close()
    here = ("--out", str(world.log.path.parent), "--set", f"log.partitions={PARTITIONS}")
    there = (*here, "--set", f"log.path={tmp_path / 'other.db'}")
    before = (tmp_path / "other.db").read_bytes()
    for command, status in (
        (("storage", "sweep", "--dry-run"), 1),
        (("storage", "verify"), 1),
        (("dead-letters", "list"), 0),
        (("status",), 0),
    ):
        done = cli(*command, *there)
        assert done.returncode == status, done.stderr
        assert "belongs to another log" in done.stderr
        assert "belongs to" not in cli(*command, *here).stderr
    assert (tmp_path / "other.db").read_bytes() == before
    done = cli("dead-letters", "replay", *there)
    assert done.returncode == 1
    assert "belongs to another log" in done.stderr


def looked_at(world: World) -> set[str]:
    """What a verification that knows the log finds wrong."""
    landed = reached(world.log)
    found = verify(world.objects, expect=lambda: expected(world.log, landed, set()))
    return {one.path for one in found if one.problem}


def test_verifying_finds_what_is_gone_without_a_trace_and_mends_it_by_the_log(world: World, cli: RunCli) -> None:
    claim(world.objects, world.log.identity())
    images = [stored(world, large(seed)) for seed in (1, 2, 3, 4)]
    send(world, *map(candidate, images))
    run(world, dedupe(world), land(world))
    waiting = stored(world, large(5))
    send(world, candidate(waiting))
    run(world, dedupe(world))
    assert looked_at(world) == set()
    gone, bare, junk, piped = (layout.candidate("n1", image) for image in images)
    (manifest,) = world.paths("manifests/")
    wrong = {gone, manifest, layout.blob(waiting.sha256), piped}
    for image in (0, 1):
        world.objects.delete(layout.provenance("n1", images[image].sha256))
    wrong |= {layout.provenance("n1", images[image].sha256) for image in (0, 1, 2)}
    world.objects.delete(gone)
    world.objects.delete(layout.blob(waiting.sha256))
    world.objects.put(layout.provenance("n1", images[2].sha256), b"junk")
    world.objects.put(manifest, b"junk")
    (world.log.path.parent / piped).unlink()
    os.symlink("/dev/zero", world.log.path.parent / piped)
    assert bare not in wrong
    assert junk not in wrong
    assert looked_at(world) == wrong

    world.objects.put(layout.blob(waiting.sha256), large(5))
    world.log.close()
    here = ("--out", str(world.log.path.parent), "--set", f"log.partitions={PARTITIONS}")
    mended = cli("storage", "verify", *here, "--fetch-again", "--contact", "t@example.org")
    assert mended.returncode == 0, mended.stderr
    assert "wrote 4 objects anew" in mended.stderr
    assert cli("storage", "verify", *here).returncode == 0


def test_a_log_that_can_not_be_read_does_not_keep_the_store_from_being_looked_at(world: World, cli: RunCli) -> None:
    with_survivors(world)
    world.log.path.write_bytes(b"no log" * 100)
    done = cli("storage", "verify", "--out", str(world.log.path.parent))
    assert done.returncode == 1
    assert "hint:" in done.stderr
    assert "0 of them damaged" in done.stderr


def test_a_lock_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = tmp_path / "out"
    folder.mkdir()
    os.symlink(precious, folder / ".lock")
    with pytest.raises(StoreError, match="symbolic link"), lock_folder(folder):
        raise AssertionError("locked")
    assert precious.read_text() == "mine"
