"""Licences (RSL) that heads of answers name: each asked for once a day, however many images have it."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from synsift.crawler.consent import Statement
from synsift.crawler.consent.rsl import Licence
from synsift.crawler.consent.statement import shortened
from synsift.crawler.download.attempt import origin_of, redirect_target
from synsift.crawler.download.site import Site
from synsift.crawler.download.site_cache import SiteCache
from synsift.crawler.download.site_files import Problem, SiteFiles

_TTL_S: Final = 24 * 3600.0
_UNREAD_TTL_S: Final = 600.0
_MAX_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Known:
    url: str
    licence: Licence | None
    unread: Statement | None
    expires_at_s: float

    @property
    def size_bytes(self) -> int:
        return 200 + len(self.url) + (self.licence.size_bytes if self.licence else 400)


class Licences:
    """What licences say that aren't named by a robots.txt."""

    def __init__(self, files: SiteFiles) -> None:
        self._files = files
        self._known: SiteCache[_Known] = SiteCache(_MAX_BYTES)
        self._asking: dict[str, asyncio.Task[None]] = {}

    def statements(self, url: str, location: str) -> list[Statement] | None:
        """What a licence says of the URL whose answer names it; None if nobody has asked for it."""
        known = self._known.get(_key(url, location), time.monotonic())
        if known is None:
            return None
        return known.licence.statements(url, known.url) if known.licence else [known.unread] if known.unread else []

    async def ask(self, site: Site, url: str, location: str) -> None:
        """Ask for a licence, or wait for who does: many images are asked for at once, and each names it.

        Args:
            site: What the site says that is licensed.
            url: Whose answer names it.
            location: Where it is, as that says.
        """
        key = _key(url, location)
        if self._known.get(key, time.monotonic()) is not None:
            return  # it came between the head of an answer and its end
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(site, url, location))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        await asyncio.shield(asking)

    async def _ask(self, site: Site, url: str, location: str) -> None:
        found = await self._files.licence(site, origin_of(url), url, location)
        now_s = time.monotonic()
        if isinstance(found, Problem):
            known = _Known(location, None, found.statement, now_s + _UNREAD_TTL_S)
        else:
            known = _Known(found[0], found[1], None, now_s + _TTL_S)
        self._known.put(_key(url, location), known)


def place_of(url: str, location: str) -> str:
    """Where a licence stands, as the answer of a URL says; as it stands there, if that is nowhere."""
    try:
        return redirect_target(url, location)
    except ValueError:
        return shortened(location)


def _key(url: str, location: str) -> str:
    return f"{origin_of(url)} {place_of(url, location)}"
