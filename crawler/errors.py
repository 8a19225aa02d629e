"""What can't be crawled, and why.

CrawlerError
├── DownloadRefused          this URL must not be fetched; carries its outcome
│   ├── PrivateAddress       it leads to an address that isn't public
│   ├── RobotsDenied         a rule of the host's robots.txt forbids it
│   ├── RobotsWithheld       the host shows its robots.txt to members only
│   ├── TooSlow              the host wants to be asked less often than anybody would wait
│   └── ConsentRefused       its site says that it may not be used for training
├── BrokenAnswer             what came is no HTTP, or not all of it
├── HostUnwell               its host can't say what may be fetched, for now: the URL waits
├── TlsFailed                a host can't prove who it is
├── LookupFailed             a host's name can't be looked up, for now
├── NoSuchHost               there is no host of that name
├── NetworkDown              this machine has no network: no route, no resolver
├── SourceError              a source's answer can't be used
│   ├── SourceAway           what it would read can't be had
│   ├── SourceRefused        it is for others: members, or who has a key
│   ├── SourceBusy           for now: ask again after ``retry_after_s``
│   └── SourceSpent          for longer: nothing more for ``for_s``
└── TargetError              what the user asked for can't be understood
    └── OntologyError        a file of concepts, with all that is wrong in it
"""

import math
from typing import ClassVar, Final

from synsift.crawler.outcome import Outcome

_A_YEAR_S: Final = 365 * 86_400.0


class CrawlerError(Exception):
    """Root of all errors of this package.

    Attributes:
        hint: What to do about it, for people; may be empty.
    """

    retriable: ClassVar[bool] = False

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class DownloadRefused(CrawlerError):
    """A URL that must not be fetched."""

    outcome: ClassVar[Outcome]


class PrivateAddress(DownloadRefused):
    """The URL leads to an address that is neither public nor named by the configuration."""

    outcome = Outcome.PRIVATE_ADDRESS


class RobotsDenied(DownloadRefused):
    """A rule of the host's robots.txt forbids the URL (RFC 9309)."""

    outcome = Outcome.ROBOTS_DENIED


class RobotsWithheld(DownloadRefused):
    """The host refuses its very robots.txt, as it would refuse all else."""

    outcome = Outcome.ROBOTS_WITHHELD


class TooSlow(DownloadRefused):
    """The host's Crawl-delay is longer than anybody would wait."""

    outcome = Outcome.TOO_SLOW


class ConsentRefused(DownloadRefused):
    """What is said of the URL's use forbids it."""

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome  # type: ignore[misc]  # which signal it is, is known only now


class BrokenAnswer(CrawlerError):
    """What a host sent is no HTTP that anybody can read, or ends before it is whole."""

    retriable = True


class HostUnwell(CrawlerError):
    """The host's robots.txt can't be had, so that nothing may be fetched for now (RFC 9309, section 2.3.1.4).

    Attributes:
        outcome: What would become of its URLs, if nobody waited.
    """

    retriable = True

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome


class TlsFailed(CrawlerError):
    """The host's certificate isn't valid, or it speaks no TLS that anybody should."""

    outcome: ClassVar[Outcome] = Outcome.TLS_FAILED


class LookupFailed(CrawlerError):
    """Nobody can say for now where a host is."""

    retriable = True
    outcome: ClassVar[Outcome] = Outcome.DNS_FAILED


class NoSuchHost(CrawlerError):
    """There is no host of that name, or it has no address."""

    outcome: ClassVar[Outcome] = Outcome.DNS_NO_SUCH_HOST


class NetworkDown(CrawlerError):
    """The system says that there is no way to any host, for now."""

    retriable = True


class SourceError(CrawlerError):
    """An image source's answer can't be used."""


class SourceAway(SourceError):
    """What a source would read can't be had: there is nothing there, or whoever has it doesn't give it."""


class SourceRefused(SourceError):
    """The source answers others: members, or who has a key."""

    outcome: ClassVar[Outcome] = Outcome.FORBIDDEN


class SourceBusy(SourceError):
    """The source asks for patience.

    Attributes:
        retry_after_s: How long to wait, as the source says; 0 if it doesn't say.
        outcome: How it ends if waiting doesn't help now; later it may.
    """

    retriable = True

    def __init__(self, message: str, *, retry_after_s: float = 0.0, outcome: Outcome = Outcome.SERVER_ERROR) -> None:
        super().__init__(message)
        self.retry_after_s = bounded_s(retry_after_s)
        self.outcome = outcome


class SourceSpent(SourceError):
    """The source answers nothing more for a while: what may be asked of it in a day, say, is used up.

    Attributes:
        for_s: How long; 0 for until the next day, by UTC.
    """

    retriable = True

    def __init__(self, message: str, *, for_s: float = 0.0) -> None:
        super().__init__(message)
        self.for_s = bounded_s(for_s)


def bounded_s(wait_s: object) -> float:
    """A wait as a source says it: 0 for what is no number or none that can be waited for, a year at the most."""
    if not isinstance(wait_s, (int, float)) or not 0 < wait_s < math.inf:
        return 0.0
    return min(float(wait_s), _A_YEAR_S)


class TargetError(CrawlerError):
    """What the user asked for can't be understood; the message says what to write instead."""


class OntologyError(TargetError):
    """An ontology that can't be used.

    Attributes:
        problems: What is wrong, each with its file and line.
    """

    def __init__(self, problems: list[str]) -> None:
        shown = problems[:100]
        more = [f"… and {len(problems) - len(shown)} more"] if len(problems) > len(shown) else []
        super().__init__("\n".join(shown + more))
        self.problems = problems
