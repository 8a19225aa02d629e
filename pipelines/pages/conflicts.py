"""Pictures that stand under two synsets, as one page: both pictures, both names, both definitions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from synsift.pipelines.conflicts import Conflict
from synsift.pipelines.errors import StoreError
from synsift.pipelines.pages.page import END, head_of, text
from synsift.pipelines.pages.thumbnails import thumbnail
from synsift.pipelines.storage import layout

MOST: Final = 500
"""Pairs on one page."""
_SIDE_PX: Final = 200
_TITLE: Final = "Pictures under two synsets"
_TIES: Final = {
    "above": "the first is above the second: both may be right",
    "below": "the first is below the second: both may be right",
    "disjoint": "neither is above the other: one of the two is probably wrong",
    "unknown": "at least one is in no ontology that is known here",
}

GetBlob = Callable[[str], bytes]
Described = Mapping[str, tuple[str, str]]
"""wnid → name and definition."""


def render_conflicts(found: Sequence[Conflict], described: Described, get_blob: GetBlob) -> Iterator[str]:
    """Make the page, piece by piece.

    Args:
        found: In their order.
        described: Names and definitions, as far as they are known.
        get_blob: Path in the store → bytes; a ``StoreError`` shows as a missing picture.
    """
    wrong = sum(one.is_conflict for one in found)
    more = f"; the first {MOST} are shown" if len(found) > MOST else ""
    yield head_of(_TITLE)
    yield f"<header><h1>{_TITLE}</h1><p>{len(found):,} pairs, {wrong:,} of them conflicts{more}.</p></header>\n<main>"
    yield '<div class="groups">' if found else "<h2>None</h2>"
    for one in found[:MOST]:
        yield _pair(one, described, get_blob)
    yield ("</div>" if found else "") + "</main>" + END


def _pair(one: Conflict, described: Described, get_blob: GetBlob) -> str:
    crossing = one.crossing
    kind = "the same bytes" if crossing.is_exact else f"copies, {crossing.score:.3f}"
    figures = _figure(crossing.scope, crossing.sha256, described, get_blob)
    figures += _figure(crossing.other_scope, crossing.other_sha256, described, get_blob)
    return (
        f'<section class="group"><div class="cards">{figures}</div>'
        f'<p><b>{kind}</b> <span class="verdict">{_TIES[one.tie]}</span></p></section>\n'
    )


def _figure(wnid: str, sha256: str, described: Described, get_blob: GetBlob) -> str:
    try:
        made = thumbnail(get_blob(layout.blob(sha256)), side_px=_SIDE_PX)
    except StoreError:
        made = None
    shown = (
        f'<span class="picture"><img alt="" src="data:image/webp;base64,{made.to_base64()}"></span>'
        if made is not None
        else '<span class="missing">no picture can be made of it</span>'
    )
    name, definition = described.get(wnid, ("", ""))
    return (
        f'<figure>{shown}<figcaption><p class="path"><b>{text(name or wnid)}</b> {text(wnid) if name else ""}</p>'
        f"<p>{text(definition)}</p></figcaption></figure>"
    )
