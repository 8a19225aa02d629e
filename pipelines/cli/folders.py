"""``synsift fingerprint`` and ``synsift match``."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import err, print_rows
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
from synsift.pipelines.cli.paths import try_file, whole_file
from synsift.pipelines.cli.scanning import CacheFile, Jobs, Keys, NoCache, Scanner, list_unreadable, progress
from synsift.pipelines.cli.thorough import Thorough, check_thorough, looked_through
from synsift.pipelines.errors import SynsiftError, UsageError
from synsift.pipelines.texts import escaped

if TYPE_CHECKING:
    from synsift.dedupe import Fingerprint, MatchOptions, NotCopies
    from synsift.dedupe.reference import Reference, Resemblance
    from synsift.dedupe.verdicts import KeepsOut, Verdict
    from synsift.pipelines.folders.scan import Scanned

_HEAD_BYTES: Final = 4_096


class SetFormat(StrEnum):
    """How fingerprints are written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    PDQ = "pdq"
    IMAGEHASH = "imagehash"
    PHASH = "phash"
    DHASH = "dhash"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which hashes of other libraries it writes; none for fingerprints."""
        own = (SetFormat.TABLE, SetFormat.JSONL, SetFormat.CSV, SetFormat.PARQUET)
        return () if self in own else ("phash", "dhash") if self is SetFormat.IMAGEHASH else (str(self),)


def fingerprint(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Images, or folders of images")],
    output: Annotated[SetFormat, typer.Option("--format", help="How to write them")] = SetFormat.TABLE,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write to this file; needed for parquet")
    ] = None,
    max_pixels: MaxPixels = None,
    file: ConfigFile = None,
    values: SetValues = None,
    jobs: Jobs = None,
    cache: CacheFile = None,
    no_cache: NoCache = False,
) -> None:
    """Fingerprint images. A file of fingerprints stands for its images in `match --against` and `dedupe --reference`.

    `--format pdq`, `imagehash` (phash and dhash), `md5`, `sha1` or `sha256` writes those hashes, as CSV, for others;
    lists of them are read wherever files of fingerprints are. The first two need the extra `hashes`.

    [bold]Examples[/bold]

      synsift fingerprint photo.jpg

      synsift fingerprint ~/photos --format jsonl > photos.jsonl

      synsift fingerprint test-split/ --format parquet --out test-split.parquet

      synsift fingerprint private/ --format pdq --out shared-hashes.csv
    """
    _check_target(output, out)
    scanner = Scanner(Keys(file, values, max_pixels=max_pixels), jobs=jobs, cache=cache, no_cache=no_cache)
    scanned = scanner.scan(paths)
    rows = _hash_rows(scanner.hashes(scanned.images, output.kinds), output.kinds) if output.kinds else []
    count = len(rows) if output.kinds else len(scanned.images)
    if not count and out is not None:  # an earlier file may be all that is left of a disk that isn't there
        list_unreadable(scanned.unreadable)
        raise SynsiftError(f"no images, so that `--out {out}` isn't written")
    try:
        if output.kinds:
            _write_hashes(rows, output.kinds, out)
        else:
            _write_set(scanned.images, output, out)
    except BrokenPipeError:
        raise
    except OSError as exc:
        if out is None:
            raise  # of the output
        raise SynsiftError(f"`--out {out}`: {exc.strerror or exc}") from exc
    list_unreadable(scanned.unreadable)
    if out is not None:
        err.print(f"{count} fingerprints in {out}")
    if not count:
        raise typer.Exit(ExitStatus.FAILED)


def _write_set(images: "Mapping[str, Fingerprint]", output: SetFormat, out: Path | None) -> None:
    """Write fingerprints one by one: of very many neither they nor their rows are in memory."""
    from synsift.pipelines.folders.sets import row_of, write_parquet

    rows = (row_of(path, image) for path, image in images.items())
    if out is None and output is SetFormat.TABLE:
        print_rows(map(_short, rows), Format.TABLE, details=("phash",), empty="no images")
    elif out is None:
        print_rows(rows, Format(output))
    else:
        with whole_file(out) as file:
            if output is SetFormat.PARQUET:
                write_parquet(file.buffer, images)
            else:
                file.writelines(json.dumps(row) + "\n" for row in rows)


def _hash_rows(hashes: "Mapping[str, Mapping[str, bytes]]", kinds: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each image that has all of some hashes; the others are named."""
    rows = []
    for path, found in hashes.items():
        if all(kind in found for kind in kinds):
            rows.append({kind: found[kind].hex() for kind in kinds} | {"path": path})
        else:
            err.print(f"{path}: too plain for {' and '.join(kinds)}, or it can't be read any more")
    return rows


def _write_hashes(rows: list[dict[str, Any]], kinds: Sequence[str], out: Path | None) -> None:
    if out is None:
        print_rows(rows, Format.CSV, columns=(*kinds, "path"))
        return
    with whole_file(out) as file:
        writer = csv.DictWriter(file, (*kinds, "path"), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: escaped(value) for name, value in row.items()} for row in rows)


