"""Commands look as they did when somebody last looked at them: see ``tests/screens.py``."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.screens import COLOURS, DEMO, FOLDER, SCREENS, Screen, make_world, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One for all, as later screens show what earlier commands left."""
    folder = tmp_path_factory.mktemp("synsift-screens-")
    make_world(folder)
    return folder


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_a_screen_is_as_it_was(folder: Path, screen: Screen) -> None:
    wanted = (FOLDER / f"{screen.name}.txt").read_text()
    assert run(screen, folder) == wanted, "if that is better, renew them: python -m tests.screens"


@pytest.mark.slow
def test_the_screens_of_the_demo_are_as_they_were(folder: Path) -> None:
    for screen in DEMO:
        assert run(screen, folder) == (FOLDER / f"{screen.name}.txt").read_text()


@pytest.mark.parametrize("screen", [*SCREENS, *DEMO], ids=lambda screen: screen.name)
def test_what_is_kept_fits_its_terminal_and_breaks_no_number(screen: Screen) -> None:
    table = (FOLDER / f"{screen.name}.txt").read_text().partition("\n")[2].partition("(standard error)")[0]
    assert [line for line in table.splitlines() if cell_len(line) > screen.width] == []
    # The sign of a table that is squeezed: line after line of a few letters.
    short = [
        list(run)
        for is_short, run in itertools.groupby(table.splitlines(), lambda x: 0 < len(x.strip()) < 6)
        if is_short
    ]
    assert max(map(len, short), default=0) < 3


def test_no_colour_is_asked_for_where_none_is_wanted_and_none_hides_a_word(folder: Path) -> None:
    screen = Screen("dedupe", ("dedupe", "photos", "--no-cache"))
    coloured = run(screen, folder, colours=True)
    codes = {code for found in re.findall(r"\x1b\[([0-9;]*)m", coloured) for code in found.split(";")}
    # Bold and dim are of the terminal's own ink, on whatever ground; a colour of ours could be its ground's.
    assert codes <= {"", "0", "1", "2"}
    assert COLOURS.sub("", coloured) == run(screen, folder).replace("\N{ZERO WIDTH SPACE}", "")
