"""The noun synsets of WordNet 3.0 and their names in other languages, as bundled: read, never parsed as a whole.

``tools/build_wordnet.py`` makes the bundle. A file is zlib-compressed UTF-8:

    synsets.z    a line a synset, by offset:  offset  names  parents  children  descendants  gloss     (tabs between)
    lemmas.z     a line a name, sorted:       name    rows of its synsets, in sense order
    es.z, …      a line a synset:             row     names in that language

Several values have ``|`` between them. Parents and children are rows of ``synsets``; ``i`` marks instances. A line is
taken apart when it is asked for, so the first use costs the unpacking only.
"""

import re
import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from synsift.crawler.ontology.base import Synset, normal

LANGUAGES: Final = ("en", "es", "it", "nl", "zh")
"""ISO 639-1 codes of the languages that have names."""
NOUNS: Final = 82_115

_EXAMPLES: Final = re.compile(r'(?:^|[;:,]\s*)"')
_QUOTED: Final = re.compile(r'"([^"]+)"?')
_WNID: Final = re.compile(r"n\d{8}")


def read_bundle(name: str) -> str:
    """The text of a file of the bundle."""
    data = resources.files("synsift.crawler.ontology").joinpath("data", name).read_bytes()
    return data.decode("utf-8") if name.endswith(".txt") else zlib.decompress(data).decode("utf-8")


def split_gloss(gloss: str) -> tuple[str, tuple[str, ...]]:
    """A gloss → the definition, and the examples that stand behind it in quotes."""
    found = _EXAMPLES.search(gloss)
    if found is None:
        return gloss.strip(" ;"), ()
    definition = gloss[: found.start()].strip(" ;")
    examples = tuple(text.strip() for text in _QUOTED.findall(gloss[found.start() :]))
    return (definition, examples) if definition else (gloss.strip(" ;"), ())


class WordNet:
    """WordNet 3.0, nouns. Thread-safe: nothing changes after it is made."""

    def __init__(self) -> None:
        self._lines = read_bundle("synsets.z").split("\n")
        self._lemmas = read_bundle("lemmas.z").split("\n")
        self._get = lru_cache(maxsize=200_000)(self._read)

    def __contains__(self, wnid: object) -> bool:
        return isinstance(wnid, str) and self._row(wnid) is not None

    def __iter__(self) -> Iterator[str]:
        return (f"n{line[:8]}" for line in self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def get(self, wnid: str) -> Synset:
        """The synset of a wnid.

        Raises:
            KeyError: There is none.
        """
        row = self._row(wnid)
        if row is None:
            raise KeyError(wnid)
        return self._get(row)

    def senses(self, lemma: str, lang: str = "en") -> Sequence[str]:
        """Wnids of all senses of a name, in sense order."""
        name = normal(lemma)
        if lang != "en":
            return [self._wnid(row) for row in _senses_in(lang).get(name, ())]
        place = bisect_left(self._lemmas, f"{name}\t")
        if place == len(self._lemmas) or not self._lemmas[place].startswith(f"{name}\t"):
            return []
        return [self._wnid(int(row)) for row in self._lemmas[place].partition("\t")[2].split("|")]

    def names(self) -> Iterator[str]:
        """Every English name, as it is looked up, in order."""
        return (line.partition("\t")[0] for line in self._lemmas)

    def translations(self, wnid: str, lang: str) -> Sequence[str]:
        """Names of a synset in a language; none in one that isn't bundled."""
        if lang == "en":
            return self.get(wnid).lemmas
        row = self._row(wnid)
        return _names_in(lang).get(row, ()) if lang in LANGUAGES and row is not None else ()

    def number_of_descendants(self, wnid: str) -> int:
        """How many synsets are below one."""
        row = self._row(wnid)
        if row is None:
            raise KeyError(wnid)
        return int(self._lines[row].split("\t", 5)[4])

    def _row(self, wnid: str) -> int | None:
        if not _WNID.fullmatch(wnid):
            return None
        row = bisect_left(self._lines, wnid[1:])
        return row if row < len(self._lines) and self._lines[row].startswith(wnid[1:]) else None

    def _wnid(self, row: int) -> str:
        return f"n{self._lines[row][:8]}"

    def _read(self, row: int) -> Synset:
        offset, names, parents, children, _, gloss = self._lines[row].split("\t", 5)
        definition, examples = split_gloss(gloss)
        above = [(mark.startswith("i"), self._wnid(int(mark.lstrip("i")))) for mark in parents.split("|") if mark]
        return Synset(
            wnid=f"n{offset}",
            lemmas=tuple(names.split("|")),
            definition=definition,
            examples=examples,
            parents=tuple(wnid for _, wnid in above),
            instance_of=tuple(wnid for is_instance, wnid in above if is_instance),
            children=tuple(self._wnid(int(mark.lstrip("i"))) for mark in children.split("|") if mark),
        )


@cache
def wordnet() -> WordNet:
    """The bundled WordNet, unpacked once."""
    return WordNet()


@cache
def _names_in(lang: str) -> dict[int, tuple[str, ...]]:
    names: dict[int, tuple[str, ...]] = {}
    for line in read_bundle(f"{lang}.z").split("\n"):
        row, _, joined = line.partition("\t")
        names[int(row)] = tuple(joined.split("|"))
    return names


@cache
def _senses_in(lang: str) -> dict[str, list[int]]:
    senses: dict[str, list[int]] = defaultdict(list)
    for row, names in _names_in(lang).items() if lang in LANGUAGES else ():
        for name in names:
            senses[normal(name)].append(row)
    return senses