def _check_target(output: SetFormat, out: Path | None) -> None:
    if output is SetFormat.PARQUET and out is None:
        raise UsageError("`--format parquet` writes a file", hint="name it with `--out FILE`")
    if output in (SetFormat.TABLE, SetFormat.CSV) and out is not None:
        raise UsageError(
            f"`--out` and `--format {output}` don't go together", hint="choose `--format jsonl` or `parquet`"
        )
    if out is None:
        return
    try_file(out, "--out")
    if out.is_file() and _is_picture(out):
        raise UsageError(f"`--out {out}` is a picture, and would be gone", hint="name another file")


def _is_picture(file: Path) -> bool:
    from synsift.dedupe.decode import looks_like_image

    with file.open("rb") as opened:
        return looks_like_image(opened.read(_HEAD_BYTES))


def match(
    queries: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Images, or folders of images")],
    against: Annotated[
        list[Path],
        typer.Option("--against", metavar="DIR|FILE", help="Images, or a file of fingerprints; may be repeated"),
    ],
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
) -> None:
    """Say for each image which image of a set it is a copy of, if any.

    `kind` is exact (the same bytes), near, new, plain (too plain to compare but by its bytes) or unreadable; or the
    kind of hash of a list that has it (pdq, phash, md5 …). `distance` is in bits, of 256; of 64 for phash and dhash.
    With `--thorough` it can be copy, part_of or contains, too, said of the query; what only shares a part with a query,
    such as a logo or a frame, is no match and stands in `shares_a_part_with`.

    [bold]Examples[/bold]

      synsift match new-photos/ --against ~/photos

      synsift match crawled/ --against test-split.parquet --format jsonl

      synsift match crawled/ --against pdq:shared-hashes.csv

      synsift match screenshots/ --against ~/photos --thorough
    """
    from synsift.dedupe import Matcher

    check_thorough(thorough)
    keys = Keys(file, values, similarity, no_mirror, not_copies, max_pixels)
    scanner = Scanner(keys, jobs=jobs, cache=cache, no_cache=no_cache)
    reference = scanner.reference(against)
    scanned = scanner.scan(queries)
    listed = scanner.compare(scanned.images, reference.of_lists)
    # All of them first: a bar of progress and rows of data don't share a terminal.
    rows = list(_matches(scanned, reference.matcher or Matcher(), reference.names, listed))
    if thorough:
        again = partial(_match_again, scanned.images, reference, scanner.match)
        rows = looked_through(rows, scanned.images, reference.names, scanner, again)
    print_rows(rows, output, details=("match",), empty="no images")
    list_unreadable(scanned.unreadable)
    if not scanned.images:
        raise typer.Exit(ExitStatus.FAILED)


def _verdicts(images: "Mapping[str, Fingerprint]", known: "KeepsOut") -> "Iterator[tuple[str, Verdict]]":
    """What each of some images is the same as: by processes, if it is compared with very many."""
    from synsift.pipelines.folders.comparing import Comparing

    if isinstance(known, Comparing):
        return known.match_all(images)
    return ((path, known.match(image)) for path, image in images.items())


def _match_again(
    images: "Mapping[str, Fingerprint]",
    known: "Reference",
    options: "MatchOptions",
    judged: "NotCopies",
    paths: Sequence[str],
) -> Iterator[dict[str, Any]]:
    """What some images are copies of, but for what was judged to be none."""
    from synsift.dedupe import Matcher
    from synsift.pipelines.folders.comparing import Comparing

    options, matcher = replace(options, not_copies=judged), known.matcher
    if isinstance(matcher, Comparing):
        matcher = matcher.by(options)
    elif paths:
        matcher = Matcher.of_reference(known.images.values(), options)
    for path in paths:
        yield _matched(path, (matcher or Matcher()).match(images[path]), known.names)


def _matched(path: str, verdict: "Verdict", names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "query": path,
        "match": names[verdict.of] if verdict.of is not None else None,
        "kind": str(verdict.kind),
        "distance": verdict.distance_bits,
        "transform": verdict.transform,
    }


def _matches(
    scanned: "Scanned", known: "KeepsOut", names: dict[str, str], listed: "Mapping[str, Resemblance]"
) -> Iterator[dict[str, Any]]:
    with progress("matched", len(scanned.images)) as advance:
        for path, verdict in _verdicts(scanned.images, known):
            same = listed.get(path)
            if same is not None:
                yield {
                    "query": path,
                    "match": same.name,
                    "kind": same.transform,
                    "distance": same.distance_bits,
                    "transform": None,
                }
                advance(1)
                continue
            yield _matched(path, verdict, names)
            advance(1)
    for one in scanned.unreadable:
        yield {"query": one.path, "match": None, "kind": "unreadable", "distance": None, "transform": None}


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": row["path"],
        "size": f"{row['width_px']}×{row['height_px']}",
        "format": row["format"],
        "quality": row["quality"],
        "information": row["information"],
        "phash": row["phash"],
        "sha256": row["sha256"][:16] + "…",
    }
