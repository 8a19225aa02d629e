"""``search``: queries → image URLs, page by page.

A page's outputs are its image URLs and, where there is more, the query for the next page; both are committed with
the page itself. A source is asked a synset's queries one after the other, in their order, so that with one source a
limit cuts off the same URLs however often the crawl was interrupted.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.givers import Abandoned
from synsift.crawler.download.host_rules import HostKeys
from synsift.crawler.download.quotas import Shares
from synsift.crawler.download.reading import Received
from synsift.crawler.errors import SourceError
from synsift.crawler.outcome import Outcome
from synsift.crawler.sources.base import LocalSource, Page, PageQuery, Source, SourceRequest, is_keyless
from synsift.crawler.spiders.base import run_spider
from synsift.crawler.spiders.search import SearchSpider
from synsift.pipelines.clock import text_of
from synsift.pipelines.controls.steering import Steering
from synsift.pipelines.log.base import Log, Member, Message
from synsift.pipelines.reading import Broken, Skipped, read
from synsift.pipelines.records import Query
from synsift.pipelines.stage import Reading
from synsift.pipelines.stages.asks import Ask, page_query, read_list, request_of
from synsift.pipelines.stages.desks import Desks
from synsift.pipelines.stages.introductions import Introduction, Introductions
from synsift.pipelines.stages.lines import Line, Lines, line_of
from synsift.pipelines.stages.page_outputs import PageOutputs
from synsift.pipelines.stages.rations import Rations
from synsift.pipelines.stages.room import Rooms
from synsift.pipelines.stages.search_needs import SearchOptions
from synsift.pipelines.stages.search_steering import UNTIL_TOLD_S, SteeredQueries, ask_in
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.stages.verdicts import Verdicts
from synsift.pipelines.stages.yields import Yields
from synsift.pipelines.topics import QUERIES, Entry, Router, registered_domain

_log: Final = logging.getLogger(__name__)

LIMIT_REACHED: Final = "limit_reached"
UNKNOWN_SOURCE: Final = "unknown_source"
_LOOK_AHEAD: Final = 1_000
_VERDICTS_EVERY_S: Final = 0.3


class SearchStage(SteeredQueries):
    """Asks image sources."""

    name = "search"

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        log: Log,
        router: Router,
        *,
        sources: Mapping[str, Source | LocalSource],
        options: SearchOptions,
        clock: Callable[[], float] = time.time,
        steering: Steering | None = None,
    ) -> None:
        super().__init__(
            log,
            router,
            look_ahead=_LOOK_AHEAD,
            in_order=True,
            politeness=options.politeness,
            steering=steering,
            allowed=options.allowed,
        )
        self._sources = dict(sources)
        self._options = options
        self._asked = {name: source for name, source in sources.items() if not isinstance(source, LocalSource)}
        self._read = {name: source for name, source in sources.items() if isinstance(source, LocalSource)}
        self._reading: set[asyncio.Task[None]] = set()
        self.lines: Lines[Ask] = Lines()
        self.desks: Desks[Ask] = Desks(on_the_way=options.on_the_way, patience_s=options.verdict_wait_s)
        self._verdicts = Verdicts(log, router, lambda source: self._sources[source].page_size)
        self._read_verdicts_at_s = -math.inf
        self._introductions: Introductions[Ask] = Introductions(sources)
        self._rooms = Rooms(self._ledger)
        self._quotas = {quota.key: quota for quota in options.quotas.values()}
        self._rations = Rations(options.quotas, self._ledger, router.partitions, clock)
        self._clock = clock
        self._owned: set[int] = set()
        self._shared_for = 0
        self._rations.wait_for_keys({name: each.about.key for name, each in self._asked.items() if is_keyless(each)})
        self._held: set[Line] = set()

    def make_downloader(self) -> Downloader[PageQuery]:
        """A downloader for which the names of its hosts are known: only the configuration names them."""
        downloader: Downloader[PageQuery] = Downloader(
            self,
            politeness=self.politeness,
            patience=self._options.patience,
            hosts=HostKeys({}, self._key_of),
            names_tell=True,
        )
        downloader.let_steer(self)
        return downloader

    def _key_of(self, name: str) -> str:
        """The key of a host: all of an owner whose quota holds for all of them together are one."""
        domain = registered_domain(name)
        return next((key for key, quota in self._quotas.items() if domain in quota.domains), domain)

    def bounded(self, politeness: Politeness) -> Politeness:
        """No harder than the owners of sources allow to all workers together."""
        self._shared_for = len(self._owned)
        share = max(1, self._shared_for) / self._router.partitions
        return replace(politeness, paces=Shares(politeness.pace_of, self._quotas, share))

    async def run_spider(self, downloader: Downloader[PageQuery]) -> None:
        """Run the search spider, and wait for pages of lists that are being read at its end."""
        try:
            await run_spider(SearchSpider, downloader, self._options.limits, sources=self._asked)
            await asyncio.gather(*self._reading)
        finally:
            for task in self._reading:
                task.cancel()
            for source in self._read.values():
                source.close()

    def forget(self, partition: int) -> None:
        """Drop the lines of a partition's synsets."""
        self._owned.discard(partition)
        self._rations.forget(partition)
        self.lines.forget(lambda ask: ask.message.partition == partition)
        self._held = {line for line in self._held if self.lines.head(line) is not None}
        self.desks.forget(lambda ask: ask.message.partition == partition)

    def look_further(self) -> None:
        """Read what became of image URLs, where that decides what is asked next."""
        now_s = time.monotonic()
        if self.desks and now_s - self._read_verdicts_at_s >= _VERDICTS_EVERY_S:
            self._read_verdicts_at_s = now_s
            self.desks.heard(self._verdicts.read(frozenset(self._owned)))

    def readings(self) -> Sequence[Reading]:
        """What waits, and which sources rest."""
        resting = self._rations.resting().items()
        return (*super().readings(), *(Reading("source_rest_seconds", rest_s, source) for source, rest_s in resting))

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Forget what was counted beyond the committed counts."""
        self._owned.add(partition)
        self._rations.restore(partition)
        self._rooms.restore(partition)

    def message_of(self, task: PageQuery) -> Message:
        """The input behind a page's query."""
        return ask_in(task).message

    async def take(self, message: Message) -> None:
        """Queue a query behind the others of its synset at its source."""
        if self._quotas and self._shared_for != len(self._owned):
            self.pace()
        query = read(Query, message, self._router)
        if isinstance(query, Broken):
            self._ledger.reject(message, query.outcome, query.text)
            return
        ask = page_query(query, message)
        if ask.source not in self._sources:
            known = ", ".join(sorted(self._sources))
            text = f"there is no source {ask.source!r}; this worker knows {known}"
            self._ledger.reject(message, UNKNOWN_SOURCE, text, wnid=ask.wnid)
            return
        if self.is_by_novelty(query):
            self.desks.add(ask, self._clock())
            self.look_ahead.set_aside(message)
            # What waits for a verdict must not keep the one alone that is to give it.
            self.turnstile.rest(message)
        elif self.lines.add(ask):
            await self._ask_first(line_of(ask))
        else:
            self.turnstile.rest(message)
            if self.lines.is_resting(line_of(ask)):
                self.look_ahead.set_aside(message)

    async def received(self, task: PageQuery, result: Received) -> None:
        """Take an answer: a page, or what a source says of itself, which is no input's."""
        if isinstance(task, Introduction):
            await self._ask_all(self._introductions.introduced(task.source))
        else:
            await super().received(task, result)

    async def abandoned(self, task: PageQuery, result: Abandoned) -> None:
        """Take a failure: a page's, or that of asking a source what it can."""
        if isinstance(task, Introduction):
            await self._ask_all(self._introductions.refused(task.source, result))
        else:
            await super().abandoned(task, result)

    async def _ask_all(self, asks: Sequence[Ask]) -> None:
        """Ask what waited for its source, and is still ours to ask."""
        for ask in asks:
            is_next = self.desks.is_asked(ask) if self.is_by_novelty(ask.query) else self.lines.is_head(ask)
            if is_next and self._ledger.is_open(ask.message):
                await self._submit(ask)

    async def deliver(self, task: PageQuery, result: Received) -> None:
        """Take a page."""
        await self._end(task, result.content)

    async def _end(self, task: PageQuery, page: Page) -> None:
        ask = ask_in(task)
        entries, counts = self._outputs(ask, page)
        self._ledger.finish(ask.message, entries, [*counts, *self.budgets.cost(ask.message)])
        if self.is_by_novelty(ask.query) and any(entry.topic == QUERIES.name for entry in entries):
            self.desks.end(ask, goes_on_s=self._clock())
        else:
            await self.ask_next(ask)

    def _start_reading(self, ask: Ask, source: LocalSource) -> None:
        if self._stopping:
            return  # it stays open in the log, and the next worker reads it
        task = asyncio.create_task(self._read_page(ask, source), name=f"{self.name}-reading")
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read_page(self, ask: Ask, source: LocalSource) -> None:
        """Read a page of a list on this machine: no host is asked, so there is nobody to be polite to."""
        try:
            page = await asyncio.to_thread(read_list, source, ask)
        except Exception as exc:  # noqa: BLE001 - the per-item guard: an odd list must not stop the others
            known = isinstance(exc, SourceError)
            message = str(exc) if known else f"the list can't be read: {type(exc).__name__}: {exc}"
            await self.abandoned(ask, Abandoned(Outcome.SOURCE_ERROR, message, 1))
        else:
            await self._guard(self._end, ask, page)

    async def abandon(self, task: PageQuery, result: Abandoned) -> None:
        """A page that can't be had ends its query, and the next one goes on; unless its source only wants a rest."""
        ask = ask_in(task)
        if result.until_s > self._clock():
            if not self._rations.rests_until_s(ask.source):
                _log.warning("%s: %s; asking on at %s", ask.source, result.message, text_of(result.until_s))
            self._rations.let_rest(ask.source, result.until_s)
            if self.is_by_novelty(ask.query):
                self.desks.put_back(ask)
                self.turnstile.rest(ask.message)
            else:
                self.rest(line_of(ask), result.until_s)
            return
        self.end_without(ask, result)
        await self.ask_next(ask)

    async def drop(self, task: PageQuery) -> None:
        """The next query of the synset goes on."""
        await self.ask_next(ask_in(task))

    async def ask_next(self, ask: Ask) -> None:
        """Let those go on that wait behind a query that has ended."""
        if self.is_by_novelty(ask.query):
            self.desks.end(ask)
        elif self.lines.end(ask):
            await self._ask_first(line_of(ask))

    async def _ask_first(self, line: Line) -> None:
        """Ask the first query in a line that its synset's limit still allows."""
        while (ask := self.lines.head(line)) is not None:
            stop = self.stop_of(ask)
            if stop is not None and not stop.ends:
                self.rest(line, UNTIL_TOLD_S)
                return
            if self._room(ask) > 0 and (until_s := self._rests_until_s(ask.source)) > 0:
                self.rest(line, until_s)
                return
            if not self.turnstile.resume(ask.message):
                self._held.add(line)
                return
            if await self._begins(ask):
                return
            self.lines.end(ask)

    async def _ask_from_desks(self) -> None:
        """Ask what is worth most, and end what isn't asked any more."""
        due = self.desks.due(
            self._clock(),
            yields_of=self._yields_of,
            known=self._verdicts.known,
            rests_until_s=self._rests_until_s,
            stop_of=self.stop_of,
        )
        for found in due:
            for ask, stop in found.stopped:
                self.end_stopped(ask, stop)
            for ask, why in found.end:
                self._ledger.finish(ask.message, [], [Count(ask.wnid, why)])
            for ask in found.ask:
                if not self.turnstile.resume(ask.message):
                    self.desks.put_back(ask)
                elif not await self._begins(ask):
                    self.desks.end(ask)

    async def _begins(self, ask: Ask) -> bool:
        """Begin with a query; False if it has ended by that."""
        stop = self.stop_of(ask)
        if stop is not None and stop.ends:
            self.end_stopped(ask, stop)
            return False
        if self._room(ask) <= 0:
            self._ledger.finish(ask.message, [], [Count(ask.wnid, LIMIT_REACHED)])
            return False
        local = self._read.get(ask.source)
        if local is not None:
            self._start_reading(ask, local)
            return True
        return await self._waits_for_introduction(ask) or await self._ask_for(ask)

    def _rests_until_s(self, source: str) -> float:
        """When a source may be asked again, in Unix time; 0 if it may be now, or is on this machine."""
        return 0.0 if source in self._read else self._rations.rests_until_s(source)

    def _yields_of(self, ask: Ask) -> Yields:
        return self._verdicts.of(ask.wnid, self._ledger.counts_of(ask.message.partition, ask.wnid))

    def is_by_novelty(self, query: Query) -> bool:
        """Whether it is asked by what it gives."""
        return self._options.by_novelty or query.want > 0

    async def _waits_for_introduction(self, ask: Ask) -> bool:
        """Whether a query waits until its source has said what it can; the first of them asks for that."""
        first = self._introductions.request_for(ask)
        if isinstance(first, SourceRequest):
            source = Introduction(source=ask.source, text="", lang="en", cursor="", page=0, wnid="")
            await self.downloader.submit(source, first.url)
        return first is not None

    async def _submit(self, ask: Ask) -> None:
        if not await self._ask_for(ask):
            await self.ask_next(ask)

    async def _ask_for(self, ask: Ask) -> bool:
        """Ask a source; False, and a dead letter, where it can't say what to send."""
        request = request_of(self._asked[ask.source], ask)
        if isinstance(request, str):
            self._ledger.reject(ask.message, Outcome.SOURCE_ERROR, request, wnid=ask.wnid)
            return False
        self._rations.spend(ask.source)
        await self.downloader.submit(ask, request.url)
        return True

    def rest(self, line: Line, until_s: float) -> None:
        """Leave a line alone; who waits there keeps no other source's queries from being read."""
        for ask in self.lines.rest(line, until_s):
            self.look_ahead.set_aside(ask.message)
            self.turnstile.rest(ask.message)

    async def _turn(self, member: Member) -> Member:
        """Commit, read, begin; once. What has rested long enough begins, too."""
        held, self._held = self._held, set()
        for line in [*held, *self.lines.wake(self._clock())]:
            await self._ask_first(line)
        member = await super()._turn(member)
        if self.desks:
            await self._ask_from_desks()
        return member

    def _leave(self) -> None:
        """Leave the group, and let go of what reads verdicts."""
        try:
            super()._leave()
        finally:
            self._verdicts.close()

    def rests_until_s(self) -> float | None:
        """When it goes on, in Unix time, if all that is left waits for sources that answer nothing before then."""
        resting = [found for found in (self.lines.resting(), self.desks.resting()) if found[0]]
        number = sum(found for found, _ in resting)
        rests = number > 0 and number >= self._ledger.pending and self.look_ahead.is_read_out
        return min(until_s for _, until_s in resting) if rests else None

    def _outputs(self, ask: Ask, page: Page) -> tuple[list[Entry], list[Count]]:
        room = max(0, self._room(ask))
        outputs = PageOutputs(
            ask,
            self._router,
            self._ledger,
            page_size=self._sources[ask.source].page_size,
            counts_arms=self.is_by_novelty(ask.query),
        )
        entries, counts = outputs.of(page, room)
        self._rooms.took(ask, self.view.limit(ask.wnid), min(room, len(page.images)), counts)
        return entries, counts

    def _room(self, ask: Ask) -> int:
        """How many image URLs the synset may still get."""
        return self._rooms.left(ask, self.view.limit(ask.wnid))
