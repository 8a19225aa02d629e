"""WordNet 3.0 → 3.1, by the Collaborative Interlingual Index: Wikidata names synsets by their 3.1 offsets (P8814).

Of 82,115 nouns 82,074 are in both versions, and only 18 of these have the same offset: reading one version's as the
other's gives a wrong synset, or none, nearly always.
"""

import re
from bisect import bisect_right
from functools import cache
from typing import Final

from synsift.crawler.ontology.wordnet import read_bundle, wordnet

_NOUN: Final = re.compile(r"n\d{8}")


def wordnet31(wnid: str) -> str | None:
    """The synset of WordNet 3.1 that one of 3.0 became, as ``02124460-n``; None if it has none, or isn't WordNet's."""
    if not _NOUN.fullmatch(wnid) or wnid not in wordnet():
        return None
    offset = int(wnid[1:])
    firsts, shifts = _runs()
    shift = shifts[bisect_right(firsts, offset) - 1]
    return None if shift is None else f"{offset + shift:08d}-n"


@cache
def _runs() -> tuple[list[int], list[int | None]]:
    """The first offset of each run of synsets, and by how much those of 3.1 are greater; None where there are none."""
    lines = [line.split("\t") for line in read_bundle("wn31.z").split("\n")]
    return [int(first) for first, _ in lines], [int(shift) if shift else None for _, shift in lines]
