"""Captions → their words, a whole block at a time, as columns.

    "A Guide-dog's nose, IMG_1234"  ▶  a guide dog nose |      blanks and hyphens join words, other signs part them

Case, the apostrophe of possession and a hyphen make no difference; Chinese signs are words of their own. What isn't
plain ASCII, or may hold more than words, goes through `clean` first.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synsift.crawler.captions.byte_keys import Keys, Places, keys_of, padded
from synsift.crawler.captions.clean import MOST_CHARACTERS, clean

Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]

_BREAK: Final = 0
_JOINT: Final = 1


def _table() -> Bytes:
    """What each byte is: itself in lower case, what joins words, or what parts them."""
    table = np.zeros(256, np.uint8)
    for byte in range(256):
        sign = chr(byte)
        if byte >= 0x80 or (sign.isalnum() and sign.isascii()):
            table[byte] = ord(sign.lower()) if byte < 0x80 else byte
        elif sign in " \t'#*+~^`$%=&_":
            table[byte] = _JOINT
    return table


def _odd() -> Bools:
    """Bytes that send their caption to `clean`."""
    odd = np.zeros(256, np.bool_)
    odd[0x80:] = True
    odd[list(b"_@&<`")] = True
    return odd


_EAST_ASIAN: Final = 0xE3
_TABLE: Final = _table()
_ODD: Final = _odd()


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a block of captions, one after the other.

    Attributes:
        keys: ``(n,)`` uint64, a number that stands for each word (`keys_of`).
        rows: ``(n,)`` int32, the caption of each.
        joined: ``(n,)``, whether it follows the word before it in one phrase.
        glued: ``(n,)``, whether nothing at all stands between, as with Chinese signs; empty if there are none of these.
        counts: ``(rows,)`` int32, words of each caption.
    """

    keys: Keys
    rows: Ints
    joined: Bools
    glued: Bools
    counts: Ints


def words_of(captions: "pa.LargeStringArray") -> Words:
    """The words of captions that are UTF-8; what is missing has none.

    Cost: some 0.7 µs for a caption of twelve words in ASCII, three times as much for others.
    """
    folded, starts, ends, offsets, glued = _cut_up(captions)
    firsts = np.searchsorted(starts, offsets)
    counts = np.diff(firsts).astype(np.int32)
    joined = _joined(folded, starts, ends)
    joined[firsts[:-1][counts > 0]] = False
    if len(glued):
        is_sign = folded[starts] >= _EAST_ASIAN  # what a blank parts is no one name
        joined[1:] &= ~(is_sign[1:] & is_sign[:-1] & ~glued[1:])
    rows = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    return Words(keys_of(padded(folded), starts, ends - starts), rows, joined, glued, counts)


