"""Pictures that stand under two synsets, as one page: both pictures, both names, both definitions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from synsift.pipelines.errors import StoreError
from synsift.pipelines.pages.page import END, head_of, text
from synsift.pipelines.pages.thumbnails import thumbnail
from synsift.pipelines.pairs import is_conflict, places_of
from synsift.pipelines.records import Conflict
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


def render_conflicts(found: Sequence[Conflict], described: Described, get_blob: GetBlob) -> Iterator[str]:
    """Make the page, piece by piece.

    Args:
        found: In their order.
        described: Names and definitions, as far as they are known.
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
        yield _pair(pair, described, get_blob)
    yield ("</div>" if found else "") + "</main>" + END


def _pair(pair: Conflict, described: Described, get_blob: GetBlob) -> str:
    kind = "the same file" if pair.kind == "exact" else f"copies, {pair.score:.3f} of 1"
    figures = "".join(_figure(wnid, sha256, described, get_blob) for wnid, sha256 in places_of(pair))
    tie = text(_TIES.get(pair.tie, pair.tie))
    return (
        f'<section class="group" id="{text(pair.id)}"><div class="cards">{figures}</div>'
        f'<p><b>{kind}</b> <span class="verdict">{tie}</span></p></section>\n'
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
        f"<p>{text(definition) or 'not in the ontology'}</p></figcaption></figure>"
    )
