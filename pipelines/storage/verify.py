"""Whether the store's images are those that their names say, and whether all are there that the log names."""

import contextlib
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from synsift.dedupe import EXTENSIONS
from synsift.pipelines.errors import DamagedPart, NoSuchObject
from synsift.pipelines.reading import Broken, read_bytes
from synsift.pipelines.records import Survivor
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.compaction import Fresh, images_there
from synsift.pipelines.storage.current import read_current
from synsift.pipelines.storage.expected import Expected, Name, digest_of
from synsift.pipelines.storage.manifests import decode_part
from synsift.pipelines.storage.objects import Objects
from synsift.pipelines.storage.sealed import is_sealed
from synsift.pipelines.storage.standing import NEEDED, account_of, standing_images

_UNREAD: Final = (OSError, ValueError, KeyError, TypeError, NotImplementedError)
"""What pyarrow raises for bytes that aren't a table, and we for one of other columns."""


@dataclass(frozen=True, slots=True)
class Verified:
    """An image of the store.

    Attributes:
        path: Name of the object.
        problem: What is wrong with it; empty if nothing is.
    """

    path: str
    problem: str = ""


@dataclass(slots=True)
class _Listed:
    """What stands in the store, by synset and SHA-256; of provenance that was read what it says."""

    images: set[Name] = field(default_factory=set)
    origins: dict[Name, bytes] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)


def verify(
    objects: Objects, *, share: float = 1.0, seed: int | None = None, expect: Callable[[], Expected] | None = None
) -> Iterator[Verified]:
    """Read blobs and landed images, and compare the SHA-256 of each with its name; say which landed ones are gone.

    Args:
        objects: The store.
        share: How many of them to read, as a part of one.
        seed: Of the choice.
        expect: Gives what the log says that should be there; asked once all is listed.
    """
    chosen = random.Random(seed)  # noqa: S311 - a sample
    listed = _Listed()
    for prefix in (layout.BLOBS, layout.CANDIDATES):
        for odd in objects.odd(prefix):
            if layout.blob_sha256(odd.path) or layout.candidate_sha256(odd.path) or layout.provenance_of(odd.path):
                yield Verified(odd.path, odd.problem)
        for path in objects.list(prefix):
            sha256 = _list(listed, path)
            if share < 1 and chosen.random() >= share:
                continue
            found = _look_at_origin(objects, path, listed) if sha256 is None else _look(objects, path, sha256)
            if found is not None:
                yield found
    said: set[str] = set()
    for wnid, sha256 in sorted(listed.origins.keys() - listed.images):
        found = _look_for(objects, wnid, sha256)
        if found is not None:
            said.add(found.path)
            yield found
    yield from _verify_view(objects, listed)
    if expect is not None:
        expected = expect()
        yield from (found for found in _gone(listed, expected) if found.path not in said)
        yield from _verify_manifests(objects, expected)


def _list(listed: _Listed, path: str) -> str | None:
    """Note an object. Gives the SHA-256 that an image's name says."""
    if (origin := layout.provenance_of(path)) is not None:
        listed.origins[origin] = b""
    elif (sha256 := layout.blob_sha256(path)) is not None:
        listed.blobs.add(sha256)
        return sha256
    elif (sha256 := layout.candidate_sha256(path)) is not None:
        listed.images.add((path.split("/")[1], sha256))
        return sha256
    return None


def _gone(listed: _Listed, expected: Expected) -> Iterator[Verified]:
    """What the log names, and of which the store shows less than it should."""
    for name, survivor in sorted(expected.landed.items(), key=lambda item: item[0]):
        said = listed.origins.get(name)
        if said is None:
            yield Verified(layout.provenance(*name), "gone; the log names it")
        elif said and said not in expected.origins[name]:
            yield Verified(layout.provenance(*name), "it says something else than the log")
        if name not in listed.images and survivor.candidate.image.format in EXTENSIONS:
            yield Verified(layout.candidate(name[0], survivor.candidate.image), "gone; the log names it")
    for sha256 in sorted({sha256 for _, sha256 in expected.waiting} - listed.blobs):
        yield Verified(layout.blob(sha256), "gone; a survivor that has not landed needs it")


def _verify_manifests(objects: Objects, expected: Expected) -> Iterator[Verified]:
    yield from _verify_parts(objects, layout.MANIFESTS, "sha256", expected.noted, "survivor")
    yield from _verify_parts(objects, layout.CONFLICTS, "id", expected.told, "conflict")
    yield from _verify_parts(objects, layout.VERIFIED, "sha256", expected.judged, "verdict")


