"""Survivors and groups of duplicates as one self-contained HTML page.

Titles, authors and URLs come from the web: everything is escaped, links are http or https only, and the page's own
policy forbids scripts and requests.
"""

import base64
import html
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from PIL import Image, ImageOps

from synsift.pipelines.errors import StoreError
from synsift.pipelines.records import Candidate, Duplicate
from synsift.pipelines.report.style import CSS
from synsift.pipelines.storage import layout
from synsift.pipelines.summary import Group, SynsetCounts

_SIDE_PX: Final = 168
_QUALITY: Final = 72
MAX_PER_SYNSET: Final = 400
"""Pictures of one synset at most: each costs some 6 kB of the page."""

GetBlob = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page shows.

    Attributes:
        title: Heading.
        note: A sentence below it.
        names: wnid → what people call it.
        counts: Counts by synset.
        groups: Survivors and their copies by synset.
    """

    title: str
    note: str
    names: Mapping[str, str]
    counts: Mapping[str, SynsetCounts]
    groups: Mapping[str, Sequence[Group]]


def render(sheet: Sheet, get_blob: GetBlob) -> str:
    """Make the page.

    Args:
        sheet: What it shows.
        get_blob: Path in the store → bytes; a ``StoreError`` shows as a missing picture.
    """
    return page_of(sheet.title, "\n".join(_body(sheet, get_blob)))


def page_of(title: str, body: str) -> str:
    """A whole page, which needs nothing else and asks nobody.

    Args:
        title: As text.
        body: As HTML.
    """
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{CSS}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _body(sheet: Sheet, get_blob: GetBlob) -> Iterator[str]:
    yield f"<header><h1>{html.escape(sheet.title)}</h1><p>{html.escape(sheet.note)}</p></header>"
    yield "<main>"
    yield from _table(sheet)
    for wnid, groups in sheet.groups.items():
        yield f'<section id="{html.escape(wnid)}"><h2>{_name(sheet, wnid)}</h2>'
        copied = [group for group in groups if group.copies]
        if copied:
            yield f"<h3>Groups of duplicates <small>{len(copied)}</small></h3>"
            yield "<p class=hint>The copy that is kept stands first. Distance is in bits of 256.</p>"
            yield '<div class="groups">'
            for group in copied[:MAX_PER_SYNSET]:
                yield _group(group, get_blob)
            yield "</div>"
        yield f"<h3>Survivors <small>{len(groups)}</small></h3>"
        yield '<div class="sheet">'
        for group in groups[:MAX_PER_SYNSET]:
            yield _figure(group.survivor.image.sha256, _size(group.survivor), group.survivor, get_blob)
        yield "</div>"
        if len(groups) > MAX_PER_SYNSET:
            yield f"<p class=hint>and {len(groups) - MAX_PER_SYNSET} more, in the store</p>"
        yield "</section>"
    yield "</main>"


def _table(sheet: Sheet) -> Iterator[str]:
    yield "<table><thead><tr><th>synset<th>found<th>fetched<th>refused<th>unique<th>exact copies<th>near copies"
    yield "</thead><tbody>"
    for wnid in sheet.groups:
        counts = sheet.counts.get(wnid) or SynsetCounts(wnid, {})
        refused = counts.refused
        why = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in refused.items())
        yield (
            f'<tr><td><a href="#{html.escape(wnid)}">{_name(sheet, wnid)}</a><td>{counts.found}<td>{counts.fetched}'
            f'<td title="{html.escape(why)}">{sum(refused.values())}<td><b>{counts.unique}</b>'
            f"<td>{counts.exact}<td>{counts.near}"
        )
    yield "</tbody></table>"


def _group(group: Group, get_blob: GetBlob) -> str:
    kept = _figure(group.survivor.image.sha256, f"kept · {_size(group.survivor)}", group.survivor, get_blob)
    copies = "".join(_figure(copy.sha256, _reason(copy), copy.candidate, get_blob) for copy in group.copies)
    return f'<div class="group"><div class="kept">{kept}</div>{copies}</div>'


def _reason(copy: Duplicate) -> str:
    size = f" · {_size(copy.candidate)}" if copy.candidate is not None else ""
    if copy.kind == "exact":
        return f"exact copy{size}"
    transform = "" if copy.transform in ("", "identity") else f" · {copy.transform}"
    bits = "1 bit" if copy.distance_bits == 1 else f"{copy.distance_bits} bits"
    return f"near · {bits}{transform}{size}"


def _size(candidate: Candidate) -> str:
    image = candidate.image
    return f"{image.width_px}×{image.height_px} {image.format} {max(1, round(image.size_bytes / 1000))} kB"


def _figure(sha256: str, caption: str, candidate: Candidate | None, get_blob: GetBlob) -> str:
    title = html.escape(_tooltip(sha256, candidate), quote=True)
    try:
        picture = f'<img alt="" loading="lazy" src="{_thumbnail(get_blob(layout.blob(sha256)))}">'
    except (StoreError, OSError, ValueError, SyntaxError):
        picture = '<span class="missing">no longer stored</span>'
    page = candidate.found_by.landing_page if candidate is not None else ""
    if urlsplit(page).scheme in ("http", "https"):
        picture = f'<a href="{html.escape(page, quote=True)}" rel="noreferrer noopener">{picture}</a>'
    return f'<figure title="{title}">{picture}<figcaption>{html.escape(caption)}</figcaption></figure>'


def _tooltip(sha256: str, candidate: Candidate | None) -> str:
    if candidate is None:
        return sha256
    found_by = candidate.found_by
    lines = [
        found_by.title,
        f"by {found_by.author}" if found_by.author else "",
        found_by.licence,
        candidate.url,
        sha256,
    ]
    return "\n".join(line for line in lines if line)


def _thumbnail(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (2 * _SIDE_PX, 2 * _SIDE_PX))
        small = ImageOps.exif_transpose(image).convert("RGBA")
        small.thumbnail((_SIDE_PX, _SIDE_PX))
    flat = Image.new("RGB", small.size, "white")
    flat.paste(small, mask=small)
    target = io.BytesIO()
    flat.save(target, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(target.getvalue()).decode()}"


def _name(sheet: Sheet, wnid: str) -> str:
    name = sheet.names.get(wnid, wnid)
    if name == wnid:
        return html.escape(wnid)
    return f"{html.escape(name)} <small>{html.escape(wnid)}</small>"
