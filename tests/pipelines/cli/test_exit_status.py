"""One enum says how commands end, and one page says what that means."""

import re
from pathlib import Path

from synsift.pipelines.cli.commands import COMMANDS
from synsift.pipelines.cli.exit_status import ExitStatus

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "exit-status.md").read_text()
SOURCES = {path: path.read_text() for path in (ROOT / "pipelines" / "cli").glob("*.py")}


def test_no_command_ends_with_a_number_of_its_own() -> None:
    numbers = [
        f"{path.name}: {found}"
        for path, text in SOURCES.items()
        for found in re.findall(r"(?:typer\.Exit|SystemExit|sys\.exit)\([^)]*\b\d[^)]*\)", text)
    ]
    assert not numbers


def test_the_page_has_each_status() -> None:
    assert re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE) == [str(int(status)) for status in ExitStatus]


def test_the_page_names_each_command_that_can_fail_so() -> None:
    failing = {
        name
        for name, home in COMMANDS.items()
        if "ExitStatus.FAILED" in (ROOT / "pipelines" / "cli" / f"{home.module}.py").read_text()
    }
    assert failing
    named = set(re.findall(r"`([a-z-]+)[^`]*`", PAGE))
    assert not failing - named


def test_the_page_names_no_command_that_is_not_there() -> None:
    table = PAGE.split("| command | 1 if |")[1]
    for cell in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE):
        for name in re.findall(r"`([a-z-]+)[^`]*`", cell):
            assert name in COMMANDS
