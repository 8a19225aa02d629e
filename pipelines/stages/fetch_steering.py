"""What operators say of image URLs, and what ``fetch`` does with these: they wait, go before others, or end.

What is paused is held in memory as far as a partition's share goes, and beyond that stays, or goes back, in the log, so
that it keeps nobody behind it waiting. In the same way those are passed over that others go before.
"""

import dataclasses
import time
from abc import abstractmethod
from collections.abc import Sequence

from synsift.pipelines.controls.steering import Steering
from synsift.pipelines.controls.view import Stop
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.reading import read_bytes
from synsift.pipelines.records import ImageUrl
from synsift.pipelines.stages.download_stage import DownloadStage
from synsift.pipelines.stages.fetch_memory import PartitionMemory
from synsift.pipelines.stages.fetch_needs import FetchOptions
from synsift.pipelines.stages.look_ahead import LATER, PAUSED
from synsift.pipelines.stages.wanted import Wanted, ends
from synsift.pipelines.topics import Entry, Router


class SteeredUrls(DownloadStage[Wanted]):
    """The part of ``fetch`` that heeds operators.

    Attributes:
        memory: What is known of each partition's URLs.
        paused: What waits until it is said that it goes on, by partition and offset.
    """

    def __init__(self, log: Log, router: Router, *, options: FetchOptions, steering: Steering | None) -> None:
        super().__init__(
            log,
            router,
            look_ahead=options.look_ahead,
            in_order=False,
            politeness=options.politeness,
            steering=steering,
            allowed=options.allowed,
        )
        self.memory: dict[int, PartitionMemory[Wanted]] = {}
        self.paused: dict[tuple[int, int], Wanted] = {}

    @abstractmethod
    async def want(self, wanted: Wanted) -> None:
        """Fetch a URL, unless that was done, is being done, or must not be."""

    @abstractmethod
    def to_tail(self, wanted: Wanted, not_before_s: float, beside: Sequence[Entry] = ()) -> None:
        """Put a URL at the tail of its partition."""

    def forget_paused(self, partition: int) -> None:
        """A partition is another's; in the log's thread."""
        for place in [place for place in tuple(self.paused) if place[0] == partition]:
            self.paused.pop(place, None)

    def as_held(self, message: Message) -> Message:
        """A record that stands behind, under the key under which it would be held."""
        view = self.view
        record = read_bytes(ImageUrl, message.value or b"") if view.pauses or view.ranks else None
        if not isinstance(record, ImageUrl):
            return message
        stop = view.of_url(record.url, record.wnid)
        if stop is not None and not stop.ends:
            return dataclasses.replace(message, key=PAUSED)
        return dataclasses.replace(message, key=LATER) if self.comes_later(record) else message

    def comes_later(self, record: ImageUrl) -> bool:
        """Whether URLs of other synsets go before it."""
        return self.view.ranks and self.view.priority(record.wnid) <= 0

    def passes_over(self, wanted: Wanted) -> bool:
        """Whether a URL that was just read is to go to the tail."""
        message = wanted.message
        if self.comes_later(wanted.record):
            self.look_ahead.count_as(message, LATER)
        return self.look_ahead.passes_over(message)

    def rank_of(self, task: Wanted) -> float:
        """By its synset."""
        return self.view.priority(task.record.wnid)

    def stops(self, task: Wanted, url: str) -> bool:
        """Whether operators stop a URL, or where it led; or a budget."""
        return self.stop_of(task, url) is not None

    def stop_of(self, wanted: Wanted, url: str) -> Stop | None:
        """Why a URL must not be asked for now."""
        record = wanted.record
        stop = self.view.of_url(url, record.wnid)
        return stop or self.budgets.stop_of(wanted.message, record.wnid, record.found_by.source)

    def begins(self, task: Wanted) -> None:
        """A request is about to leave."""
        self.budgets.begins(task.message, task.record.wnid, task.record.found_by.source)

    async def _take_word(self) -> None:
        """Look again at what waits, also when something of a budget has become free, or was spent."""
        if self.budgets.has_news() and self.paused:
            self._steered_by = -1
        await super()._take_word()

    async def stop_task(self, task: Wanted, url: str) -> None:
        """Let a URL wait that was to be asked, or end it; those that wait for the same URL are looked at, too."""
        memory = self.memory.get(task.message.partition)
        waiting = memory.in_flight.pop(task.record.url, []) if memory is not None else []
        stop = self.stop_of(task, url)
        if stop is None:
            await self.want(task)
        else:
            self.stop_url(task, stop)
        for wanted in waiting:
            if self._ledger.is_open(wanted.message):
                await self.want(wanted)

    def stop_url(self, wanted: Wanted, stop: Stop) -> None:
        """Let a URL wait until it is said that it goes on, or end it."""
        message, record = wanted.message, wanted.record
        if stop.ends:
            counts = ends(wanted, stop.how, is_candidate=False)
            letter = self._ledger.dead_letter(message, stop.how, stop.text, wnid=record.wnid)
            self._ledger.finish(message, [letter], [*counts, *self.budgets.cost(message)])
            return
        self.look_ahead.count_as(message, PAUSED)
        if self.look_ahead.passes_over(message):
            self.to_tail(wanted, time.time())
            return
        self.turnstile.rest(message)
        self.paused[message.partition, message.offset] = wanted

    async def steer(self) -> None:
        """Let go on what is paused no more, and tell apart what others go before."""
        for task in self.downloader.waiting_tasks():
            self.look_ahead.count_as(task.message, LATER if self.comes_later(task.record) else None)
        for place, wanted in list(self.paused.items()):
            stop = self.stop_of(wanted, wanted.record.url)
            is_open = self._ledger.is_open(wanted.message)
            if is_open and stop is not None and not stop.ends:
                continue
            if is_open and stop is None and not self.turnstile.resume(wanted.message):
                self._steered_by = -1  # another input is tried alone: look again at the next turn
                continue
            self.paused.pop(place, None)
            if is_open:
                self.look_ahead.count_as(wanted.message, None)
                await self.want(wanted)
