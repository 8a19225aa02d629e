"""An export from beginning to end.

    1. look through the manifests: what is chosen, on which side
    2. begin the journal, or go on with it
    3. write the units that aren't whole
    4. write what tells of the images: credits, classes, tables, the page, the description
    5. tidy the journal

Killed at any point, the same command goes on: 1 gives the same plan, 3 passes over what is whole, 4 is quick.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from synsift.pipelines.errors import UsageError
from synsift.pipelines.exports import tables
from synsift.pipelines.exports.card import About, Contents, write_card
from synsift.pipelines.exports.choosing import Plan
from synsift.pipelines.exports.formats import coco, croissant
from synsift.pipelines.exports.formats.base import Container, Written
from synsift.pipelines.exports.formats.folder import ImageFolder
from synsift.pipelines.exports.formats.parquet import Parquet
from synsift.pipelines.exports.formats.webdataset import WebDataset
from synsift.pipelines.exports.journal import Journal
from synsift.pipelines.exports.rows import Placed
from synsift.pipelines.exports.writing import DEFAULT_UNIT_BYTES, OnImages, Work, write
from synsift.pipelines.storage.durable import sync_folder
from synsift.pipelines.storage.images import ImageReader

FORMATS: Final = ("webdataset", "imagefolder", "parquet", "coco", "csv", "croissant")
_HOLDERS: Final = ("webdataset", "imagefolder", "parquet")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written.

    Attributes:
        formats: Of ``FORMATS``.
        about: What a person says of the data.
        has_bytes: Whether Parquet holds the images' bytes.
        unit_bytes: Originals in a shard at most.
        accepted_only: Whether all images were accepted by voters.
    """

    formats: tuple[str, ...]
    about: About
    has_bytes: bool = True
    unit_bytes: int = DEFAULT_UNIT_BYTES
    accepted_only: bool = False

    @property
    def holder(self) -> str:
        """The format that holds the bytes, or has the columns in files of its own; empty for none."""
        return next((name for name in self.formats if name in _HOLDERS), "")


