"""``synsift crawl``."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synsift.crawler.queries import SynsetQuery
from synsift.pipelines.cli.asking import (
    AllowPeople,
    Layout,
    Limit,
    ListFile,
    SourceNames,
    Targets,
    Text,
    Want,
    Wanted,
    is_sifted,
    read_asks,
)
from synsift.pipelines.cli.console import SYNSET_DETAILS, err, print_rows, synset_row
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.ontology import (
    ALL_LANGS,
    Langs,
    Leaves,
    OntologyFile,
    Under,
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
from synsift.pipelines.cli.resting import tell_left, tell_resting
from synsift.pipelines.cli.shortfall import tell_shortfall
from synsift.pipelines.cli.thorough import Remove, Thorough, check_thorough, thorough_keys
from synsift.pipelines.cli.unanswered import tell_interrupted, tell_unanswered
from synsift.pipelines.cli.url_lists import layout_keys
from synsift.pipelines.cli.viewing import renew_view
from synsift.pipelines.folder_lock import lock_folder
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.assembly import Parts
    from synsift.pipelines.config import Settings
    from synsift.pipelines.config_watch import Source
    from synsift.pipelines.dead_letters import OpenLetter
    from synsift.pipelines.image_sources import Ask
    from synsift.pipelines.worker import Worker

Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Where to write the page of contact sheets")
]


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
    want: Want = 0,
    out: Out = None,
    contact: Contact = None,
    report: Report = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
    thorough: Thorough = False,
    remove: Remove = None,
    allow_people: AllowPeople = None,
) -> None:
    """Crawl images of concepts, or of a list of URLs, until nothing is left to do.

    Interrupted by Ctrl-C or anything worse, the same command goes on where it stood. Public hosts want to know who
    is asking: give --contact, or set identity.contact once in synsift.toml.

    [bold]Examples[/bold]

      synsift crawl whippet --limit 500 --contact you@example.org

      synsift crawl n02091134 --langs en --out dogs

      synsift crawl --ontology shop.csv --under furniture

      synsift crawl --list synsets.tsv --out s3://bucket/dogs

      synsift crawl --source urls --list photos.csv

      synsift crawl --source captions --list 'pd12m/*.parquet' --under imagenet12

      synsift crawl --under imagenet12 --leaves --source all --want 1000
    """
    keys = {"store__url": out, "identity__contact": contact, "search__allow_people": allow_people}
    keys |= thorough_keys(thorough, remove)
    settings = settings_of(file, values, **(keys := keys | layout_keys(layout, source)))
    check_thorough(settings.dedupe.thorough, remove)
    wanted = Wanted(targets or [], text, list_file, source, subtree, leaves, langs, ontology, limit, want)
    run = _Run(limit, want, output, source_of(file, values, **keys), _Again(out, file, values))
    raise typer.Exit(_run_all(wanted, settings, run, report))


def _run_all(wanted: Wanted, settings: "Settings", run: "_Run", report: Path | None) -> int:
    folder, asks = _checked(wanted, settings, report)

    from synsift.pipelines.assembly import open_parts

    with lock_folder(folder):
        parts = open_parts(settings)
        with contextlib.closing(parts.log):
            status = _crawl(parts, asks, run)
            _write_report(parts, [query for _, query in asks], report)
    return status


def _checked(wanted: Wanted, settings: "Settings", report: Path | None) -> "tuple[Path | None, list[Ask]]":
    """The store's folder, if it is one, and whom to ask for what. What takes hours begins behind all checks."""
    if is_sifted(wanted.source):
        _checked_folder(settings, report)
    asks = read_asks(wanted, settings)
    return _checked_folder(settings, report), asks


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


@dataclass(frozen=True, slots=True)
class _Again:
    """What makes another command work on the same log and store."""

    out: str | None
    file: Path | None
    values: Sequence[str] | None

    def command(self, name: str) -> str:
        """That command, as the user must type it."""
        return follow_up(name, out=self.out, file=self.file, values=self.values)


