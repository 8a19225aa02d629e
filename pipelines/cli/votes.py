"""``synsift votes``: batches out to other services, and votes in from anywhere."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import err, print_rows, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.ontology import OntologyFile, concepts_of
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, follow_up, settings_of
from synsift.pipelines.cli.suggestions import check_known
from synsift.pipelines.errors import SynsiftError, UsageError
from synsift.pipelines.texts import counted, kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from synsift.pipelines.config import Settings
    from synsift.pipelines.exchange.said import Unreadable
    from synsift.pipelines.log.base import Log

app = typer.Typer(no_args_is_help=True, help="Send batches to other services, and take votes in from anywhere.")

_TOLD: Final = 20


@app.command()
def send(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Write the files here")],
    form: Annotated[
        str,
        typer.Option("--to", metavar="SERVICE", help="`label-studio`, `mturk`, `ground-truth`, `csv` or `jsonl`"),
    ] = "label-studio",
    images: Annotated[
        str | None,
        typer.Option("--images", metavar="URL", help="Where the service finds an image; {sha256} stands for its name"),
    ] = None,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Write the open batches of `synsift verify plan` for a service where people vote.

    `label-studio` gets `tasks.json` and its `labelling.xml`; `mturk` gets `batches.csv` and a page that needs nothing
    else, `page.html`; `ground-truth` gets a manifest. Images are named as the store has them: on S3 by `s3://…`, in a
    folder as Label Studio serves local files; `--images` says it otherwise.

    [bold]Examples[/bold]

      synsift votes send tasks --to label-studio --out dogs

      synsift votes send tasks --to mturk --images https://images.example/{sha256} --out dogs
    """
    from synsift.pipelines.exchange.tasks_out import FORMS, Batches, files_of, write_files

    check_known("service", form, FORMS)
    if images is not None and "{sha256}" not in images:
        raise UsageError(f"`--images {images}` has no `{{sha256}}`", hint="it stands for the name of an image")
    settings = settings_of(file, values, store__url=out)
    concepts = concepts_of(ontology)

    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.review.desk import named_of
    from synsift.pipelines.voting import read_open_batches

    with contextlib.closing(open_log(settings, read_only=True)) as log:
        tasks = [batch.task for batch in read_open_batches(log)]
    if not tasks:
        plan = follow_up("verify plan", out=out, file=file, values=values)
        raise SynsiftError("there is no batch to send", hint=f"`{plan}` makes some")
    batches = Batches(tasks, lambda wnid: named_of(concepts, wnid), _urls(settings, images))
    written = files_of(form, batches)
    write_files(folder, written)
    for name in written:
        typer.echo(str(folder / name))
    asked = sum(len(task.images) for task in tasks)
    err.print(f"{counted(len(tasks), 'batch', 'batches')} with {counted(asked, 'image', 'images')}")
    back = follow_up("votes import FILE", out=out, file=file, values=values)
    err.print(f"hint: `{back}` takes in what comes back")


def _urls(settings: "Settings", images: str | None) -> "Callable[[str], str]":
    from synsift.pipelines.storage import layout
    from synsift.pipelines.store_settings import store_address

    if images is not None:
        return lambda sha256: images.replace("{sha256}", sha256)
    address = store_address(settings)
    if address.folder is not None:
        # Label Studio refuses the root of its local files as a storage: the store is a folder below it.
        name = address.folder.resolve().name
        return lambda sha256: f"/data/local-files/?d={name}/{layout.blob(sha256)}"
    return lambda sha256: f"{address.url.rstrip('/')}/{layout.blob(sha256)}"


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Votes, in any form that `send` has")],
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Take votes in: Label Studio's JSON, results of Mechanical Turk or Ground Truth, CSV, JSON Lines.

    A table has the columns wnid, sha256, voter and answer (yes, no, unsure, broken, unimageable, other:WNID); at,
    took_s and task if they are known. What can't be read is named by its file and line, and the rest goes on; then the
    status is 1. Taking a file in again changes nothing; who has changed their mind is believed.

    [bold]Examples[/bold]

      synsift votes import export.json --out dogs

      synsift votes import votes.csv Batch_1_batch_results.csv --out dogs
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.exchange.importing import import_votes

    told = _Telling()
    with contextlib.closing(open_log(settings)) as log:
        _check_asked(log)
        done = import_votes(log, files, told)
    rows: list[dict[str, Any]] = [{"voter": name, "votes": number} for name, number in sorted(done.voters.items())]
    print_rows(rows, output, empty="no votes", columns=("voter", "votes"))
    told.rest()
    err.print(f"{counted(done.written, 'new vote', 'new votes')}, {done.known:,} known before")
    if done.unreadable:
        warn.print(f"{counted(done.unreadable, 'place is no vote', 'places are no votes')}", style="yellow")
        raise typer.Exit(ExitStatus.FAILED)


def _check_asked(log: "Log") -> None:
    from synsift.pipelines.reading import read_all
    from synsift.pipelines.records import Survivor

    if next(iter(read_all(log, Survivor)), None) is None:
        raise SynsiftError("no image has survived: there is nothing to vote on", hint="`--out` names a crawl's folder")


class _Telling:
    """Names the first places that are no votes."""

    def __init__(self) -> None:
        self._number = 0

    def __call__(self, path: Path, found: "Unreadable") -> None:
        self._number += 1
        if self._number <= _TOLD:
            warn.print(kept(f"{path}, {found.where}: {found.why}"), style="yellow", markup=False)

    def rest(self) -> None:
        """Say how many more there were."""
        if self._number > _TOLD:
            warn.print(f"and {self._number - _TOLD:,} more", style="yellow")
