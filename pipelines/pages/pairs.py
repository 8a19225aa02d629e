"""The page of ``calibrate``: pairs of images that look alike, for a person who says which of them are no copies."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from synsift.dedupe import Fingerprint, compare
from synsift.dedupe.calibration import Pair
from synsift.pipelines.pages.gallery import Making, OnPicture, thumbnails_of
from synsift.pipelines.pages.page import END, head_of, text

MOST_PAIRS: Final = 500
"""Pairs on one page; those with the highest scores."""
_TITLE: Final = "Pairs that look alike"


def render_pairs(
    pairs: Sequence[Pair[str]],
    images: Mapping[str, Fingerprint],
    making: Making,
    *,
    least: float,
    on_picture: OnPicture = lambda _: None,
) -> Iterator[str]:
    """Make the page, piece by piece.

    Args:
        pairs: In their order.
        images: Fingerprints by path.
        making: How thumbnails are made.
        least: The score that is proposed.
        on_picture: Told of every few pictures that are made, with their number.
    """
    shown = pairs[:MOST_PAIRS]
    yield head_of(_TITLE)
    yield f"<header><h1>{_TITLE}</h1><p>{_words(pairs, least)}</p></header>\n<main>"
    if not shown:
        yield "<h2>No pairs</h2>"
    else:
        yield (
            '<p class="hint">Of each pair that is no copy, put its line (two SHA-256) into a file, and name that by '
            "<code>--not-copies</code>; then <code>--judged</code> says that all others are copies.</p>"
            '<div class="groups">\n'
        )
    pictures = thumbnails_of([path for pair in shown for path in (pair.one, pair.other)], making, on_picture)
    for pair in shown:
        yield _pair(pair, images, next(pictures), next(pictures))
    yield ("</div>" if shown else "") + "</main>" + END


def _words(pairs: Sequence[Pair[str]], least: float) -> str:
    joined = sum(pair.score >= least for pair in pairs)
    more = f"; the first {MOST_PAIRS} are shown" if len(pairs) > MOST_PAIRS else ""
    unsure = sum(pair.is_unsure for pair in pairs)
    return (
        f"{len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'}, {unsure} of which only a person can judge; "
        f"{joined} would be copies with <code>dedupe.similarity = {least:g}</code>{more}."
    )


def _pair(pair: Pair[str], images: Mapping[str, Fingerprint], first: str, second: str) -> str:
    one, other = images[pair.one], images[pair.other]
    why = "".join(f"<p>{text(reason)}</p>" for reason in compare(one, other).reasons)
    if pair.is_taken_back:
        verdict = "told apart by local features"
    else:
        verdict = "judged: no copies" if pair.is_judged else "unsure" if pair.is_unsure else "copies beyond doubt"
    return (
        '<section class="group"><div class="cards">'
        f"{_figure(pair.one, one, first)}{_figure(pair.other, other, second)}</div>"
        f'<p><b>{pair.score:.3f}</b> <span class="verdict">{verdict}</span></p>'
        f"<details><summary>why, and the line for <code>--not-copies</code></summary>{why}"
        f"<p><code>{one.sha256} {other.sha256}</code></p></details></section>\n"
    )


def _figure(path: str, image: Fingerprint, picture: str) -> str:
    shown = (
        f'<span class="picture"><img alt="" src="data:image/webp;base64,{picture}"></span>'
        if picture
        else '<span class="missing">no picture can be made of it</span>'
    )
    return (
        f'<figure>{shown}<figcaption><p class="path"><bdi>{text(path)}</bdi></p>'
        f"<p>{image.width_px}×{image.height_px} {image.format}</p></figcaption></figure>"
    )
