"""The queries of all synsets as one tree of words, in columns.

    "crane"            crane ─▶ node 7: queries of five synsets
    "crane bird"          └ bird ─▶ node 8: query of one
    "grulla"           grulla ─▶ node 9

A query stands at its own words, and at those of its plurals. Queries are numbered in the order of their synsets, within
one the best first, so that a number says which synset it is of and how good it is.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synsift.crawler.captions.byte_keys import Keys
from synsift.crawler.captions.common_words import is_common
from synsift.crawler.captions.folding import texts_of, words_of
from synsift.crawler.captions.hash_table import HashTable
from synsift.crawler.captions.plurals import plurals
from synsift.crawler.queries import Rule, SynsetQuery

Ints = npt.NDArray[np.int32]
_NAMES: Final = frozenset({Rule.SYNONYM, Rule.TRANSLATION, Rule.GIVEN})
"""Rules whose queries are a bare name: it may mean other synsets, too."""
_SHIFT: Final = 22
"""Bits of a word's number."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What to look for.

    Attributes:
        queries: By number: ``text``, ``lang``, ``rule``, ``rank``, ``ambiguity``.
        synsets: ``(queries,)`` int32, the number of the synset of each.
        wnids: Of the synsets, by number.
        vocabulary: Key of every word that stands in a query or its plural → its number, from 1.
        firsts: ``(words + 1,)`` int32, the node of each word as a beginning; 0 for none.
        children: Node and word → node.
        has_children: ``(nodes,)``.
        begins: ``(nodes + 1,)`` int32, where the queries of a node begin in ``at_node``.
        at_node: Numbers of queries.
        alone: ``(nodes,)``, whether it counts only where nothing stands beside it: a single Chinese sign.
        left_out: How many queries are not looked for, as they would be found anywhere.
    """

    queries: "pa.Table"
    synsets: Ints
    wnids: "pa.LargeStringArray"
    vocabulary: HashTable
    firsts: Ints
    children: HashTable
    has_children: npt.NDArray[np.bool_]
    begins: Ints
    at_node: Ints
    alone: npt.NDArray[np.bool_]
    left_out: int

    def numbers(self, keys: Keys) -> Ints:
        """The numbers of words by their keys; 0 for one that is in no query."""
        return self.vocabulary.find(_positive(keys))

    def key(self, nodes: npt.NDArray[np.int64], words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What ``children`` knows a node and a word behind it by."""
        return nodes * len(self.firsts) + words


