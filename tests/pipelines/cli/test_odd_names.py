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
        assert "Traceback" not in done.stderr
        if form == "jsonl":
            assert done.stdout.encode().decode() == done.stdout  # whoever reads JSON wants UTF-8
    done = cli("fingerprint", str(folder), "--format", "csv", *cache)
    assert len(list(csv.DictReader(io.StringIO(done.stdout)))) == 2
