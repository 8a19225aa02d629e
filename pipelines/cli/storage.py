"""``synsift storage``."""

import contextlib
import os
from typing import Annotated

import typer

from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.folder_lock import lock_folder

app = typer.Typer(no_args_is_help=True, help="Check the store, and free its space.")


@app.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted")] = False,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Delete the bytes of duplicates, never of an image that is kept or not judged yet.

    [bold]Examples[/bold]

      synsift storage sweep --dry-run

      synsift storage sweep --out dogs
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import check_log, open_log, open_parts, store_address
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.storage.sweep import sweep as sweep_blobs

    with contextlib.ExitStack() as stack:
        if dry_run:
            objects = Objects(store_address(settings), make=False)
            log = stack.enter_context(contextlib.closing(open_log(settings, read_only=True)))
        else:
            check_log(settings)
            Objects(store_address(settings), make=False)
            stack.enter_context(lock_folder(store_address(settings).folder))
            parts = open_parts(settings)
            objects, log = parts.objects, stack.enter_context(contextlib.closing(parts.log))
        swept = sweep_blobs(log, objects, dry_run=dry_run)
    err.print(f"{'would remove' if dry_run else 'removed'} {swept.removed} blobs, kept {swept.kept}")
    if swept.strange:
        err.print(f"left alone {swept.strange} objects that this log never named")


@app.command()
def verify(
    share: Annotated[float, typer.Option("--share", min=0.0, max=1.0, help="Read only a part, e.g. 0.01")] = 1.0,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Read the store's images and compare each with its name, its SHA-256. Exit status 1 if one is damaged.

    [bold]Examples[/bold]

      synsift storage verify --out dogs

      synsift storage verify --share 0.01 --out s3://bucket/photos
    """
    from synsift.pipelines.assembly import store_address
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.storage.verify import verify as verify_images

    settings = settings_of(file, values, store__url=out)
    found = list(verify_images(Objects(store_address(settings)), share=share))
    damaged = [one for one in found if one.problem]
    print_rows(({"object": one.path, "problem": one.problem} for one in damaged), output, empty="")
    err.print(f"read {len(found)} images, {len(damaged)} of them damaged")
    if damaged:
        err.print("hint: delete them and replay: a damaged blob is fetched again when its URL is")
        raise typer.Exit(1)


@app.command()
def check(out: Out = None, file: ConfigFile = None, values: SetValues = None) -> None:
    """Check that the store answers, takes your credentials, and can be written to.

    [bold]Examples[/bold]

      synsift storage check --out s3://bucket/photos
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import store_address
    from synsift.pipelines.storage.objects import Objects

    objects = Objects(store_address(settings), make=False)
    objects.check()
    folder = objects.address.folder
    if folder is not None and not os.access(folder.expanduser(), os.W_OK):
        err.print(f"{store_address(settings)} answers, and may only be read")
        return
    objects.check_writing()
    err.print(f"{store_address(settings)} answers, and can be written to")
