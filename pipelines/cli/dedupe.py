"""``synsift dedupe``: the copies in folders."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import A_TABLE, err, print_rows
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.options import (
    ConfigFile,
    Format,
    MaxPixels,
    NoMirror,
    NotCopiesFiles,
    OutputFormat,
    SetValues,
    Similarity,
)
from synsift.pipelines.cli.paths import try_file, try_folder, unwritten, whole_file
from synsift.pipelines.cli.scanning import CacheFile, Jobs, Keys, NoCache, Scanner, list_unreadable, progress
from synsift.pipelines.cli.thorough import (
    Remove,
    Thorough,
    Wanted,
    check_thorough,
    in_words,
    merged_groups,
    relation_rows,
    with_ties,
)
from synsift.pipelines.errors import UsageError
from synsift.pipelines.folders.place import check_target
from synsift.pipelines.texts import counted

_COLUMNS: Final = (
    *("group", "keep", "path", "kind", "distance", "transform", "of"),
    *("width_px", "height_px", "format", "size_bytes", "sha256"),
)
_NONE: Final = "no copies"

if TYPE_CHECKING:
    from synsift.dedupe import Clustering, Copy, Fingerprint
    from synsift.dedupe.local.merging import Merged
    from synsift.dedupe.reference import Reference, Resemblance
    from synsift.pipelines.folders.scan import Scanned, ScanOptions


_Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write an HTML page that shows the groups")
]
_References = Annotated[
    list[Path] | None,
    typer.Option("--reference", metavar="DIR|FILE", help="Reject copies of these images; may be repeated"),
]
_Link = Annotated[
    Path | None, typer.Option("--link", metavar="DIR", help="Make links to the kept images in this folder")
]
_Apply = Annotated[
    Path | None, typer.Option("--apply", metavar="FILE", help="Do what was chosen and saved on the page of --report")
]
_Keep = Annotated[
    list[str] | None,
    typer.Option(
        "--keep", metavar="RULE", help="Keep best, largest, smallest, oldest, newest or folder:PATH; may be repeated"
    ),
]


def dedupe(
    folders: Annotated[list[Path] | None, typer.Argument(metavar="DIR...", help="Folders of images")] = None,
    report: _Report = None,
    reference: _References = None,
    link: _Link = None,
    move: Annotated[Path | None, typer.Option("--move", metavar="DIR", help="Move the copies into this folder")] = None,
    apply: _Apply = None,
    keep: _Keep = None,
    output: OutputFormat = Format.TABLE,
    similarity: Similarity = None,
    no_mirror: NoMirror = False,
    not_copies: NotCopiesFiles = None,
    max_pixels: MaxPixels = None,
    file: ConfigFile = None,
    values: SetValues = None,
    jobs: Jobs = None,
    cache: CacheFile = None,
    no_cache: NoCache = False,
    thorough: Thorough = False,
    remove: Remove = None,
) -> None:
    """Find the copies in folders, and say which one of each group to keep.

    Only reports, unless told otherwise; never deletes. The best copy is kept: colours, real detail; `--keep` chooses.
    `kind` is exact (the same bytes), near, or reference (near to --reference); `distance` is in bits of 256, from `of`.
    With `--thorough` also copy, part_of, contains or shares_a_part; what removes nothing has a row without a group.

    [bold]Examples[/bold]

      synsift dedupe ~/photos

      synsift dedupe ~/photos --report copies.html

      synsift dedupe ~/photos --keep folder:~/photos/originals --keep oldest

      synsift dedupe ~/photos --thorough --remove copy --remove contains

      synsift dedupe --apply choices.json --move copies/

      synsift dedupe crawled/ --reference test-split.parquet --move rejected/ --format csv

      synsift dedupe crawled/ --reference pdq:shared-hashes.csv
    """
    _check_places(link, move)
    if apply is not None:
        raise typer.Exit(_apply(apply, folders, link=link, move=move, others=(report, reference, thorough)))
    check_thorough(thorough, remove)
    folders = _checked(folders, link=link, move=move, report=report, keep=keep)
    keys = Keys(file, values, similarity, no_mirror, not_copies, max_pixels)
    scanner = Scanner(keys, jobs=jobs, cache=cache, no_cache=no_cache)
    known, scanned = scanner.reference(reference or []), scanner.scan(folders)
    found = _cluster(scanner, scanned, known, keep or [])
    merged = merged_groups(found, scanned.images, scanner, Wanted(remove, keep, known.names)) if thorough else None
    found = merged.clustering if merged is not None else found
    _print(_rows(found, scanned.images, known.names, merged), output)
    _write(report, found, scanned, known.names, folders, scanner.options)
    err.print(_summary(found, scanned, has_reference=bool(known), merged=merged))
    list_unreadable(scanned.unreadable)
    if _place(found, scanned.images, known.names, folders, link=link, move=move) or not scanned.images:
        raise typer.Exit(ExitStatus.FAILED)


def _cluster(scanner: Scanner, scanned: "Scanned", known: "Reference", keep: list[str]) -> "Clustering":
    """Groups of copies, without what a reference has; ``known.names`` gets the names of entries of lists."""
    from synsift.dedupe import Copy, Kind, Verdict, choose
    from synsift.pipelines.folders.keeping import preference

    listed = scanner.compare(scanned.images, known.of_lists)
    found = _groups(scanner, scanned, known, listed)
    for path, same in listed.items():
        known.names[same.of] = same.name
        found.rejected.append(Copy(path, Verdict(Kind.REFERENCE, same.of, same.distance_bits, same.transform)))
    return choose(found, scanned.images, preference(keep, scanned.images)) if keep else found


def _groups(
    scanner: Scanner, scanned: "Scanned", known: "Reference", without: "Mapping[str, Resemblance]"
) -> "Clustering":
    """Groups of copies among all images but some: of very many by processes, that share a room on disk."""
    from synsift.dedupe import cluster
    from synsift.pipelines.folders.prints import PrintFile

    images = scanned.images
    if not isinstance(images, PrintFile):
        others = {path: image for path, image in images.items() if path not in without}
        with progress("compared", len(others)) as advance:
            return cluster(others, scanner.match, reference=known.matcher, on_picture=lambda: advance(1))
    from synsift.pipelines.folders.comparing import Comparing
    from synsift.pipelines.folders.judging import Judging

    reference = known.matcher
    if isinstance(reference, Comparing):
        with progress("compared with the reference", len(images)) as advance:
            reference = reference.foretold(images, on_done=advance)
    judging = Judging(images, scanner.match, processes=scanner.options.processes)
    with progress("indexed", len(images)) as advance:
        judging.prepare(without, on_done=advance)
    with progress("compared", len(images) - len(without)) as advance:
        return judging.group(reference, on_done=advance)


def _apply(choices: Path, folders: object, *, link: Path | None, move: Path | None, others: tuple[object, ...]) -> int:
    from synsift.pipelines.cli.apply import apply_choices

    if folders or any(others):
        raise UsageError(
            "`--apply` reads a file that says what is meant", hint="give no folder, no `--report` and no `--reference`"
        )
    return apply_choices(choices, link=link, move=move)


def _check_places(link: Path | None, move: Path | None) -> None:
    if link is not None and move is not None:
        raise UsageError("`--link` and `--move` don't go together", hint="choose one")


def _checked(
    folders: list[Path] | None, *, link: Path | None, move: Path | None, report: Path | None, keep: list[str] | None
) -> list[Path]:
    """The folders, after a look at what is to be written."""
    from synsift.pipelines.folders.keeping import preference

    preference(keep or [], {})
    if not folders:
        raise UsageError("no folder is named", hint="`synsift dedupe DIR` finds the copies in a folder of images")
    for option, target in (("--link", link), ("--move", move)):
        if target is not None:
            check_target(target, folders)
            try_folder(target, option)
    if report is not None:
        try_file(report, "--report")
    return folders


def _summary(
    found: "Clustering", scanned: "Scanned", *, has_reference: bool, merged: "Merged[str] | None" = None
) -> str:
    copies = counted(sum(len(group.copies) for group in found.groups), "copy", "copies")
    groups = counted(sum(bool(group.copies) for group in found.groups), "group", "groups")
    images = counted(len(scanned.images), "image", "images")
    parts = [
        f"{images} ({scanned.from_cache:,} known from before): {len(found.groups):,} to keep",
        f"{copies} in {groups}",
    ]
    parts += in_words(merged) if merged is not None else []
    if has_reference:
        parts.append(f"{len(found.rejected)} near to a reference")
    plain = scanned.plain()
    if plain:
        parts.append(f"{plain} too plain to compare but by their bytes")
    return ", ".join(parts)


def _rows(
    found: "Clustering",
    images: "Mapping[str, Fingerprint]",
    names: Mapping[str, str],
    merged: "Merged[str] | None" = None,
) -> Iterator[dict[str, Any]]:
    yield from with_ties(_group_rows(found, images, names), merged)
    yield from relation_rows(merged, lambda name: _row(None, name, images, keep=True))


def _group_rows(
    found: "Clustering", images: "Mapping[str, Fingerprint]", names: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    from synsift.dedupe.clusters import related

    number = 0
    for group in found.groups:
        if not group.copies:
            continue
        number += 1
        yield _row(number, group.name, images, keep=True)
        for copy, of in related(group, images):
            yield _row(number, copy.name, images, of=of, copy=copy)
    for copy in found.rejected:
        yield _row(None, copy.name, images, of=names[copy.verdict.of or ""], copy=copy)


def _row(
    number: int | None,
    name: str,
    images: "Mapping[str, Fingerprint]",
    *,
    keep: bool = False,
    of: str | None = None,
    copy: "Copy | None" = None,
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


def _print(rows: Iterable[dict[str, Any]], output: Format) -> None:
    if output is not Format.TABLE:
        print_rows(rows, output, columns=_COLUMNS)
        return
    shown = _shown(rows)
    block = list(islice(shown, A_TABLE))
    while True:
        if any(row["of"] for row in block):
            print_rows(block, output, details=("of",))
        else:
            without = [{name: value for name, value in row.items() if name != "of"} for row in block]
            print_rows(without, output, empty=_NONE)
        block = list(islice(shown, A_TABLE))
        if not block:
            return


def _shown(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What a table shows: of which file something is a copy only if that isn't the one that is kept."""
    kept = ""
    for row in rows:
        kept = "" if row["group"] is None else row["path"] if row["keep"] else kept
        yield _short(row, "" if row["of"] in (None, kept) else row["of"])


