#!/usr/bin/env python3
"""Windows of one program, slides on one background, sheets of one form: alike but for what is written on them.

    benchmarks/windows.py [--half tune|report|fresh] [--seed N] [--count 40] [--out DIR]

Of each kind, pictures are drawn by lot, each with another text. Printed: how many of them are thrown out, each of
which is its own, and which share of their true copies is found: resized, compressed, converted, framed. Of the kinds,
one half was looked at when thresholds were chosen, and the other, too, by now; ``fresh`` are those of
``benchmarks/sheets.py``, which nothing was tuned to. ``--out`` keeps the pictures.
"""

import argparse
import io
import random
import sys
from collections.abc import Callable, Mapping
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sheets import SHEETS
from synsift.dedupe import Fingerprint, Matcher, cluster, fingerprint
from tests.dedupe.pictures import encoded, photograph, scene

Lot = random.Random
Pen = ImageDraw.ImageDraw

_TEXT = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they "
    "which one you were all her she there would their we him been has when who will no more if out so what up "
    "said its about than into them can only other time new some could these two may first then do any like my now "
    "over such our man me even most made after also did many off before must well back through years where much "
    "your way down should because long each just state those people too mister how little good world make very "
    "year still see own work men day get here old between both life being under three never know same last "
    "another while us might great go come since against right came take used himself house few use place during "
    "high without again home around small"
)
_WORDS = _TEXT.split()
_PEOPLE = "Ada Bela Chen Dora Emil Fumi Gita Hugo Ines Jonas Kira Luca Mona Nils Olga Pavel Rosa Sven Tara Uwe Vera"
_NAMES = _PEOPLE.split()


def sentence(lot: Lot, least: int, most: int) -> str:
    """Words by lot, with a capital."""
    return " ".join(lot.choices(_WORDS, k=lot.randint(least, most))).capitalize()


def lines(pen: Pen, lot: Lot, box: tuple[int, int, int, int], size: int, fill: str = "#222222") -> None:
    """Paragraphs that fill a box, or end before it does."""
    left, top, right, bottom = box
    y, end = top, top + int((bottom - top) * lot.uniform(0.55, 1.0))
    while y + size < end:
        words, text = [lot.choice(_WORDS) for _ in range(lot.randint(20, 90))], ""
        for word in words:
            if pen.textlength(f"{text} {word}", font_size=size) > right - left:
                pen.text((left, y), text, fill=fill, font_size=size)
                y, text = y + int(size * 1.45), ""
                if y + size >= end:
                    return
            text = f"{text} {word}".strip()
        pen.text((left, y), text, fill=fill, font_size=size)
        y += int(size * 2.4)


def page(width: int, height: int, fill: str) -> tuple[Image.Image, Pen]:
    """A picture of one colour."""
    image = Image.new("RGB", (width, height), fill)
    return image, ImageDraw.Draw(image)


def mail(lot: Lot, *, letters: random.Random | None = None) -> Image.Image:
    """A window in three panes: folders, a list, a letter."""
    image, pen = page(1100, 720, "#f5f5f7")
    pen.rectangle((0, 0, 1100, 44), fill="#3b5b8c")
    for number, name in enumerate(("Write", "Reply", "Forward", "Delete", "Search")):
        pen.rounded_rectangle((14 + 100 * number, 8, 104 + 100 * number, 36), 6, fill="#5577aa")
        pen.text((59 + 100 * number, 22), name, fill="white", font_size=15, anchor="mm")
    for number, name in enumerate(("Inbox", "Drafts", "Sent", "Archive", "Spam", "Bin", "Lists", "Bills")):
        pen.text((16, 64 + 30 * number), name, fill="#222233", font_size=15)
    pen.rectangle((150, 44, 430, 720), fill="white", outline="#cccccc")
    of_list, chosen = letters or lot, lot.randrange(11)
    for number in range(11):
        y = 50 + 60 * number
        pen.rectangle((151, y, 429, y + 58), fill="#d6e4ff" if number == chosen else "white")
        pen.text((160, y + 6), of_list.choice(_NAMES), fill="black", font_size=15)
        pen.text((160, y + 28), sentence(of_list, 3, 5)[:34], fill="#555555", font_size=14)
        pen.line((150, y + 59, 430, y + 59), fill="#e3e3e3")
    pen.text((450, 60), sentence(lot, 3, 6), fill="black", font_size=22)
    pen.text((450, 94), f"{lot.choice(_NAMES)} to {lot.choice(_NAMES)}", fill="#666666", font_size=14)
    lines(pen, lot, (450, 130, 1080, 700), 15)
    return image


