"""The examples of README and docs: blocks of code, what stands in them, and what is said above one that isn't run.

<!-- not run: why -->

```console
$ synsift …
```
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_NOT_RUN = re.compile(r"<!-- not run: ([^\n]+?) -->\s*$")


@dataclass(frozen=True)
class Step:
    """A command of a console block, and the lines that it should print; none where it prints what it likes."""

    command: str
    shown: list[str]


@dataclass(frozen=True)
class Block:
    """A block of code of a page."""

    page: str
    line: int
    language: str
    text: str
    not_run: str | None

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"

    def steps(self) -> Iterator[Step]:
        """The commands of a console block; `> ` goes on with a command."""
        command: list[str] = []
        shown: list[str] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                if command:
                    yield Step("\n".join(command), shown)
                command, shown = [line[2:]], []
            elif line.startswith("> ") and not shown:
                command.append(line[2:])
            else:
                shown.append(line)
        if command:
            yield Step("\n".join(command), shown)


def blocks() -> list[Block]:
    """All blocks of all pages."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for match in _FENCE.finditer(text):
            indent = len(match[1])
            body = "\n".join(line[indent:] for line in match[3].splitlines())
            reason = _NOT_RUN.search(text[: match.start()].rstrip())
            line = text[: match.start()].count("\n") + 1
            name = page.relative_to(ROOT).as_posix()
            found.append(Block(name, line, match[2], body, reason[1] if reason else None))
    return found


def synsift_commands(command: str) -> Iterator[list[str]]:
    """The arguments of each synsift command of a line of shell."""
    lexer = shlex.shlex(command.partition("<<")[0], posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;<>"):
            while words and re.match(r"[A-Z_]+=", words[0]):
                words.pop(0)
            if words[:1] == ["synsift"]:
                yield words[1:]
            words = []
        else:
            words.append(word)
