"""What trainers load, read by the libraries of others as it is: each in a process of its own, without a network."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunCli
from tests.pipelines.exports.stores import CRANE, DAISY, OTHER_CRANE, Picture, make_store, picture

_ENV = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "PYTHONWARNINGS": "ignore"}


def read_by(script: str, folder: Path, cache: Path) -> Any:
    """What a script prints last, as JSON; it finds the folder in ``sys.argv[1]``."""
    env = {**os.environ, **_ENV, "HF_HOME": str(cache), "HOME": str(cache), "CROISSANT_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, env=env, cwd=cache, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def pictures() -> list[Picture]:
    """Of four synsets and three formats; two are cranes, one picture stands under two synsets, one author is nobody."""
    found = [picture(seed) for seed in range(8)]
    kinds = ("WEBP", "PNG", "GIF")
    found += [picture(20 + n, DAISY, kind=kinds[n % 3], licence="CC0", licence_url="") for n in range(6)]
    found.append(Picture(found[0].data, DAISY, found[0].found_by))
    found.append(picture(40, CRANE, title="", author="", landing_page="", licence="", licence_url=""))
    found.append(picture(41, OTHER_CRANE, title='=1+1\n"two", ünï', author="Z\u0301oe <b>"))
    return found


@pytest.fixture
def store(tmp_path: Path, pictures: list[Picture]) -> Path:
    make_store(tmp_path / "store", pictures)
    return tmp_path / "store"


def exported(cli: RunCli, store: Path, *options: str) -> Path:
    target = store.parent / "whippets"
    done = cli("export", str(target), "--out", str(store), *options)
    assert done.returncode == 0, done.stderr
    return target


def expected(pictures: list[Picture]) -> list[list[str]]:
    return sorted([one.sha256, one.wnid] for one in pictures)


WEBDATASET = """
import glob, hashlib, json, sys, webdataset
shards = sorted(glob.glob(sys.argv[1] + "/*.tar"))
samples = lambda: webdataset.WebDataset(shards, shardshuffle=False)
raw = [[hashlib.sha256(one["jpg"]).hexdigest(), json.loads(one["json"])["wnid"]] for one in samples()]
seen = []
for image, label, columns in samples().decode("pil").to_tuple("jpg", "cls", "json"):
    assert image.size == (columns["width"], columns["height"]), columns
    assert label == columns["label"], columns
    seen.append([columns["sha256"], columns["wnid"]])
assert seen == raw
print(json.dumps(seen))
"""


def test_webdataset_reads_every_sample_and_its_bytes(
    cli: RunCli, store: Path, pictures: list[Picture], tmp_path: Path
) -> None:
    target = exported(cli, store, "--format", "webdataset")
    seen = read_by(WEBDATASET, target, tmp_path)
    assert sorted(seen) == expected(pictures)
    assert seen == sorted(seen)  # in the order of their SHA-256: a shuffle that never changes


HUGGING_FACE = """
import json, sys, datasets
kind, folder = {how}
load = datasets.load_dataset
found = load(kind, data_dir=folder, streaming={streaming}) if kind else load(folder, streaming={streaming})
rows = []
for side, data in found.items():
    for row in data:
        columns = row.get("json") or row
        image = row.get("image") or row.get("jpg")
        if image is not None:
            assert image.size == (columns["width"], columns["height"])
        assert isinstance(columns["confidence"], float) and isinstance(columns["label"], int)
        rows.append([side, *(columns[name] for name in ("split", "sha256", "wnid", "title"))])
