"""Scrapy's settings, as measured: only what is needed, nothing per response that isn't.

Each of them was profiled (docs/performance.md); together they bring Scrapy from 1.9 to 0.65 ms of CPU an image.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from synsift.crawler.consent import DEFAULT_POLICY, Policy, ai_txt, tdm
from synsift.crawler.download.access import DEFAULT_ACCESS, Access

if TYPE_CHECKING:
    from synsift.crawler.identity.signatures import Signer

CONSENT_FILES: Final = (tdm.FILE, ai_txt.FILE)
"""Files about use that hosts may have beside robots.txt."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a download may cost, and where it may go.

    Attributes:
        user_agent: The User-Agent header.
        timeout_s: Deadline of a request as a whole: look-up, connecting and the last byte.
        max_bytes: Largest body.
        obey_robots: Whether robots.txt is asked.
        access: What may be reached, and how.
        policy: Which statements about the use of an image refuse it.
        consent_files: Paths of files about use that are asked for beside robots.txt.
        signer: Signs every request; None to sign none.
    """

    user_agent: str
    timeout_s: float
    max_bytes: int
    obey_robots: bool = True
    access: Access = DEFAULT_ACCESS
    policy: Policy = DEFAULT_POLICY
    consent_files: tuple[str, ...] = ()
    signer: "Signer | None" = None


def scrapy_settings(limits: Limits) -> dict[str, Any]:
    """Settings for a spider that a downloader feeds."""
    guarded = "synsift.crawler.download.handler.GuardedDownloadHandler"
    middlewares = {"synsift.crawler.download.robots.RobotsMiddleware": 100} if limits.obey_robots else {}
    return {
        "USER_AGENT": limits.user_agent,
        "DOWNLOAD_TIMEOUT": limits.timeout_s,
        "DOWNLOAD_MAXSIZE": limits.max_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "SYNSIFT_ACCESS": limits.access,
        "SYNSIFT_POLICY": limits.policy,
        "SYNSIFT_SIGNER": limits.signer,
        "SYNSIFT_CONSENT_FILES": list(limits.consent_files),
        "TWISTED_REACTOR_ENABLED": False,
        "DOWNLOAD_HANDLERS": {
            "http": guarded,
            "https": guarded,
            "file": None,
            "data": None,
            "ftp": None,
            "s3": None,
        },
        # The spider asks by itself, when its downloader lets it: Scrapy's engine has nothing to do (spiders/base.py).
        "SCHEDULER": "synsift.crawler.download.queue.NoQueue",
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "DOWNLOADER_MIDDLEWARES_BASE": {},
        "DOWNLOADER_MIDDLEWARES": middlewares,
        "SPIDER_MIDDLEWARES_BASE": {},
        "EXTENSIONS_BASE": {},
        "ITEM_PIPELINES": {},
        "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
        "LOG_ENABLED": False,
        "LOG_FORMATTER": "synsift.crawler.download.handler.UnloggedFormatter",
        "TELNETCONSOLE_ENABLED": False,
    }
