"""What operators say of queries, and what ``search`` does with these: they wait in their lines, or end."""

import math
from abc import abstractmethod
from typing import Final

from synsift.crawler.download.givers import Abandoned
from synsift.crawler.sources.base import PageQuery
from synsift.pipelines.controls.view import Stop
from synsift.pipelines.records import Query
from synsift.pipelines.stages.asks import Ask
from synsift.pipelines.stages.desks import Desks
from synsift.pipelines.stages.download_stage import DownloadStage
from synsift.pipelines.stages.lines import Line, Lines, line_of
from synsift.pipelines.stages.tally import Count

UNTIL_TOLD_S: Final = math.inf
"""Until when a line rests that is paused."""


class SteeredQueries(DownloadStage[PageQuery]):
    """The part of ``search`` that heeds operators.

    Attributes:
        lines: Where queries wait that are asked in their order.
        desks: Where those wait that are asked by what they give.
    """

    lines: Lines[Ask]
    desks: Desks[Ask]

    @abstractmethod
    async def ask_next(self, ask: Ask) -> None:
        """Let those go on that wait behind a query that has ended."""

    @abstractmethod
    def is_by_novelty(self, query: Query) -> bool:
        """Whether it is asked by what it gives."""

    @abstractmethod
    def rest(self, line: Line, until_s: float) -> None:
        """Leave a line alone."""

    def stops(self, task: PageQuery, _url: str) -> bool:
        """Whether operators stop a query; a budget ends it before it is begun."""
        return isinstance(task, Ask) and self.view.of_query(task.wnid, task.source) is not None

    def stop_of(self, ask: Ask) -> Stop | None:
        """Why a query must not go on: operators say so, or a budget is used up."""
        return self.view.of_query(ask.wnid, ask.source) or self.budgets.over(ask.wnid, ask.source)

    def begins(self, task: PageQuery) -> None:
        """A request is about to leave; what a source says of itself is nobody's."""
        if isinstance(task, Ask):
            self.budgets.begins(task.message, task.wnid, task.source)

    def end_without(self, ask: Ask, result: Abandoned) -> None:
        """End a query that came to nothing: its dead letter, and what it cost."""
        message, attempts = result.message, result.attempts
        letter = self._ledger.dead_letter(ask.message, result.outcome, message, attempts=attempts, wnid=ask.wnid)
        self._ledger.finish(ask.message, [letter], [Count(ask.wnid, result.outcome), *self.budgets.cost(ask.message)])

    async def stop_task(self, task: PageQuery, _url: str) -> None:
        """Put a query back that was to be asked, or end it."""
        ask = ask_in(task)
        stop = self.stop_of(ask)
        if stop is not None and stop.ends:
            self.end_stopped(ask, stop)
            await self.ask_next(ask)
        elif self.is_by_novelty(ask.query):
            self.desks.put_back(ask)
            self.turnstile.rest(ask.message)
        else:
            self.rest(line_of(ask), UNTIL_TOLD_S if stop is not None else 0.0)

    def rank_of(self, task: PageQuery) -> float:
        """By its synset."""
        return self.view.priority(task.wnid)

    def end_stopped(self, ask: Ask, stop: Stop) -> None:
        """End a query that operators don't want to be asked."""
        self._ledger.reject(ask.message, stop.how, stop.text, wnid=ask.wnid)

    async def steer(self) -> None:
        """Look again at all that waits: it may go on, or end."""
        self.lines.wake_all()
        self.desks.stir_all()


def ask_in(task: PageQuery) -> Ask:
    """The query behind a task."""
    if not isinstance(task, Ask):
        raise TypeError(f"not a task of this stage: {task!r}")
    return task
