"""Manifests → the view of what stands now, one object a synset, renewed where its manifest has changed.

    manifests/<wnid>/*.parquet ──standing, and there──▶ a file ──put──▶ current/wnid=<wnid>/part-0.parquet
                                              before and after that: has the manifest changed meanwhile? once more

The view follows from the manifests and the images that are there, and nothing reads it back: whatever becomes of it,
it is made anew. An object is put whole or not at all, so that a reader sees a synset as it was or as it is, never half
and never twice; several who renew it at once end with the same. What a synset's view was made of stands in
``synsift-current.json`` by the marks that the store gives to objects: if that is lost, or is wrong, work is done again,
and that is all.
"""

import hashlib
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Final, Protocol

import msgspec

from synsift.crawler.ontology.base import is_identifier
from synsift.pipelines.errors import DamagedPart, NoSuchObject, StoreError
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.current import FORM, write_current
from synsift.pipelines.storage.standing import account_of, standing_of
from synsift.pipelines.unreadable import UNREADABLE

_THREADS: Final = 4
_TRIES: Final = 3
"""A synset whose manifest changes each time is landing now: whoever comes next renews it."""
_NOTED_EVERY: Final = 500


class ViewedStore(Protocol):
    """What is needed of object storage."""

    def get(self, path: str) -> bytes:
        """Read an object."""

    def put(self, path: str, data: bytes) -> bool:
        """Write an object whole, or not at all."""

    def put_file(self, path: str, file: IO[bytes]) -> str:
        """The same, of a file; gives what marks these bytes of it for the store."""

    def delete(self, path: str) -> None:
        """Delete an object; one that doesn't exist is deleted already."""

    def list_tagged(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Paths below a prefix, and what marks the bytes of each as they are now."""


class Outcome(StrEnum):
    """What became of the view of a synset."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    DELETED = "deleted"  # nothing of the synset stands
    CHANGING = "changing"  # its manifest changes as it is read: it is landing now
    UNREADABLE = "unreadable"  # a part of its manifest can't be read; its view stays as it was


class _Made(msgspec.Struct, frozen=True):
    """What a view was made of, and what marks its bytes; no mark where nothing stands."""

    of: str
    tag: str = ""


class _Index(msgspec.Struct):
    """What views were made of, by synset."""

    form: int = FORM
    synsets: dict[str, _Made] = {}


@dataclass(frozen=True, slots=True)
class _View:
    """A view that was written: how many images stand in it, and what marks its bytes."""

    images: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A synset that was looked at.

    Attributes:
        wnid: The synset.
        outcome: What became of its view.
        images: How many stand in it, if it was written.
        problem: What is wrong with its manifest; empty for nothing.
        made: For the next time.
    """

    wnid: str
    outcome: Outcome
    images: int = 0
    problem: str = ""
    made: _Made | None = None


def compact(objects: ViewedStore, wnids: Collection[str] | None = None, *, anew: bool = False) -> Iterator[Renewed]:
    """Renew the view. Has its effect as it is iterated over.

    Args:
        objects: The store.
        wnids: Of these synsets only; None for all.
        anew: Whether to write also what is as it should be, by the index.

    Raises:
        StoreError: The store can't be read or written. What was renewed stays, and the same again goes on.
    """
    compactor = _Compactor(objects, anew=anew)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="compact") as pool:
        for number, renewed in enumerate(pool.map(compactor.renew, compactor.begin(wnids)), 1):
            if compactor.note(renewed) and number % _NOTED_EVERY == 0:
                compactor.write_index()
            yield renewed
    compactor.write_index()


class Fresh:
    """Tells which views are made of the manifests as they are now.

    Attributes:
        made: What each view was made of, by synset.
        tags: What marks the bytes of each, by synset.
        account: Parts of manifests by synset, each with its mark.
    """

    def __init__(self, objects: ViewedStore) -> None:
        """Look at the store once."""
        self.made = _read_index(objects)
        views = objects.list_tagged(layout.CURRENT)
        self.tags = {wnid: tag for path, tag in views if (wnid := layout.current_wnid(path))}
        self.account = _account(objects, layout.MANIFESTS)

    def __call__(self, wnid: str) -> bool:
        """Whether the view of a synset is, and nobody else wrote it since."""
        return self.is_due(wnid) and self.made[wnid].tag == self.tags.get(wnid, "")

    def is_due(self, wnid: str) -> bool:
        """Whether the view of a synset was made of its manifest as it is now, whoever wrote at its place since."""
        made = self.made.get(wnid)
        return made is not None and made.of == _digest(self.account.get(wnid, {}))


class _Compactor:
    """Renews synsets, several at once."""

    def __init__(self, objects: ViewedStore, *, anew: bool) -> None:
        self._objects = objects
        self._anew = anew
        self._seen = Fresh(objects)
        self._made = self._seen.made
        self._changed = False

    def begin(self, wnids: Collection[str] | None) -> list[str]:
        """The synsets that are to be looked at; those that are gone are forgotten."""
        known = self._seen.account.keys() | self._seen.tags.keys()
        for wnid in self._made.keys() - known:
            del self._made[wnid]
            self._changed = True
        return sorted(known if wnids is None else known & set(wnids))

    def renew(self, wnid: str) -> Renewed:
        """Bring the view of a synset up to its manifest."""
        if not self._anew and self._seen(wnid):
            return Renewed(wnid, Outcome.UNCHANGED, made=self._made[wnid])
        account = self._seen.account.get(wnid, {})
        for _ in range(_TRIES):
            before = account
            try:
                view = self._write(wnid, account)
            except NoSuchObject:
                view = None  # a part of a batch that was cut off, and is written anew
            except DamagedPart as exc:
                return Renewed(wnid, Outcome.UNREADABLE, problem=str(exc))
            # What was taken down or landed meanwhile must not be missed: whoever changed the manifest may have changed
            # the view before this one was put.
            account = self._account_of(wnid)
            if view is not None and before == account:
                outcome = Outcome.WRITTEN if view.images else Outcome.DELETED
                made = _Made(_digest(account), view.tag) if view.tag or not view.images else None
                return Renewed(wnid, outcome, view.images, made=made)
        return Renewed(wnid, Outcome.CHANGING)

    def _write(self, wnid: str, account: Mapping[str, str]) -> "_View | None":
        """Write a view by some parts; None, and nothing is written, if the manifest is another one by now.

        An image comes before the row that names it, and what that replaces goes after it. So what was there while the
        manifest stayed the same is what stands; of two states a view could lack an image that stands in both.
        """
        target, there = layout.current_view(wnid), images_there(self._objects, wnid)
        standing = standing_of(self._objects, wnid, account_of(account).get(wnid, []))
        rows = (row for row in standing.rows if row["sha256"] in there)
        with tempfile.TemporaryFile(prefix="synsift-current-") as file:  # without a name: gone with the process
            images = _write_file(wnid, rows, file)
            if self._account_of(wnid) != account:
                return None
            if images:
                return _View(images, self._objects.put_file(target, file))
        self._objects.delete(target)
        return _View(0)

    def _account_of(self, wnid: str) -> dict[str, str]:
        return _account(self._objects, f"{layout.MANIFESTS}{wnid}/").get(wnid, {})

    def note(self, renewed: Renewed) -> bool:
        """Remember what a view was made of. Whether there is anything to write down."""
        if renewed.outcome is not Outcome.UNCHANGED:
            self._changed = True
            if renewed.made is None:
                self._made.pop(renewed.wnid, None)
            else:
                self._made[renewed.wnid] = renewed.made
        return self._changed

    def write_index(self) -> None:
        """Write down what views were made of."""
        if self._changed:
            self._changed = False
            self._objects.put(layout.CURRENT_INDEX, msgspec.json.encode(_Index(FORM, self._made)))


def _write_file(wnid: str, rows: Iterable[Mapping[str, object]], file: IO[bytes]) -> int:
    try:
        return write_current(wnid, rows, file)
    except (StoreError, OSError):
        raise
    except Exception as exc:  # Arrow has many words for what can be wrong with a table
        raise DamagedPart(f"{layout.MANIFESTS}{wnid}/ can't be read: {str(exc)[:200]}") from exc


def _read_index(objects: ViewedStore) -> dict[str, _Made]:
    try:
        found = msgspec.json.decode(objects.get(layout.CURRENT_INDEX), type=_Index)
    except (NoSuchObject, *UNREADABLE):
        return {}
    return dict(found.synsets) if found.form == FORM else {}


def _account(objects: ViewedStore, prefix: str) -> dict[str, dict[str, str]]:
    """Parts of manifests by synset, each with its mark."""
    found: dict[str, dict[str, str]] = {}
    for path, tag in objects.list_tagged(prefix):
        part = layout.manifest_part(path)
        if part is not None and is_identifier(part.wnid):
            found.setdefault(part.wnid, {})[path] = tag
    return found


def images_there(objects: ViewedStore, wnid: str) -> set[str]:
    """Images of a synset whose object is there: what is to replace one may have had no bytes to land with."""
    paths = (path for path, _ in objects.list_tagged(f"{layout.CANDIDATES}{wnid}/"))
    return {sha256 for path in paths if (sha256 := layout.candidate_sha256(path)) is not None}


def _digest(account: Mapping[str, str]) -> str:
    """Names some parts of a manifest, as they are."""
    return hashlib.sha256(msgspec.json.encode(sorted(account.items()))).hexdigest()[:32]