names = getattr(next(iter(found.values())).features.get("label"), "names", None)
print(json.dumps([rows, names]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["webdataset", "imagefolder", "parquet"])
def test_datasets_reads_every_image_on_its_side(
    cli: RunCli, store: Path, pictures: list[Picture], tmp_path: Path, kind: str
) -> None:
    target = exported(cli, store, "--format", kind, "--split", "test=0.3", "--format", "croissant")
    by_name = f'("{kind}", sys.argv[1])' if kind != "parquet" else f'("{kind}", sys.argv[1] + "/data")'
    for how in ('("", sys.argv[1])', by_name):
        for streaming in (True, False):
            rows, names = read_by(HUGGING_FACE.format(how=how, streaming=streaming), target, tmp_path)
            assert sorted(row[2:4] for row in rows) == expected(pictures), (how, streaming)
            assert all(row[0] == row[1] for row in rows)
            assert {row[0] for row in rows} == {"train", "test"}
            titles = {row[2]: row[4] for row in rows}
            assert all(titles[one.sha256] == one.found_by.title for one in pictures)
            if kind == "parquet":
                assert names == [f"crane ({CRANE})", "whippet", f"crane ({OTHER_CRANE})", "daisy"]


PARQUET = """
import glob, hashlib, json, sys, pyarrow.parquet
files = sorted(glob.glob(sys.argv[1] + "/data/*.parquet"))
rows = [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]
for row in rows:
    if "image" in row:
        assert hashlib.sha256(row["image"]["bytes"]).hexdigest() == row["sha256"]
        assert row["file_name"].endswith(row["image"]["path"])
print(json.dumps([[row["sha256"], row["wnid"]] for row in rows]))
"""


@pytest.mark.parametrize("more", [(), ("--no-bytes",)])
def test_pyarrow_reads_every_row(
    cli: RunCli, store: Path, pictures: list[Picture], tmp_path: Path, more: tuple[str, ...]
) -> None:
    target = exported(cli, store, "--format", "parquet", *more)
    assert sorted(read_by(PARQUET, target, tmp_path)) == expected(pictures)


COCO = """
import contextlib, io, json, os, sys
from PIL import Image
from pycocotools.coco import COCO
found = {}
for side in ("train", "test"):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(f"{sys.argv[1]}/annotations/instances_{side}.json")
    for category in coco.loadCats(coco.getCatIds()):
        annotations = coco.loadAnns(coco.getAnnIds(catIds=[category["id"]], areaRng=[1, 1e9], iscrowd=False))
        images = coco.loadImgs([one["image_id"] for one in annotations])
        for image in images:
            with Image.open(os.path.join(sys.argv[1], image["file_name"])) as opened:
                assert opened.size == (image["width"], image["height"])
            assert any(one["id"] == image["license"] for one in coco.dataset["licenses"])
        found.setdefault(category["wnid"], []).extend(image["sha256"] for image in images)
print(json.dumps(found))
"""


@pytest.mark.parametrize("more", [(), ("--format", "imagefolder")])
def test_pycocotools_finds_images_by_their_category(
    cli: RunCli, store: Path, pictures: list[Picture], tmp_path: Path, more: tuple[str, ...]
) -> None:
    target = exported(cli, store, "--format", "coco", "--split", "test=0.3", *more)
    found = read_by(COCO, target, tmp_path)
    assert sorted([sha256, wnid] for wnid, some in found.items() for sha256 in some) == expected(pictures)


CROISSANT = """
import json, logging, sys
import mlcroissant
data = mlcroissant.Dataset(jsonld=sys.argv[1] + "/croissant.json")
assert not data.metadata.ctx.issues.errors, data.metadata.ctx.issues.report()
warnings = [str(one) for one in data.metadata.ctx.issues.warnings]
text = lambda value: value.decode() if isinstance(value, bytes) else value
rows = [{key.rpartition("/")[2]: text(value) for key, value in row.items()} for row in data.records("images")]
names = {one.name for one in data.metadata.record_sets}
files = [text(row["files/sha256"]) for row in data.records("files")] if "files" in names else []
shown = [list(row["image"].size) for row in rows if "image" in row]
print(json.dumps([[[row["sha256"], row["wnid"], row["title"]] for row in rows], files, shown, warnings, sorted(names)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["webdataset", "imagefolder", "parquet", "csv", "coco"])
def test_mlcroissant_finds_no_fault_and_reads_the_records(
    cli: RunCli, store: Path, pictures: list[Picture], tmp_path: Path, kind: str
) -> None:
    about = ("--url", "https://whippets.example/", "--creator", "A")
    target = exported(cli, store, "--format", kind, "--format", "croissant", "--split", "test=0.3", *about)
    rows, files, shown, warnings, names = read_by(CROISSANT, target, tmp_path)
    assert warnings == []
    assert sorted(row[:2] for row in rows) == expected(pictures)
    titles = {one.sha256: one.found_by.title for one in pictures if kind in ("imagefolder", "parquet")}
    assert all(titles[row[0]] == row[2] for row in rows if row[0] in titles)
    if kind in ("webdataset", "imagefolder", "coco"):
        assert sorted(files) == sorted(one.sha256 for one in pictures)
    if kind == "parquet":
        assert len(shown) == len(pictures)
    assert "splits" in names


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["webdataset", "parquet"])
def test_mlcroissant_reads_pictures_of_webp_alone_where_the_guide_says_so(
    cli: RunCli, tmp_path: Path, kind: str
) -> None:
    """It has no name for WebP: files that are nothing else it can't read, whatever stands in them."""
    pictures = [picture(seed, kind="WEBP") for seed in range(4)]
    make_store(tmp_path / "store", pictures)
    target = exported(cli, tmp_path / "store", "--format", kind, "--format", "croissant")
    rows, files, shown, _, _ = read_by(CROISSANT, target, tmp_path)
    assert sorted(row[:2] for row in rows) == expected(pictures)
    if kind == "parquet":
        assert shown == [[320, 240]] * 4
    else:
        assert sorted(files) == sorted(one.sha256 for one in pictures)
