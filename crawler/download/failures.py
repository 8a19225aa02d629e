"""Exceptions of requests → outcomes, and what is said of them."""

from typing import Final

from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)

from synsift.crawler.download.error_words import words_of
from synsift.crawler.errors import (
    BrokenAnswer,
    DownloadRefused,
    HostUnwell,
    LookupFailed,
    NetworkDown,
    NoSuchHost,
    TlsFailed,
)
from synsift.crawler.outcome import Outcome

# The first that matches wins, so subclasses stand before their bases.
_OUTCOMES: Final[tuple[tuple[type[Exception], Outcome], ...]] = (
    (NetworkDown, Outcome.NO_NETWORK),
    (DownloadTimeoutError, Outcome.TIMEOUT),
    (DownloadConnectionRefusedError, Outcome.CONNECTION_FAILED),
    (BrokenAnswer, Outcome.BROKEN_ANSWER),
    (ResponseDataLossError, Outcome.BROKEN_ANSWER),
    (DownloadCancelledError, Outcome.TOO_LARGE),
    (UnsupportedURLSchemeError, Outcome.BAD_URL),
    (DownloadFailedError, Outcome.CONNECTION_FAILED),
)


def outcome_of(error: Exception) -> Outcome:
    """The outcome of a request that ended in an exception."""
    if isinstance(error, DownloadRefused | HostUnwell | TlsFailed | LookupFailed | NoSuchHost):
        return error.outcome
    for kind, outcome in _OUTCOMES:
        if isinstance(error, kind):
            return outcome
    return Outcome.CONNECTION_FAILED if isinstance(error, OSError) else Outcome.INTERNAL_ERROR


def message_of(outcome: Outcome, error: Exception) -> str:
    """What a dead letter says of an exception: words; of a bug also its kind, for whoever mends it."""
    words = words_of(error)
    return f"{type(error).__name__}: {words}" if outcome is Outcome.INTERNAL_ERROR else words
