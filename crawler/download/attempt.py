"""What to do after an attempt: take the answer, follow, try again later, or give up. Pure.

response ──┬─ 2xx ───────────────────────────────▶ Take
           ├─ 300 301 302 303 307 308 + Location ────▶ Follow, a few times
           ├─ 429 5xx, timeout, reset ───────────▶ Retry with back-off, Retry-After honoured, a few times
           └─ anything else ─────────────────────▶ GiveUp
"""

import email.utils
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from synsift.crawler.consent import Judgement, Statement
from synsift.crawler.download.web_url import as_asked, resolved
from synsift.crawler.outcome import Outcome, of_answer
from synsift.crawler.wording import code

REDIRECTS: Final = frozenset({300, 301, 302, 303, 307, 308})
"""Statuses of answers that lead elsewhere, with a ``Location``."""
MAX_URL_CHARACTERS: Final = 4_096
_WORTH_SAYING: Final = {
    200: ("content-range",),
    206: ("content-range",),
    402: ("crawler-price", "price"),  # pay per crawl: nobody pays here, but an operator may
    401: ("www-authenticate",),
    403: ("server", "cf-mitigated"),
    451: ("link",),  # by whom it is blocked: RFC 7725, section 4
}
_MOST_DOUBLINGS: Final = 40
_MOST_EXPLAINED: Final = 300
_LONGEST_WAIT_S: Final = 365 * 86_400.0
_MOST_DIGITS: Final = 12
_NOT_IN_A_NAME: Final = re.compile(r"[\x00-\x20\x7f\"%<>\\^`{|}]")
_USUAL_ORIGIN: Final = re.compile(r"https?://[a-z0-9._-]+(?::(?!80/|443/)[1-9][0-9]{0,4})?(?=/)")
_LONGEST_LABEL: Final = 63  # of a host's name: RFC 1035, section 2.3.4


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try.

    Attributes:
        attempts: Tries in all.
        redirects: Redirects to follow in all.
        backoff_s: Wait before the second try; doubled for each further one.
        max_wait_s: Longest wait; a Retry-After beyond it ends the attempts.
    """

    attempts: int = 4
    redirects: int = 5
    backoff_s: float = 1.0
    max_wait_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Take:
    """The response is the answer."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Ask another URL."""

    url: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after a wait; ``host_wide`` if the whole host asks for it, ``asked_s`` as long as it asks for.

    The reason is for people, the outcome what it would be if nobody tried again.
    """

    wait_s: float
    host_wide: bool
    reason: str = field(default="", compare=False)
    asked_s: float = field(default=0.0, compare=False)
    outcome: Outcome = field(default=Outcome.SERVER_ERROR, compare=False)


@dataclass(frozen=True, slots=True)
class GiveUp:
    """There will be no answer: ever, or before ``until_s``, in Unix time, if that isn't 0."""

    outcome: Outcome
    message: str
    until_s: float = 0.0


Step = Take | Follow | Retry | GiveUp


@dataclass(frozen=True, slots=True)
class Answer:
    """A response without its body.

    Attributes:
        url: That was asked.
        status: HTTP status code.
        headers: By lower-case name, a character for each byte: what a server says need be no UTF-8.
        said: All that is said of the use of what it brings: by its site, by its head, by redirects on the way.
        refusal: Why it must not be used, if so; its body wasn't read then.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    said: tuple[Statement, ...] = ()
    refusal: Judgement | None = None


def after_answer(answer: Answer, *, attempts: int, been: Sequence[str], patience: Patience, now_s: float) -> Step:
    """Decide after a response.

    Args:
        answer: The response.
        attempts: Tries so far, this one included.
        been: URLs that led here by redirects, the first one first.
        patience: The limits.
        now_s: Unix time, for Retry-After given as a date.
    """
    if answer.refusal is not None:
        return GiveUp(answer.refusal.outcome, answer.refusal.reason)
    if answer.status in REDIRECTS and "location" in answer.headers:
        return _follow(answer, been, patience)
    outcome = _outcome_of(answer)
    if outcome is Outcome.FETCHED:
        return Take()
    asked_s = retry_after_s(answer.headers.get("retry-after", ""), now_s)
    step = _retry(outcome, _message_of(answer), attempts, asked_s, patience)
    if isinstance(step, GiveUp) and asked_s is not None and asked_s > patience.max_wait_s:
        return replace(step, until_s=now_s + asked_s)
    return step


def _outcome_of(answer: Answer) -> Outcome:
    """What an answer's status says; of a log-in whether it is a licence that is wanted (RSL)."""
    if answer.status == 401 and answer.headers.get("www-authenticate", "").strip().lower().startswith("license"):
        return Outcome.LICENCE_NEEDED
    return of_answer(answer.status, answer.headers.get("content-range", ""), answer.headers.get("content-length", ""))


def _message_of(answer: Answer) -> str:
    """The status, and what else there is to know who wants to do something about it."""
    told = ((name, answer.headers.get(name)) for name in _WORTH_SAYING.get(answer.status, ()))
    return "; ".join([f"HTTP status {answer.status}", *(f"{name}: {code(value)}" for name, value in told if value)])


