"""How an attempt to fetch can end. These words are the label values of metrics and the classes of dead letters."""

import re
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """The ending of a request, for good or ill."""

    FETCHED = "fetched"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    PAYMENT_REQUIRED = "payment_required"
    LEGALLY_WITHHELD = "legally_withheld"
    HTTP_ERROR = "http_error"
    SERVER_ERROR = "server_error"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    BROKEN_ANSWER = "broken_answer"
    DNS_FAILED = "dns_failed"
    DNS_NO_SUCH_HOST = "dns_no_such_host"
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
    CONSENT_UNREAD = "consent_unread"
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
        Outcome.BROKEN_ANSWER,
        Outcome.DNS_FAILED,
        Outcome.NO_NETWORK,
        Outcome.HOST_DOWN,
    }
)


def of_status(status: int) -> Outcome:
    """The outcome of a response by its HTTP status; redirects are not endings and must not come here."""
    if 200 <= status < 300:
        return Outcome.FETCHED  # what it brought is looked at, be it said to be accepted, or another's version of it
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return Outcome.SERVER_ERROR if 500 <= status < 600 else Outcome.HTTP_ERROR


def of_file(status: int, content_range: str) -> Outcome:
    """The outcome of asking for a file that says what may be done: what can't be told is no absence of it.

    A status beyond those of HTTP counts as a server's error (RFC 9110, section 15), a redirect to nowhere and "not
    modified", which nobody asked, as no answer.

    Args:
        status: Its HTTP status.
        content_range: The header of that name; empty if there is none.
    """
    if status >= 600:
        return Outcome.SERVER_ERROR
    return Outcome.BROKEN_ANSWER if 300 <= status < 400 else of_answer(status, content_range)


def of_answer(status: int, content_range: str, content_length: str = "") -> Outcome:
    """The outcome of a response that may be a part of what was asked for.

    Beside another status than 206 a range says nothing (RFC 9110, section 14.4), but where the answer is as long as it.

    Args:
        status: Its HTTP status.
        content_range: The header of that name; empty if there is none.
        content_length: The header of that name, the same.
    """
    if 200 <= status < 300 and (found := _RANGE.match(content_range.strip())):
        first, last, whole = found.groups()
        is_part = int(first) > 0 or (whole != "*" and int(last) + 1 != int(whole))
        if is_part and (status == 206 or content_length.strip() == str(int(last) - int(first) + 1)):
            return Outcome.BROKEN_ANSWER
    return of_status(status)


_RANGE: Final = re.compile(r"bytes[ =](\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)
_BY_STATUS: Final = {
    401: Outcome.FORBIDDEN,
    402: Outcome.PAYMENT_REQUIRED,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    407: Outcome.FORBIDDEN,
    408: Outcome.SERVER_ERROR,
    410: Outcome.NOT_FOUND,
    425: Outcome.SERVER_ERROR,
    429: Outcome.RATE_LIMITED,
    451: Outcome.LEGALLY_WITHHELD,
}
