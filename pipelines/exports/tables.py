"""Files that tell of the images of an export, written at its end, a line an image: memory is that of a line."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from synsift.pipelines.exports.attribution import one_line
from synsift.pipelines.exports.formats.base import HashedFile, TextFile, Written, text_file
from synsift.pipelines.exports.rows import COLUMNS, Class, Placed, columns_of, credit_of
from synsift.pipelines.texts import csv_cell

CREDITS: Final = "CREDITS"
CLASSES: Final = "classes.csv"
IMAGES: Final = "images.csv"
_HEAD: Final = (
    "# Whose these images are, a line each: name, a tab, the line that its licence asks for.\n"
    "# Keep this file with the images.\n"
)


def there(plan: Iterable[Placed], written: Iterable[Written]) -> Callable[[], Iterator[Placed]]:
    """What is in an export in the end, as often as wanted: the plan without what could not be read."""
    gone = {(left.wnid, left.sha256) for unit in written for left in unit.left_out}
    return lambda: (placed for placed in plan if (placed.row.wnid, placed.row.sha256) not in gone)


def write_credits(folder: Path, images: Iterator[Placed], name_of: Callable[[Placed], str]) -> None:
    """Write whose the images are."""
    with text_file(folder / CREDITS) as file:
        file.write(_HEAD)
        for placed in images:
            file.write(f"{name_of(placed)}\t{credit_of(placed)}\n")


def write_classes(folder: Path, classes: Mapping[str, Class]) -> None:
    """Write number, synset, name and definition of each class."""
    with text_file(folder / CLASSES) as file:
        _csv_line(file, ("label", "wnid", "name", "definition"))
        for one in classes.values():
            _csv_line(file, (one.label, one.wnid, one.name, one_line(one.definition)))


def write_csv(folder: Path, images: Iterator[Placed], name_of: Callable[[Placed], str]) -> None:
    """Write all columns of all images."""
    with text_file(folder / IMAGES) as file:
        _csv_line(file, COLUMNS)
        for placed in images:
            _csv_line(file, columns_of(placed, name_of(placed)).values())


def write_metadata(folder: Path, images: Iterator[Placed], sides: Iterable[str]) -> None:
    """Write ``metadata.jsonl`` into the folder of each side that has images."""
    encoder = msgspec.json.Encoder()
    files: dict[str, HashedFile] = {}
    try:
        for placed in images:
            file = files.get(placed.side)
            if file is None:
                file = files[placed.side] = HashedFile(folder / placed.side / "metadata.jsonl")
            file.write(encoder.encode(columns_of(placed)) + b"\n")
        for side in sides:
            if side in files:
                files.pop(side).finish()
    finally:
        for file in files.values():
            file.abandon()


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - what JSON can hold
    """Write a small JSON file for people and programs."""
    with text_file(path) as file:
        file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _csv_line(file: TextFile, values: Iterable[object]) -> None:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\n").writerow([csv_cell(value) for value in values])
    file.write(line.getvalue())
