"""``synsift crawl`` and ``synsift plan``."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources import SOURCES
from synsift.crawler.targets import from_list, from_text, identifier_of
from synsift.pipelines.assembly import STAGES, Parts, make_stages, open_parts, store_address
from synsift.pipelines.cli.console import SYNSET_DETAILS, counted, err, print_rows, synset_row
from synsift.pipelines.cli.ontology import (
    ALL_LANGS,
    Langs,
    Leaves,
    OntologyFile,
    Under,
    check_leaves,
    concepts_of,
    read_langs,
    target_queries,
)
from synsift.pipelines.cli.options import ConfigFile, Contact, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.config import Settings
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folder_lock import lock_folder

Targets = Annotated[list[str] | None, typer.Argument(metavar="TEXT|WNID...", help="What to ask for")]
Text = Annotated[str | None, typer.Option("--text", metavar="TEXT", help="What to ask for on behalf of one WNID")]
ListFile = Annotated[
    Path | None,
    typer.Option("--list", metavar="FILE", help="Lines wnid<TAB>text; for the source 'urls' a list of URLs"),
]
SourceName = Annotated[str, typer.Option("--source", metavar="NAME", help=f"One of {', '.join(SOURCES)}")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="Image URLs a synset; 0 for all that there are")]


def crawl(
    targets: Targets = None,
    text: Text = None,
    list_file: ListFile = None,
    source: SourceName = "commons",
    subtree: Under = None,
    leaves: Leaves = False,
    langs: Langs = ALL_LANGS,
    ontology: OntologyFile = None,
    limit: Limit = 0,
    out: Out = None,
    contact: Contact = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Where the page of contact sheets goes")
    ] = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Plan and run all stages in one process, until nothing is left to do.

    Interrupted by Ctrl-C or anything worse, the same command goes on where it stood. Public hosts want to know who
    is asking: give --contact, or set identity.contact once in synsift.toml.

    [bold]Examples[/bold]

      synsift crawl whippet --limit 500 --contact you@example.org

      synsift crawl n02091134 --langs en --out dogs

      synsift crawl --under imagenet12 --leaves --limit 1000

      synsift crawl --ontology shop.csv --under furniture

      synsift crawl --list synsets.tsv --out s3://bucket/dogs

      synsift crawl --source urls --list photos.csv
    """
    settings = settings_of(file, values, store__url=out, identity__contact=contact)
    wanted = Wanted(targets or [], text, list_file, source, subtree, leaves, langs, ontology)
    queries = read_targets(wanted, settings)
    with lock_folder(store_address(settings).folder):
        parts = open_parts(settings)
        with contextlib.closing(parts.log):
            status = _crawl(parts, queries, source, limit, output)
            _write_report(parts, queries, report)
    raise typer.Exit(status)


