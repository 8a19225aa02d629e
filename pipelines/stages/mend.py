"""Images of the store that are damaged or gone, made whole again: from their twins, else from where they came.

    damaged or gone ──┬─ the same image stands whole under another name ──▶ copied
                      ├─ a URL that gave it gives it again ───────────────▶ written
                      └─ it gives another one, or nothing ────────────────▶ stays as it is, and is named

Only bytes with the right SHA-256 are ever written. The log is not touched: what was judged stays judged.
"""

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import msgspec

from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.givers import Abandoned
from synsift.crawler.download.host_rules import HostKeys
from synsift.crawler.download.reading import Received
from synsift.crawler.download.settings import Limits
from synsift.crawler.spiders.base import run_spider
from synsift.crawler.spiders.fetch import FetchSpider
from synsift.pipelines.dead_letters import OpenLetter
from synsift.pipelines.errors import DiskFull, NoSuchObject, StoreError, StoreUnavailable
from synsift.pipelines.log.base import Log
from synsift.pipelines.reading import Broken, Skipped, read_all, read_bytes, read_state
from synsift.pipelines.records import Conflict, Fetched, Survivor, Verified, encode
from synsift.pipelines.removed import read_removed
from synsift.pipelines.stages.land import BLOB_DAMAGED, BLOB_MISSING
from synsift.pipelines.stages.wanted import told_page
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.conflict_parts import encode_conflicts
from synsift.pipelines.storage.manifests import encode_part
from synsift.pipelines.storage.verified_parts import encode_verdicts
from synsift.pipelines.topics import registered_domain


@dataclass(slots=True)
class Wrong:
    """An image that isn't whole.

    Attributes:
        sha256: What it should be.
        paths: The objects that should be it, and aren't.
        twins: Objects that may be it.
        urls: Where it came from, and the page that the host of each is told of, if any.
        problem: Why it could not be had again; empty as long as nothing was tried, or it was.
    """

    sha256: str
    paths: set[str] = field(default_factory=set)
    twins: set[str] = field(default_factory=set)
    urls: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to mend."""
        return not self.paths


@dataclass(frozen=True, slots=True)
class Manners:
    """How the web is asked: as ``fetch`` asks it."""

    politeness: Politeness
    patience: Patience
    limits: Limits


def letters_of_blobs(letters: Iterable[OpenLetter]) -> list[OpenLetter]:
    """Survivors that didn't land because their bytes weren't there, or weren't theirs."""
    return [found for found in letters if found.letter.outcome in (BLOB_DAMAGED, BLOB_MISSING)]


def survivor_of(found: OpenLetter) -> Survivor | None:
    """The survivor that a letter is about."""
    survivor = read_bytes(Survivor, found.letter.value or b"")
    return None if isinstance(survivor, Broken) else survivor


def that_may_land(letters: Iterable[OpenLetter], left: Collection[str]) -> list[OpenLetter]:
    """Those whose image isn't among what is left to mend."""
    return [
        found
        for found in letters
        if (survivor := survivor_of(found)) is not None and survivor.candidate.image.sha256 not in left
    ]


def find_wrong(log: Log, objects: ObjectStore, damaged: Iterable[str], letters: Iterable[OpenLetter]) -> list[Wrong]:
    """What is to be mended, with all that is known of where it may be had.

    Args:
        log: Names the URLs.
        objects: The store.
        damaged: Objects whose bytes aren't what they should be.
        letters: Survivors without bytes.
    """
    removed = read_removed(log)
    found: dict[str, Wrong] = {}
    for path in damaged:
        sha256 = layout.blob_sha256(path) or layout.candidate_sha256(path)
        if sha256 is not None and sha256 not in removed:
            found.setdefault(sha256, Wrong(sha256)).paths.add(path)
    urls: dict[str, dict[str, str]] = defaultdict(dict)
    for survivor in filter(None, map(survivor_of, letters)):
        image = survivor.candidate.image
        if image.sha256 in removed:
            continue
        found.setdefault(image.sha256, Wrong(image.sha256)).paths.add(layout.blob(image.sha256))
        urls[image.sha256][survivor.candidate.url] = told_page(survivor.candidate.found_by)
    if not found:
        return []
    _find_twins(objects, found, urls)
    for fetched in read_all(log, Fetched):
        if fetched.image is not None and fetched.image.sha256 in found:
            urls[fetched.image.sha256].setdefault(fetched.url, "")
    for sha256, wrong in found.items():
        wrong.urls = dict(urls[sha256])
    return list(found.values())