def terminal(lot: Lot) -> Image.Image:
    """Light letters on black, a line a command or a file."""
    image, pen = page(900, 560, "#101418")
    pen.rectangle((0, 0, 900, 26), fill="#3a3f46")
    pen.text((450, 13), "user: ~/work", fill="#dddddd", font_size=14, anchor="mm")
    for row in range(lot.randint(16, 28)):
        y = 34 + 18 * row
        if lot.random() < 0.2:
            pen.text((8, y), "user:~/work$", fill="#6fd36f", font_size=14)
            pen.text((100, y), " ".join(lot.choices(_WORDS, k=lot.randint(1, 4))), fill="#eeeeee", font_size=14)
        else:
            text = "-rw-r--r--  user  " + " ".join(lot.choices(_WORDS, k=lot.randint(2, 11)))
            pen.text((8, y), text, fill="#c8ccd0", font_size=14)
    return image


def form(lot: Lot) -> Image.Image:
    """A sheet with the same questions and other answers."""
    image, pen = page(620, 877, "white")
    pen.text((310, 40), "Application for a permit", fill="black", font_size=26, anchor="mm")
    for row in range(14):
        y = 90 + 50 * row
        pen.text(
            (40, y),
            f"{row + 1}. {_WORDS[row * 7 % 90].capitalize()} {_WORDS[row * 11 % 90]}",
            font_size=13,
            fill="black",
        )
        pen.rectangle((220, y - 8, 580, y + 24), outline="#444444")
        pen.text((228, y), sentence(lot, 1, 5)[:40], fill="#14308c", font_size=17)
    pen.text((40, 810), "Signed at the town hall, by the one who applies", fill="black", font_size=13)
    pen.line([(400 + 12 * step, 820 + lot.randint(-14, 14)) for step in range(14)], fill="#14308c", width=2)
    return image


def _slide(image: Image.Image, lot: Lot, fill: str) -> Image.Image:
    pen = ImageDraw.Draw(image)
    pen.text((60, 50), sentence(lot, 2, 5)[:34], fill=fill, font_size=44)
    y = 150
    for _ in range(lot.randint(3, 6)):
        pen.ellipse((70, y + 10, 82, y + 22), fill=fill)
        pen.text((100, y), sentence(lot, 3, 8)[:50], fill=fill, font_size=28)
        y += 62
    pen.text((60, 560), "Institute of Examples", fill=fill, font_size=16)
    return image


def slide(lot: Lot) -> Image.Image:
    """On a gradient with a sign in its corner."""
    ramp = np.linspace(1, 0.55, 600)[:, None, None] * np.float32([40, 70, 130]) + np.zeros((1, 960, 1), np.float32)
    image = Image.fromarray(ramp.astype(np.uint8))
    ImageDraw.Draw(image).ellipse((850, 500, 930, 580), fill="#ffb703")
    return _slide(image, lot, "white")


def slide_on_photograph(lot: Lot) -> Image.Image:
    """On a photograph."""
    return _slide(ImageEnhance.Brightness(photograph(77, (960, 600))).enhance(0.6), lot, "white")


def slide_on_scene(lot: Lot) -> Image.Image:
    """On a drawn picture that fills it."""
    return _slide(scene(5, (960, 600)), lot, "white")


def editor(lot: Lot) -> Image.Image:
    """A program's text, coloured, with numbers of lines and a tree of files."""
    image, pen = page(1000, 650, "#1e1e1e")
    pen.rectangle((0, 0, 200, 650), fill="#252526")
    for row in range(18):
        pen.text(
            (16 + 12 * (row % 3), 40 + 24 * row),
            f"{_WORDS[row * 5]}_{_WORDS[row * 3 + 40]}.py",
            fill="#cccccc",
            font_size=13,
        )
    pen.rectangle((200, 0, 1000, 30), fill="#2d2d2d")
    first, indent = lot.randint(1, 900), 0
    for row in range(30):
        y = 38 + 20 * row
        pen.text((212, y), str(first + row), fill="#858585", font_size=13)
        indent = max(0, min(4, indent + lot.choice((-1, 0, 0, 1))))
        x = 260 + 28 * indent
        for word in lot.choices(_WORDS, k=lot.randint(0, 8)):
            pen.text((x, y), word, fill=lot.choice(("#d4d4d4", "#569cd6", "#ce9178", "#dcdcaa")), font_size=14)
            x += int(pen.textlength(word + "  ", font_size=14))
    return image


def web_page(lot: Lot) -> Image.Image:
    """One header, other articles."""
    image, pen = page(1000, 1200, "white")
    pen.rectangle((0, 0, 1000, 90), fill="#b3202c")
    pen.text((40, 45), "The Daily Example", fill="white", font_size=40, anchor="lm")
    for number, name in enumerate(("World", "Money", "Sport", "Arts", "Science", "Travel", "Weather")):
        pen.text((40 + 130 * number, 105), name, fill="#333333", font_size=18)
    pen.line((0, 140, 1000, 140), fill="#999999")
    pen.text((40, 165), sentence(lot, 3, 6), fill="black", font_size=34)
    lines(pen, lot, (40, 230, 660, 1150), 17)
    pen.rectangle((700, 160, 960, 420), fill="#eef2f6")
    pen.text((715, 175), "Most read", fill="black", font_size=20)
    for number in range(5):
        pen.text((715, 215 + 38 * number), f"{number + 1}  {sentence(lot, 3, 4)[:26]}", fill="#222222", font_size=15)
    return image


