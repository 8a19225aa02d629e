"""A plan → units of a format, one after another; those that are whole already are passed over.

    images in their order ──▶ which unit ──▶ whole? passed over
                                        └──▶ read ──▶ scaled ──▶ its unit ──▶ the journal

A unit is named by its place in the plan, so a run that goes on cuts them as the first did. What a kill left of one that
wasn't whole is written anew.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from synsift.pipelines.exports.choosing import Plan
from synsift.pipelines.exports.formats.base import Container, LeftOut, Unit, Written
from synsift.pipelines.exports.formats.folder import ImageFolder
from synsift.pipelines.exports.journal import Journal
from synsift.pipelines.exports.reading import Loaded, load
from synsift.pipelines.exports.rows import Placed
from synsift.pipelines.exports.scaling import scale
from synsift.pipelines.storage.images import ImageReader

DEFAULT_UNIT_BYTES: Final = 500_000_000

OnImages = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Work:
    """What is written, and how.

    Attributes:
        plan: The images.
        container: Their format.
        folder: Where.
        reader: Of the store.
        max_pixels: Limit on an original that is scaled.
        unit_bytes: Originals in a unit, at most; a single image may be larger.
    """

    plan: Plan
    container: Container
    folder: Path
    reader: ImageReader
    max_pixels: int
    unit_bytes: int = DEFAULT_UNIT_BYTES


@dataclass(slots=True)
class _Cut:
    """Where a side is in its units."""

    number: int = -1
    images: int = 0
    size_bytes: int = 0


@dataclass(slots=True)
class _Open:
    """A unit that is being written."""

    name: str
    side: str
    unit: Unit
    images: int = 0
    left_out: list[LeftOut] = field(default_factory=list)


def write(work: Work, journal: Journal, on_images: OnImages = lambda _: None) -> None:
    """Write what isn't whole yet.

    Args:
        work: See there.
        journal: Knows what is whole, and is told of more.
        on_images: Told of images that are done, with their number.

    Raises:
        OSError: The disk refuses.
        StoreError: The store can't be read.
    """
    names: deque[str] = deque()
    open_ones: dict[str, _Open] = {}
    try:
        for loaded in _loaded(work, _wanted(work, journal, names, on_images)):
            name, side = names.popleft(), loaded.placed.side
            current = open_ones.get(side)
            if current is None or current.name != name:
                if current is not None:
                    journal.note(_finished(current))
                current = open_ones[side] = _Open(name, side, work.container.begin(work.folder, name, side))
            _add(current, loaded)
            on_images(1)
        for side in list(open_ones):
            journal.note(_finished(open_ones[side]))
            del open_ones[side]
    finally:
        for left in open_ones.values():
            with contextlib.suppress(OSError, ValueError):
                left.unit.abandon()


def _add(current: _Open, loaded: Loaded) -> None:
    if loaded.problem is None:
        current.unit.add(loaded.placed, loaded.data)
        current.images += 1
    else:
        row = loaded.placed.row
        current.left_out.append(LeftOut(row.wnid, row.sha256, str(loaded.problem)))


def _finished(current: _Open) -> Written:
    size_bytes, sha256 = current.unit.finish()
    return Written(
        unit=current.name,
        side=current.side,
        images=current.images,
        size_bytes=size_bytes,
        sha256=sha256,
        left_out=tuple(current.left_out),
    )


def _loaded(work: Work, images: Iterator[Placed]) -> Iterator[Loaded]:
    if not work.container.needs_bytes:
        return (Loaded(placed, b"") for placed in images)
    loaded = load(images, work.reader)
    return scale(loaded, max_pixels=work.max_pixels) if work.plan.max_side_px else loaded


def _wanted(work: Work, journal: Journal, names: deque[str], on_images: OnImages) -> Iterator[Placed]:
    """Images of units that aren't whole; their names are put into a queue, in the same order."""
    _forget_what_is_gone(work, journal)
    for name, placed in _in_units(work):
        if journal.has(name):
            on_images(1)
            continue
        names.append(name)
        yield placed


def _forget_what_is_gone(work: Work, journal: Journal) -> None:
    """Blocks of files that somebody has deleted some of, or cut off, are written anew."""
    if isinstance(work.container, ImageFolder) and journal.written():
        for name, placed in _in_units(work):
            if journal.has(name) and not work.container.holds(work.folder, placed):
                journal.forget(name)


def _in_units(work: Work) -> Iterator[tuple[str, Placed]]:
    """All images, each with the name of its unit."""
    cuts = {side: _Cut() for side in work.plan.side_names}
    container = work.container
    for placed in work.plan:
        cut, size_bytes = cuts[placed.side], placed.row.size_bytes if container.needs_bytes else 0
        is_full = cut.images >= container.most_images or cut.size_bytes + size_bytes > work.unit_bytes
        if cut.number < 0 or (cut.images and is_full):
            cut.number, cut.images, cut.size_bytes = cut.number + 1, 0, 0
        cut.images += 1
        cut.size_bytes += size_bytes
        yield container.name(placed.side, cut.number), placed
