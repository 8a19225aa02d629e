"""robots.txt (RFC 9309), obeyed, and other files of a site about use: asked once a day, by a Scrapy middleware.

robots.txt ──┬─ 2xx ──────────────────────▶ its rules, of the first 500 KiB ──▶ the other files (``site_files.py``)
             ├─ 4xx ──────────────────────▶ everything is allowed (section 2.3.1.3); 401: nothing, by our policy
             ├─ 5xx, 429, no answer ──────▶ the host is unwell, and its URLs wait (section 2.3.1.4)
             └─ no name, no public address, ▶ the request fails as robots.txt did
                no valid certificate

One request an origin at a time, and what came of it is remembered, be it good or bad.
"""

import asyncio
import dataclasses
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, cast
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadConnectionRefusedError
from scrapy.http import Response

from synsift.crawler.consent import Policy, judge
from synsift.crawler.download.attempt import REDIRECTS, origin_of, redirect_target, retry_after_s
from synsift.crawler.download.failures import message_of, outcome_of
from synsift.crawler.download.licences import Licences
from synsift.crawler.download.scrapy_private import exchange
from synsift.crawler.download.site import LONGEST_DELAY_S, WITHHELD, Site, refuse
from synsift.crawler.download.site_cache import SiteCache
from synsift.crawler.download.site_files import SiteFiles, charset_of, header_of
from synsift.crawler.errors import (
    BrokenAnswer,
    ConsentRefused,
    DownloadRefused,
    HostUnwell,
    NetworkDown,
    PrivateAddress,
)
from synsift.crawler.outcome import Outcome, of_file
from synsift.crawler.robots import Robots, read_robots, token_of
from synsift.crawler.robots.robots_file import NOTHING_SAID
from synsift.crawler.robots.text import MAX_BYTES, UnknownCoding, decoded

_log: Final = logging.getLogger(__name__)

_MAX_REDIRECTS: Final = 5
# A file of a site is waited for no longer: with a Crawl-delay of an hour its images would wait for three.
_LONGEST_PAUSE_S: Final = 60.0
# What waiting doesn't mend: the URL's fault, or such of its host as people have to mend.
_OF_THE_URL: Final = frozenset({Outcome.BAD_URL, Outcome.PRIVATE_ADDRESS, Outcome.DNS_NO_SUCH_HOST, Outcome.TLS_FAILED})
_TTL_S: Final = 24 * 3600.0
_UNREAD_TTL_S: Final = 3600.0
"""What may have been meant otherwise is asked for again: a file that can't be read, a page in place of robots.txt."""
_UNHAD_TTL_S: Final = 600.0
"""The same of a file that can't be had for now."""
_FAILURE_TTL_S: Final = 60.0
# The network is gone, which other requests notice at the same time; when it is back, so is this host.
_OFFLINE_TTL_S: Final = 0.02
NO_ROBOTS: Final = "synsift_no_robots"
"""In a request's meta: it asks for what has to be known before others may be made."""
SAID: Final = "synsift_said"
"""In a request's meta: what its site says of the use of what is asked for."""
LISTENER: Final = "synsift_listener"
"""In a request's meta: is called with the head of the answer, and says whether its body is wanted."""
LEFT_AT: Final = "synsift_left_at"
"""In a request's meta: when it left, by the monotonic clock."""
SITE: Final = "synsift_site"
"""In a request's meta: all that its site says; ``ai.txt`` speaks of types of files, too."""
LICENCES: Final = "synsift_licences"
"""In a request's meta: what is known of the licences that heads of answers name."""
ASKED: Final = "synsift_asked"
"""In a request's meta: its URL byte for byte, which Scrapy's own way to write URLs may change."""
CUT_AT: Final = "synsift_cut_at"
"""In a request's meta: so much of the body is wanted, and no more is read."""


class Host(Protocol):
    """What the middleware needs of its spider."""

    async def fell_ill(self, url: str, outcome: Outcome, message: str, asked_s: float) -> float:
        """A host can't say what may be fetched; gives for how long that is to be remembered."""

    def got_well(self, url: str) -> None:
        """A host has said it."""

    def slow_down(self, url: str, delay_s: float) -> bool:
        """Honour a Crawl-delay at the host of a URL; gives whether it is longer than what is kept anyway."""

    def may_wait(self, url: str) -> bool:
        """Whether the URLs of a host may wait once more for what isn't needed to know what may be fetched."""

    async def turn(self, url: str, longest_s: float) -> None:
        """Wait until a URL's host may be asked for a file of it, or for so long; it counts as any other request."""

    def takes_turns(self, url: str) -> bool:
        """Whether a URL's host can't be asked right after another request."""


