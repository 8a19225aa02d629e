"""``synsift dedupe --report``, then ``--apply``, as a user runs them."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import visit
from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, scene
from tools.browser import Page


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    (folder / "best.png").write_bytes(encoded(scene(1), "PNG"))
    (folder / "sub" / os.fsdecode(b"caf\xe9 [red] 1.jpg")).write_bytes(encoded(scene(1), "JPEG", quality=60))
    (folder / "alone.jpg").write_bytes(encoded(scene(2), "JPEG"))
    return folder


def choices_of(folder: Path, groups: list[dict[str, Any]]) -> str:
    return json.dumps({"kind": "synsift choices", "version": 1, "folders": [str(folder)], "groups": groups})


def entry(path: Path) -> dict[str, str]:
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def test_from_a_folder_by_the_page_to_moved_copies(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "copies.html"
    done = cli("dedupe", str(photos), "--no-cache", "--report", str(page))
    assert done.returncode == 0, done.stderr

    async def choose(page: Page) -> bytes:
        for key in "j2s":  # the worse copy, for once
            await page.press(key)
        return await page.downloaded("choices.json")

    (tmp_path / "choices.json").write_bytes(visit(page, choose))
    applied = cli("dedupe", "--apply", str(tmp_path / "choices.json"), "--move", str(tmp_path / "moved"))
    assert applied.returncode == 0, applied.stderr
    assert applied.stdout == ""
    assert "1 copy moved" in applied.stderr
    assert (tmp_path / "moved" / "best.png").exists()
    assert sorted(path.name for path in photos.iterdir()) == ["alone.jpg", "sub"]
    again = cli("dedupe", "--apply", str(tmp_path / "choices.json"), "--move", str(tmp_path / "moved"))
    assert again.returncode == 0, again.stderr
    assert again.stderr.splitlines() == [f"1 copy already moved: {tmp_path / 'moved' / 'moved.jsonl'} says from where"]
    (tmp_path / "moved" / "best.png").unlink()
    lost = cli("dedupe", "--apply", str(tmp_path / "choices.json"), "--move", str(tmp_path / "moved"))
    assert lost.returncode == 1
    assert "best.png: it is gone" in lost.stderr


def test_link_puts_what_is_kept_into_a_folder(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    copy = next((photos / "sub").iterdir())
    groups = [
        {"keep": [entry(photos / "best.png")], "move": [entry(copy)]},
        {"keep": [entry(photos / "alone.jpg")], "move": []},
    ]
    file = tmp_path / "choices.json"
    file.write_text(choices_of(photos, groups))
    done = cli("dedupe", "--apply", str(file), "--link", str(tmp_path / "kept"))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["alone.jpg", "best.png"]
    assert copy.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--apply", "choices.json"], "say what to do"),
        (["--apply", "choices.json", "--move", "a", "--link", "b"], "choose one"),
        (["--apply", "no[bold].json", "--move", "a"], "no[bold].json: No such file"),
        (["--apply", "bad.json", "--move", "a"], "damaged"),
        (["--apply", "choices.json", "photos", "--move", "a"], "give no folder"),
        (["--apply", "choices.json", "--move", "inside"], "is inside of"),
        ([], "no folder is named"),
    ],
)
def test_wrong_use_is_said_and_changes_nothing(
    cli: RunCli, photos: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    folder = tmp_path / "cwd"
    copy = next((photos / "sub").iterdir())
    (folder / "bad.json").write_text("{")
    (folder / "choices.json").write_text(
        choices_of(photos, [{"keep": [entry(photos / "best.png")], "move": [entry(copy)]}])
    )
    done = cli("dedupe", *(str(photos / "in") if x == "inside" else x for x in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert copy.exists()
    assert not (folder / "a").exists()


def test_a_page_that_can_not_be_written_whole_leaves_the_earlier_one(
    cli: RunCli, photos: Path, small_disk: Path
) -> None:
    page = small_disk / "copies.html"
    page.write_text("the earlier one")
    (small_disk / "filler").write_bytes(bytes(6_275_000))
    done = cli("dedupe", str(photos), "--no-cache", "--report", str(page))
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert page.read_text() == "the earlier one"
    assert sorted(path.name for path in small_disk.iterdir()) == ["copies.html", "filler"]