def plan(
    targets: Targets = None,
    text: Text = None,
    list_file: ListFile = None,
    source: SourceName = "commons",
    subtree: Under = None,
    leaves: Leaves = False,
    langs: Langs = ALL_LANGS,
    ontology: OntologyFile = None,
    limit: Limit = 0,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Write the queries of synsets into the log, for workers to ask. Planning twice changes nothing.

    [bold]Examples[/bold]

      synsift plan whippet

      synsift plan --under n01861778 --leaves --limit 1000

      synsift plan --list synsets.tsv
    """
    from synsift.pipelines.stages.plan import plan as plan_queries

    settings = settings_of(file, values, store__url=out)
    wanted = Wanted(targets or [], text, list_file, source, subtree, leaves, langs, ontology)
    queries = read_targets(wanted, settings)
    parts = open_parts(settings)
    with contextlib.closing(parts.log):
        planned = plan_queries(parts.log, parts.router, queries, source=source, limit=limit)
    err.print(f"planned {planned.new} queries; {planned.known} were planned before")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user said of what to ask for."""

    targets: Sequence[str]
    text: str | None
    list_file: Path | None
    source: str
    subtree: str | None
    leaves: bool
    langs: str
    ontology: Path | None


def read_targets(wanted: Wanted, settings: Settings) -> list[SynsetQuery]:
    """What the user wants asked.

    Raises:
        UsageError: Nothing, or what doesn't go together, or an unknown source.
        TargetError: A target can't be understood.
    """
    if wanted.source not in SOURCES:
        raise UsageError(f"there is no source {wanted.source!r}; the sources are {', '.join(SOURCES)}")
    if wanted.source == "urls":
        return [_url_list(wanted.targets, wanted.list_file, settings)]
    check_leaves(wanted.subtree, leaves=wanted.leaves)
    queries: list[SynsetQuery] = []
    if wanted.text is not None:
        if len(wanted.targets) != 1:
            raise UsageError(
                "--text says what to ask for on behalf of exactly one WNID: synsift crawl WNID --text TEXT"
            )
        queries.append(from_text(wanted.text, wanted.targets[0]))
    elif wanted.targets or wanted.subtree is not None:
        concepts = concepts_of(wanted.ontology)
        langs = read_langs(wanted.langs, concepts)
        queries += target_queries(wanted.targets, concepts, langs, wanted.subtree, leaves=wanted.leaves)
    if wanted.list_file is not None:
        good, bad = from_list(wanted.list_file)
        for line in bad:
            err.print(f"{line.place}: {line.problem}; the rest goes on", style="bold")
        queries += good
    if not queries:
        raise UsageError("nothing to ask for: name a synset, a subtree with --under, or --list FILE")
    return queries


def _url_list(targets: Sequence[str], list_file: Path | None, settings: Settings) -> SynsetQuery:
    from synsift.crawler.errors import SourceError
    from synsift.crawler.sources.rows import columns

    if list_file is None or targets:
        raise UsageError("the source 'urls' reads a list: synsift crawl --source urls --list FILE")
    wanted = settings.sources.urls.url_column
    try:
        known = columns(list_file)
    except SourceError as exc:
        raise UsageError(str(exc)) from exc
    if wanted not in known:
        raise UsageError(
            f"{list_file}: there is no column {wanted!r}; its columns are {', '.join(known) or 'none'} "
            "(sources.urls.url_column names the one to use)"
        )
    return SynsetQuery(identifier_of(list_file.stem), str(list_file.resolve()))


def _crawl(parts: Parts, queries: Sequence[SynsetQuery], source: str, limit: int, output: Format) -> int:
    from synsift.pipelines.cli.watch import watching
    from synsift.pipelines.dead_letters import read_dead_letters
    from synsift.pipelines.stages.plan import plan as plan_queries
    from synsift.pipelines.summary import read_counts
    from synsift.pipelines.worker import Ending, Worker

    worker = Worker(parts.log, make_stages(STAGES, parts), until_idle=True, drain_s=parts.settings.service.drain_s)
    planned = plan_queries(parts.log, parts.router, queries, source=source, limit=limit)
    if planned.new == 0:
        err.print("all of this was planned before; going on with what is left of it")
    with watching(parts.log, worker):
        ending = asyncio.run(worker.run())
    counts = read_counts(parts.log)
    rows = (synset_row(found) for wnid, found in counts.items() if wnid and found.found)
    print_rows(rows, output, details=SYNSET_DETAILS, empty="no images")
    letters = read_dead_letters(parts.log)
    if letters:
        ended = counted(len(letters), "input", "inputs")
        err.print(f"{ended} ended as dead letters: 'synsift dead-letters list' says why, 'replay' retries")
    if ending is Ending.INTERRUPTED:
        err.print("interrupted; the same command goes on from here")
        return 1
    asked_in_vain = [x for x in letters if x.letter.stage == "search" and x.letter.topic]
    if asked_in_vain and not any(found.found for found in counts.values()):
        err.print(f"no query was answered, for example: {asked_in_vain[0].letter.message}", style="red")
        return 1
    return 0


def _write_report(parts: Parts, queries: Sequence[SynsetQuery], target: Path | None) -> None:
    from synsift.pipelines.pages.contact_sheet import Sheet, render
    from synsift.pipelines.summary import read_counts, read_groups

    folder = parts.objects.address.folder
    if target is None:
        if folder is None:
            return
        target = folder / "report.html"
    names: dict[str, str] = {}
    for query in queries:
        names.setdefault(query.wnid, query.text)
    groups = read_groups(parts.log)
    if not groups:
        return
    sheet = Sheet(
        title="Contact sheets",
        note=f"Everything that was crawled into {parts.objects.address.url}.",
        names=names,
        counts=read_counts(parts.log),
        groups=groups,
    )
    target.write_text(render(sheet, parts.objects.get), encoding="utf-8")
    err.print(f"look at it: {target.resolve()}")
