"""Look-alikes that programs draw, for ``benchmarks/families.py``: plots, molecules, scores, circuits, boards.

Each takes nothing and gives names and pictures, by one lot each.
"""

import io
import random
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Named = Iterator[tuple[str, Image.Image]]
_SEED: Final = 38
_CLASSES: Final = ("cat", "dog", "bird", "fish", "horse")
_GROUPS: Final = ("F", "Cl", "Br", "I", "O", "N", "C", "CC", "C#N", "C(=O)O", "OC", "S", "C(F)(F)F", "[N+](=O)[O-]")
_RINGS: Final = (
    "c1cc({a})ccc1{b}",
    "c1c({a})cncc1{b}",
    "C1CC({a})CCC1{b}",
    "c1ccc2c({a})ccc({b})c2c1",
    "C({a})CC(N)C{b}",
)
_SYMBOLS: Final = (r"\alpha", r"\beta", r"\gamma", "x", "y", "n", r"\mu", "k")
_FORMULAS: Final = (
    r"\int_0^{A} e^{-B^2}\,dB = \frac{\sqrt{\pi}}{2}",
    r"\sum_{A=1}^{\infty} \frac{1}{A^{2}} = \frac{B^2}{6}",
    r"\frac{\partial A}{\partial t} = B \nabla^2 A",
    r"A^2 + B^2 = C^2",
    r"\lim_{A \to 0} \frac{\sin A}{B} = 1",
)


def _lot() -> random.Random:
    return random.Random(_SEED)  # noqa: S311 - draws pictures


def _figure(size: tuple[float, float] = (4.0, 3.2)) -> tuple["Figure", "Axes"]:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(figsize=size, dpi=100)


def _drawn(figure: "Figure") -> Image.Image:
    from matplotlib import pyplot

    target = io.BytesIO()
    figure.savefig(target)
    pyplot.close(figure)
    return Image.open(target).convert("RGB")


def confusion() -> Named:
    """Matrices of five classes, with numbers, of models of about one quality."""
    rng = np.random.default_rng(_SEED)
    for number in range(40):
        counts = np.array([rng.multinomial(100, np.where(np.eye(5)[row], 0.8, 0.05)) for row in range(5)])
        figure, axes = _figure()
        axes.imshow(counts, cmap="Blues")
        axes.set_xticks(range(5), _CLASSES)
        axes.set_yticks(range(5), _CLASSES)
        for (row, column), count in np.ndenumerate(counts):
            axes.text(column, row, str(count), ha="center", va="center", color="white" if count > 50 else "black")
        yield f"{number:02d}", _drawn(figure)


def heat() -> Named:
    """Maps of heat, of 10 by 12 numbers."""
    rng = np.random.default_rng(_SEED)
    for number in range(40):
        figure, axes = _figure()
        figure.colorbar(axes.imshow(rng.random((10, 12)), cmap="viridis"))
        yield f"{number:02d}", _drawn(figure)


def scatter() -> Named:
    """Forty points, of some slope."""
    rng = np.random.default_rng(_SEED)
    for number in range(40):
        figure, axes = _figure()
        x = rng.random(40)
        axes.scatter(x, x * rng.uniform(0.3, 1) + rng.normal(0, 0.15, 40))
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.3, 1.3)
        yield f"{number:02d}", _drawn(figure)


def courses() -> Named:
    """Of training: two lines that fall, with a legend."""
    rng = np.random.default_rng(_SEED)
    for number in range(40):
        figure, axes = _figure()
        for name in ("train", "test"):
            axes.plot(np.exp(-np.arange(50) / rng.uniform(5, 25)) + rng.normal(0, 0.02, 50).cumsum() * 0.3, label=name)
        axes.set_ylim(-0.2, 1.2)
        axes.legend()
        axes.set_xlabel("epoch")
        yield f"{number:02d}", _drawn(figure)


def bars() -> Named:
    """Of three groups in five places."""
    rng = np.random.default_rng(_SEED)
    for number in range(40):
        figure, axes = _figure()
        for group in range(3):
            axes.bar(np.arange(5) + group * 0.27, rng.uniform(0.3, 1, 5), 0.25, label=f"group {group + 1}")
        axes.set_xticks(range(5), _CLASSES)
        axes.set_ylim(0, 1.2)
        axes.legend(ncols=3, loc="upper center")
        yield f"{number:02d}", _drawn(figure)


def tables() -> Named:
    """Of six rows of numbers."""
    lot = _lot()
    for number in range(40):
        image = Image.new("RGB", (420, 260), "white")
        pen = ImageDraw.Draw(image)
        for row in range(7):
            pen.line((20, 20 + 32 * row, 400, 20 + 32 * row), fill="#888888")
            for column in range(4):
                words = ("model", "top 1", "top 5", "time")[column] if not row else f"{lot.uniform(10, 99):.1f}"
                words = f"net {row}" if row and not column else words
                pen.text((30 + 96 * column, 28 + 32 * row), words, fill="black", font_size=16)
        yield f"{number:02d}", image


