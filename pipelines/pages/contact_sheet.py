"""Survivors and groups of duplicates as one self-contained HTML page, with whose pictures they are.

Titles, authors and URLs come from the web: everything is escaped, links are http or https only, and the page's own
policy forbids scripts and requests.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from synsift.pipelines.errors import StoreError
from synsift.pipelines.pages.page import END, facts_of, head_of, is_web, link, text
from synsift.pipelines.pages.thumbnails import thumbnail
from synsift.pipelines.records import Candidate, Duplicate
from synsift.pipelines.storage import layout
from synsift.pipelines.summary import Group, SynsetCounts

MAX_PER_SYNSET: Final = 400
"""Pictures of one synset at most: each costs some 8 kB of the page."""
MAX_PER_GROUP = 12
"""Copies of one picture at most."""


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
    return head_of(sheet.title) + "\n".join(_body(sheet, get_blob)) + END


def _body(sheet: Sheet, get_blob: GetBlob) -> Iterator[str]:
    yield '<a class="skip" href="#main">To the pictures</a>'
    yield f"<header><h1>{text(sheet.title)}</h1><p>{text(sheet.note)}</p></header>"
    yield '<main id="main" tabindex="-1">'
    yield from _table(sheet)
    for wnid, groups in sheet.groups.items():
        yield f'<section id="{text(wnid)}" aria-labelledby="of-{text(wnid)}">'
        yield f'<h2 id="of-{text(wnid)}">{_name(sheet, wnid)}</h2>'
        yield from _refused(sheet, wnid)
        copied = [group for group in groups if group.copies]
        if copied:
            yield f"<h3>Groups of duplicates <small>{len(copied):,}</small></h3>"
            yield '<p class="hint">The copy that is kept stands first.</p>'
            yield '<div class="groups">'
            for number, group in enumerate(copied[:MAX_PER_SYNSET], start=1):
                yield _group(number, group, get_blob)
            yield f"</div>{_rest(len(copied))}"
        yield f"<h3>Survivors <small>{len(groups):,}</small></h3>"
        yield '<div class="sheet">'
        for group in groups[:MAX_PER_SYNSET]:
            yield _figure(group.survivor.image.sha256, "", group.survivor, get_blob)
        yield f"</div>{_rest(len(groups))}</section>"
    yield "</main>"


def _refused(sheet: Sheet, wnid: str) -> Iterator[str]:
    counts = sheet.counts.get(wnid)
    if counts is not None and counts.refused:
        why = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.refused.items())
        yield f'<p class="hint why">Refused: {text(why)}.</p>'


def _rest(number: int, most: int = MAX_PER_SYNSET) -> str:
    return f'<p class="hint">and {number - most:,} more, in the store</p>' if number > most else ""


def _table(sheet: Sheet) -> Iterator[str]:
    names = ("synset", "found", "fetched", "unique", "exact copies", "near copies", "refused")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    yield f'<div class="wide" tabindex="0" role="region" aria-label="Counts by synset"><table><thead><tr>{heads}'
    yield "</tr></thead><tbody>"
    for wnid in sheet.groups:
        counts = sheet.counts.get(wnid) or SynsetCounts(wnid, {})
        refused = sum(counts.refused.values())
        numbers = (counts.found, counts.fetched, counts.unique, counts.exact, counts.near, refused)
        cells = "".join(f"<td>{number:,}</td>" for number in numbers)
        yield f'<tr><th scope="row"><a href="#{text(wnid)}">{_name(sheet, wnid)}</a></th>{cells}</tr>'
    yield "</tbody></table></div>"


def _group(number: int, group: Group, get_blob: GetBlob) -> str:
    kept = _figure(group.survivor.image.sha256, "kept", group.survivor, get_blob)
    shown = group.copies[:MAX_PER_GROUP]
    copies = "".join(_figure(copy.sha256, _reason(copy), copy.candidate, get_blob) for copy in shown)
    cards = f'<div class="cards">{kept}{copies}</div>{_rest(len(group.copies), MAX_PER_GROUP)}'
    return f'<div class="group" role="group" aria-label="Group {number}">{cards}</div>'


def _reason(copy: Duplicate) -> str:
    if copy.kind == "exact":
        return "exact copy: the same bytes"
    transform = "" if copy.transform in ("", "identity") else f", {copy.transform}"
    return f"near copy: {copy.distance_bits} of 256 bits differ{transform}"


def _figure(sha256: str, verdict: str, candidate: Candidate | None, get_blob: GetBlob) -> str:
    """A picture with all that is said of it: what it became, what it is, whose it is, where it is from."""
    kept = ' class="kept"' if verdict == "kept" else ""
    lines = [f'<p class="verdict">{text(verdict)}</p>'] if verdict else []
    page = ""
    if candidate is not None:
        page = candidate.found_by.landing_page
        lines += _attribution(candidate)
    lines.append(f"<details><summary>SHA-256</summary><code>{text(sha256)}</code></details>")
    picture = _picture(sha256, _alt(verdict, candidate), get_blob)
    if is_web(page):
        picture = f'<a href="{text(page)}" rel="noreferrer noopener">{picture}</a>'
    return f"<figure{kept}>{picture}<figcaption>{''.join(lines)}</figcaption></figure>"


def _attribution(candidate: Candidate) -> Iterator[str]:
    found_by = candidate.found_by
    if found_by.title:
        yield f"<p><b>{text(found_by.title)}</b></p>"
    if found_by.author:
        yield f"<p>by {text(found_by.author)}</p>"
    if found_by.licence or is_web(found_by.licence_url):
        yield f"<p>{link(found_by.licence or 'licence', found_by.licence_url)}</p>"
    yield f"<p>{text(facts_of(candidate.image))}</p>"
    places = (("page", found_by.landing_page), ("image", candidate.url))
    links = [link(name, url) for name, url in places if is_web(url)]
    if links:
        yield f'<p class="path">{" · ".join(links)} on {text(urlsplit(candidate.url).hostname or "")}</p>'


def _picture(sha256: str, alt: str, get_blob: GetBlob) -> str:
    try:
        made = thumbnail(get_blob(layout.blob(sha256)))
    except (StoreError, OSError):
        made = None
    if made is None:
        return '<span class="missing">no longer stored, or no picture</span>'
    size = f'width="{made.width_px}" height="{made.height_px}"'
    return f'<span class="picture"><img alt="{text(alt)}" loading="lazy" {size} src="{made.to_uri()}"></span>'


def _alt(verdict: str, candidate: Candidate | None) -> str:
    if candidate is None:
        return verdict or "picture"
    found_by = candidate.found_by
    parts = [found_by.title or f"picture found by {found_by.query}", facts_of(candidate.image), verdict]
    return ", ".join(part for part in parts if part)


def _name(sheet: Sheet, wnid: str) -> str:
    name = sheet.names.get(wnid, wnid)
    if name == wnid:
        return text(wnid)
    return f"{text(name)} <small>{text(wnid)}</small>"
