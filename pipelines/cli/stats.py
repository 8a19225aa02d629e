"""``synsift stats``: a data set in numbers."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import err, print_rows, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.exporting import Only, accepted_only_of, opened, tell_behind
from synsift.pipelines.cli.ontology import OntologyFile, concepts_of
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.cli.paths import try_file, whole_file
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.crawler.ontology import Concepts
    from synsift.pipelines.config import Settings
    from synsift.pipelines.exports.measures import Covered, Measured, Whole

_DETAILS: Final = ("alarms",)
_NUMBERS: Final = (
    "depth",
    "images",
    "accepted",
    "precision",
    "selection_frequency",
    "votes",
    "votes_an_accepted_image",
)


def stats(
    under: Annotated[
        list[str] | None,
        typer.Option("--under", metavar="NAME", help="Tell how much of a subtree has images; may be repeated"),
    ] = None,
    page: Annotated[Path | None, typer.Option("--page", metavar="FILE", help="Write a page with plots")] = None,
    summary: Annotated[
        bool, typer.Option("--summary", help="Print the whole in a few numbers, not the synsets")
    ] = False,
    only: Annotated[
        Only | None,
        typer.Option("--only", help="Count survivors or accepted images; by default these, if people voted"),
    ] = None,
    enough: Annotated[
        int, typer.Option("--enough", min=1, metavar="N", help="Images that are enough of a synset")
    ] = 500,
    alarm: Annotated[
        float,
        typer.Option("--alarm", min=0, max=1, metavar="SHARE", help="Too large a share of one host, author or day"),
    ] = 0.2,
    no_average: Annotated[bool, typer.Option("--no-average", help="Make no average images")] = False,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Measure a data set as ImageNet's paper does: images a synset, precision, coverage, diversity; and raise alarms.

    `average_image_bytes` is what the average of 100 images of a synset needs losslessly: the less, the more differ.
    `selection_frequency` is the mean share of yes among the votes on an image. An alarm tells of a synset of which more
    than a fifth is from one host, by one author, or was last changed on one day.

    [bold]Examples[/bold]

      synsift stats --out dogs

      synsift stats --out dogs --page stats.html --under mammal

      synsift stats --out dogs --summary --format jsonl
    """
    settings = settings_of(file, values, store__url=out)
    if page is not None:
        try_file(page, "--page")
    concepts = concepts_of(ontology)
    subtrees = _subtrees(under or [], concepts)
    place = {"out": out, "file": file, "values": values}
    found, accepted_only = _measured(settings, concepts, only, place, with_average=not no_average and not summary)

    from synsift.pipelines.exports.measures import Whole

    whole = Whole(found, accepted_only, enough, alarm)
    covered = [whole.covered(name, wnids) for name, wnids in subtrees]
    _print(whole, covered, output, summary=summary)
    if page is not None:
        _write_page(page, whole, covered)


def _measured(
    settings: "Settings", concepts: "Concepts", only: Only | None, place: Mapping[str, Any], *, with_average: bool
) -> "tuple[tuple[Measured, ...], bool]":
    """Every synset in numbers, and whether accepted images alone are counted."""
    from synsift.pipelines.exports.judgements import read_judgements
    from synsift.pipelines.exports.measures import measure, named_apart

    with contextlib.ExitStack() as stack:
        objects, log = opened(settings, stack)
        tell_behind(log, place)
        judgements = read_judgements(log, objects)
        accepted_only = accepted_only_of(only, judgements, doing="counting")
        found = list(measure(objects, judgements, concepts, accepted_only=accepted_only, with_average=with_average))
    if not found:
        warn.print("no image stands in this store", style="yellow")
        raise typer.Exit(ExitStatus.FAILED)
    return named_apart(found), accepted_only


def _subtrees(names: Sequence[str], concepts: "Concepts") -> list[tuple[str, frozenset[str]]]:
    from synsift.crawler.ontology import graph
    from synsift.crawler.ontology.subtrees import roots

    found = [root for name in names for root in roots(concepts, name)]
    return [(concepts.get(root).lemmas[0], frozenset(graph.subtree(concepts, root))) for root in dict.fromkeys(found)]


