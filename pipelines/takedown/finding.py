"""What of a log is meant by a take-down: the images that were named, and all copies of them.

All that names an image is read once. Of each only what tells copies is kept, some 200 bytes, so that a million are
compared in seconds; what seems near is read again and looked at by the matcher.
"""

import binascii
import itertools
from array import array
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synsift.dedupe import Fingerprint, MatchOptions
from synsift.dedupe.fingerprint import RECORD, VERSION
from synsift.dedupe.reference import Reference
from synsift.dedupe.sieve import Sieve, grains
from synsift.pipelines import topics
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.takedown.named import (
    CANDIDATE,
    DUPLICATE,
    FETCHED,
    SURVIVOR,
    TOPICS,
    Meant,
    NamedCandidate,
    NamedImage,
    Wanted,
    images_in,
    named_in,
)
from synsift.pipelines.unreadable import UNREADABLE

_COPIES: Final = frozenset({"exact", "near", "copy"})
_STEP: Final = 4_096
_MAX_ROUNDS: Final = 8
_SHA256: Final = b'"sha256":"'
"""Before an image's digest; within a text of a record its quotation marks are escaped."""
_MANY: Final = 50
"""So many records of a partition are read in one go, with those between them."""
_HEAD: Final = f"{VERSION}:"
_HEAD_CHARACTERS: Final = -(-RECORD.itemsize // 3) * 4


@dataclass(slots=True)
class Found:
    """An image that is to go.

    Attributes:
        sha256: Of the file.
        because: ``named``, or ``copy``.
        format: As named by the decoder; empty if no record says.
        fingerprint: In its text form; empty if no record has it.
        wnids: Synsets under which it survived once.
        urls: That gave it.
        is_known: Whether a record names it; one that was only asked for by its SHA-256, or is at hand, may be nowhere.
    """

    sha256: str
    because: str
    format: str = ""
    fingerprint: str = ""
    wnids: set[str] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)
    is_known: bool = False


@dataclass(slots=True)
class _Step:
    """Rows that are not packed yet."""

    digests: list[bytes] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)


_OFFSET_BITS: Final = 44
_PARTITION_BITS: Final = 16


