"""``fetch``: image URLs → images in the blob store, with their fingerprints.

image URL ──┬─ fetched before ──────────────▶ candidate again, for another synset; nothing is asked
            ├─ being fetched now ───────────▶ waits for the one that is
            └─ new ──downloader──▶ bytes ──▶ fingerprint ──▶ not denied ──▶ blob ──▶ candidate + fetched
"""

import asyncio
import contextlib
import itertools
import logging
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec

from synsift.crawler.download.attempt import origin_of
from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.givers import Abandoned
from synsift.crawler.download.host_health import HostHealth, Illness
from synsift.crawler.download.reading import Received
from synsift.crawler.outcome import Outcome
from synsift.crawler.spiders.base import run_spider
from synsift.crawler.spiders.fetch import FetchSpider
from synsift.crawler.wording import masked
from synsift.dedupe import ImageError
from synsift.pipelines import topics
from synsift.pipelines.clock import now_text, text_of
from synsift.pipelines.controls.steering import Steering
from synsift.pipelines.controls.view import Stopped
from synsift.pipelines.decoding.errors import DecodersUnavailable
from synsift.pipelines.errors import StoreError, StoreUnavailable
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.metrics import DEFERRED, FETCHED_BYTES, WORK_SECONDS
from synsift.pipelines.reading import BROKEN_RECORD, Broken, Skipped, read
from synsift.pipelines.records import Candidate, Fetched, HttpAnswer, Image, ImageUrl
from synsift.pipelines.said import Consent
from synsift.pipelines.stage import REPEATED, REUSED, Reading
from synsift.pipelines.stages.consent import hear_image
from synsift.pipelines.stages.denial import as_of_now, refuse_blocked, refuse_denied
from synsift.pipelines.stages.fetch_memory import HostBook, PartitionMemory, entry_of, seconds_until
from synsift.pipelines.stages.fetch_needs import BlobStore, FetchOptions, Fingerprinter
from synsift.pipelines.stages.fetch_steering import SteeredUrls
from synsift.pipelines.stages.host_homes import moved_entry, read_fetched
from synsift.pipelines.stages.image_record import image_record
from synsift.pipelines.stages.look_ahead import LATER, PAUSED, PEEK_RECORDS
from synsift.pipelines.stages.placeholders import PLACEHOLDER, Placeholders
from synsift.pipelines.stages.wanted import Wanted, ends, page_of
from synsift.pipelines.storage import layout
from synsift.pipelines.texts import kept
from synsift.pipelines.topics import Entry, Router, saying

A = TypeVar("A")
R = TypeVar("R")

_log: Final = logging.getLogger(__name__)

_MIN_DEFER_S: Final = 1.0
_MOST_WAIT_S: Final = 60.0
_STORE_RETRIES_S: Final = (0.5, 2.0, 8.0)