def _print(whole: "Whole", covered: "Sequence[Covered]", output: Format, *, summary: bool) -> None:
    if summary:
        row = whole.summary()
        if output is Format.TABLE:
            print_rows(
                [
                    {"of the whole": _words(name), "is": _shown(name, value)}
                    for name, value in row.items()
                    if value is not None
                ],
                output,
            )
        else:
            more = {f"covered:{one.name}": f"{one.with_images}/{one.synsets}" for one in covered}
            print_rows([{**row, **more}], output)
    elif output is Format.TABLE:
        print_rows(_short([_row(one, whole) for one in whole.synsets]), output, details=_DETAILS)
    else:
        print_rows([_row(one, whole) for one in whole.synsets], output)
    _tell(whole, covered)


def _words(name: str) -> str:
    return name.replace("_", " ").replace("share with enough", "share with enough images")


def _shown(name: str, value: Any) -> str:  # noqa: ANN401 - numbers of either kind
    if name in ("share_with_enough", "precision", "selection_frequency"):
        return f"{100 * value:.1f}%"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def _row(one: "Measured", whole: "Whole") -> dict[str, Any]:
    average = one.average
    return {
        "wnid": one.wnid,
        "synset": one.name,
        "depth": one.depth,
        "images": one.survivors,
        "accepted": one.accepted if one.decisions else None,
        "precision": _rounded(one.precision),
        "selection_frequency": _rounded(one.selection),
        "votes": one.yes + one.no,
        "votes_an_accepted_image": _rounded(one.votes_an_accepted),
        "average_image_bytes": _rounded(average.entropy_bytes, 1) if average else None,
        "average_image_png_bytes": _rounded(average.size_bytes, 1) if average else None,
        "alarms": {f"{kind} {most.name}": _rounded(most.share) for kind, most in one.alarms(whole.alarm).items()},
    }


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


def _short(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a table shows: no column that says nothing, shares in per cent."""
    short = []
    for row in rows:
        alarms = "; ".join(f"{100 * (share or 0):.0f}% from {name}" for name, share in row["alarms"].items())
        kept = {
            "synset": row["synset"],
            "depth": row["depth"],
            "images": row["images"],
            "accepted": row["accepted"],
            "good": _percent(row["precision"]),
            "selection": _percent(row["selection_frequency"]),
            "votes an accepted": row["votes_an_accepted_image"],
            "average bytes": row["average_image_bytes"],
            "alarms": alarms,
        }
        short.append(kept)
    empty = [name for name in short[0] if all(row[name] in (None, "") for row in short)] if short else []
    return [{name: value for name, value in row.items() if name not in empty} for row in short]


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{100 * value:.1f}%"


def _tell(whole: "Whole", covered: "Sequence[Covered]") -> None:
    found = whole.summary()
    images, synsets = counted(found["images"], "image", "images"), counted(found["synsets"], "synset", "synsets")
    share = found["share_with_enough"]
    said = f"; {100 * share:.1f} % of them have {whole.enough:,} or more" if share is not None else ""
    err.print(f"{images} of {synsets}{said}")
    for one in covered:
        err.print(
            f"{one.name}: {one.with_images:,} of {counted(one.synsets, 'synset has', 'synsets have')} images, "
            f"{one.with_enough:,} have {whole.enough:,} or more"
        )
    if found["synsets_with_alarms"]:
        many = counted(found["synsets_with_alarms"], "synset has", "synsets have")
        err.print(f"{many} more than {100 * whole.alarm:.0f} % from one host, author or day")


def _write_page(page: Path, whole: "Whole", covered: "Sequence[Covered]") -> None:
    from synsift.pipelines.pages.stats import render_stats

    with whole_file(page) as target:
        target.writelines(render_stats(whole, covered))
    err.print(f"look at it: {page.resolve()}")
