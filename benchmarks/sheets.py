"""More windows, sheets and screens, for ``benchmarks/windows.py``: kinds that nothing was tuned to.

They were drawn when the trim of pages was done, and looked at once, to judge it.
"""

import random
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image, ImageDraw

from tests.dedupe.pictures import photograph

Lot = random.Random

_TEXT: Final = (
    "harbour lamp window garden winter paper letter market bridge signal morning copper engine meadow kettle saddle "
    "orchard violin compass lantern gravel timber canvas pepper marble thunder basket candle feather ladder mirror "
    "needle pocket ribbon shovel temple valley wagon yellow almond barrel cotton desert ember forest glacier hammer"
)
_WORDS: Final = _TEXT.split()
_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_FILLS: Final = ("#4472c4", "#ed7d31", "#a5a5a5", "#ffc000", "#5b9bd5", "#70ad47")


def _page(width: int, height: int, fill: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (width, height), fill)
    return image, ImageDraw.Draw(image)


def _words(lot: Lot, least: int, most: int) -> str:
    return " ".join(lot.choices(_WORDS, k=lot.randint(least, most)))


def spreadsheet(lot: Lot) -> Image.Image:
    """Letters above, numbers at the side, cells of any width that are filled here and there."""
    image, pen = _page(1100, 700, "white")
    pen.rectangle((0, 0, 1100, 58), fill="#f3f2f1")
    for number in range(14):
        pen.rectangle((16 + 42 * number, 14, 46 + 42 * number, 44), outline="#a19f9d")
    pen.rectangle((0, 58, 1100, 82), fill="#e6e6e6")
    pen.rectangle((0, 58, 44, 700), fill="#e6e6e6")
    widths = (120, 90, 150, 90, 90, 130, 90, 110, 100, 86)
    for row in range(25):
        y = 84 + 24 * row
        pen.text((22, y + 3), str(row + 1), fill="#444444", font_size=13, anchor="ma")
        x = 44
        for column, width in enumerate(widths):
            if row == 0:
                pen.text((x + width / 2, 62), "ABCDEFGHIJ"[column], fill="#444444", font_size=13, anchor="ma")
            if lot.random() < 0.55:
                text = _words(lot, 1, 2) if column in (0, 2, 5) else f"{lot.uniform(0, 9000):.1f}"
                pen.text((x + 5, y + 3), text[: width // 8], fill="black", font_size=14)
            x += width
            pen.line((x, 58, x, 700), fill="#d4d4d4")
        pen.line((0, y + 22, 1100, y + 22), fill="#d4d4d4")
    return image


def light_editor(lot: Lot) -> Image.Image:
    """A program's text on white, with a map of the file at the right."""
    image, pen = _page(1040, 680, "#ffffff")
    pen.rectangle((0, 0, 1040, 34), fill="#ececec")
    pen.rectangle((0, 0, 150, 34), fill="#ffffff")
    pen.text((14, 9), "main.rs", fill="#333333", font_size=14)
    pen.rectangle((0, 656, 1040, 680), fill="#007acc")
    indent = 0
    for row in range(30):
        y = 42 + 20 * row
        pen.text((40, y), str(row + 1), fill="#237893", font_size=14, anchor="ra")
        indent = max(0, min(5, indent + lot.choice((-1, 0, 1))))
        x = 60 + 30 * indent
        for word in lot.choices(_WORDS, k=lot.randint(0, 7)):
            pen.text((x, y), word, fill=lot.choice(("#000000", "#0000ff", "#a31515", "#008000")), font_size=14)
            x += int(pen.textlength(f"{word}  ", font_size=14))
        pen.line((960, 42 + 4 * row, 960 + (x - 60) // 10, 42 + 4 * row), fill="#888888")
    return image


def dashboard(lot: Lot) -> Image.Image:
    """Four numbers, a line, columns, and a list."""
    image, pen = _page(1120, 720, "#f0f2f5")
    pen.rectangle((0, 0, 180, 720), fill="#001529")
    for number in range(7):
        pen.text((24, 40 + 44 * number), _WORDS[number].capitalize(), fill="#a6adb4", font_size=15)
    for number in range(4):
        x = 200 + 228 * number
        pen.rounded_rectangle((x, 20, x + 212, 120), 6, fill="white")
        pen.text((x + 16, 34), _WORDS[number + 9].capitalize(), fill="#8c8c8c", font_size=14)
        pen.text((x + 16, 60), f"{lot.randint(100, 99999):,}", fill="#222222", font_size=32)
    pen.rounded_rectangle((200, 140, 740, 420), 6, fill="white")
    value, points = 280.0, []
    for step in range(50):
        value = min(400.0, max(170.0, value + lot.uniform(-26, 26)))
        points.append((220 + 10 * step, value))
    pen.line(points, fill="#1890ff", width=3)
    pen.rounded_rectangle((760, 140, 1100, 420), 6, fill="white")
    for number in range(8):
        x = 784 + 38 * number
        pen.rectangle((x, 400 - lot.randint(20, 230), x + 24, 400), fill=lot.choice(_FILLS))
    pen.rounded_rectangle((200, 440, 1100, 700), 6, fill="white")
    for row in range(8):
        pen.text((220, 452 + 30 * row), _words(lot, 2, 6), fill="#333333", font_size=15)
        pen.text((1080, 452 + 30 * row), f"{lot.randint(1, 999)}", fill="#333333", font_size=15, anchor="ra")
    return image


def two_columns(lot: Lot) -> Image.Image:
    """A page of a paper, with a drawing in one of its columns."""
    image, pen = _page(720, 960, "white")
    pen.text((360, 60), _words(lot, 3, 5).capitalize(), fill="black", font_size=24, anchor="mm")
    pen.text((360, 96), _words(lot, 2, 4).title(), fill="black", font_size=15, anchor="mm")
    figure = lot.randrange(2), lot.randint(150, 620)
    for column in range(2):
        left, y = 60 + 310 * column, 140
        while y < 900:
            if column == figure[0] and figure[1] <= y < figure[1] + 190:
                y = figure[1] + 190
                continue
            text = ""
            while pen.textlength(text, font_size=12) < lot.choice((262, 262, 262, 262, 160)):
                text = f"{text} {lot.choice(_WORDS)}".strip()
            pen.text((left, y), text, fill="black", font_size=12)
            y += 16
        if column == figure[0]:
            pen.rectangle((left, figure[1], left + 280, figure[1] + 170), outline="black")
            points = [(left + 14 * step, figure[1] + lot.randint(20, 150)) for step in range(1, 20)]
            pen.line(points, fill="#1f77b4", width=2)
    pen.text((360, 930), str(lot.randint(1, 900)), fill="black", font_size=12, anchor="mm")
    return image


def film(lot: Lot) -> Image.Image:
    """A frame of its own between black bars, with a line of speech in the lower one."""
    image, pen = _page(960, 540, "black")
    image.paste(photograph(lot.randrange(1 << 30), (960, 408)), (0, 66))
    text = _words(lot, 3, 7).capitalize()
    pen.text((480, 506), text, fill="#f4f4f4", font_size=26, anchor="mm")
    return image


def receipt(lot: Lot) -> Image.Image:
    """A long slip of paper."""
    image, pen = _page(380, 900, "#fbfbf6")
    pen.text((190, 50), "CORNER SHOP", fill="black", font_size=30, anchor="mm")
    pen.text((190, 86), "Mill Lane 4", fill="black", font_size=16, anchor="mm")
    y, total = 130, 0.0
    for _ in range(lot.randint(8, 24)):
        price = lot.uniform(0.3, 30)
        total += price
        pen.text((24, y), _words(lot, 1, 2), fill="black", font_size=17)
        pen.text((356, y), f"{price:.2f}", fill="black", font_size=17, anchor="ra")
        y += 26
    pen.line((24, y + 6, 356, y + 6), fill="black", width=2)
    pen.text((24, y + 16), "TOTAL", fill="black", font_size=24)
    pen.text((356, y + 16), f"{total:.2f}", fill="black", font_size=24, anchor="ra")
    for number in range(40):
        pen.rectangle((40 + 7.5 * number, 800, 40 + 7.5 * number + lot.choice((2, 4, 6)), 870), fill="black")
    return image


def calendar(lot: Lot) -> Image.Image:
    """Weeks of appointments in a program's window."""
    image, pen = _page(1000, 720, "white")
    pen.rectangle((0, 0, 1000, 56), fill="#f8f9fa")
    pen.text((24, 16), "September", fill="#3c4043", font_size=24)
    for column, name in enumerate(_DAYS):
        pen.text((143 * column + 70, 66), name, fill="#70757a", font_size=13, anchor="ma")
        pen.line((143 * column, 84, 143 * column, 720), fill="#dadce0")
    for row in range(5):
        pen.line((0, 84 + 127 * row, 1000, 84 + 127 * row), fill="#dadce0")
        for column in range(7):
            x, y = 143 * column + 4, 90 + 127 * row
            pen.text((x + 64, y), str(1 + 7 * row + column), fill="#3c4043", font_size=14)
            for entry in range(lot.choice((0, 0, 1, 1, 2, 3))):
                fill = lot.choice(_FILLS)
                pen.rounded_rectangle((x, y + 24 + 24 * entry, x + 134, y + 44 + 24 * entry), 4, fill=fill)
                pen.text((x + 5, y + 26 + 24 * entry), _words(lot, 1, 2)[:18], fill="white", font_size=13)
    return image


def dark_chat(lot: Lot) -> Image.Image:
    """A program for teams: channels at the left, what is said at the right."""
    image, pen = _page(1100, 700, "#313338")
    pen.rectangle((0, 0, 220, 700), fill="#2b2d31")
    for number in range(14):
        pen.text((20, 60 + 34 * number), f"# {_WORDS[number + 20]}", fill="#949ba4", font_size=15)
    pen.line((220, 48, 1100, 48), fill="#1f2023", width=2)
    pen.text((240, 14), "# general", fill="#f2f3f5", font_size=17)
    y = 64
    while y < 610:
        pen.ellipse((240, y, 280, y + 40), fill=lot.choice(_FILLS))
        pen.text((296, y), lot.choice(_WORDS).capitalize(), fill="#f2f3f5", font_size=16)
        rows = lot.randint(1, 3)
        for row in range(rows):
            pen.text((296, y + 22 + 21 * row), _words(lot, 2, 9), fill="#dbdee1", font_size=15)
        y += 44 + 21 * rows
    pen.rounded_rectangle((240, 640, 1080, 684), 8, fill="#383a40")
    return image


SHEETS: Final[Mapping[str, Callable[[Lot], Image.Image]]] = {
    "spreadsheet": spreadsheet,
    "editor, light": light_editor,
    "dashboard": dashboard,
    "paper in two columns": two_columns,
    "film with speech": film,
    "receipt": receipt,
    "calendar": calendar,
    "chat, dark": dark_chat,
}
"""By name."""
