"""``land``: survivors → objects and manifests. Idempotent: names derive from content and from offsets.

The order of a batch, so that a kill at any point leaves nothing that the next run doesn't mend:

    1. write the provenance of the new survivors and copy them out of the blob store
    2. write a part of each synset's manifest
    3. move out what was replaced
    4. commit the positions
"""

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import msgspec

from synsift.dedupe import EXTENSIONS, Fingerprint
from synsift.pipelines.controls.steering import Steering
from synsift.pipelines.errors import DamagedBlob, NoSuchObject
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.metrics import WORK_SECONDS
from synsift.pipelines.reading import BROKEN_RECORD, Broken, Skipped, read, read_bytes
from synsift.pipelines.records import Survivor, encode
from synsift.pipelines.stage import COUNTED
from synsift.pipelines.stages.batch_stage import LingeringStage
from synsift.pipelines.stages.dedupe_state import fingerprint_of
from synsift.pipelines.stages.part_writer import PartWriter
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.base import ObjectStore
from synsift.pipelines.storage.manifests import encode_part
from synsift.pipelines.topics import Router

BLOB_MISSING: Final = "blob_missing"
BLOB_DAMAGED: Final = "blob_damaged"


@dataclass(frozen=True, slots=True)
class LandOptions:
    """What a land stage needs of the configuration."""

    batch: int
    linger_s: float
    threads: int


@dataclass(frozen=True, slots=True)
class Landing:
    """A survivor on its way to its object."""

    message: Message
    survivor: Survivor

    @property
    def wnid(self) -> str:
        """Its synset."""
        return self.survivor.candidate.wnid

    @property
    def identity(self) -> tuple[str, str]:
        """Its synset and SHA-256: the same image may land in other synsets of the batch, or fail to."""
        return self.wnid, self.survivor.candidate.image.sha256


