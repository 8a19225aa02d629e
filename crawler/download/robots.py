"""robots.txt (RFC 9309), obeyed: asked once a day and host, by a Scrapy middleware.

robots.txt ──┬─ 2xx ─────────────────────▶ its rules, at most 500 KiB of them
             ├─ 4xx ─────────────────────▶ everything is allowed (section 2.3.1.3)
             ├─ 5xx, 429 ────────────────▶ nothing is allowed, for a quarter of an hour (section 2.3.1.4)
             └─ no answer ───────────────▶ the request fails as robots.txt did, and is tried again as it would be
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Final, Protocol, cast
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from synsift.crawler.download.attempt import redirect_target
from synsift.crawler.errors import RobotsDenied
from synsift.crawler.outcome import Outcome, of_status

_log: Final = logging.getLogger(__name__)

_MAX_BYTES: Final = 500 * 1024
_MAX_REDIRECTS: Final = 5
_TTL_S: Final = 24 * 3600.0
_RETRY_AFTER_S: Final = 15 * 60.0
# A second try of the request asks for robots.txt again; the many that fail with the first don't.
_ASK_AGAIN_S: Final = 0.02
_MAX_ORIGINS: Final = 50_000
LONGEST_DELAY_S: Final = 3600.0
"""Beyond this a Crawl-delay means: stay away. Up to it, it is kept, by ``fetch.max_wait_s`` at most."""
_NO_ROBOTS: Final = "synsift_no_robots"


class SlowsDown(Protocol):
    """What the middleware needs of its spider."""

    def slow_down(self, url: str, delay_s: float) -> None:
        """Honour a Crawl-delay at the host of a URL."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one host allows.

    Attributes:
        parsed: Its robots.txt; None if there is none.
        reachable: Whether the host could say.
        expires_at_s: When to ask again, by the monotonic clock.
        error: Why there was no answer at all.
    """

    parsed: Protego | None
    reachable: bool
    expires_at_s: float
    error: Exception | None = None

    def allows(self, url: str, agent: str) -> bool:
        """Whether a URL may be fetched."""
        if self.parsed is None:
            return self.reachable
        return bool(self.parsed.can_fetch(url, agent))

    def problem(self, agent: str) -> str | None:
        """Why nothing may be fetched for its Crawl-delay; None if it can be waited for."""
        delay_s = self.crawl_delay_s(agent)
        if delay_s <= LONGEST_DELAY_S:
            return None
        return f"asks for {delay_s:.0f} s between two requests, which is longer than anybody would wait"

    def crawl_delay_s(self, agent: str) -> float:
        """Its Crawl-delay, not part of the RFC but widely set; 0 if none."""
        return float(self.parsed.crawl_delay(agent) or 0.0) if self.parsed is not None else 0.0


def rules_of(body: bytes, expires_at_s: float) -> Rules:
    """The rules of a robots.txt that was had, whatever it is."""
    parsed = Protego.parse(body[:_MAX_BYTES].decode("utf-8", "replace"))
    return Rules(parsed, reachable=True, expires_at_s=expires_at_s)


class RobotsMiddleware:
    """Refuses requests that robots.txt forbids, and passes its Crawl-delay on to the downloader."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._agent: str = crawler.settings["USER_AGENT"]
        self._timeout_s: float = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._rules: dict[str, asyncio.Task[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RobotsMiddleware":
        """Make one, as Scrapy does."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass.

        Raises:
            RobotsDenied: robots.txt forbids it, or its host can't say.
            Exception: The host couldn't be asked, as the request itself couldn't.
        """
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https") or request.meta.get(_NO_ROBOTS):
            return
        rules = await self._rules_of(f"{parts.scheme}://{parts.netloc}")
        if rules.error is not None:
            raise rules.error
        if (problem := rules.problem(self._agent)) is not None:
            raise RobotsDenied(f"robots.txt of {parts.netloc} {problem}")
        if not rules.allows(request.url, self._agent):
            reason = "forbids it" if rules.reachable else "can't be had, so nothing may be fetched for now"
            raise RobotsDenied(f"robots.txt of {parts.netloc} {reason}")

    async def _rules_of(self, origin: str) -> Rules:
        known = self._rules.get(origin)
        if known is not None and known.done() and known.result().expires_at_s < time.monotonic():
            known = None
        if known is None:
            while len(self._rules) >= _MAX_ORIGINS:
                del self._rules[next(iter(self._rules))]  # the oldest is asked again when it is needed
            known = self._rules[origin] = asyncio.create_task(self._ask(origin))
        # Shielded: the first request that asks may be cancelled, the others still wait for the answer.
        return await asyncio.shield(known)

    async def _ask(self, origin: str) -> Rules:
        try:
            response = await self._download(f"{origin}/robots.txt")
        except Exception as exc:  # noqa: BLE001 - whatever went wrong will end the request under its own name
            _log.debug("no robots.txt from %s: %s", origin, exc)
            return Rules(None, reachable=False, expires_at_s=time.monotonic() + _ASK_AGAIN_S, error=exc)
        outcome = of_status(response.status)
        if outcome is not Outcome.FETCHED:
            wait_s = _RETRY_AFTER_S if outcome.heals else _TTL_S
            return Rules(None, reachable=not outcome.heals, expires_at_s=time.monotonic() + wait_s)
        rules = rules_of(response.body, time.monotonic() + _TTL_S)
        if 0 < rules.crawl_delay_s(self._agent) <= LONGEST_DELAY_S:
            cast("SlowsDown", self._crawler.spider).slow_down(origin, rules.crawl_delay_s(self._agent))
        return rules

    async def _download(self, url: str) -> Response:
        """Get robots.txt, following redirects to anywhere, as the RFC asks."""
        engine = self._crawler.engine
        if engine is None:
            raise RuntimeError("robots.txt is asked for while an engine runs")
        for _ in range(_MAX_REDIRECTS + 1):
            meta = {_NO_ROBOTS: True, "download_maxsize": 2 * _MAX_BYTES, "download_timeout": self._timeout_s}
            request = Request(url, headers={"User-Agent": self._agent}, meta=meta, dont_filter=True)
            response: Response = await engine.download_async(request)
            location = response.headers.get("Location")
            if response.status not in (301, 302, 303, 307, 308) or location is None:
                return response
            try:
                url = redirect_target(url, location.decode("latin-1"))
            except ValueError:
                return response.replace(status=404)
        return response.replace(status=404)  # too many redirects count as "unavailable": section 2.3.1.2
