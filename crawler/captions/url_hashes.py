"""64 bits of each URL of a column, the same in every process; and which of them may have been seen before."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synsift.crawler.captions.byte_keys import keys_of, padded

Hashes = npt.NDArray[np.uint64]
_SEEN_BITS: Final = 29
_SLOTS: Final = 1 << 20


def hashes_of(urls: "pa.LargeStringArray") -> Hashes:
    """The hash of each."""
    size = len(urls)
    if not size:
        return np.zeros(0, np.uint64)
    _, places, data = urls.buffers()
    offsets = np.frombuffer(places, np.int64)[urls.offset : urls.offset + size + 1]
    text = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    return keys_of(padded(text), offsets[:-1] - offsets[0], np.diff(offsets))


def mixed(values: Hashes) -> Hashes:
    """Numbers whose every bit hangs on all bits of others (splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    stirred: Hashes = values ^ (values >> np.uint64(31))
    return stirred


class Seen:
    """URLs that came before, in 64 MB, however many they are: some that didn't are taken for such."""

    def __init__(self) -> None:
        self._bits = np.zeros(1 << (_SEEN_BITS - 3), np.uint8)
        self._last = np.zeros(_SLOTS, np.int32)  # of those that come together: who came last

    def new(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which of some URLs surely come for the first time; from now on none of them does."""
        numbers = np.arange(len(hashes), dtype=np.int32)
        slots = (hashes & np.uint64(_SLOTS - 1)).astype(np.int64)
        self._last[slots] = numbers
        places = (hashes >> np.uint64(64 - _SEEN_BITS)).astype(np.int64)
        at, bits = places >> 3, np.left_shift(1, places & 7).astype(np.uint8)
        is_new: npt.NDArray[np.bool_] = ((self._bits[at] & bits) == 0) & (self._last[slots] == numbers)
        np.bitwise_or.at(self._bits, at, bits)
        return is_new
