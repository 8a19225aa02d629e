"""Where the queries of a synset wait that are asked by what they give (``novelty``). Told the time.

added ──▶ waiting ──due──▶ asked ──ended──▶ coming, until its next page is read from the log, and added
            │ ▲               └──put back, where its source answers nothing for now
            │ └── nothing is heard of what is on its way for ``patience_s``: that counts no more
            └──▶ ended unasked: the target is reached, or it gives nothing new any more
"""

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from synsift.pipelines.controls.view import Stop
from synsift.pipelines.stages.novelty import Bounds, Known, NextPage, Queries, choose
from synsift.pipelines.stages.yields import Yields

ENOUGH: Final = "want_reached"
"""How a query ends whose synset has what is wanted."""
FRUITLESS: Final = "nothing_new"
"""How a query ends whose pages give nothing new any more."""


class DeskAsk(NextPage, Protocol):
    """A query, as far as desks know it."""

    @property
    def wnid(self) -> str:
        """The synset that asks."""

    @property
    def want(self) -> int:
        """How many survivors it wants; 0 for no target."""


A = TypeVar("A", bound=DeskAsk)
_COMES_WITHIN_S: Final = 10.0
"""A next page is read from the log in a moment, unless very much waits there before it."""


@dataclass(frozen=True, slots=True)
class _Coming:
    """A next page that was written, and isn't read yet."""

    source: str
    lang: str
    text: str
    page: int


@dataclass(slots=True)
class _Desk(Generic[A]):
    waiting: list[A] = field(default_factory=list)
    asked: list[A] = field(default_factory=list)
    coming: dict[_Coming, float] = field(default_factory=dict)
    unheard: int = 0
    heard_of: tuple[int, int] = (0, 0)
    heard_at_s: float = 0.0
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Due(Generic[A]):
    """What to do now.

    Attributes:
        ask: Queries to ask.
        end: Queries to end unasked, and why.
        stopped: Queries that operators end, and by which word.
    """

    ask: list[A]
    end: list[tuple[A, str]]
    stopped: list[tuple[A, Stop]] = field(default_factory=list)