def labelled_map(lot: Lot) -> Image.Image:
    """The same streets, a river and a park; other places are named."""
    image, pen = page(800, 640, "#f2efe9")
    streets = Lot(4)
    pen.polygon([(480, 60), (760, 120), (700, 330), (520, 280)], fill="#c8e6b8")
    pen.line([(0, 420), (180, 470), (360, 430), (560, 520), (800, 480)], fill="#9ec9e8", width=34)
    for _ in range(16):
        side = streets.random() < 0.5
        ends = [(0, streets.randrange(640)), (800, streets.randrange(640))]
        if side:
            ends = [(streets.randrange(800), 0), (streets.randrange(800), 640)]
        pen.line(ends, fill="#d0c8bc", width=9)
        pen.line(ends, fill="white", width=6)
    for _ in range(lot.randint(14, 24)):
        x, y = lot.randrange(20, 690), lot.randrange(20, 610)
        pen.ellipse((x, y, x + 8, y + 8), fill="#c0392b")
        pen.text((x + 12, y - 4), sentence(lot, 1, 2), fill="#333333", font_size=lot.choice((13, 13, 16, 20)))
    return image


def table(lot: Lot) -> Image.Image:
    """A sheet of numbers under the same heads."""
    image, pen = page(960, 600, "white")
    pen.rectangle((0, 0, 960, 60), fill="#217346")
    pen.text((20, 30), "Figures of the month", fill="white", font_size=22, anchor="lm")
    for row in range(21):
        y = 60 + 26 * row
        pen.rectangle((0, y, 960, y + 26), fill="#f3f3f3" if row == 0 else "white", outline="#d5d5d5")
        for column in range(9):
            x = 12 + 105 * column
            text = f"{lot.uniform(-9999, 99999):,.2f}" if lot.random() < 0.85 else ""
            if row == 0 or column == 0:
                text = _WORDS[row * 3 + column]
            pen.text((x, y + 5), text, fill="black", font_size=14)
    for column in range(1, 9):
        pen.line((105 * column, 60, 105 * column, 600), fill="#d5d5d5")
    return image


def chat(lot: Lot) -> Image.Image:
    """On a telephone."""
    image, pen = page(420, 840, "#e5ddd5")
    pen.rectangle((0, 0, 420, 64), fill="#075e54")
    pen.ellipse((14, 12, 54, 52), fill="#cccccc")
    pen.text((70, 32), "Family", fill="white", font_size=22, anchor="lm")
    y = 80
    while y < 740:
        mine, rows = lot.random() < 0.5, lot.randint(1, 4)
        left, right = (90, 408) if mine else (12, 330)
        pen.rounded_rectangle((left, y, right, y + 16 + 22 * rows), 12, fill="#dcf8c6" if mine else "white")
        for row in range(rows):
            pen.text((left + 10, y + 8 + 22 * row), sentence(lot, 3, 6)[:34], fill="black", font_size=16)
        y += 30 + 22 * rows
    pen.rounded_rectangle((10, 784, 350, 828), 20, fill="white")
    pen.ellipse((364, 784, 408, 828), fill="#128c7e")
    return image


def desktop(lot: Lot) -> Image.Image:
    """A window with some lines before a photograph."""
    image = photograph(78, (1000, 640))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 610, 1000, 640), fill="#202020")
    pen.rectangle((220, 110, 780, 500), fill="#fafafa", outline="#777777")
    pen.rectangle((220, 110, 780, 140), fill="#dcdcdc")
    pen.text((500, 125), "Notes", fill="black", font_size=16, anchor="mm")
    lines(pen, lot, (240, 160, 760, 480), 18)
    return image


def poster(lot: Lot) -> Image.Image:
    """A notice with the same frame, sign and place."""
    image, pen = page(600, 800, "#fff7e6")
    pen.rectangle((20, 20, 580, 780), outline="#b5651d", width=10)
    pen.ellipse((240, 60, 360, 180), fill="#b5651d")
    for row in range(lot.randint(2, 4)):
        pen.text((300, 250 + 70 * row), sentence(lot, 1, 2)[:18], fill="#5a2d0c", font_size=52, anchor="mm")
    for row in range(lot.randint(2, 5)):
        pen.text((300, 560 + 34 * row), sentence(lot, 3, 6)[:38], fill="black", font_size=22, anchor="mm")
    pen.text((300, 745), "Village hall, the corner of Mill Lane", fill="#5a2d0c", font_size=20, anchor="mm")
    return image