def check_formats(formats: Sequence[str], *, has_bytes: bool) -> None:
    """Make sure that some formats go together.

    Raises:
        UsageError: They don't.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise UsageError(f"there is no format `{unknown[0]}`", hint=f"`--format` is one of {', '.join(FORMATS)}")
    holders = [name for name in _HOLDERS if name in formats]
    if len(holders) > 1:
        raise UsageError(
            f"`{holders[0]}` and `{holders[1]}` can't share a folder: readers would take the one for the other",
            hint="export twice, into two folders",
        )
    if not set(formats) - {"croissant"}:
        raise UsageError(
            "`croissant` describes another format, and none is named",
            hint="for example `--format parquet --format croissant`",
        )
    if holders and holders[0] != "imagefolder" and "coco" in formats:
        raise UsageError(
            f"`coco` names files of images, and `{holders[0]}` has none", hint="`--format imagefolder --format coco`"
        )
    if not has_bytes and "parquet" not in formats:
        raise UsageError("`--no-bytes` is said of Parquet", hint="`--format csv` tells of images without their bytes")


@dataclass(slots=True)
class Exported:
    """What came of it.

    Attributes:
        sides: Side → number of its images.
        synsets: Side → number of its synsets.
        size_bytes: Side → size of what holds its images.
        units: Side → number of its shards or blocks.
        left_out: Why images that were chosen are not there: problem → how many.
    """

    sides: Counter[str] = field(default_factory=Counter)
    synsets: Counter[str] = field(default_factory=Counter)
    size_bytes: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


class Export:
    """One export into a folder."""

    def __init__(self, plan: Plan, wanted: Wanted, target: Path, journal: Journal) -> None:
        self._plan = plan
        self._wanted = wanted
        self._target = target
        self._journal = journal

    def begin(self, options: dict[str, Any]) -> None:
        """Begin, or go on with what was begun.

        Args:
            options: As they were given: part of what decides the bytes.

        Raises:
            UsageError: The folder holds another export, or something else.
        """
        parts = (json.dumps(options, sort_keys=True).encode(), self._plan.spool.digest.encode())
        digest = hashlib.sha256(b"\n".join(parts))
        digest.update(self._plan.sides.tobytes())
        self._journal.begin(digest.hexdigest(), options)

    def run(self, reader: ImageReader, *, max_pixels: int, on_images: OnImages = lambda _: None) -> Exported:
        """Write all of it."""
        container = self._container()
        if container is not None:
            work = Work(self._plan, container, self._target, reader, max_pixels, self._wanted.unit_bytes)
            write(work, self._journal, on_images)
        written = self._journal.written()
        images = tables.there(self._plan, written)
        exported, contents = self._contents(images, written)
        self._write_tables(images, contents)
        if "croissant" in self._wanted.formats:
            layout = self._layout(written, contents.sides)
            croissant.write_croissant(self._target, contents, layout, self._plan.latest)
        self._journal.tidy()
        sync_folder(self._target)
        return exported

    def _container(self) -> Container | None:
        """What holds the bytes; None where nothing does."""
        holder = self._wanted.holder
        if holder == "webdataset":
            return WebDataset(self._plan.formats, has_digests="croissant" in self._wanted.formats)
        if holder == "parquet":
            return Parquet(self._plan.classes, needs_bytes=self._wanted.has_bytes)
        return ImageFolder() if holder == "imagefolder" or "coco" in self._wanted.formats else None

    def _contents(
        self, images: Callable[[], Iterator[Placed]], written: Sequence[Written]
    ) -> tuple[Exported, Contents]:
        found = Exported()
        names: Counter[str] = Counter({one.name: 0 for one in self._plan.classes.values()})
        licences: Counter[str] = Counter()
        synsets: set[tuple[str, str]] = set()
        for placed in images():
            found.sides[placed.side] += 1
            synsets.add((placed.side, placed.row.wnid))
            names[placed.kind.name] += 1
            licences[placed.row.licence] += 1
        found.synsets.update(side for side, _ in synsets)
        for unit in written:
            found.units[unit.side] += 1
            found.size_bytes[unit.side] += unit.size_bytes
            found.left_out.update(left.problem for left in unit.left_out)
        sides = {side: found.sides[side] for side in self._plan.side_names if found.sides[side]}
        contents = Contents(
            about=self._wanted.about,
            formats=self._wanted.formats,
            data_files=self._data_files(sides),
            sides=sides,
            classes=dict(names),
            licences=dict(sorted(licences.items(), key=lambda item: (-item[1], item[0]))),
            accepted_only=self._wanted.accepted_only,
            max_side_px=self._plan.max_side_px,
            is_split=len(self._plan.side_names) > 1,
        )
        return found, contents

    def _data_files(self, sides: dict[str, int]) -> dict[str, str]:
        patterns = {"webdataset": "{}-*.tar", "parquet": "data/{}-*.parquet", "imagefolder": "{}/**"}
        pattern = patterns.get(self._wanted.holder, "")
        return {side: pattern.format(side) for side in sides} if pattern else {}

    def _write_tables(self, images: Callable[[], Iterator[Placed]], contents: Contents) -> None:
        formats, target = self._wanted.formats, self._target
        tables.write_credits(target, images(), self._name_of)
        tables.write_classes(target, self._plan.classes)
        if self._wanted.holder == "imagefolder":
            tables.write_metadata(target, images(), self._plan.side_names)
        if self._has_csv:
            tables.write_csv(target, images(), self._name_of)
        for side in contents.sides if "coco" in formats else ():
            coco.write_coco(target, side, images, classes=self._plan.classes, name_of=self._name_of)
        write_card(target, contents)

    @property
    def _has_csv(self) -> bool:
        """Whether there is a table of all columns: asked for, or as what ``croissant.json`` has them of."""
        formats, holder = self._wanted.formats, self._wanted.holder
        return "csv" in formats or ("croissant" in formats and holder not in ("parquet", "imagefolder"))

    def _name_of(self, placed: Placed) -> str:
        """Where an image stands in the folder; in shards and tables, what it is called there."""
        holder = self._wanted.holder
        if holder == "webdataset":
            return f"{placed.row.wnid}/{placed.row.sha256}.{WebDataset(self._plan.formats).field}"
        has_files = holder == "imagefolder" or "coco" in self._wanted.formats
        return f"{placed.side}/{placed.file_name}" if has_files else placed.file_name

    def _layout(self, written: Sequence[Written], sides: Iterable[str]) -> croissant.Layout:
        kinds = {".tar": "application/x-tar", ".parquet": "application/x-parquet"}
        units = [one for one in written if one.sha256]
        facts = [
            croissant.FileFact(one.unit, kinds[Path(one.unit).suffix], one.size_bytes, one.sha256) for one in units
        ]
        names = [tables.CREDITS, tables.CLASSES, *([tables.IMAGES] if self._has_csv else [])]
        facts += [_fact(self._target, name) for name in names]
        holder = self._wanted.holder
        if holder == "parquet":
            columns = ("data/*.parquet", "application/x-parquet")
            return croissant.Layout(tuple(facts), columns, has_image_column=self._wanted.has_bytes)
        endings = sorted(self._plan.endings)
        media = tuple(f"image/{'jpeg' if ending == 'jpg' else ending}" for ending in endings)
        images = tuple(f"{side}/*/*.{ending}" for side in sides for ending in endings)
        if holder == "imagefolder":
            facts += [_fact(self._target, f"{side}/metadata.jsonl") for side in sides]
            return croissant.Layout(tuple(facts), ("*/metadata.jsonl", "application/jsonlines"), images, media)
        archives = tuple(one.unit for one in units)
        if archives:
            images = (f"*.{WebDataset(self._plan.formats).field}",)
        has_files = bool(archives) or "coco" in self._wanted.formats
        return croissant.Layout(tuple(facts), (tables.IMAGES, "text/csv"), images if has_files else (), media, archives)


def _fact(folder: Path, name: str) -> croissant.FileFact:
    digest = hashlib.sha256()
    size_bytes = 0
    with (folder / name).open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            size_bytes += len(piece)
    kind = {".csv": "text/csv", ".jsonl": "application/jsonlines"}.get(Path(name).suffix, "text/plain")
    return croissant.FileFact(name, kind, size_bytes, digest.hexdigest())


def name_of(target: Path) -> str:
    """What an export is called if nobody says: as its folder is."""
    return re.sub(r"[^\w. -]+", "-", target.resolve().name).strip("- .") or "images"
