"""Which survivors of a synset go for the sake of which, by what local features say of pairs: pure, no features here.

What hashes took together is a unit, led by its best copy. A tie of two units lets one of them join the other:

    survivors, in order ──note──▶ units, who leads them, who joined whom      (what happened)
    ties of pairs ────────tie───▶ asks: this one goes for the sake of that    (what should happen)

An ask is carried out by ``dedupe``, which knows what survives at that moment, and shows as a record of ``survivors``.
Where something else came before it, that is a record, too: the ties of what it changed are asked anew. So what is asked
is a function of the records up to a point, whoever works on them.

Nothing goes for the sake of an image that it wasn't compared with, or of a copy of that: at most two steps lead from
what goes to what stays, and the second one is a copy.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from synsift.dedupe.local.relation import Tie

_MOST_STEPS: Final = 2


class Pair(NamedTuple):
    """Two images, and what the first is to the second."""

    sha256: str
    of: str
    tie: Tie
    is_mirrored: bool = False

    @property
    def reverse(self) -> "Pair":
        """The same, said of the second."""
        return Pair(self.of, self.sha256, self.tie.reverse, self.is_mirrored)


class Ask(NamedTuple):
    """A survivor that should go, the one that stays, and by which tie."""

    sha256: str
    keeper: str
    tie: Tie
    is_mirrored: bool


@dataclass(slots=True)
class _Joined:
    """Which unit one joined, in how many steps, and whether the last of them says that it is a copy."""

    root: str
    steps: int
    is_copy: bool


@dataclass(slots=True)
class SynsetTies:
    """The units of one synset. A unit is named by the first of its images.

    Attributes:
        unit_of: Of each image that ever survived.
        leads: Of each unit, which image survives in it.
        joined: Of each unit that went.
        pairs: Of each unit, the ties that can remove an image.
    """

    unit_of: dict[str, str] = field(default_factory=dict)
    leads: dict[str, str] = field(default_factory=dict)
    joined: dict[str, _Joined] = field(default_factory=dict)
    pairs: dict[str, list[Pair]] = field(default_factory=dict)

    def note(self, sha256: str, replaces: str, relation: str) -> list[str]:
        """A record of ``survivors``: the units whose place it changed, of images that were there before."""
        if relation:
            return self._note_withdrawal(replaces, sha256, relation)
        if sha256 in self.unit_of:
            return []  # it came back after its bytes were lost
        unit = self.unit_of.get(replaces, sha256)
        self.unit_of[sha256] = unit
        self.leads[unit] = sha256
        return [unit] if unit != sha256 else []

    def _note_withdrawal(self, sha256: str, keeper: str, relation: str) -> list[str]:
        gone, root = self.unit_of.get(sha256), self.unit_of.get(keeper)
        if gone is None or root is None or gone == root:
            return []  # records before it could not be read
        direct = self._tie(gone, root)
        steps = 1 if direct is not None else _MOST_STEPS
        for unit in [unit for unit, joined in self.joined.items() if joined.root == gone]:
            tie = self._tie(unit, root)
            steps_now = self.joined[unit].steps + steps if tie is None else 1
            self.joined[unit] = _Joined(root, steps_now, is_copy=tie is not None and tie.tie is Tie.COPY)
        self.joined[gone] = _Joined(root, steps, is_copy=relation == Tie.COPY)
        return [gone, root]

    def add(self, pair: Pair) -> None:
        """Remember a tie of two images that are there."""
        one, other = self.unit_of.get(pair.sha256), self.unit_of.get(pair.of)
        if one is not None and other is not None and one != other:
            self.pairs.setdefault(one, []).append(pair)
            self.pairs.setdefault(other, []).append(pair.reverse)

    def asks_of(self, pair: Pair, removing: Collection[Tie], is_better: Callable[[str, str], bool]) -> Ask | None:
        """What a tie of two images asks for; None if nothing, or nothing any more.

        Args:
            pair: The tie.
            removing: Which ties remove an image: ``copy`` the worse one, ``part_of`` the part, ``contains`` the whole.
            is_better: Whether the first of two copies is the one to keep.
        """
        if not self._are_apart(pair):
            return None
        away = self._away(pair, removing, is_better)
        if away is None or not self._may_go(away):
            return None
        gone, root = self._root(away.sha256), self._root(away.of)
        return Ask(self.leads[gone], self.leads[root], away.tie, away.is_mirrored)

    def _away(self, pair: Pair, removing: Collection[Tie], is_better: Callable[[str, str], bool]) -> Pair | None:
        """A tie, said of the image that it removes; None where it removes none."""
        if pair.tie is Tie.COPY:
            if Tie.COPY not in removing:
                return None
            first, second = self.leads[self._root(pair.sha256)], self.leads[self._root(pair.of)]
            return pair.reverse if is_better(first, second) else pair
        part, whole = (pair, pair.reverse) if pair.tie is Tie.PART_OF else (pair.reverse, pair)
        return part if Tie.PART_OF in removing else whole if Tie.CONTAINS in removing else None

    def changed(self, units: Collection[str]) -> Iterator[Pair]:
        """The ties of some units, and of those that joined them: what they ask for may be another thing now."""
        roots = {self._root_of_unit(unit) for unit in units}
        near = [*roots, *(unit for unit, joined in self.joined.items() if joined.root in roots)]
        seen: set[frozenset[str]] = set()
        for unit in sorted(near):
            for pair in self.pairs.get(unit, ()):
                key = frozenset((pair.sha256, pair.of))
                if key not in seen:
                    seen.add(key)
                    yield pair

    def _are_apart(self, pair: Pair) -> bool:
        one, other = self.unit_of.get(pair.sha256), self.unit_of.get(pair.of)
        return one is not None and other is not None and self._root_of_unit(one) != self._root_of_unit(other)

    def _may_go(self, away: Pair) -> bool:
        """Whether a unit may join another by a tie, and take along those that joined it."""
        unit, of = self.unit_of[away.sha256], self.unit_of[away.of]
        if unit in self.joined:
            return False
        through = self.joined.get(of)
        if through is not None and not (through.is_copy and through.steps == 1):
            return False
        root, steps = self._root_of_unit(of), 1 if through is None else _MOST_STEPS
        for one, joined in self.joined.items():
            if joined.root != unit or self._tie(one, root) is not None:
                continue
            if away.tie is not Tie.COPY or joined.steps + steps > _MOST_STEPS:
                return False
        return True

    def _tie(self, unit: str, other: str) -> Pair | None:
        """A tie of two units, said of the first."""
        return next((pair for pair in self.pairs.get(unit, ()) if self.unit_of[pair.of] == other), None)

    def _root(self, sha256: str) -> str:
        return self._root_of_unit(self.unit_of[sha256])

    def _root_of_unit(self, unit: str) -> str:
        joined = self.joined.get(unit)
        return unit if joined is None else joined.root
