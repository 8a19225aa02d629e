"""The source of the tutorial is a package like anybody's: it is installed, found, listed, asked, and tested."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from synsift.crawler.outside_json import loads
from synsift.crawler.sources.registry import BUILT_IN
from synsift.testing import Recorded, serving
from tests.conftest import command, environment
from tests.packaging.test_wheel import pip

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "example-source"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to import from, in which it is installed; made in a copy, for a build leaves files behind."""
    folder = tmp_path_factory.mktemp("example")
    copy = shutil.copytree(EXAMPLE, folder / "checkout", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    pip(Path(sys.executable), "install", "--no-deps", "--target", str(folder / "site"), str(copy))
    return folder / "site"


def env(installed: Path, options: Mapping[str, object] | None = None) -> dict[str, str]:
    return environment(options or {}) | {"PYTHONPATH": os.pathsep.join([str(installed), str(ROOT / "src")])}


def run(
    installed: Path, *arguments: str, options: Mapping[str, object] | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments), env=env(installed, options), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.slow
def test_it_is_listed_asked_and_recorded(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "sources", "--format", "jsonl")
    rows = {row["name"]: row for row in map(loads, done.stdout.splitlines())}
    assert rows["example"]["title"] == "Example Museum"
    answer = Recorded.read(EXAMPLE / "answers" / "1-first.json").answer()
    kept = tmp_path / "kept.json"
    with serving([answer]) as museum:
        options = {
            "sources.example.api_url": f"{museum.url}/search",
            "sources.example.page_size": 7,
            "identity.contact": "a@b.example",
            "search.allow_networks": "127.0.0.0/8",
        }
        done = run(
            installed, "sources", "check", "example", "--text", "whippet", "--record", str(kept), options=options
        )
        assert done.returncode == 0, done.stderr
        assert museum.asked[0].query == {"q": "whippet", "page": "1", "size": "7"}
    assert "Two whippets" in done.stdout
    assert "can't be used: a work can't be read" in done.stderr
    assert Recorded.read(kept).body == answer.body


@pytest.mark.slow
def test_its_own_tests_pass_as_its_author_runs_them(installed: Path) -> None:
    copy = installed.parent / "checkout"
    tested = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(copy)]
    done = subprocess.run(tested, env=env(installed), cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_one_that_is_broken_is_named_and_harms_no_other(installed: Path, tmp_path: Path) -> None:
    site = shutil.copytree(installed, tmp_path / "site")
    (site / "synsift_example.py").write_text("raise RuntimeError('nothing works')\n")
    done = run(site, "sources", "--format", "jsonl")
    assert done.returncode == 0
    assert {loads(line)["name"] for line in done.stdout.splitlines()} == set(BUILT_IN)
    said = "example: the package synsift-example-source brings it, and it can't be used: RuntimeError: nothing works"
    assert said in " ".join(done.stderr.split())
    done = run(site, "crawl", "whippet", "--source", "example")
    assert done.returncode == 2
    assert "nothing works" in done.stderr