def _short(row: dict[str, Any], of: str) -> dict[str, Any]:
    kind = (row["kind"] or "").replace("_", " ")
    relation = kind or "keep"
    if row["kind"] in ("near", "reference") and row["distance"] is not None:
        relation += f" {row['distance']}" + ("" if row["transform"] == "identity" else f" {row['transform']}")
    elif row["transform"] == "mirrored":
        relation += ", mirrored"
    return {
        "group": "" if row["group"] is None else row["group"],
        "kind": relation,
        "size": f"{row['width_px']}×{row['height_px']} {row['format']}",
        "kB": max(1, round(row["size_bytes"] / 1000)),
        "path": row["path"],
        "of": of,
    }


def _place(
    found: "Clustering",
    images: "Mapping[str, Fingerprint]",
    names: Mapping[str, str],
    folders: list[Path],
    *,
    link: Path | None,
    move: Path | None,
) -> int:
    """Link what is kept, or move the rest, after a last look at the files; gives the exit status."""
    if link is None and move is None:
        return 0
    from synsift.pipelines.cli.apply import carry_out
    from synsift.pipelines.folders.choices import KIND, VERSION, Choice, Choices, ChosenFile

    def chosen(name: str) -> ChosenFile:
        return ChosenFile(os.path.abspath(name), images[name].sha256)

    if link is not None:
        groups = [Choice([chosen(group.name)], []) for group in found.groups]
    else:
        groups = [
            Choice([chosen(group.name)], [chosen(copy.name) for copy in group.copies])
            for group in found.groups
            if group.copies
        ]
        groups += [Choice([], [chosen(copy.name)], names[copy.verdict.of or ""]) for copy in found.rejected]
    roots = [os.path.abspath(folder) for folder in folders]
    return carry_out(Choices(KIND, VERSION, roots, groups), link=link, move=move)


