"""What an origin says before anything is fetched there: what may be asked, how often, and what may be done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from synsift.crawler.consent import Kind, Statement, ai_txt, rsl, site_lines, tdm
from synsift.crawler.consent.ai_txt import AiTxt
from synsift.crawler.consent.rsl import Licence
from synsift.crawler.consent.tdm import TdmFile
from synsift.crawler.errors import RobotsDenied, RobotsWithheld, TooSlow
from synsift.crawler.robots import Robots
from synsift.crawler.robots.robots_file import NOTHING_SAID

WITHHELD: Final[Mapping[str, frozenset[int]]] = {
    "lenient": frozenset(),
    "cautious": frozenset({401}),
    "strict": frozenset({401, 403}),
}
"""Profile of the policy → status of a robots.txt that means: nothing here is for you.

By RFC 9309 both allow everything. 401 is a log-in before all that a host has; but many stores of objects answer 403 for
any file that isn't there, a robots.txt for one.
"""
LONGEST_DELAY_S: Final = 3600.0
"""Beyond this a Crawl-delay means: stay away. Up to it, it is kept."""


@dataclass(frozen=True, slots=True)
class Site:
    """What an origin says.

    Attributes:
        robots: Its robots.txt.
        status: HTTP status of that.
        expires_at_s: When to ask again, by the monotonic clock.
        error: Why it couldn't be asked.
        tdm: Its ``tdmrep.json``, if it has one.
        ai: Its ``ai.txt``, if it has one.
        licences: Its licences that could be read, each by its URL.
        unread: What is to be said of files that are there, and can't be read.
    """

    robots: Robots
    status: int
    expires_at_s: float
    error: Exception | None = None
    tdm: TdmFile | None = None
    ai: AiTxt | None = None
    licences: tuple[tuple[str, Licence], ...] = ()
    unread: tuple[Statement, ...] = ()

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""
        files = sum(file.size_bytes for file in (self.tdm, self.ai) if file is not None)
        files += sum(file.size_bytes for _, file in self.licences)
        return 140 + files + 400 * len(self.unread) + (self.robots.size_bytes if self.robots is not NOTHING_SAID else 0)

    def statements(self, origin: str, url: str) -> list[Statement]:
        """What it says of the use of what a URL gives."""
        found = site_lines.statements(self.robots, url, f"{origin}/robots.txt")
        if self.tdm is not None:
            found += self.tdm.statements(url, origin + tdm.FILE)
        if self.ai is not None:
            found += self.ai.statements(url, origin + ai_txt.FILE)
        for where, licence in self.licences:
            found += licence.statements(url, where)
        if not self.licences and Kind.LICENCE_UNREAD not in {statement.kind for statement in self.unread}:
            found += [rsl.unread("nobody has read it", where) for where in site_lines.licences(self.robots)]
        return [*found, *self.unread]


def refuse(site: Site, origin: str, url: str, profile: str) -> list[Statement]:
    """Let a URL pass, with what is said of its use, or say why it may not be fetched.

    Args:
        site: What is known.
        origin: Of which.
        url: To be fetched.
        profile: Of the policy.

    Raises:
        DownloadRefused: It may not.
    """
    if site.status in WITHHELD[profile]:
        raise RobotsWithheld(f"robots.txt of {origin} is for members only (HTTP status {site.status})")
    if not site.robots.allows(url):
        raise RobotsDenied(f"robots.txt of {origin} forbids it")
    if (delay_s := site.robots.crawl_delay_s) > LONGEST_DELAY_S and profile != "lenient":
        raise TooSlow(f"robots.txt of {origin} asks for {delay_s:.0f} s between two requests")
    return site.statements(origin, url)
