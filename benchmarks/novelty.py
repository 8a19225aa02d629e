#!/usr/bin/env python3
"""Unique images a request: pages asked for by what they give, beside all pages in their order, on a web of known truth.

    benchmarks/novelty.py [--universe 4000] [--want 800] [--worlds 3] [--seed 1] [--cache DIR]

A made web: a universe of pictures, and five sources that index parts of it, popular pictures rather than others (Zipf):

    large     much, in deep answers                    overlapping  half of what large has, and some of its own
    copies    what large has, each in a disguise       small        little that others don't have
    rotten    much, of which most is gone

Each is asked 20 queries in four languages; answers of one source overlap much, and many are short. A fifth of all URLs
is dead. Pages have 20 to 100 images. nginx serves the pictures on 24 addresses; ours runs search, fetch, dedupe and
land as ``synsift crawl --want`` does, and every request to a source is counted.

Uniform paging is the order of the plan without a target: the same requests in the order in which our own search stage
makes them then, cut off as soon as the pages so far hold as many unique living pictures. That is kinder to it than any
crawl could be: it stops at once, and needs no verdicts. So is the bound: a clairvoyant that always asks for the page
with most new pictures. Prints requests and unique images of the three, and ratios.
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pipeline import HOSTS, PORT, UNHINDERED, server
from benchmarks.servers import nginx
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources import About, FoundImage, Page, PageQuery
from synsift.pipelines.assembly import make_stages, open_parts, search_options
from synsift.pipelines.config import load
from synsift.pipelines.demo.pictures import KINDS, encoded, picture
from synsift.pipelines.stages.plan import plan_asks
from synsift.pipelines.stages.search import SearchStage
from synsift.pipelines.summary import read_counts
from synsift.pipelines.worker import Worker

PAGES: Final = {"large": 50, "overlapping": 20, "copies": 50, "small": 20, "rotten": 100}
"""Images a page: APIs give between 20 and some hundreds."""
WNID: Final = "n1"
QUERIES: Final = {"en": 8, "de": 5, "es": 4, "zh": 3}
DEAD: Final = 0.2
Ask = tuple[str, str, int]
"""Source, text and page."""


@dataclass(frozen=True)
class Hit:
    """A picture in an answer."""

    picture: int
    is_copy: bool = False
    is_dead: bool = False

    @property
    def url(self) -> str:
        """Where it is."""
        folder = "dead" if self.is_dead else "copy" if self.is_copy else "img"
        return f"http://{HOSTS[self.picture % len(HOSTS)]}:{PORT}/{folder}/{self.picture:06d}.jpg"


@dataclass
class Web:
    """All answers: hits by source and text."""

    answers: dict[str, dict[str, list[Hit]]]

    @classmethod
    def made(cls, seed: int, universe: int) -> "Web":
        """Make one; the same for the same seed."""
        rng = random.Random(seed)  # noqa: S311 - the same web every time
        dead = {number for number in range(universe) if rng.random() < DEAD}

        def zipf(pool: Sequence[int], count: int, exponent: float) -> list[int]:
            # The first of exponential races are a sample without repetition.
            order = sorted((rng.expovariate(1) * (place + 1) ** exponent, x) for place, x in enumerate(pool))
            return [x for _, x in order[:count]]

        everything = list(range(universe))
        large = zipf(everything, universe // 2, 0.6)
        overlapping = [*zipf(large, universe // 4, 0.5), *zipf(everything, universe // 20, 0.0)]
        pools = {
            "copies": (large, 1.0, False),
            "rotten": (everything, 0.6, True),
            "overlapping": (overlapping, 0.6, False),
            "large": (large, 1.0, False),
            "small": (zipf(everything, universe // 10, 0.0), 0.3, False),
        }
        texts = [f"{lang}-{number}" for lang, many in QUERIES.items() for number in range(many)]
        answers: dict[str, dict[str, list[Hit]]] = {}
        for name, (pool, depth, is_rotten) in pools.items():
            answers[name] = {}
            for text in texts:
                count = int(len(pool) * depth * rng.choice([0.6, 0.3, 0.1, 0.02, 0.0]))
                answers[name][text] = [
                    Hit(x, is_copy=name == "copies", is_dead=x in dead or (is_rotten and rng.random() < 0.9))
                    for x in zipf(pool, count, 0.7)
                ]
        return cls(answers)

    def page(self, ask: Ask) -> list[Hit]:
        """What stands on a page."""
        source, text, number = ask
        size = PAGES[source]
        return self.answers[source][text][number * size : (number + 1) * size]

    def has_more(self, ask: Ask) -> bool:
        """Whether another page follows."""
        source, text, number = ask
        return len(self.answers[source][text]) > (number + 1) * PAGES[source]

    def gain(self, ask: Ask, seen: set[int]) -> set[int]:
        """Living pictures of a page that were not seen before."""
        return {hit.picture for hit in self.page(ask) if not hit.is_dead} - seen


@dataclass
class Simulated:
    """A source of the web."""

    about: ClassVar[About] = About(title="A source of a made web")

    name: str
    web: Web
    asked: list[Ask]
    images: bool = True

    @property
    def page_size(self) -> int:
        """Most images of a page."""
        return PAGES[self.name]

    def read(self, query: PageQuery) -> Page:
        """A page, as a request to an API would give it."""
        ask = (self.name, query.text, query.page)
        self.asked.append(ask)
        found = tuple(FoundImage(hit.url) for hit in self.web.page(ask)) if self.images else ()
        return Page(found, str(query.page + 1) if self.web.has_more(ask) else "")

    def close(self) -> None:
        """Nothing to close."""


def crawl(web: Web, folder: Path, *, want: int, paging: bool) -> tuple[list[Ask], int]:
    """Requests in their order, and unique images.

    Args:
        web: The web.
        folder: For log and store.
        want: Images; with paging by order the search runs alone, to its end.
        paging: Whether pages are asked for by what they give.
    """
    options = {**UNHINDERED, "store.url": str(folder), "logging.level": "ERROR"}
    settings = load(options=options, env={}).settings
    parts = open_parts(settings)
    asked: list[Ask] = []
    sources = {name: Simulated(name, web, asked, images=paging) for name in web.answers}
    texts = [(lang, f"{lang}-{number}") for lang, many in QUERIES.items() for number in range(many)]
    queries = [SynsetQuery(WNID, text, lang=lang, rank=rank) for rank, (lang, text) in enumerate(texts)]
    with contextlib.closing(parts.log):
        plan_asks(
            parts.log,
            parts.router,
            [(name, query) for name in sources for query in queries],
            want=want if paging else 0,
        )
        search = SearchStage(parts.log, parts.router, sources=sources, options=search_options(settings, {}))
        stages = [search, *make_stages(["fetch", "dedupe", "land"], parts)] if paging else [search]
        asyncio.run(Worker(parts.log, stages, until_idle=True).run())
        counts = read_counts(parts.log).get(WNID)
    return asked, counts.unique if counts is not None else 0


def until(web: Web, asks: Sequence[Ask], want: int) -> tuple[int, int]:
    """How many of some requests give as many unique images as are wanted, and how many they give."""
    seen: set[int] = set()
    for number, ask in enumerate(asks, start=1):
        seen |= web.gain(ask, seen)
        if len(seen) >= want:
            return number, len(seen)
    return len(asks), len(seen)


def clairvoyant(web: Web, want: int) -> tuple[int, int]:
    """The same of who always asks for the page with most new pictures."""
    open_asks: list[Ask] = [(source, text, 0) for source, answers in web.answers.items() for text in answers]
    seen: set[int] = set()
    number = 0
    while len(seen) < want and open_asks:
        best = max(open_asks, key=lambda ask: len(web.gain(ask, seen)))
        open_asks.remove(best)
        seen |= web.gain(best, seen)
        number += 1
        if web.has_more(best):
            open_asks.append((best[0], best[1], best[2] + 1))
    return number, len(seen)


def make_pictures(cache: Path, universe: int) -> None:
    """All pictures, and each in a disguise: smaller, and compressed otherwise."""
    kinds = sorted(KINDS)
    for name in ("img", "copy"):
        (cache / name).mkdir(parents=True, exist_ok=True)
    for number in range(universe):
        target = cache / "copy" / f"{number:06d}.jpg"
        if target.exists():
            continue
        image = picture(kinds[number % len(kinds)], 1_000_000 + number)
        (cache / "img" / target.name).write_bytes(encoded(image, "JPEG", quality=88))
        smaller = image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS)
        target.write_bytes(encoded(smaller, "JPEG", quality=70))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--universe", type=int, default=4_000)
    parser.add_argument("--want", type=int, default=800)
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "synsift-benchmark" / "novelty")
    options = parser.parse_args()
    make_pictures(options.cache, options.universe)
    ratios = []
    with tempfile.TemporaryDirectory(prefix="synsift-bench-") as name:
        scratch = Path(name)
        with nginx(scratch, server(options.cache)):
            for seed in range(options.seed, options.seed + options.worlds):
                web = Web.made(seed, options.universe)
                began = time.monotonic()
                asks, unique = crawl(web, scratch / f"novelty{seed}", want=options.want, paging=True)
                took_s = time.monotonic() - began
                order, _ = crawl(web, scratch / f"uniform{seed}", want=options.want, paging=False)
                uniform, bound = until(web, order, options.want), clairvoyant(web, options.want)
                ours = (len(asks), unique)
                rates = [found / number for number, found in (ours, uniform, bound)]
                ratios.append(rates[0] / rates[1])
                by_source = {source: sum(ask[0] == source for ask in asks) for source in web.answers}
                print(
                    f"world {seed}: by novelty {unique} unique of {len(asks)} requests ({rates[0]:.1f}), {took_s:.0f} s"
                )
                print(f"  {', '.join(f'{source} {number}' for source, number in by_source.items())}")
                print(f"  in their order {uniform[1]} of {uniform[0]} ({rates[1]:.1f}), of {len(order)} there are")
                print(f"  clairvoyant {bound[1]} of {bound[0]} ({rates[2]:.1f})")
                print(f"  ratio to order {ratios[-1]:.2f}, to the clairvoyant {rates[0] / rates[2]:.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
