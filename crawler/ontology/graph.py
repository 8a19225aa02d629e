"""What follows from the parents of concepts: ancestors, descendants, leaves, depth, paths. Pure."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from synsift.crawler.ontology.base import Concepts, Synset


def _nearest_first(concepts: Concepts, wnid: str, step: Callable[[Synset], Sequence[str]]) -> Iterator[str]:
    seen = {wnid}
    waiting = deque([wnid])
    while waiting:
        for following in step(concepts.get(waiting.popleft())):
            if following not in seen:
                seen.add(following)
                waiting.append(following)
                yield following


def ancestors(concepts: Concepts, wnid: str) -> Iterator[str]:
    """All concepts above one, each once, nearest first; of equally near ones, in the order of ``parents``."""
    return _nearest_first(concepts, wnid, lambda synset: synset.parents)


def descendants(concepts: Concepts, wnid: str) -> Iterator[str]:
    """All concepts below one, each once, nearest first."""
    return _nearest_first(concepts, wnid, lambda synset: synset.children)


def subtree(concepts: Concepts, wnid: str) -> Iterator[str]:
    """A concept and all below it."""
    yield wnid
    yield from descendants(concepts, wnid)


def is_leaf(concepts: Concepts, wnid: str) -> bool:
    """Whether nothing is below a concept."""
    return not concepts.get(wnid).children


def depth(concepts: Concepts, wnid: str) -> int:
    """Length of the shortest path to a root; 0 for a root."""
    level, steps = {wnid}, 0
    while not any(not concepts.get(one).parents for one in level):
        level = {parent for one in level for parent in concepts.get(one).parents}
        steps += 1
    return steps


def paths(concepts: Concepts, wnid: str) -> list[list[str]]:
    """All paths from a root down to a concept, both included. Their number can grow with every second parent."""
    parents = concepts.get(wnid).parents
    if not parents:
        return [[wnid]]
    return [[*path, wnid] for parent in parents for path in paths(concepts, parent)]


def lowest_common_ancestors(concepts: Concepts, one: str, other: str) -> list[str]:
    """The concepts that are above (or are) both and have no other such concept below them; several in a graph."""
    common = {one, *ancestors(concepts, one)} & {other, *ancestors(concepts, other)}
    covered = {above for wnid in common for above in ancestors(concepts, wnid)}
    return sorted(common - covered)
