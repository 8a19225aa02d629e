"""Every example of README and docs runs as it stands, in the order of its page, or says why not; all of them parse."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import ImageOps

from tests import warm
from tests.commands import children, root
from tests.conftest import environment
from tests.dedupe.pictures import encoded, scene
from tests.docs.examples import ROOT, Block, blocks, synsift_commands

ALL = blocks()
RUN = [block for block in ALL if block.not_run is None and block.language in ("console", "python")]
# The demo takes half a minute, and has tests of its own (tests/integration/test_demo.py).
ELSEWHERE = {"synsift demo", "synsift demo --out demo-result"}
RUN_PAGES = sorted({block.page for block in RUN})
COMMANDS = [
    pytest.param(arguments, id=f"{block.name}-{number}")
    for block in ALL
    if block.language == "console"
    for number, step in enumerate(block.steps())
    for arguments in synsift_commands(step.command)
]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """The files that examples speak of: photographs with copies, a list of URLs, an ontology."""
    photos = tmp_path / "photos"
    for name in ("photos", "new", "crawled", "test-split"):
        (tmp_path / name).mkdir()
    for seed in range(4):
        (photos / f"{seed}.jpg").write_bytes(encoded(scene(seed), "JPEG", quality=90))
    scene(8).save(photos / "whippet.png")
    scene(8).resize((160, 120)).save(photos / "whippet-small.jpg", quality=85)
    # What stands in anybody's folder.
    (photos / "sub").mkdir()
    (photos / "notes.txt").write_text("no image")
    (tmp_path / "pairs.txt").write_text("# none of the pairs that look alike\n")
    (photos / "broken.jpg").write_bytes((photos / "0.jpg").read_bytes()[:2_000])
    (tmp_path / "new" / "copy.webp").write_bytes(encoded(ImageOps.mirror(scene(1)), "WEBP"))
    (tmp_path / "new" / "other.jpg").write_bytes(encoded(scene(20), "JPEG"))
    for seed in (30, 31):
        scene(seed).save(tmp_path / "crawled" / f"{seed}.jpg")
    scene(30).resize((200, 150)).save(tmp_path / "test-split" / "kept-out.png")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    return tmp_path


@pytest.fixture
def env(world: Path, quick_options: Mapping[str, object]) -> dict[str, str]:
    """A user's environment whose web is the demo's on loopback, whatever source a command names."""
    found = environment(quick_options)
    (world / "bin").mkdir()
    if warm.is_wanted():
        warm.put_command(world / "bin")
    found["PATH"] = f"{world / 'bin'}:{Path(sys.executable).parent}:{found['PATH']}"
    found |= {"HOME": str(world), "XDG_CACHE_HOME": str(world / ".cache"), "COLUMNS": "100"}
    for page in ("photos.csv", "other.csv"):
        column = "url,synset" if page == "photos.csv" else "URL,label"
        api = str(quick_options["sources.commons.api_url"])
        base = api.rpartition("/")[0]
        (world / page).write_text(f"{column}\n{base}/a.jpg,n02091134\nno-url,n02091134\n")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN_PAGES)
def test_the_examples_of_a_page_run(page: str, world: Path, env: dict[str, str]) -> None:
    for block in (block for block in RUN if block.page == page):
        if block.language == "python":
            run(block, [sys.executable, "-c", block.text], world, env)
            continue
        for step in block.steps():
            if step.command.partition("#")[0].strip() in ELSEWHERE:
                continue
            printed = run(block, ["bash", "-euo", "pipefail", "-c", step.command], world, env).splitlines()
            expected = [line.rstrip() for line in step.shown]
            if expected and "…" not in expected:
                assert [line.rstrip() for line in printed] == expected, block.name


@pytest.mark.slow
def test_the_guide_says_how_to_move_copies_back(world: Path, env: dict[str, str]) -> None:
    before = sorted(path for path in (world / "photos").rglob("*"))
    block = next(block for block in RUN if block.page == "docs/guides/folder.md")
    assert "synsift undo ~/copies" in (Path(__file__).parents[2] / block.page).read_text()
    run(block, ["bash", "-c", "synsift dedupe ~/photos --move ~/copies"], world, env)
    assert sorted(path for path in (world / "photos").rglob("*")) != before
    run(block, ["bash", "-c", "synsift undo ~/copies"], world, env)
    assert sorted(path for path in (world / "photos").rglob("*")) == before


def run(block: Block, command: list[str], folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{block.name}\n{command[-1]}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    assert "Traceback" not in done.stderr, f"{block.name}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.parametrize("arguments", COMMANDS)
def test_every_synsift_command_of_the_pages_parses(arguments: list[str]) -> None:
    command, context = root(), None
    rest = [argument for argument in arguments if argument != "…"]
    while rest and rest[0] in (known := dict(children(command, "synsift"))):
        command, rest = known[rest[0]], rest[1:]
    try:
        context = command.make_context("synsift", rest, resilient_parsing=False)
    except SystemExit as exc:  # --help, --version
        assert exc.code in (0, None)
        return
    except Exception as exc:
        # The files of an example need not be there to see whether its options are.
        if exc.__class__.__name__ == "Exit" or "does not exist" in str(exc):
            return
        raise AssertionError(f"synsift {' '.join(arguments)}: {exc}") from exc
    with context:
        assert not context.args


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "python"], ids=lambda block: block.name)
def test_every_python_example_compiles(block: Block) -> None:
    compile(block.text, block.name, "exec")


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "toml"], ids=lambda block: block.name)
def test_every_configuration_example_loads(block: Block, tmp_path: Path) -> None:
    from synsift.pipelines.config import load

    (tmp_path / "synsift.toml").write_text(block.text)
    load(env={}, file=tmp_path / "synsift.toml")


def test_every_block_says_its_language_or_is_a_drawing() -> None:
    allowed = {"console", "python", "toml", "csv", "json", "yaml", "promql", ""}
    assert [block.name for block in ALL if block.language not in allowed] == []
    bare = [block.name for block in ALL if not block.language and block.text.lstrip().startswith(("$ ", "import "))]
    assert bare == []
    assert len(RUN) > 20
    assert all(len(block.not_run) > 10 for block in ALL if block.not_run is not None)


def test_one_form_of_the_command_is_used() -> None:
    text = "\n".join(block.text for block in ALL)
    assert ".venv/bin/synsift" not in text
    assert "python -m synsift" not in text