class Desks(Generic[A]):
    """All desks. Lives in one event loop, but for ``resting``."""

    def __init__(self, *, on_the_way: int, patience_s: float) -> None:
        """Make them.

        Args:
            on_the_way: Most image URLs of a synset without an end before more are asked for.
            patience_s: How long nothing may be heard of these before they count no more.
        """
        self._on_the_way = on_the_way
        self._patience_s = patience_s
        self._desks: dict[str, _Desk[A]] = {}
        self._stirred: set[str] = set()
        self._rests: dict[str, float] = {}
        self._resting = 0
        self._paused: set[str] = set()

    def __len__(self) -> int:
        return len(self._desks)

    def add(self, ask: A, now_s: float) -> None:
        """Let a query wait."""
        desk = self._desks.get(ask.wnid)
        if desk is None:
            desk = self._desks[ask.wnid] = _Desk(heard_at_s=now_s)
        desk.waiting.append(ask)
        desk.coming.pop(_Coming(ask.source, ask.lang, ask.text, ask.page), None)
        self._stirred.add(ask.wnid)

    def end(self, ask: A, *, goes_on_s: float | None = None) -> None:
        """A query that was asked has ended.

        Args:
            ask: The query.
            goes_on_s: The time, if its next page was written.
        """
        desk = self._desks.get(ask.wnid)
        if desk is None:
            return
        desk.asked = [other for other in desk.asked if other is not ask]
        if goes_on_s is not None:
            coming = _Coming(ask.source, ask.lang, ask.text, ask.page + 1)
            desk.coming[coming] = goes_on_s + _COMES_WITHIN_S
        self._stirred.add(ask.wnid)

    def is_asked(self, ask: A) -> bool:
        """Whether a query is being asked, and not another one in its place."""
        desk = self._desks.get(ask.wnid)
        return desk is not None and any(other is ask for other in desk.asked)

    def put_back(self, ask: A) -> None:
        """A query that was asked waits again."""
        self.end(ask)
        desk = self._desks.get(ask.wnid)
        if desk is not None:
            desk.waiting.insert(0, ask)

    def forget(self, is_gone: Callable[[A], bool]) -> None:
        """Drop the queries that are another's now."""
        for wnid, desk in list(self._desks.items()):
            desk.waiting = [ask for ask in desk.waiting if not is_gone(ask)]
            desk.asked = [ask for ask in desk.asked if not is_gone(ask)]
            if not desk.waiting and not desk.asked:
                del self._desks[wnid]
            else:
                desk.coming.clear()

    def heard(self, wnids: Collection[str]) -> None:
        """There is news of synsets."""
        self._stirred.update(wnid for wnid in wnids if wnid in self._desks)

    def due(
        self,
        now_s: float,
        *,
        yields_of: Callable[[A], Yields],
        known: Known,
        rests_until_s: Callable[[str], float],
        stop_of: Callable[[A], Stop | None] = lambda _: None,
    ) -> Iterator[Due[A]]:
        """What to do, synset by synset.

        Args:
            now_s: Unix time.
            yields_of: What the queries of a query's synset gave.
            known: What those of all synsets gave.
            rests_until_s: When a source answers again, in Unix time; 0 if it does now.
            stop_of: What operators say of a query.
        """
        self._stir(now_s)
        stirred, self._stirred = self._stirred, set()
        for wnid in sorted(stirred):
            desk = self._desks.get(wnid)
            if desk is None:
                continue
            if not desk.waiting:
                if not desk.asked and not desk.coming:
                    del self._desks[wnid]
                continue
            stopped = [(ask, stop) for ask in desk.waiting if (stop := stop_of(ask)) is not None]
            ended = [(ask, stop) for ask, stop in stopped if stop.ends]
            self._take(desk, [ask for ask, _ in ended])
            self._paused.discard(wnid)
            if len(stopped) > len(ended):
                self._paused.add(wnid)
            if not desk.waiting:
                self._stirred.add(wnid)
                yield Due([], [], ended)
                continue
            found = self._due(desk, now_s, yields_of(desk.waiting[0]), known, rests_until_s, stop_of)
            yield Due(found.ask, found.end, ended)
        self._count_resting(stop_of)

    def resting(self) -> tuple[int, float]:
        """How many queries wait for sources that rest, and when the first of these goes on; 0 for never."""
        never_s = math.inf if self._paused else 0.0
        return self._resting, min(self._rests.values(), default=never_s)

    def stir_all(self) -> None:
        """Look again at all desks."""
        self._stirred.update(self._desks)

    def _stir(self, now_s: float) -> None:
        """Look again at those whose sources answer again, or that have waited for long enough."""
        if any(until_s <= now_s for until_s in self._rests.values()):
            self._rests = {source: until_s for source, until_s in self._rests.items() if until_s > now_s}
            self._stirred.update(self._desks)
        for wnid, desk in self._desks.items():
            late = [coming for coming, until_s in desk.coming.items() if until_s <= now_s]
            for coming in late:
                del desk.coming[coming]
            if late or (desk.waits and now_s - desk.heard_at_s >= self._patience_s):
                self._stirred.add(wnid)

    def _due(  # noqa: PLR0913 - as of `due`
        self,
        desk: _Desk[A],
        now_s: float,
        yields: Yields,
        known: Known,
        rests_until_s: Callable[[str], float],
        stop_of: Callable[[A], Stop | None],
    ) -> Due[A]:
        self._hear(desk, now_s, yields)
        end = [(ask, ENOUGH) for ask in desk.waiting if 0 < ask.want <= yields.unique]
        self._take(desk, [ask for ask, _ in end])
        for source in {ask.source for ask in desk.waiting}:
            if (until_s := rests_until_s(source)) > now_s:
                self._rests[source] = until_s
        awake = [ask for ask in desk.waiting if ask.source not in self._rests and stop_of(ask) is None]
        want = max((ask.want for ask in awake), default=0)
        queries = Queries(awake, desk.asked, [*desk.coming])
        choice = choose(queries, yields, known, Bounds(want, self._on_the_way, desk.unheard))
        desk.waits = choice.waits
        self._take(desk, [*choice.ask, *choice.fruitless])
        desk.asked += choice.ask
        return Due(list(choice.ask), end + [(ask, FRUITLESS) for ask in choice.fruitless])

    def _hear(self, desk: _Desk[A], now_s: float, yields: Yields) -> None:
        """Notice that something was heard of what is on its way, or that nothing was for too long."""
        heard_of = yields.judged, yields.unique
        if heard_of != desk.heard_of or not desk.waits:
            desk.heard_of, desk.heard_at_s = heard_of, now_s
        elif now_s - desk.heard_at_s >= self._patience_s:
            desk.unheard, desk.heard_at_s = yields.on_the_way, now_s
        desk.unheard = min(desk.unheard, yields.on_the_way)

    @staticmethod
    def _take(desk: _Desk[A], asks: Collection[A]) -> None:
        taken = set(map(id, asks))
        if taken:
            desk.waiting = [ask for ask in desk.waiting if id(ask) not in taken]

    def _count_resting(self, stop_of: Callable[[A], Stop | None]) -> None:
        self._paused.intersection_update(self._desks)
        if not self._rests and not self._paused:
            self._resting = 0
            return
        self._resting = sum(
            ask.source in self._rests or (wnid in self._paused and stop_of(ask) is not None)
            for wnid, desk in self._desks.items()
            for ask in desk.waiting
        )
