"""One drawing in many states, each of them its own picture, for ``benchmarks/drawings.py``.

All of a kind is the same in every picture but for one part: a beam more of a gallows, a page of a dialog, the rows of
an account, a marker on a map, a line of a chart, how far something is, who stands where on a board.
"""

import random
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image, ImageDraw

Draw = Callable[[random.Random], Image.Image]

_TEXT: Final = (
    "always border colour draft every folder grid hide inside join keep line margin name open page quick row show tab "
    "under value window zoom apply before copy default edit first group height image jump key level menu next option"
)
_WORDS: Final = _TEXT.split()
_FILLS: Final = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#b07aa1", "#9c755f")


def _page(width: int, height: int, fill: str = "white") -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (width, height), fill)
    return image, ImageDraw.Draw(image)


def _words(rng: random.Random, number: int) -> str:
    return " ".join(rng.choices(_WORDS, k=number)).capitalize()


def gallows(rng: random.Random) -> Image.Image:
    """Hatched as by a pencil, with some of its beams and of what hangs there."""
    image, pen = _page(440, 380)
    beams = [((40, 345), (400, 345)), ((90, 345), (90, 30)), ((90, 40), (300, 40)), ((90, 110), (160, 40))]
    more = [((280, 40), (280, 90)), ((280, 150), (280, 240)), ((250, 180), (310, 180)), ((280, 240), (255, 300))]
    more += [((280, 240), (305, 300)), ((340, 345), (370, 290)), ((180, 345), (180, 300)), ((120, 330), (200, 330))]
    hatch = random.Random(3)  # noqa: S311 - draws pictures
    lines = [line for line in more if rng.random() < 0.5]
    for (x, y), (to_x, to_y) in [*beams, *lines]:
        for _ in range(26):
            a, b, c, d = (hatch.randint(-12, 12) for _ in range(4))
            pen.line((x + a, y + b, to_x + c, to_y + d), fill="#28508a", width=1)
    return image


def dialog(rng: random.Random) -> Image.Image:
    """Settings of a program, with one page open."""
    image, pen = _page(640, 480, "#ece9e2")
    pen.rectangle((0, 0, 640, 30), fill="#3c5a96")
    pen.text((12, 6), "Preferences of the little editor", fill="white", font_size=17)
    for number, word in enumerate(("Fonts", "Colours", "Indenting", "Saving", "Spelling", "Keys", "Printing", "About")):
        y = 46 + 44 * number
        pen.rectangle((14, y, 150, y + 38), fill="white", outline="#969696")
        pen.ellipse((22, y + 8, 44, y + 30), fill=_FILLS[number % 7])
        pen.text((54, y + 10), word, fill="black", font_size=16)
    for number, word in enumerate(("Help", "Cancel", "Apply", "Close")):
        pen.rectangle((180 + 112 * number, 436, 280 + 112 * number, 468), fill="#dcd8d0", outline="#5a5a5a")
        pen.text((200 + 112 * number, 442), word, fill="black", font_size=16)
    for line in range(rng.randint(4, 9)):
        pen.rectangle((190, 56 + 40 * line, 204, 70 + 40 * line), outline="black", fill="white")
        pen.text((216, 52 + 40 * line), _words(rng, rng.randint(2, 5)), fill="black", font_size=17)
    return image


def account(rng: random.Random) -> Image.Image:
    """A program's table of entries, at any row."""
    image, pen = _page(700, 440, "#d2d2d6")
    pen.text((10, 6), "Checking account of the shop", fill="black", font_size=16)
    for number, word in enumerate(("Save", "Close", "Copy", "Delete", "Enter", "Split", "Jump", "Print")):
        pen.rectangle((8 + 86 * number, 30, 86 + 86 * number, 76), fill="#f5f5f5", outline="#787878")
        pen.ellipse((34 + 86 * number, 34, 56 + 86 * number, 56), fill=_FILLS[number % 7])
        pen.text((20 + 86 * number, 57), word, fill="black", font_size=15)
    for line in range(rng.randint(5, 14)):
        y = 84 + 25 * line
        pen.rectangle((0, y, 700, y + 24), fill="#bedebe" if line % 2 else "#ebf5e1")
        pen.text((10, y + 3), f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}", fill="black", font_size=15)
        pen.text((90, y + 3), _words(rng, 3), fill="black", font_size=15)
        pen.text((590, y + 3), f"{rng.uniform(1, 900):.2f}", fill="black", font_size=15)
    return image


