"""``synsift storage``."""

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING, Annotated

import typer

from synsift.pipelines.cli.console import counted, err, print_rows
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
from synsift.pipelines.folder_lock import lock_folder

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings

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
    fetch_again: Annotated[
        bool, typer.Option("--fetch-again", help="Make images that are damaged or gone whole again")
    ] = False,
    contact: Contact = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Read the store's images and compare each with its name, its SHA-256. Exit status 1 if one is damaged or gone.

    With --fetch-again such an image is copied from where it stands whole, or its URLs are asked again, as politely as a
    crawl asks. Survivors that could not land for want of their bytes are put back into the log: the same crawl lands
    them.

    [bold]Examples[/bold]

      synsift storage verify --out dogs

      synsift storage verify --out dogs --fetch-again --contact you@example.org

      synsift storage verify --share 0.01 --out s3://bucket/photos
    """
    from synsift.pipelines.assembly import check_log, store_address
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.storage.verify import verify as verify_images

    settings = settings_of(file, values, store__url=out, identity__contact=contact)
    if fetch_again:
        check_log(settings)
    found = list(verify_images(Objects(store_address(settings), make=False), share=share))
    damaged = [one for one in found if one.problem]
    print_rows(({"object": one.path, "problem": one.problem} for one in damaged), output, empty="")
    err.print(f"read {len(found)} images, {len(damaged)} of them damaged or gone")
    if fetch_again:
        _mend(settings, [one.path for one in damaged])
    elif damaged:
        again = follow_up("storage verify --fetch-again", out=out, file=file, values=values)
        err.print(f"hint: `{again}` copies them from where they stand whole, or asks their URLs again")
        raise typer.Exit(1)


def _mend(settings: "Settings", damaged: list[str]) -> None:
    """Make images whole again, and have survivors land that waited for theirs."""
    from synsift.pipelines.assembly import manners_of, open_parts
    from synsift.pipelines.dead_letters import read_dead_letters, replay
    from synsift.pipelines.stages import mend

    manners = manners_of(settings)
    parts = open_parts(settings)
    with contextlib.closing(parts.log) as log:
        letters = mend.letters_of_blobs(read_dead_letters(log))
        wrong = mend.find_wrong(log, parts.objects, damaged, letters)
        mend.mend_from_twins(parts.objects, wrong)
        copied = sum(one.is_whole for one in wrong)
        asyncio.run(mend.fetch_again(parts.objects, [one for one in wrong if not one.is_whole], manners))
        parts.objects.sync()
        left = {one.sha256: one for one in wrong if not one.is_whole}
        count = replay(log, parts.router, mend.that_may_land(letters, left.keys()))
    fetched = len(wrong) - copied - len(left)
    err.print(f"mended {counted(copied, 'image', 'images')} from copies in the store, {fetched} from their URLs")
    if count:
        err.print(f"{counted(count, 'survivor', 'survivors')} put back into the log: the same crawl lands them")
    for one in left.values():
        err.print(f"{one.sha256} stays as it is: {one.problem}")
    if left:
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
