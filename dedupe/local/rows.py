"""How alike two rows of pixels are: where a picture goes on, neighbouring ones are, and at an edge they aren't."""

from typing import Final

from synsift.dedupe.local.laying import Floats

# Below so many levels of spread a row is plain.
_PLAIN: Final = 4.0
NOISE: Final = 1.0
"""Of compression, in levels, which differences of rows are beside."""


def alike(one: Floats, other: Floats) -> float:
    """The correlation of two rows; 0 where one is plain, 1 where both are.

    Args:
        one: ``(n,)``.
        other: ``(n,)``.
    """
    spread = float(one.std()), float(other.std())
    if min(spread) < _PLAIN:
        return float(max(spread) < _PLAIN)
    return float(((one - one.mean()) * (other - other.mean())).mean() / (spread[0] * spread[1]))
