"""Pictures that stand under two synsets, as one page: both pictures, both names, both definitions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from synsift.pipelines.errors import StoreError
from synsift.pipelines.pages.page import END, facts_of, head_of, link, text
from synsift.pipelines.pages.thumbnails import thumbnail
from synsift.pipelines.pairs import Place, is_conflict, places_of
from synsift.pipelines.records import Candidate, Conflict
from synsift.pipelines.storage import layout

MOST: Final = 500
"""Pairs on one page."""
_SIDE_PX: Final = 200
_TITLE: Final = "Pictures under two synsets"
_TIES: Final = {
    "above": "the first is above the second: both may be right",
    "below": "the first is below the second: both may be right",
    "disjoint": "neither is above the other: one of the two is probably wrong",
    "unknown": "what is above what is not known: the ontology lacks one of them",
}

GetBlob = Callable[[str], bytes]
Described = Mapping[str, tuple[str, str]]
"""wnid → name and definition."""
Origins = Mapping[Place, Candidate]
"""Where the images that stand under synsets come from."""
_LONGEST_URL: Final = 90


def render_conflicts(
    found: Sequence[Conflict], described: Described, origins: Origins, get_blob: GetBlob
) -> Iterator[str]:
    """Make the page, piece by piece.

    Args:
        found: In their order.
        described: Names and definitions, as far as they are known.
        origins: Of the images, as far as they are known.
        get_blob: Path in the store → bytes; a ``StoreError`` shows as a missing picture.
    """
    wrong = sum(is_conflict(pair.tie) for pair in found)
    more = f"; the first {MOST} are shown" if len(found) > MOST else ""
    pairs, conflicts = ("pair" if len(found) == 1 else "pairs"), ("conflict" if wrong == 1 else "conflicts")
    counts = f"{len(found):,} {pairs}, {wrong:,} of them {'a ' if wrong == 1 else ''}{conflicts}{more}."
    yield head_of(_TITLE)
    yield f"<header><h1>{_TITLE}</h1><p>{counts}</p></header>\n<main>"
    yield '<div class="groups">' if found else "<h2>None</h2>"
    for pair in found[:MOST]:
        figures = [_figure(place, described, origins.get(place), get_blob) for place in places_of(pair)]
        yield _pair(pair, figures)
    yield ("</div>" if found else "") + "</main>" + END


def _pair(pair: Conflict, figures: Sequence[str]) -> str:
    kind = "the same file" if pair.kind == "exact" else f"copies, {pair.score:.3f} of 1"
    tie = text(_TIES.get(pair.tie, pair.tie))
    return (
        f'<section class="group" id="{text(pair.id)}"><div class="cards">{"".join(figures)}</div>'
        f'<p><b>{kind}</b> <span class="verdict">{tie}</span></p></section>\n'
    )


def _figure(place: Place, described: Described, origin: Candidate | None, get_blob: GetBlob) -> str:
    wnid, sha256 = place
    try:
        made = thumbnail(get_blob(layout.blob(sha256)), side_px=_SIDE_PX)
    except (StoreError, OSError):
        made = None
    shown = (
        f'<span class="picture"><img alt="" src="data:image/webp;base64,{made.to_base64()}"></span>'
        if made is not None
        else '<span class="missing">no picture can be made of it</span>'
    )
    name, definition = described.get(wnid, ("", ""))
    return (
        f'<figure>{shown}<figcaption><p class="path"><b>{text(name or wnid)}</b> {text(wnid) if name else ""}</p>'
        f"<p>{text(definition) or 'not in the ontology'}</p>"
        f"{_origin(origin)}</figcaption></figure>"
    )


def _origin(origin: Candidate | None) -> str:
    """What the file is, and where it was asked for."""
    if origin is None:
        return ""
    url = origin.url
    shown = url if len(url) <= _LONGEST_URL else f"{url[: _LONGEST_URL * 2 // 3]}…{url[-_LONGEST_URL // 3 :]}"
    return f'<p>{text(facts_of(origin.image))}</p><p class="path">{link(shown, url)}</p>'
