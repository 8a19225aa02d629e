"""Sources that are asked once what they can, before their first query: who waits for that.

What came of it is no input's: it is kept nowhere, costs no query, and is asked again by the next worker.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from synsift.crawler.download.givers import Abandoned
from synsift.crawler.outcome import Outcome
from synsift.crawler.sources.base import IntroducedSource, LocalSource, PageQuery, Source, SourceRequest
from synsift.crawler.sources.foreign import foreign_code

A = TypeVar("A", bound=PageQuery)

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Introduction(PageQuery):
    """Asks a source what it can."""

    @property
    def introduces(self) -> bool:
        """It does."""
        return True


class Introductions(Generic[A]):
    """Queries that wait until their source is known. Lives in one event loop."""

    def __init__(self, sources: Mapping[str, Source | LocalSource]) -> None:
        self._strangers = {name: source for name, source in sources.items() if isinstance(source, IntroducedSource)}
        self._waiting: dict[str, list[A]] = {}

    def request_for(self, ask: A) -> SourceRequest | bool | None:
        """What to do with a query: None to ask it; else it waits, and a request is to be sent first."""
        request = self._first_of(ask.source)
        if request is None:
            return None
        is_first = ask.source not in self._waiting
        self._waiting.setdefault(ask.source, []).append(ask)
        return request if is_first else True

    def _first_of(self, name: str) -> SourceRequest | None:
        source = self._strangers.get(name)
        if source is None:
            return None
        try:
            with foreign_code(name):
                request = source.introduction()
            if request is not None and not isinstance(request, SourceRequest):
                raise TypeError(f"its introduction is {type(request).__name__}, and no request")
        except Exception as exc:  # noqa: BLE001 - other people's code must not keep its queries waiting for ever
            _log.warning("%s can't be asked what it can (%s): it is asked in plain words", name, exc, exc_info=exc)
            del self._strangers[name]
            return None
        return request

    def introduced(self, name: str) -> list[A]:
        """The queries that waited for a source, which has said what it can."""
        return self._waiting.pop(name, [])

    def refused(self, name: str, why: Abandoned) -> list[A]:
        """The queries that waited for a source that didn't say; one that can't be reached is asked again later."""
        if why.outcome == Outcome.SOURCE_ERROR:
            _log.warning("%s doesn't say what it can (%s): it is asked in plain words", name, why.message)
        if not Outcome(why.outcome).heals:
            self._presume(name)
        return self._waiting.pop(name, [])

    def _presume(self, name: str) -> None:
        try:
            with foreign_code(name):
                self._strangers[name].presume()
        except Exception as exc:  # noqa: BLE001 - as above
            _log.warning("%s: %s", name, exc, exc_info=exc)
            del self._strangers[name]
