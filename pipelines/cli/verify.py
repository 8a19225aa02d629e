"""``synsift verify``: what people are asked, and what follows from what they say."""

import contextlib
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.crawler.ontology import Concepts
from synsift.pipelines.cli.console import err, print_rows
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.ontology import OntologyFile, concepts_of
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, follow_up, settings_of
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.batches import Planned, PlanOptions
    from synsift.pipelines.config import Settings
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.verification.ballots import Ballots
    from synsift.pipelines.verification.consensus import Outcome
    from synsift.pipelines.verification.promise import Audit

app = typer.Typer(no_args_is_help=True, help="Ask people which candidates are right, and see what follows.")

_VERDICTS: Final = ("accepted", "rejected", "contested", "open")
_MOST_SHOWN: Final = 3

Synsets = Annotated[list[str] | None, typer.Argument(metavar="WNID...", help="Only these synsets")]


@app.command()
def plan(
    synsets: Synsets = None,
    prefer: Annotated[
        list[str] | None, typer.Option("--prefer", metavar="WNID", help="Ask of this synset first; may be repeated")
    ] = None,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Make batches of images for people to vote on: what is still open, a round at a time. Twice changes nothing.

    A batch is 48 images of a synset (`verify.images`), some of known answer among them, never two that are nearly the
    same; with it go up to three synsets that may be meant instead. A few images of each synset get ten votes, which
    tells how hard it is; all others two, and then one more at a time until the verdict is sure (`verify.accept`,
    `verify.reject`). Votes that came since are counted in.

    [bold]Examples[/bold]

      synsift verify plan --out dogs

      synsift verify plan n02091134 --prefer n02091134 --out dogs

      synsift verify plan --out dogs --set verify.budget=3000
    """
    settings = settings_of(file, values, store__url=out)
    concepts = concepts_of(ontology)

    from synsift.pipelines.assembly import open_log, open_parts
    from synsift.pipelines.batches import plan as make_plan
    from synsift.pipelines.conflicts import read_conflicts
    from synsift.pipelines.pairs import Ties
    from synsift.pipelines.rivals import Rivals

    options = _plan_options(settings, concepts, synsets or (), prefer or ())
    with contextlib.closing(open_log(settings, read_only=True)) as log:
        crawled = _crawled(log, [*options.only, *options.prefer])
    with contextlib.closing(open_parts(settings).log) as log:
        found = make_plan(log, Rivals(concepts, crawled, read_conflicts(log)), Ties(lambda: concepts), options)
    rows = (_plan_row(one, concepts, is_short=output is Format.TABLE) for one in found)
    print_rows(rows, output, empty="no image has survived yet: there is nothing to ask")
    batches, asked = sum(one.batches for one in found), sum(one.asked for one in found)
    said = f"{counted(batches, 'new batch', 'new batches')}, for {counted(asked, 'vote', 'votes')}"
    closed = sum(one.closed for one in found)
    err.print(f"{said}; {counted(closed, 'batch', 'batches')} closed" if closed else said)
    if not batches and any(one.verdicts.get("open") for one in found):
        err.print("hint: what is open is asked already, or the budget is spent (`verify.budget`)")


def _plan_options(
    settings: "Settings", concepts: Concepts, synsets: Sequence[str], prefer: Sequence[str]
) -> "PlanOptions":
    from synsift.pipelines.batches import PlanOptions, article_of
    from synsift.pipelines.clock import now_text
    from synsift.pipelines.verifying import rule_of

    return PlanOptions(
        rule=rule_of(settings),
        size=settings.verify.images,
        gold=settings.verify.gold,
        link=article_of(settings.verify.link, concepts),
        only=tuple(synsets),
        prefer=tuple(prefer),
        at=now_text(),
    )


def _plan_row(one: "Planned", concepts: Concepts, *, is_short: bool) -> dict[str, Any]:
    return {
        **_named(one.wnid, concepts, is_short=is_short),
        "images": one.images,
        "votes": one.cast,
        **{verdict: one.verdicts.get(verdict, 0) for verdict in _VERDICTS},
        "batches": one.batches,
        "asks": one.asked,
    }


def _crawled(log: "Log", named: Iterable[str]) -> set[str]:
    """Synsets that have survivors; those that were named must be among them."""
    from synsift.pipelines.reading import read_all
    from synsift.pipelines.records import Survivor

    crawled = {survivor.candidate.wnid for survivor in read_all(log, Survivor)}
    for wnid in named:
        if wnid not in crawled:
            raise UsageError(f"no image of `{wnid}` has survived", hint=_some_of(crawled))
    return crawled


def _some_of(synsets: Collection[str]) -> str:
    some = ", ".join(f"`{one}`" for one in sorted(synsets)[:_MOST_SHOWN])
    return f"there are {some}{' …' if len(synsets) > _MOST_SHOWN else ''}" if synsets else ""


def _named(wnid: str, concepts: Concepts, *, is_short: bool) -> dict[str, str]:
    """A synset by its name alone, where a terminal has no room for more."""
    name = _name(concepts, wnid)
    return {"synset": name or wnid} if is_short else {"synset": wnid, "name": name}


def _name(concepts: Concepts, wnid: str) -> str:
    return concepts.get(wnid).lemmas[0].replace("_", " ") if wnid in concepts else ""


@app.command()
def voters(
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Show who has voted, how often, and what their word is worth: from 0, as who answers blindly, to 1.

    [bold]Examples[/bold]

      synsift verify voters --out dogs

      synsift verify voters --out dogs --format csv
    """
    ballots, outcome = _judged(settings_of(file, values, store__url=out))
    rows = list(_voter_rows(ballots, outcome, is_short=output is Format.TABLE))
    print_rows(rows, output, empty="nobody has voted yet")
    if rows and not outcome.weights:
        err.print("voters have few votes each: images are judged by the tables of their synsets, and nobody is weighed")


def _voter_rows(ballots: "Ballots", outcome: "Outcome", *, is_short: bool) -> Iterator[dict[str, Any]]:
    cast: Counter[str] = Counter()
    yes: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for place in ballots.places():
        given = ballots.of(place)
        gold = next((ballot.is_yes for ballot in given.values() if ballot.is_gold), None)
        for name, ballot in given.items():
            if ballot.is_gold:
                continue
            cast[name] += 1
            yes[name] += ballot.is_yes
            if gold is not None and not ballot.is_silent:
                tried[name] += 1
                right[name] += ballot.is_yes == gold
    for name, number in sorted(cast.items(), key=lambda item: (-item[1], item[0])):
        yield {
            "voter": name,
            "votes": number,
            "yes": _share(yes[name] / number, is_short=is_short),
            "gold": tried[name],
            "right": right[name],
            "weight": _share(outcome.weights[name], is_short=is_short) if name in outcome.weights else None,
        }


def _share(value: float, *, is_short: bool) -> str | float:
    """A share to two digits: as a text where columns would show one."""
    return f"{value:.2f}" if is_short else round(value, 4)


@app.command()
def tables(
    synsets: Synsets = None,
    votes: Annotated[int, typer.Option("--votes", min=1, max=10, help="Show up to so many votes")] = 3,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Show how sure so many votes make it, by synset: the confidence tables of the ImageNet paper.

    In the columns stand votes for an image and against it: `2:1` is how probably an image is good that two people say
    yes to, and one says no. Of hard synsets the same votes say less.

    [bold]Examples[/bold]

      synsift verify tables --out dogs

      synsift verify tables n02091134 --votes 4 --out dogs --format csv
    """
    concepts = concepts_of(ontology)
    ballots, outcome = _judged(settings_of(file, values, store__url=out), most=votes)
    _check_voted(synsets or (), ballots)
    is_short = output is Format.TABLE
    rows = (
        {**_named(wnid, concepts, is_short=is_short), **dict(_cells(table, votes, is_short=is_short))}
        for wnid, table in outcome.tables.items()
        if not synsets or wnid in synsets
    )
    print_rows(rows, output, empty="nobody has voted yet")


def _check_voted(synsets: Sequence[str], ballots: "Ballots") -> None:
    """Of synsets that were named, each must have votes."""
    voted = {place.wnid for place in ballots.places()}
    for wnid in synsets:
        if wnid not in voted:
            raise UsageError(f"nobody has voted on `{wnid}`", hint=_some_of(voted))


def _cells(table: "Any", votes: int, *, is_short: bool) -> Iterator[tuple[str, str | float]]:  # noqa: ANN401 - an array
    for cast in range(1, votes + 1):
        for yes in range(cast, -1, -1):
            yield f"{yes}:{cast - yes}", _share(float(table[yes, cast - yes]), is_short=is_short)


def _judged(settings: "Settings", most: int = 1) -> "tuple[Ballots, Outcome]":
    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.verification.consensus import judge
    from synsift.pipelines.verifying import rule_of
    from synsift.pipelines.voting import read_ballots

    with contextlib.closing(open_log(settings, read_only=True)) as log:
        ballots = read_ballots(log)
    return ballots, judge(ballots, rule_of(settings), least=most)


@app.command()
def audit(
    judged: Annotated[
        list[Path] | None,
        typer.Option("--judged", metavar="FILE", help="A sample that was looked at, in the order of thresholds"),
    ] = None,
    images: Annotated[int, typer.Option("--images", min=1, help="Images to draw")] = 1_000,
    threshold: Annotated[
        float | None,
        typer.Option("--at", min=0, max=1, metavar="0…1", help="Least confidence to draw from  [verify.accept]"),
    ] = None,
    promise: Annotated[
        float, typer.Option("--promise", metavar="0…1", help="Share of accepted images that should be right")
    ] = 0.98,
    seed: Annotated[int, typer.Option("--seed", help="Of the draw")] = 0,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Draw accepted images at random, and say what those that were looked at show of all, whatever the votes claim.

    Prints a sample as CSV; somebody who sees no votes writes `yes` or `no` into its last column. With `--judged` it
    says how many of all accepted images are right at least, with 95 % confidence. Where several thresholds are tried,
    the strictest comes first (`--at 0.999`), and the first that doesn't hold ends it.

    [bold]Examples[/bold]

      synsift verify audit --images 500 --out dogs > sample.csv

      synsift verify audit --judged sample.csv --promise 0.98 --out dogs
    """
    from synsift.pipelines.exchange.samples import COLUMNS, read_samples
    from synsift.pipelines.verification.promise import allowed_errors, sample_size

    settings = settings_of(file, values, store__url=out)
    if not 0 < promise < 1:
        raise UsageError(f"`--promise` is a share between 0 and 1, not `{promise:g}`")
    if judged:
        _tell_audit(read_samples(judged), judged, promise)
        return
    least = settings.verify.accept if threshold is None else threshold
    rows = _draw(settings, least, images, seed)
    print_rows(rows, Format.CSV, columns=COLUMNS)
    allowed = allowed_errors(len(rows), promise)
    if allowed < 0:
        needed = sample_size(0, promise)
        err.print(f"{counted(len(rows), 'image is', 'images are')} too few to show {promise:.1%}: that needs {needed}")
        return
    err.print(f"drew {counted(len(rows), 'image', 'images')}; {promise:.1%} is shown by at most {allowed} wrong ones")
    check = follow_up("verify audit --judged FILE", out=out, file=file, values=values)
    err.print(f"hint: write yes or no into the last column, then `{check}`")


def _draw(settings: "Settings", least: float, images: int, seed: int) -> list[dict[str, Any]]:
    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.storage import layout
    from synsift.pipelines.voting import read_standing

    with contextlib.closing(open_log(settings, read_only=True)) as log:
        accepted = [
            one
            for one in read_standing(log)
            if one.verified is not None and one.verdict == "accepted" and one.verified.confidence >= least
        ]
    accepted.sort(key=lambda one: one.place)
    drawn = random.Random(seed).sample(accepted, min(images, len(accepted)))  # noqa: S311 - a sample
    return [
        {
            "wnid": one.place.wnid,
            "sha256": one.place.sha256,
            "object": layout.candidate(one.place.wnid, one.survivor.candidate.image),
            "threshold": least,
            "is_right": "",
        }
        for one in drawn
    ]


def _tell_audit(audits: "Sequence[Audit]", paths: Sequence[Path], promise: float) -> None:
    held = False
    for found, path in zip(audits, paths, strict=True):
        wrong = f"{found.wrong} of {counted(found.looked_at, 'image', 'images')} wrong"
        holds = found.keeps(promise)
        says = "holds" if holds else "doesn't hold"
        typer.echo(f"{path}: {wrong}: at least {found.precision():.2%} of all are right; {promise:.1%} {says}")
        if not holds:
            break
        held = True
    if not held:
        raise typer.Exit(ExitStatus.FAILED)
