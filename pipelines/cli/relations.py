"""``synsift relations``: what images of a crawl are to each other."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import print_rows
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.cli.suggestions import check_known

if TYPE_CHECKING:
    from synsift.pipelines.log.base import Log

_KINDS: Final = ("copy", "part_of", "contains", "shares_a_part")
_SHOWN_DIGITS: Final = 16


def relations(
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help=f"Only {', '.join(_KINDS)}; may be repeated")
    ] = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Show what images of a crawl are to each other, by local features (`crawl --thorough`).

    `kind` is said of the image, and of the earlier one in `of`. `stands` says whether both are kept.

    [bold]Examples[/bold]

      synsift relations --out dogs

      synsift relations --out dogs --kind part_of --kind contains --format jsonl
    """
    for one in kind or []:
        check_known("kind", one, _KINDS)
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import open_log

    with contextlib.closing(open_log(settings, read_only=True)) as log:
        rows = _rows(log, kind or _KINDS)
        if output is Format.TABLE:
            rows = (_short(row) for row in rows)
        print_rows(rows, output, empty="no relations; `synsift crawl --thorough` looks for them")


def _rows(log: "Log", kinds: list[str] | tuple[str, ...]) -> Iterator[dict[str, Any]]:
    from synsift.pipelines.reading import read_all
    from synsift.pipelines.records import Relation, Survivor

    gone = {(one.candidate.wnid, one.replaces) for one in read_all(log, Survivor) if one.replaces}
    for relation in read_all(log, Relation):
        if relation.kind in kinds:
            names = [(relation.wnid, sha256) for sha256 in (relation.sha256, relation.of)]
            yield {
                "synset": relation.wnid,
                "image": relation.sha256,
                "kind": relation.kind,
                "of": relation.of,
                "stands": not any(name in gone for name in names),
                "points": relation.points,
                "agreed": relation.agreed,
                "inside": relation.inside,
                "outside": relation.outside,
                "mirrored": relation.mirrored,
            }


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """What a table shows."""
    kind = row["kind"].replace("_", " ")
    return {
        "synset": row["synset"],
        "image": row["image"][:_SHOWN_DIGITS] + "…",
        "kind": f"{kind}, mirrored" if row["mirrored"] else kind,
        "of": row["of"][:_SHOWN_DIGITS] + "…",
        "both kept": "yes" if row["stands"] else "no",
        "points": row["points"],
    }
