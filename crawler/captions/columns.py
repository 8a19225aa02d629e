"""What the columns of a list mean to a sift: captions may stand in several, and other columns say what to leave out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from synsift.crawler.sources.lists.layouts import USUAL, Layout, index_of, index_within

CAPTIONS: Final = (
    *("caption", "text", "title", "alt", "alt_text", "description", "tags", "usertags", "keywords"),
    *("caption_reference_description", "caption_attribution_description", "caption_alt_text_description"),
)
"""Columns that hold words of what a picture shows, under the names that lists give them."""
UNSAFE: Final = "punsafe"
MOST_UNSAFE: Final = 0.45
"""As the research-safe edition of Re-LAION has it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Where in a row each thing stands; -1 for nowhere."""

    url: int
    captions: tuple[int, ...]
    author: int
    licence: int
    licence_url: int
    landing_page: int
    marker: int
    unsafe: int

    @property
    def wanted(self) -> list[int]:
        """All columns that are read."""
        each = (self.url, *self.captions, self.author, self.licence, self.licence_url, self.landing_page)
        return sorted({at for at in (*each, self.marker, self.unsafe) if at >= 0})


def meaning_of(names: Sequence[str], layout: Layout) -> Meaning:
    """What columns of some names mean."""
    columns = layout.columns

    def at(name: str) -> int:
        return index_of(names, getattr(columns, name), USUAL[name])

    url = at("url")
    return Meaning(
        url=index_within(names, USUAL["url"]) if url < 0 and not columns.url else url,
        captions=_captions(names, layout),
        author=at("author"),
        licence=at("licence"),
        licence_url=at("licence_url"),
        landing_page=at("landing_page"),
        marker=index_of(names, layout.marker, ()) if layout.marker else -1,
        unsafe=index_of(names, UNSAFE, ()),
    )


def _captions(names: Sequence[str], layout: Layout) -> tuple[int, ...]:
    named = layout.captions or ((layout.columns.title,) if layout.columns.title else CAPTIONS)
    found = dict.fromkeys(index_of(names, name, ()) for name in named)
    return tuple(place for place in found if place >= 0)
