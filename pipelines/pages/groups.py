"""Groups of copies in folders as one HTML page, on which a person chooses what to keep.

    head, style │ words, tools │ data as JSON │ pictures 0 │ script │ pictures 1 │ pictures 2 │ …

One file for thousands of groups: the script draws one page of them at a time, and takes the pictures of those out of
what lies behind it in chunks, so that the first can be seen while the last are still being read. Of tens of thousands
several files, ``copies.html``, ``copies-2.html`` …, each with its own choices: a browser reads one into memory whole.
"""

import hashlib
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote_from_bytes

from synsift.dedupe import Clustering, Copy, Fingerprint
from synsift.dedupe.clusters import related
from synsift.pipelines.folders.files import Unreadable
from synsift.pipelines.pages.gallery import Making, OnPicture, thumbnails_of
from synsift.pipelines.pages.page import END, asset, bytes_in_words, head_of, json_of, text
from synsift.pipelines.pages.thumbnails import SIDE_PX
from synsift.pipelines.texts import counted

CHUNK: Final = 120
"""Pictures in one chunk: some 800 kB, of which a page of groups needs one or two."""
_MAKING: Final = Making(SIDE_PX)
_MANY: Final = 4_000
_MANY_SIDE_PX: Final = 144
"""Side of the pictures where there are more than so many: 15,000 make 60 MB then, and would make twice that."""

MOST: Final = 20_000
"""Pictures of one file: 80 MB."""
_LISTED: Final = 1_000
"""Files that could not be read, of which each is named."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a page of groups shows.

    Attributes:
        clustering: The groups.
        images: Fingerprints by path.
        names: Of images of reference, by SHA-256.
        folders: What was searched.
        unreadable: Files that could not be compared with others, and why.
        parts: Names of all files, where there are several.
        part: Which of them this is.
    """

    clustering: Clustering
    images: Mapping[str, Fingerprint]
    names: Mapping[str, str]
    folders: Sequence[str]
    unreadable: Sequence[Unreadable] = ()
    parts: Sequence[str] = ()
    part: int = 0


def split(found: Found, name: str, *, most: int = MOST) -> list[Found]:
    """Cut what one file would be too large for: groups stay whole, in their order.

    Args:
        found: All.
        name: Of the first file; the others are numbered.
        most: Pictures in one, unless one group has more.

    Returns:
        At least one, each with the names of all if there are several.
    """
    pieces: list[Clustering] = [Clustering([], [])]
    pictures = 0
    for group in found.clustering.groups:
        more = 1 + len(group.copies) if group.copies else 0
        if pictures and pictures + more > most:
            pieces.append(Clustering([], []))
            pictures = 0
        pieces[-1].groups.append(group)
        pictures += more
    for copy in found.clustering.rejected:
        if pictures >= most:
            pieces.append(Clustering([], []))
            pictures = 0
        pieces[-1].rejected.append(copy)
        pictures += 1
    if len(pieces) == 1:
        return [found]
    stem, ending = os.path.splitext(name)
    names = [name, *(f"{stem}-{number}{ending}" for number in range(2, len(pieces) + 1))]
    return [
        replace(found, clustering=piece, unreadable=() if part else found.unreadable, parts=names, part=part)
        for part, piece in enumerate(pieces)
    ]


def render_groups(found: Found, *, making: Making = _MAKING, on_picture: OnPicture = lambda _: None) -> Iterator[str]:
    """Make the page, piece by piece: of many groups it is large.

    Args:
        found: What it shows.
        making: How thumbnails are made; of many pictures they are smaller.
        on_picture: Told of every few pictures that are made, with their number.
    """
    groups = _groups(found)
    paths = [item["path"] for group in groups for item in group["items"]]
    script = asset("groups.js")
    title = "Copies in " + ", ".join(found.folders)
    title += f", part {found.part + 1} of {len(found.parts)}" if found.parts else ""
    yield head_of(title, script=script)
    yield _words(found, title)
    if not groups:
        yield "<main><h2>No copies</h2></main>" + _unreadable(found) + END
        return
    yield _TOOLS + _unreadable(found)
    data = {
        "folders": [os.path.abspath(folder) for folder in found.folders],
        "chunk": CHUNK,
        "groups": groups,
        "singles": [_entry(group.name, found) for group in found.clustering.groups if not group.copies],
    }
    whole = json_of(data)
    identity = hashlib.sha256(whole.encode()).hexdigest()[:16]
    yield f'<script type="text/plain" id="prelude">\n{asset("move-copies.sh")}</script>\n'
    yield f'<script type="application/json" id="data">{json_of({"id": identity, **data})}</script>\n'
    chunks = enumerate(_chunks(paths, making, on_picture))
    for number, pictures in itertools.islice(chunks, 1):
        yield _holder(number, pictures)
    yield f"<script>{script}</script>\n"
    for number, pictures in chunks:
        yield _holder(number, pictures)
    yield END


def pictures_of(found: Clustering) -> int:
    """How many pictures the page has."""
    return sum(1 + len(group.copies) for group in found.groups if group.copies) + len(found.rejected)


