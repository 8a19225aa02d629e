"""``synsift storage compact`` makes the view of what stands, and says what became of it; a crawl ends with it."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from synsift.pipelines.storage import layout
from synsift.pipelines.storage.current import read_current
from tests import warm
from tests.conftest import RunCli, environment
from tests.dedupe.pictures import encoded, photograph
from tests.pipelines.stages.test_dedupe_and_land import dedupe, land, run, send
from tests.pipelines.worlds import PARTITIONS, World, candidate, make_world, stored


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two synsets; in one of them a small picture was replaced."""
    found = make_world(tmp_path / "out")
    small, whole, other = photograph(1).resize((250, 188)), photograph(1), photograph(2)
    for picture, wnid in ((small, "n1"), (whole, "n1"), (other, "n2")):
        send(found, candidate(stored(found, encoded(picture, "JPEG")), wnid))
    run(found, dedupe(found), land(found))
    return found


def place(world: World) -> tuple[str, ...]:
    return ("--out", str(world.log.path.parent), "--set", f"log.partitions={PARTITIONS}")


def test_it_writes_what_changed_and_needs_no_log(world: World, cli: RunCli) -> None:
    store = ("--out", str(world.log.path.parent))
    done = cli("storage", "compact", *store)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "wrote 2 synsets with 2 images\n")
    world.log.close()
    for path in world.log.path.parent.glob("log.db*"):
        path.unlink()
    assert cli("storage", "compact", *store).stderr == "wrote 0 synsets with 0 images, 2 as before\n"
    assert cli("storage", "compact", "--anew", *store).stderr == "wrote 2 synsets with 2 images\n"
    assert not (world.log.path.parent / "log.db").exists()


def test_a_manifest_that_cannot_be_read_is_named_and_its_view_stays(world: World, cli: RunCli) -> None:
    cli("storage", "compact", *place(world))
    part = next(path for path in world.objects.list(layout.MANIFESTS) if "/n1/" in path)
    world.objects.put(part, b"no part")
    done = cli("storage", "compact", *place(world))
    assert done.returncode == 1
    assert f"{part} can't be read" in done.stderr
    assert "the view of n1 stays as it was" in done.stderr
    assert "0 images, 1 as before, 1 not readable" in done.stderr
    assert len(read_current(world.objects.get(layout.current_view("n1")), ["sha256"])) == 1


def test_a_damaged_view_is_named_and_made_anew(world: World, cli: RunCli) -> None:
    cli("storage", "compact", *place(world))
    view = layout.current_view("n1")
    good = world.objects.get(view)
    world.objects.put(view, good[:-1])
    found = cli("storage", "verify", *place(world), "--format", "jsonl")
    assert found.returncode == 1
    assert view in found.stdout
    mended = cli("storage", "verify", "--fetch-again", "--contact", "a@example.org", *place(world))
    assert mended.returncode == 0, mended.stderr
    assert read_current(world.objects.get(view), ["sha256"]) == read_current(good, ["sha256"])
    assert cli("storage", "verify", *place(world)).returncode == 0


def test_a_worker_that_drains_ends_with_it(world: World, cli: RunCli) -> None:
    assert not world.paths(layout.CURRENT)
    done = cli("run", "land", "--drain", *place(world))
    assert done.returncode == 0, done.stderr
    assert world.paths(layout.CURRENT) == [layout.current_view("n1"), layout.current_view("n2")]


@contextmanager
def renewing(*options: str, **variables: str) -> Iterator[Callable[[str], str]]:
    """``--every second`` in a process; gives what reads its words up to a line with some, and all after SIGTERM."""
    arguments = ["storage", "compact", "--every", "1", *options]
    with warm.start(arguments, env=environment({}) | variables, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        lines = process.stderr

        def until(words: str) -> str:
            said = ""
            for line in lines:
                if words in line:
                    return said
                said += line
            raise AssertionError(f"it ended before it said {words!r}: {said}")

        try:
            yield until
        finally:
            process.send_signal(signal.SIGTERM)
            rest = lines.read()
    assert "Traceback" not in rest, rest
    assert process.returncode == 0, rest


def test_it_goes_on_until_it_is_ended(world: World) -> None:
    part = next(path for path in world.objects.list(layout.MANIFESTS) if "/n1/" in path)
    good = world.objects.get(part)
    with renewing("--anew", *place(world)) as until:
        until("wrote 2 synsets")
        until("wrote 0 synsets with 0 images, 2 as before")
        world.objects.put(part, b"no part")
        assert f"{part} can't be read" in until("1 not readable")
        world.objects.put(part, good)
        until("wrote 1 synset with")


def test_a_store_that_is_away_is_asked_again(world: World) -> None:
    away = {"SYNSIFT_STORE__ACCESS_KEY_ID": "a", "SYNSIFT_STORE__SECRET_ACCESS_KEY": "b"}
    where = ("--out", "s3://bucket", "--set", "store.endpoint=http://127.0.0.1:9", "--set", "store.timeout_s=1")
    with renewing(*where, **away) as until:
        until("again in 1 s")
        until("again in 1 s")


def test_a_store_that_is_not_there_is_not_made(cli: RunCli, tmp_path: Path) -> None:
    done = cli("storage", "compact", "--out", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert "there is no folder" in done.stderr
    assert not (tmp_path / "nothing").exists()
