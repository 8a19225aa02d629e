"""``synsift storage``."""

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING, Annotated

import typer

from synsift.pipelines.cli.belonging import tell_if_apart
from synsift.pipelines.cli.console import err, print_rows, tell, warn
from synsift.pipelines.cli.exit_status import ExitStatus
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
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from synsift.pipelines.config import Settings
    from synsift.pipelines.dead_letters import OpenLetter
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.storage.verify import Verified

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

    from synsift.pipelines.assembly import check_log, open_log, open_parts
    from synsift.pipelines.storage.identity import check_together
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.storage.sweep import sweep as sweep_blobs
    from synsift.pipelines.store_settings import store_address

    with contextlib.ExitStack() as stack:
        if dry_run:
            objects = Objects(store_address(settings), make=False)
            log = stack.enter_context(contextlib.closing(open_log(settings, read_only=True)))
            check_together(objects, log.identity())
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
def compact(
    anew: Annotated[bool, typer.Option("--anew", help="Write also what is as it should be")] = False,
    every_s: Annotated[
        int | None,
        typer.Option("--every", metavar="SECONDS", min=1, help="Do it again so long after it ended, until Ctrl-C"),
    ] = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Make the table of what stands now, current/wnid=…/*.parquet, from the manifests.

    A synset whose manifest hasn't changed is left as it is. Others read while it works, workers may land; it is what a
    crawl ends with, and what a fleet does every some minutes. It needs no log.

    [bold]Examples[/bold]

      synsift storage compact --out dogs

      synsift storage compact --out s3://bucket/photos

      synsift storage compact --every 600
    """
    settings = settings_of(file, values, store__url=out)
    if not every_s:
        if _compact(settings, anew=anew):
            return
        raise typer.Exit(ExitStatus.FAILED)
    with contextlib.suppress(KeyboardInterrupt):
        _compact_again(settings, every_s, anew=anew)


def _compact_again(settings: "Settings", every_s: int, *, anew: bool) -> None:
    """Renew the view until interrupted. What may come right by itself ends it not: the next time is a new one."""
    from synsift.pipelines.errors import SynsiftError

    while True:
        try:
            _compact(settings, anew=anew)
            anew = False
        except SynsiftError as exc:
            if not exc.retriable:
                raise
            warn.print(f"{exc}; again in {every_s} s", style="yellow")
        time.sleep(every_s)


def _compact(settings: "Settings", *, anew: bool) -> bool:
    """Renew the view once, and say what became of it. Whether all of it is as it should be."""
    from synsift.pipelines.cli.viewing import renew_view
    from synsift.pipelines.storage.compaction import Outcome
    from synsift.pipelines.storage.identity import owner_of
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address

    objects = Objects(store_address(settings), make=False)
    owner_of(objects)
    outcomes, images = renew_view(objects, anew=anew)
    objects.sync()
    written = counted(outcomes[Outcome.WRITTEN], "synset", "synsets")
    said = [f"wrote {written} with {counted(images, 'image', 'images')}"]
    words = {
        Outcome.UNCHANGED: "as before",
        Outcome.DELETED: "with no image that stands",
        Outcome.CHANGING: "landing now",
        Outcome.UNREADABLE: "not readable",
    }
    said += [f"{outcomes[outcome]} {word}" for outcome, word in words.items() if outcomes[outcome]]
    err.print(", ".join(said))
    return not outcomes[Outcome.UNREADABLE]


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

    Where the log is at hand, what it names is looked for, too: images, their provenance, and the manifests.

    With --fetch-again an image is copied from where it stands whole, or its URLs are asked again, as politely as a
    crawl asks; provenance and parts of manifests are written anew by the log. Survivors that could not land for want of
    their bytes are put back into the log: the same crawl lands them.

    [bold]Examples[/bold]

      synsift storage verify --out dogs

      synsift storage verify --out dogs --fetch-again --contact you@example.org

      synsift storage verify --share 0.01 --out s3://bucket/photos
    """
    from synsift.pipelines.assembly import check_log

    settings = settings_of(file, values, store__url=out, identity__contact=contact)
    if fetch_again:
        check_log(settings)
    found, compared = _verify(settings, share)
    damaged = [one for one in found if one.problem]
    print_rows(({"object": one.path, "problem": one.problem} for one in damaged), output, empty="")
    err.print(f"looked at {len(found)} objects, {len(damaged)} of them damaged or gone")
    if fetch_again:
        _mend(settings, [one.path for one in damaged])
    elif damaged:
        again = follow_up("storage verify --fetch-again", out=out, file=file, values=values)
        err.print(
            f"hint: `{again}` makes them whole: from copies, the log and the manifests, or by asking their URLs again"
        )
        raise typer.Exit(ExitStatus.FAILED)
    elif not compared:
        raise typer.Exit(ExitStatus.FAILED)


def _verify(settings: "Settings", share: float) -> "tuple[list[Verified], bool]":
    """What was looked at, and whether the log and the store belong together, or there is no log to compare with."""
    from synsift.pipelines.assembly import log_path, open_log
    from synsift.pipelines.dead_letters import read_dead_letters
    from synsift.pipelines.errors import ConfigError, LogError
    from synsift.pipelines.stages.mend import letters_of_blobs
    from synsift.pipelines.storage.expected import Expected, expected, reached
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.storage.verify import verify as verify_images
    from synsift.pipelines.store_settings import store_address

    objects = Objects(store_address(settings), make=False)
    if not settings.kafka.bootstrap and not log_path(settings).exists():
        err.print("there is no log here: what is gone without a trace can't be told")
        return list(verify_images(objects, share=share)), True
    with contextlib.ExitStack() as stack:
        try:
            log = stack.enter_context(contextlib.closing(open_log(settings, read_only=True)))
        except (LogError, ConfigError) as exc:  # what the store holds can be looked at all the same
            tell(exc)
            return list(verify_images(objects, share=share)), False
        if tell_if_apart(settings, log):
            return list(verify_images(objects, share=share)), False
        at = reached(log)

        def expect() -> Expected:
            letters = [found for found in read_dead_letters(log) if found.letter.stage == "land"]
            return expected(log, at, _named(letters), _named(letters_of_blobs(letters)))

        return list(verify_images(objects, share=share, expect=expect)), True


def _named(letters: "Iterable[OpenLetter]") -> set[tuple[str, str]]:
    """Synset and SHA-256 of the survivors that dead letters are about."""
    from synsift.pipelines.stages.mend import survivor_of

    survivors = filter(None, map(survivor_of, letters))
    return {(one.candidate.wnid, one.candidate.image.sha256) for one in survivors}


def _mend(settings: "Settings", damaged: list[str]) -> None:
    """Make images whole again, and have survivors land that waited for theirs."""
    from synsift.pipelines.assembly import manners_of, open_parts
    from synsift.pipelines.dead_letters import read_dead_letters, replay
    from synsift.pipelines.stages import mend

    manners = manners_of(settings)
    parts = open_parts(settings)
    with contextlib.closing(parts.log) as log:
        written = mend.write_from_log(log, parts.objects, damaged)
        letters = mend.letters_of_blobs(read_dead_letters(log))
        wrong = mend.find_wrong(log, parts.objects, damaged, letters)
        mend.mend_from_twins(parts.objects, wrong)
        copied = sum(one.is_whole for one in wrong)
        asyncio.run(mend.fetch_again(parts.objects, [one for one in wrong if not one.is_whole], manners))
        written |= _renewed(parts.objects, damaged)  # last: it tells of the images that stand
        parts.objects.sync()
        left = {one.sha256: one for one in wrong if not one.is_whole}
        count = replay(log, parts.router, mend.that_may_land(letters, left.keys()))
    fetched = len(wrong) - copied - len(left)
    err.print(f"mended {counted(copied, 'image', 'images')} from copies in the store, {fetched} from their URLs")
    if count:
        err.print(f"{counted(count, 'survivor', 'survivors')} put back into the log: the same crawl lands them")
    for one in left.values():
        err.print(f"{one.sha256} stays as it is: {one.problem}")
    unknown = [path for path in damaged if not mend.names_image(path) and path not in written]
    if written:
        err.print(f"wrote {counted(len(written), 'object', 'objects')} anew by the log: provenance, or tables")
    for path in unknown:
        err.print(f"{path} stays as it is: the log can't tell what it held")
    if left or unknown:
        raise typer.Exit(ExitStatus.FAILED)


def _renewed(objects: "Objects", damaged: list[str]) -> set[str]:
    """Make the views anew that are damaged. Gives those that were."""
    from synsift.pipelines.cli.viewing import renew_view
    from synsift.pipelines.storage.compaction import Outcome
    from synsift.pipelines.storage.layout import current_wnid

    views = {wnid: path for path in damaged if (wnid := current_wnid(path)) is not None}
    outcomes, _ = renew_view(objects, set(views), anew=True) if views else ({}, 0)
    return set() if outcomes.get(Outcome.UNREADABLE) else set(views.values())


@app.command()
def check(out: Out = None, file: ConfigFile = None, values: SetValues = None) -> None:
    """Check that the store answers, takes your credentials, and can be written to.

    [bold]Examples[/bold]

      synsift storage check --out s3://bucket/photos
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.storage.identity import owner_of
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address

    objects = Objects(store_address(settings), make=False)
    objects.check()
    owner_of(objects)
    folder = objects.address.folder
    if folder is not None and not os.access(folder.expanduser(), os.W_OK):
        err.print(f"{store_address(settings)} answers, and may only be read")
        return
    objects.check_writing()
    err.print(f"{store_address(settings)} answers, and can be written to")
