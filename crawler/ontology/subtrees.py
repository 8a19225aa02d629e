"""The twelve subtrees of ImageNet as published in 2009, by the names of the paper's figure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from synsift.crawler.errors import TargetError
from synsift.crawler.ontology import graph
from synsift.crawler.ontology.base import Concepts
from synsift.crawler.ontology.near import near_terms
from synsift.crawler.wording import code

IMAGENET12: Final = {
    "mammal": "n01861778",
    "bird": "n01503061",
    "fish": "n02512053",
    "reptile": "n01661091",
    "amphibian": "n01627424",
    "vehicle": "n04524313",
    "furniture": "n03405725",
    "musical instrument": "n03800933",
    "geological formation": "n09287968",
    "tool": "n04451818",
    "flower": "n11669921",
    "fruit": "n13134947",
}
"""Name → wnid of its root in WordNet 3.0."""


def roots(concepts: Concepts, name: str) -> list[str]:
    """The roots of what ``--under`` names: ``imagenet12``, or one concept.

    Raises:
        TargetError: There is no such concept, or there are several.
    """
    if name.lower() == "imagenet12":
        missing = [wnid for wnid in IMAGENET12.values() if wnid not in concepts]
        if missing:
            raise TargetError("`imagenet12` names subtrees of WordNet, and this ontology isn't WordNet")
        return list(IMAGENET12.values())
    return [only_sense(concepts, name)]


def only_sense(concepts: Concepts, term: str) -> str:
    """The one concept that a term names.

    Raises:
        TargetError: None, or several, which the message lists.
    """
    found = senses_of(concepts, term)
    if len(found) > 1:
        raise several_senses(concepts, term, found)
    return found[0]


def senses_of(concepts: Concepts, term: str) -> list[str]:
    """All concepts that a term names, at least one.

    Raises:
        TargetError: None.
    """
    found = resolve(concepts, term)
    if not found:
        near = near_terms(concepts, term)
        hint = f"did you mean {' or '.join(code(one) for one in near)}?" if near else ""
        raise TargetError(f"{code(term)} is in no synset of the ontology", hint=hint)
    return found


def several_senses(concepts: Concepts, term: str, found: Sequence[str]) -> TargetError:
    """The error of a term of which one sense was wanted."""
    lines = sense_lines(concepts, found)
    return TargetError(f"{code(term)} has {len(found)} senses:\n{lines}", hint="name the one you mean by its wnid")


def resolve(concepts: Concepts, term: str) -> list[str]:
    """Concepts that a term names: by identifier, by ``dog.n.01``, or all senses of a name, the usual one first."""
    term = term.strip()
    if term in concepts:
        return [term]
    name, _, number = term.rpartition(".n.")
    if name and number.isascii() and number.isdigit():
        senses = list(concepts.senses(name))
        return senses[int(number) - 1 : int(number)] if int(number) > 0 else []
    return list(concepts.senses(term))


def sense_lines(concepts: Concepts, wnids: Iterable[str]) -> str:
    """Senses for people, a line each."""
    return "\n".join(
        f"  {wnid}  {', '.join(concepts.get(wnid).lemmas)}: {concepts.get(wnid).definition}" for wnid in wnids
    )


def under(concepts: Concepts, name: str, *, leaves: bool = False) -> Iterator[str]:
    """All concepts of the subtrees that ``--under`` names, each once, the roots first."""
    seen: set[str] = set()
    for root in roots(concepts, name):
        for wnid in graph.subtree(concepts, root):
            if wnid not in seen and not (leaves and not graph.is_leaf(concepts, wnid)):
                seen.add(wnid)
                yield wnid
