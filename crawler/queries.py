"""A synset → what to ask for it, best first.

    1. synonym       every name that no other synset has                     whippet
    2. ancestor      a name + an ancestor's word that stands in the gloss    whippet greyhound, whippet dog
    3. sense         an ambiguous name + the nearest ancestor that           crane wading bird
                     tells its senses apart
    4. translation   names in other languages, those of one sense first
    5. synonym       names that other synsets have, too                      crane

Where a source knows what people said that its images depict, the synset itself is asked for before all names.

Rules 1, 2 and 4 are those of ImageNet (Deng et al., CVPR 2009, section 3.1); 3 and 5 go beyond it. Texts are plain:
quotes, language codes and limits of length are the sources' own business.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from synsift.crawler.ontology import graph
from synsift.crawler.ontology.base import Concepts, Synset
from synsift.crawler.ontology.versions import wordnet31

# Hyphens and apostrophes belong to words: "dog" doesn't stand in "dog-like".
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_BREAK: Final = re.compile(r"[^\w\s'’-]+")


class Rule(StrEnum):
    """What made a query."""

    SYNONYM = "synonym"
    ANCESTOR = "ancestor"
    SENSE = "sense"
    TRANSLATION = "translation"
    DEPICTED = "depicted"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class SynsetQuery:
    """One text to ask for on behalf of a synset.

    Attributes:
        wnid: The synset.
        text: What to ask for.
        lang: Language of the text, ISO 639-1.
        rank: Place among the synset's queries, from 0, best first.
        rule: What made it; ``given`` for a user's own text, ``depicted`` for what people said that images depict.
        ambiguity: How many synsets have the name that it was made of; 1 if it means this one only.
    """

    wnid: str
    text: str
    lang: str = "en"
    rank: int = 0
    rule: Rule = Rule.GIVEN
    ambiguity: int = 1


class QueryMaker:
    """Makes queries of the synsets of one ontology. Not thread-safe.

    What is known of ancestors is remembered, so that making those of a whole ontology takes seconds.
    """

    def __init__(self, concepts: Concepts, langs: Sequence[str] = ("en",)) -> None:
        """Make one.

        Args:
            concepts: The ontology.
            langs: ISO 639-1 codes, the preferred first. Without ``en``, only translations are made.
        """
        self._concepts = concepts
        self._langs = tuple(dict.fromkeys(langs))
        self._ancestors = lru_cache(maxsize=100_000)(lambda wnid: tuple(graph.ancestors(concepts, wnid)))

    def queries(self, wnid: str) -> list[SynsetQuery]:
        """The queries of a synset, without repetition.

        Raises:
            KeyError: The ontology has no such synset.
        """
        synset = self._concepts.get(wnid)
        found: dict[str, SynsetQuery] = {}
        for query in self._all(synset):
            found.setdefault(query.text.casefold(), query)
        return [replace(query, rank=rank) for rank, query in enumerate(found.values())]

    def _all(self, synset: Synset) -> Iterator[SynsetQuery]:
        clear: list[SynsetQuery] = []
        ambiguous: list[SynsetQuery] = []
        if "en" in self._langs:
            for lemma in synset.lemmas:
                number = self._ambiguity(lemma, "en")
                query = SynsetQuery(synset.wnid, lemma, rule=Rule.SYNONYM, ambiguity=number)
                (clear if number == 1 else ambiguous).append(query)
        yield from clear
        yield from self._with_ancestors(synset, [*clear, *ambiguous])
        for query in ambiguous:
            word = self._telling_word(synset, query.text)
            if word is not None:
                yield replace(query, text=f"{query.text} {word}", rule=Rule.SENSE)
        translated = list(self._translated(synset))
        yield from sorted(translated, key=lambda query: query.ambiguity > 1)
        yield from ambiguous

    def _with_ancestors(self, synset: Synset, synonyms: Sequence[SynsetQuery]) -> Iterator[SynsetQuery]:
        """Rule 2: each name with each ancestor's name that stands in the definition; nearest ancestors first."""
        definition = words(synset.definition)
        for ancestor in self._ancestors(synset.wnid):
            for word in self._concepts.get(ancestor).lemmas:
                if not stands_in(word, definition):
                    continue
                for query in synonyms:
                    if not stands_in(word, words(query.text)):
                        yield replace(query, text=f"{query.text} {word}", rule=Rule.ANCESTOR)

    def _telling_word(self, synset: Synset, lemma: str) -> str | None:
        """Rule 3: a name of the nearest ancestor that is above no other sense; None if there is no such ancestor."""
        shared: set[str] = set()
        for sense in self._concepts.senses(lemma):
            if sense != synset.wnid:
                shared |= {sense, *self._ancestors(sense)}
        name = words(lemma)
        for ancestor in self._ancestors(synset.wnid):
            if ancestor not in shared:
                for word in self._concepts.get(ancestor).lemmas:
                    if not stands_in(word, name):
                        return word
        return None

    def _translated(self, synset: Synset) -> Iterator[SynsetQuery]:
        # The same text in another language is the same question to most sources.
        english = {lemma.casefold() for lemma in synset.lemmas} if "en" in self._langs else set()
        for lang in self._langs:
            if lang == "en":
                continue
            for name in self._concepts.translations(synset.wnid, lang):
                if name.casefold() in english:
                    continue
                number = self._ambiguity(name, lang)
                yield SynsetQuery(synset.wnid, name, lang=lang, rule=Rule.TRANSLATION, ambiguity=number)

    def _ambiguity(self, lemma: str, lang: str) -> int:
        return max(1, len(self._concepts.senses(lemma, lang)))


def with_depicted(queries: Iterable[SynsetQuery]) -> Iterator[SynsetQuery]:
    """Put what asks by the synset itself, not by a name of it, before the queries of each synset of WordNet."""
    seen: set[str] = set()
    for query in queries:
        synset31 = wordnet31(query.wnid)
        if synset31 is None:
            yield query
            continue
        if query.wnid not in seen:
            seen.add(query.wnid)
            yield SynsetQuery(query.wnid, concept_text(synset31), rule=Rule.DEPICTED)
        yield replace(query, rank=query.rank + 1)


def concept_text(synset31: str) -> str:
    """How a query names a synset of WordNet 3.1, such as ``02124460-n``: as Wikidata does."""
    return f"P8814={synset31}"


@lru_cache(maxsize=200_000)
def words(text: str) -> str:
    """A text as words in lower case, each with a space before and behind; other marks stay between them as breaks."""
    spaced = _BREAK.sub(lambda found: f" {found[0]} ", text.lower())
    return f" {' '.join(part for chunk in spaced.split() for part in (_WORD.findall(chunk) or [chunk]))} "


def stands_in(lemma: str, text_words: str) -> bool:
    """Whether a name stands in ``words`` of a text, as a whole word or phrase."""
    name = words(lemma)
    return name != "  " and name in text_words
