"""An answer of the API → its entries, its continuation, its errors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from synsift.crawler.errors import SourceBusy, SourceError, SourceRefused
from synsift.crawler.outcome import Outcome
from synsift.crawler.outside_json import loads
from synsift.crawler.sources.mediawiki.trail import NO_TRAIL, Trail
from synsift.crawler.wording import code

_MOST_LAG_S: Final = 3600.0
# What a wiki says of itself for a while (API:Errors_and_warnings); the first two of who asks too much.
_PASSING: Final = {
    "maxlag": Outcome.RATE_LIMITED,
    "ratelimited": Outcome.RATE_LIMITED,
    "cirrussearch-too-busy-error": Outcome.RATE_LIMITED,
    "cirrussearch-backend-error": Outcome.SERVER_ERROR,
    "readonly": Outcome.SERVER_ERROR,
}
_INTERNAL: Final = "internal_api_error"
_FOR_OTHERS: Final = frozenset(
    {"readapidenied", "permissiondenied", "mustbeloggedin", "assertuserfailed", "blocked", "autoblocked"}
)
# Each answer to a query has one of them, even if nothing was found.
_OF_ANSWERS: Final = frozenset({"query", "batchcomplete", "continue"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a query's answers one begins.

    Attributes:
        following: Parameters that the wiki wants back.
        had: Of files whose answer was too long for the wiki and comes in pieces: the numbers of those that came.
        items: What is searched for, where that had to be asked first: items of Wikidata.
        in_texts: Whether pages' texts are searched, after their titles.
        trail: What the answers before it were.
    """

    following: Mapping[str, str]
    had: tuple[int, ...] = ()
    items: tuple[str, ...] = ()
    in_texts: bool = False
    trail: Trail = NO_TRAIL

    def cursor(self) -> str:
        """As text."""
        parts = {"continue": dict(self.following), "had": self.had, "items": self.items, "in_texts": self.in_texts}
        parts |= {"marks": self.trail.marks, "stale": self.trail.stale}
        return json.dumps({name: part for name, part in parts.items() if part}, sort_keys=True)


FIRST: Final = Place({})


def read_cursor(cursor: str) -> Place:
    """The place that a text names.

    Raises:
        SourceError: It names none.
    """
    if not cursor:
        return FIRST
    try:
        said = loads(cursor)
        following = said.get("continue", {})
        if not isinstance(following, dict):  # as it was written once: the wiki's parameters alone
            said, following = {}, said
        return Place(
            {_utf8(str(name)): _utf8(str(value)) for name, value in following.items()},
            tuple(int(number) for number in said.get("had", ())),
            tuple(_utf8(str(item)) for item in said.get("items", ())),
            bool(said.get("in_texts", False)),
            Trail(tuple(_utf8(str(mark)) for mark in said.get("marks", ())), int(said.get("stale", 0))),
        )
    except (ValueError, AttributeError, TypeError, OverflowError) as exc:
        raise SourceError(f"the continuation {code(cursor)} can't be read") from exc


def _utf8(text: str) -> str:
    text.encode()
    return text


def parse_query(body: bytes) -> dict[str, Any]:
    """An answer to a query that is no error; one that found nothing says so, and is more than nothing.

    Raises:
        SourceBusy: It says to come back later.
        SourceError: It is an error, or no answer of the API.
    """
    answer = parse(body)
    if not _OF_ANSWERS & answer.keys():
        raise SourceError(f"the API's answer doesn't say what was found: {code(json.dumps(answer))}")
    return answer


def parse(body: bytes) -> dict[str, Any]:
    """An answer that is no error.

    Raises:
        SourceBusy: It says to come back later.
        SourceRefused: It is for others.
        SourceError: It is an error, or no answer of the API.
    """
    try:
        answer = loads(body)
    except ValueError as exc:
        start = body[:80].decode("utf-8", "replace").strip()
        raise SourceError(f"the API answered something that isn't JSON, beginning {code(start)}") from exc
    if not isinstance(answer, dict):
        raise SourceError("the API's answer isn't a JSON object")
    _check_error(answer)
    return answer


def pages_of(answer: Mapping[str, Any]) -> list[Any]:
    """The entries of an answer, in the order of the search.

    Raises:
        SourceError: They are no list.
    """
    query_part = answer.get("query") or {}
    pages = query_part.get("pages", []) if isinstance(query_part, dict) else None
    if not isinstance(pages, list):
        raise SourceError("the API's answer has no list of pages: formatversion=2 is not understood")
    return sorted(pages, key=search_rank)


def search_rank(entry: object) -> int:
    """Place of an entry in the search's result, from 1; far behind if it has none."""
    rank = entry.get("index") if isinstance(entry, dict) else None
    return rank if isinstance(rank, int) else 1 << 30


def continuation(answer: Mapping[str, Any]) -> dict[str, str]:
    """Parameters that the wiki wants back; none after the last answer."""
    following = answer.get("continue")
    if not isinstance(following, dict):
        return {}
    return {str(name): str(value) for name, value in following.items()}


def _check_error(answer: Mapping[str, Any]) -> None:
    error = answer.get("error")
    if error is None:
        return
    word = str(error.get("code", "unknown")) if isinstance(error, dict) else "unknown"
    info = str(error.get("info", ""))[:300] if isinstance(error, dict) else str(error)[:300]
    message = f"the API says {word}: {info}"
    if word in _FOR_OTHERS:
        raise SourceRefused(message)
    if word in _PASSING or word.startswith(_INTERNAL):
        lag = error.get("lag") if isinstance(error, dict) else None
        lag_s = float(lag) if isinstance(lag, (int, float)) and 0 <= lag < _MOST_LAG_S else 0.0
        wait_s = max(5.0, lag_s) if word == "maxlag" else 0.0
        raise SourceBusy(message, retry_after_s=wait_s, outcome=_PASSING.get(word, Outcome.SERVER_ERROR))
    raise SourceError(message)