class FetchStage(SteeredUrls):
    """Downloads images."""

    name = "fetch"

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        log: Log,
        router: Router,
        *,
        blobs: BlobStore,
        decoders: Fingerprinter,
        options: FetchOptions,
        steering: Steering | None = None,
    ) -> None:
        super().__init__(log, router, options=options, steering=steering)
        self._blobs = blobs
        self._decoders = decoders
        self._options = options
        self.health = HostHealth(options.health)
        self._hosts = HostBook(self.health, router)
        self._workers = ThreadPoolExecutor(options.threads, thread_name_prefix="fetch-work")

    def make_downloader(self) -> Downloader[Wanted]:
        """A downloader for URLs of the web."""
        downloader = Downloader(
            self, politeness=self.politeness, patience=self._options.patience, hosts=self._router.keys
        )
        downloader.let_wait(self)
        downloader.let_steer(self)
        return downloader

    async def run_spider(self, downloader: Downloader[Wanted]) -> None:
        """Run the fetch spider."""
        try:
            await run_spider(FetchSpider, downloader, self._options.limits, page_of=page_of)
        finally:
            self._workers.shutdown(wait=False, cancel_futures=True)
            self._decoders.close()

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Read what was fetched from the partition's hosts."""
        memory = PartitionMemory[Wanted](placeholders=Placeholders(self._options.placeholder_urls))
        # Kept as they are, and read when their URL is asked for again: most never are.
        for message in read_fetched(self._logbook, self._router, partition):
            if message.damage or message.key is None:
                skipped.note(message, Broken(BROKEN_RECORD, message.damage or "a record without a key"))
            else:
                memory.read(message.key, message.value, message.headers)
                self._hosts.restore(message)
        self.memory[partition] = memory

    def forget(self, partition: int) -> None:
        """Drop what is known of a partition's URLs."""
        self.memory.pop(partition, None)
        self.forget_paused(partition)

    def message_of(self, task: Wanted) -> Message:
        """The input behind a URL."""
        return task.message

    async def take(self, message: Message) -> None:
        """Fetch a URL, unless that was done or is being done."""
        record = read(ImageUrl, message, self._router)
        if isinstance(record, Broken):
            self._ledger.reject(message, record.outcome, record.text)
            return
        moved = moved_entry(message, record, self._router)
        if moved is None:
            await self.want(Wanted(message, record))
        else:
            self._ledger.finish(message, [moved], [])

    async def want(self, wanted: Wanted) -> None:
        """Fetch a URL, unless that was done, is being done, or must not be."""
        message = wanted.message
        memory = self.memory.get(message.partition)
        if memory is None:
            return  # revoked since it was read: the next owner reads it, too
        stop = self.view.of_url(wanted.record.url, wanted.record.wnid)
        if stop is not None:
            self.stop_url(wanted, stop)
            return
        known = memory.get(wanted.record.url)
        if known is not None and known.outcome == Stopped.BLOCKED:
            known = None  # what was blocked then may come in now
        if known is not None and not (wanted.replay_of and known.image is None):
            await self._serve(wanted, known)
        elif wanted.record.url in memory.in_flight:
            memory.in_flight[wanted.record.url].append(wanted)
        elif known is None and (same := memory.get_content(wanted.record)) is not None:
            await self._serve(wanted, same)
        elif self.passes_over(wanted):
            self._defer(wanted)
        else:
            memory.in_flight[wanted.record.url] = []
            wait_s = seconds_until(wanted.record.not_before, time.time())
            if self.health.illness(origin_of(wanted.record.url)) is None:
                wait_s = min(wait_s, _MOST_WAIT_S)  # its host is well again by now
            await self.downloader.submit(wanted, wanted.record.url, delay_s=wait_s)
            self.turnstile.waits(message, wait_s)

    def look_further(self) -> None:
        """Where slow hosts fill a partition and requests could be made, see whether there are others behind."""
        if not self.downloader.has_free_places and not self.view.ranks:
            return
        for peek in self.look_ahead.peeks(time.monotonic(), self._resting):
            behind = self._logbook.read(topics.IMAGE_URLS.name, peek.partition, peek.start)
            with contextlib.closing(behind):
                seen = map(self.as_held, itertools.islice(behind, PEEK_RECORDS))
                self.look_ahead.peeked(peek, seen, time.monotonic())

    def _resting(self) -> frozenset[bytes]:
        """Keys of hosts that are left alone for now."""
        asleep = self.health.asleep(time.time())
        return frozenset(
            {PAUSED, LATER, *(key.encode() for origin in asleep for key in self._router.keys.keys_of(origin))}
        )

    def readings(self) -> Sequence[Reading]:
        """What waits, and for hosts in which state."""
        states = self.health.count_states(time.time())
        hosts = (Reading("hosts", number, state) for state, number in states.items())
        return (*super().readings(), Reading("paused_inputs", len(self.paused)), *hosts)

    def rests_until_s(self) -> float | None:
        """When a host may be asked again, in Unix time, if all that is left waits for hosts that fail; else None.

        Infinity, if all that is left is paused.
        """
        if not self.look_ahead.is_read_out or not self.turnstile.is_passed:
            return None
        paused = len(self.paused)
        if paused and paused >= self._ledger.pending and self.downloader.is_idle:
            return math.inf
        return self.downloader.wakes_at_s()

    def _defer(self, wanted: Wanted) -> None:
        """Put a URL of a hot host at the tail of its partition, not to be asked before what is held of that host."""
        if self.comes_later(wanted.record):
            self.to_tail(wanted, time.time())
            return
        pace = self.politeness.pace_of(self._router.keys.key_of(wanted.record.url))
        wait_s = max(_MIN_DEFER_S, self.look_ahead.held_by(wanted.message) * pace.delay_s)
        illness = self.health.illness(origin_of(wanted.record.url))
        self.to_tail(wanted, max(time.time() + wait_s, illness.until_s if illness else 0.0))

    def to_tail(self, wanted: Wanted, not_before_s: float, beside: Sequence[Entry] = ()) -> None:
        """Put a URL at the tail of its partition."""
        record = msgspec.structs.replace(wanted.record, not_before=text_of(not_before_s))
        entry = saying(self._router.image_url(record), wanted.message.headers)
        self._ledger.finish(wanted.message, [entry, *beside], self.budgets.cost(wanted.message))
        DEFERRED.inc()

    async def postpone(self, task: Wanted, origin: str, illness: Illness) -> None:
        """Put a URL whose host fails at the tail, and those that wait for the same URL."""
        memory = self.memory.get(task.message.partition)
        waiting = memory.in_flight.pop(task.record.url, []) if memory is not None else []
        self.to_tail(task, illness.until_s, self._hosts.fell_asleep(origin, task.record.url, illness))
        for wanted in waiting:
            self.to_tail(wanted, illness.until_s)

    def make_durable(self) -> None:
        """Blobs first, then the records that name them."""
        self._blobs.sync()

    async def deliver(self, task: Wanted, result: Received) -> None:
        """Take the bytes of an image."""
        body: bytes = result.content
        stop = self.view.of_url(result.answer.url, task.record.wnid)
        if stop is not None and stop.ends:  # said while it was on its way
            await self.stop_task(task, result.answer.url)
            return
        try:
            judgement, consent = hear_image(body, result.answer, self._options.limits)
            if judgement.refuses:
                await self._end_without(task, Abandoned(judgement.outcome, judgement.reason, result.attempts))
                return
            image = await self._ask_store(self._keep, body)
        except ImageError as exc:
            outcome, reason = (exc.outcome, str(exc)) if body else (Outcome.EMPTY, "the answer has no body")
            await self._end_without(task, Abandoned(outcome, reason, result.attempts))
            return
        except (StoreError, DecodersUnavailable) as exc:
            self.fail(exc)
            return
        FETCHED_BYTES.inc(len(body))
        memory = self.memory.get(task.message.partition)
        if memory is not None and not memory.placeholders.takes(task.record.url, image.sha256):
            text = f"SHA-256 {image.sha256}: other URLs of this host gave the same picture"
            await self._end_without(task, Abandoned(PLACEHOLDER, text, result.attempts))
            return
        await self._end_with(task, result, image, consent)

    async def abandon(self, task: Wanted, result: Abandoned) -> None:
        """Note that a URL gives nothing."""
        await self._end_without(task, result)

    async def drop(self, task: Wanted) -> None:
        """Those that waited for the same URL ask for it themselves."""
        memory = self.memory.get(task.message.partition)
        waiting = memory.in_flight.pop(task.record.url, []) if memory is not None else []
        for wanted in waiting:
            if self._ledger.is_open(wanted.message):
                await self.want(wanted)

    def _keep(self, body: bytes) -> Image:
        """Fingerprint and store an image; in a thread."""
        with WORK_SECONDS.labels(self.name).time():
            found, hashes = self._decoders.look(body)
            refuse_denied(self._options.deny, found, hashes)
            refuse_blocked(self.view, found)
            self._options.pictures.check(found)
            image = image_record(found, hashes)
            self._blobs.put_content(layout.blob(image.sha256), body)
        return image

    async def _ask_store(self, work: Callable[[A], R], argument: A) -> R:
        """Work with the store, in a thread. One that is away for a moment costs a wait; one that stays away raises."""
        for wait_s in _STORE_RETRIES_S:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._workers, work, argument)
            except StoreUnavailable as exc:
                _log.warning("fetch: %s; trying again in %.1f s", exc, wait_s)
                await asyncio.sleep(wait_s)
        return await asyncio.get_running_loop().run_in_executor(self._workers, work, argument)

    async def _end_with(self, task: Wanted, result: Received, image: Image, consent: Consent) -> None:
        headers = result.answer.headers
        answer = HttpAnswer(
            status=result.answer.status,
            fetched_at=now_text(),
            # Hosts sign where they lead to, for a while and for us; and a record is for everybody, for good.
            final_url=masked(result.answer.url) if result.answer.url != task.record.url else "",
            content_type=kept(headers.get("content-type", "")),
            etag=kept(headers.get("etag", "")),
            last_modified=kept(headers.get("last-modified", "")),
            tls=self._options.limits.access.doubt_of(task.record.url, result.answer.url),
        )
        await self._end(
            task,
            Fetched(
                url=task.record.url,
                outcome=Outcome.FETCHED,
                attempts=result.attempts,
                image=image,
                answer=answer,
                wnids=self._served_by(task),
                consent=consent,
                content_id=task.record.content_id,
            ),
        )

    async def _end_without(self, task: Wanted, result: Abandoned) -> None:
        await self._end(
            task,
            Fetched(
                url=task.record.url,
                outcome=result.outcome,
                message=masked(result.message)[:500].encode("utf-8", "replace").decode(),
                attempts=result.attempts,
                wnids=self._served_by(task),
            ),
        )

    def _served_by(self, task: Wanted) -> tuple[str, ...]:
        """The synsets that have the image of a URL, this one included: it may be fetched again for one more of them."""
        memory = self.memory.get(task.message.partition)
        known = memory.get(task.record.url) if memory is not None else None
        others = known.wnids if known is not None and known.image is not None else ()
        return (*(wnid for wnid in others if wnid != task.record.wnid), task.record.wnid)

    async def _end(self, task: Wanted, fetched: Fetched) -> None:
        """Finish a URL, and serve those that waited for it."""
        memory = self.memory.get(task.message.partition)
        entry = entry_of(self._router, fetched)
        cost = self.budgets.cost(task.message, image_bytes=fetched.image.size_bytes if fetched.image else None)
        counts = [*ends(task, fetched.outcome, is_candidate=fetched.image is not None), *cost]
        entries = [self._output(task, fetched), entry, *self._hosts.got_well()]
        if not self._ledger.finish(task.message, entries, counts) or memory is None:
            return  # its partition was let go meanwhile: what isn't committed must not be known
        memory.put(entry)
        for waiting in memory.in_flight.pop(task.record.url, []):
            await self._serve(waiting, fetched)

    async def _serve(self, wanted: Wanted, known: Fetched) -> None:
        """Answer a URL from what is known of it."""
        memory = self.memory.get(wanted.message.partition)
        if memory is None:
            return  # as in `take`
        known, seen = as_of_now(self._options.deny, self.view, memory.get(known.url) or known), None
        record, is_there = wanted.record, True
        # While the store is asked, another may be served of the same URL: only what still holds then is said.
        while known != seen and known.image is not None and record.wnid not in known.wnids:
            try:
                is_there = await self._ask_store(self._blobs.exists, layout.blob(known.image.sha256))
            except StoreError as exc:
                self.fail(exc)
                return
            known, seen = as_of_now(self._options.deny, self.view, memory.get(known.url) or known), known
        if record.wnid in known.wnids:
            self._ledger.finish(wanted.message, [], ends(wanted, REPEATED, is_candidate=False))
            return
        if known.image is not None and not is_there:
            # Swept as a duplicate of its first synset, and wanted by a second: the one case of fetching twice.
            if record.url in memory.in_flight:
                memory.in_flight[record.url].append(wanted)
                return
            memory.in_flight[record.url] = []
            await self.downloader.submit(wanted, record.url)
            return
        served = msgspec.structs.replace(known, wnids=(*known.wnids, record.wnid))
        entry = entry_of(self._router, served)
        outcome = REUSED if known.image is not None else known.outcome
        counts = ends(wanted, outcome, is_candidate=known.image is not None)
        if self._ledger.finish(wanted.message, [self._output(wanted, served), entry], counts):
            memory.put(entry)

    def _output(self, wanted: Wanted, fetched: Fetched) -> Entry:
        """The candidate that a URL gave, or the dead letter."""
        record = wanted.record
        if fetched.image is None or fetched.answer is None:
            return self._ledger.dead_letter(
                wanted.message, fetched.outcome, fetched.message, attempts=fetched.attempts, wnid=record.wnid
            )
        return self._router.candidate(
            Candidate(
                wnid=record.wnid,
                url=record.url,
                image=fetched.image,
                found_by=record.found_by,
                answer=fetched.answer,
                consent=fetched.consent,
            )
        )
