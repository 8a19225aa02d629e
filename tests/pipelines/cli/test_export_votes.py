"""Exports and numbers of what people voted on."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from synsift.testing import Server
from tests.conftest import RunCli
from tests.pipelines.cli.test_conflicts import crawled, host
from tests.pipelines.exports.stores import DAISY, WHIPPET, picture
from tests.pipelines.exports.voted import OPTIONS, VOTERS, make_voted

__all__ = ["host"]  # a fixture

PICTURES = [picture(seed, (WHIPPET, DAISY)[seed % 2]) for seed in range(16)]
GOOD, BAD = PICTURES[:8], PICTURES[8:13]
ANSWERS = {one.sha256: "yes" for one in GOOD} | {one.sha256: "no" for one in BAD}


def exported(cli: RunCli, store: Path, target: Path, *options: str) -> tuple[list[dict[str, str]], str]:
    done = cli("export", str(target), "--out", str(store), "--format", "csv", *options, options=OPTIONS)
    assert done.returncode == 0, done.stderr
    with (target / "images.csv").open(newline="") as file:
        return list(csv.DictReader(file)), done.stderr


@pytest.mark.parametrize("how", ["in the store", "in the log", "without a log"])
def test_what_people_accepted_is_exported_with_their_votes(cli: RunCli, tmp_path: Path, how: str) -> None:
    store = tmp_path / "store"
    make_voted(store, PICTURES, ANSWERS, attested=how != "in the log")
    if how == "without a log":
        (store / "log.db").unlink()
    rows, said = exported(cli, store, tmp_path / "x")
    assert {row["sha256"] for row in rows} == {one.sha256 for one in GOOD}
    assert "exporting what people accepted" in said
    assert all(row["decision"] == "accepted" and float(row["confidence"]) > 0.9 for row in rows)
    assert {(row["votes_yes"], row["votes_no"]) for row in rows} == {(str(VOTERS), "0")}
    assert "People voted on every image" in (tmp_path / "x" / "README.md").read_text()
    everything, _ = exported(cli, store, tmp_path / "y", "--only", "survivors")
    assert len(everything) == len(PICTURES)
    decisions = {row["sha256"]: row["decision"] for row in everything}
    assert {decisions[one.sha256] for one in BAD} == {"rejected"}
    assert {decisions[one.sha256] for one in PICTURES[13:]} == {""}
    assert "candidates" in (tmp_path / "y" / "README.md").read_text()


def test_votes_that_are_not_counted_yet_are_told_of(cli: RunCli, tmp_path: Path) -> None:
    make_voted(tmp_path / "store", PICTURES, ANSWERS, counted=False, attested=False)
    done = cli(
        "export", str(tmp_path / "x"), "--out", str(tmp_path / "store"), "--format", "csv", "--only", "accepted",
        options=OPTIONS,
    )  # fmt: skip
    assert done.returncode == 2
    assert "nobody has voted" in done.stderr or "have not been counted yet" in done.stderr
    told = cli("stats", "--out", str(tmp_path / "store"), options=OPTIONS)
    assert f"{VOTERS * 13} votes have not been counted yet" in told.stderr
    assert "run verify --drain" in told.stderr
    assert "16 survivors have not landed yet" in told.stderr


def test_numbers_tell_of_votes(cli: RunCli, tmp_path: Path) -> None:
    store = tmp_path / "store"
    make_voted(store, PICTURES, ANSWERS)
    done = cli("stats", "--out", str(store), "--format", "jsonl", options=OPTIONS)
    assert done.returncode == 0, done.stderr
    rows = {row["wnid"]: row for row in map(json.loads, done.stdout.splitlines())}
    whippet, daisy = rows[WHIPPET], rows[DAISY]
    assert (whippet["images"], whippet["accepted"], whippet["votes"]) == (8, 4, VOTERS * 7)
    assert whippet["precision"] == pytest.approx(4 / 7, abs=1e-4)
    assert whippet["selection_frequency"] == pytest.approx(4 / 7, abs=1e-4)
    assert whippet["votes_an_accepted_image"] == pytest.approx(VOTERS * 7 / 4)
    assert daisy["precision"] == pytest.approx(4 / 6, abs=1e-4)
    assert whippet["depth"] != daisy["depth"]
    whole = cli("stats", "--out", str(store), "--summary", "--format", "jsonl", options=OPTIONS)
    found = json.loads(whole.stdout)
    assert (found["images"], found["accepted"], found["votes"]) == (8, 8, VOTERS * 13)
    assert found["precision"] == pytest.approx(8 / 13)
    shutil.rmtree(store / "verified")
    again = cli("stats", "--out", str(store), "--format", "jsonl", "--only", "survivors", options=OPTIONS)
    assert {json.loads(line)["accepted"] for line in again.stdout.splitlines()} == {None}


def test_copies_that_the_crawl_found_across_synsets_stay_on_one_side(cli: RunCli, host: Server, tmp_path: Path) -> None:
    rows = [(seed, 320, WHIPPET) for seed in range(20)] + [(seed, 200, DAISY) for seed in range(0, 20, 2)]
    store = crawled(cli, host, tmp_path, rows=rows)
    target = tmp_path / "split"
    done = cli("export", str(target), "--out", str(store), "--format", "imagefolder", "--split", "test=0.4")
    assert done.returncode == 0, done.stderr
    assert "not landed" not in done.stderr
    clusters: dict[str, set[str]] = {}
    for side in ("train", "test"):
        for line in (target / side / "metadata.jsonl").read_text().splitlines():
            found = json.loads(line)
            clusters.setdefault(found["cluster"], set()).add(found["wnid"])
            assert found["split"] == side
    assert len(clusters) == 20
    assert sum(len(wnids) == 2 for wnids in clusters.values()) == 10
    clean = cli("leaks", str(target / "train"), str(target / "test"), "--format", "jsonl")
    assert clean.returncode == 0, clean.stdout
