"""Groups of copies in folders as one self-contained HTML page."""

import base64
import html
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from synsift.dedupe import Clustering, Copy, Fingerprint, ImageError, Kind, decode
from synsift.pipelines.report.contact_sheet import page_of

_SIDE_PX: Final = 168
_QUALITY: Final = 72
MAX_GROUPS: Final = 500
"""Groups on a page at most: each costs some 20 kB of it."""
_MAX_COPIES: Final = 30


def render_groups(
    found: Clustering, images: Mapping[str, Fingerprint], names: Mapping[str, str], *, folders: Sequence[str]
) -> str:
    """Make the page.

    Args:
        found: The groups.
        images: Fingerprints by path.
        names: Of images of reference, by SHA-256.
        folders: What was searched.
    """
    copied = [group for group in found.groups if group.copies]
    copies = sum(len(group.copies) for group in copied)
    saved_mb = sum(images[copy.name].size_bytes for group in copied for copy in group.copies) / 1e6
    note = f"{len(images)} images, {len(found.groups)} to keep; {copies} copies ({saved_mb:,.1f} MB) of {len(copied)}"
    title = "Copies in " + ", ".join(folders)
    body = [f"<header><h1>{html.escape(title)}</h1><p>{html.escape(note)}</p></header><main>"]
    if copied:
        body.append(f"<h3>Groups of copies <small>{len(copied)}</small></h3>")
        body.append("<p class=hint>The best copy, to keep, stands first. Distance is in bits of 256.</p>")
    else:
        body.append("<h3>No copies</h3>")
    body.append('<div class="groups">')
    for group in copied[:MAX_GROUPS]:
        kept = _figure(group.name, f"keep · {_size(images[group.name])}")
        figures = "".join(_copy(copy, images) for copy in group.copies[:_MAX_COPIES])
        more = len(group.copies) - _MAX_COPIES
        rest = f"<p class=hint>and {more} more</p>" if more > 0 else ""
        body.append(f'<div class="group"><div class="kept">{kept}</div>{figures}{rest}</div>')
    body.append("</div>")
    if len(copied) > MAX_GROUPS:
        body.append(f"<p class=hint>and {len(copied) - MAX_GROUPS} more groups: see --format jsonl</p>")
    body += _rejected(found, images, names)
    body.append("</main>")
    return page_of(title, "\n".join(body))


def _rejected(found: Clustering, images: Mapping[str, Fingerprint], names: Mapping[str, str]) -> Iterator[str]:
    if not found.rejected:
        return
    yield f"<h3>Near to a reference <small>{len(found.rejected)}</small></h3>"
    yield '<div class="sheet">'
    for copy in found.rejected[:MAX_GROUPS]:
        yield _figure(copy.name, f"{_reason(copy)} · {_size(images[copy.name])} · of {names[copy.verdict.of or '']}")
    yield "</div>"


def _copy(copy: Copy, images: Mapping[str, Fingerprint]) -> str:
    return _figure(copy.name, f"{_reason(copy)} · {_size(images[copy.name])}")


def _reason(copy: Copy) -> str:
    verdict = copy.verdict
    if verdict.kind is Kind.EXACT:
        return "exact"
    turned = "" if verdict.transform == "identity" else f" · {verdict.transform}"
    return f"{verdict.distance_bits} bits{turned}"


def _size(image: Fingerprint) -> str:
    return f"{image.width_px}×{image.height_px} {image.format} {max(1, round(image.size_bytes / 1000))} kB"


def _figure(path: str, caption: str) -> str:
    try:
        picture = f'<img alt="" loading="lazy" src="{_thumbnail(path)}">'
    except (ImageError, OSError):
        picture = '<span class="missing">no longer readable</span>'
    title = html.escape(path, quote=True)
    name = html.escape(path.rpartition("/")[2])
    return f'<figure title="{title}">{picture}<figcaption>{html.escape(caption)}<br>{name}</figcaption></figure>'


def _thumbnail(path: str) -> str:
    with open(path, "rb") as file:
        picture = decode(file.read()).picture.convert("RGB")
    picture.thumbnail((_SIDE_PX, _SIDE_PX))
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(target.getvalue()).decode()}"
