"""``synsift conflicts``: pictures that stand under two synsets."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.crawler.ontology import Concepts
from synsift.pipelines.cli.console import err, print_rows, warn
from synsift.pipelines.cli.ontology import OntologyFile, concepts_of
from synsift.pipelines.cli.options import (
    ConfigFile,
    Format,
    Out,
    OutputFormat,
    SetValues,
    follow_up,
    settings_of,
)
from synsift.pipelines.cli.paths import try_file
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.pairs import Ties
    from synsift.pipelines.reading import Skipped
    from synsift.pipelines.records import Conflict

_SHOWN_DIGITS: Final = 10
_NAMED: Final = 3
_WORDS: Final = {"above": "above it", "below": "below it", "disjoint": "apart", "unknown": "not known"}
_COLUMNS: Final = (
    *("id", "synset", "name", "image", "kind", "other_synset", "other_name", "other_image"),
    *("score", "transform", "tie", "conflict", "replaces"),
)


def conflicts(
    everything: Annotated[
        bool, typer.Option("--all", help="Also where one synset is above the other, and both labels may be right")
    ] = False,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Write a page of both pictures and both definitions")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Look through all survivors again, rather than read what the crawl found")
    ] = False,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Show pictures that stand under two synsets, the same or as copies: one of the two labels is probably wrong.

    Within a synset copies are thrown out; between synsets both are kept, and the crawl notes the pair as it comes
    (`dedupe.conflicts`). Where one synset is above the other, such as a dog's and a whippet's, both labels may be
    right: `--all` lists these, too. Synsets that are `apart` have neither above the other; of those `not known` one
    isn't in the ontology, and the pair counts as a conflict.

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
    from synsift.pipelines.pairs import Ties, is_conflict
    from synsift.pipelines.reading import Skipped

    skipped, ties = Skipped(), Ties(lambda: concepts)
    with contextlib.closing(open_log(settings, read_only=True)) as log:
        unseen = 0 if anew else _unseen(log)
        found = _look_anew(log, concepts, settings, skipped) if unseen is None or anew else _read(log, ties, skipped)
    shown = [pair for pair in found if everything or is_conflict(pair.tie)]
    rows = (_row(pair, concepts, is_short=output is Format.TABLE) for pair in shown)
    print_rows(rows, output, empty="no picture stands under two synsets", columns=_COLUMNS)
    _tell(found, shown)
    _tell_strangers(found, ties, ontology)
    if unseen:
        waiting = counted(unseen, "survivor has", "survivors have")
        again = follow_up("run conflicts annotate --drain", out=out, file=file, values=values)
        warn.print(f"{waiting} not been looked at yet: `{again}` does it, or the same crawl", style="yellow")
    elif unseen is None and not anew:
        err.print("the crawl has looked for none (`dedupe.conflicts`): all survivors were looked through now")
    if skipped.by_topic:
        warn.print(f"{sum(skipped.by_topic.values())} records can't be read, and were passed over", style="yellow")
    if page is not None:
        _write_page(page, shown, concepts, settings)


def _unseen(log: "Log") -> int | None:
    """How many survivors the stage has not looked at, at most; None where it never ran."""
    from synsift.pipelines.stage import INPUTS

    lags = log.lag("conflicts", INPUTS["conflicts"].name)
    if not any(lag.committed or lag.owner for lag in lags):
        return None
    return sum(lag.records for lag in lags)


def _look_anew(log: "Log", concepts: Concepts, settings: "Settings", skipped: "Skipped") -> "list[Conflict]":
    from synsift.pipelines.conflicts import find_conflicts
    from synsift.pipelines.matching import match_options

    return list(find_conflicts(log, concepts, match_options(settings.dedupe), skipped))


def _read(log: "Log", ties: "Ties", skipped: "Skipped") -> "list[Conflict]":
    """What the stage found; what the synsets are to each other is told by the ontology that is named now."""
    import msgspec

    from synsift.pipelines.conflicts import read_conflicts

    found = read_conflicts(log, skipped)
    return [msgspec.structs.replace(pair, tie=str(ties.of(pair.wnid, pair.other_wnid))) for pair in found]


def _row(pair: "Conflict", concepts: Concepts, *, is_short: bool) -> dict[str, Any]:
    from synsift.pipelines.pairs import is_conflict

    names = [_described(concepts, wnid)[0] for wnid in (pair.wnid, pair.other_wnid)]
    if is_short:
        return {
            "synset": names[0] or pair.wnid,
            "image": f"{pair.sha256[:_SHOWN_DIGITS]}…",
            "is": "same file" if pair.kind == "exact" else f"copy, {pair.score:.2f}",
            "of": f"{pair.other_sha256[:_SHOWN_DIGITS]}…",
            "under": names[1] or pair.other_wnid,
            "synset is": _WORDS.get(pair.tie, pair.tie),
        }
    values = (
        *(pair.id, pair.wnid, names[0], pair.sha256, pair.kind, pair.other_wnid, names[1], pair.other_sha256),
        *(round(pair.score, 4), pair.transform, pair.tie, is_conflict(pair.tie), pair.replaces),
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _described(concepts: Concepts, wnid: str) -> tuple[str, str]:
    """A synset's name and definition; empty for one that isn't in the ontology."""
    try:
        synset = concepts.get(wnid)
    except KeyError:
        return "", ""
    return synset.lemmas[0], synset.definition


def _tell(found: "Sequence[Conflict]", shown: "Sequence[Conflict]") -> None:
    from synsift.pipelines.pairs import is_conflict

    wrong = sum(is_conflict(pair.tie) for pair in found)
    linked = len(found) - wrong
    said = counted(wrong, "conflict", "conflicts")
    more = f"; {counted(linked, 'pair', 'pairs')} of synsets above each other" if linked else ""
    err.print(f"{said}{more}{' (--all lists them)' if len(shown) < len(found) else ''}")


def _tell_strangers(found: "Sequence[Conflict]", ties: "Ties", ontology: Path | None) -> None:
    """Say which synsets the ontology lacks: what is above what can't be told of them."""
    wnids = sorted({wnid for pair in found for wnid in (pair.wnid, pair.other_wnid)})
    strange = [wnid for wnid in wnids if not ties.knows(wnid)]
    if not strange:
        return
    where = "WordNet" if ontology is None else f"`{ontology}`"
    some = ", ".join(strange[:_NAMED]) + (", …" if len(strange) > _NAMED else "")
    err.print(
        f"{len(strange)} of these {len(wnids)} synsets {'is' if len(strange) == 1 else 'are'} not in {where}: {some}"
    )
    hint = "`--ontology FILE` names your own" if ontology is None else "without `--ontology`, WordNet is asked"
    err.print(f"hint: what is above what is not known of them; {hint}")


def _write_page(page: Path, shown: "Sequence[Conflict]", concepts: Concepts, settings: "Settings") -> None:
    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.conflicts import read_origins
    from synsift.pipelines.pages.conflicts import MOST, render_conflicts
    from synsift.pipelines.pairs import places_of
    from synsift.pipelines.storage.objects import Objects
    from synsift.pipelines.store_settings import store_address

    wnids = {wnid for pair in shown for wnid in (pair.wnid, pair.other_wnid)}
    described = {wnid: _described(concepts, wnid) for wnid in wnids}
    objects = Objects(store_address(settings))
    with contextlib.closing(open_log(settings, read_only=True)) as log:
        origins = read_origins(log, {place for pair in shown[:MOST] for place in places_of(pair)})
    with page.open("w", encoding="utf-8") as target:
        target.writelines(render_conflicts(shown, described, origins, objects.get))
    err.print(f"look at it: {page.resolve()}")
