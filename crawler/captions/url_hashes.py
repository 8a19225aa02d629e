"""64 bits of each URL of a column, the same in every process; and which of them may have been seen before."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synsift.crawler.captions.byte_keys import keys_of, padded

Hashes = npt.NDArray[np.uint64]
_SEEN_BITS: Final = 29


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

    def new(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which of some URLs surely come for the first time; from now on none of them does."""
        places = (hashes >> np.uint64(64 - _SEEN_BITS)).astype(np.int64)
        is_new = np.zeros(len(places), np.bool_)
        if len(places):
            order = np.argsort(places, kind="stable")
            ordered = places[order]
            at, bits = ordered >> 3, (1 << (ordered & 7)).astype(np.uint8)
            is_first = np.append(True, ordered[1:] != ordered[:-1])
            is_new[order] = is_first & ((self._bits[at] & bits) == 0)
            begins = np.flatnonzero(np.append(True, at[1:] != at[:-1]))
            self._bits[at[begins]] |= np.bitwise_or.reduceat(bits, begins)
        return is_new