class Inventory:
    """What the log knows of images: which there are, where each is named, which are copies of which."""

    def __init__(self, log: Log, wanted: Wanted) -> None:
        """Read the log.

        Args:
            log: Which.
            wanted: What is looked for.
        """
        self._log = log
        self._meant = Meant(wanted)
        self._step = _Step()
        self._known: set[bytes] = set()
        self._digests: list[NDArray[np.void]] = []
        self._places: list[NDArray[np.int64]] = []
        # Of every record that names an image: the first bytes of its SHA-256, and where it stands.
        self._prefixes, self._named_at = array("Q"), array("q")
        self._links = bytearray()
        self.named: dict[str, str] = dict.fromkeys(wanted.sha256, "")
        self.unread = 0
        self._base = 0
        # What tells copies is worked out beside the reading, which is what takes time.
        self._packing: list[Future[NDArray[np.void]]] = []
        with ThreadPoolExecutor(1, thread_name_prefix="grains") as self._packer:
            self._read()
        self._grains = [one.result() for one in self._packing]

    def _read(self) -> None:
        readers: dict[str, Callable[[Message], None]] = {
            topics.SURVIVORS.name: self._survivor,
            topics.DUPLICATES.name: self._duplicate,
            topics.CANDIDATES.name: self._candidate,
            topics.FETCHED.name: self._fetched,
        }
        for number, topic in enumerate(TOPICS):
            read = readers[topic.name]
            for partition in range(self._log.partitions):
                self._base = (number << _PARTITION_BITS | partition) << _OFFSET_BITS
                for message in self._log.read(topic.name, partition):
                    if message.value is None:
                        continue
                    try:
                        read(message)
                    except UNREADABLE:
                        self.unread += 1
        self._pack()

    def _survivor(self, message: Message) -> None:
        record = SURVIVOR.decode(message.value or b"")
        if record.replaces and record.relation in ("", "copy"):
            self._link(record.candidate.image.sha256, record.replaces)
        self._take(record.candidate, message)

    def _duplicate(self, message: Message) -> None:
        record = DUPLICATE.decode(message.value or b"")
        if record.kind in _COPIES:
            self._link(record.sha256, record.of)
        if record.candidate is not None:
            self._take(record.candidate, message)

    def _candidate(self, message: Message) -> None:
        self._take(CANDIDATE.decode(message.value or b""), message)

    def _fetched(self, message: Message) -> None:
        if not self._meant.reads_urls and self._is_known(message):
            return
        record = FETCHED.decode(message.value or b"")
        if record.image is not None:
            urls = (record.url, record.answer.final_url if record.answer else "")
            self._add(record.image, message, is_named=self._meant.image(record.image.sha256, urls))

    def _is_known(self, message: Message) -> bool:
        """Whether all there is to know of a record is that it names an image that is known: then it needn't be read."""
        value = message.value or b""
        at = value.find(_SHA256)
        digest = _digest(value[at + len(_SHA256) :][:64].decode("latin-1")) if at >= 0 else None
        if digest is None or digest not in self._known:
            return False
        self._prefixes.append(_prefix(digest))
        self._named_at.append(self._base | message.offset)
        return True

    def _take(self, found: NamedCandidate, message: Message) -> None:
        urls = (found.url, found.answer.final_url if found.answer else "", found.found_by.landing_page)
        self._add(found.image, message, is_named=self._meant.image(found.image.sha256, urls, found.found_by.author))

    def _add(self, image: NamedImage, message: Message, *, is_named: bool) -> None:
        if is_named:
            self.named[image.sha256] = image.hash or self.named.get(image.sha256, "")
        digest = _digest(image.sha256)
        if digest is None:
            return
        self._prefixes.append(_prefix(digest))
        self._named_at.append(self._base | message.offset)
        if digest in self._known:
            return
        data = _head_of(image.hash)
        if data is None:
            self.unread += 1
            return
        self._known.add(digest)
        self._step.digests.append(digest)
        self._step.places.append(self._base | message.offset)
        self._step.records.append(data)
        if len(self._step.digests) >= _STEP:
            self._pack()

    def _link(self, one: str, other: str) -> None:
        first, second = _digest(one), _digest(other)
        if first is not None and second is not None:
            self._links += first + second

    def _pack(self) -> None:
        step, self._step = self._step, _Step()
        if not step.digests:
            return
        self._digests.append(np.frombuffer(b"".join(step.digests), dtype="V32"))
        self._places.append(np.array(step.places, dtype=np.int64))
        rows = np.frombuffer(b"".join(step.records), dtype=RECORD)
        self._packing.append(self._packer.submit(grains, rows))

    def linked(self, digests: set[bytes]) -> set[bytes]:
        """What the log calls a copy of some images, or what it calls these copies of; that of these, too."""
        pairs = np.frombuffer(bytes(self._links), dtype=np.uint8).reshape(-1, 2, 32)
        prefixes = _prefixes(pairs)
        found, fresh = set(digests), digests
        while fresh and len(pairs):
            touched = np.isin(prefixes, [_prefix(digest) for digest in fresh]).any(axis=1)
            near = {bytes(one) for pair in pairs[touched] for one in pair}
            fresh = near - found
            found |= fresh
        return found

    def near(self, images: Sequence[Fingerprint], options: MatchOptions) -> Iterator[str]:
        """What the matcher finds near to some pictures, in either direction."""
        usable = {image.sha256: image for image in images}
        if not usable:
            return
        sieve, reference = Sieve(usable.values(), options), Reference(usable, (), options)
        for digests, places, known in zip(self._digests, self._places, self._grains, strict=True):
            for number in sieve.passing(known):
                sha256 = bytes(digests[number]).hex()
                picture = _fingerprint(self._text_at(int(places[number]), sha256)) if sha256 not in usable else None
                if picture is not None and _is_near(picture, reference, usable.values(), options):
                    yield sha256

    def texts(self, digests: set[bytes]) -> dict[str, str]:
        """Fingerprints of some images, as records have them."""
        found: dict[str, str] = {}
        wanted = [_prefix(digest) for digest in digests]
        for some, places in zip(self._digests, self._places, strict=True) if digests else ():
            prefixes = _prefixes(some.view(np.uint8).reshape(-1, 32))
            for number in np.flatnonzero(np.isin(prefixes, wanted)):
                sha256 = bytes(some[number]).hex()
                found[sha256] = self._text_at(int(places[number]), sha256)
        return found

    def messages(self, digests: set[bytes]) -> Iterator[Message]:
        """All records that name one of some images, and a few that don't."""
        wanted = [_prefix(digest) for digest in digests]
        hits = np.frombuffer(self._named_at, dtype=np.int64)[
            np.isin(np.frombuffer(self._prefixes, dtype=np.uint64), np.array(wanted, dtype=np.uint64))
        ]
        for place, group in itertools.groupby(sorted(map(int, hits)), lambda place: place >> _OFFSET_BITS):
            offsets = [at & ((1 << _OFFSET_BITS) - 1) for at in group]
            topic, partition, _ = _unpacked(place << _OFFSET_BITS)
            if len(offsets) > _MANY:
                yield from itertools.takewhile(
                    lambda message: message.offset <= offsets[-1],  # noqa: B023 - used up before the next
                    self._log.read(topic, partition, offsets[0]),
                )
                continue
            for offset in offsets:
                yield from itertools.islice(self._log.read(topic, partition, offset), 1)

    def _text_at(self, place: int, sha256: str) -> str:
        topic, partition, offset = _unpacked(place)
        message = next(iter(self._log.read(topic, partition, offset)), None)
        for image in images_in(message) if message is not None and message.offset == offset else ():
            if image.sha256 == sha256:
                return image.hash
        return ""


