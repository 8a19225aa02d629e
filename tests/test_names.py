"""``import synsift``: a handful of names, none of which costs anything before it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

import synsift

HEAVY = (
    "faiss",
    "PIL",
    "numpy",
    "scrapy",
    "kafka",
    "pydantic",
    "typer",
    "rich",
    "pyarrow",
    "aiohttp",
    "scipy",
    "pandas",
)


def loaded(statement: str) -> set[str]:
    """The modules that a statement loads in a fresh interpreter."""
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_name_alone_loads_nothing() -> None:
    assert not loaded("import synsift; dir(synsift)") & set(HEAVY)


def test_the_library_loads_neither_an_index_nor_the_pipelines() -> None:
    assert loaded("import synsift.dedupe; from synsift import fingerprint, compare") & set(HEAVY) == {"PIL", "numpy"}


def test_the_index_is_loaded_by_the_first_matcher() -> None:
    assert "faiss" in loaded("from synsift import Matcher; Matcher()")


@pytest.mark.parametrize("name", synsift.__all__)
def test_every_name_is_there_once_and_listed(name: str) -> None:
    assert getattr(synsift, name) is getattr(synsift, name)
    assert name in dir(synsift)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'eye'"):
        _ = synsift.eye  # type: ignore[attr-defined]


def test_a_type_checker_knows_the_names(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from pathlib import Path\n"
        "import synsift\n"
        "from synsift import Clustering, Matcher, cluster, compare, fingerprint\n"
        "found: Clustering[Path] = cluster({Path('a'): fingerprint(Path('a'))})\n"
        "name: Path = found.groups[0].name\n"
        "score: float = compare(b'', Path('b')).score\n"
        "kept: bool = Matcher().add(fingerprint(b''), key=(1, 2)).survives\n"
        "more = synsift.dedupe.decode(b'').width_px + 1\n"
        "reveal_type(score)\n"
    )
    root = Path(synsift.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path), str(program)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "MYPYPATH": str(root)},
    )
    assert "program.py" in done.stdout
    assert not [line for line in done.stdout.splitlines() if "program.py" in line and ": error:" in line], done.stdout
    assert 'Revealed type is "float"' in done.stdout or 'Revealed type is "builtins.float"' in done.stdout
