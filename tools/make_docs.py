#!/usr/bin/env python3
"""Write the generated parts of docs/: JSON Schemas of the records, tables of the configuration and of the commands.

    tools/make_docs.py [--check]

With --check, writes nothing and exits with 1 if a file isn't what it should be.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer
from pydantic import SecretStr

from synsift.pipelines import topics
from synsift.pipelines.cli.app import app
from synsift.pipelines.config import load

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTE = "<!-- Made by tools/make_docs.py from the code: change it there, then run `make docs`. -->"


def schema_files() -> Iterator[tuple[Path, str]]:
    """A JSON Schema for each record."""
    for kind, topic in topics.TOPIC_OF.items():
        schema = msgspec.json.schema(kind)
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": topic.name, **schema}
        yield DOCS / "schemas" / f"{topic.name}.json", json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def configuration_page() -> str:
    """Every key with its default and meaning."""
    lines = ["# Configuration", "", NOTE, ""]
    lines += [
        "One TOML file, `SYNSIFT_…` variables above it, options above those; `synsift config` shows the result,",
        "and where each value came from. The file is `--config FILE`, else `$SYNSIFT_CONFIG`, else `./synsift.toml`,",
        "else `~/.config/synsift/synsift.toml`. The variable of `fetch.delay_s` is `SYNSIFT_FETCH__DELAY_S`; lists",
        "are JSON.",
        "",
        "| key | default | meaning |",
        "| --- | --- | --- |",
    ]
    for value in load(env={}, file=Path("/dev/null")).values():
        default = "" if isinstance(value.value, SecretStr) else json.dumps(value.value)
        lines.append(f"| `{value.key}` | {f'`{default}`' if default else ''} | {value.description} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every command with its help."""
    lines = ["# Commands", "", NOTE, ""]
    for name, command in _commands(typer.main.get_command(app), "synsift"):
        lines += [f"## {name}", ""]
        lines += [_plain(line) for line in (command.help or "").splitlines()]
        lines += ["", "| option | meaning |", "| --- | --- |"]
        for parameter in command.params:
            record = _option(parameter)
            if record:
                lines.append(record)
        lines.append("")
    return "\n".join(lines)


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - Typer shows no class of its own
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child, value in children.items():
        yield from _commands(value, f"{name} {child}")


def _option(parameter: Any) -> str:  # noqa: ANN401 - as _commands
    names = ", ".join(parameter.opts + parameter.secondary_opts)
    text = (getattr(parameter, "help", "") or "").replace("|", "\\|")
    if parameter.param_type_name == "argument":
        names = str(parameter.metavar or parameter.name)
    elif parameter.metavar:
        names = f"{names} {parameter.metavar}"
    return f"| `{names}` | {text} |".replace("|DIR", "\\|DIR").replace("DIR|URL", "DIR\\|URL")


def _plain(line: str) -> str:
    return line.replace("[bold]", "**").replace("[/bold]", "**")


def files() -> Iterator[tuple[Path, str]]:
    """Every generated file."""
    yield from schema_files()
    yield DOCS / "configuration.md", configuration_page()
    yield DOCS / "commands.md", commands_page()


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = [path for path, text in files() if not path.exists() or path.read_text() != text]
    if check:
        for path in stale:
            sys.stderr.write(f"{path} is not fresh: run make docs\n")
        return 1 if stale else 0
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
