"""``synsift storage``."""

import contextlib
from typing import Annotated

import typer

from synsift.pipelines.cli.console import err
from synsift.pipelines.cli.options import ConfigFile, Out, SetValues, settings_of
from synsift.pipelines.folder_lock import lock_folder

app = typer.Typer(no_args_is_help=True, help="The object store.")


@app.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go")] = False,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Delete the blobs of duplicates. Never one that a survivor or an open candidate names.

    [bold]Examples[/bold]

      synsift storage sweep --dry-run

      synsift storage sweep --out dogs
    """
    from synsift.pipelines.assembly import open_parts, store_address
    from synsift.pipelines.storage.sweep import sweep as sweep_blobs

    settings = settings_of(file, values, store__url=out)
    with lock_folder(store_address(settings).folder):
        parts = open_parts(settings)
        with contextlib.closing(parts.log):
            swept = sweep_blobs(parts.log, parts.objects, settings.log.partitions, dry_run=dry_run)
    err.print(f"{'would remove' if dry_run else 'removed'} {swept.removed} blobs, kept {swept.kept}")


@app.command()
def check(out: Out = None, file: ConfigFile = None, values: SetValues = None) -> None:
    """Make sure that the store answers and the credentials are good.

    [bold]Examples[/bold]

      synsift storage check --out s3://bucket/photos
    """
    from synsift.pipelines.assembly import store_address
    from synsift.pipelines.storage.objects import Objects

    settings = settings_of(file, values, store__url=out)
    Objects(store_address(settings)).check()
    err.print(f"{store_address(settings)} answers")
