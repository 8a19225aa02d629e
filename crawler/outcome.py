"""How an attempt to fetch can end. These words are the label values of metrics and the classes of dead letters."""

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """The ending of a request, for good or ill."""

    FETCHED = "fetched"
    NOT_FOUND = "not_found"
    HTTP_ERROR = "http_error"
    SERVER_ERROR = "server_error"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    DNS_FAILED = "dns_failed"
    NO_NETWORK = "no_network"
    TOO_LARGE = "too_large"
    EMPTY = "empty"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_URL = "bad_url"
    HOST_DOWN = "host_down"
    ROBOTS_DENIED = "robots_denied"
    ROBOTS_WITHHELD = "robots_withheld"
    TOO_SLOW = "too_slow"
    OPTED_OUT = "opted_out"
    NOINDEX = "noindex"
    TDM_RESERVED = "tdm_reserved"
    USAGE_DENIED = "usage_denied"
    SIGNAL_DENIED = "signal_denied"
    TRAINING_DENIED = "training_denied"
    RIGHTS_RESERVED = "rights_reserved"
    LICENCE_NEEDED = "licence_needed"
    NO_CONSENT = "no_consent"
    PRIVATE_ADDRESS = "private_address"
    SOURCE_ERROR = "source_error"
    INTERNAL_ERROR = "internal_error"

    @property
    def heals(self) -> bool:
        """Whether a later try may end better."""
        return self in _HEALING


_HEALING: Final = frozenset(
    {
        Outcome.SERVER_ERROR,
        Outcome.RATE_LIMITED,
        Outcome.TIMEOUT,
        Outcome.CONNECTION_FAILED,
        Outcome.DNS_FAILED,
        Outcome.NO_NETWORK,
        Outcome.HOST_DOWN,
    }
)


def of_status(status: int) -> Outcome:
    """The outcome of a response by its HTTP status; redirects are not endings and must not come here."""
    if status == 200:
        return Outcome.FETCHED
    if status in (404, 410):
        return Outcome.NOT_FOUND
    if status == 429:
        return Outcome.RATE_LIMITED
    if status in (408, 425) or status >= 500:
        return Outcome.SERVER_ERROR
    return Outcome.HTTP_ERROR
