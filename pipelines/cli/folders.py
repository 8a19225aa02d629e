"""``synsift fingerprint`` and ``synsift match``."""

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.options import ConfigFile, Format, OutputFormat, SetValues, Similarity
from synsift.pipelines.cli.paths import try_file
from synsift.pipelines.cli.scanning import CacheFile, Jobs, Keys, NoCache, Scanner, list_unreadable, progress
from synsift.pipelines.errors import SynsiftError, UsageError

if TYPE_CHECKING:
    from synsift.dedupe import Matcher
    from synsift.pipelines.folders.scan import Scanned


class SetFormat(StrEnum):
    """How fingerprints are written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def fingerprint(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Images, or folders of images")],
    output: Annotated[SetFormat, typer.Option("--format", help="How to write them")] = SetFormat.TABLE,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write to this file; needed for parquet")
    ] = None,
    file: ConfigFile = None,
    values: SetValues = None,
    jobs: Jobs = None,
    cache: CacheFile = None,
    no_cache: NoCache = False,
) -> None:
    """Fingerprint images. A file of fingerprints stands for its images in `match --against` and `dedupe --reference`.

    [bold]Examples[/bold]

      synsift fingerprint photo.jpg

      synsift fingerprint ~/photos --format jsonl > photos.jsonl

      synsift fingerprint test-split/ --format parquet --out test-split.parquet
    """
    from synsift.pipelines.folders.sets import row_of, write_parquet

    _check_target(output, out)
    scanned = Scanner(Keys(file, values), jobs=jobs, cache=cache, no_cache=no_cache).scan(paths)
    rows = [row_of(path, image) for path, image in scanned.images.items()]
    try:
        if output is SetFormat.PARQUET and out is not None:
            write_parquet(out, scanned.images)
        elif out is not None:
            out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        elif output is SetFormat.TABLE:
            print_rows([_short(row) for row in rows], Format.TABLE, details=("phash",), empty="no images")
        else:
            print_rows(rows, Format(output))
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise SynsiftError(f"`--out {out}`: {exc.strerror or exc}") from exc
    list_unreadable(scanned.unreadable)
    if out is not None:
        err.print(f"{len(rows)} fingerprints in {out}")
    if not rows:
        raise typer.Exit(1)


def _check_target(output: SetFormat, out: Path | None) -> None:
    if output is SetFormat.PARQUET and out is None:
        raise UsageError("`--format parquet` writes a file", hint="name it with `--out FILE`")
    if output in (SetFormat.TABLE, SetFormat.CSV) and out is not None:
        raise UsageError(
            f"`--out` and `--format {output}` don't go together", hint="choose `--format jsonl` or `parquet`"
        )
    if out is not None:
        try_file(out, "--out")


def match(
    queries: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Images, or folders of images")],
    against: Annotated[
        list[Path],
        typer.Option("--against", metavar="DIR|FILE", help="Images, or a file of fingerprints; may be repeated"),
    ],
    output: OutputFormat = Format.TABLE,
    similarity: Similarity = None,
    file: ConfigFile = None,
    values: SetValues = None,
    jobs: Jobs = None,
    cache: CacheFile = None,
    no_cache: NoCache = False,
) -> None:
    """Say for each image which image of a set it is a copy of, if any.

    `kind` is exact (the same bytes), near, new, plain (too plain to compare but by its bytes) or unreadable. `distance`
    is in bits of 256.

    [bold]Examples[/bold]

      synsift match new-photos/ --against ~/photos

      synsift match crawled/ --against test-split.parquet --format jsonl
    """
    from synsift.dedupe import Matcher

    scanner = Scanner(Keys(file, values, similarity), jobs=jobs, cache=cache, no_cache=no_cache)
    known, names = scanner.reference(against)
    scanned = scanner.scan(queries)
    # All of them first: a bar of progress and rows of data don't share a terminal.
    rows = list(_matches(scanned, known or Matcher(), names))
    print_rows(rows, output, details=("match",), empty="no images")
    list_unreadable(scanned.unreadable)
    if not scanned.images:
        raise typer.Exit(1)


def _matches(scanned: "Scanned", known: "Matcher", names: dict[str, str]) -> Iterator[dict[str, Any]]:
    with progress("matched", len(scanned.images)) as advance:
        for path, image in scanned.images.items():
            verdict = known.match(image)
            yield {
                "query": path,
                "match": names[verdict.of] if verdict.of is not None else None,
                "kind": str(verdict.kind),
                "distance": verdict.distance_bits,
                "transform": verdict.transform,
            }
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