def explained(step: Step, text: str) -> Step:
    """A step with what the answer itself says is wrong."""
    text = " ".join(text.split())[:_MOST_EXPLAINED]
    if not text:
        return step
    if isinstance(step, GiveUp):
        return replace(step, message=f"{step.message}: {text}")
    return replace(step, reason=f"{step.reason}: {text}") if isinstance(step, Retry) else step


def after_error(outcome: Outcome, message: str, *, attempts: int, patience: Patience) -> Step:
    """Decide after a request that got no response."""
    return _retry(outcome, message, attempts, None, patience)


def retry_after_s(value: str, now_s: float) -> float | None:
    """Read a Retry-After header (RFC 9110, section 10.2.3): seconds or a date, a year at most; None if neither."""
    value = value.strip()
    numbers = [part.strip() for part in value.split(",")]
    if all(number.isascii() and number.isdigit() for number in numbers):  # of several, the longest
        return max(min(float(number[:_MOST_DIGITS]), _LONGEST_WAIT_S) for number in numbers)
    try:
        wait_s = email.utils.parsedate_to_datetime(value).timestamp() - now_s
        return min(max(0.0, wait_s), _LONGEST_WAIT_S)
    except (ValueError, TypeError, OverflowError):
        return None


def url_problem(url: str) -> str | None:
    """What is wrong with an image URL; None if it can be fetched."""
    if len(url) > MAX_URL_CHARACTERS:
        return f"longer than {MAX_URL_CHARACTERS} characters"
    try:
        url.encode()
        parts = urlsplit(url)
        port = parts.port
    except UnicodeEncodeError:
        return "with what is no text"
    except ValueError as exc:
        return str(exc)
    if parts.scheme not in ("http", "https"):
        return f"scheme {parts.scheme!r} is neither http nor https"
    if not parts.hostname:
        return "no host"
    if port == 0:
        return "nothing can be asked at port 0"
    if not _can_be_a_name(parts.hostname):
        return f"{parts.hostname!r} can't be the name of a host"
    if parts.username is not None or parts.password is not None:
        return "user name or password in the URL"
    return None


def redirect_target(url: str, location: str) -> str:
    """Where a Location header leads. Its bytes stay what they are, percent-encoded where they are no ASCII.

    Args:
        url: That was asked.
        location: The header, a character for each byte.

    Raises:
        ValueError: To nothing that can be fetched; the text says why.
    """
    target = resolved(url, location)
    problem = url_problem(target)
    if problem is not None:
        raise ValueError(problem)
    return target


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: what has one robots.txt (RFC 9309, section 2.3).

    However they are written: in capitals, with the usual port, with an empty one, with zeros before it.
    """
    usual = _USUAL_ORIGIN.match(url)
    if usual is not None:
        return usual[0]
    parts = urlsplit(as_asked(url))
    scheme, netloc = parts.scheme.lower(), parts.netloc.lower()
    return f"{scheme}://{netloc.removesuffix(':443' if scheme == 'https' else ':80')}"


def _can_be_a_name(host: str) -> bool:
    if _NOT_IN_A_NAME.search(host.partition(":")[0]):
        return False
    return all(0 < len(label) <= _LONGEST_LABEL for label in host.removesuffix(".").split("."))


def _follow(answer: Answer, been: Sequence[str], patience: Patience) -> Step:
    if len(been) >= patience.redirects:
        return GiveUp(Outcome.TOO_MANY_REDIRECTS, f"more than {patience.redirects} redirects")
    try:
        target = redirect_target(answer.url, answer.headers["location"])
    except ValueError as exc:
        return GiveUp(Outcome.BAD_URL, f"redirect: {exc}")
    if _page(target) == _page(answer.url):  # without cookies, the answer stays the same
        return GiveUp(Outcome.TOO_MANY_REDIRECTS, "it redirects to itself")
    if _page(target) in map(_page, been):
        return GiveUp(Outcome.TOO_MANY_REDIRECTS, "its redirects go round in a circle")
    return Follow(target)


def _page(url: str) -> tuple[str, str, str]:
    """What is asked for by a URL, however its host and port are written."""
    parts = urlsplit(as_asked(url))
    return origin_of(url), parts.path, parts.query


def _retry(outcome: Outcome, message: str, attempts: int, asked_s: float | None, patience: Patience) -> Step:
    if not outcome.heals or attempts >= patience.attempts:
        return GiveUp(outcome, message)
    wait_s = max(asked_s or 0.0, patience.backoff_s * 2 ** min(attempts - 1, _MOST_DOUBLINGS))
    if asked_s is not None and asked_s > patience.max_wait_s:
        return GiveUp(outcome, f"{message}; asked to wait {asked_s:.0f} s")
    host_wide = asked_s is not None or outcome is Outcome.RATE_LIMITED
    return Retry(min(wait_s, patience.max_wait_s), host_wide, message, asked_s or 0.0, outcome)
