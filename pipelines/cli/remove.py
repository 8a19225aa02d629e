"""``synsift remove``: take images down."""

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import ConfigFile, Out, SetValues, follow_up, settings_of
from synsift.pipelines.cli.saying import digest_of, me, tell_if_plain
from synsift.pipelines.cli.steer import Digests, Who, Why
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.takedown.finding import Found
    from synsift.pipelines.takedown.named import Wanted
    from synsift.pipelines.takedown.removing import Request


def remove(
    why: Why,
    url: Annotated[
        list[str] | None,
        typer.Option("--url", metavar="URL", help="Of images, or of their pages; each * stands for any text"),
    ] = None,
    sha256: Digests = None,
    author: Annotated[
        list[str] | None,
        typer.Option("--author", metavar="NAME", help="All images of whom sources name so; * stands for any text"),
    ] = None,
    like: Annotated[
        list[Path] | None, typer.Option("--like", metavar="FILE", help="A picture at hand; may be repeated")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go")] = False,
    who: Who = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Take images down: all copies in any disguise leave the store and its tables, and never come back.

    Copies are what the matcher finds, and what the log calls copies of these. Prints a receipt as JSON, and keeps it
    beside the store. Workers may run meanwhile. Whatever cuts it off, the same command goes on.

    [bold]Examples[/bold]

      synsift remove --url 'https://example.com/photos/*' --why "its owner wrote" --dry-run --out dogs

      synsift remove --author "Jane Doe" --why "she asked for it" --out dogs

      synsift remove --like portrait.jpg --why "a private picture" --out dogs
    """
    settings = settings_of(file, values, store__url=out)
    wanted = _wanted(url, sha256, author, like)
    if not why.strip() or len(why) > _MAX_WORDS:
        raise UsageError("`--why` is empty, or longer than 500 characters", hint="say why: it stands in the receipt")

    from synsift.pipelines.takedown.removing import Request

    request = Request(wanted, (who or me())[:_MAX_WORDS], why)
    told = _only_look(settings, request) if dry_run else _remove(settings, request)
    typer.echo(json.dumps(told, indent=2))
    if told["state"] == "begun":
        warn.print("a worker was on with something for too long: it may have written one of them again", style="yellow")
        warn.print(f"hint: the same command ends it, or `{follow_up('status', out=out, file=file, values=values)}`")
        raise typer.Exit(ExitStatus.FAILED)


_MAX_WORDS = 500


def _wanted(
    urls: list[str] | None, digests: list[str] | None, authors: list[str] | None, like: list[Path] | None
) -> "Wanted":
    from synsift.dedupe import fingerprint
    from synsift.pipelines.takedown.named import Wanted

    named = [*(urls or []), *(authors or [])]
    if any(not text.replace("*", "").strip() for text in named):
        raise UsageError("that would take everything down", hint="name some text beside `*`")
    if any("://" not in url for url in urls or []):
        raise UsageError(
            "a URL begins with `http://` or `https://`", hint="for example `--url 'https://example.com/*'`"
        )
    if not named and not digests and not like:
        raise UsageError("nothing is named", hint="give `--url`, `--sha256`, `--author` or `--like`")
    pictures = tuple(fingerprint(path) for path in like or [])
    for path, picture in zip(like or [], pictures, strict=True):
        tell_if_plain(path, picture)
    return Wanted(tuple(urls or ()), tuple(map(digest_of, digests or ())), tuple(authors or ()), pictures)


def _only_look(settings: "Settings", request: "Request") -> dict[str, Any]:
    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address
    from synsift.pipelines.takedown.removing import Removed, paths_of, receipt, there

    objects = Objects(store_address(settings), make=False)
    with contextlib.closing(open_log(settings, read_only=True)) as log:
        found = _find(settings, log, request)
        removed = Removed(objects=there(objects, paths_of(objects, found)))
    err.print(f"would remove {_summary(found, len(removed.objects))}")
    told = receipt(request, found, removed, {}, state="dry run")
    _tell_unknown(told["unknown"], found)
    return told


def _remove(settings: "Settings", request: "Request") -> dict[str, Any]:
    from synsift.pipelines.assembly import check_log, open_parts
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address
    from synsift.pipelines.takedown.removing import take_down

    check_log(settings)
    Objects(store_address(settings), make=False)
    parts = open_parts(settings)
    with contextlib.closing(parts.log):
        found = _find(settings, parts.log, request)
        told = take_down(parts.log, parts.router, parts.objects, request, found)
    rows = sum(told["rows"].values())
    err.print(f"removed {_summary(found, len(told['objects']))}, {counted(rows, 'row of a table', 'rows of tables')}")
    _tell_unknown(told["unknown"], found)
    return told


def _find(settings: "Settings", log: Any, request: "Request") -> "list[Found]":  # noqa: ANN401 - a `Log`
    from synsift.pipelines.matching import match_options
    from synsift.pipelines.takedown.finding import find

    err.print("reading what the log names")
    return find(log, request.wanted, match_options(settings.dedupe))


def _summary(found: "list[Found]", objects: int) -> str:
    known = [one for one in found if one.is_known]
    copies = sum(one.because == "copy" for one in known)
    images = counted(len(known), "image", "images")
    return f"{images}, {copies} of them copies of those named; {counted(objects, 'object', 'objects')}"


def _tell_unknown(unknown: "list[str]", found: "list[Found]") -> None:
    """Somebody may have mistyped what they must not miss."""
    for sha256 in unknown:
        warn.print(f"no record names a file with the SHA-256 {sha256}: nothing of it was here", style="yellow")
    if unknown:
        warn.print("hint: compare it with that of the file itself; should it come, it is kept out", style="yellow")
    elif not any(one.is_known for one in found):
        warn.print("no record names an image that is meant", style="yellow")
