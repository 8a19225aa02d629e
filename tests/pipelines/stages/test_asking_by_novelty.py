"""``search`` asks by what pages give: a source on this machine gives them, and writes at once what became of them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from synsift.crawler.download.access import Access
from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.settings import Limits
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources import About, FoundImage, Page, PageQuery
from synsift.pipelines import topics
from synsift.pipelines.records import ImageUrl, Progress
from synsift.pipelines.stages.plan import plan_asks
from synsift.pipelines.stages.search import SearchStage
from synsift.pipelines.stages.search_needs import SearchOptions
from synsift.pipelines.stages.yields import JUDGED, NEW, UNIQUE, name_of
from synsift.pipelines.summary import read_counts
from synsift.pipelines.worker import Worker
from tests.pipelines.worlds import World

SIZE = 10


@dataclass
class Judge:
    """Says of every image whether it is new: the part of ``fetch`` and ``dedupe``."""

    world: World
    seen: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def judge(self, query: PageQuery, names: Iterable[str]) -> None:
        arm = (query.source, query.lang, query.text)
        for name in names:
            self.counts[name_of(JUDGED, arm, query.page)] += 1
            if name not in self.seen:
                self.seen.add(name)
                self.counts[name_of(NEW, arm, query.page)] += 1
                self.counts[UNIQUE] += 1
        partition = self.world.router.of_wnid(query.wnid)
        progress = Progress(wnid=query.wnid, stage="dedupe", partition=partition, counts=dict(self.counts))
        self.world.log.produce([self.world.router.progress(progress)])


@dataclass
class Shelf:
    """A source of so many pages a text; those of copies give the same images again and again."""

    about: ClassVar[About] = About(title="A shelf")

    pages: int = 10
    is_copies: bool = False
    judge: Judge | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)
    page_size: int = SIZE
    on_page: Callable[[PageQuery], None] = lambda _query: None

    def read(self, query: PageQuery) -> Page:
        self.asked.append((query.text, query.page))
        self.on_page(query)
        names = [f"{n}" if self.is_copies else f"{query.source}-{query.text}-{query.page}-{n}" for n in range(SIZE)]
        if self.judge is not None:
            self.judge.judge(query, names)
        images = tuple(FoundImage(f"http://up.example/{query.source}/{name}") for name in names)
        return Page(images, str(query.page + 1) if query.page + 1 < self.pages else "")

    def close(self) -> None:
        pass


def plan(world: World, sources: Iterable[str], texts: Iterable[str], *, want: int) -> None:
    queries = [SynsetQuery("n1", text, rank=rank) for rank, text in enumerate(texts)]
    plan_asks(world.log, world.router, [(name, query) for query in queries for name in sources], want=want)


def stage_of(
    world: World, sources: Mapping[str, Shelf], *, on_the_way: int = 500, wait_s: float = 300.0
) -> SearchStage:
    options = SearchOptions(
        politeness=Politeness(4, 1, 0.0),
        patience=Patience(),
        limits=Limits("synsift/test", 2.0, 1_000_000, False, Access("search", ("127.0.0.0/8",))),
        on_the_way=on_the_way,
        verdict_wait_s=wait_s,
    )
    return SearchStage(world.log, world.router, sources=sources, options=options)


def search(world: World, stage: SearchStage) -> None:
    asyncio.run(Worker(world.log, [stage], until_idle=True).run())


def counted(world: World, outcome: str) -> int:
    return read_counts(world.log)["n1"].of("search", outcome)


def test_a_source_of_copies_yields_and_the_target_ends_all_queries(world: World) -> None:
    judge = Judge(world)
    shelves = {"copies": Shelf(50, True, judge), "good": Shelf(50, False, judge)}
    plan(world, shelves, ["dog"], want=100)
    search(world, stage_of(world, shelves, on_the_way=SIZE))
    # The first pages of each are tried; then the copies have no turn before the target is reached.
    assert len(judge.seen) >= 100
    assert len(shelves["copies"].asked) <= 3
    assert len(shelves["good"].asked) <= 12
    assert counted(world, "want_reached") == 2
    assert counted(world, "pages") == sum(len(shelf.asked) for shelf in shelves.values())


def test_a_query_that_gives_nothing_new_ends(world: World) -> None:
    judge = Judge(world)
    endless = Shelf(1_000_000, True, judge)
    plan(world, ["copies"], ["dog"], want=100)
    search(world, stage_of(world, {"copies": endless}))
    assert 8 <= len(endless.asked) <= 16
    assert counted(world, "nothing_new") == 1


def test_without_news_all_is_asked_in_the_end(world: World) -> None:
    shelf = Shelf(4)
    plan(world, ["good"], ["dog", "cat"], want=1_000)
    search(world, stage_of(world, {"good": shelf}, on_the_way=SIZE, wait_s=0.0))
    assert sorted(shelf.asked) == sorted((text, page) for text in ("dog", "cat") for page in range(4))


def test_a_restart_goes_on_where_it_stood_and_asks_nothing_twice(world: World) -> None:
    judge = Judge(world)
    shelves = {"copies": Shelf(9, True, judge), "good": Shelf(9, False, judge)}
    plan(world, shelves, ["dog", "cat"], want=10_000)
    for number in (5, 12, 0):
        stage = stage_of(world, shelves)
        worker = Worker(world.log, [stage], until_idle=True)

        def end(_query: PageQuery, number: int = number, worker: Worker = worker) -> None:
            if number and sum(len(shelf.asked) for shelf in shelves.values()) >= number:
                worker.interrupt()

        for shelf in shelves.values():
            shelf.on_page = end
        asyncio.run(worker.run())
    asked = [(name, *page) for name, shelf in shelves.items() for page in shelf.asked]
    assert len(asked) == len(set(asked))
    assert {page for page in asked if page[0] == "good"} == {("good", t, n) for t in ("dog", "cat") for n in range(9)}


def test_a_larger_target_goes_on(world: World) -> None:
    judge = Judge(world)
    shelf = Shelf(30, False, judge)
    plan(world, ["good"], ["dog"], want=30)
    search(world, stage_of(world, {"good": shelf}))
    few = len(shelf.asked)
    plan(world, ["good"], ["dog"], want=30)
    search(world, stage_of(world, {"good": shelf}))
    assert len(shelf.asked) == few
    plan(world, ["good"], ["dog"], want=200)
    search(world, stage_of(world, {"good": shelf}))
    assert len(judge.seen) >= 200


@pytest.mark.parametrize("want", [0, 50])
def test_images_say_their_page_only_where_pages_are_asked_by_what_they_give(world: World, want: int) -> None:
    plan(world, ["good"], ["dog"], want=want)
    search(world, stage_of(world, {"good": Shelf(2, False, Judge(world))}))
    pages = {record.found_by.page for record in world.records(topics.IMAGE_URLS, ImageUrl)}
    assert pages == ({1, 2} if want else {0})
