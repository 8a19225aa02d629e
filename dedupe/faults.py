"""What speaks against a copy: each a number and a sentence, and the few sums that are done with them."""

from typing import NamedTuple


class Fault(NamedTuple):
    """Something that speaks against a copy.

    Attributes:
        cost: What it takes off the score.
        words: A short sentence for people, without what it costs.
    """

    cost: float
    words: str


def times(faults: list[Fault], share: float) -> list[Fault]:
    """The same faults, each of which costs a share of what it did."""
    return faults if share == 1 else [Fault(share * cost, words) for cost, words in faults]


def scaled(faults: list[Fault], to: float) -> list[Fault]:
    """The same faults, whose costs sum up to another number, or to what they were if that is less."""
    total = sum(max(0.0, fault.cost) for fault in faults)
    share = min(1.0, max(0.0, to) / (total + 1e-9))
    return [Fault(cost * share, words) for cost, words in faults]


def over(value: float, least: float, cost: float, most: float) -> float:
    """What it costs that a value is above another, and at most."""
    return min(most, cost * max(0.0, value - least))


def share_of(value: float, between: tuple[float, float]) -> float:
    """Where a value lies between two others, 0 to 1."""
    low, high = between
    return min(1.0, max(0.0, (value - low) / (high - low)))
