#!/usr/bin/env python3
"""What the page of groups costs: to make, in bytes, and in Chromium until it shows something.

    benchmarks/groups_page.py [--groups 5000] [--copies 2] [--photos DIR] [--rounds 3]

Files are hard links to some hundred photographs (or drawn pictures), each of which is decoded every time; the page
can't tell. First paint, the first group with its pictures, and the whole are counted from the start of navigation;
"next" is from pressing the key to the frame that shows the next page.
"""

import argparse
import asyncio
import dataclasses
import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synsift.dedupe import Clustering, Copy, Fingerprint, Group, Kind, Verdict, fingerprint
from synsift.pipelines.demo.pictures import KINDS, encoded, picture
from synsift.pipelines.pages.groups import Found, render_groups
from tools.browser import Page, browser

DRAWN = 99
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
SHOWN = "performance.getEntriesByName('synsift-first-groups')[0].startTime / 1000"
NEXT = """(async () => { const begin = performance.now(); document.getElementById('forth').click();
  await Promise.all([...document.images].slice(0, 9).map(image => image.decode()));
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return (performance.now() - begin) / 1000; })()"""


def originals(photos: Path | None, folder: Path) -> list[Path]:
    """Pictures to link to."""
    if photos is not None:
        return sorted(path for path in photos.iterdir() if path.is_file())
    for number, kind in zip(range(DRAWN), itertools.cycle(KINDS)):
        drawn = picture(kind, number).resize((1344, 1008))
        (folder / f"{number:03d}.jpg").write_bytes(encoded(drawn, "JPEG", quality=88))
    return sorted(folder.iterdir())


def make_world(files: list[Path], folder: Path, groups: int, copies: int) -> Found:
    """Groups of links to files."""
    known = [(path, fingerprint(path.read_bytes())) for path in files]
    numbers = itertools.count()
    images: dict[str, Fingerprint] = {}

    def link(number: int) -> str:
        path, image = known[number % len(known)]
        name = folder / f"{number % 97:02d}" / f"IMG_{next(numbers):06d}{path.suffix}"
        name.parent.mkdir(exist_ok=True)
        try:
            os.link(path, name)
        except OSError:  # another file system
            name.write_bytes(path.read_bytes())
        images[str(name)] = dataclasses.replace(image, sha256=f"{next(numbers):064x}")
        return str(name)

    found = []
    for number in range(groups):
        kept = link(number)
        verdict = Verdict(Kind.NEAR, of=images[kept].sha256, distance_bits=12, transform="mirrored")
        found.append(Group(kept, [Copy(link(number), verdict) for _ in range(copies)]))
    return Found(Clustering(found, []), images, {}, [str(folder)])


async def look(page: Page, url: str) -> tuple[float, float, float, float]:
    """Seconds to the first paint, the first groups, the whole page, and the next groups."""
    loaded_s = await page.open(url)
    return await page.run(PAINT), await page.run(SHOWN), loaded_s, await page.run(NEXT)


async def measure(url: str, rounds: int) -> None:
    """Open the page in a browser, afresh each time."""
    found = []
    for _ in range(rounds):
        async with browser() as page:
            await page.look(width_px=1280, height_px=900)
            found.append(await look(page, url))
            if page.errors:
                raise SystemExit(f"errors on the page: {page.errors}")
    for name, seconds in zip(
        ("first paint", "first groups", "all read", "next page"), zip(*found, strict=True), strict=True
    ):
        print(f"{name:12s} {statistics.median(seconds):6.2f} s  ({min(seconds):.2f} … {max(seconds):.2f})")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=5_000)
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "drawn").mkdir()
        (folder / "all").mkdir()
        files = originals(options.photos, folder / "drawn")
        found = make_world(files, folder / "all", options.groups, options.copies)
        target, begin_s = folder / "copies.html", time.monotonic()
        with target.open("w", encoding="utf-8") as file:
            file.writelines(render_groups(found))
        print(f"{options.groups} groups, {len(found.images)} pictures, made in {time.monotonic() - begin_s:.1f} s")
        print(f"{'one file':12s} {target.stat().st_size / 1e6:6.1f} MB")
        asyncio.run(measure(target.as_uri(), options.rounds))


if __name__ == "__main__":
    main()
