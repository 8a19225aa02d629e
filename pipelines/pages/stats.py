"""A data set in numbers, as one page: plots are drawn in SVG, and need no script."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from synsift.pipelines.exports.measures import AVERAGED, Bin, Covered, Level, Measured, Most, Whole
from synsift.pipelines.pages.page import END, head_of, text

_TITLE: Final = "The data set in numbers"
_MOST_ROWS: Final = 2_000
_MOST_AVERAGES: Final = 60
_WIDTH_PX: Final = 640
_HEIGHT_PX: Final = 212
_TOP_PX: Final = 26
_BOTTOM_PX: Final = 28


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a plot: what stands below it, its height of 1, and what stands above it."""

    label: str
    height: float
    value: str


def render_stats(whole: Whole, covered: Sequence[Covered]) -> Iterator[str]:
    """Make the page, piece by piece.

    Args:
        whole: The numbers.
        covered: Subtrees that were asked for.
    """
    yield head_of(_TITLE)
    yield f"<header><h1>{_TITLE}</h1><p>{_intro(whole)}</p></header>\n<main>"
    yield _tiles(whole)
    yield "<h2>Images of a synset</h2>"
    yield f'<p class="hint">How many synsets have how many images; {_share_with_enough(whole)}.</p>'
    yield plot(_histogram_bars(whole.histogram()), "Number of synsets by the number of their images")
    yield from _levels(whole.levels())
    yield from _coverage(covered, whole.enough)
    yield from _averages(whole.synsets)
    yield from _alarms(whole)
    yield from _table(whole)
    yield "</main>" + END


def _intro(whole: Whole) -> str:
    what = (
        "Images that voters accepted" if whole.accepted_only else "All survivors, whether or not voters accepted them"
    )
    return f"{what}. Copies within a synset are left out."


def _tiles(whole: Whole) -> str:
    found = whole.summary()
    tiles = [
        ("images", _number(found["images"])),
        ("synsets with images", _number(found["synsets"])),
        ("images a synset", _number(found["images_a_synset"])),
        (f"of synsets have {whole.enough:,} or more", _percent(found["share_with_enough"])),
        ("of decided candidates are good", _percent(found["precision"])),
        ("mean selection frequency", _percent(found["selection_frequency"])),
        ("votes an accepted image", _number(found["votes_an_accepted_image"], 2)),
        ("synsets with an alarm", _number(found["synsets_with_alarms"])),
    ]
    cards = "".join(f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>" for name, value in tiles if value)
    return f'<dl class="tiles">{cards}</dl>'


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def _round_percent(value: float) -> str:
    return f"{100 * value:g}\N{NO-BREAK SPACE}%"


def _share_with_enough(whole: Whole) -> str:
    share = whole.summary()["share_with_enough"]
    return f"{_percent(share) or 'none'} of those with images have {whole.enough:,} or more"


def _histogram_bars(bins: Sequence[Bin]) -> list[Bar]:
    used = [number for number, one in enumerate(bins) if one.synsets]
    shown = bins[used[0] : used[-1] + 1] if used else []
    most = max((one.synsets for one in shown), default=1)
    return [Bar(_range(one), one.synsets / most, f"{one.synsets:,}" if one.synsets else "") for one in shown]


def _range(one: Bin) -> str:
    if one.high is None:
        return f"{one.low:,}+"
    return f"{one.low:,}" if one.high == one.low else f"{one.low:,}–{one.high:,}"


def plot(bars: Sequence[Bar], title: str) -> str:
    """Bars side by side."""
    if not bars:
        return '<p class="hint">Nothing to show.</p>'
    step = _WIDTH_PX / len(bars)
    width, room = min(step * 0.7, 84.0), _HEIGHT_PX - _TOP_PX - _BOTTOM_PX
    base = _HEIGHT_PX - _BOTTOM_PX
    drawn = []
    for number, bar in enumerate(bars):
        middle, height = (number + 0.5) * step, bar.height * room
        drawn.append(
            f'<rect class="bar-of" x="{middle - width / 2:.1f}" y="{base - height:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}"/><text class="value" x="{middle:.1f}" y="{base - height - 6:.1f}">'
            f'{text(bar.value)}</text><text x="{middle:.1f}" y="{base + 18}">{text(bar.label)}</text>'
        )
    said = "; ".join(f"{bar.label}: {bar.value or 0}" for bar in bars)
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH_PX} {_HEIGHT_PX}" role="img" aria-label="{text(title)}: {text(said)}">'
        f'<line x1="0" y1="{base}" x2="{_WIDTH_PX}" y2="{base}"/>{"".join(drawn)}</svg>'
    )