def texts_of(captions: "pa.LargeStringArray") -> list[list[str]]:
    """The words of each caption, as texts."""
    folded, starts, ends, offsets, _ = _cut_up(captions)
    firsts = np.searchsorted(starts, offsets).tolist()
    data = folded.tobytes()
    words = [data[begin:end].decode() for begin, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return [words[begin:end] for begin, end in pairwise(firsts)]


def _cut_up(captions: "pa.LargeStringArray") -> tuple[Bytes, Places, Places, Places, Bools]:
    """Captions folded: their bytes, where words begin and end, where captions do, and which words are glued."""
    captions = _cleaned(_cut(captions))
    data, offsets = _buffers(captions)
    folded = _TABLE[data]
    begins = np.zeros(len(folded) + 1, np.bool_)
    begins[offsets] = True  # of captions
    _mark_joints(data, folded, begins)
    is_word = folded > _JOINT
    before = np.empty_like(is_word)
    before[:1] = False
    before[1:] = is_word[:-1]
    before[begins[:-1]] = False
    first = is_word & ~before
    signs = _chinese(folded) if captions.nbytes and bool((data >= _EAST_ASIAN).any()) else None
    if signs is not None:
        lead, within = signs
        after = np.zeros_like(within)
        after[1:] = within[:-1]
        first |= lead | (is_word & after & ~within)
    starts = np.flatnonzero(first)
    last = np.empty_like(is_word)
    last[:-1] = ~is_word[1:] | first[1:] | begins[1:-1]
    last[-1:] = True
    ends = np.flatnonzero(is_word & last) + 1
    glued = before[starts] if signs is not None else np.zeros(0, np.bool_)
    return folded, starts, ends, offsets, glued


def _joined(folded: Bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> Bools:
    """Whether only joints stand before each word and behind the one before it."""
    joined = np.zeros(len(starts), np.bool_)
    if not len(starts):
        return joined
    gaps = starts[1:] - ends[:-1]
    joined[1:] = (gaps == 0) | (folded[starts[1:] - 1] == _JOINT)
    wide = np.flatnonzero((gaps > 1) & joined[1:])
    if len(wide):
        breaks = np.flatnonzero(folded == _BREAK)
        passed = np.searchsorted(breaks, ends[wide]) < np.searchsorted(breaks, starts[wide + 1])
        joined[wide[passed] + 1] = False
    return joined


def _mark_joints(data: Bytes, folded: Bytes, begins: Bools) -> None:
    """Hyphens within words join them, and so do the full stops of abbreviations; the ``s`` of possession is no word."""
    size = len(data)
    hyphens = np.flatnonzero(data == ord("-"))
    hyphens = hyphens[(hyphens > 0) & (hyphens < size - 1)]
    # Behind an apostrophe, too: jack-o'-lantern.
    follows = (folded[hyphens - 1] > _JOINT) | (data[hyphens - 1] == ord("'"))
    folded[hyphens[follows & (folded[hyphens + 1] > _JOINT)]] = _JOINT
    marks = np.flatnonzero(data == ord("'"))
    marks = marks[(marks > 0) & (marks < size - 1)]
    marks = marks[(folded[marks - 1] > _JOINT) & (folded[marks + 1] == ord("s")) & ~begins[marks + 1]]
    after = np.minimum(marks + 2, size - 1)
    folded[marks[(folded[after] <= _JOINT) | begins[marks + 2]] + 1] = _JOINT
    stops = np.flatnonzero(data == ord("."))
    stops = stops[stops > 0]
    is_short = (folded[np.maximum(stops - 3, 0)] <= _JOINT) | begins[stops - 2] | begins[stops - 1]
    folded[stops[is_short & (folded[stops - 1] > _JOINT) & ~begins[stops]]] = _JOINT


def _chinese(folded: Bytes) -> tuple[Bools, Bools] | None:
    """Where signs of Chinese begin, and their bytes; None if there are none. They have three bytes, from U+3400 on."""
    lead = (folded >= 0xE4) & (folded <= 0xE9)
    more = folded == 0xE3
    lead[:-1] |= more[:-1] & (folded[1:] >= 0x90)
    lead[-2:] = False
    if not lead.any():
        return None
    within = lead.copy()
    within[1:] |= lead[:-1]
    within[2:] |= lead[:-2]
    return lead, within


def _buffers(captions: "pa.LargeStringArray") -> tuple[Bytes, npt.NDArray[np.int64]]:
    """The bytes of captions, and where each begins, and the last ends."""
    _, places, data = captions.buffers()
    size = len(captions)
    offsets = np.frombuffer(places, np.int64)[captions.offset : captions.offset + size + 1]
    if data is None or not size:
        return np.zeros(0, np.uint8), np.zeros(size + 1, np.int64)
    return np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def _cut(captions: "pa.LargeStringArray") -> "pa.LargeStringArray":
    _, offsets = _buffers(captions)
    long = np.flatnonzero(np.diff(offsets) > MOST_CHARACTERS)
    if not len(long):
        return captions
    return _with(captions, long, [captions[int(at)].as_py()[:MOST_CHARACTERS] for at in long])


def _cleaned(captions: "pa.LargeStringArray") -> "pa.LargeStringArray":
    """Captions of which those that aren't plain went through `clean`."""
    data, offsets = _buffers(captions)
    odd = _ODD[data]
    odd[:-1] |= (data[:-1] == ord("/")) & (data[1:] == ord("/"))
    stops = np.flatnonzero(data[:-1] == ord("."))
    odd[stops[_TABLE[data[stops + 1]] > _JOINT]] = True
    places = np.flatnonzero(odd)
    if not len(places):
        return captions
    rows = np.unique(np.searchsorted(offsets, places, side="right") - 1)
    texts = captions.take(pa.array(rows)).to_pylist()
    return _with(captions, rows, clean([text or "" for text in texts]))


def _with(captions: "pa.LargeStringArray", rows: npt.NDArray[Any], texts: list[str]) -> "pa.LargeStringArray":
    """Captions with others in some rows."""
    mask = np.zeros(len(captions), np.bool_)
    mask[rows] = True
    return pc.replace_with_mask(captions, pa.array(mask), pa.array(texts, pa.large_string()))
