"""One question to one source, asked as the search stage asks it, and kept nowhere."""

import time
from dataclasses import dataclass, field

from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.givers import Abandoned
from synsift.crawler.download.host_rules import HostKeys
from synsift.crawler.download.reading import Received
from synsift.crawler.sources.base import FoundImage, IntroducedSource, Page, PageQuery, Source, SourceAnswer
from synsift.crawler.sources.foreign import foreign_code
from synsift.crawler.sources.testing.recording import Recorded, record
from synsift.crawler.spiders.base import run_spider
from synsift.crawler.spiders.search import SearchSpider
from synsift.pipelines.assembly import search_options
from synsift.pipelines.config import Settings
from synsift.pipelines.image_sources import make_source
from synsift.pipelines.stages.introductions import Introduction
from synsift.pipelines.topics import registered_domain


@dataclass(slots=True)
class Probed:
    """What came of a question.

    Attributes:
        url: That was asked.
        images: Of the first page.
        rest: What else there is to know of the answer, in words.
        problem: Why there is no answer; empty if there is one.
        seconds: How long it took.
        answer: The answer as it may be kept; None if there is none.
    """

    url: str
    images: list[FoundImage] = field(default_factory=list)
    rest: str = ""
    problem: str = ""
    seconds: float = 0.0
    answer: Recorded | None = None


class _Questioner:
    """Asks, and hears."""

    def __init__(self, source: Source, query: PageQuery) -> None:
        self.source = source
        self.query = query
        self.downloader: Downloader[PageQuery]
        with foreign_code(query.source):
            self.found = Probed(source.request(query).url)

    async def begin(self) -> None:
        with foreign_code(self.query.source):
            first = self.source.introduction() if isinstance(self.source, IntroducedSource) else None
        if first is None:
            await self.ask()
            return
        name = self.query.source
        introduction = Introduction(source=name, text="", lang="en", cursor="", page=0, wnid="")
        await self.downloader.submit(introduction, first.url)

    async def ask(self) -> None:
        with foreign_code(self.query.source):
            self.found.url = self.source.request(self.query).url
        await self.downloader.submit(self.query, self.found.url)

    def overhears(self, task: PageQuery, answer: SourceAnswer) -> None:
        if not task.introduces:
            self.found.answer = record(task, answer)

    async def received(self, task: PageQuery, result: Received) -> None:
        if task.introduces:
            await self.ask()
            return
        page: Page = result.content
        self.found.images = list(page.images)
        parts = ["there is more" if page.next_cursor else "that is all"]
        parts += [f"{number} left out ({reason})" for reason, number in page.left_out.items()]
        parts += [f"can't be used: {reject.message}" for reject in page.rejects[:3]]
        self.found.rest = "; ".join(parts)
        self.downloader.close()

    async def abandoned(self, task: PageQuery, result: Abandoned) -> None:
        if task.introduces:
            assert isinstance(self.source, IntroducedSource)  # noqa: S101 - who else would have been asked that
            with foreign_code(self.query.source):
                self.source.presume()
            await self.ask()
            return
        self.found.problem = f"{result.outcome}: {result.message}"
        self.downloader.close()


async def probe(name: str, settings: Settings, text: str, lang: str) -> Probed:
    """Ask a source for one page.

    Args:
        name: Of the source.
        settings: The configuration.
        text: What to ask for.
        lang: Its language, ISO 639-1.
    """
    source: Source = make_source(name, settings)
    options = search_options(settings, {name: source})
    questioner = _Questioner(source, PageQuery(source=name, text=text, lang=lang, cursor="", page=0, wnid=""))
    downloader: Downloader[PageQuery] = Downloader(
        questioner,
        politeness=options.politeness,
        patience=options.patience,
        hosts=HostKeys({}, registered_domain),
        names_tell=True,
    )
    questioner.downloader = downloader
    begun_s = time.monotonic()
    await questioner.begin()
    await run_spider(SearchSpider, downloader, options.limits, sources={name: source}, overhears=questioner.overhears)
    questioner.found.seconds = time.monotonic() - begun_s
    return questioner.found