def _levels(levels: Sequence[Level]) -> Iterator[str]:
    if not levels:
        return
    yield "<h2>By depth of the tree</h2>"
    known = [one for one in levels if one.precision is not None]
    if known:
        yield '<p class="hint">Share of good ones among the candidates that voters decided, by steps from the root.</p>'
        bars = [Bar(str(one.depth), one.precision or 0.0, _percent(one.precision)) for one in known]
        yield plot(bars, "Precision of candidates by depth")
    rows = [
        (
            str(one.depth),
            f"{one.synsets:,}",
            f"{one.images:,}",
            f"{one.decided:,}" if known else "",
            _percent(one.precision),
        )
        for one in levels
    ]
    yield _rows(("depth", "synsets", "images", "decided", "good"), rows)


def _coverage(covered: Sequence[Covered], enough: int) -> Iterator[str]:
    if not covered:
        return
    yield "<h2>Coverage</h2>"
    heads = ("subtree", "synsets", "with images", f"with {enough:,} or more")
    yield _rows(
        heads,
        [
            (one.name, f"{one.synsets:,}", _of(one.with_images, one.synsets), _of(one.with_enough, one.synsets))
            for one in covered
        ],
    )


def _of(number: int, whole: int) -> str:
    return f"{number:,} ({_percent(number / whole)})" if whole else f"{number:,}"


def _averages(synsets: Sequence[Measured]) -> Iterator[str]:
    found = sorted(
        (one for one in synsets if one.average), key=lambda one: one.average.entropy_bytes if one.average else 0
    )
    if not found:
        return
    yield "<h2>Average images</h2>"
    more = f" The first {_MOST_AVERAGES} of {len(found):,}." if len(found) > _MOST_AVERAGES else ""
    yield (
        f'<p class="hint">Of {AVERAGED} images each, 32×32, without borders. The fewer bytes an average needs, the '
        f"more its images differ; compare these numbers with each other only.{more}</p>"
    )
    yield '<div class="sheet averages">'
    for one in found[:_MOST_AVERAGES]:
        if one.average is not None:
            uri = f"data:image/png;base64,{base64.b64encode(one.average.png).decode()}"
            size = f"{one.average.entropy_bytes:,.0f} bytes"
            spread = f" ± {one.average.spread_bytes / 2:,.0f}" if one.average.draws > 1 else ""
            yield (
                f'<figure><img alt="" src="{uri}"><figcaption><p><b>{text(one.name)}</b></p>'
                f"<p>{size}{spread}</p></figcaption></figure>"
            )
    yield "</div>"


def _alarms(whole: Whole) -> Iterator[str]:
    found = [(one, one.alarms(whole.alarm)) for one in whole.synsets]
    found = [(one, alarms) for one, alarms in found if alarms]
    yield "<h2>Alarms</h2>"
    if not found:
        yield f'<p class="hint">No synset has more than {_round_percent(whole.alarm)} from one host, author or day.</p>'
        return
    yield (
        f'<p class="hint">Synsets of which more than {_round_percent(whole.alarm)} are from one host, by one author, '
        "or were last changed on one day: a model may learn that instead.</p>"
    )
    found.sort(key=lambda item: (-max(most.share for most in item[1].values()), item[0].wnid))
    rows = [(one.name, *(_share(alarms.get(kind)) for kind in ("host", "author", "day"))) for one, alarms in found]
    yield _rows(("synset", "host", "author", "day"), rows[:_MOST_ROWS])


def _share(most: Most | None) -> str:
    return f"{_percent(most.share)} {most.name}" if most is not None else ""


def _table(whole: Whole) -> Iterator[str]:
    yield "<h2>Synsets</h2>"
    heads = ("synset", "depth", "images", "accepted", "good", "selection", "votes an accepted", "average, bytes")
    rows = [
        (
            *(one.name, "" if one.depth is None else str(one.depth), f"{one.survivors:,}"),
            *(f"{one.accepted:,}" if one.decisions else "", _percent(one.precision), _percent(one.selection)),
            *(_number(one.votes_an_accepted, 1), _number(one.average.entropy_bytes) if one.average else ""),
        )
        for one in whole.synsets[:_MOST_ROWS]
    ]
    yield _rows(heads, rows)
    if len(whole.synsets) > _MOST_ROWS:
        left = len(whole.synsets) - _MOST_ROWS
        yield f'<p class="hint">and {left:,} more: <code>synsift stats --format csv</code></p>'


def _rows(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; a column that says nothing of any row is left out."""
    kept = [number for number in range(len(heads)) if not number or any(row[number] for row in rows)]
    heads, rows = [heads[number] for number in kept], [[row[number] for number in kept] for row in rows]
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{text(row[0])}</th>' + "".join(f"<td>{text(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    label = text(f"{heads[0]} table")
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
