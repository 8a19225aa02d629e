"""What ``pip install synsift`` brings, beside packages of others whose names are those of our folders."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from synsift.crawler.ontology import LANGUAGES
from synsift.crawler.ontology.licences import licence_expression

ROOT = Path(__file__).parents[2]
STRANGER = "dedupe"  # a package on PyPI that is imported by the name of one of our folders


def pip(python: Path, *arguments: str) -> None:
    """Run pip for an environment; it needs the registry for what isn't there."""
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-q", *arguments],
        check=True,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made in a copy: a build leaves files beside what it builds, which a later one would take for ours."""
    folder = tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "tests", "docs", "benchmarks")
    copy = shutil.copytree(ROOT, folder / "checkout", symlinks=True, ignore=ignore)
    pip(Path(sys.executable), "wheel", "--no-deps", "--wheel-dir", str(folder), str(copy))
    (found,) = folder.glob("synsift-*.whl")
    return found


def test_a_wheel_installs_one_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"synsift"}
    assert {"synsift/py.typed", "synsift/dedupe/__init__.py", "synsift/crawler/ontology/data/synsets.z"} <= set(names)
    needed = [path for path in (ROOT / "pipelines" / "pages").iterdir() if path.is_file()]
    assert {f"synsift/pipelines/pages/{path.name}" for path in needed} <= set(names)


def test_a_wheel_says_its_licences_and_brings_their_texts(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (name,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        head = archive.read(name).decode().partition("\n\n")[0].splitlines()
        fields = [line.partition(": ")[::2] for line in head]
        files = {value for key, value in fields if key == "License-File"}
        assert [value for key, value in fields if key == "License-Expression"] == [licence_expression()]
        texts = {f"crawler/ontology/data/licence-{lang}.txt" for lang in (*LANGUAGES, "cili")}
        assert files == {"LICENSE", "NOTICE", *texts}
        for file in files:
            inside = archive.read(name.replace("METADATA", f"licenses/{file}"))
            assert inside == (ROOT / file).read_bytes()
    # Beside the data, too, where `synsift synsets --licences` reads them.
    assert {f"synsift/{text}" for text in texts} <= set(names)


@pytest.mark.slow
@pytest.mark.parametrize("ours_first", [True, False], ids=["ours-first", "theirs-first"])
def test_a_stranger_called_dedupe_lives_beside_us(wheel: Path, tmp_path: Path, ours_first: bool) -> None:
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    # What we depend on is lent by the environment of the tests, so that only the two packages are installed.
    site = next((tmp_path / "env" / "lib").glob("python3*")) / "site-packages"
    for step in (str(wheel), STRANGER) if ours_first else (STRANGER, str(wheel)):
        pip(python, "install", "--no-deps", step)
    (site / "lent.pth").write_text(str(Path(pytest.__file__).parents[1]) + "\n")

    def run(*arguments: str) -> str:
        done = subprocess.run([str(python), *arguments], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    ours = run("-c", "import synsift.dedupe as it; print(it.__file__)").strip()
    theirs = run("-c", "from importlib.metadata import files; print(len(files('dedupe')))").strip()
    assert Path(ours).is_relative_to(site)
    assert int(theirs) > 1
    assert "synsift" in run("-m", "synsift", "--version")
    assert "whippet" in run("-m", "synsift", "synsets", "whippet")

    pip(python, "uninstall", "-y", STRANGER)
    assert Path(ours).exists()
    assert "synsift" in run("-m", "synsift", "--version")
    pip(python, "uninstall", "-y", "synsift")
    assert not Path(ours).exists()