def _words(found: Found, title: str) -> str:
    copied = [group for group in found.clustering.groups if group.copies]
    copies = [copy.name for group in copied for copy in group.copies]
    size = bytes_in_words(sum(found.images[name].size_bytes for name in copies))
    keep = f"{len(found.clustering.groups):,} to keep"
    images = counted(len(found.images), "image", "images")
    note = f"{images}, {keep}{' of this part' if found.parts else ''}."
    if copies:
        groups = counted(len(copied), "group takes" if len(copies) == 1 else "group take", "groups take")
        note += f" {counted(len(copies), 'copy', 'copies')} in {groups} {size}."
    if found.clustering.rejected:
        note += f" {counted(len(found.clustering.rejected), 'is', 'are')} near to a reference."
    more = ""
    if found.unreadable:
        more = f' <a href="#unreadable">{_files(found.unreadable)} could not be read.</a>'
    return f"<header><h1>{text(title)}</h1><p>{text(note)}{more}</p>{_links(found)}</header>\n"


def _links(found: Found) -> str:
    """To the other parts."""
    if not found.parts:
        return ""
    links = " ".join(
        f"<b>{number}</b>"
        if number == found.part + 1
        else f'<a href="{text(quote_from_bytes(os.fsencode(name)))}">{number}</a>'
        for number, name in enumerate(found.parts, 1)
    )
    return f'<nav aria-label="Parts"><p>Parts, each with its own choices to save: {links}</p></nav>'


def _unreadable(found: Found) -> str:
    """The files that could not be read, each with its reason."""
    if not found.unreadable:
        return ""
    lines = "".join(
        f"<li><bdi>{text(one.path)}</bdi>: {text(one.in_words())}</li>\n" for one in found.unreadable[:_LISTED]
    )
    more = len(found.unreadable) - _LISTED
    lines += f"<li>… and {more:,} more</li>\n" if more > 0 else ""
    what = f"{_files(found.unreadable)} could not be read, and so compared with nothing"
    return f'<section id="unreadable"><h2>{what}</h2><ul class="files">\n{lines}</ul></section>\n'


_TOOLS: Final = """<a class="skip" href="#main">To the groups</a>
<noscript><main><h2>This page draws its groups by a script</h2>
<p>Your browser runs none here. <code>synsift dedupe FOLDER</code> prints the same groups.</p></main></noscript>
<div class="bar" hidden><nav aria-label="Groups">
<label><span>Find</span> <input type="search" id="search" placeholder="part of a path" autocomplete="off"></label>
<label><span>Order</span> <select id="sort"><option value="">by name</option>
<option value="size">most to save first</option>
<option value="doubt">least alike first</option><option value="mine">only my own choices</option></select></label>
<span class="pager"><button type="button" id="back" aria-label="Page before">←</button>
<span id="where" role="status"></span><button type="button" id="forth" aria-label="Next page">→</button></span>
<span class="grow"></span>
<span class="save"><button type="button" id="script">Save as a script</button>
<button type="button" id="json" class="main">Save choices</button></span>
</nav></div>
<main id="main" tabindex="-1"><p class="state" id="state" role="status"></p>
<p class="hint">In each group the best copy is kept, unless you choose another. <span class="keys">Keys:
<kbd>j</kbd> and <kbd>k</kbd> next and previous group, <kbd>1</kbd> to <kbd>9</kbd> keep that copy,
<kbd>0</kbd> keep all, <kbd>n</kbd> and <kbd>p</kbd> next and previous page, <kbd>/</kbd> find,
<kbd>s</kbd> save.</span></p>
<div class="rows" id="groups"></div></main>
<div id="next" role="status" aria-live="polite"></div>
"""


def _files(files: Sequence[object]) -> str:
    return f"{len(files):,} file{'' if len(files) == 1 else 's'}"


def _groups(found: Found) -> list[dict[str, Any]]:
    numbers = itertools.count()
    groups: list[dict[str, Any]] = []
    for group in found.clustering.groups:
        if group.copies:
            places = {name: place for place, name in enumerate((group.name, *(copy.name for copy in group.copies)))}
            items = [_item(group.name, next(numbers), found)]
            for copy, of in related(group, found.images):
                items.append({**_copy(copy, next(numbers), found), "to": places[of]})
            groups.append({"items": items})
    for copy in found.clustering.rejected:
        items = [_copy(copy, next(numbers), found)]
        groups.append({"reference": found.names[copy.verdict.of or ""], "items": items})
    return groups


def _item(path: str, number: int, found: Found) -> dict[str, Any]:
    image = found.images[path]
    entry = _entry(path, found)
    return {
        **entry,
        "url": "file://" + quote_from_bytes(os.fsencode(entry["path"])),
        "number": number,
        "width": image.width_px,
        "height": image.height_px,
        "format": image.format,
        "bytes": image.size_bytes,
    }


def _entry(path: str, found: Found) -> dict[str, str]:
    return {"path": os.path.abspath(path), "sha256": found.images[path].sha256}


def _copy(copy: Copy, number: int, found: Found) -> dict[str, Any]:
    verdict = copy.verdict
    item = {**_item(copy.name, number, found), "kind": str(verdict.kind), "bits": verdict.distance_bits}
    if verdict.transform not in (None, "identity"):
        item["turned"] = verdict.transform
    return item


def _holder(number: int, pictures: Sequence[str]) -> str:
    return f'<script type="text/plain" id="pictures-{number}">{chr(10).join(pictures)}</script>\n'


def _chunks(paths: Sequence[str], making: Making, on_picture: OnPicture) -> Iterator[list[str]]:
    """Thumbnails as Base64, empty where there is none, in chunks of ``CHUNK``."""
    made = thumbnails_of(paths, replace(making, side_px=_MANY_SIDE_PX) if len(paths) > _MANY else making, on_picture)
    while chunk := list(itertools.islice(made, CHUNK)):
        yield chunk
