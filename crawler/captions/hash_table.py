"""Numbers → numbers, a million look-ups at a time: open addressing with linear probing, in columns."""

from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
_EMPTY: Final = np.int64(-1)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class HashTable:
    """A table that doesn't change. Keys are unique, and not negative."""

    def __init__(self, keys: Numbers, values: npt.NDArray[np.int32]) -> None:
        bits = max(4, int(2 * len(keys) + 1).bit_length())
        self._shift = np.uint64(64 - bits)
        self._mask = (1 << bits) - 1
        self._keys = np.full(1 << bits, _EMPTY, np.int64)
        self._values = np.zeros(1 << bits, np.int32)
        left, slots = np.arange(len(keys)), self._slots(keys)
        while len(left):
            free = np.flatnonzero(self._keys[slots] == _EMPTY)
            _, first = np.unique(slots[free], return_index=True)  # of those that want the same slot, one gets it
            put = free[first]
            self._keys[slots[put]] = keys[left[put]]
            self._values[slots[put]] = values[left[put]]
            is_left = np.ones(len(left), np.bool_)
            is_left[put] = False
            left, slots = left[is_left], (slots[is_left] + 1) & self._mask

    def find(self, keys: Numbers) -> npt.NDArray[np.int32]:
        """The value of each key; 0 for one that isn't there."""
        slots = self._slots(keys)
        seen = self._keys[slots]
        is_other = seen != keys
        found = self._values[slots]
        found[is_other] = 0
        left = np.flatnonzero(is_other & (seen != _EMPTY))
        while len(left):
            slots[left] = (slots[left] + 1) & self._mask
            seen = self._keys[slots[left]]
            hits = seen == keys[left]
            found[left[hits]] = self._values[slots[left[hits]]]
            left = left[~hits & (seen != _EMPTY)]
        return found

    def _slots(self, keys: Numbers) -> Numbers:
        return ((keys.astype(np.uint64) * _MIX) >> self._shift).astype(np.int64)
