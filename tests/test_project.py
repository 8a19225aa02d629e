"""Tests that guard the project rather than the code."""

import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from synsift import dedupe

ROOT = Path(__file__).parents[1]


def test_generated_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_docs.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_public_name_of_dedupe_is_exported() -> None:
    assert all(hasattr(dedupe, name) for name in dedupe.__all__)
    assert dedupe.__all__ == sorted(dedupe.__all__, key=lambda name: (not name.isupper(), name.islower(), name))


def test_no_function_is_longer_than_sixty_lines() -> None:
    import ast

    for folder in ("crawler", "dedupe", "pipelines", "tests", "benchmarks", "tools"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno is not None:
                    assert node.end_lineno - node.lineno < 60, f"{path}:{node.lineno} {node.name}"


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    for folder in ("crawler", "dedupe", "pipelines"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 400, path


def pinned() -> set[str]:
    """Names of what `constraints.txt` pins, as packages are called."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {canonicalize_name(line.partition("==")[0].strip()) for line in lines if "==" in line}


def test_every_dependency_is_pinned() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    listed = re.findall(r'^    "([A-Za-z0-9_-]+)[=><]', project, flags=re.MULTILINE)
    assert listed
    assert {canonicalize_name(name) for name in listed} <= pinned()


def test_links_within_the_docs_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_what_is_pinned_runs_on_the_oldest_python_that_is_promised() -> None:
    """On its first release, too: a pin that wants a later one stops `make demo` on a stable distribution."""
    installed = [one for one in distributions() if canonicalize_name(one.name) in pinned()]
    assert len(installed) > len(pinned()) / 2
    too_new = [
        one.name for one in installed if not SpecifierSet(one.metadata["Requires-Python"] or "").contains("3.11.0")
    ]
    assert too_new == []