def names_image(path: str) -> bool:
    """Whether an object is an image by its name, whose bytes may be had elsewhere."""
    return (layout.blob_sha256(path) or layout.candidate_sha256(path)) is not None


def write_from_log(log: Log, objects: ObjectStore, damaged: Sequence[str]) -> set[str]:
    """Write anew provenance and parts of manifests that the log can tell. Gives those that were written."""
    origins = {origin: path for path in damaged if (origin := layout.provenance_of(path)) is not None}
    parts = [part for path in damaged if (part := layout.manifest_part(path)) is not None]
    rows: dict[str, list[tuple[int, Survivor]]] = defaultdict(list)
    latest: dict[str, Survivor] = {}
    removed = read_removed(log)
    for partition in range(log.partitions) if origins or parts else ():
        for message, survivor in read_state(log, Survivor, partition, skipped=Skipped()):
            wnid = survivor.candidate.wnid
            if survivor.candidate.image.sha256 in removed:
                continue
            if (path := origins.get((wnid, survivor.candidate.image.sha256))) is not None:
                latest[path] = survivor
            for part in parts:
                if (part.wnid, part.partition) == (wnid, partition) and part.first <= message.offset <= part.last:
                    rows[part.path].append((message.offset, survivor))
    for path, survivor in latest.items():
        objects.put(path, msgspec.json.format(encode(survivor), indent=2))
    for path, survivors in rows.items():
        objects.put(path, encode_part(survivors))
    return {*latest, *rows, *_write_conflicts(log, objects, damaged), *_write_verdicts(log, objects, damaged)}


def _write_conflicts(log: Log, objects: ObjectStore, damaged: Iterable[str]) -> set[str]:
    """Write anew parts that tell of conflicts."""
    parts = [part for path in damaged if (part := layout.conflict_part(path)) is not None]
    removed = read_removed(log)
    for part in parts:
        pairs = read_state(log, Conflict, part.partition, skipped=Skipped(), start=part.first)
        upto = takewhile(lambda found: found[0].offset <= part.last, pairs)  # noqa: B023 - used up before the next
        rows = [
            (m.offset, pair)
            for m, pair in upto
            if part.wnid in (pair.wnid, pair.other_wnid) and removed.isdisjoint((pair.sha256, pair.other_sha256))
        ]
        objects.put(part.path, encode_conflicts(part.wnid, rows))
    return {part.path for part in parts}


def _write_verdicts(log: Log, objects: ObjectStore, damaged: Iterable[str]) -> set[str]:
    """Write anew parts that tell of verdicts."""
    parts = [part for path in damaged if (part := layout.verified_part(path)) is not None]
    removed = read_removed(log)
    for part in parts:
        verdicts = read_state(log, Verified, part.partition, skipped=Skipped(), start=part.first)
        upto = takewhile(lambda found: found[0].offset <= part.last, verdicts)  # noqa: B023 - used up before the next
        rows = [(m.offset, one) for m, one in upto if part.wnid == one.wnid and one.sha256 not in removed]
        objects.put(part.path, encode_verdicts(rows))
    return {part.path for part in parts}


