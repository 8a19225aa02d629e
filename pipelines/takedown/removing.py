"""Take images down, by the log and in the store. Idempotent: cut off anywhere, the same command ends it.

1. tombstones: from now on no worker lets them in, by any URL, in any disguise
2. wait until workers that run have heard, and have ended what they were on with
3. the receipt, as begun: what goes is written down before it goes
4. batches for voters that show them are closed; objects go, rows of tables go
5. the receipt, as done
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from synsift.crawler.wording import masked
from synsift.dedupe import EXTENSIONS
from synsift.pipelines.clock import now_text
from synsift.pipelines.control_records import Control
from synsift.pipelines.controls.steering import read_view
from synsift.pipelines.controls.writing import say
from synsift.pipelines.errors import DamagedPart, NoSuchObject, StoreError
from synsift.pipelines.log.base import Log
from synsift.pipelines.patterns import ANY, url_target
from synsift.pipelines.reading import Skipped, read_all
from synsift.pipelines.records import Conflict, Verified
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.redaction import without
from synsift.pipelines.takedown.finding import Found
from synsift.pipelines.takedown.named import Wanted
from synsift.pipelines.topics import Router
from synsift.pipelines.unreadable import UNREADABLE
from synsift.pipelines.voting import read_tasks

_TABLES: Final = {
    layout.MANIFESTS: ("sha256",),
    layout.CONFLICTS: ("sha256", "other_sha256"),
    layout.VERIFIED: ("sha256",),
    layout.CURRENT: ("sha256",),
}
_HEARD_S: Final = 1.5
_MOST_WAIT_S: Final = 30.0
_LOOK_S: Final = 0.2
_THREADS: Final = 16
_MAX_URL: Final = 2_000


@dataclass(frozen=True, slots=True)
class Request:
    """A take-down as it was asked for.

    Attributes:
        wanted: What is to go.
        who: Who wants it.
        why: Their reason.
    """

    wanted: Wanted
    who: str
    why: str

    @property
    def id(self) -> str:
        """Names it: the same is asked for, the same name."""
        wanted = self.wanted
        like = sorted(image.sha256 for image in wanted.like)
        parts = [sorted(wanted.urls), sorted(wanted.sha256), sorted(wanted.authors), like]
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


@dataclass(slots=True)
class Removed:
    """What went.

    Attributes:
        objects: Of the store.
        rows: Of tables, by object.
        batches: For voters, that were closed.
        tombstones: Controls that were written.
        is_sure: Whether no worker may have written one of them meanwhile.
    """

    objects: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    tombstones: int = 0
    is_sure: bool = True


def take_down(
    log: Log, router: Router, objects: ObjectStore, request: Request, found: Sequence[Found]
) -> dict[str, Any]:
    """Take images down; gives the receipt.

    Args:
        log: Its log.
        router: Makes entries.
        objects: The store.
        request: What was asked for.
        found: What is meant by that.

    Raises:
        StoreError: The store can't be written; the same again goes on.
        LogUnavailable: The log is away; the same.
    """
    removed = Removed()
    controls = list(tombstones(request, found))
    removed.tombstones = len(say(log, router, read_view(log), controls))
    removed.is_sure = _let_workers_hear(log)
    before = read_receipt(objects, request.id)
    removed.objects = there(objects, paths_of(objects, found))
    objects.put(layout.receipt(request.id), _json(receipt(request, found, removed, before, state="begun")))
    objects.sync()
    removed.batches = _close_batches(log, router, found)
    _delete(objects, removed.objects)
    _cut_rows(log, objects, found, removed)
    told = receipt(request, found, removed, before, state="done" if removed.is_sure else "begun")
    objects.put(layout.receipt(request.id), _json(told))
    objects.sync()
    return told


def tombstones(request: Request, found: Sequence[Found]) -> Iterator[Control]:
    """What keeps images from ever coming back, and their URLs from being asked."""

    def control(subject: str, target: str, fingerprint: str = "") -> Control:
        return Control(
            action="block",
            subject=subject,
            target=target,
            who=request.who,
            why=request.why,
            at=now_text(),
            fingerprint=fingerprint,
            removal=request.id,
        )

    for one in found:
        yield control("sha256", one.sha256)
        if one.fingerprint:
            yield control("fingerprint", one.sha256, one.fingerprint)
    urls = sorted(
        {url_target(url) for one in found for url in one.urls} | {url_target(url) for url in request.wanted.urls}
    )
    given = {url_target(url) for url in request.wanted.urls}
    for url in urls:
        if len(url) <= _MAX_URL and (ANY not in url or url in given):
            yield control("url", url)


def paths_of(objects: ObjectStore, found: Sequence[Found]) -> list[str]:
    """Objects of images that there may be: those that are there, and those of which that would take as long to ask."""
    paths: list[str] = []
    extensions = sorted(set(EXTENSIONS.values()))
    shelves = {one.sha256[:2] for one in found}
    for shelf in sorted(shelves):
        digests = {one.sha256 for one in found}
        paths += [
            path for path in objects.list(f"features/{shelf}/") if path.rpartition("/")[2].partition(".")[0] in digests
        ]
    for one in found:
        ends = [EXTENSIONS[one.format]] if one.format in EXTENSIONS else extensions
        for wnid in sorted(one.wnids):
            paths += [layout.named_candidate(wnid, one.sha256, end) for end in ends]
            paths.append(layout.provenance(wnid, one.sha256))
        paths.append(layout.blob(one.sha256))
    return paths


def there(objects: ObjectStore, paths: Sequence[str]) -> list[str]:
    """Those of some objects that are there."""
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="remove") as pool:
        sizes = list(pool.map(objects.size_bytes, paths))
    return [path for path, size_bytes in zip(paths, sizes, strict=True) if size_bytes >= 0]


def _delete(objects: ObjectStore, paths: Sequence[str]) -> None:
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="remove") as pool:
        for _ in pool.map(objects.delete, paths):
            pass


def _cut_rows(log: Log, objects: ObjectStore, found: Sequence[Found], removed: Removed) -> None:
    """Leave them out of tables: of manifests, and of what stands beside these."""
    gone = {one.sha256 for one in found}
    for folder, columns in _TABLES.items():
        for wnid in sorted(_synsets(log, folder, found)):
            for path in _tables_of(objects, folder, wnid):
                if number := _cut(objects, path, columns, gone):
                    removed.rows[path] = number


def _tables_of(objects: ObjectStore, folder: str, wnid: str) -> list[str]:
    """Tables of a synset in a folder. The view comes last: what is made of manifests is cut after these."""
    if folder == layout.CURRENT:
        return [layout.current_view(wnid)]
    return [path for path in objects.list(f"{folder}{wnid}/") if layout.part_in(folder, path) is not None]


def _synsets(log: Log, folder: str, found: Sequence[Found]) -> set[str]:
    """Synsets whose tables may name them: of a pair both, and of gold those for which it was shown."""
    gone = {one.sha256 for one in found}
    wnids = {wnid for one in found for wnid in one.wnids}
    if folder == layout.CONFLICTS:
        pairs = [pair for pair in read_all(log, Conflict, Skipped()) if gone & {pair.sha256, pair.other_sha256}]
        return wnids | {wnid for pair in pairs for wnid in (pair.wnid, pair.other_wnid)}
    if folder == layout.VERIFIED:
        return wnids | {one.wnid for one in read_all(log, Verified, Skipped()) if one.sha256 in gone}
    return wnids


def _cut(objects: ObjectStore, path: str, columns: Sequence[str], gone: set[str]) -> int:
    try:
        data, number = without(objects.get(path), columns, gone)
    except NoSuchObject:
        return 0  # of a batch that was cut off, and is written anew
    except StoreError:
        raise
    except Exception as exc:  # Arrow and Python have many words for what can be wrong with old bytes
        if layout.current_wnid(path) is not None:
            objects.delete(path)  # it is made of manifests, and is made of them anew
            return 0
        hint = "`synsift storage verify --fetch-again` writes it anew by the log; then run the same again"
        raise DamagedPart(f"{path} can't be read: it is no part of a table", hint=hint) from exc
    if number and data is None:
        objects.delete(path)
    elif number and data is not None:
        objects.put(path, data)
    return number


def _close_batches(log: Log, router: Router, found: Sequence[Found]) -> int:
    """Show them to no voter: batches that have one are closed, and the next plan makes others of the rest."""
    gone = {one.sha256 for one in found}
    closed = [
        msgspec.structs.replace(task, is_open=False)
        for task in read_tasks(log, Skipped()).values()
        if task.is_open and not gone.isdisjoint(task.images)
    ]
    log.produce([router.task(task) for task in closed])
    return len(closed)


def _let_workers_hear(log: Log, clock: Callable[[], float] = time.monotonic) -> bool:
    """Wait until what workers began before they heard has ended; False if that took too long."""
    owned = _busy(log)
    if owned is None:
        return True
    time.sleep(_HEARD_S)
    begun = _busy(log) or {}
    deadline_s = clock() + _MOST_WAIT_S
    while begun and clock() < deadline_s:
        now = _busy(log) or {}
        begun = {place: at for place, at in begun.items() if now.get(place) == at}
        if begun:
            time.sleep(_LOOK_S)
    return not begun


def _busy(log: Log) -> dict[tuple[str, int], int] | None:
    """Positions of partitions that workers have, and have something to do in; None where there are no workers."""
    found: dict[tuple[str, int], int] = {}
    has_workers = False
    for stage in ("dedupe", "land"):
        for lag in log.lag(stage, INPUTS[stage].name):
            has_workers = has_workers or bool(lag.owner)
            if lag.owner and lag.records:
                found[stage, lag.partition] = lag.committed
    return found if has_workers else None


def receipt(
    request: Request, found: Sequence[Found], removed: Removed, before: dict[str, Any], *, state: str
) -> dict[str, Any]:
    """What is kept of a take-down: what was asked for, what was found, what went. Nobody's picture, nor a secret."""
    rows: dict[str, int] = dict(before.get("rows", {}))
    for path, number in removed.rows.items():
        rows[path] = rows.get(path, 0) + number
    images = {one["sha256"]: one for one in before.get("images", ())}
    for one in found:
        if not one.is_known:
            continue
        urls = sorted(masked(url) for url in one.urls)
        images[one.sha256] = {
            "sha256": one.sha256,
            "because": one.because,
            "synsets": sorted(one.wnids),
            "urls": urls,
        }
    return {
        "id": request.id,
        "state": state,
        "at": before.get("at") or now_text(),
        "who": request.who,
        "why": request.why,
        "asked": {
            "url": [masked(url) for url in request.wanted.urls],
            "sha256": list(request.wanted.sha256),
            "author": list(request.wanted.authors),
            "like": [image.sha256 for image in request.wanted.like],
        },
        "images": [images[sha256] for sha256 in sorted(images)],
        "unknown": [one.sha256 for one in found if not one.is_known and one.sha256 in request.wanted.sha256],
        "objects": sorted({*before.get("objects", ()), *removed.objects}),
        "rows": rows,
        "batches": before.get("batches", 0) + removed.batches,
    }


class _Receipt(msgspec.Struct):
    """What is read again of one."""

    at: str = ""
    images: list[dict[str, Any]] = []
    objects: list[str] = []
    rows: dict[str, int] = {}
    batches: int = 0


def read_receipt(objects: ObjectStore, removal: str) -> dict[str, Any]:
    """The receipt of an earlier run; nothing if there is none, or it can't be read."""
    try:
        found = msgspec.json.decode(objects.get(layout.receipt(removal)), type=_Receipt)
    except (NoSuchObject, *UNREADABLE):
        return {}
    images = [one for one in found.images if isinstance(one.get("sha256"), str)]
    return {"at": found.at, "images": images, "objects": found.objects, "rows": found.rows, "batches": found.batches}


def _json(told: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(told), indent=2)
