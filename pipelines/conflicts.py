"""Survivors that stand under two synsets: as the stage ``conflicts`` found them, or looked for anew."""

from collections.abc import Collection, Iterator

from synsift.crawler.ontology import Concepts
from synsift.dedupe import Fingerprint, MatchOptions
from synsift.dedupe.across import View
from synsift.pipelines.log.base import Log
from synsift.pipelines.pairs import Place, Ties
from synsift.pipelines.reading import Broken, Skipped, read_all
from synsift.pipelines.records import Candidate, Conflict, Survivor
from synsift.pipelines.removed import read_removed, read_survivors
from synsift.pipelines.stages.beholder import Pairs
from synsift.pipelines.stages.dedupe_state import fingerprint_of


def find_conflicts(
    log: Log, concepts: Concepts, options: MatchOptions, skipped: Skipped | None = None
) -> Iterator[Conflict]:
    """Look through all survivors that stand, anew.

    Args:
        log: Has them.
        concepts: The ontology.
        options: What counts as near.
        skipped: Takes note of records that can't be read.
    """
    pairs, view = Pairs(Ties(lambda: concepts)), View(options)
    for wnid, image in _standing(log, skipped):
        yield from pairs.of(view.add(wnid, image))


def _standing(log: Log, skipped: Skipped | None) -> Iterator[tuple[str, Fingerprint]]:
    gone = {(one.candidate.wnid, one.replaces) for one in read_all(log, Survivor) if one.replaces}
    seen: set[Place] = set()
    for survivor in read_survivors(log, skipped):
        candidate = survivor.candidate
        name = candidate.wnid, candidate.image.sha256
        if name in gone or name in seen:
            continue
        seen.add(name)
        found = fingerprint_of(candidate.image)
        if not isinstance(found, Broken):
            yield candidate.wnid, found


def read_conflicts(log: Log, skipped: Skipped | None = None) -> list[Conflict]:
    """The pairs that stand by the log, in the order in which they were found first."""
    found: dict[str, Conflict] = {}
    for pair in read_all(log, Conflict, skipped):
        found[pair.id] = pair
    removed = read_removed(log)
    return [pair for pair in found.values() if pair.stands and removed.isdisjoint((pair.sha256, pair.other_sha256))]


def read_origins(log: Log, places: Collection[Place]) -> dict[Place, Candidate]:
    """The survivors of some places, each as it came first."""
    found: dict[Place, Candidate] = {}
    for survivor in read_survivors(log) if places else ():
        place = survivor.candidate.wnid, survivor.candidate.image.sha256
        if place in places:
            found.setdefault(place, survivor.candidate)
    return found
