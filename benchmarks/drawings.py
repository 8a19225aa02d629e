#!/usr/bin/env python3
"""Draw pictures that are alike and are no copies: codes, charts, plans, for ``copies.py --set`` and ``thorough.py``.

    benchmarks/drawings.py OUT [--seed N]

A folder a kind, and in each every picture is its own: bar codes with margins and without, codes of squares (if
``segno`` is installed), cakes and rings of parts, columns, dials, meters, and what stands in ``benchmarks/plans.py``
and ``benchmarks/states.py``.
"""

import argparse
import io
import math
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.plans import PLANS
from benchmarks.states import STATES

try:
    import segno
except ImportError:
    segno = None

# Of EAN-13 (ISO/IEC 15420): the digits of the left half, of odd parity, and which of the first digit's are even.
_ODD = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_RIGHT = tuple("".join("10"[int(bit)] for bit in code) for code in _ODD)
_EVEN = tuple(code[::-1] for code in _RIGHT)
_PARITY = "OEOOEE"
_FILLS = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f")


def bar_code(rng: random.Random, margin: int) -> Image.Image:
    """A product's number, of a country whose numbers begin with 4."""
    digits = [4, 0, *(rng.randrange(10) for _ in range(10))]
    digits.append(-sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10)
    left = "".join((_ODD if kind == "O" else _EVEN)[digit] for digit, kind in zip(digits[1:7], _PARITY, strict=True))
    bits = f"101{left}01010{''.join(_RIGHT[digit] for digit in digits[7:])}101"
    image = Image.new("L", (3 * len(bits) + 2 * margin, 150), 255)
    pen = ImageDraw.Draw(image)
    for place, bit in enumerate(bits):
        if bit == "1":
            pen.rectangle((margin + 3 * place, margin // 2, margin + 3 * place + 2, 149 - margin // 2), fill=0)
    return image


def squares(rng: random.Random) -> Image.Image:
    """A QR code of an address on one site."""
    target = io.BytesIO()
    name = "".join(rng.choices("abcdefghijkl0123456789", k=rng.randint(4, 16)))
    code = segno.make(f"https://example.com/{name}", version=3, error="m", micro=False)
    code.save(target, kind="png", scale=rng.choice([5, 8]), border=rng.choice([1, 4]))
    return Image.open(target)


def cake(rng: random.Random, hole: int) -> Image.Image:
    """Three to five parts of a whole."""
    image = Image.new("RGB", (320, 320), "white")
    pen, begin = ImageDraw.Draw(image), -90.0
    parts = [rng.uniform(0.3, 1) for _ in range(rng.randint(3, 5))]
    for part, fill in zip(parts, _FILLS, strict=False):
        end = begin + 360 * part / sum(parts)
        pen.pieslice((30, 30, 290, 290), begin, end, fill=fill)
        begin = end
    pen.ellipse((160 - hole, 160 - hole, 160 + hole, 160 + hole), fill="white")
    return image


def columns(rng: random.Random) -> Image.Image:
    """Six values."""
    image = Image.new("RGB", (400, 300), "white")
    pen = ImageDraw.Draw(image)
    pen.line((40, 10, 40, 270, 390, 270), fill="black")
    for place in range(6):
        pen.rectangle((60 + 55 * place, 270 - rng.randint(20, 240), 95 + 55 * place, 269), fill=_FILLS[0])
    return image


def dial(rng: random.Random) -> Image.Image:
    """A hand on a half circle of three colours."""
    image = Image.new("RGB", (300, 180), "white")
    pen = ImageDraw.Draw(image)
    for place, fill in enumerate(("#22aa22", "#cccc22", "#cc2222")):
        pen.arc((40, 40, 260, 260), 180 + 60 * place, 240 + 60 * place, fill=fill, width=22)
    turn = math.pi * rng.random()
    pen.line((150, 150, 150 - 95 * math.cos(turn), 150 - 95 * math.sin(turn)), fill="black", width=6)
    return image


def meter(rng: random.Random) -> Image.Image:
    """How far something is, in a frame."""
    image = Image.new("RGB", (400, 60), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((10, 10, 390, 50), outline="black", width=3)
    pen.rectangle((13, 13, 14 + 372 * rng.random(), 47), fill="#33aa77")
    return image


KINDS: Mapping[str, tuple[int, Callable[[random.Random], Image.Image]]] = {
    "bar codes": (60, lambda rng: bar_code(rng, 30)),
    "bar codes without margins": (60, lambda rng: bar_code(rng, 0)),
    "codes of squares": (100, squares),
    "cakes": (60, lambda rng: cake(rng, 0)),
    "rings": (60, lambda rng: cake(rng, 70)),
    "columns": (60, columns),
    "dials": (40, dial),
    "meters": (20, meter),
    **PLANS,
    **STATES,
}


def main() -> None:
    """Draw them, every second one as JPEG."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311 - draws pictures
    for kind, (count, draw) in KINDS.items():
        if draw is squares and segno is None:
            continue
        (options.out / kind).mkdir(parents=True, exist_ok=True)
        drawn: set[bytes] = set()
        for number in range(count):
            image = draw(rng).convert("RGB")
            while image.tobytes() in drawn:
                image = draw(rng).convert("RGB")
            drawn.add(image.tobytes())
            if number % 2:
                image.save(options.out / kind / f"{number:03d}.png")
            else:
                image.save(options.out / kind / f"{number:03d}.jpg", quality=90)


if __name__ == "__main__":
    main()
