"""Croissant 1.1 (MLCommons): what stands beside an export, so that a program finds its files, columns and splits.

    distribution    every file with its size and SHA-256, and sets of them
    record sets     images (all columns), files (the bytes, where they aren't a column), splits

Sets of files are named by patterns beside ``croissant.json``, without a container: readers take a folder for that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from synsift.pipelines.exports.card import Contents
from synsift.pipelines.exports.rows import COLUMNS, FLOATS, INTEGERS
from synsift.pipelines.exports.tables import write_json

NAME: Final = "croissant.json"
_SPDX: Final = "https://spdx.org/licenses/"
_SPLITS: Final = {"train": "Training", "val": "Validation", "validation": "Validation", "test": "Test"}
_CR: Final = (
    *("arrayShape", "citeAs", "column", "containedIn", "extract", "field", "fileProperty", "fileObject", "fileSet"),
    *("format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
    *("references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
    "equivalentProperty",
)
_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    # With http instead, its own reader takes no data set for one.
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{name: f"cr:{name}" for name in _CR},
}


@dataclass(frozen=True, slots=True)
class FileFact:
    """A file of an export: its name in the folder, type, size and SHA-256."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where an export has what.

    Attributes:
        files: All files that are named one by one.
        columns: Pattern of the files that hold the columns, and their type.
        images: Patterns of the files that are images; none where the bytes are a column, or nowhere.
        media_types: Of them.
        archives: Names of the archives that these stand in; none for a folder.
        has_image_column: Whether the bytes are a column.
    """

    files: tuple[FileFact, ...]
    columns: tuple[str, str]
    images: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    has_image_column: bool = False


def write_croissant(folder: Path, contents: Contents, layout: Layout, latest: str) -> None:
    """Write the description.

    Args:
        folder: Of the export.
        contents: What is in it.
        layout: Where.
        latest: When the last image was fetched, RFC 3339: the day on which the data were complete.
    """
    about = contents.about
    said: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": about.name,
        "description": _description(contents),
        "license": [_SPDX + name for name in contents.licences if name and not name.startswith("LicenseRef-")],
        "version": "1.0.0",
        "datePublished": latest[:10] or "1970-01-01",
        "citeAs": f"{about.name}. Authors and licences of its images: CREDITS.",
        "isLiveDataset": False,
        **({"url": about.url} if about.url else {}),
        **({"creator": {"@type": "Organization", "name": about.creator}} if about.creator else {}),
        **_responsible(contents),
        "distribution": [*map(_file, layout.files), *_sets(layout)],
        "recordSet": [_splits(contents.sides), _images(layout), *_files(layout)],
    }
    write_json(folder / NAME, {name: value for name, value in said.items() if value != []})


def _description(contents: Contents) -> str:
    what = "images that people accepted" if contents.accepted_only else "candidate images"
    return f"{contents.images:,} {what} of {len(contents.classes):,} synsets, each with its origin, author and licence."


def _responsible(contents: Contents) -> dict[str, Any]:
    """What Croissant's vocabulary for responsible AI asks, as far as a program knows it."""
    scaled = f" Larger ones were scaled to {contents.max_side_px} px." if contents.max_side_px else ""
    votes = "People voted on whether an image shows its synset." if contents.accepted_only else "None."
    return {
        "rai:dataCollection": "Image sources were asked for the names of each synset; what they gave was downloaded.",
        "rai:dataCollectionType": ["Web API", "Web Scraping"],
        "rai:dataPreprocessingProtocol": [f"Copies of an image within a synset were left out.{scaled}"],
        "rai:dataAnnotationProtocol": votes,
    }


def _file(fact: FileFact) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": fact.name,
        "name": fact.name,
        "contentUrl": fact.name,
        "contentSize": f"{fact.size_bytes} B",
        "encodingFormat": fact.media_type,
        "sha256": fact.sha256,
    }


def _sets(layout: Layout) -> Iterable[dict[str, Any]]:
    pattern, media_type = layout.columns
    if "*" in pattern:
        yield _set("columns", [pattern], [media_type])
    if layout.images:
        found = _set("image-files", layout.images, layout.media_types)
        archives = [{"@id": name} for name in layout.archives]
        yield {**found, "containedIn": archives} if archives else found


def _set(name: str, patterns: Sequence[str], media_types: Sequence[str]) -> dict[str, Any]:
    """A set of files; one pattern or type stands alone, several as a list."""
    said = {"encodingFormat": list(media_types), "includes": list(patterns)}
    bare = {key: values[0] if len(values) == 1 else values for key, values in said.items()}
    return {"@type": "cr:FileSet", "@id": name, "name": name, **bare}


def _splits(sides: Mapping[str, int]) -> dict[str, Any]:
    urls = {side: f"cr:{_SPLITS[side]}Split" if side in _SPLITS else "" for side in sides}
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": f"splits/{name}", "name": name, "dataType": kind}
            for name, kind in (("name", "sc:Text"), ("url", "sc:URL"))
        ],
        "data": [{"splits/name": side, "splits/url": url} for side, url in urls.items()],
    }


def _images(layout: Layout) -> dict[str, Any]:
    pattern, _ = layout.columns
    source = {"fileSet": {"@id": "columns"}} if "*" in pattern else {"fileObject": {"@id": pattern}}
    fields = [_field("images", name, _type(name), {**source, "extract": {"column": name}}) for name in COLUMNS]
    for field in fields:
        if field["name"] == "split":
            field["references"] = {"field": {"@id": "splits/name"}}
    if layout.has_image_column:
        # The column is a pair of bytes and a name.
        image = {**source, "extract": {"column": "image"}, "transform": {"jsonPath": "bytes"}}
        fields.insert(0, _field("images", "image", "sc:ImageObject", image))
    return {"@type": "cr:RecordSet", "@id": "images", "name": "images", "field": fields}


def _files(layout: Layout) -> Iterable[dict[str, Any]]:
    if not layout.images:
        return
    source = {"fileSet": {"@id": "image-files"}}
    content = {**source, "extract": {"fileProperty": "content"}}
    name = {**source, "extract": {"fileProperty": "filename"}, "transform": {"regex": r"^([0-9a-f]{64})"}}
    fields = [_field("files", "image", "sc:ImageObject", content), _field("files", "sha256", "sc:Text", name)]
    yield {"@type": "cr:RecordSet", "@id": "files", "name": "files", "field": fields}


def _type(name: str) -> str | list[str]:
    if name in ("label", "name"):
        return ["sc:Integer" if name == "label" else "sc:Text", "cr:Label"]
    if name == "fetched_at":  # a reader of JSON makes a time of it by its name
        return "sc:DateTime"
    return "sc:Integer" if name in INTEGERS else "sc:Float" if name in FLOATS else "sc:Text"


def _field(records: str, name: str, kind: str | list[str], source: Mapping[str, Any]) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": f"{records}/{name}", "name": name, "dataType": kind, "source": dict(source)}
