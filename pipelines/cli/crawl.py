"""``synsift crawl`` and ``synsift plan``."""

import asyncio
import contextlib
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synsift.crawler.ontology import WordNet
from synsift.crawler.queries import SynsetQuery, with_depicted
from synsift.crawler.targets import from_list, from_text
from synsift.pipelines.cli.console import SYNSET_DETAILS, counted, err, print_rows, synset_row, warn
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
from synsift.pipelines.cli.options import (
    ConfigFile,
    Contact,
    Format,
    Out,
    OutputFormat,
    SetValues,
    follow_up,
    settings_of,
)
from synsift.pipelines.cli.paths import try_file, try_folder
from synsift.pipelines.cli.rereading import rereading, source_of
from synsift.pipelines.cli.thorough import Remove, Thorough, check_thorough, thorough_keys
from synsift.pipelines.cli.unanswered import tell_interrupted, tell_unanswered
from synsift.pipelines.cli.url_lists import layout_keys, url_lists
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folder_lock import lock_folder

if TYPE_CHECKING:
    from synsift.pipelines.assembly import Parts
    from synsift.pipelines.config import Settings
    from synsift.pipelines.config_watch import Source
    from synsift.pipelines.dead_letters import OpenLetter
    from synsift.pipelines.image_sources import Ask

Targets = Annotated[
    list[str] | None, typer.Argument(metavar="TEXT|WNID...", help="Names, wnids or senses of synsets, or any text")
]
Text = Annotated[
    str | None, typer.Option("--text", metavar="TEXT", help="What to ask for, when the one target is a WNID")
]
ListFile = Annotated[
    str | None,
    typer.Option(
        "--list",
        metavar="FILE",
        help="File of lines wnid<TAB>text; with --source urls, a list of URLs: file, folder, pattern, URL or -",
    ),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="NAME",
        help="Form of the list, if its columns don't tell: laion, coyo, open-images, imagenet …",
    ),
]
SourceNames = Annotated[
    str,
    typer.Option(
        "--source", metavar="NAMES", help="Whom to ask, with commas (`synsift sources`); all for all that need no key"
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=0, help="Most image URLs for each synset; 0 for no limit")]


def crawl(
    targets: Targets = None,
    text: Text = None,
    list_file: ListFile = None,
    layout: Layout = None,
    source: SourceNames = "commons",
    subtree: Under = None,
    leaves: Leaves = False,
    langs: Langs = ALL_LANGS,
    ontology: OntologyFile = None,
    limit: Limit = 0,
    out: Out = None,
    contact: Contact = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Where to write the page of contact sheets")
    ] = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
    thorough: Thorough = False,
    remove: Remove = None,
) -> None:
    """Crawl images of concepts, or of a list of URLs, until nothing is left to do.

    Interrupted by Ctrl-C or anything worse, the same command goes on where it stood. Public hosts want to know who
    is asking: give --contact, or set identity.contact once in synsift.toml.

    [bold]Examples[/bold]

      synsift crawl whippet --limit 500 --contact you@example.org

      synsift crawl n02091134 --langs en --out dogs

      synsift crawl --under imagenet12 --leaves --limit 1000

      synsift crawl --ontology shop.csv --under furniture

      synsift crawl --list synsets.tsv --out s3://bucket/dogs

      synsift crawl --source urls --list photos.csv

      synsift crawl whippet --thorough --remove copy --remove part_of
    """
    keys = {"store__url": out, "identity__contact": contact, **thorough_keys(thorough, remove)}
    settings = settings_of(file, values, **(keys := keys | layout_keys(layout, source)))
    check_thorough(settings.dedupe.thorough, remove)
    wanted = Wanted(targets or [], text, list_file, source, subtree, leaves, langs, ontology)
    asks = read_asks(wanted, settings)
    queries = [query for _, query in asks]
    folder = _checked_folder(settings, report)

    from synsift.pipelines.assembly import open_parts

    run = _Run(limit, output, source_of(file, values, **keys))
    with lock_folder(folder):
        parts = open_parts(settings)
        with contextlib.closing(parts.log):
            status = _crawl(parts, asks, run, _Again(out, file, values))
            _write_report(parts, queries, report)
    raise typer.Exit(status)


