"""Inputs that kill the worker which takes them, in every stage, while others are killed by chance."""

from dataclasses import replace

from synsift.pipelines import topics
from synsift.pipelines.dead_letters import DeadLetter, OpenLetter, read_dead_letters, replay
from synsift.pipelines.demo.check import Actual
from synsift.pipelines.log.attempts import POISONOUS
from synsift.pipelines.reading import Broken, read_all, read_bytes
from synsift.pipelines.records import Candidate, ImageUrl, Query, Survivor
from tests import deadly as armed
from tests.faults.rot import without
from tests.faults.scene import Scene

_LIMIT_S = 900.0
_ATTEMPTS = range(3, 7)


def deadly(scene: Scene) -> None:
    """Let a fleet meet inputs that kill, and judge what it gave up; then have that tried where it kills nobody."""
    seed = scene.played.seed
    scene.stop_fleet()
    scene.fleet.arm("tests.deadly", {"DEADLY": str(seed)}, armed.STATUSES)
    scene.fleet.start()
    for _ in range(max(2, scene.strikes // 3)):
        scene.pause(2.0, 15.0)
        scene.strike()
        scene.fleet.replace_ended()
    scene.played.differences += scene.wait_until_done(_LIMIT_S)
    scene.played.others += scene.fleet.deaths
    scene.stop_fleet()
    if not scene.played.differences:
        scene.played.differences += _judge(scene, seed)
    scene.fleet.arm()
    scene.fleet.start()
    lost = _replay(scene)

    def leave_out(actual: dict[str, Actual]) -> None:
        without(actual, [(x.candidate.wnid, POISONOUS, x.candidate.image.sha256) for x in lost])
        for survivor in lost:  # what it would have replaced is still there
            found = actual[survivor.candidate.wnid]
            objects, view = found.objects - {survivor.replaces}, found.view - {survivor.replaces}
            actual[survivor.candidate.wnid] = replace(found, objects=objects, view=view)

    scene.played.differences += scene.wait_until_done() or scene.compare(leave_out)
    scene.played.differences += scene.fleet.ended


def _judge(scene: Scene, seed: int) -> list[str]:
    """What was given up kills, and what kills has no output."""
    found: list[str] = []
    with scene.parts() as parts:
        letters = [opened.letter for opened in read_dead_letters(parts.log)]
        given_up = [letter for letter in letters if letter.outcome == POISONOUS]
        for letter in given_up:
            text = _text_of(letter)
            if not armed.is_deadly(seed, letter.stage, text):
                found.append(f"{letter.stage}: {text} was given up after {letter.attempts} deaths, and kills nobody")
            if letter.attempts not in _ATTEMPTS:
                found.append(f"{letter.stage}: {text} has {letter.attempts} attempts")
        outputs = {
            "fetch": {candidate.url for candidate in read_all(parts.log, Candidate)},
            "dedupe": {survivor.candidate.url for survivor in read_all(parts.log, Survivor)},
        }
        for stage, urls in outputs.items():
            found += [f"{stage}: {url} kills, and came out" for url in urls if armed.is_deadly(seed, stage, url)]
    stages = ", ".join(sorted(letter.stage for letter in given_up))
    scene.played.notes.append(f"{len(given_up)} inputs killed: {stages or 'none'}")
    return found


def _text_of(letter: DeadLetter) -> str:
    """What kills of an input."""
    value = letter.value or b""
    if letter.topic == topics.QUERIES.name:
        query = read_bytes(Query, value)
        return "" if isinstance(query, Broken) else query.text
    if letter.topic == topics.IMAGE_URLS.name:
        record = read_bytes(ImageUrl, value)
        return "" if isinstance(record, Broken) else record.url
    if letter.topic == topics.CANDIDATES.name:
        candidate = read_bytes(Candidate, value)
        return "" if isinstance(candidate, Broken) else candidate.url
    return _survivor(letter).candidate.url


def _survivor(letter: DeadLetter) -> Survivor:
    survivor = read_bytes(Survivor, letter.value or b"")
    if isinstance(survivor, Broken):
        raise TypeError(survivor.text)
    return survivor


def _replay(scene: Scene) -> list[Survivor]:
    """Have all but survivors tried again: what of these would be landed may be replaced by now. Gives those."""
    with scene.parts() as parts:
        given_up = [found for found in read_dead_letters(parts.log) if found.letter.outcome == POISONOUS]
        again: list[OpenLetter] = [found for found in given_up if found.letter.stage != "land"]
        replay(parts.log, parts.router, again)
        return [_survivor(found.letter) for found in given_up if found.letter.stage == "land"]
