#!/usr/bin/env python3
"""How soon a batch of pictures stands on the page of votes, in a real Chromium.

    benchmarks/review.py --photos DIR [--batches 6] [--images 48]

Cold: the first batch, right after the server has begun. Ahead: the next ones, whose small pictures were made while
somebody looked at the one before, here for a second. Again: the first batch in a new browser. Seconds from the key to
the last picture that is drawn.
"""

import argparse
import asyncio
import contextlib
import hashlib
import socket
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aiohttp import web

from synsift.crawler.ontology import WordNet
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.records import Task
from synsift.pipelines.review.desk import Desk
from synsift.pipelines.review.pictures import Pictures
from synsift.pipelines.review.server import ReviewServer
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.topics import Router
from tools.browser import Page, browser

PARTITIONS = 4
AT = "2026-01-02T03:04:05Z"
DRAWN = (
    "new Promise(done => { const begin = performance.now(); const look = () => {"
    " const shown = [...document.querySelectorAll('.cell img')];"
    " const name = shown.length ? shown[0].src : '';"
    " if (name && name !== window.before && shown.every(i => i.complete && i.naturalWidth))"
    " { window.before = name; done((performance.now() - begin) / 1000); } else setTimeout(look, 2); }; look(); })"
)


def fill(folder: Path, photos: list[Path], batches: int, images: int) -> SqliteLog:
    """A log with batches and a store with their pictures."""
    log, objects = SqliteLog(folder / "log.db", partitions=PARTITIONS), Objects(StoreAddress(str(folder)))
    router = Router(PARTITIONS)
    for number in range(batches):
        names = []
        for n in range(images):
            # Bytes behind a JPEG's end change its name and nothing else.
            data = photos[(number * images + n) % len(photos)].read_bytes() + f"{number} {n}".encode()
            names.append(hashlib.sha256(data).hexdigest())
            objects.put(layout.blob(names[-1]), data)
        task = Task(
            id=f"{number:032x}", wnid="n02091134", images=tuple(names), votes=2, at="2026-01-02T03:04:05Z", rank=number
        )
        log.produce([router.task(task)])
    return log


async def begin(page: Page, url: str) -> float:
    """Open the page as a new voter; gives the seconds until the first batch is drawn."""
    await page.open(url)
    await page.run("document.getElementById('voter').value = 'you'; document.querySelector('#who button').click()")
    return float(await page.run(DRAWN))


async def measure(folder: Path, log: SqliteLog, batches: int) -> None:
    """Serve and look."""
    desk = Desk(log, WordNet())
    desk.refresh()
    pictures = Pictures(Objects(StoreAddress(str(folder))), None, max_pixels=100_000_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        runner = web.AppRunner(ReviewServer(desk, pictures, key="key").app())
        await runner.setup()
        await web.SockSite(runner, listener).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/?key=key"
        async with browser() as page:
            await page.look(width_px=1280, height_px=900)
            print(f"cold: {await begin(page, url):.2f} s")
            ahead = []
            for _ in range(batches - 2):
                await asyncio.sleep(1)
                await page.run("document.getElementById('hand-in').click()")
                ahead.append(float(await page.run(DRAWN)))
            print("ahead: " + ", ".join(f"{seconds:.2f}" for seconds in ahead) + " s")
        async with browser() as page:
            await page.look(width_px=1280, height_px=900)
            print(f"again, in a new browser: {await begin(page, url):.2f} s")
        await runner.cleanup()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--batches", type=int, default=6)
    parser.add_argument("--images", type=int, default=48)
    options = parser.parse_args()
    photos = sorted(path for path in options.photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with contextlib.closing(fill(folder, photos, options.batches, options.images)) as log:
            asyncio.run(measure(folder, log, options.batches))


if __name__ == "__main__":
    main()
