#!/usr/bin/env python3
"""Write the generated parts of docs/: JSON Schemas of the records, tables of the configuration and of the commands.

    tools/make_docs.py [--check]

With --check, writes nothing and exits with 1 if a file isn't what it should be.
"""

import argparse
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from synsift.crawler.secret import Secret
from synsift.pipelines import topics
from synsift.pipelines.cli.grammar import every_command
from synsift.pipelines.config import load
from synsift.pipelines.config_hosts import TABLE, HostSettings
from synsift.pipelines.image_sources import make_sources, quotas_of
from synsift.pipelines.outcomes import EXPLAINED
from synsift.pipelines.schemas import schema_of
from synsift.pipelines.verdicts import VERDICTS

sys.path.insert(0, str(Path(__file__).resolve().parent))
from asyncapi_document import asyncapi_document
from metrics_page import metrics_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTE = "<!-- Made by tools/make_docs.py from the code: change it there, then run `make docs`. -->"


def schema_files() -> Iterator[tuple[Path, str]]:
    """A JSON Schema for each record."""
    for kind, topic in topics.TOPIC_OF.items():
        yield DOCS / "schemas" / f"{topic.name}.json", json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n"


def configuration_page() -> str:
    """Every key with its default and meaning."""
    lines = ["# Configuration", "", NOTE, ""]
    lines += [
        "One TOML file, `SYNSIFT_…` variables above it, options above those; `synsift config` shows the result,",
        "and where each value came from. The file is `--config FILE`, else `$SYNSIFT_CONFIG`, else `./synsift.toml`,",
        "else `~/.config/synsift/synsift.toml`. The variable of `fetch.delay_s` is `SYNSIFT_FETCH__DELAY_S`. A list is",
        "written with commas or as JSON, in variables and options alike: `--set dedupe.reference=a.parquet,b.parquet`.",
        "",
        "A key that doesn't exist is an error, which names the one that was probably meant. So is a variable that",
        "begins with `SYNSIFT_` and has two underscores, or looks like the one of a key or like `SYNSIFT_CONFIG`.",
        "Every other `SYNSIFT_…` variable is somebody else's and is left alone. Ours that are no keys:",
        "`SYNSIFT_CONFIG` (above), `SYNSIFT_SERVICES_CACHE` (where `make services` keeps its servers) and",
        "`SYNSIFT_TEST_SEED` (repeats a test).",
        "",
        "| key | default | meaning |",
        "| --- | --- | --- |",
    ]
    for value in load(env={}, file=Path("/dev/null")).values():
        default = "" if value.value is None or isinstance(value.value, Secret) else json.dumps(value.value)
        lines.append(f"| `{value.key}` | {f'`{default}`' if default else ''} | {value.description} |")
    lines += [*_HOSTS, "", "| key | meaning |", "| --- | --- |"]
    for name, field in HostSettings.model_fields.items():
        lines.append(f'| `{TABLE}."NAME".{name}` | {field.description} |')
    return "\n".join(lines) + "\n"


def sources_page() -> str:
    """What each image source grants and wants."""
    lines = ["# Image sources", "", NOTE, *_SOURCES.splitlines(), ""]
    settings = load(env={}, file=Path("/dev/null")).settings
    known = make_sources(settings)
    quotas = quotas_of(settings, known)
    lines += ["| name | source | key | a minute | a day | a query | licences | terms |", "| --- " * 8 + "|"]
    for name, source in known.items():
        about, quota = source.about, quotas.get(name)
        word = "needed" if about.needs_key else "optional"
        key = f"[{word}]({about.key_from})" if about.key else ""
        title = f"[{about.title}]({about.docs})" if about.docs else about.title
        rates = [f"{quota.per_minute:g}", f"{quota.per_day:,}" if quota.per_day else ""] if quota else ["", ""]
        depth = f"{about.depth:,}" if about.depth else ""
        cells = [f"`{name}`", title, key, *rates, depth, about.licences, about.terms]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, *_NOT_BUILT.splitlines()]) + "\n"