class LandStage(LingeringStage):
    """Writes what consumers read."""

    name = "land"

    def __init__(
        self, log: Log, router: Router, *, objects: ObjectStore, options: LandOptions, steering: Steering | None = None
    ) -> None:
        steering = steering or Steering(log)
        super().__init__(log, router, batch=options.batch, linger_s=options.linger_s, steering=steering)
        self._objects = objects
        self._options = options
        self._parts = PartWriter(objects, layout.MANIFESTS)
        self._writers = ThreadPoolExecutor(options.threads, thread_name_prefix="land-work")

    async def run(self) -> None:
        """Work until ``stop``; then leave the group."""
        try:
            await super().run()
        finally:
            self._writers.shutdown()

    def make_durable(self) -> None:
        """Objects and manifests first, then the position that they are done."""
        self._objects.sync()

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Remember that parts of an interrupted batch may lie about in this partition's manifests."""
        self._parts.take_over(partition)

    def forget(self, partition: int) -> None:
        """Drop what is known of a partition's manifests."""
        self._parts.forget(partition)

    def work(self, messages: Sequence[Message]) -> None:
        """Land a batch; see the module's docstring for the order."""
        landings = [landing for landing in self._decode(messages) if not self._is_blocked(landing)]
        replaced = {(landing.wnid, landing.survivor.replaces) for landing in landings if landing.survivor.replaces}
        missing: dict[tuple[str, str], tuple[str, str]] = {}

        def copy(landing: Landing) -> None:
            sha256 = landing.survivor.candidate.image.sha256
            try:
                self._copy(landing)
            except NoSuchObject:
                missing[landing.identity] = BLOB_MISSING, f"blob {sha256} is not in the store"
            except DamagedBlob as exc:
                missing[landing.identity] = BLOB_DAMAGED, str(exc)

        # What is replaced within the batch needs no object, and what others were withdrawn for landed when it came.
        standing = [x for x in landings if x.identity not in replaced]
        self._all(copy, [x for x in standing if not x.survivor.relation])
        landed = [x for x in landings if x.identity not in missing]
        again = self._write_manifests(landings, missing.keys())
        moved = {x.identity for x in landed} & replaced

        def move_out(one: tuple[str, str]) -> None:
            if self._move_out(one) or one[0] in again:
                moved.add(one)

        self._all(move_out, sorted(replaced))
        for landing in landings:
            has_moved = (landing.wnid, landing.survivor.replaces) in moved
            self._finish(landing, missing.get(landing.identity), has_moved=has_moved)

    def _decode(self, messages: Iterable[Message]) -> list[Landing]:
        landings: list[Landing] = []
        for message in messages:
            survivor = read(Survivor, message, self._router)
            if not isinstance(survivor, Broken) and survivor.candidate.image.format not in EXTENSIONS:
                survivor = Broken(BROKEN_RECORD, f"format {survivor.candidate.image.format[:20]!r} is unknown")
            if isinstance(survivor, Broken):
                self._ledger.reject(message, survivor.outcome, survivor.text)
                continue
            landings.append(Landing(message, survivor))
        return landings

    def _is_blocked(self, landing: Landing) -> bool:
        """Whether an image must not land by what operators say; then what it replaces stays, if it may itself."""
        view = self.view
        image = fingerprint_of(landing.survivor.candidate.image) if view.blocks_images else None
        stop = view.of_image(image) if isinstance(image, Fingerprint) else None
        if stop is not None:
            self._ledger.reject(landing.message, stop.how, stop.text, wnid=landing.wnid)
        return stop is not None

    def _copy(self, landing: Landing) -> None:
        with WORK_SECONDS.labels(self.name).time():
            image = landing.survivor.candidate.image
            provenance, target = layout.provenance(landing.wnid, image.sha256), layout.candidate(landing.wnid, image)
            found = self._check(image.sha256, target)
            # First, and deleted last: wherever a run is cut off, an image has its provenance, by which it is found
            # again when it must be moved out.
            self._objects.put(provenance, msgspec.json.format(encode(landing.survivor), indent=2))
            if found is None:
                return
            data, tag = found
            try:
                if not self._objects.copy_known(layout.blob(image.sha256), target, data):
                    self._check_copied(image.sha256, target, tag)
            except (NoSuchObject, DamagedBlob):
                self._objects.delete(provenance)
                raise

    def _check(self, sha256: str, target: str) -> tuple[bytes, str] | None:
        """Make sure that an image's bytes are those that name it: disks rot, and power cuts leave empty files.

        Gives the bytes that were looked at, and what marks them. None if its blob is not whole any more, and it has
        landed whole before that, in a run that was cut off.
        """
        try:
            data, tag = self._objects.get_tagged(layout.blob(sha256))
            if hashlib.sha256(data).hexdigest() != sha256:
                raise DamagedBlob(f"blob {sha256} is not the image of that name")
        except (NoSuchObject, DamagedBlob):
            with contextlib.suppress(NoSuchObject):
                if self._is_whole(target, sha256):
                    return None
            raise
        return data, tag

    def _check_copied(self, sha256: str, target: str, tag: str) -> None:
        """Make sure that what was copied is what was looked at: by the store's own mark, else by reading it."""
        if (tag and self._objects.tag(target) == tag) or self._is_whole(target, sha256):
            return
        self._objects.delete(target)
        raise DamagedBlob(f"blob {sha256} was damaged while it was copied")

    def _is_whole(self, path: str, sha256: str) -> bool:
        return hashlib.sha256(self._objects.get(path)).hexdigest() == sha256

    def _write_manifests(self, landings: Sequence[Landing], missing: Collection[tuple[str, str]]) -> set[str]:
        """Write the parts of a batch. Gives the synsets of which an interrupted try had written one before.

        What could not land has no row, but its offset is covered: a part without rows, too, says that something became
        of the synset, for what was to be replaced is moved out all the same.
        """
        again: set[str] = set()
        parts: dict[tuple[str, int], list[Landing]] = defaultdict(list)
        for landing in landings:
            parts[(landing.wnid, landing.message.partition)].append(landing)

        def write(key: tuple[str, int]) -> None:
            rows = [(x.message.offset, x.survivor) for x in parts[key] if x.identity not in missing]
            offsets = [landing.message.offset for landing in parts[key]]
            part = layout.ManifestPart(*key, first=offsets[0], last=offsets[-1])
            if self._parts.write(part, encode_part(rows)):
                again.add(part.wnid)

        self._all(write, sorted(parts))
        return again

    def _move_out(self, replaced: tuple[str, str]) -> bool:
        """Take away a replaced survivor's object, then its provenance. The blob stays until it is swept.

        False if it isn't there.
        """
        wnid, sha256 = replaced
        provenance = layout.provenance(wnid, sha256)
        try:
            survivor = read_bytes(Survivor, self._objects.get(provenance))
        except NoSuchObject:
            return False  # replaced within its own batch, never landed, or moved out before a restart
        if isinstance(survivor, Broken):
            # Its format, and so its object's name, isn't known: it is one of a few.
            for extension in sorted(set(EXTENSIONS.values())):
                self._objects.delete(layout.named_candidate(wnid, sha256, extension))
        else:
            self._objects.delete(layout.candidate(wnid, survivor.candidate.image))
        self._objects.delete(provenance)
        return True

    def _finish(self, landing: Landing, problem: tuple[str, str] | None, *, has_moved: bool) -> None:
        moved = Count(landing.wnid, "moved_out", int(has_moved))
        if problem is None:
            is_new = all(name != COUNTED for name, _ in landing.message.headers)
            self._ledger.finish(landing.message, [], [Count(landing.wnid, "landed", int(is_new)), moved])
        else:
            letter = self._ledger.dead_letter(landing.message, *problem, wnid=landing.wnid)
            self._ledger.finish(landing.message, [letter], [Count(landing.wnid, problem[0]), moved])

    def _all(self, work: Callable[..., None], items: Sequence[object]) -> None:
        """Do the same to all, a few at once; raise the first error."""
        if self._options.threads == 1:
            for item in items:
                work(item)
            return
        for _ in self._writers.map(work, items):
            pass