def _verify_parts(
    objects: Objects, folder: str, column: str, wanted: Collection[Name], what: str
) -> Iterator[Verified]:
    """Read the parts in a folder, and say which can't be read, and of which synsets some lack a row."""
    named: set[Name] = set()
    unread = False
    for path in objects.list(folder):
        if (part := layout.part_in(folder, path)) is None:
            continue
        try:
            needed = NEEDED if folder == layout.MANIFESTS else [column]
            rows = decode_part(objects.get(path))
            named |= {(part.wnid, str({name: row[name] for name in needed}[column])) for row in rows}
        except NoSuchObject:
            continue  # a part of a batch that was interrupted
        except _UNREAD:
            unread = True
            yield Verified(path, "its bytes are not a manifest's")
    missing = Counter(wnid for wnid, _ in set(wanted) - named)
    for wnid, number in () if unread else sorted(missing.items()):
        some = f"{number} {what}s are" if number != 1 else f"1 {what} is"
        yield Verified(f"{folder}{wnid}/", f"{some} in none of its parts")


def _verify_view(objects: Objects, listed: _Listed) -> Iterator[Verified]:
    """Read the view, and compare it with manifests where it was made of them as they are now."""
    made = Fresh(objects)
    doubtful: dict[str, tuple[str, str]] = {}
    for path in objects.list(layout.CURRENT):
        wnid = layout.current_wnid(path)
        if wnid is None:
            if path.endswith(".parquet"):
                yield Verified(path, _STRANGERS)
            continue
        problem, is_doubtful = _problem_of_view(objects, listed, made, wnid)
        if is_doubtful:
            doubtful[path] = wnid, problem
        elif problem:
            yield Verified(path, problem)
    # The store may change as it is read: what is other than it was is left to the next time.
    now = Fresh(objects) if doubtful else made
    for path, (wnid, problem) in doubtful.items():
        if (now.made.get(wnid), now.account.get(wnid)) == (made.made.get(wnid), made.account.get(wnid)):
            yield Verified(path, problem)


_STRANGERS: Final = "it is no part of the view, and whoever reads the folder as a table reads it, too"


def _problem_of_view(objects: Objects, listed: _Listed, made: Fresh, wnid: str) -> tuple[str, bool]:
    """What is wrong with the view of a synset, empty if nothing is; and whether it may be well by the next look."""
    try:
        data = objects.get(layout.current_view(wnid))
        images = {row["sha256"] for row in read_current(data, ["sha256"])}
    except NoSuchObject:
        return "", False
    except _UNREAD:
        return "its bytes are not the view's", False
    if not made.is_due(wnid):
        return "", False
    if not is_sealed(data):
        return "its bytes are not the view's: somebody else wrote them", False
    problem = _other_images(objects, listed, made, wnid, images)
    return problem, bool(problem)


def _other_images(objects: Objects, listed: _Listed, made: Fresh, wnid: str, images: set[str]) -> str:
    """Which images a view that was read has or lacks against those that stand; empty if it has just these."""
    with contextlib.suppress(DamagedPart, NoSuchObject):  # said of the part
        found = standing_images(objects, account_of(made.account.get(wnid, ())).get(wnid, ()))
        if images != {sha256 for sha256 in found if (wnid, sha256) in listed.images}:
            there = found & images_there(objects, wnid)  # as some may have landed since they were listed
            return _difference(len(images - there), len(there - images))
    return ""


def _difference(gone: int, lacking: int) -> str:
    """What a view has too much, and what it lacks, in words; empty if it is neither."""
    said = []
    if gone:
        said.append(f"it still names {gone} {'image' if gone == 1 else 'images'} that the store has no more")
    if lacking:
        said.append(f"it lacks {lacking} {'image' if lacking == 1 else 'images'} of its synset's manifest")
    return ", and ".join(said)


def _look_at_origin(objects: Objects, path: str, listed: _Listed) -> Verified | None:
    """Provenance is looked at, and counts as no image; only what is wrong with it is said."""
    origin = layout.provenance_of(path)
    if origin is None:
        return None
    try:
        survivor = read_bytes(Survivor, objects.get(path))
    except NoSuchObject:
        return None
    if isinstance(survivor, Broken):
        return Verified(path, "its provenance can't be read")
    if (survivor.candidate.wnid, survivor.candidate.image.sha256) != origin:
        return Verified(path, "it is the provenance of another image")
    listed.origins[origin] = digest_of(survivor)
    return None


def _look(objects: ObjectStore, path: str, sha256: str) -> Verified | None:
    try:
        data = objects.get(path)
    except NoSuchObject:
        return None  # gone since it was listed
    if hashlib.sha256(data).hexdigest() == sha256:
        return Verified(path)
    return Verified(path, "empty" if not data else f"its {len(data)} bytes have another SHA-256")


def _look_for(objects: ObjectStore, wnid: str, sha256: str) -> Verified | None:
    """An image of which only the provenance was listed."""
    try:
        survivor = read_bytes(Survivor, objects.get(layout.provenance(wnid, sha256)))
    except NoSuchObject:
        return None  # moved out since it was listed
    if isinstance(survivor, Broken) or survivor.candidate.image.format not in EXTENSIONS:
        return Verified(layout.provenance(wnid, sha256), "the image that it belongs to is gone")
    path = layout.candidate(wnid, survivor.candidate.image)
    return None if objects.size_bytes(path) >= 0 else Verified(path, "gone; only its provenance is there")
