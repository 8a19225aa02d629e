"""``synsift verify``: on a log with survivors, by people who know the answer."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from synsift.pipelines.log.base import Log
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.records import Survivor, Vote
from synsift.pipelines.topics import Router
from synsift.pipelines.voting import append_votes, read_open_batches, read_verdicts
from tests.conftest import RunCli
from tests.pipelines.test_records import IMAGE
from tests.pipelines.worlds import candidate

WHIPPET, DAISY = "n02091134", "n11939491"
AT = "2026-01-02T03:04:05Z"
GOOD = 20
T = TypeVar("T")


def sha(number: int, wnid: str = WHIPPET) -> str:
    return f"{number:032x}{wnid.removeprefix('n'):0>32}"


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "out"
    folder.mkdir()
    with_log(folder, lambda log: log.produce([Router(16).survivor(survivor(n)) for n in range(60)]))
    return folder


def survivor(number: int, wnid: str = WHIPPET) -> Survivor:
    return Survivor(candidate=candidate(msgspec.structs.replace(IMAGE, sha256=sha(number, wnid)), wnid))


def with_log(folder: Path, work: Callable[[Log], T]) -> T:
    log = SqliteLog(folder / "log.db", partitions=16)
    try:
        return work(log)
    finally:
        log.close()


def vote_on_all(log: Log) -> None:
    """Ten people, of whom one always says yes, answer what is open."""
    for name in range(10):
        for batch in read_open_batches(log, f"v{name}"):
            votes = [
                Vote(wnid=batch.task.wnid, sha256=x, voter=f"v{name}", answer=answer_of(name, x), at=AT)
                for x in batch.left_for(f"v{name}")
            ]
            append_votes(log, votes)


def answer_of(name: int, sha256: str) -> str:
    return "yes" if name == 9 or int(sha256[:32], 16) < GOOD else "no"


def voted(cli: RunCli, out: Path) -> None:
    for _ in range(11):
        done = cli("verify", "plan", "--out", str(out))
        assert done.returncode == 0, done.stderr
        if done.stderr.startswith("0 new batches"):
            break
        with_log(out, vote_on_all)
    done = cli("run", "inherit", "verify", "attest", "--drain", "--out", str(out))
    assert done.returncode == 0, done.stderr


def test_a_plan_says_what_is_asked_and_a_second_one_that_it_is_asked_already(cli: RunCli, out: Path) -> None:
    done = cli("verify", "plan", "--out", str(out), "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    (row,) = map(json.loads, done.stdout.splitlines())
    assert (row["synset"], row["name"], row["images"], row["open"]) == (WHIPPET, "whippet", 60, 60)
    assert row["asks"] == 10 * 10 + 50 * 2
    assert done.stderr.startswith("3 new batches, for 200 votes")
    again = cli("verify", "plan", "--out", str(out))
    assert again.stderr.startswith("0 new batches, for 0 votes")
    assert "hint: what is open is asked already" in again.stderr
    (first, *_) = with_log(out, read_open_batches)
    assert first.task.link == "https://en.wikipedia.org/wiki/Whippet"


def test_a_synset_without_survivors_is_named(cli: RunCli, out: Path) -> None:
    for arguments in ([DAISY], ["--prefer", DAISY]):
        done = cli("verify", "plan", *arguments, "--out", str(out))
        assert done.returncode == 2
        assert f"no image of `{DAISY}` has survived" in done.stderr
        assert f"`{WHIPPET}`" in done.stderr


def test_where_nothing_was_crawled_that_is_said(cli: RunCli, tmp_path: Path) -> None:
    for command in ("plan", "voters", "tables", "audit"):
        done = cli("verify", command, "--out", str(tmp_path / "nowhere"))
        assert done.returncode == 2, command
        assert "nothing was crawled there" in done.stderr


def test_more_first_votes_than_votes_at_all_are_refused(cli: RunCli, out: Path) -> None:
    done = cli("verify", "plan", "--out", str(out), "--set", "verify.first=11")
    assert done.returncode == 2
    assert "verify.first is 11, and verify.most is 10" in done.stderr
    assert "hint:" in done.stderr


def test_votes_end_in_verdicts_that_status_shows(cli: RunCli, out: Path) -> None:
    voted(cli, out)
    verdicts = with_log(out, read_verdicts)
    found = {place.sha256: one.verdict for place, one in verdicts.items() if place.wnid == WHIPPET}
    assert {found[sha(n)] for n in range(GOOD)} == {"accepted"}
    assert {found[sha(n)] for n in range(GOOD, 60)} == {"rejected"}
    shown = cli("status", "--out", str(out), "--format", "jsonl").stdout
    assert '"stage": "verify"' in shown
    row = next(json.loads(line) for line in shown.splitlines() if '"synset"' in line)
    assert row["verified"] == {"accepted": GOOD, "rejected": 40}


def test_who_always_says_yes_weighs_little(cli: RunCli, out: Path) -> None:
    voted(cli, out)
    done = cli("verify", "voters", "--out", str(out), "--format", "jsonl")
    rows = {row["voter"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["v9"]["yes"] == 1.0
    assert rows["v9"]["weight"] < 0.5 < 0.7 < rows["v0"]["weight"], "of few votes the prior is left"


def test_the_table_of_a_synset_is_shown(cli: RunCli, out: Path) -> None:
    voted(cli, out)
    done = cli("verify", "tables", "--out", str(out), "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert list(row)[:4] == ["synset", "name", "1:0", "0:1"]
    assert float(row["0:3"]) < float(row["1:1"]) < float(row["3:0"])


def test_an_audit_draws_and_judges(cli: RunCli, out: Path, tmp_path: Path) -> None:
    voted(cli, out)
    done = cli("verify", "audit", "--images", "15", "--promise", "0.8", "--out", str(out))
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len({row["sha256"] for row in rows}) == 15
    assert all(int(row["sha256"][:32], 16) < GOOD for row in rows)
    assert "80.0% is shown by at most 0 wrong ones" in done.stderr
    sample = tmp_path / "sample.csv"

    def fill(words: list[str]) -> None:
        with sample.open("w", newline="") as target:
            writer = csv.DictWriter(target, list(rows[0]))
            writer.writeheader()
            writer.writerows(row | {"is_right": word} for row, word in zip(rows, words, strict=True))

    fill(["yes"] * 15)
    held = cli("verify", "audit", "--judged", str(sample), "--promise", "0.8", "--out", str(out))
    assert (held.returncode, "at least 81.90% of all are right" in held.stdout) == (0, True), held.stdout
    fill(["yes"] * 14 + ["no"])
    failed = cli("verify", "audit", "--judged", str(sample), "--promise", "0.8", "--out", str(out))
    assert (failed.returncode, "80.0% doesn't hold" in failed.stdout) == (1, True)
    fill(["yes"] * 14 + [""])
    odd = cli("verify", "audit", "--judged", str(sample), "--out", str(out))
    assert odd.returncode == 2
    assert "sample.csv`, line 16: the last column" in odd.stderr


def test_a_sample_that_is_too_small_is_told(cli: RunCli, out: Path) -> None:
    voted(cli, out)
    done = cli("verify", "audit", "--out", str(out))
    assert "20 images are too few to show 98.0%: that needs 149" in done.stderr


def test_a_table_of_a_synset_that_nobody_voted_on_is_told(cli: RunCli, out: Path) -> None:
    voted(cli, out)
    done = cli("verify", "tables", DAISY, "--out", str(out))
    assert done.returncode == 2
    assert f"nobody has voted on `{DAISY}`" in done.stderr
    assert f"there are `{WHIPPET}`" in done.stderr


def test_a_threshold_that_is_no_share_is_refused(cli: RunCli, out: Path) -> None:
    done = cli("verify", "audit", "--at", "5", "--out", str(out))
    assert done.returncode == 2
    assert "--at" in done.stderr
