"""``synsift dedupe``: the copies in folders."""

import contextlib
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer

from synsift.dedupe import Clustering, Copy, Fingerprint, Kind, cluster
from synsift.pipelines.cli.apply import apply_choices
from synsift.pipelines.cli.console import counted, err, print_rows
from synsift.pipelines.cli.options import Format
from synsift.pipelines.cli.scanning import CacheFile, Jobs, NoCache, Scanner, list_unreadable, progress
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.place import JOURNAL, check_target, link_all, move_all
from synsift.pipelines.folders.scan import Scanned
from synsift.pipelines.pages.groups import Found, pictures_of, render_groups

_COLUMNS: Final = (
    *("group", "keep", "path", "kind", "distance", "transform", "of"),
    *("width_px", "height_px", "format", "size_bytes", "sha256"),
)


class GroupFormat(StrEnum):
    """How groups are printed."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


def dedupe(
    folders: Annotated[list[Path] | None, typer.Argument(metavar="DIR...", help="Folders of images")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write an HTML page of the groups, with pictures")
    ] = None,
    reference: Annotated[
        list[Path] | None,
        typer.Option("--reference", metavar="DIR|FILE", help="Reject what is near to one of these; repeatable"),
    ] = None,
    link: Annotated[
        Path | None, typer.Option("--link", metavar="DIR", help="Link what is kept into this folder")
    ] = None,
    move: Annotated[Path | None, typer.Option("--move", metavar="DIR", help="Move the copies into this folder")] = None,
    apply: Annotated[
        Path | None,
        typer.Option("--apply", metavar="FILE", help="Do what was chosen and saved on the page of --report"),
    ] = None,
    output: Annotated[GroupFormat, typer.Option("--format", help="How to print")] = GroupFormat.TABLE,
    jobs: Jobs = None,
    cache: CacheFile = None,
    no_cache: NoCache = False,
) -> None:
    """Find the copies in folders, in any disguise, and say which of each group to keep.

    Only reports, unless told otherwise; never deletes. The best copy is kept: more pixels, then less compression.
    `kind` is exact (the same bytes), near, or reference (near to one of --reference); `distance` is in bits of 256.

    [bold]Examples[/bold]

      synsift dedupe ~/photos

      synsift dedupe ~/photos --report copies.html

      synsift dedupe --apply choices.json --move copies/

      synsift dedupe crawled/ --reference test-split.parquet --move rejected/ --format csv
    """
    if link is not None and move is not None:
        raise UsageError("--link and --move: choose one")
    if apply is not None:
        if folders or report or reference:
            raise UsageError("--apply: the file says what is meant; give no folder, --report or --reference")
        raise typer.Exit(apply_choices(apply, link=link, move=move))
    folders = _checked(folders, link or move)
    scanner = Scanner(jobs=jobs, cache=cache, no_cache=no_cache)
    known, names = scanner.reference(reference or [])
    scanned = scanner.scan(folders)
    with progress("compared", len(scanned.images)) as advance:
        found = cluster(scanned.images, scanner.match, reference=known, on_picture=lambda: advance(1))
    _print(_rows(found, scanned.images, names), output)
    if report is not None:
        _write(report, Found(found, scanned.images, names, [str(folder) for folder in folders]), jobs)
    err.print(_summary(found, scanned, has_reference=known is not None))
    list_unreadable(scanned.unreadable)
    if link is not None:
        err.print(f"{link_all((group.name for group in found.groups), link, folders)} linked into {link}")
    if move is not None:
        err.print(f"{move_all(_moves(found, names), move, folders)} moved; {move / JOURNAL} says from where")
    if not scanned.images:
        raise typer.Exit(1)


def _checked(folders: list[Path] | None, target: Path | None) -> list[Path]:
    if not folders:
        raise UsageError("name a folder of images: synsift dedupe DIR")
    if target is not None:
        check_target(target, folders)
    return folders


def _summary(found: Clustering, scanned: Scanned, *, has_reference: bool) -> str:
    copies = counted(sum(len(group.copies) for group in found.groups), "copy", "copies")
    groups = counted(sum(bool(group.copies) for group in found.groups), "group", "groups")
    images = counted(len(scanned.images), "image", "images")
    known = counted(scanned.from_cache, "file", "files")
    parts = [f"{images} ({known} known from before): {len(found.groups):,} to keep", f"{copies} in {groups}"]
    if has_reference:
        parts.append(f"{len(found.rejected)} near to a reference")
    plain = sum(image.is_plain for image in scanned.images.values())
    if plain:
        parts.append(f"{plain} too plain to compare but by their bytes")
    return ", ".join(parts)


def _moves(found: Clustering, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for group in found.groups:
        for copy in group.copies:
            yield copy.name, group.name
    for copy in found.rejected:
        yield copy.name, names[copy.verdict.of or ""]


def _rows(found: Clustering, images: Mapping[str, Fingerprint], names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    number = 0
    for group in found.groups:
        if not group.copies:
            continue
        number += 1
        yield _row(number, group.name, images, keep=True)
        for copy in group.copies:
            yield _row(number, copy.name, images, of=group.name, copy=copy)
    for copy in found.rejected:
        yield _row(None, copy.name, images, of=names[copy.verdict.of or ""], copy=copy)


def _row(
    number: int | None,
    name: str,
    images: Mapping[str, Fingerprint],
    *,
    keep: bool = False,
    of: str | None = None,
    copy: Copy | None = None,
) -> dict[str, Any]:
    image = images[name]
    return {
        "group": number,
        "keep": keep,
        "path": name,
        "kind": str(copy.verdict.kind) if copy is not None else None,
        "distance": copy.verdict.distance_bits if copy is not None else None,
        "transform": copy.verdict.transform if copy is not None else None,
        "of": of,
        "width_px": image.width_px,
        "height_px": image.height_px,
        "format": image.format,
        "size_bytes": image.size_bytes,
        "sha256": image.sha256,
    }


def _print(rows: Iterable[dict[str, Any]], output: GroupFormat) -> None:
    if output is GroupFormat.JSONL:
        print_rows(rows, Format.JSONL)
    elif output is GroupFormat.CSV:
        writer = csv.DictWriter(sys.stdout, fieldnames=_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    else:
        print_rows([_short(row) for row in rows], Format.TABLE, empty="no copies")


def _short(row: dict[str, Any]) -> dict[str, Any]:
    relation = "keep" if row["keep"] else row["kind"]
    if row["kind"] in (Kind.NEAR, Kind.REFERENCE):
        relation += f" {row['distance']}" + ("" if row["transform"] == "identity" else f" {row['transform']}")
    return {
        "group": "" if row["group"] is None else row["group"],
        "kind": relation,
        "size": f"{row['width_px']}×{row['height_px']} {row['format']}",
        "kB": max(1, round(row["size_bytes"] / 1000)),
        "path": row["path"],
    }


def _write(report: Path, found: Found, jobs: int | None) -> None:
    try:
        with _whole(report) as file, progress("pictures made", pictures_of(found.clustering)) as advance:
            file.writelines(render_groups(found, processes=jobs, on_picture=advance))
    except OSError as exc:
        raise UsageError(f"--report {report}: {exc.strerror or exc}") from exc
    err.print(f"look at it, and choose: {report.resolve()}")


@contextlib.contextmanager
def _whole(target: Path) -> Iterator[TextIO]:
    """A file that has its name when it is whole; interrupted, it leaves nothing, and an earlier one as it was."""
    if target.exists() and not target.is_file():  # a pipe, a device
        with target.open("w", encoding="utf-8") as file:
            yield file
        return
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
