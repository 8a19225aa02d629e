#!/usr/bin/env python3
"""Lay out families of look-alikes from packages, for ``alikes.py`` and ``copies.py --set``.

    benchmarks/families.py OUT --root DIR [--only NAME]...

A folder a family, and in each every picture is its own. ``DIR`` holds what ``dpkg-deb -x`` makes of these Debian
packages, got by ``apt-get download``: fonts-noto-color-emoji, fonts-noto-cjk, fonts-dejavu-core, gnome-mahjongg,
gnome-cards-data, pychess, papirus-icon-theme, breeze-icon-theme, mate-icon-theme, kgeography-data, josm, freeciv-data.
What is drawn by programs (molecules, scores, plots) is in ``benchmarks/families_drawn.py``. Wants ``resvg-py``,
``fonttools``, ``matplotlib``, ``rdkit``, ``schemdraw``, ``verovio`` and ``chess`` in the environment that runs it; a
family whose library isn't there is left out, and said so.
"""

import argparse
import gzip
import io
import random
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.families_drawn import DRAWN

Named = Iterator[tuple[str, Image.Image]]
_SEED: Final = 38
_DECKS: Final = ("bonded", "dondorf", "guyenne-classic", "neoclassical", "tango", "plastic", "paris", "berlin")
_MAPS: Final = ("austria", "albania_districts", "afghanistan", "belgium", "bangladesh", "algeria")
# Characters that differ by a stroke, or by its length.
_STROKES: Final = (
    "己已巳未末土士日曰天夫大太犬木本王玉主人入八力刀刁又叉干千于午牛田由甲申白百自目且旦亘鳥烏島住往佳侍待待特"
    "持微徴緑縁録拾捨訂計話語治冶凍東束東柬刺剌戊戌戍成体休沐淋免兔侯候折析祈拆爪瓜斤斥今令大丈問間聞閑開閉壊壌"
)


def svg(data: bytes, width: int, height: int | None = None) -> Image.Image:
    """A drawing on white."""
    import resvg_py

    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    png = resvg_py.svg_to_bytes(
        svg_string=data.decode(), width=width, height=height, background="white", skip_system_fonts=True
    )
    return Image.open(io.BytesIO(png)).convert("RGB")


def on_white(image: Image.Image) -> Image.Image:
    """Without transparency."""
    image = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image)
    return ground.convert("RGB")


def some(items: Iterable[Path], number: int) -> list[Path]:
    """By lot, of files that are no links to others."""
    found = sorted(path for path in items if not path.is_symlink())
    return random.Random(_SEED).sample(found, min(number, len(found)))  # noqa: S311 - a lot


def emoji(root: Path) -> Named:
    """Of one character each, 136 by 128 px."""
    from fontTools.ttLib import TTFont

    path = root / "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
    font = ImageFont.truetype(path, 109)
    codes = sorted(code for code in TTFont(path).getBestCmap() if code > 0x2000)
    for code in random.Random(_SEED).sample(codes, 700):  # noqa: S311 - a lot
        image = Image.new("RGB", (150, 150), "white")
        ImageDraw.Draw(image).text((7, 20), chr(code), font=font, embedded_color=True)
        if np.ptp(np.asarray(image)) > 0:
            yield f"{code:05x}", image


