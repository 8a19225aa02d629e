"""The plurals of names, by the rules of their languages. Pure.

A name is never taken apart: its plurals are made, and looked for beside it, unless they are names themselves. So
``glasses`` are spectacles, ``glass`` is no plural of ``glas``, and ``lens`` none of ``len``. Not made: irregular
plurals beyond the list below (``criteria``), plurals inside of a phrase (``mothers-in-law``, but Spanish ``perros de
caza``), Latin and Greek ones but ``-us`` and ``-a``, and plurals of words with less than three letters or with other
signs in them. Chinese has none.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

_LEAST: Final = 3
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_VOWELS: Final = frozenset("aeiouáéíóúàèìòù")
_WORDS: Final = """
child children foot feet tooth teeth goose geese mouse mice louse lice ox oxen dormouse dormice
titmouse titmice die dice person people leaf leaves wolf wolves knife knives life lives wife wives
shelf shelves calf calves half halves elf elves loaf loaves thief thieves scarf scarves hoof hooves
sheaf sheaves housewife housewives werewolf werewolves bookshelf bookshelves wharf wharves turf turves
jackknife jackknives
"""
_PAIRS: Final = _WORDS.split()
_IRREGULAR: Final = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))


def plurals(words: str, lang: str) -> Iterator[str]:
    """The plurals of a name whose words have a space between them, in lower case; none where no rule is sure."""
    rule = _RULES.get(lang)
    if rule is None:
        return
    first, *rest = words.split(" ")
    if not rest:
        yield from _of_word(first, rule)
    elif lang in ("es", "it"):
        # The head comes first, and adjectives agree with it: perro de caza, cane lupo, tigre blanco.
        for head in _of_word(first, rule):
            yield " ".join([head, *rest])
            if len(rest) == 1:
                yield from (f"{head} {other}" for other in _of_word(rest[0], rule))
    else:
        *before, last = [first, *rest]
        yield from (" ".join([*before, form]) for form in _of_word(last, rule))


def _of_word(word: str, rule: Callable[[str], Iterator[str]]) -> Iterator[str]:
    if len(word) >= _LEAST and _LETTERS.fullmatch(word):
        yield from dict.fromkeys(rule(word))


def _english(word: str) -> Iterator[str]:
    if word in _IRREGULAR:
        yield _IRREGULAR[word]
    if word.endswith("man"):
        yield word[:-3] + "men"
    if word.endswith("us") and len(word) > 5:
        yield word[:-2] + "i"
    if word.endswith("sis"):
        yield word[:-2] + "es"
    elif word.endswith(("s", "x", "z", "ch", "sh")):
        yield word + "es"
        return
    if word.endswith("a") and len(word) > 4:
        yield word + "e"
    if word[-1] == "y" and word[-2] not in _VOWELS:
        yield word[:-1] + "ies"
        return
    if word[-1] == "o" and word[-2] not in _VOWELS:
        yield word + "es"
    yield word + "s"


def _spanish(word: str) -> Iterator[str]:
    for accented, plain in (("án", "an"), ("én", "en"), ("ín", "in"), ("ón", "on"), ("ún", "un"), ("és", "es")):
        if word.endswith(accented):
            yield f"{word[:-2]}{plain}es"
            return
    if word.endswith("z"):
        yield word[:-1] + "ces"
    elif word[-1] in "íú":
        yield word + "es"
        yield word + "s"
    elif word[-1] in _VOWELS:
        yield word + "s"
    elif word[-1] not in "sx":
        yield word + "es"


def _italian(word: str) -> Iterator[str]:
    if word.endswith(("ca", "ga")):
        yield word[:-1] + "he"
    elif word.endswith(("cia", "gia")):
        yield word[:-1] + "e"
        yield word[:-2] + "e"
    elif word.endswith("a"):
        yield word[:-1] + ("i" if word.endswith("ista") else "e")
    elif word.endswith(("co", "go")):
        yield word[:-1] + "hi"
        yield word[:-1] + "i"
    elif word.endswith("io"):
        yield word[:-1]
    elif word[-1] in "oe":
        yield word[:-1] + "i"


def _dutch(word: str) -> Iterator[str]:
    if word.endswith(("el", "em", "en", "er", "je", "ie", "é", "aar", "oor")) or word[-1] in "aiouy":
        yield word + "s"
    if word[-1] in "aiouyé":
        return
    if word[-1] == "e":
        yield word + "n"
        yield word + "s"
        return
    stem, last = word[:-1], word[-1]
    soft = {"f": "v", "s": "z"}.get(last, last)
    if len(word) > 3 and word[-3:-1] in ("aa", "ee", "oo", "uu"):
        yield f"{word[:-2]}{soft}en"
    elif word[-2] in "aeiou" and word[-3] not in "aeiou":
        yield f"{word}{last}en"
        yield f"{word}en"
    else:
        yield f"{stem}{soft}en"
    yield f"{word}en"


_RULES: Final[dict[str, Callable[[str], Iterator[str]]]] = {
    "en": _english,
    "es": _spanish,
    "it": _italian,
    "nl": _dutch,
}