def make_lexicon(queries: Iterable[SynsetQuery], is_name: Callable[[str], bool] = lambda _: False) -> Lexicon:
    """Make the tree of some queries.

    Args:
        queries: Of any synsets, in any order.
        is_name: Whether words are a name in a language of captions: then they are no plural of another.
    """
    wanted = [query for query in queries if query.rule is not Rule.DEPICTED]
    surfaces = folded([query.text for query in wanted])
    kept = [number for number, text in enumerate(surfaces) if text and not is_common(text)]
    exact, inflected = surfaces_of(wanted, surfaces, kept, is_name)
    unclear = _unclear(wanted, exact, inflected)
    wnids = list(dict.fromkeys(wanted[number].wnid for number in kept))
    order = _ordered(wanted, surfaces, kept, unclear, wnids)
    places = np.zeros(len(wanted), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    del surfaces, unclear
    tree = _Tree()
    for at_surfaces in (exact, inflected):
        while at_surfaces:
            tree.add(*at_surfaces.popitem())
    queries = [wanted[number] for number in order]
    left_out = len(wanted) - len(kept)
    del wanted, kept, order
    return _lexicon(tree, places, queries, wnids, left_out)


def surfaces_of(
    queries: Sequence[SynsetQuery], folded: Sequence[str], kept: Sequence[int], is_name: Callable[[str], bool]
) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """What is looked for: the words of queries, and those of their plurals, each with the numbers of the queries."""
    exact = _by_surface((folded[number], number) for number in kept)
    return exact, _inflected(queries, exact, is_name)


def is_phrase(query: SynsetQuery) -> bool:
    """Whether a query is more than one word, as people see it: Chinese names are words."""
    return len(query.text.replace("-", " ").split()) > 1


def _positive(keys: Keys) -> npt.NDArray[np.int64]:
    return (keys >> np.uint64(1)).astype(np.int64)


def folded(texts: Sequence[str]) -> list[str]:
    """Texts as their words, with a space between."""
    return [" ".join(words) for words in texts_of(pa.array(texts, pa.large_string()))]


def _by_surface(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for surface, number in pairs:
        found.setdefault(surface, []).append(number)
    return found


def _inflected(
    queries: Sequence[SynsetQuery], exact: dict[str, list[int]], is_name: Callable[[str], bool]
) -> dict[str, list[int]]:
    """Plurals that are no names themselves, and the queries that they are of."""
    found: dict[str, list[int]] = {}
    for surface, numbers in exact.items():
        for lang in dict.fromkeys(queries[number].lang for number in numbers):
            of_lang = [number for number in numbers if queries[number].lang == lang]
            for form in plurals(surface, lang):
                if form not in exact and not is_common(form) and not is_name(form):
                    found.setdefault(form, []).extend(of_lang)
    return found


def _unclear(queries: Sequence[SynsetQuery], *at_surfaces: dict[str, list[int]]) -> set[int]:
    """Queries whose words may mean another synset: by what is known of their name, or as another has the same."""
    found = {number for number, query in enumerate(queries) if query.ambiguity > 1 and query.rule in _NAMES}
    for numbers in (each for one in at_surfaces for each in one.values()):
        if len(numbers) > 1 and len({queries[number].wnid for number in numbers}) > 1:
            found.update(numbers)
    return found


def _ordered(
    queries: Sequence[SynsetQuery], surfaces: Sequence[str], kept: Sequence[int], unclear: set[int], wnids: list[str]
) -> list[int]:
    """Queries by synset, within one the best first: phrases, then those of one meaning, then by rank."""
    number_of = {wnid: number for number, wnid in enumerate(wnids)}

    def key(number: int) -> tuple[int, bool, bool, int, str]:
        query = queries[number]
        return number_of[query.wnid], not is_phrase(query), number in unclear, query.rank, surfaces[number]

    return sorted(kept, key=key)


class _Tree:
    """A tree of words that is being made: the root is 0."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.nodes: dict[int, int] = {}
        self.at: array[int] = array("i")
        self.queries: array[int] = array("i")

    def add(self, surface: str, queries: Sequence[int]) -> None:
        """Put queries at some words."""
        node = 0
        for word in surface.split(" "):
            key = node << _SHIFT | self.numbers.setdefault(word, len(self.numbers) + 1)
            node = self.nodes.setdefault(key, len(self.nodes) + 1)
        self.at.extend([node] * len(queries))
        self.queries.extend(queries)


def _lexicon(tree: _Tree, places: Ints, queries: list[SynsetQuery], wnids: list[str], left_out: int) -> Lexicon:
    words, nodes = len(tree.numbers) + 1, len(tree.nodes) + 1
    keys = np.fromiter(tree.nodes, np.int64, nodes - 1)
    parents, numbers = keys >> _SHIFT, keys & ((1 << _SHIFT) - 1)
    tree.nodes.clear()
    children = np.arange(1, nodes, dtype=np.int32)
    firsts = np.zeros(words, np.int32)
    firsts[numbers[parents == 0]] = children[parents == 0]
    inner = parents > 0
    has_children = np.zeros(nodes, np.bool_)
    has_children[parents[inner]] = True
    alone = np.zeros(nodes, np.bool_)
    signs = [number for word, number in tree.numbers.items() if len(word) == 1 and word >= "\u3000"]
    alone[firsts[signs]] = True
    alone[0] = False
    at = np.array(tree.at, np.int32)
    begins = np.zeros(nodes + 1, np.int32)
    np.cumsum(np.bincount(at, minlength=nodes), out=begins[1:])
    of_words = words_of(pa.array(tree.numbers, pa.large_string()))
    number_of = {wnid: number for number, wnid in enumerate(wnids)}
    return Lexicon(
        queries=_columns(queries),
        synsets=np.array([number_of[query.wnid] for query in queries], np.int32),
        wnids=pa.array(wnids, pa.large_string()),
        vocabulary=HashTable(_positive(of_words.keys), np.arange(1, words, dtype=np.int32)),
        firsts=firsts,
        children=HashTable(parents[inner] * words + numbers[inner], children[inner]),
        has_children=has_children,
        begins=begins,
        at_node=places[np.array(tree.queries, np.int32)[np.argsort(at, kind="stable")]],
        alone=alone,
        left_out=left_out,
    )


def _columns(queries: Sequence[SynsetQuery]) -> "pa.Table":
    columns: dict[str, Any] = {"text": pa.array([query.text for query in queries], pa.large_string())}
    columns["lang"] = pa.array([query.lang for query in queries], pa.large_string()).dictionary_encode()
    columns["rule"] = pa.array([str(query.rule) for query in queries], pa.large_string()).dictionary_encode()
    columns["rank"] = pa.array([query.rank for query in queries], pa.int32())
    columns["ambiguity"] = pa.array([query.ambiguity for query in queries], pa.int32())
    return pa.table(columns)