def marked(rng: random.Random) -> Image.Image:
    """A map of streets, and where something is."""
    image, pen = _page(520, 400, "#f2efe9")
    town = random.Random(11)  # noqa: S311 - draws pictures
    for _ in range(14):
        x, y = town.randint(0, 520), town.randint(0, 400)
        fill = town.choice(["#cdebb0", "#aad3df"])
        pen.ellipse((x - 50, y - 34, x + 50, y + 34), fill=fill)
    for _ in range(26):
        line = (town.randint(-50, 570), town.randint(-50, 450), town.randint(-50, 570), town.randint(-50, 450))
        pen.line(line, fill="#c8c3ba", width=9)
        pen.line(line, fill="white", width=6)
    for _ in range(20):
        pen.text((town.randint(0, 440), town.randint(0, 380)), _words(town, 1), fill="#555555", font_size=13)
    x, y = rng.randint(20, 500), rng.randint(50, 390)
    pen.polygon(((x, y), (x - 13, y - 28), (x + 13, y - 28)), fill="#d7263d")
    pen.ellipse((x - 14, y - 44, x + 14, y - 16), fill="#d7263d")
    pen.ellipse((x - 5, y - 35, x + 5, y - 25), fill="white")
    return image


def chart(rng: random.Random) -> Image.Image:
    """Three lines of every year, and one that is another."""
    image, pen = _page(560, 360)
    pen.line((50, 20, 50, 320, 540, 320), fill="black", width=2)
    for number in range(6):
        pen.line((50, 20 + 60 * number, 540, 20 + 60 * number), fill="#dddddd")
        pen.text((12, 12 + 60 * number), f"{100 - 20 * number}", fill="black", font_size=14)
    of_all = random.Random(4)  # noqa: S311 - draws pictures
    for number, lot in enumerate((of_all, of_all, of_all, rng)):
        points = [(60 + 40 * step, lot.randint(40, 300)) for step in range(13)]
        pen.line(points, fill=_FILLS[number], width=4)
        pen.text((430, 24 + 20 * number), f"of kind {number}", fill=_FILLS[number], font_size=15)
    return image


def progress(rng: random.Random) -> Image.Image:
    """What is being copied, and how far it is."""
    image, pen = _page(480, 220, "#efefef")
    pen.rectangle((0, 0, 480, 28), fill="#2b4a7f")
    pen.text((12, 5), "Copying files", fill="white", font_size=16)
    pen.text((20, 50), "Everything of the old disk goes to the new one.", fill="black", font_size=16)
    pen.rectangle((20, 90, 460, 120), outline="#666666", fill="white", width=2)
    share = rng.random()
    pen.rectangle((22, 92, 22 + 436 * share, 118), fill="#3fa34d")
    pen.text((20, 132), f"{share:.0%} of 4,096 files", fill="black", font_size=16)
    pen.rectangle((360, 170, 460, 202), fill="#dddddd", outline="#555555")
    pen.text((384, 176), "Cancel", fill="black", font_size=16)
    return image


def board(rng: random.Random) -> Image.Image:
    """Counters of two players on a board with names of places."""
    image, pen = _page(480, 480, "#deb887")
    for place in range(64):
        x, y = 60 * (place % 8), 60 * (place // 8)
        pen.rectangle((x, y, x + 59, y + 59), fill="#f0d9b5" if (place + place // 8) % 2 else "#b58863")
        pen.text((x + 4, y + 2), f"{'abcdefgh'[place % 8]}{8 - place // 8}", fill="black", font_size=13)
    begin = random.Random(7)  # noqa: S311 - draws pictures
    taken = begin.sample(range(56), 18)
    for number, place in enumerate([*taken, rng.randrange(56, 64)]):
        x, y = 60 * (place % 8), 60 * (place // 8)
        pen.ellipse(
            (x + 8, y + 10, x + 52, y + 54), fill="#eeeeee" if number % 2 else "#8b1a1a", outline="black", width=3
        )
    return image


STATES: Final[Mapping[str, tuple[int, Draw]]] = {
    "gallows": (40, gallows),
    "pages of a dialog": (40, dialog),
    "rows of an account": (40, account),
    "marked maps": (40, marked),
    "charts with one other line": (40, chart),
    "progress": (40, progress),
    "boards with one counter moved": (8, board),
}
"""How many of each kind, and who draws one."""
