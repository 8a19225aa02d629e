"""Blobs that are emptied, cut off, changed or deleted between the fetch that stored them and their landing."""

import contextlib
import hashlib
from dataclasses import replace
from pathlib import Path

from synsift.pipelines.dead_letters import read_dead_letters
from synsift.pipelines.demo.check import Actual
from synsift.pipelines.records import Survivor, decode
from synsift.pipelines.storage import layout
from tests.faults.scene import Scene, leave_out

_OUTCOMES = ("blob_damaged", "blob_missing")


def rot(scene: Scene) -> None:
    """Damage some of the blobs that are new, again and again."""
    folder = scene.place.folder / scene.prefix / layout.BLOBS
    seen: set[Path] = set()
    rotted: set[str] = set()
    scene.wait_for(lambda: bool(_files(folder)))
    for number in range(scene.strikes * 20):
        scene.pause(0.02, 0.2)
        for path in sorted(set(_files(folder)) - seen):
            seen.add(path)
            if scene.rng.random() < 0.4 and _damage(scene, path):
                rotted.add(path.name)
                scene.played.others += 1
        if number % 40 == 39:
            scene.strike()
        scene.fleet.replace_ended()
    scene.played.differences += scene.wait_until_done()
    scene.played.differences += scene.fleet.ended
    if not scene.played.differences:
        scene.played.differences += _judge(scene, rotted)


def _files(folder: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError):
        return [
            path for path in folder.glob("*/*") if layout.blob_sha256(f"{layout.BLOBS}{path.parent.name}/{path.name}")
        ]
    return []


def _damage(scene: Scene, path: Path) -> bool:
    """Do one blob harm in its place, as a disk does; False if it isn't there any more."""
    try:
        data = path.read_bytes()
        how = scene.rng.choice(["empty", "cut", "flip", "delete"])
        if how == "delete":
            path.unlink()
            return True
        place = scene.rng.randrange(max(1, len(data)))
        flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :] if data else b"x"
        with path.open("r+b") as file:
            file.truncate(0)
            file.write({"empty": b"", "cut": data[:place], "flip": flipped}[how])
    except FileNotFoundError:
        return False
    return True


def _judge(scene: Scene, rotted: set[str]) -> list[str]:
    """What landed is whole; what didn't has a dead letter and was damaged; all else is as the truth says."""
    found: list[str] = []
    lost: list[tuple[str, str, str]] = []
    with scene.parts() as parts:
        for path in parts.objects.list(layout.CANDIDATES):
            sha256 = layout.candidate_sha256(path)
            if sha256 and hashlib.sha256(parts.objects.get(path)).hexdigest() != sha256:
                found.append(f"{path} landed damaged")
        for opened in read_dead_letters(parts.log):
            letter = opened.letter
            if letter.outcome in _OUTCOMES:
                survivor = decode(Survivor, letter.value or b"")
                lost.append((letter.wnid, letter.outcome, survivor.candidate.image.sha256))
    found += [f"{wnid}: {how}, and nobody damaged it" for wnid, how, sha256 in lost if sha256 not in rotted]
    scene.played.notes.append(f"{len(lost)} dead letters of damaged blobs")
    found += scene.compare(lambda actual: without(actual, lost))
    return found


def without(actual: dict[str, Actual], lost: list[tuple[str, str, str]]) -> None:
    """Take the letters away, and the objects as landed that they say are not: they must not be there."""
    for wnid, outcome, sha256 in lost:
        leave_out(actual, wnid, outcome)
        is_last = any(group.survivor.image.sha256 == sha256 for group in actual[wnid].groups)
        if is_last:
            objects, view = actual[wnid].objects ^ {sha256}, actual[wnid].view ^ {sha256}
            actual[wnid] = replace(actual[wnid], objects=objects, view=view)
