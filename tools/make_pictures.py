#!/usr/bin/env python3
"""Draw the pictures of the docs anew: the page of groups and the contact sheet, light and dark, as Chromium shows them.

    tools/make_pictures.py

The photographs on them are drawn, as the demo's are, so that nobody's rights are touched. Needs Chromium.
"""

import asyncio
import io
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image, ImageOps

from synsift.dedupe import cluster, fingerprint
from synsift.pipelines.demo.pictures import encoded, picture
from synsift.pipelines.pages.groups import Found, render_groups
from tools.browser import browser

IMAGES: Final = Path(__file__).resolve().parents[1] / "docs" / "images"
HOME: Final = "/home/you/photos"
WIDTH_PX: Final = 1240
HEIGHT_PX: Final = 770
PHONE_PX: Final = (390, 770)
LARGEST_BYTES: Final = 200_000
SUBJECTS: Final = (("balloon", 3), ("daisy", 1), ("alp", 2), ("daisy", 8), ("balloon", 12), ("alp", 9))


def draw_files() -> dict[str, bytes]:
    """Photographs and their copies, by path."""
    files: dict[str, bytes] = {}
    for number, (kind, seed) in enumerate(SUBJECTS, start=1):
        drawn = picture(kind, seed).resize((1344, 1008), Image.Resampling.LANCZOS)
        files[f"{HOME}/2024/{number:02d} {kind}.jpg"] = encoded(drawn, "JPEG", quality=92)
        files[f"{HOME}/sent/{number:02d} {kind} small.jpg"] = encoded(drawn.resize((640, 480)), "JPEG", quality=70)
        if number % 2:
            turned = ImageOps.mirror(drawn).resize((800, 600))
            files[f"{HOME}/web/{number:02d}-{kind}-mirrored.webp"] = encoded(turned, "WEBP", quality=70)
    return files


async def shoot(page_url: str) -> None:
    """Take the pictures."""
    async with browser() as page:
        for name, width_px, height_px, dark in (
            ("groups-page", WIDTH_PX, HEIGHT_PX, False),
            ("groups-page-dark", WIDTH_PX, HEIGHT_PX, True),
            ("groups-page-phone", *PHONE_PX, False),
        ):
            await page.look(width_px=width_px, height_px=height_px, dark=dark, phone=width_px < 600)
            await page.open(page_url)
            save(IMAGES / f"{name}.png", await page.screenshot())


def save(target: Path, data: bytes) -> None:
    """As a PNG of few colours, which is a third of the size and looks alike."""
    with Image.open(io.BytesIO(data)) as shot:
        few = shot.convert("RGB").quantize(256, kmeans=2, dither=Image.Dither.NONE)
    few.save(target, optimize=True)
    if target.stat().st_size > LARGEST_BYTES:
        raise SystemExit(f"{target} is too large: {target.stat().st_size:,} bytes")
    sys.stderr.write(f"{target.name} {target.stat().st_size:,} bytes\n")


def main() -> None:
    """Draw the page, and take its pictures."""
    files = draw_files()
    with tempfile.TemporaryDirectory() as name:
        places = {path: Path(name, *Path(path).parts[1:]) for path in files}
        for path, place in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[path])
        images = {str(places[path]): fingerprint(data) for path, data in files.items()}
        found = Found(cluster(images), images, {}, [str(Path(name, *Path(HOME).parts[1:]))])
        page = Path(name, "copies.html")
        # As if the folder were somebody's.
        page.write_text("".join(render_groups(found)).replace(name, ""), encoding="utf-8")
        asyncio.run(shoot(page.as_uri()))


if __name__ == "__main__":
    main()