def _write(
    report: Path | None,
    clustering: "Clustering",
    scanned: "Scanned",
    names: Mapping[str, str],
    folders: list[Path],
    options: "ScanOptions",
) -> None:
    if report is None:
        return
    from synsift.pipelines.pages.gallery import Making
    from synsift.pipelines.pages.groups import Found, pictures_of, render_groups, split
    from synsift.pipelines.pages.thumbnails import SIDE_PX

    making = Making(SIDE_PX, options.processes, options.max_pixels)
    unreadable = [one for one in scanned.unreadable if not one.is_other and not one.is_link]
    found = Found(clustering, scanned.images, names, [str(folder) for folder in folders], unreadable)
    try:
        parts = split(found, report.name)
        with progress("pictures made", pictures_of(found.clustering)) as advance, contextlib.ExitStack() as stack:
            # All get their names at the end, the first last: none leads to a part of an earlier report.
            for number, part in enumerate(parts):
                target = report.with_name(part.parts[number]) if part.parts else report
                file = stack.enter_context(whole_file(target))
                file.writelines(render_groups(part, making=making, on_picture=advance))
                file.flush()
    except OSError as exc:
        raise unwritten(f"`--report {report}` can't be written", exc) from exc
    err.print(f"look at it, and choose: {report.resolve()}{f', in {len(parts)} parts' if len(parts) > 1 else ''}")