def letters(root: Path) -> Named:
    """Latin, Greek and Cyrillic, digits and signs, in one face."""
    font = ImageFont.truetype(root / "usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 120)
    codes = [
        *range(0x21, 0x7F),
        *range(0xC0, 0x180),
        *range(0x391, 0x3CA),
        *range(0x400, 0x460),
        *range(0x2190, 0x21C0),
    ]
    for code in codes:
        yield f"{code:04x}", _glyph(chr(code), font, 180)


def characters(root: Path) -> Named:
    """Chinese ones: 500 by lot, and those that differ by a stroke."""
    font = ImageFont.truetype(root / "usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 110)
    codes = random.Random(_SEED).sample(range(0x4E00, 0x9FA5), 500)  # noqa: S311 - a lot
    for code in dict.fromkeys([*codes, *map(ord, _STROKES)]):
        yield f"{code:04x}", _glyph(chr(code), font, 128)


def _glyph(text: str, font: ImageFont.FreeTypeFont, side: int) -> Image.Image:
    image = Image.new("RGB", (side, side), "white")
    ImageDraw.Draw(image).text((side / 2, side / 2), text, font=font, fill="black", anchor="mm")
    return image


def tiles(root: Path) -> Named:
    """Of mahjong, three sets: 43 in a row, the upper row as they lie there."""
    folder = root / "usr/share/gnome-mahjongg/themes"
    for path in sorted(folder.iterdir()):
        sheet = svg(path.read_bytes(), 43 * 96) if path.suffix == ".svg" else on_white(Image.open(path))
        yield from _cells(sheet, 43, 2, path.stem, lambda across, down: down == 0 and across < 42)


def cards(root: Path) -> Named:
    """Eight decks of 52."""
    for deck in _DECKS:
        sheet = svg((root / f"usr/share/aisleriot/cards/{deck}.svgz").read_bytes(), 13 * 160)
        yield from _cells(sheet, 13, 5, deck, lambda _, down: down < 4)


def _cells(sheet: Image.Image, across: int, down: int, name: str, is_asked: Callable[[int, int], bool]) -> Named:
    width, height = sheet.width / across, sheet.height / down
    for number in range(across * down):
        y, x = divmod(number, across)
        if is_asked(x, y):
            box = (round(x * width), round(y * height), round((x + 1) * width), round((y + 1) * height))
            yield f"{name}_{y}_{x:02d}", sheet.crop(box)


def pieces(root: Path) -> Named:
    """Chessmen, of every set that is drawn by itself."""
    yield from _read(sorted((root / "usr/share/pychess/pieces").glob("*/??.svg")), 160)


def _read(paths: Iterable[Path], side: int) -> Named:
    for path in paths:
        try:
            image = on_white(Image.open(path)) if path.suffix == ".png" else svg(path.read_bytes(), side, side)
        except ValueError:
            continue  # needs what this renderer lacks
        yield f"{path.parent.name}_{path.stem}", image


def icons(folder: str, number: int, side: int) -> Callable[[Path], Named]:
    """Of a theme."""

    def lay_out(root: Path) -> Named:
        base = root / "usr/share/icons"
        yield from _read(some([*base.glob(f"{folder}/*.svg"), *base.glob(f"{folder}/*.png")], number), side)

    return lay_out


def signs(root: Path) -> Named:
    """For maps: of traffic, shops, sports, 96 px."""
    yield from _read(some((root / "usr/share/josm/images/presets").rglob("*.svg"), 600), 96)


def units(root: Path) -> Named:
    """Of a game, 64 by 48 px, three times as large."""
    sheet = on_white(Image.open(root / "usr/share/games/freeciv/amplio2/units.png"))
    for y in range(1, sheet.height - 48, 49):
        for x in range(1, sheet.width - 64, 65):
            image = sheet.crop((x, y, x + 64, y + 48))
            if np.asarray(image).std() > 5:
                yield f"{y:04d}_{x:04d}", image.resize((192, 144), Image.Resampling.LANCZOS)


def maps(root: Path) -> Named:
    """Of countries, each part of a colour of its own."""
    for path in sorted((root / "usr/share/kgeography").glob("*.png")):
        image = on_white(Image.open(path))
        image.thumbnail((600, 600))
        yield path.stem, image


def locators(root: Path) -> Named:
    """Maps of six countries in grey, one part of them red."""
    for name in _MAPS:
        image = on_white(Image.open(root / f"usr/share/kgeography/{name}.png"))
        pixels = np.asarray(image).astype(np.int32) @ (65536, 256, 1)
        kinds, counts = np.unique(pixels, return_counts=True)
        grey = [kind for kind in kinds if len({kind >> 16, kind >> 8 & 255, kind & 255}) == 1]
        parts = kinds[(counts > pixels.size / 2000) & ~np.isin(kinds, grey)]
        plain = np.asarray(image.convert("L").convert("RGB")).copy()
        plain[np.isin(pixels, parts)] = (224, 224, 208)
        for part in parts:
            shown = plain.copy()
            shown[pixels == part] = (200, 40, 40)
            drawn = Image.fromarray(shown)
            drawn.thumbnail((500, 500))
            yield f"{name}_{part:06x}", drawn


def outlines(root: Path) -> Named:
    """Of countries and states, filled."""
    tree = ET.parse(root / "usr/share/josm/data/boundaries.osm").getroot()  # noqa: S314 - a package's
    places = {node.get("id"): (float(node.get("lon", 0)), float(node.get("lat", 0))) for node in tree.iter("node")}
    ways = {way.get("id"): [places[end.get("ref")] for end in way.iter("nd")] for way in tree.iter("way")}
    for thing in [*tree.iter("way"), *tree.iter("relation")]:
        name = next((tag.get("v") for tag in thing.iter("tag") if (tag.get("k") or "").startswith("ISO3166")), None)
        of_ways = [ways[end.get("ref")] for end in thing.iter("member") if end.get("ref") in ways]
        rings = [ring for ring in of_ways or [ways.get(thing.get("id"), [])] if len(ring) > 8]
        if name and rings and all(ring[0] == ring[-1] for ring in rings):
            yield name, _filled(rings)


def _filled(rings: list[list[tuple[float, float]]]) -> Image.Image:
    points = np.concatenate([np.array(ring) for ring in rings])
    shrunk = np.cos(np.radians(points[:, 1].mean()))
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 280 / max((high[0] - low[0]) * shrunk, high[1] - low[1])
    image = Image.new("RGB", (320, 320), "white")
    for ring in rings:
        turned = [(20 + (x - low[0]) * shrunk * scale, 20 + (high[1] - y) * scale) for x, y in ring]
        ImageDraw.Draw(image).polygon(turned, fill="#3c7a50")
    return image


FAMILIES: Mapping[str, Callable[[Path], Named]] = {
    "emoji": emoji,
    "letters": letters,
    "characters": characters,
    "mahjong": tiles,
    "cards": cards,
    "chessmen": pieces,
    "papirus places": icons("Papirus/64x64/places", 300, 64),
    "papirus apps": icons("Papirus/64x64/apps", 400, 64),
    "breeze actions": icons("breeze/actions/32", 300, 96),
    "breeze types": icons("breeze/mimetypes/64", 300, 64),
    "mate status": icons("mate/48x48/*", 400, 48),
    "signs for maps": signs,
    "units": units,
    "maps": maps,
    "locators": locators,
    "outlines": outlines,
    **{name: lambda root, draw=draw: draw() for name, draw in DRAWN.items()},
}


def main() -> None:
    """Lay them out as PNG, each picture once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--root", type=Path, required=True, metavar="DIR")
    parser.add_argument("--only", action="append", metavar="NAME")
    options = parser.parse_args()
    for name in options.only or FAMILIES:
        seen: set[bytes] = set()
        folder = options.out / name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for stem, image in FAMILIES[name](options.root):
                if (same := image.tobytes()) not in seen:
                    seen.add(same)
                    image.save(folder / f"{stem.replace('/', '-')}.png")
        except (ImportError, FileNotFoundError) as error:
            print(f"{name}: left out, {error}")
            continue
        print(f"{name}: {len(seen)}", flush=True)


if __name__ == "__main__":
    main()
