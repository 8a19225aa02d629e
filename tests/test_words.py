"""The words that people read follow docs/STYLE.md, as far as a rule can be checked."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

import pytest

from synsift.pipelines.config import load
from tests.commands import every

ROOT = Path(__file__).parents[1]
# Errors of Python, which the library raises to programs; the rest is shown to people.
_RAISED = re.compile(
    r"^(?!Attribute|Key|Index|Type|Value|OS|Runtime|StopIteration|NotImplemented|Assertion)\w*(Error|Exit|Problem)$"
)
_SHOUTED = re.compile(r"^(?:[A-Z]{2,}|[A-Z]\w*[A-Z0-9]|[A-Z][a-z]+-|WordNet|Kafka|SQLite|Content|Retry|TLS|JSON|Ctrl)")
# Words that puzzle people, and what to say instead.
PUZZLING = {
    "courier": "downloader",
    "scout": "search",
    "henceforth": "from now on",
    "bear with": "-",
    "lest": "so that … not",
}


@dataclass(frozen=True)
class Said:
    """A message in the code: its text, with `{…}` for what is filled in."""

    place: str
    text: str
    quotes: bool


def messages() -> Iterator[Said]:
    """What is raised as an error that people see."""
    for folder in ("crawler", "pipelines"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args):
                    continue
                name = getattr(node.exc.func, "id", getattr(node.exc.func, "attr", ""))
                first = node.exc.args[0]
                if isinstance(first, ast.List) and first.elts:
                    first = first.elts[0]
                if _RAISED.match(name) and (isinstance(first, ast.JoinedStr) or _is_text(first)):
                    yield _said(f"{path.relative_to(ROOT)}:{node.lineno}", first)


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _said(place: str, node: ast.Constant | ast.JoinedStr) -> Said:
    if isinstance(node, ast.Constant):
        return Said(place, str(node.value), quotes=False)
    text, quotes = "", False
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            text += "{…}"
            quotes |= part.conversion == ord("r")
    return Said(place, text, quotes)


MESSAGES = list(messages())


@pytest.mark.parametrize("said", MESSAGES, ids=lambda said: said.place)
def test_a_message_says_what_happened_in_lower_case_and_without_a_full_stop(said: Said) -> None:
    for line in said.text.splitlines():
        assert not re.search(r"(?<!\.\.)\.$", line), said
        assert not line[:1].isupper() or _SHOUTED.match(line), said
        assert "!" not in line, said
        assert not re.search(r"\b(please|sorry|oops)\b", line, re.IGNORECASE), said


@pytest.mark.parametrize("said", MESSAGES, ids=lambda said: said.place)
def test_values_in_a_message_stand_in_backticks(said: Said) -> None:
    assert not said.quotes, f"{said}: write `{{value}}` in backticks, not {{value!r}}"
    assert not re.search(r"(?<!\w)'[^' ]*'", said.text), f"{said}: backticks, not quotes"


COMMANDS = dict(every())
OPTIONS = {
    f"{name} {parameter.opts[0] if parameter.opts else parameter.name}": str(getattr(parameter, "help", "") or "")
    for name, command in COMMANDS.items()
    for parameter in command.params
    if not getattr(parameter, "hidden", False) and "completion" not in str(parameter.name)
}
KEYS = {value.key: value.description for value in load(env={}, file=Path("/dev/null")).values()}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_says_what_it_does_in_one_line_without_a_full_stop(name: str) -> None:
    text = OPTIONS[name]
    assert text, name
    assert text[0].isupper() or text.startswith("`"), text
    assert not text.endswith("."), text
    assert len(text) <= 100, text


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_the_configuration_says_what_it_is_without_a_full_stop(key: str) -> None:
    text = KEYS[key]
    assert text[0].isupper() or text.startswith("`"), text
    assert not text.endswith("."), text
    assert len(text) <= 120, text


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_in_its_first_line_what_it_does(name: str) -> None:
    text = (COMMANDS[name].help or "").strip()
    first = text.splitlines()[0]
    assert len(first) <= 120, first
    assert first.endswith("."), first
    if name != "synsift" and "[bold]Examples" not in text:
        assert hasattr(COMMANDS[name], "commands"), f"{name} has no examples"


def test_words_that_puzzle_people_are_not_used() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    texts = {str(path): path.read_text() for path in pages if path.name != "STYLE.md"}
    texts |= {said.place: said.text for said in MESSAGES} | OPTIONS | KEYS
    for place, text in texts.items():
        for word, better in PUZZLING.items():
            assert not re.search(rf"\b{word}\b", text, re.IGNORECASE), f"{place}: {word}: say {better}"
