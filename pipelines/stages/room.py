"""How many image URLs synsets may still get: by the limit that they were planned with, or by what operators say.

Each limit that was planned has a count of its own, so that a larger one counts anew. What operators say is of all image
URLs that a synset ever got.
"""

from collections.abc import Iterable
from typing import Final

from synsift.pipelines.stages.asks import Ask, limit_counter
from synsift.pipelines.stages.ledger import Ledger
from synsift.pipelines.stages.page_outputs import FOUND
from synsift.pipelines.stages.tally import Count

_NO_LIMIT: Final = 1 << 60


class Rooms:
    """What is left of limits, what isn't committed yet included. Lives in one event loop, but for ``restore``."""

    def __init__(self, ledger: Ledger) -> None:
        """Begin with what is committed.

        Args:
            ledger: Knows that.
        """
        self._ledger = ledger
        # By synset, partition and counter: what there is with what is not committed yet.
        self._reached: dict[tuple[str, int, str], int] = {}

    def restore(self, partition: int) -> None:
        """Forget what was counted beyond the committed counts; in the log's thread."""
        self._reached = {place: number for place, number in self._reached.items() if place[1] != partition}

    def left(self, ask: Ask, said: int | None) -> int:
        """How many a synset may still get; not above 0 for none.

        Args:
            ask: One of its queries.
            said: What operators say; None for nothing.
        """
        if said is not None:
            return said - self._of(ask, FOUND)
        return ask.query.limit - self._of(ask, limit_counter(ask.query)) if ask.query.limit else _NO_LIMIT

    def took(self, ask: Ask, said: int | None, taken: int, counts: Iterable[Count]) -> None:
        """A page was taken.

        Args:
            ask: Of it.
            said: As of ``left``.
            taken: How many images of it, those included that came to no image URL.
            counts: What of it is counted.
        """
        if said is not None:
            found = sum(count.number for count in counts if (count.wnid, count.outcome) == (ask.wnid, FOUND))
            self._add(ask, FOUND, found)
        elif ask.query.limit:
            self._add(ask, limit_counter(ask.query), taken)

    def _of(self, ask: Ask, counter: str) -> int:
        committed = self._ledger.count_of(ask.message.partition, ask.wnid, counter)
        return max(committed, self._reached.get((ask.wnid, ask.message.partition, counter), 0))

    def _add(self, ask: Ask, counter: str, number: int) -> None:
        self._reached[ask.wnid, ask.message.partition, counter] = self._of(ask, counter) + number