def _checked_folder(settings: "Settings", report: Path | None) -> Path | None:
    """The store's folder, if it is one, after a look at all that will be wanted."""
    from synsift.pipelines.assembly import user_agent_of
    from synsift.pipelines.store_settings import store_address

    user_agent_of(settings)
    folder = store_address(settings).folder
    if folder is not None:
        try_folder(folder, "--out")
    if report is not None:
        try_file(report, "--report")
    return folder


def plan(
    targets: Targets = None,
    text: Text = None,
    list_file: ListFile = None,
    layout: Layout = None,
    source: SourceNames = "commons",
    subtree: Under = None,
    leaves: Leaves = False,
    langs: Langs = ALL_LANGS,
    ontology: OntologyFile = None,
    limit: Limit = 0,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Write the queries of synsets into the log, for workers to work on. Doing it again changes nothing.

    Shows for each source how many queries it will be asked, how long that takes at least by what it grants, and how
    many images it can find at most.

    [bold]Examples[/bold]

      synsift plan whippet

      synsift plan --under n01861778 --leaves --limit 1000

      synsift plan --list synsets.tsv

      synsift plan --under imagenet12 --source all --limit 10000
    """
    settings = settings_of(file, values, store__url=out, **layout_keys(layout, source))
    wanted = Wanted(targets or [], text, list_file, source, subtree, leaves, langs, ontology)
    asks = read_asks(wanted, settings)

    from synsift.pipelines.assembly import open_parts
    from synsift.pipelines.stages.plan import plan_asks

    parts = open_parts(settings)
    with contextlib.closing(parts.log):
        planned = plan_asks(parts.log, parts.router, asks, limit=limit)
    if source != "urls":
        print_rows(_forecast_rows(asks, settings, limit), output, empty="nothing to ask")
    err.print(f"planned {planned.new} queries; {planned.known} were planned before")


def _forecast_rows(asks: "Sequence[Ask]", settings: "Settings", limit: int) -> Iterator[dict[str, Any]]:
    from synsift.pipelines.forecast import duration_text, forecasts
    from synsift.pipelines.image_sources import make_sources, quotas_of

    for found in forecasts(asks, quotas_of(settings, make_sources(settings)), limit=limit):
        yield {
            "source": found.source,
            "synsets": found.synsets,
            "queries": found.queries,
            "takes at least": duration_text(found.minutes),
            "finds at most": found.most or None,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user said of what to ask for."""

    targets: Sequence[str]
    text: str | None
    list_file: str | None
    source: str
    subtree: str | None
    leaves: bool
    langs: str
    ontology: Path | None


@dataclass(frozen=True, slots=True)
class _Run:
    """How a crawl runs and what it prints."""

    limit: int
    output: Format
    configuration: "Source"


@dataclass(frozen=True, slots=True)
class _Again:
    """What makes another command work on the same log and store."""

    out: str | None
    file: Path | None
    values: Sequence[str] | None

    def command(self, name: str) -> str:
        """That command, as the user must type it."""
        return follow_up(name, out=self.out, file=self.file, values=self.values)


def read_asks(wanted: Wanted, settings: "Settings") -> "list[Ask]":
    """Whom to ask for what, as the user wants it: a synset's queries together, its sources in turns.

    Raises:
        UsageError: Nothing, or what doesn't go together, or an unknown source.
        TargetError: A target can't be understood.
    """
    from synsift.pipelines.cli.sources import named_sources
    from synsift.pipelines.image_sources import asks_of

    names = named_sources(wanted.source, settings)
    if "urls" in names:
        if len(names) > 1:
            raise UsageError("`urls` reads lists and is asked for no synset", hint="crawl it in a run of its own")
        lists = [wanted.list_file] if wanted.list_file is not None else []
        return [("urls", query) for query in url_lists([*lists, *wanted.targets], settings)]
    asks = list(asks_of(names, _synset_queries(wanted), settings))
    if not asks:
        raise UsageError("nothing to ask for", hint="name a synset, a subtree with `--under`, or a `--list FILE`")
    return asks


def _synset_queries(wanted: Wanted) -> list[SynsetQuery]:
    check_leaves(wanted.subtree, leaves=wanted.leaves)
    queries: list[SynsetQuery] = []
    if wanted.text is not None:
        if len(wanted.targets) != 1:
            raise UsageError(
                "`--text` says what to ask for on behalf of exactly one WNID", hint="`synsift crawl WNID --text TEXT`"
            )
        queries.append(from_text(wanted.text, wanted.targets[0]))
    elif wanted.targets or wanted.subtree is not None:
        concepts = concepts_of(wanted.ontology)
        langs = read_langs(wanted.langs, concepts)
        made = target_queries(wanted.targets, concepts, langs, wanted.subtree, leaves=wanted.leaves)
        queries += with_depicted(made) if isinstance(concepts, WordNet) else made
    if wanted.list_file is not None:
        good, bad = from_list(Path(wanted.list_file))
        for line in bad:
            warn.print(f"{line.place}: {line.problem}; the rest goes on", style="bold")
        queries += good
    return queries


def _crawl(parts: "Parts", asks: "Sequence[Ask]", run: _Run, again: _Again) -> int:
    from synsift.pipelines.assembly import make_stages, stages_of
    from synsift.pipelines.cli.watch import tell_lost, watching
    from synsift.pipelines.dead_letters import read_dead_letters
    from synsift.pipelines.stages.plan import plan_asks
    from synsift.pipelines.summary import read_counts
    from synsift.pipelines.worker import Ending, Worker

    settings = parts.settings
    worker = Worker(
        parts.log,
        make_stages(stages_of(settings), parts),
        until_idle=True,
        drain_s=settings.service.drain_s,
        rest_s=settings.fetch.wait_for_hosts_s,
    )
    planned = plan_asks(parts.log, parts.router, asks, limit=run.limit)
    asked_again = _ask_again(parts)
    if asked_again:
        err.print(f"{counted(asked_again, 'input', 'inputs')} that found no network the last time: asking again")
    elif planned.new == 0:
        err.print("all of this was planned before; going on with what is left of it")

    async def work() -> Ending:
        async with rereading(worker.stages, settings, run.configuration):
            return await worker.run()

    with watching(parts.log, worker):
        ending = asyncio.run(work())
    counts = read_counts(parts.log)
    rows = (synset_row(found) for wnid, found in counts.items() if wnid and found.found)
    print_rows(rows, run.output, details=SYNSET_DETAILS, empty="no images")
    letters = read_dead_letters(parts.log)
    _tell_letters(letters, again)
    if worker.rests_until_s is not None:
        _tell_resting(parts, worker.rests_until_s)
    lost = tell_lost()
    if ending is Ending.INTERRUPTED:
        return tell_interrupted()
    asked_in_vain = [x for x in letters if x.letter.stage == "search" and x.letter.topic]
    if asked_in_vain and not any(found.found for found in counts.values()):
        tell_unanswered(asked_in_vain, settings)
        return 1
    return int(lost)


def _ask_again(parts: "Parts") -> int:
    """Put back what the last run could not ask for want of a network. Gives how much that is."""
    from synsift.pipelines.dead_letters import for_want_of_network, read_dead_letters, replay

    unasked = [found for found in read_dead_letters(parts.log) if for_want_of_network(found.letter)]
    return replay(parts.log, parts.router, unasked) if unasked else 0


def _tell_resting(parts: "Parts", until_s: float) -> None:
    from synsift.pipelines.stage import INPUTS

    left = {name: sum(lag.records for lag in parts.log.lag(name, INPUTS[name].name)) for name in ("search", "fetch")}
    when = datetime.datetime.fromtimestamp(until_s).astimezone()
    day = "" if when.date() == datetime.datetime.now().astimezone().date() else f"{when:%Y-%m-%d} "
    if left["search"]:
        waiting = counted(left["search"], "query waits", "queries wait")
        warn.print(f"up to {waiting} for sources that answer no more for now", style="yellow")
    if left["fetch"]:
        waiting = counted(left["fetch"], "image URL waits", "image URLs wait")
        warn.print(f"up to {waiting} for hosts that don't answer", style="yellow")
    err.print(f"hint: the same command asks them again, from {day}{when:%H:%M} on")


def _tell_letters(letters: Sequence["OpenLetter"], again: _Again) -> None:
    if not letters:
        return
    failed = counted(len(letters), "input ended as a dead letter", "inputs ended as dead letters")
    err.print(f"{failed}: `{again.command('dead-letters list')}` says why,")
    err.print(f"`{again.command('dead-letters replay')}` and the same crawl try again")


def _write_report(parts: "Parts", queries: Sequence[SynsetQuery], target: Path | None) -> None:
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
