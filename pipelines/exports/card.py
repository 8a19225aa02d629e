"""``README.md``: what a person reads first, with the lines at its head by which Hugging Face's hub finds the files."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from synsift.pipelines.exports.attribution import one_line
from synsift.pipelines.exports.formats.base import text_file
from synsift.pipelines.exports.licences import licence_named

_MOST_CLASSES: Final = 200
# As the hub writes them.
_SIZES: Final = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))


@dataclass(frozen=True, slots=True)
class About:
    """What a person says of a data set.

    Attributes:
        name: Of it.
        url: Its page; may be empty.
        creator: Who made it; may be empty.
    """

    name: str
    url: str = ""
    creator: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in an export.

    Attributes:
        about: What a person says of it.
        formats: In which it is.
        data_files: Side → pattern of its files, for readers that look for data; empty where there is a table alone.
        sides: Side → number of its images.
        classes: Name of a class → number of its images, in the order of their numbers.
        licences: SPDX name → number of images.
        accepted_only: Whether voters accepted every image.
        max_side_px: To what they were scaled; 0 for nothing.
        is_split: Whether sides were split by cluster.
    """

    about: About
    formats: Sequence[str]
    data_files: Mapping[str, str]
    sides: Mapping[str, int]
    classes: Mapping[str, int]
    licences: Mapping[str, int]
    accepted_only: bool
    max_side_px: int
    is_split: bool

    @property
    def images(self) -> int:
        """How many there are."""
        return sum(self.sides.values())


def write_card(folder: Path, contents: Contents) -> None:
    """Write the page."""
    with text_file(folder / "README.md") as file:
        for line in (*_head(contents), *_body(contents)):
            file.write(line + "\n")


def _head(contents: Contents) -> Iterator[str]:
    size = next((name for most, name in _SIZES if contents.images < most), "n>10M")
    yield "---"
    yield f"pretty_name: {json.dumps(one_line(contents.about.name))}"
    yield "license: other"
    yield "license_name: several, one an image"
    yield "task_categories: [image-classification]"
    yield f"size_categories: [{json.dumps(size)}]"
    if contents.data_files:
        yield "configs:"
        yield "- config_name: default"
        yield "  data_files:"
        for side, pattern in contents.data_files.items():
            yield f"  - split: {side}"
            yield f"    path: {json.dumps(pattern)}"
    yield "---"
    yield ""


def _body(contents: Contents) -> Iterator[str]:
    yield f"# {one_line(contents.about.name)}"
    yield ""
    yield (
        f"{contents.images:,} images of {len(contents.classes):,} synsets, exported by synsift as "
        f"{' and '.join(contents.formats)}."
    )
    yield ""
    yield from _facts(contents)
    yield ""
    yield from _table("side", contents.sides)
    yield ""
    yield "## Licences"
    yield ""
    yield (
        "Each image has its own licence, in the column `licence` (SPDX). Whose each is, and the line that its licence "
        "asks for, stands in [CREDITS](CREDITS) and in the column `attribution`. Keep both with the images."
    )
    yield ""
    yield from _table("licence", {name or "unknown": number for name, number in contents.licences.items()})
    yield ""
    yield from _limits(contents)
    yield ""
    yield "## Classes"
    yield ""
    yield "Numbers, synsets and definitions: [classes.csv](classes.csv)."
    if len(contents.classes) <= _MOST_CLASSES:
        yield ""
        yield from _table("class", contents.classes)


def _facts(contents: Contents) -> Iterator[str]:
    if contents.accepted_only:
        yield "- People voted on every image; these were accepted. Their votes are in `votes_yes` and `votes_no`."
    else:
        yield "- These are candidates: what image sources gave for each synset. Not every one shows it."
    yield "- Copies of an image within a synset are left out, in other sizes, crops and colours, too."
    if contents.is_split:
        yield (
            "- Copies of an image, images by the same author and images of the same page are on one side of the split "
            "(`cluster`)."
        )
    if contents.max_side_px:
        yield f"- Larger images were scaled to {contents.max_side_px} px; `sha256` is that of the original."


def _limits(contents: Contents) -> Iterator[str]:
    """What the licences forbid, counted: what isn't known to be allowed counts as forbidden."""
    counts = dict.fromkeys(("commercial", "derivatives", "share_alike"), 0)
    for spdx, number in contents.licences.items():
        found = licence_named(spdx)
        counts["commercial"] += number * (not found.commercial)
        counts["derivatives"] += number * (not found.derivatives)
        counts["share_alike"] += number * found.share_alike
    yield f"- Not surely for commercial use: {counts['commercial']:,}"
    yield f"- Not surely to be changed: {counts['derivatives']:,}"
    yield f"- What is made of it bears the same licence: {counts['share_alike']:,}"


def _table(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield f"| {title} | images |"
    yield "| --- | ---: |"
    for name, number in counts.items():
        yield f"| {one_line(name).replace('|', '/')} | {number:,} |"