@dataclass(frozen=True, slots=True)
class _Run:
    """How a crawl runs and what it prints."""

    limit: int
    want: int
    output: Format
    configuration: "Source"
    again: "_Again"


def _crawl(parts: "Parts", asks: "Sequence[Ask]", run: _Run) -> int:
    from synsift.pipelines.assembly import make_stages, stages_of
    from synsift.pipelines.cli.watch import watching
    from synsift.pipelines.stages.plan import LISTS, plan_asks
    from synsift.pipelines.worker import Ending, Worker

    settings = parts.settings
    asked = [query for name, query in asks if name not in LISTS]
    worker = Worker(
        parts.log,
        make_stages(stages_of(settings), parts),
        until_idle=True,
        drain_s=settings.service.drain_s,
        rest_s=settings.fetch.wait_for_hosts_s,
    )
    if run.want and asked:
        worker.end_with(_targets_of(parts, asked, run.want))
    planned = plan_asks(parts.log, parts.router, asks, limit=run.limit, want=run.want)
    asked_again = _ask_again(parts)
    if asked_again:
        err.print(f"{counted(asked_again, 'input', 'inputs')} that found no network the last time: asking again")
    elif planned.new == 0:
        err.print("all of this was planned before; going on with what is left of it")
        if any(name == "urls" for name, _ in asks):
            err.print("hint: a list that has changed since is read anew under another name")

    async def work() -> Ending:
        async with rereading(worker.stages, settings, run.configuration):
            return await worker.run()

    with watching(parts.log, worker):
        ending = asyncio.run(work())
    status = _told(parts, worker, asked, run, is_interrupted=ending is Ending.INTERRUPTED)
    if ending is not Ending.INTERRUPTED:
        renew_view(parts.objects)
    return status


def _told(parts: "Parts", worker: "Worker", asked: Sequence[SynsetQuery], run: _Run, *, is_interrupted: bool) -> int:
    """Print what a crawl has, and say what it hasn't; gives the exit status."""
    from synsift.pipelines.cli.watch import tell_lost
    from synsift.pipelines.dead_letters import read_dead_letters
    from synsift.pipelines.summary import read_counts

    counts = read_counts(parts.log)
    rows = (synset_row(found) for wnid, found in counts.items() if wnid and found.found)
    print_rows(rows, run.output, details=SYNSET_DETAILS, empty="no images")
    letters = read_dead_letters(parts.log)
    _tell_letters(letters, run.again)
    rests = tell_resting(parts, worker)
    lost = tell_lost()
    if is_interrupted:
        return tell_interrupted()
    if not rests:
        tell_shortfall(asked, counts, run.want)
    if worker.has_enough:
        tell_left(parts, run.again.command("run all --drain"))
    asked_in_vain = [x for x in letters if x.letter.stage == "search" and x.letter.topic]
    if asked_in_vain and not any(found.found for found in counts.values()):
        tell_unanswered(asked_in_vain, parts.settings)
        return ExitStatus.FAILED
    return ExitStatus.FAILED if lost or rests else ExitStatus.DONE


def _targets_of(parts: "Parts", queries: Sequence[SynsetQuery], want: int) -> Callable[[], bool]:
    """Tells whether all synsets have what is wanted."""
    from synsift.pipelines.summary import read_counts

    wnids = {query.wnid for query in queries}

    def are_reached() -> bool:
        counts = read_counts(parts.log)
        return all(wnid in counts and counts[wnid].unique >= want for wnid in wnids)

    return are_reached


def _ask_again(parts: "Parts") -> int:
    """Put back what the last run could not ask for want of a network. Gives how much that is."""
    from synsift.pipelines.dead_letters import for_want_of_network, read_dead_letters, replay

    unasked = [found for found in read_dead_letters(parts.log) if for_want_of_network(found.letter)]
    return replay(parts.log, parts.router, unasked) if unasked else 0


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