class WaitForDelay(Exception):
    """The host was asked for its files just now, and this request must wait for its turn as any other."""


class RobotsMiddleware:
    """Refuses requests that robots.txt forbids, and passes its Crawl-delay on to the downloader."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._agent: str = crawler.settings["USER_AGENT"]
        self._token = token_of(self._agent)
        self._policy: Policy = crawler.settings["SYNSIFT_POLICY"]
        self._files = SiteFiles(
            self._download_permitted, token=self._token, files=crawler.settings.getlist("SYNSIFT_CONSENT_FILES")
        )
        self._licences = Licences(self._files)
        self._timeout_s: float = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._sites: SiteCache[Site] = SiteCache()
        self._asking: dict[str, asyncio.Task[Site]] = {}
        # Of origins whose other files are asked for just now.
        self._robots_of: dict[str, Robots] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RobotsMiddleware":
        """Make one, as Scrapy does."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass.

        Raises:
            DownloadRefused: robots.txt forbids it.
            HostUnwell: Its host can't say.
            WaitForDelay: It must begin later.
            Exception: The host couldn't be asked, as the request itself couldn't.
        """
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https") or request.meta.get(NO_ROBOTS):
            return
        origin = origin_of(request.url)
        known = self._sites.get(origin, time.monotonic())
        site = known or await self._ask(origin)
        if site.error is not None:
            raise site.error
        request.meta[SAID] = said = refuse(site, origin, request.url, self._policy.profile)
        request.meta[SITE] = site
        request.meta[LICENCES] = self._licences
        if said and (judgement := judge(said, self._policy, is_all=False)).refuses:
            raise ConsentRefused(judgement.reason, judgement.outcome)
        if known is None:
            self._slow_down(request.url, site.robots)
            if self._host.takes_turns(request.url):
                raise WaitForDelay

    @property
    def _host(self) -> Host:
        return cast("Host", self._crawler.spider)

    async def _ask(self, origin: str) -> Site:
        """Ask an origin, or wait for what was asked: whoever asked first may be cancelled, others still wait."""
        asking = self._asking.get(origin)
        if asking is None:
            asking = self._asking[origin] = asyncio.create_task(self._ask_and_keep(origin))
            asking.add_done_callback(lambda _: self._asking.pop(origin, None))
        return await asyncio.shield(asking)

    async def _ask_and_keep(self, origin: str) -> Site:
        site = await self._answer_of(origin)
        self._sites.put(origin, site)
        if site.error is None:
            self._host.got_well(origin)
        return site

    async def _answer_of(self, origin: str) -> Site:
        now_s = time.monotonic
        try:
            response = await self._download(f"{origin}/robots.txt", is_jobs=True)
        except NetworkDown as exc:
            return Site(NOTHING_SAID, 0, now_s() + _OFFLINE_TTL_S, exc)
        except DownloadRefused as exc:
            return Site(NOTHING_SAID, 0, now_s() + _FAILURE_TTL_S, exc)
        except Exception as exc:  # noqa: BLE001 - whatever went wrong, nothing may be fetched without an answer
            outcome = outcome_of(exc)
            if outcome in _OF_THE_URL:
                return Site(NOTHING_SAID, 0, now_s() + _FAILURE_TTL_S, exc)
            if outcome is Outcome.CONNECTION_FAILED and not isinstance(exc, DownloadConnectionRefusedError | OSError):
                outcome = Outcome.SERVER_ERROR  # it took a connection and broke it: the network is there
            if outcome is Outcome.INTERNAL_ERROR:
                _log.error("%s: asking for robots.txt failed unexpectedly", origin, exc_info=exc)
            return await self._unwell(origin, outcome, f"robots.txt can't be had: {message_of(outcome, exc)}", 0.0)
        outcome = of_file(response.status, header_of(response, "Content-Range"))
        if outcome is Outcome.FETCHED:
            try:
                body = decoded(response.body, header_of(response, "Content-Encoding"))
            except UnknownCoding as exc:
                return await self._unwell(origin, Outcome.SERVER_ERROR, f"robots.txt can't be had: {exc}", 0.0)
            ttl_s = _UNREAD_TTL_S if body.lstrip().startswith(b"<") else _TTL_S
            robots = read_robots(body, self._token, charset_of(response))
            return await self._site(origin, robots, response.status, ttl_s)
        if outcome.heals:
            asked_s = retry_after_s(header_of(response, "Retry-After"), time.time()) or 0.0
            problem = f"robots.txt can't be had: HTTP status {response.status}"
            return await self._unwell(origin, outcome, problem, asked_s)
        return await self._site(origin, NOTHING_SAID, response.status)

    async def _site(self, origin: str, robots: Robots, status: int, ttl_s: float = _TTL_S) -> Site:
        """What an origin says whose robots.txt is known: its other files about use are asked for, if they may be."""
        # Whoever asks waits for its turn before anything is fetched: it must be known until then.
        ttl_s = max(ttl_s, 2 * min(robots.crawl_delay_s, LONGEST_DELAY_S))
        site = Site(robots, status, time.monotonic() + ttl_s)
        if status in WITHHELD[self._policy.profile] or robots.crawl_delay_s > LONGEST_DELAY_S:
            return site
        self._robots_of[origin] = robots
        self._slow_down(origin, robots)
        try:
            site, problems = await self._files.ask(site, origin)
        finally:
            del self._robots_of[origin]
        for problem in problems:
            if problem.heals and self._policy.refuses(problem.statement) and self._host.may_wait(origin):
                text = f"{problem.statement.where} can't be had: {problem.statement.value}"
                return await self._unwell(origin, Outcome.CONSENT_UNREAD, text, problem.asked_s)
        if not problems:
            return site
        ttl_s = _UNHAD_TTL_S if any(problem.heals for problem in problems) else _UNREAD_TTL_S
        ttl_s = max(ttl_s, 2 * min(robots.crawl_delay_s, LONGEST_DELAY_S))
        unread = tuple(problem.statement for problem in problems)
        return dataclasses.replace(site, unread=unread, expires_at_s=time.monotonic() + ttl_s)

    async def _unwell(self, origin: str, outcome: Outcome, text: str, asked_s: float) -> Site:
        _log.debug("%s: %s", origin, text)
        remembered_s = await self._host.fell_ill(origin, outcome, text, asked_s)
        return Site(NOTHING_SAID, 0, time.monotonic() + remembered_s, HostUnwell(text, outcome))

    async def _download_permitted(self, url: str) -> Response:
        """Get a file about use: not from where robots.txt forbids it, wherever redirects lead."""
        return await self._download(url, self._permits)

    async def _permits(self, url: str) -> bool:
        """Whether a file that leads to a URL may be had there.

        Other files of that origin are not asked for: sites that lead to each other would wait for each other.
        """
        origin = origin_of(url)
        known = self._robots_of.get(origin)
        if known is None and (site := self._sites.get(origin, time.monotonic())) is not None and site.error is None:
            known = site.robots
        if known is not None:
            return known.allows(url)
        try:
            response = await self._download(f"{origin}/robots.txt")
            outcome = of_file(response.status, header_of(response, "Content-Range"))
            if outcome is not Outcome.FETCHED:
                return not outcome.heals and response.status not in WITHHELD[self._policy.profile]
            body = decoded(response.body, header_of(response, "Content-Encoding"))
        except Exception as exc:  # noqa: BLE001 - whatever went wrong, nothing may be fetched without an answer
            _log.debug("%s/robots.txt: %s", origin, exc)
            return False
        return read_robots(body, self._token, charset_of(response)).allows(url)

    def _slow_down(self, url: str, robots: Robots) -> None:
        if (delay_s := min(robots.crawl_delay_s, LONGEST_DELAY_S)) > 0:
            self._host.slow_down(url, delay_s)

    async def _download(
        self, url: str, permits: Callable[[str], Awaitable[bool]] | None = None, *, is_jobs: bool = False
    ) -> Response:
        """Get a file of a site, following redirects: to anywhere, as the RFC asks for robots.txt, or if permitted.

        Each request waits for its host's turn, but for the first if it takes that of the job that asks.
        """
        name = url.rpartition("/")[2]
        for turn in range(_MAX_REDIRECTS + 1):
            meta = {NO_ROBOTS: True, CUT_AT: MAX_BYTES + 1, "download_timeout": self._timeout_s}
            headers = {"User-Agent": self._agent, "Accept-Encoding": "identity"}
            if turn or not is_jobs:
                await self._host.turn(url, _LONGEST_PAUSE_S)
            try:
                response = await exchange(self._crawler, Request(url, headers=headers, meta=meta, dont_filter=True))
            except PrivateAddress as exc:
                # Where it leads is forbidden to us: then nobody can say what may be fetched, now or later.
                raise PrivateAddress(f"{name} leads to it: {exc}" if turn else str(exc)) from exc
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or location is None:
                return response
            try:
                url = redirect_target(url, location.decode("latin-1"))
            except ValueError as exc:  # what stands there can't be known, so it can't count as nothing
                raise BrokenAnswer(f"{name} leads where nothing can be asked: {exc}") from exc
            if permits is not None and not await permits(url):
                raise BrokenAnswer(f"{name} leads where robots.txt lets nobody in")
        return response.replace(status=404)  # too many redirects count as "unavailable": section 2.3.1.2