_SOURCES = """
`--source commons,openverse` asks several at once, and `--source all` every one that needs no key, or has one. A source
is asked its queries one after the other, and none waits for another. `synsift sources` shows this table as you have
configured it, and `synsift sources check NAME` asks one question.

A key is a setting of its source: `SYNSIFT_SOURCES__FLICKR__API_KEY=…`, or `[sources.flickr]` in `synsift.toml`. It is
never printed, logged or kept. What a source grants, a minute and a day, is for all workers of an installation together:
each takes the part of the partitions that it owns. A day's requests are counted across restarts; when they are used
up, or a source says that it gives nothing more, its queries rest, others go on, and `synsift crawl` says when to come
back. `synsift plan` shows beforehand how long what is granted makes a crawl take, and what it may find at most.
`sources.NAME.per_minute` and `.per_day` set what you were granted. Whom living things are asked of by their scientific
names (iNaturalist, GBIF) is asked for nothing else.

With every image its landing page, title, author and licence are kept, as far as its source says them. A licence is what
the source claims: where it matters, look.
"""

_NOT_BUILT = """
Of an observation, a record or an occurrence with several pictures, the first is taken: the others show the same thing a
moment later.

## What isn't there, and why

- **Pexels, Unsplash, Pixabay**: their terms forbid what this program does: data sets, automated queries,
  mass downloads.
- **Google's Custom Search** closes in January 2027, and takes no new customers.
- **Result pages of search engines** are not scraped.
- **The Art Institute of Chicago**: its search answers, but its picture host lets in browsers only, since June 2026.
- **The Rijksmuseum**: its search gives numbers only, and a picture is up to four requests further.
- **Brave** is there, and is asked by name only: it knows no licences, and what may be done with its answers is a matter
  of your plan. Its images say `unknown: found by a search of the web`.

Lists of millions of URLs ([lists](guides/urls.md)) need no API, and neither do public lists of captions, in which all
names of your synsets are looked for at once ([captions](captions.md)). A source of your own is
[some forty lines](new-source.md).
"""

_HOSTS = """
## Hosts of some names

What is otherwise at some hosts has a table of its own:

```toml
[fetch.hosts."cdn.example"]      # this name, and all below it, as one host
delay_s = 0.02
concurrency = 8
split = 4

[fetch.hosts."*.shop.example"]   # each name below it, as a host of its own
delay_s = 2
```

The longest name that fits wins. Where none fits, a host is what was given to somebody by the public-suffix list: all of
`example.co.uk`, but `me.blogspot.com` alone. `NAME` is a name of hosts, without scheme or port; as an option:
`--set fetch.hosts.cdn.example.delay_s=2`.

While `run` or `crawl` works, these keys, `fetch.delay_s`, `fetch.host_concurrency`, `fetch.max_delay_s` and their
like of `search` and `sources` hold within seconds after the file has changed, and at once on `SIGHUP`, which in a
terminal still ends the command. `split`, and names that make hosts of their own, hold at the next start. A file that
can't be read changes nothing, and the log says why.""".splitlines()


COMMANDS_INTRO = """\
Data goes to standard output: as a table, or with `--format jsonl` and `--format csv`; words go to standard error. In a
pipe and in a file each table has all its columns in the same order, those without any value, too, so that scripts can
count on them; on a terminal values that are long stand below their row, where there are any.""".splitlines()


def commands_page() -> str:
    """Every command with its help."""
    lines = ["# Commands", "", NOTE, "", *COMMANDS_INTRO, ""]
    for name, command in every_command():
        lines += [f"## {name}", ""]
        lines += _help_lines(command.help or "")
        lines += ["", "| option | meaning |", "| --- | --- |"]
        for parameter in command.params:
            record = _option(parameter)
            if record:
                lines.append(record)
        lines.append("")
    return "\n".join(lines)


def _option(parameter: Any) -> str:  # noqa: ANN401 - Typer shows no class of its own
    names = ", ".join(parameter.opts + parameter.secondary_opts)
    text = (getattr(parameter, "help", "") or "").replace("|", "\\|")
    if parameter.param_type_name == "argument":
        names = str(parameter.metavar or parameter.name)
    elif parameter.metavar:
        names = f"{names} {parameter.metavar}"
    return f"| {_code(names)} | {text.replace('<', '&lt;')} |"


