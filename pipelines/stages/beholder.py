"""Which pairs of images stand under two synsets, as survivors come and go. Pure.

survivor ──┬─ new ─────────────▶ the pairs that it is in
           └─ replaces another ▶ the pairs of that one end, and go over to its better copy
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from synsift.dedupe import Fingerprint, MatchOptions
from synsift.dedupe.across import Crossing, View
from synsift.pipelines.pairs import Ended, Place, Ties, pair_id, places_of
from synsift.pipelines.reading import Broken
from synsift.pipelines.records import Conflict, Survivor
from synsift.pipelines.stages.dedupe_state import fingerprint_of

_COPY: Final = "copy"


@dataclass(slots=True)
class Pairs:
    """The pairs that stand, by who they are of; and what a survivor changes about them.

    Attributes:
        ties: What synsets are to each other.
        standing: By id.
        ids: Of each place, the pairs that it is in.
    """

    ties: Ties
    standing: dict[str, Conflict] = field(default_factory=dict)
    ids: dict[Place, set[str]] = field(default_factory=dict)

    def note(self, pair: Conflict) -> None:
        """A record of the topic, in its order."""
        if pair.stands:
            self.standing[pair.id] = pair
        else:
            self.standing.pop(pair.id, None)
        for place in places_of(pair):
            ids = self.ids.setdefault(place, set())
            (ids.add if pair.stands else ids.discard)(pair.id)
            if not ids:
                del self.ids[place]

    def of(self, crossings: Iterable[Crossing]) -> Iterator[Conflict]:
        """The records of crossings of which there is none yet; they are noted."""
        for crossing in crossings:
            found = self._pair(
                (crossing.scope, crossing.sha256),
                (crossing.other_scope, crossing.other_sha256),
                score=round(crossing.score, 4),
                transform=crossing.transform,
            )
            if found.id not in self.standing:
                self.note(found)
                yield found

    def end(self, gone: Place, heir: Place, ended: Ended) -> Iterator[Conflict]:
        """An image is kept no more. Gives the records of its pairs: that they end, and where a better copy goes on.

        Args:
            gone: It.
            heir: What is kept for its sake.
            ended: Why. The better copy of one that agrees with another agrees with it, too, whatever a look says.
        """
        for name in sorted(self.ids.get(gone, ())):
            old = self.standing[name]
            over = msgspec.structs.replace(old, stands=False, ended=str(ended))
            self.note(over)
            yield over
            other = next(place for place in places_of(old) if place != gone)
            if ended is Ended.BETTER_COPY and other[0] != heir[0]:
                yield from self._carry(old, heir, other)

    def _carry(self, old: Conflict, heir: Place, other: Place) -> Iterator[Conflict]:
        new = self._pair(heir, other, score=old.score, transform=old.transform)
        known = self.standing.get(new.id)
        if known is not None and known.replaces:
            return
        new = msgspec.structs.replace(known or new, replaces=old.id)
        self.note(new)
        yield new

    def _pair(self, one: Place, other: Place, *, score: float, transform: str) -> Conflict:
        return Conflict(
            id=pair_id(one, other),
            wnid=one[0],
            sha256=one[1],
            other_wnid=other[0],
            other_sha256=other[1],
            kind="exact" if one[1] == other[1] else "near",
            tie=str(self.ties.of(one[0], other[0])),
            score=score,
            transform=transform,
        )


class Beholder:
    """Looks at survivors as they come: what stands, and which pairs there are. Not thread-safe."""

    def __init__(self, ties: Ties, options: MatchOptions) -> None:
        """Begin with nothing.

        Args:
            ties: What synsets are to each other.
            options: What counts as near.
        """
        self.view = View(options)
        self.pairs = Pairs(ties)

    def restore(self, survivors: Iterable[Survivor]) -> None:
        """Take in what was looked at before, all of some synsets in order, without a look."""
        standing: dict[Place, Fingerprint] = {}
        for survivor in survivors:
            image = fingerprint_of(survivor.candidate.image)
            if isinstance(image, Broken):
                continue
            wnid = survivor.candidate.wnid
            if survivor.replaces:
                standing.pop((wnid, survivor.replaces), None)
            if not survivor.relation:
                standing[wnid, image.sha256] = image
        self.view.restore_all((wnid, image) for (wnid, _), image in standing.items())

    def look(self, survivor: Survivor, image: Fingerprint) -> list[Conflict]:
        """What a survivor changes: pairs that it is in, and the end of those of what it replaces.

        Args:
            survivor: The record.
            image: Its fingerprint.
        """
        wnid = survivor.candidate.wnid
        # Who was there before, and only another goes for its sake, is looked at no second time.
        found = [] if survivor.relation else list(self.pairs.of(self.view.add(wnid, image)))
        if not survivor.replaces:
            return found
        self.view.remove(wnid, survivor.replaces)
        is_copy = survivor.relation in ("", _COPY)
        ended = Ended.BETTER_COPY if is_copy else Ended.WITHDRAWN
        changed = self.pairs.end((wnid, survivor.replaces), (wnid, image.sha256), ended)
        # A pair that is found and carried over at once is one record, the later one.
        return list({(pair.id, pair.stands): pair for pair in (*found, *changed)}.values())
