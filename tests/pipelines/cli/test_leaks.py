"""``synsift leaks``: on folders, exports and fingerprints; what a page of it shows in a browser."""

import csv
import io
import json
import tarfile
from pathlib import Path

import pytest
from PIL import ImageOps

from tests.chromium import visit
from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.exports.stores import DAISY, make_store, picture
from tools.browser import Page


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """Ten images to train and five to test; one of these is the same file, one a copy, one a mirrored copy."""
    train, test = tmp_path / "train", tmp_path / "test"
    (train / "sub").mkdir(parents=True)
    test.mkdir()
    for seed in range(10):
        (train / f"{seed}.jpg").write_bytes(encoded(scene(seed), "JPEG", quality=90))
    (train / "sub" / "again.jpg").write_bytes((train / "3.jpg").read_bytes())
    (test / "same.jpg").write_bytes((train / "3.jpg").read_bytes())
    (test / "small.png").write_bytes(encoded(scene(4).resize((200, 150)), "PNG"))
    (test / "mirrored.webp").write_bytes(encoded(ImageOps.mirror(scene(5)), "WEBP"))
    for seed in (20, 21):
        (test / f"{seed}.jpg").write_bytes(encoded(scene(seed), "JPEG"))
    return train, test


FOUND = {("same.jpg", "exact", "3.jpg"), ("small.png", "near", "4.jpg"), ("mirrored.webp", "near", "5.jpg")}


def found(stdout: str) -> set[tuple[str, str, str]]:
    rows = [json.loads(line) for line in stdout.splitlines()]
    return {(Path(row["test"]).name, row["kind"], Path(row["train"]).name) for row in rows}


