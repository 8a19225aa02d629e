#!/usr/bin/env python3
"""Draw the pictures of the docs anew: the pages of groups, of votes and of a fleet, as Chromium shows them.

    tools/make_pictures.py

The photographs on them are drawn, as the demo's are, so that nobody's rights are touched. Needs Chromium.
"""

import asyncio
import contextlib
import io
import socket
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aiohttp import web
from PIL import Image, ImageOps

from synsift.crawler.ontology import WordNet
from synsift.dedupe import cluster, fingerprint
from synsift.pipelines.assembly import open_log
from synsift.pipelines.config import load
from synsift.pipelines.demo.pictures import encoded, picture
from synsift.pipelines.overview.server import FleetServer
from synsift.pipelines.overview.watching import Overview
from synsift.pipelines.pages.groups import Found, render_groups
from synsift.pipelines.review.desk import Desk
from synsift.pipelines.review.pictures import Pictures
from synsift.pipelines.review.server import ReviewServer
from synsift.pipelines.storage.objects import Objects, StoreAddress
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


async def shoot_votes(demo: Path) -> None:
    """Take the picture of the page of votes, over a demo that ran."""
    with (
        contextlib.closing(open_log(load(env={}, options={"store.url": str(demo)}).settings)) as log,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        desk = Desk(log, WordNet())
        desk.refresh()
        pictures = Pictures(Objects(StoreAddress(str(demo))), None, max_pixels=10_000_000)
        runner = web.AppRunner(ReviewServer(desk, pictures, key="key").app())
        await runner.setup()
        await web.SockSite(runner, listener).start()
        async with browser() as page:
            await page.look(width_px=WIDTH_PX, height_px=HEIGHT_PX)
            await page.open(f"http://127.0.0.1:{listener.getsockname()[1]}/?key=key")
            await page.run("document.getElementById('voter').value = 'you'")
            await page.run("document.querySelector('#who button').click()")
            for key in (" ", "ArrowRight", " ", "ArrowRight", "ArrowRight", "u", "ArrowRight"):
                await page.run("new Promise(done => setTimeout(done, 500))")
                await page.press(key)
            save(IMAGES / "review-page.png", await page.screenshot())
        await runner.cleanup()


async def shoot_fleet(demo: Path) -> None:
    """Take the picture of the fleet's page while a demo runs."""
    running = await asyncio.create_subprocess_exec(sys.executable, "-m", "synsift", "demo", "--out", str(demo))
    while not (demo / "log.db").exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.1)
    with (
        contextlib.closing(open_log(load(env={}, options={"store.url": str(demo)}).settings, read_only=True)) as log,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        pictures = Pictures(Objects(StoreAddress(str(demo))), None, max_pixels=10_000_000)
        runner = web.AppRunner(FleetServer(Overview(log, WordNet()), pictures, key="key").app())
        await runner.setup()
        await web.SockSite(runner, listener).start()
        async with browser() as page:
            await page.look(width_px=WIDTH_PX, height_px=HEIGHT_PX)
            await page.open(f"http://127.0.0.1:{listener.getsockname()[1]}/?key=key")
            while await page.run("document.querySelectorAll('.newest img').length < 24"):  # noqa: ASYNC110 - the browser's
                await asyncio.sleep(0.2)
            save(IMAGES / "fleet.png", await page.screenshot())
        await runner.cleanup()
    await running.wait()


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
        demo = Path(name, "demo")
        asyncio.run(shoot_fleet(demo))
        asyncio.run(shoot_votes(demo))


if __name__ == "__main__":
    main()