KINDS: Mapping[str, Mapping[str, Callable[[Lot], Image.Image]]] = {
    "tune": {
        "mail": mail,
        "mail, same list": lambda lot: mail(lot, letters=Lot(8)),
        "terminal": terminal,
        "form": form,
        "slides": slide,
        "slides on a photograph": slide_on_photograph,
    },
    "report": {
        "editor": editor,
        "web page": web_page,
        "map": labelled_map,
        "table": table,
        "chat": chat,
        "desktop": desktop,
        "poster": poster,
        "slides on a scene": slide_on_scene,
    },
    "fresh": SHEETS,
}
"""Of either half, who draws one."""


def sized(share: float) -> Callable[[Image.Image], Image.Image]:
    """As large as a share of the sides."""
    return lambda image: image.resize((int(image.width * share), int(image.height * share)), Image.Resampling.LANCZOS)


COPIES: Mapping[str, Callable[[Image.Image], bytes]] = {
    "quality 85": lambda image: encoded(image, "JPEG", quality=85),
    "quality 30": lambda image: encoded(image, "JPEG", quality=30),
    "WebP": lambda image: encoded(image, "WEBP", quality=60),
    "GIF": lambda image: encoded(image.quantize(64), "GIF"),
    "3/4": lambda image: encoded(sized(0.75)(image), "JPEG", quality=85),
    "half": lambda image: encoded(sized(0.5)(image), "JPEG", quality=80),
    "third, PNG": lambda image: encoded(sized(0.34)(image), "PNG"),
    "fifth": lambda image: encoded(sized(0.2)(image), "JPEG", quality=85),
    "x 1.5": lambda image: encoded(sized(1.5)(image), "JPEG", quality=85),
    "grey": lambda image: encoded(image.convert("L"), "JPEG", quality=85),
    "brighter": lambda image: encoded(ImageEnhance.Brightness(image).enhance(1.1), "JPEG", quality=85),
    "flatter": lambda image: encoded(ImageEnhance.Contrast(image).enhance(0.8), "JPEG", quality=85),
    "framed": lambda image: encoded(ImageOps.expand(image, image.width // 20, "black"), "JPEG", quality=85),
    "cropped by 3 %": lambda image: encoded(ImageOps.crop(image, image.width * 3 // 200), "JPEG", quality=85),
}
"""True copies."""


class Drawn(NamedTuple):
    """A picture of a kind, and its copies by their names."""

    kind: str
    image: Fingerprint
    copies: dict[str, Fingerprint]


def draw(task: tuple[str, str, int, Path | None]) -> Drawn:
    """Draw one, every second as JPEG."""
    half, kind, number, out = task
    image = KINDS[half][kind](Lot(f"{kind} {number}"))
    name, options = ("JPEG", {"quality": 90}) if number % 2 else ("PNG", {})
    data = encoded(image, name, **options)
    if out:
        (out / kind).mkdir(parents=True, exist_ok=True)
        (out / kind / f"{number:04d}.{name.lower()}").write_bytes(data)
    with Image.open(io.BytesIO(data)) as opened:
        again = opened.convert("RGB")
    return Drawn(kind, fingerprint(data), {how: fingerprint(copy(again)) for how, copy in COPIES.items()})


def show(kind: str, drawn: list[Drawn]) -> tuple[int, float]:
    """Print how many of a kind are thrown out, and the share of copies that are found."""
    groups = cluster({number: one.image for number, one in enumerate(drawn)}).groups
    out = sum(len(group.copies) for group in groups)
    shares = {}
    for how in COPIES:
        shares[how] = float(
            np.mean([bool(Matcher.of_reference([one.image]).match(one.copies[how]).of) for one in drawn])
        )
    mean = float(np.mean(list(shares.values())))
    lost = ", ".join(f"{how} {share:.2f}" for how, share in shares.items() if share < 1)
    print(f"{kind:24s}{out:4d} of {len(drawn)} thrown out; copies found {mean:.3f}: {lost or 'all'}", flush=True)
    return out, mean


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=tuple(KINDS), default="report")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--count", type=int, default=40, metavar="N")
    parser.add_argument("--out", type=Path, metavar="DIR")
    options = parser.parse_args()
    begin = options.seed * 1_000
    with Pool() as pool:
        found = []
        for kind in KINDS[options.half]:
            tasks = [(options.half, kind, number, options.out) for number in range(begin, begin + options.count)]
            found.append(show(kind, pool.map(draw, tasks, chunksize=4)))
    print(f"{sum(out for out, _ in found)} thrown out; copies found {np.mean([mean for _, mean in found]):.4f}")


if __name__ == "__main__":
    main()
