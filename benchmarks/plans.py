"""Drawings of things that come in many states: instruments, boards, sheets and plans, for ``benchmarks/drawings.py``.

What a picture shows is drawn by lot. Of a kind that has one moving part, such as a thermometer, two may show the same
to within a line's width; what is thrown out of these has to be looked at.
"""

import math
import random
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image, ImageDraw

Draw = Callable[[random.Random], Image.Image]

_SIGNS: Final = (
    *("H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar", "K", "Ca"),
    *("Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr"),
)
_MONTHS: Final = (
    *("JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE"),
    *("JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _page(width: int, height: int, fill: str = "white") -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (width, height), fill)
    return image, ImageDraw.Draw(image)


def _hand(pen: ImageDraw.ImageDraw, centre: tuple[int, int], turn: float, length: int, width: int) -> None:
    x, y = centre
    pen.line((x, y, x + length * math.sin(turn), y - length * math.cos(turn)), fill="black", width=width)


def thermometer(rng: random.Random) -> Image.Image:
    """A red column in a glass tube with a scale."""
    image, pen = _page(160, 400)
    pen.rounded_rectangle((60, 20, 100, 350), 20, fill="#eef4f8", outline="black", width=3)
    pen.ellipse((48, 310, 112, 374), fill="#d62828", outline="black", width=3)
    pen.rectangle((70, 330 - 290 * rng.random(), 90, 345), fill="#d62828")
    for place in range(11):
        pen.line((104, 40 + 29 * place, 122 if place % 5 else 136, 40 + 29 * place), fill="black", width=2)
    return image


def gauge(rng: random.Random) -> Image.Image:
    """A round instrument with a needle over three quarters of a circle."""
    image, pen = _page(280, 280, "#202830")
    pen.ellipse((14, 14, 266, 266), fill="#f4f4f0", outline="#888888", width=6)
    for place in range(11):
        turn = math.radians(-135 + 27 * place)
        x, y = math.sin(turn), -math.cos(turn)
        pen.line((140 + 100 * x, 140 + 100 * y, 140 + 115 * x, 140 + 115 * y), fill="black", width=3)
        pen.text((140 + 84 * x, 140 + 84 * y), str(place), fill="black", font_size=16, anchor="mm")
    _hand(pen, (140, 140), math.radians(-135 + 270 * rng.random()), 92, 5)
    pen.ellipse((130, 130, 150, 150), fill="black")
    return image


def clock(rng: random.Random) -> Image.Image:
    """A station's clock at some minute of twelve hours."""
    image, pen = _page(260, 260)
    pen.ellipse((10, 10, 250, 250), fill="white", outline="black", width=6)
    for place in range(60):
        turn, begin = math.radians(6 * place), 100 if place % 5 else 90
        x, y = math.sin(turn), -math.cos(turn)
        pen.line((130 + begin * x, 130 + begin * y, 130 + 112 * x, 130 + 112 * y), fill="black", width=2)
    minutes = rng.randrange(720)
    _hand(pen, (130, 130), math.radians(minutes / 2), 60, 9)
    _hand(pen, (130, 130), math.radians(6 * minutes), 96, 6)
    return image


def battery(rng: random.Random) -> Image.Image:
    """As a telephone shows it, in twenty-five steps."""
    image, pen = _page(240, 120, "#f2f2f7")
    pen.rounded_rectangle((20, 25, 206, 95), 16, outline="#3a3a3c", width=5)
    pen.rectangle((210, 48, 218, 72), fill="#3a3a3c")
    step = rng.randrange(1, 26)
    pen.rounded_rectangle((30, 35, 30 + 166 * step / 25, 85), 8, fill="#34c759" if step > 5 else "#ff3b30")
    return image


_PIECES: Final[Mapping[str, tuple[tuple[int, int], ...]]] = {
    "pawn": ((20, 10), (26, 16), (23, 21), (28, 33), (12, 33), (17, 21), (14, 16)),
    "rook": ((11, 9), (16, 9), (16, 12), (24, 12), (24, 9), (29, 9), (27, 18), (27, 34), (13, 34), (13, 18)),
    "bishop": ((20, 5), (27, 15), (24, 22), (28, 34), (12, 34), (16, 22), (13, 15)),
    "knight": ((13, 34), (16, 23), (9, 22), (12, 13), (20, 6), (29, 14), (29, 34)),
    "queen": ((8, 10), (15, 19), (20, 6), (25, 19), (32, 10), (28, 34), (12, 34)),
    "king": ((18, 4), (22, 4), (22, 12), (31, 16), (27, 34), (13, 34), (9, 16), (18, 12)),
}


def chess(rng: random.Random) -> Image.Image:
    """A position on a board."""
    image, pen = _page(320, 320)
    for square in range(64):
        x, y = square % 8 * 40, square // 8 * 40
        pen.rectangle((x, y, x + 39, y + 39), fill="#b58863" if (square + square // 8) % 2 else "#f0d9b5")
    for square in rng.sample(range(64), rng.randint(6, 26)):
        points = [(square % 8 * 40 + x, square // 8 * 40 + y) for x, y in _PIECES[rng.choice(sorted(_PIECES))]]
        fill, outline = rng.choice([("white", "black"), ("#222222", "#222222")])
        pen.polygon(points, fill=fill, outline=outline)
    return image


def chess_moved(rng: random.Random) -> Image.Image:
    """One position of a few pieces of which one more stands anywhere."""
    image = chess(random.Random(5))  # noqa: S311 - draws pictures
    pen, square = ImageDraw.Draw(image), rng.randrange(64)
    x, y = square % 8 * 40, square // 8 * 40
    pen.rectangle((x, y, x + 39, y + 39), fill="#b58863" if (square + square // 8) % 2 else "#f0d9b5")
    pen.polygon([(x + right, y + down) for right, down in _PIECES["queen"]], fill="#222222")
    return image


def music(rng: random.Random) -> Image.Image:
    """Two staves of quarter notes."""
    image, pen = _page(480, 220)
    for top in (40, 140):
        for line in range(5):
            pen.line((15, top + 10 * line, 465, top + 10 * line), fill="black", width=1)
        for bar in range(5):
            pen.line((15 + 112 * bar, top, 15 + 112 * bar, top + 40), fill="black", width=2)
        for note in range(16):
            x, y = 32 + 28 * note, top + 5 * rng.randint(-1, 9)
            pen.ellipse((x - 7, y - 5, x + 7, y + 5), fill="black")
            up = y > top + 20
            stem = x + 6 if up else x - 6
            pen.line((stem, y, stem, y - 30 if up else y + 30), fill="black", width=2)
    return image


def crossword(rng: random.Random) -> Image.Image:
    """Thirteen by thirteen, point-symmetric."""
    image, pen = _page(332, 332)
    black = {place for place in range(85) if rng.random() < 0.2}
    for place in range(169):
        x, y = 10 + place % 13 * 24, 10 + place // 13 * 24
        is_black = place in black or 168 - place in black
        pen.rectangle((x, y, x + 24, y + 24), fill="black" if is_black else "white", outline="black")
    return image


def plan(rng: random.Random) -> Image.Image:
    """A flat's walls, doors and windows."""
    image, pen = _page(400, 300)
    pen.rectangle((20, 20, 380, 280), outline="black", width=8)
    down, across = rng.randint(120, 280), rng.randint(90, 210)
    pen.line((down, 20, down, 280), fill="black", width=6)
    pen.line((20, across, down, across), fill="black", width=6)
    other = rng.randint(70, 230)
    pen.line((down, other, 380, other), fill="black", width=6)
    for x, y in ((down, rng.randint(40, 240)), (down, rng.randint(40, 240))):
        pen.rectangle((x - 4, y, x + 4, y + 28), fill="white")
        pen.arc((x - 28, y - 28, x + 28, y + 28), 0, 90, fill="black", width=2)
    for _ in range(3):
        x, y = rng.randint(40, 330), rng.choice([18, 274])
        pen.rectangle((x, y, x + 36, y + 8), fill="#88bbee")
    return image


def element(rng: random.Random) -> Image.Image:
    """A cell of the periodic table."""
    number = rng.randrange(len(_SIGNS))
    image, pen = _page(180, 200, ("#ffd6a5", "#caffbf", "#a0c4ff", "#ffadad")[number % 4])
    pen.rectangle((2, 2, 177, 197), outline="black", width=4)
    pen.text((14, 10), str(number + 1), fill="black", font_size=28)
    pen.text((90, 108), _SIGNS[number], fill="black", font_size=84, anchor="mm")
    pen.text((90, 176), f"{2.1 * (number + 1):.3f}", fill="black", font_size=22, anchor="mm")
    return image


def weather(rng: random.Random) -> Image.Image:
    """A sun, perhaps behind a cloud from which something falls."""
    image, pen = _page(200, 200, "#e9f2fb")
    sun, cloud, drops, flash = rng.random() < 0.6, rng.random() < 0.8, rng.randint(0, 4), rng.random() < 0.3
    if sun:
        pen.ellipse((100, 20, 170, 90), fill="#ffb703")
    if cloud or not sun:
        grey = rng.choice(["#9aa5b1", "#cfd8e3"])
        for box in ((30, 80, 100, 150), (70, 55, 140, 140), (110, 85, 170, 150)):
            pen.ellipse(box, fill=grey)
        pen.rectangle((65, 110, 140, 150), fill=grey)
    for drop in range(drops):
        pen.line((60 + 26 * drop, 158, 52 + 26 * drop, 182), fill="#2277cc", width=6)
    if flash:
        pen.polygon(((100, 120), (82, 160), (98, 160), (88, 192), (120, 148), (102, 148), (114, 120)), fill="#ffd60a")
    return image


def keyboard(rng: random.Random) -> Image.Image:
    """Of which one or two keys are marked."""
    image, pen = _page(420, 150, "#dddddd")
    marked = rng.sample(range(40), rng.randint(1, 2))
    for key in range(40):
        x, y = 10 + key % 10 * 40 + key // 10 * 4, 8 + key // 10 * 34
        pen.rounded_rectangle(
            (x, y, x + 34, y + 29), 5, fill="#e63946" if key in marked else "white", outline="#555555"
        )
    return image


def piano(rng: random.Random) -> Image.Image:
    """Two octaves with the keys of a chord marked."""
    image, pen = _page(430, 140)
    chord = rng.sample(range(14), 3)
    for key in range(14):
        pen.rectangle(
            (5 + 30 * key, 5, 35 + 30 * key, 135), fill="#8ecae6" if key in chord else "white", outline="black"
        )
    for key in range(14):
        if key % 7 not in (2, 6):
            pen.rectangle((26 + 30 * key, 5, 44 + 30 * key, 82), fill="black")
    return image


def leaf(rng: random.Random) -> Image.Image:
    """Of a calendar that shows a day."""
    image, pen = _page(240, 280, "#eeeeee")
    pen.rectangle((15, 15, 225, 265), fill="white", outline="#999999", width=2)
    pen.rectangle((15, 15, 225, 75), fill="#c1121f")
    pen.text((120, 46), rng.choice(_MONTHS), fill="white", font_size=30, anchor="mm")
    pen.text((120, 155), str(rng.randint(1, 31)), fill="black", font_size=110, anchor="mm")
    pen.text((120, 240), rng.choice(_DAYS), fill="#444444", font_size=26, anchor="mm")
    return image


def month(rng: random.Random) -> Image.Image:
    """Of a calendar that shows a month."""
    image, pen = _page(320, 280)
    pen.text((160, 24), rng.choice(_MONTHS), fill="#c1121f", font_size=28, anchor="mm")
    first, last = rng.randrange(7), rng.choice([28, 29, 30, 31])
    for day in range(1, last + 1):
        place = day + first - 1
        pen.text((34 + place % 7 * 42, 66 + place // 7 * 38), str(day), fill="black", font_size=22, anchor="mm")
    return image


def signal(rng: random.Random) -> Image.Image:
    """Flags of wigwag: two arms at eight places each."""
    image, pen = _page(240, 240)
    pen.ellipse((105, 60, 135, 90), fill="black")
    pen.line((120, 90, 120, 170), fill="black", width=12)
    for arm in rng.sample(range(8), 2):
        turn = math.radians(45 * arm)
        x, y = 120 + 70 * math.sin(turn), 110 - 70 * math.cos(turn)
        pen.line((120, 110, x, y), fill="black", width=7)
        pen.rectangle((x - 17, y - 17, x + 17, y + 17), fill="#d00000", outline="black")
    return image


def dice(rng: random.Random) -> Image.Image:
    """Three dice."""
    image, pen = _page(330, 130, "#2d6a4f")
    for die in range(3):
        x, value = 20 + 102 * die, rng.randint(1, 6)
        pen.rounded_rectangle((x, 20, x + 88, 108), 14, fill="white")
        spots = {1: (4,), 2: (0, 8), 3: (0, 4, 8), 4: (0, 2, 6, 8), 5: (0, 2, 4, 6, 8), 6: (0, 2, 3, 5, 6, 8)}[value]
        for spot in spots:
            across, down = x + 20 + 24 * (spot % 3), 40 + 24 * (spot // 3)
            pen.ellipse((across - 8, down - 8, across + 8, down + 8), fill="black")
    return image


PLANS: Final[Mapping[str, tuple[int, Draw]]] = {
    "thermometers": (40, thermometer),
    "gauges": (40, gauge),
    "clocks": (60, clock),
    "batteries": (20, battery),
    "chess": (60, chess),
    "chess, one piece": (40, chess_moved),
    "music": (60, music),
    "crosswords": (60, crossword),
    "floor plans": (60, plan),
    "elements": (30, element),
    "weather": (40, weather),
    "keyboards": (60, keyboard),
    "pianos": (60, piano),
    "calendar leaves": (60, leaf),
    "months": (60, month),
    "signals": (24, signal),
    "dice": (60, dice),
}
"""How many of each kind, and who draws one."""
