"""Chosen synsets that look alike to who asks for pictures: by a common name, or by what their definitions say.

    names        the same word, singular or plural: crane and crane, sunglass and sunglasses
    definitions  of synsets below one parent: words that both have, weighed by how rare each is in WordNet. They must
                 make up most of the shorter definition and a good part of the longer one, and be three at least:
                 laptop and notebook are both a small portable computer

Names of places and other words with a capital say where a thing is from, not what it looks like, and don't count. What
is above another is no rival of it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, islice
from math import log
from typing import Final

from synsift.crawler.ontology import graph
from synsift.crawler.ontology.base import Concepts, normal
from synsift.crawler.ontology.wordnet import wordnet

_SHORTER_SHARE: Final = 0.66
"""Lower, and of the pairs among ImageNet's twelve subtrees ever more have nothing to do with each other; higher, and
laptop and notebook aren't among them."""
_LONGER_SHARE: Final = 0.45
_LEAST_WORDS: Final = 3
_EVERY: Final = 8
"""Of so many synsets one is read to learn how rare words are: a quarter of a second instead of two."""
_WORD: Final = re.compile(r"[A-Za-z]+")
_LITTLE_WORDS: Final = """
    the of or and to in is for with on by as from that which it its at be used use having other one any not usually are
    has who into often such can some very two made their his her their this these than but was were more most between
    when where while also especially etc your enough various numerous several genus family order species variety kind
    type similar related resembling found
    """
_EMPTY: Final = frozenset(_LITTLE_WORDS.split())


@dataclass(frozen=True, slots=True)
class Alike:
    """Two chosen synsets.

    Attributes:
        wnid: The one that was named first.
        other: The other.
        name: What both are called; empty if they share none.
        words: What both definitions say, the rarest first; none if they share a name.
    """

    wnid: str
    other: str
    name: str = ""
    words: tuple[str, ...] = ()


def alike(concepts: Concepts, wnids: Iterable[str]) -> list[Alike]:
    """The pairs among some synsets that look alike, those with a common name first. What isn't known is passed over."""
    known = [wnid for wnid in dict.fromkeys(wnids) if wnid in concepts]
    if len(known) < 2:
        return []
    above = {wnid: frozenset(graph.ancestors(concepts, wnid)) for wnid in known}
    found: dict[frozenset[str], Alike] = {}
    for pair in (*_by_name(concepts, known), *_by_definition(concepts, known)):
        if pair.other not in above[pair.wnid] and pair.wnid not in above[pair.other]:
            found.setdefault(frozenset((pair.wnid, pair.other)), pair)
    return list(found.values())


def _by_name(concepts: Concepts, wnids: Sequence[str]) -> Iterator[Alike]:
    called: dict[str, dict[str, str]] = defaultdict(dict)
    for wnid in wnids:
        for lemma in concepts.get(wnid).lemmas:
            called[_singular_of(normal(lemma))].setdefault(wnid, lemma)
    for same in called.values():
        for one, other in combinations(same, 2):
            yield Alike(one, other, name=min(same[one], same[other], key=len))


def _by_definition(concepts: Concepts, wnids: Sequence[str]) -> Iterator[Alike]:
    families: dict[str, list[str]] = defaultdict(list)
    for wnid in wnids:
        synset = concepts.get(wnid)
        for parent in synset.parents if not synset.instance_of else ():
            families[parent].append(wnid)
    families = {parent: children for parent, children in families.items() if len(children) > 1}
    said = {wnid: _words(concepts.get(wnid).definition) for children in families.values() for wnid in children}
    for children in families.values():
        for one, other in combinations(children, 2):
            shared = said[one] & said[other]
            if len(shared) >= _LEAST_WORDS and _is_near(said[one], said[other], shared):
                weights = _weights()
                yield Alike(one, other, words=tuple(sorted(shared, key=lambda word: (-weights[word], word))))


def _is_near(one: frozenset[str], other: frozenset[str], shared: frozenset[str]) -> bool:
    weights = _weights()
    sizes = sorted(sum(weights[word] for word in words) for words in (one, other))
    both = sum(weights[word] for word in shared)
    return both >= _SHORTER_SHARE * sizes[0] and both >= _LONGER_SHARE * sizes[1]


def _words(definition: str) -> frozenset[str]:
    found = set()
    for match in _WORD.finditer(definition):
        word = match[0]
        is_name = word[0].isupper() and match.start() > 0
        if len(word) > 1 and not is_name and word.lower() not in _EMPTY:
            found.add(_singular_of(word.lower()))
    return frozenset(found)


def _singular_of(name: str) -> str:
    """A name whose last word is in the singular, as far as its end tells."""
    if name.endswith("species"):
        return name
    if name.endswith("ies") and len(name) > 4:
        return f"{name[:-3]}y"
    if name.endswith(("ses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") and len(name) > 3 else name


@cache
def _weights() -> Mapping[str, float]:
    """How much a word of a definition tells: the logarithm of how rare it is."""
    seen: Counter[str] = Counter()
    total = 0
    for wnid in islice(wordnet(), 0, None, _EVERY):
        seen.update(_words(wordnet().get(wnid).definition))
        total += 1
    return _Weights({word: log(total / number) for word, number in seen.items()}, log(total))


class _Weights(dict[str, float]):
    """Those of words that were met; another one is as rare as can be."""

    def __init__(self, met: Mapping[str, float], rarest: float) -> None:
        super().__init__(met)
        self._rarest = rarest

    def __missing__(self, word: str) -> float:
        return self._rarest
