"""What to tell a user whose crawl came to nothing, or to an early end: what happened, and the way out."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from synsift.crawler.outcome import Outcome
from synsift.pipelines.cli.console import warn

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.dead_letters import DeadLetter, OpenLetter

_NO_WAY: Final = frozenset(
    {
        Outcome.CONNECTION_FAILED,
        Outcome.TIMEOUT,
        Outcome.DNS_FAILED,
        Outcome.DNS_NO_SUCH_HOST,
        Outcome.HOST_DOWN,
        Outcome.TLS_FAILED,
        Outcome.BROKEN_ANSWER,
    }
)
_WRONG_PLACE: Final = frozenset(
    {Outcome.NOT_FOUND, Outcome.HTTP_ERROR, Outcome.BAD_URL, Outcome.SOURCE_ERROR, Outcome.TOO_MANY_REDIRECTS}
)
_PASSING: Final = frozenset({Outcome.SERVER_ERROR, Outcome.RATE_LIMITED})
_WIKIS: Final = frozenset({"commons", "wikipedia"})


def tell_interrupted() -> int:
    """Say that it goes on; gives the exit status."""
    warn.print("synsift: interrupted; the same command goes on from here")
    return 1


def tell_unanswered(letters: Sequence["OpenLetter"], settings: "Settings") -> None:
    """Say that no query was answered, with an example and what to do about that."""
    letter = letters[0].letter
    warn.print(f"synsift: no query was answered, for example: {letter.message}", style="red")
    hint = hint_of(letter, settings)
    if hint:
        warn.print(f"hint: {hint}")


def hint_of(letter: "DeadLetter", settings: "Settings") -> str:
    """The way out of a query's ending; empty for none."""
    source = _source_of(letter)
    if not source or not hasattr(settings.sources, source):
        return ""
    outcome, url = letter.outcome, getattr(getattr(settings.sources, source), "api_url", "")
    check = f"`synsift sources check {source}` asks one question"
    key = f"`sources.{source}.api_url`"
    if outcome in _PASSING:
        return f"it may pass: `synsift dead-letters replay`, and the same crawl again later; {check}"
    if outcome in _NO_WAY and url:
        return f"is {key} right, and does its host answer? {check}"
    if outcome == Outcome.FORBIDDEN:
        has_key = hasattr(getattr(settings.sources, source), "api_key")
        return f"is `sources.{source}.api_key` right? {check}" if has_key else "it is for its members: ask its owner"
    if outcome in _WRONG_PLACE and url:
        end = ", of a wiki as in `https://wiki.example/w/api.php`" if source in _WIKIS else ""
        return f"is {key} the URL of its API{end}? {check}"
    return ""


def _source_of(letter: "DeadLetter") -> str:
    from synsift.pipelines.errors import RecordError
    from synsift.pipelines.records import Query, decode

    try:
        return decode(Query, letter.value or b"").source
    except RecordError:
        return ""
