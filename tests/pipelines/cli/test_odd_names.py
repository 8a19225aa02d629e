"""Names of files that are no UTF-8 travel through every format and back."""

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, scene

Run = Callable[..., "subprocess.CompletedProcess[str]"]
NAME = b"caf\xe9 \xff.jpg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / os.fsdecode(NAME)).write_bytes(encoded(scene(1), "JPEG"))
    (folder / "plain.jpg").write_bytes(encoded(scene(2), "JPEG"))
    return folder


@pytest.mark.parametrize("form", ["jsonl", "parquet", "imagehash", "md5"])
def test_a_name_comes_back_from_every_form(cli: RunCli, folder: Path, tmp_path: Path, form: str) -> None:
    kept = tmp_path / f"set.{form if form in ('jsonl', 'parquet') else 'csv'}"
    cache = ("--cache", str(tmp_path / "cache.db"))
    done = cli("fingerprint", str(folder), "--format", form, "--out", str(kept), *cache)
    assert done.returncode == 0, done.stderr
    for _ in range(2):  # the second time from the cache
        done = cli("match", str(folder), "--against", str(kept), "--format", "jsonl", *cache)
        assert done.returncode == 0, done.stderr
        found = {row["query"]: row["match"] for row in map(json.loads, done.stdout.splitlines())}
        odd = str(folder / os.fsdecode(NAME))
        assert found == {odd: odd, str(folder / "plain.jpg"): str(folder / "plain.jpg")}


def test_tables_and_csv_show_it_without_breaking(cli: RunCli, folder: Path, tmp_path: Path) -> None:
    cache = ("--cache", str(tmp_path / "cache.db"))
    for form in ("table", "csv", "jsonl"):
        done = cli("fingerprint", str(folder), "--format", form, *cache)
        assert done.returncode == 0, done.stderr
        assert "caf" in done.stdout
        assert "Traceback" not in done.stderr, done.stderr
        if form == "jsonl":
            assert done.stdout.encode().decode() == done.stdout  # whoever reads JSON wants UTF-8
    done = cli("fingerprint", str(folder), "--format", "csv", *cache)
    assert len(list(csv.DictReader(io.StringIO(done.stdout)))) == 2


@pytest.mark.parametrize("form", ["csv", "jsonl", "table"])
def test_no_name_is_a_command_to_the_terminal_or_a_second_line(cli: RunCli, tmp_path: Path, form: str) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    odd = "b\x1b[31m\r\n\x9b\x7f\u202e\u2028c.jpg"
    for name in ("a.jpg", odd):
        (folder / name).write_bytes(encoded(scene(1), "JPEG"))
    done = cli("dedupe", str(folder), "--no-cache", "--format", form)
    assert done.returncode == 0, done.stderr
    assert not [char for char in done.stdout if not char.isprintable() and char != "\n"]
    if form == "csv":
        assert [row["path"].rpartition("/")[2] for row in csv.DictReader(done.stdout.splitlines())] == [
            "a.jpg",
            r"b\u001b[31m\r\n\u009b\u007f\u202e\u2028c.jpg",
        ]
    if form == "jsonl":
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [row["path"] for row in rows] == [str(folder / "a.jpg"), str(folder / odd)]


def test_a_list_of_hashes_with_a_name_of_two_lines_is_read_again(cli: RunCli, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a\r\nb.jpg").write_bytes(encoded(scene(1), "JPEG"))
    listed = tmp_path / "list.csv"
    for arguments in (["fingerprint", "--format", "md5", "--out"], ["match", "--format", "jsonl", "--against"]):
        done = cli(arguments[0], str(folder), "--no-cache", *arguments[1:], str(listed))
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["match"]