def _code(text: str) -> str:
    """Code in a table, where a bar would end the cell: in some dialects of Markdown also after a backslash."""
    return f"`{text}`" if "|" not in text else f"<code>{text.replace('|', '&#124;').replace('<', '&lt;')}</code>"


def _help_lines(text: str) -> list[str]:
    """Help as Markdown: its examples as a block."""
    before, heading, examples = text.partition("[bold]Examples[/bold]")
    lines = before.rstrip().splitlines()
    if heading:
        shown = [line.strip() for line in examples.splitlines() if line.strip()]
        lines += ["", "<!-- not run: its files are made up; tests check that it parses -->", "", "```console"]
        lines += [*(f"$ {line}" for line in shown), "```"]
    return lines


def outcomes_page() -> str:
    """Every outcome, what it means, and what to do."""
    lines = ["# Outcomes", "", NOTE, ""]
    lines += [
        "Every input ends with one of these words. They are the classes of dead letters, the columns of `synsift",
        "status`, and the label `outcome` of the metrics. To try again what failed, replay its dead letters:",
        "`synsift dead-letters replay --outcome timeout`, then run the same `crawl` or `run` again.",
        "",
    ]
    for title, chosen in (
        ("As it should be", [one for one in EXPLAINED if not one.advice]),
        ("Worth another try", [one for one in EXPLAINED if one.advice and one.heals]),
        ("Needs a change first", [one for one in EXPLAINED if one.advice and not one.heals]),
    ):
        lines += [f"## {title}", ""]
        for one in chosen:
            lines += [f"### {one.outcome}", "", f"{one.meaning} *Stage: {one.stage}.*", ""]
            lines += [f"**What to do.** {one.advice}", ""] if one.advice else []
    lines += ["## Verdicts", ""]
    lines += ["What `dedupe` says of a candidate, and `synsift match` of an image.", ""]
    lines += ["| kind | kept | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{kind}` | {kept} | {meaning} |" for kind, kept, meaning in VERDICTS]
    return "\n".join(lines) + "\n"


def records_page() -> str:
    """Every topic with the fields of its records."""
    lines = ["# Records", "", NOTE, ""]
    lines += [
        "What stands on each topic of the log, as JSON. Readers ignore fields that they don't know; new fields have",
        "defaults. Each has headers that say what its bytes are: `content-type`, `__synsift.schema.id`, which is its",
        "schema's `$id`, and `__synsift.schema.version`. [Read the topics](guides/topics.md) has examples,",
        "[asyncapi.yaml](asyncapi.yaml) is the whole as an AsyncAPI document. `synsift topics schema NAME` prints one.",
    ]
    for kind, topic in topics.TOPIC_OF.items():
        summary, fields = _documented(kind)
        lines += ["", f"## {topic.name}", "", summary, "", f"[JSON Schema](schemas/{topic.name}.json)", ""]
        lines += ["| field | meaning |", "| --- | --- |", *(f"| `{name}` | {text} |" for name, text in fields)]
    return "\n".join(lines) + "\n"


def _documented(kind: type) -> tuple[str, list[tuple[str, str]]]:
    """A record's first line, and what its docstring says of each field."""
    text = inspect.getdoc(kind) or ""
    summary, _, attributes = text.partition("Attributes:")
    fields: list[tuple[str, str]] = []
    for line in attributes.splitlines():
        found = re.match(r"    (\w+): (.*)", line)
        if found:
            fields.append((found[1], found[2]))
        elif line.strip() and fields:
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}")
    return " ".join(summary.split()), [(name, text.replace("``", "`").replace("|", "\\|")) for name, text in fields]


def files() -> Iterator[tuple[Path, str]]:
    """Every generated file."""
    yield from schema_files()
    yield DOCS / "asyncapi.yaml", asyncapi_document()
    yield DOCS / "configuration.md", configuration_page()
    yield DOCS / "sources.md", sources_page()
    yield DOCS / "commands.md", commands_page()
    yield DOCS / "outcomes.md", outcomes_page()
    yield DOCS / "metrics.md", metrics_page(DOCS / "runbooks", NOTE)
    yield DOCS / "records.md", records_page()


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
