"""Images of a test set that stand in a training set, as one page: both pictures, side by side."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from synsift.dedupe.across import Crossing
from synsift.pipelines.pages.page import END, head_of, text

MOST: Final = 500
"""Pairs on one page; those that agree best."""
_MOST_NAMES: Final = 3
_TITLE: Final = "Test images in training"


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair: what it is, the files of either side, how their pictures are made; what local features say of it."""

    crossing: Crossing
    train: Sequence[str]
    test: Sequence[str]
    train_picture: Callable[[], str]
    test_picture: Callable[[], str]
    tie: str = ""


def render_leaks(found: Sequence[Shown], train: int, test: int) -> Iterator[str]:
    """Make the page, piece by piece.

    Args:
        found: In their order.
        train: How many images there are to train.
        test: And to test.
    """
    leaked = sum(len(names) for names in {one.crossing.other_sha256: one.test for one in found}.values())
    share = f" ({100 * leaked / test:.1f}\N{NO-BREAK SPACE}%)" if test else ""
    more = f" The first {MOST} of {len(found):,} pairs are shown." if len(found) > MOST else ""
    yield head_of(_TITLE)
    yield (
        f"<header><h1>{_TITLE}</h1><p>{train:,} images to train, {test:,} to test; {leaked:,}{share} of these stand in "
        f"training, too.{more}</p></header>\n<main>"
    )
    yield '<div class="groups">' if found else "<h2>Nothing leaks</h2>"
    for one in found[:MOST]:
        yield _pair(one)
    yield ("</div>" if found else "") + "</main>" + END


def _pair(one: Shown) -> str:
    crossing = one.crossing
    turned = "" if crossing.transform == "identity" else f", {crossing.transform}"
    said = f"test {one.tie.replace('_', ' ')} train, by local features" if one.tie else "copies"
    kind = "the same file" if crossing.is_exact else f"{said}, {crossing.score:.3f} of 1{turned}"
    figures = _figure("train", one.train, one.train_picture()) + _figure("test", one.test, one.test_picture())
    return f'<section class="group"><div class="cards">{figures}</div><p><b>{text(kind)}</b></p></section>\n'


def _figure(side: str, names: Sequence[str], picture: str) -> str:
    shown = (
        f'<span class="picture"><img alt="" loading="lazy" src="data:image/webp;base64,{picture}"></span>'
        if picture
        else '<span class="missing">only its fingerprint is known, or no picture can be made of it</span>'
    )
    lines = "".join(f'<p class="path"><bdi>{text(name)}</bdi></p>' for name in names[:_MOST_NAMES])
    more = f"<p>and {len(names) - _MOST_NAMES:,} more</p>" if len(names) > _MOST_NAMES else ""
    return f'<figure>{shown}<figcaption><p class="verdict">{side}</p>{lines}{more}</figcaption></figure>'