def test_the_same_files_and_copies_are_found_across_and_none_within(cli: RunCli, sides: tuple[Path, Path]) -> None:
    train, test = map(str, sides)
    done = cli("leaks", train, test, "--format", "jsonl")
    assert done.returncode == 1
    assert found(done.stdout) == FOUND
    rows = {Path(row["test"]).name: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["same.jpg"]["train_files"] == 2
    assert rows["mirrored.webp"]["transform"] == "mirrored"
    assert "11 images to train, 5 to test: 3 of the test images (60.0 %)" in done.stderr
    assert "1 as the same file, 2 as copies" in done.stderr
    table = cli("leaks", train, test)
    assert "and 1 more" in table.stdout
    unmirrored = cli("leaks", train, test, "--format", "csv", "--no-mirror")
    assert len(list(csv.DictReader(io.StringIO(unmirrored.stdout)))) == 2


def test_nothing_that_leaks_is_said_with_status_0(cli: RunCli, sides: tuple[Path, Path]) -> None:
    train, test = sides
    for path in test.iterdir():
        if path.name[0].isalpha():
            path.unlink()
    done = cli("leaks", str(train), str(test), "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "train,train_files,test,test_files,kind,score,transform\n"
    assert done.stderr.endswith("11 images to train, 2 to test: nothing leaks\n")
    (test / "cut.jpg").write_bytes(encoded(scene(30), "JPEG")[:900])
    done = cli("leaks", str(train), str(test), "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("nothing leaks, of what could be read\n"), "what wasn't seen isn't vouched for"


def packed(folder: Path, target: Path, kind: str) -> Path:
    """The images of a folder in one file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if kind == "tar":
        with tarfile.open(target / "x.tar", "w") as archive:
            for path in files:
                archive.add(path, arcname=f"../../{path.name}")  # a name in an archive is no path
            member = tarfile.TarInfo("n1/x.json")
            archive.addfile(member)
        return target / "x.tar"
    import pyarrow
    import pyarrow.parquet

    rows = [{"image": {"bytes": path.read_bytes(), "path": path.name}} for path in files]
    rows += [{"image": None}, {"image": {"bytes": b"no image", "path": "x"}}]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), target / "x.parquet", row_group_size=3)
    return target / "x.parquet"


@pytest.mark.parametrize("kind", ["tar", "parquet", "fingerprints", "folder of archives"])
def test_archives_and_fingerprints_stand_for_their_images(
    cli: RunCli, sides: tuple[Path, Path], tmp_path: Path, kind: str
) -> None:
    train, test = sides
    target = tmp_path / "packed"
    target.mkdir()
    if kind == "fingerprints":
        other = target / "test.jsonl"
        assert cli("fingerprint", str(test), "--format", "jsonl", "--out", str(other)).returncode == 0
        for path in test.iterdir():
            path.unlink()
    else:
        other = packed(test, target, "parquet" if kind == "parquet" else "tar")
    page = tmp_path / "leaks.html"
    other = target if kind == "folder of archives" else other
    done = cli("leaks", str(train), str(other), "--format", "jsonl", "--page", str(page))
    assert done.returncode == 1, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(row["kind"], Path(row["train"]).name) for row in rows} == {(one[1], one[2]) for one in FOUND}
    assert page.read_text().count("data:image/webp") == (3 if kind == "fingerprints" else 6)
    assert not list(tmp_path.parent.glob("*.jpg"))


def spoiled(whole: bytes, how: str) -> bytes:
    """A file of images, with a part of it gone: in the midst of an image, or where the head of one stood."""
    if how == "cut":
        return whole[: len(whole) * 2 // 3]
    begin = whole.index(b"../../small.png")
    return whole[:begin] + b"#" * 512 + whole[begin + 512 :]


@pytest.mark.parametrize(("kind", "how"), [("tar", "cut"), ("tar", "head"), ("parquet", "cut")])
def test_a_file_that_breaks_off_among_others_is_no_all_clear(
    cli: RunCli, sides: tuple[Path, Path], tmp_path: Path, kind: str, how: str
) -> None:
    """Its rest was passed over in silence, or ended all, by what had broken."""
    train, test = sides
    target = tmp_path / "shards"
    target.mkdir()
    shard = packed(train, target, kind) if how == "cut" else packed(test, target, kind)
    shard.write_bytes(spoiled(shard.read_bytes(), how))
    (target / "clean.jpg").write_bytes(encoded(scene(77), "JPEG"))
    (test / "other").mkdir()
    (test / "other" / "x.jpg").write_bytes(encoded(scene(78), "JPEG"))
    done = cli("leaks", str(target), str(test / "other"), "--format", "jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{shard}: broken: " in done.stderr.replace("\n", " ").replace("  ", " ")
    assert "nothing leaks, of what could be read" in done.stderr
    assert "1 file of images couldn't be read whole" in done.stderr


def test_rows_without_bytes_are_told_of(cli: RunCli, sides: tuple[Path, Path], tmp_path: Path) -> None:
    done = cli("leaks", str(packed(sides[0], tmp_path, "parquet")), str(sides[1]), "--format", "jsonl")
    assert found(done.stdout)
    assert "1 of its 13 rows hold no image" in done.stderr


def test_an_export_that_was_split_leaks_nothing(cli: RunCli, tmp_path: Path) -> None:
    pictures = [picture(seed, author="") for seed in range(24)]
    pictures += [picture(seed, DAISY, side_px=200, author="") for seed in range(0, 24, 2)]
    make_store(tmp_path / "store", pictures)
    for kind in ("webdataset", "imagefolder"):
        target = tmp_path / kind
        done = cli("export", str(target), "--out", str(tmp_path / "store"), "--format", kind, "--split", "test=0.3")
        assert done.returncode == 0, done.stderr
        names = ("train-000000.tar", "test-000000.tar") if kind == "webdataset" else ("train", "test")
        one, other = (str(target / name) for name in names)
        clean = cli("leaks", one, other, "--format", "jsonl")
        assert clean.returncode == 0, clean.stdout + clean.stderr
        assert "36 images" not in clean.stderr
    itself = cli("leaks", str(tmp_path / "webdataset"), str(tmp_path / "imagefolder"), "--format", "jsonl")
    exact = [row for row in map(json.loads, itself.stdout.splitlines()) if row["kind"] == "exact"]
    assert len(exact) == 36


WRONG = [
    ("nothing there", "there is no file or folder"),
    ("empty", "there is no image in"),
    ("list.md5", "is a list of hashes"),
    ("broken.tar", "can't be read"),
    ("text.tar", "can't be read"),
]


@pytest.mark.parametrize(("name", "said"), WRONG)
def test_what_is_no_set_of_images_is_told_of(
    cli: RunCli, sides: tuple[Path, Path], tmp_path: Path, name: str, said: str
) -> None:
    train, test = sides
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.md5").write_text("d41d8cd98f00b204e9800998ecf8427e  a.jpg\n")
    packed(test, tmp_path, "tar").rename(tmp_path / "broken.tar")
    whole = (tmp_path / "broken.tar").read_bytes()
    (tmp_path / "broken.tar").write_bytes(whole[:3_000])
    (tmp_path / "text.tar").write_text("no archive " * 200)
    done = cli("leaks", str(train), str(tmp_path / name))
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_the_page_shows_both_pictures_of_a_pair(cli: RunCli, sides: tuple[Path, Path], tmp_path: Path) -> None:
    train, test = sides
    (test / "same.jpg").rename(test / "<b>same.jpg")
    page = tmp_path / "leaks.html"
    cli("leaks", str(train), str(test), "--page", str(page))

    async def look(browser: Page) -> dict[str, object]:
        return await browser.run(
            """(async () => {
              const all = [...document.querySelectorAll("img")];
              all.forEach(x => { x.loading = "eager"; });
              await Promise.all(all.map(x => x.decode()));
              return ({
              shown: [...document.querySelectorAll("img")].map(x => x.naturalWidth),
              text: document.body.innerText,
              wide: document.documentElement.scrollWidth > innerWidth,
            })})()"""
        )

    for width_px, phone in ((1280, False), (390, True)):
        seen = visit(page, look, width_px=width_px, phone=phone)
        assert len(seen["shown"]) == 6  # type: ignore[arg-type]
        assert min(seen["shown"]) > 100  # type: ignore[call-overload]
        assert "<b>same.jpg" in str(seen["text"])
        assert not seen["wide"]
