"""``synsift remove`` says what would go, takes it down, and refuses what makes no sense."""

import json
from pathlib import Path

import pytest
from PIL import Image

from synsift.pipelines.storage import layout
from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, photograph
from tests.pipelines.stages.test_dedupe_and_land import dedupe, land, run, send
from tests.pipelines.worlds import PARTITIONS, World, candidate, make_world, stored


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = make_world(tmp_path / "out")
    for seed in (1, 2):
        send(found, candidate(stored(found, encoded(photograph(seed), "JPEG")), url=f"https://a.example/{seed}.jpg"))
    run(found, dedupe(found), land(found))
    return found


def place(world: World) -> tuple[str, ...]:
    return ("--out", str(world.log.path.parent), "--set", f"log.partitions={PARTITIONS}")


def test_a_dry_run_says_what_a_run_takes_down_and_both_can_be_done_again(
    world: World, cli: RunCli, tmp_path: Path
) -> None:
    (tmp_path / "like.png").write_bytes(encoded(photograph(1).resize((300, 225)), "PNG"))
    words = (
        "remove",
        "--like",
        str(tmp_path / "like.png"),
        "--why",
        "a private picture",
        "--who",
        "ann",
        *place(world),
    )
    before = world.paths(layout.CANDIDATES)
    dry = cli(*words, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "would remove 1 image, 1 of them copies of those named; 3 objects" in dry.stderr
    assert world.paths(layout.CANDIDATES) == before
    assert not world.paths(layout.REMOVALS)
    planned = json.loads(dry.stdout)
    assert planned["state"] == "dry run"
    told = []
    for _ in range(2):
        done = cli(*words)
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))
    assert told[0] == told[1]
    assert (told[0]["state"], told[0]["who"], told[0]["why"]) == ("done", "ann", "a private picture")
    assert told[0]["objects"] == planned["objects"]
    assert len(world.paths(layout.CANDIDATES)) == len(before) - 2
    verified = cli("storage", "verify", *place(world))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    listed = cli("controls", "--format", "jsonl", *place(world))
    assert {json.loads(line)["of"] for line in listed.stdout.splitlines()} == {"sha256", "fingerprint", "url"}
    sheet = cli("status", *place(world))
    assert sheet.returncode == 0, sheet.stderr


def test_a_file_that_was_never_here_is_named_and_kept_out(world: World, cli: RunCli) -> None:
    for words in (("--dry-run",), ()):
        done = cli("remove", "--sha256", "ab" * 32, "--why", "x", *words, *place(world))
        assert done.returncode == 0
        assert "remove 0 images" in done.stderr or "removed 0 images" in done.stderr
        assert f"no record names a file with the SHA-256 {'ab' * 32}" in done.stderr
        told = json.loads(done.stdout)
        assert (told["images"], told["unknown"]) == ([], ["ab" * 32])
    listed = cli("controls", "--format", "jsonl", *place(world))
    assert [json.loads(line)["target"] for line in listed.stdout.splitlines()] == ["ab" * 32]
    nobody = cli("remove", "--author", "Nobody", "--why", "x", *place(world))
    assert "no record names an image that is meant" in nobody.stderr


WRONG = {
    "nothing named": (("--why", "x"), "nothing is named"),
    "no reason": (("--sha256", "ab" * 32), "`--why` is missing"),
    "everything": (("--url", "**", "--why", "x"), "would take everything down"),
    "everybody": (("--author", " * ", "--why", "x"), "would take everything down"),
    "no URL": (("--url", "example.com", "--why", "x"), "a URL begins with"),
    "no SHA-256": (("--sha256", "xyz", "--why", "x"), "is no SHA-256"),
}


@pytest.mark.parametrize(("words", "complaint"), WRONG.values(), ids=WRONG.keys())
def test_what_makes_no_sense_takes_nothing_down(
    world: World, cli: RunCli, words: tuple[str, ...], complaint: str
) -> None:
    before = world.paths(layout.CANDIDATES)
    done = cli("remove", *words, *place(world))
    assert done.returncode == 2, done.stderr
    assert complaint in done.stderr
    assert world.paths(layout.CANDIDATES) == before


def test_a_file_that_is_no_picture_or_not_there_is_named(world: World, cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("no picture")
    for name in ("text.txt", "none.jpg"):
        done = cli("remove", "--like", str(tmp_path / name), "--why", "x", *place(world))
        assert done.returncode in (1, 2), done.stderr
        assert name in done.stderr
        assert "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize("command", [("remove", "--like"), ("block", "--image"), ("unblock", "--image")])
def test_of_a_picture_too_plain_to_compare_is_said_that_its_bytes_alone_are_meant(
    world: World, cli: RunCli, tmp_path: Path, command: tuple[str, str]
) -> None:
    """Nothing was removed, without a word why, and who asked for it believed that it had never been there."""
    for name, picture in (("plain.png", Image.new("RGB", (128, 128), "white")), ("photo.png", photograph(1))):
        picture.save(tmp_path / name)
        done = cli(command[0], command[1], str(tmp_path / name), "--why", "x", *place(world))
        said = "plain.png` is too plain to compare: only a file of the very same bytes is meant\nhint: " in done.stderr
        assert said == (name == "plain.png"), done.stderr