def formulas() -> Named:
    """Five, with other letters."""
    lot = _lot()
    for number in range(100):
        names = lot.sample(_SYMBOLS, 3)
        text = _FORMULAS[number % 5]
        for letter, name in zip("ABC", names, strict=True):
            text = text.replace(letter, name + " ")
        figure, axes = _figure((4.0, 1.2))
        axes.axis("off")
        axes.text(0.5, 0.5, f"${text}$", size=24, ha="center", va="center")
        yield f"{number:02d}", _drawn(figure)


def molecules() -> Named:
    """Five frames, with two groups each."""
    from rdkit import Chem
    from rdkit.Chem import Draw

    lot, seen = _lot(), set[str]()
    while len(seen) < 200:
        one, other = lot.choices(_GROUPS, k=2)
        molecule = Chem.MolFromSmiles(lot.choice(_RINGS).format(a=one, b=other))
        name = Chem.MolToSmiles(molecule)
        if name not in seen:
            seen.add(name)
            yield f"{len(seen):03d}", Draw.MolToImage(molecule, size=(300, 260)).convert("RGB")


def scores() -> Named:
    """Four bars of notes."""
    import verovio

    from benchmarks.families import svg

    lot, kit = _lot(), verovio.toolkit()
    kit.setOptions({"pageWidth": 1400, "pageHeight": 260, "adjustPageHeight": True, "footer": "none", "header": "none"})
    for number in range(60):
        notes = "/".join("".join(f"4{lot.choice('ABCDEFG')}" for _ in range(4)) for _ in range(4))
        kit.loadData(f"@clef:G-2\n@keysig:{lot.choice(('', 'xF', 'bB'))}\n@timesig:4/4\n@data:'{notes}")
        yield f"{number:02d}", svg(kit.renderToSVG(1).encode(), 700)


def circuits() -> Named:
    """A source and four parts."""
    import schemdraw
    from schemdraw import elements

    schemdraw.use("matplotlib")
    lot = _lot()
    parts = (elements.Resistor, elements.Capacitor, elements.Inductor, elements.Diode, elements.LED, elements.Switch)
    for number in range(60):
        drawing = schemdraw.Drawing(show=False)
        drawing += elements.SourceV().up().label("5 V")
        for place, turn in enumerate(("right", "right", "down", "left")):
            part = getattr(lot.choice(parts)(), turn)()
            drawing += part.label(f"{lot.choice((10, 22, 47))}{'kRnC'[place]}")
        drawing += elements.Line().left()
        image = Image.open(io.BytesIO(drawing.get_imagedata("png"))).convert("RGB")
        image.thumbnail((500, 500))
        yield f"{number:02d}", image


def boards() -> Named:
    """Of chess, after 20 moves by lot."""
    import chess
    import chess.svg

    from benchmarks.families import svg

    lot = _lot()
    for number in range(60):
        board = chess.Board()
        for _ in range(20):
            moves = list(board.legal_moves)
            if moves:
                board.push(lot.choice(moves))
        yield f"{number:02d}", svg(chess.svg.board(board).encode(), 360)


def sudoku() -> Named:
    """A third of the numbers."""
    lot = _lot()
    for number in range(60):
        image = Image.new("RGB", (290, 290), "white")
        pen = ImageDraw.Draw(image)
        for line in range(10):
            width, at = 3 if line % 3 == 0 else 1, 10 + 30 * line
            pen.line((10, at, 280, at), fill="black", width=width)
            pen.line((at, 10, at, 280), fill="black", width=width)
        for cell in lot.sample(range(81), 27):
            x, y = cell % 9, cell // 9
            digit = str((3 * y + y // 3 + x) % 9 + 1)
            pen.text((25 + 30 * x, 25 + 30 * y), digit, fill="black", font_size=20, anchor="mm")
        yield f"{number:02d}", image


def displays() -> Named:
    """Of seven bars, four digits, red on black."""
    lot = _lot()
    shown = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
    for number in range(80):
        image = Image.new("RGB", (320, 120), "#180808")
        pen = ImageDraw.Draw(image)
        for place, digit in enumerate(lot.choices(range(10), k=4)):
            x = 20 + 72 * place + (8 if place > 1 else 0)
            bars = {
                "a": (x + 6, 16, x + 44, 22),
                "g": (x + 6, 57, x + 44, 63),
                "d": (x + 6, 98, x + 44, 104),
                "f": (x, 22, x + 6, 57),
                "b": (x + 44, 22, x + 50, 57),
                "e": (x, 63, x + 6, 98),
                "c": (x + 44, 63, x + 50, 98),
            }
            for name, box in bars.items():
                pen.rectangle(box, fill="#ff3020" if name in shown[digit] else "#301010")
        yield f"{number:02d}", image


DRAWN: Mapping[str, Callable[[], Named]] = {
    "confusion": confusion,
    "heat": heat,
    "scatter": scatter,
    "courses": courses,
    "bars": bars,
    "tables": tables,
    "formulas": formulas,
    "molecules": molecules,
    "scores": scores,
    "circuits": circuits,
    "boards": boards,
    "sudoku": sudoku,
    "displays": displays,
}
