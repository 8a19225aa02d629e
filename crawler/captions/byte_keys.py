"""Pieces of a text of bytes as numbers of 64 bits, a million at a time: eight bytes are read at once."""

from typing import Final

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
_EACH: Final = 8
_FACTORS: Final = tuple(np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F))
_MASKS: Final = np.array([(1 << 8 * size) - 1 for size in range(_EACH + 1)], np.uint64)
_U: Final = np.uint64


def padded(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Bytes with some behind them, so that eight can be read at the last of them."""
    return np.concatenate([data, np.zeros(_EACH, np.uint8)])


def keys_of(data: npt.NDArray[np.uint8], starts: Places, lengths: Places) -> Keys:
    """A number for each piece: the same for the same bytes, and for others another (but once in 2^64).

    Args:
        data: As `padded` gives them.
        starts: Where the pieces begin.
        lengths: Bytes of each.
    """
    eights = np.ndarray((len(data) - _EACH + 1,), "<u8", data, 0, (1,))
    keys = lengths.astype(np.uint64)
    left = None  # all
    passed = 0
    while len(starts):
        read = eights[starts + passed] & _MASKS[np.minimum(lengths - passed, _EACH)]
        before = keys if left is None else keys[left]
        after = (before ^ read) * _FACTORS[0]
        after = (after ^ (after >> _U(29))) * _FACTORS[1]
        after ^= after >> _U(32)
        if left is None:
            keys = after
        else:
            keys[left] = after
        passed += _EACH
        going = np.flatnonzero(lengths > passed)
        left = going if left is None else left[going]
        starts, lengths = starts[going], lengths[going]
    return keys
