"""The files about use that a site may have beside robots.txt: asked for one after the other.

not asked for: robots.txt forbids it ─▶ ┐
4xx, a page, redirects without end ───▶ ┴ nothing: the site takes no part
2xx ──────────────────────────────────▶ what it says, or that it can't be read
5xx, 429, no answer, half of one ─────▶ that it can't be had, which may heal
"""

import dataclasses
import datetime
import logging
import re
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from scrapy.http import Response

from synsift.crawler.consent import Statement, ai_txt, rsl, site_lines, tdm
from synsift.crawler.consent.rsl import Licence
from synsift.crawler.consent.site_file import Unreadable
from synsift.crawler.consent.statement import shortened
from synsift.crawler.download.attempt import origin_of, redirect_target, retry_after_s
from synsift.crawler.download.failures import outcome_of
from synsift.crawler.download.site import Site
from synsift.crawler.outcome import Outcome, of_file
from synsift.crawler.robots.text import UnknownCoding, decoded
from synsift.crawler.wording import masked

_log: Final = logging.getLogger(__name__)
_MOST_LICENCES: Final = 4
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that can't be read.

    Attributes:
        statement: What is to be said of it.
        heals: Whether it may be had later.
        asked_s: How long its host asks to be left alone.
    """

    statement: Statement
    heals: bool
    asked_s: float = 0.0


class _Failed(Exception):
    def __init__(self, message: str, *, heals: bool, asked_s: float = 0.0) -> None:
        super().__init__(message)
        self.heals = heals
        self.asked_s = asked_s


def _with_time(problem: Exception) -> str:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"{problem} ({now})"


class SiteFiles:
    """Asks for files of sites."""

    def __init__(self, download: Callable[[str], Awaitable[Response]], *, token: str, files: Collection[str]) -> None:
        """Make one.

        Args:
            download: Gets a URL, its redirects followed.
            token: Our product token.
            files: Paths of those to ask for.
        """
        self._download = download
        self._token = token
        self._files = frozenset(files)

    async def ask(self, site: Site, origin: str) -> tuple[Site, list[Problem]]:
        """Ask an origin, whose robots.txt is known; gives what it says, and what couldn't be read."""
        problems: list[Problem] = []
        for path in (tdm.FILE, ai_txt.FILE):
            if path not in self._files or not site.robots.allows(origin + path):
                continue
            try:
                site = await self._with(site, origin, path)
            except _Failed as exc:
                _log.debug("%s%s: %s", origin, path, exc)
                unread = tdm.unread if path == tdm.FILE else ai_txt.unread
                problems.append(Problem(unread(_with_time(exc), origin + path), exc.heals, exc.asked_s))
        named = site_lines.licences(site.robots)
        if len(named) > _MOST_LICENCES:
            too_many = rsl.unread(f"one of more than {_MOST_LICENCES}", f"{origin}/robots.txt")
            return site, [*problems, Problem(too_many, heals=False)]
        for location in named:
            found = await self.licence(site, origin, f"{origin}/robots.txt", location)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                site = dataclasses.replace(site, licences=(*site.licences, found))
        return site, problems

    async def licence(self, site: Site, origin: str, base: str, location: str) -> tuple[str, Licence] | Problem:
        """A licence for the URLs of an origin, with its URL.

        Args:
            site: What the origin says.
            origin: Whose URLs it is for.
            base: URL of what names it.
            location: Where it is, as that says.
        """
        url = shortened(location)
        try:
            url = redirect_target(base, location)
            if origin_of(url) == origin and not site.robots.allows(url):
                raise _Failed("robots.txt forbids to read it", heals=False)
            body, _ = await self._file(url)
            if not body:
                raise _Failed("it isn't there", heals=False)
            return url, rsl.read_file(body, origin)
        except _Failed as exc:
            return Problem(rsl.unread(_with_time(exc), url), exc.heals, exc.asked_s)
        except (Unreadable, ValueError) as exc:
            return Problem(rsl.unread(_with_time(exc), url), heals=False)

    async def _with(self, site: Site, origin: str, path: str) -> Site:
        body, media_type = await self._file(origin + path)
        try:
            if path == tdm.FILE:
                return dataclasses.replace(site, tdm=tdm.read_file(body, media_type))
            return dataclasses.replace(site, ai=ai_txt.read_file(body, self._token, media_type))
        except Unreadable as exc:
            raise _Failed(str(exc), heals=False) from exc

    async def _file(self, url: str) -> tuple[bytes, str]:
        """A file, and its media type; empty where a site takes no part."""
        try:
            response = await self._download(url)
        except Exception as exc:  # whatever went wrong, nobody knows what it says
            outcome = outcome_of(exc)
            if outcome is Outcome.INTERNAL_ERROR:
                _log.error("%s: asking for it failed unexpectedly", url, exc_info=exc)
            raise _Failed(masked(f"{outcome}: {exc}"), heals=outcome.heals) from exc
        outcome = of_file(response.status, header_of(response, "Content-Range"))
        if outcome is Outcome.FETCHED:
            try:
                body = decoded(response.body, header_of(response, "Content-Encoding"))
            except UnknownCoding as exc:
                raise _Failed(str(exc), heals=True) from exc
            return body, header_of(response, "Content-Type")
        if outcome.heals:
            asked_s = retry_after_s(header_of(response, "Retry-After"), time.time()) or 0.0
            raise _Failed(f"HTTP status {response.status}", heals=True, asked_s=asked_s)
        return b"", ""


def header_of(response: Response, name: str) -> str:
    """A header of an answer, its lines joined; a character for each byte."""
    return b", ".join(response.headers.getlist(name)).decode("latin-1")


def charset_of(response: Response) -> str:
    """The encoding that an answer says; empty if none."""
    found = _CHARSET.search(header_of(response, "Content-Type"))
    return found[1] if found else ""
