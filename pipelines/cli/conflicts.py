"""``synsift conflicts``: pictures that stand under two synsets."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.crawler.ontology import Concepts
from synsift.pipelines.cli.console import counted, err, print_rows, warn
from synsift.pipelines.cli.ontology import OntologyFile, concepts_of
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.cli.paths import try_file

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.conflicts import Conflict

_SHOWN_DIGITS: Final = 12


def conflicts(
    everything: Annotated[
        bool, typer.Option("--all", help="Also where one synset is above the other, and both labels may be right")
    ] = False,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Write a page of both pictures and both definitions")
    ] = None,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Find pictures that stand under two synsets, the same or as copies: one of the two labels is probably wrong.

    Within a synset copies are thrown out; between synsets both are kept, and listed here. Where one synset is above the
    other, such as a dog's and a whippet's, both labels may be right: `--all` lists these, too.

    [bold]Examples[/bold]

      synsift conflicts --out dogs

      synsift conflicts --out dogs --page conflicts.html

      synsift conflicts --out dogs --all --format jsonl
    """
    settings = settings_of(file, values, store__url=out)
    if page is not None:
        try_file(page, "--page")
    concepts = concepts_of(ontology)

    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.conflicts import find_conflicts
    from synsift.pipelines.matching import match_options
    from synsift.pipelines.reading import Skipped

    skipped = Skipped()
    with contextlib.closing(open_log(settings, read_only=True)) as log:
        found = list(find_conflicts(log, concepts, match_options(settings.dedupe), skipped))
    shown = [one for one in found if everything or one.is_conflict]
    rows = (_row(one, concepts, is_short=output is Format.TABLE) for one in shown)
    print_rows(rows, output, empty="no picture stands under two synsets")
    _tell(found, shown)
    if skipped.by_topic:
        warn.print(f"{sum(skipped.by_topic.values())} records can't be read, and were passed over", style="yellow")
    if page is not None:
        _write_page(page, shown, concepts, settings)


def _row(one: "Conflict", concepts: Concepts, *, is_short: bool) -> dict[str, Any]:
    crossing = one.crossing
    images = [crossing.sha256, crossing.other_sha256]
    names = [_described(concepts, wnid)[0] or wnid for wnid in (crossing.scope, crossing.other_scope)]
    if is_short:
        return {
            "synset": names[0],
            "image": f"{images[0][:_SHOWN_DIGITS]}…",
            "is": "same bytes" if crossing.is_exact else "copy",
            "of": f"{images[1][:_SHOWN_DIGITS]}…",
            "under": names[1],
            "which is": {"below": "above it", "above": "below it"}.get(one.tie, str(one.tie)),
        }
    return {
        "synset": crossing.scope,
        "name": names[0],
        "image": images[0],
        "kind": "exact" if crossing.is_exact else "near",
        "other_synset": crossing.other_scope,
        "other_name": names[1],
        "other_image": images[1],
        "score": round(crossing.score, 4),
        "transform": crossing.transform,
        "tie": str(one.tie),
        "conflict": one.is_conflict,
    }


def _described(concepts: Concepts, wnid: str) -> tuple[str, str]:
    """A synset's name and definition; empty for one that isn't in the ontology."""
    try:
        synset = concepts.get(wnid)
    except KeyError:
        return "", ""
    return synset.lemmas[0], synset.definition


def _tell(found: "Sequence[Conflict]", shown: "Sequence[Conflict]") -> None:
    wrong = sum(one.is_conflict for one in found)
    related = len(found) - wrong
    said = counted(wrong, "conflict", "conflicts")
    more = f"; {counted(related, 'pair', 'pairs')} of synsets above each other" if related else ""
    err.print(f"{said}{more}{' (--all lists them)' if len(shown) < len(found) else ''}")


def _write_page(page: Path, shown: "Sequence[Conflict]", concepts: Concepts, settings: "Settings") -> None:
    from synsift.pipelines.pages.conflicts import render_conflicts
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address

    wnids = {wnid for one in shown for wnid in (one.crossing.scope, one.crossing.other_scope)}
    described = {wnid: _described(concepts, wnid) for wnid in wnids}
    objects = Objects(store_address(settings))
    with page.open("w", encoding="utf-8") as target:
        target.writelines(render_conflicts(shown, described, objects.get))
    err.print(f"look at it: {page.resolve()}")
