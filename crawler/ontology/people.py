"""Which synsets are of people: words for them judge, offend, or say what no picture can show.

Of the 2,832 synsets below person in ImageNet, 1,593 were found to be unsafe, and few of the rest can be seen in a
picture: K. Yang et al., Towards Fairer Datasets (FAT* 2020). So they are asked for only where somebody says so.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from synsift.crawler.errors import TargetError
from synsift.crawler.ontology import graph
from synsift.crawler.ontology.wordnet import wordnet

PERSON: Final = "n00007846"
"""WordNet 3.0's ``person.n.01``."""
_WNID: Final = re.compile(r"n\d{8}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_person(wnid: str) -> bool:
    """Whether an identifier is of WordNet's person, or of a synset below. Of others nothing is known."""
    if not _WNID.fullmatch(wnid) or wnid not in wordnet():
        return False
    return wnid == PERSON or PERSON in graph.ancestors(wordnet(), wnid)


@dataclass(frozen=True, slots=True)
class Admission:
    """Which synsets are asked for.

    Attributes:
        people: Whether those of people are.
        safe: Of people, those that are so in any case.
        denied: Those that never are, of people or not.
    """

    people: bool = False
    safe: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()

    def split(self, wnids: Iterable[str]) -> "Split":
        """Which of some synsets are not asked for, and why."""
        people, denied = [], []
        for wnid in dict.fromkeys(wnids):
            if wnid in self.denied:
                denied.append(wnid)
            elif not self.people and wnid not in self.safe and is_person(wnid):
                people.append(wnid)
        return Split(tuple(people), tuple(denied))


@dataclass(frozen=True, slots=True)
class Split:
    """Synsets that are not asked for, in their order.

    Attributes:
        people: As they are of people.
        denied: As a list of the user's denies them.
    """

    people: tuple[str, ...]
    denied: tuple[str, ...]

    @property
    def left_out(self) -> frozenset[str]:
        """All of them."""
        return frozenset((*self.people, *self.denied))


def read_synsets(text: str) -> frozenset[str]:
    """A list of synsets: an identifier at the beginning of each line, whatever follows; ``#`` begins a remark.

    Raises:
        TargetError: A line begins with something else.
    """
    return frozenset(_read(text))


def _read(text: str) -> Iterator[str]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        if not _NAME.fullmatch(words[0]):
            raise TargetError(f"line {number}: an identifier of a synset begins a line, not `{words[0][:40]}`")
        yield words[0]
