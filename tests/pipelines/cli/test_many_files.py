"""A command says the same of files, whether fingerprints and their index are in memory or on disk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import ImageOps

from synsift.pipelines.cli import dedupe as dedupe_module
from synsift.pipelines.cli.dedupe import dedupe
from synsift.pipelines.cli.folders import SetFormat, fingerprint, match
from synsift.pipelines.cli.options import Format
from synsift.pipelines.folders import prints, scan, sets
from tests.dedupe.pictures import encoded, scene

Say = Callable[[], str]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(12):
        image = scene(number % 5)
        if number >= 5:
            image = ImageOps.mirror(image) if number % 2 else image.resize((200, 150))
        (folder / f"{number:02d}.jpg").write_bytes(encoded(image, "JPEG", quality=60 + number))
    (folder / "same.jpg").write_bytes((folder / "03.jpg").read_bytes())
    (folder / "text.jpg").write_text("no image at all")
    return folder


@pytest.fixture
def others(tmp_path: Path) -> Path:
    folder = tmp_path / "others"
    folder.mkdir()
    for number in (1, 4, 7):
        (folder / f"{number}.png").write_bytes(encoded(scene(number).resize((160, 120)), "PNG"))
    return folder


def both(say: Say, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    in_memory = say()
    monkeypatch.setattr(scan, "MANY", 0)
    monkeypatch.setattr(prints, "MANY", 0)
    return in_memory, say()


@pytest.mark.parametrize("output", [Format.JSONL, Format.TABLE])
def test_groups_of_copies(
    photos: Path, others: Path, output: Format, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def say() -> str:
        dedupe([photos], reference=[others], output=output, no_cache=True, jobs=2)
        return capsys.readouterr().out

    in_memory, on_disk = both(say, monkeypatch)
    assert in_memory == on_disk
    assert "same.jpg" in on_disk
    assert "reference" in on_disk


def test_matches(
    photos: Path, others: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def say() -> str:
        match([others, photos], [photos], output=Format.JSONL, no_cache=True, jobs=2)
        return capsys.readouterr().out

    in_memory, on_disk = both(say, monkeypatch)
    assert in_memory == on_disk
    for kind in ("exact", "near", "new", "unreadable"):
        assert f'"{kind}"' in on_disk


@pytest.mark.parametrize("form", [SetFormat.PARQUET, SetFormat.JSONL])
def test_matches_with_files_of_fingerprints(
    photos: Path,
    others: Path,
    form: SetFormat,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They were read into memory whole, however many they were."""
    made = tmp_path / f"set.{form}"
    fingerprint([photos], output=form, out=made, no_cache=True)
    capsys.readouterr()

    def say() -> str:
        match([others, photos], [made], output=Format.JSONL, no_cache=True, jobs=2)
        return capsys.readouterr().out

    in_memory, on_disk = both(say, monkeypatch)
    assert in_memory == on_disk
    assert "03.jpg" in on_disk


def test_a_set_that_is_not_written_whole_leaves_an_earlier_one_as_it_was(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "set.parquet"
    made.write_bytes(b"an earlier one")

    def stop(*_: object) -> dict[str, object]:
        raise KeyboardInterrupt

    monkeypatch.setattr(sets, "row_of", stop)
    with pytest.raises(KeyboardInterrupt):
        fingerprint([photos], output=SetFormat.PARQUET, out=made, no_cache=True)
    assert made.read_bytes() == b"an earlier one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "set.parquet"]


def test_a_long_table_begins_anew_and_loses_no_row(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dedupe([photos], no_cache=True)
    whole = capsys.readouterr().out.split("\n")
    monkeypatch.setattr(dedupe_module, "A_TABLE", 3)
    dedupe([photos], no_cache=True)
    cut = capsys.readouterr().out.split("\n")
    paths = [[line.split()[-1] for line in lines if ".jpg" in line] for lines in (whole, cut)]
    assert paths[0] == paths[1] != []
    assert sum("kind" in line for line in cut) == -(-len(paths[0]) // 3)