def find(log: Log, wanted: Wanted, options: MatchOptions) -> list[Found]:
    """All images that are meant, by SHA-256.

    What is near to an image that is meant is meant, too; so is what the log calls a copy of it, and what is near to
    that, until nothing is added.

    Args:
        log: Names them.
        wanted: What was named.
        options: What counts as near.
    """
    inventory = Inventory(log, wanted)
    named = dict(inventory.named)
    named |= {image.sha256: image.to_text() for image in wanted.like}
    texts = dict(named)
    looked_at: set[str] = set()
    for _ in range(_MAX_ROUNDS):
        linked = {digest.hex() for digest in inventory.linked({bytes.fromhex(sha256) for sha256 in texts})}
        lacking = {bytes.fromhex(sha256) for sha256 in linked if not texts.get(sha256)}
        texts |= dict.fromkeys(linked - texts.keys(), "") | inventory.texts(lacking)
        fresh = [picture for sha256 in sorted(texts.keys() - looked_at) if (picture := _fingerprint(texts[sha256]))]
        looked_at |= texts.keys()
        near = set(inventory.near(fresh, options)) - texts.keys()
        if not near:
            break
        texts |= inventory.texts({bytes.fromhex(sha256) for sha256 in near})
    return _described(inventory, {sha256: ("named" if sha256 in named else "copy") for sha256 in texts}, texts)


def _described(inventory: Inventory, because: dict[str, str], texts: dict[str, str]) -> list[Found]:
    """What records say of some images."""
    found = {sha256: Found(sha256, why, fingerprint=texts.get(sha256, "")) for sha256, why in because.items()}
    for message in inventory.messages({bytes.fromhex(sha256) for sha256 in found}):
        for image, wnid, url in named_in(message):
            if (one := found.get(image.sha256)) is None:
                continue
            one.is_known = True
            one.format = one.format or image.format
            one.fingerprint = one.fingerprint or image.hash
            if url:
                one.urls.add(url)
            if wnid and message.topic == topics.SURVIVORS.name:
                one.wnids.add(wnid)
    return [found[sha256] for sha256 in sorted(found)]


def _is_near(picture: Fingerprint, reference: Reference, images: Iterable[Fingerprint], options: MatchOptions) -> bool:
    if reference.match(picture, {}) is not None:
        return True
    other_way = Reference({picture.sha256: picture}, (), options)
    return any(other_way.match(image, {}) is not None for image in images)


def _fingerprint(text: str) -> Fingerprint | None:
    if not text:
        return None
    try:
        return Fingerprint.from_text(text)
    except ValueError:
        return None


def _head_of(text: str) -> bytes | None:
    """The first part of a fingerprint's binary form, of one length for all; None if it is none."""
    if not text.startswith(_HEAD):
        return None
    try:
        data = b64decode(text[len(_HEAD) : len(_HEAD) + _HEAD_CHARACTERS])
    except (binascii.Error, ValueError):
        return None
    return data[: RECORD.itemsize] if len(data) >= RECORD.itemsize else None


def _digest(sha256: str) -> bytes | None:
    try:
        digest = bytes.fromhex(sha256)
    except ValueError:
        return None
    return digest if len(digest) == 32 else None


def _prefix(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "little")


def _prefixes(digests: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(digests[..., :8]).view("<u8")[..., 0]


def _unpacked(place: int) -> tuple[str, int, int]:
    offset = place & ((1 << _OFFSET_BITS) - 1)
    partition = place >> _OFFSET_BITS & ((1 << _PARTITION_BITS) - 1)
    return TOPICS[place >> (_OFFSET_BITS + _PARTITION_BITS)].name, partition, offset