def _find_twins(objects: ObjectStore, found: dict[str, Wrong], urls: dict[str, dict[str, str]]) -> None:
    for path in objects.list(layout.CANDIDATES):
        sha256 = layout.candidate_sha256(path)
        if sha256 in found:
            found[sha256].twins.add(path)
    for sha256, wrong in found.items():
        for path in wrong.twins | wrong.paths:
            if layout.candidate_sha256(path) is None:
                continue
            with contextlib.suppress(NoSuchObject):
                wnid = path.split("/")[1]
                survivor = read_bytes(Survivor, objects.get(layout.provenance(wnid, sha256)))
                if not isinstance(survivor, Broken) and survivor.candidate.image.sha256 == sha256:
                    urls[sha256][survivor.candidate.url] = told_page(survivor.candidate.found_by)
        wrong.twins = (wrong.twins | {layout.blob(sha256)}) - wrong.paths


def mend_from_twins(objects: ObjectStore, found: Iterable[Wrong]) -> None:
    """Write what stands whole under another name of the same image."""
    for wrong in found:
        for data in _whole_twins(objects, wrong):
            _write(objects, wrong, data)
            break


def _whole_twins(objects: ObjectStore, wrong: Wrong) -> Iterator[bytes]:
    # A letter may speak of what was mended since, so the places themselves are looked at, too.
    for path in sorted(wrong.twins | wrong.paths):
        with contextlib.suppress(NoSuchObject):
            data = objects.get(path)
            if hashlib.sha256(data).hexdigest() == wrong.sha256:
                yield data


def _write(objects: ObjectStore, wrong: Wrong, data: bytes) -> None:
    """Write an image wherever it lacks; what something else stands in the way of stays to be mended."""
    wrong.problem = ""
    for path in sorted(wrong.paths):
        try:
            objects.put(path, data)
        except (StoreUnavailable, DiskFull):
            raise
        except StoreError as exc:
            wrong.problem = str(exc)
        else:
            wrong.paths.discard(path)


@dataclass(slots=True)
class _Again:
    """One image on its way: the URLs that are left to ask."""

    wrong: Wrong
    left: list[str]
    asked: str = ""


class _Mender:
    """Takes what the web gives, and asks the next URL where it is another image."""

    def __init__(self, objects: ObjectStore, manners: Manners) -> None:
        self._objects = objects
        self._open = 0
        self.downloader: Downloader[_Again] = Downloader(
            self, politeness=manners.politeness, patience=manners.patience, hosts=HostKeys({}, registered_domain)
        )

    async def begin(self, found: list[Wrong]) -> None:
        """Ask the first URL of each."""
        self._open = len(found)
        for wrong in found:
            await self._next(_Again(wrong, list(wrong.urls)))

    async def received(self, task: _Again, result: Received) -> None:
        """Believe the bytes by their SHA-256 alone."""
        if hashlib.sha256(result.content).hexdigest() == task.wrong.sha256:
            _write(self._objects, task.wrong, result.content)
            task.left.clear()
        else:
            task.wrong.problem = "its URL gives another image now"
        await self._next(task)

    async def abandoned(self, task: _Again, result: Abandoned) -> None:
        """Ask the next URL."""
        task.wrong.problem = f"{result.outcome}: {result.message}"
        await self._next(task)

    async def _next(self, task: _Again) -> None:
        if task.left:
            task.asked = task.left.pop(0)
            await self.downloader.submit(task, task.asked)
            return
        if task.wrong.paths and not task.wrong.problem:
            task.wrong.problem = "nobody knows where it came from"
        self._open -= 1
        if self._open == 0:
            self.downloader.close()


async def fetch_again(objects: ObjectStore, found: list[Wrong], manners: Manners) -> None:
    """Ask the URLs that gave these images once, politely, until one gives the very bytes again."""
    if not found:
        return
    mender = _Mender(objects, manners)
    await mender.begin(found)
    await run_spider(
        FetchSpider, mender.downloader, manners.limits, page_of=lambda task: task.wrong.urls.get(task.asked, "")
    )
