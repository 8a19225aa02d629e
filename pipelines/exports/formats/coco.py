"""COCO's JSON, for classification: an annotation an image, whose box is the whole of it.

Tools that were made for boxes ask for ``bbox``, ``area`` and ``iscrowd``; so they are there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from synsift.pipelines.exports.formats.base import TextFile, text_file
from synsift.pipelines.exports.rows import Class, Placed, columns_of

_ENCODER: Final = msgspec.json.Encoder()
# What `columns_of` calls differently.
_OWN: Final = ("file_name", "width", "height", "label", "licence", "licence_url")


def path_of(side: str) -> str:
    """Where the JSON of a side is."""
    return f"annotations/instances_{side}.json"


def write_coco(
    folder: Path,
    side: str,
    images: Callable[[], Iterator[Placed]],
    *,
    classes: Mapping[str, Class],
    name_of: Callable[[Placed], str],
) -> None:
    """Write the JSON of a side, in three passes over its images.

    Args:
        folder: Of the export.
        side: Which.
        images: Of the whole export, as often as wanted.
        classes: All of them.
        name_of: Where the file of an image is, from the folder of the export.
    """

    def of_side() -> Iterator[Placed]:
        return (placed for placed in images() if placed.side == side)

    licences = _licences(of_side())
    numbers = {one["name"]: one["id"] for one in licences}
    with text_file(folder / path_of(side)) as file:
        file.write('{"info": ' + _text({"description": f"exported by synsift: {side}", "version": "1.0"}))
        file.write(',\n"licenses": ' + _text(licences))
        file.write(',\n"categories": ' + _text([_category(one) for one in classes.values()]))
        file.write(',\n"images": [')
        _write_all(file, (_image(n, one, numbers, name_of(one)) for n, one in enumerate(of_side(), 1)))
        file.write('],\n"annotations": [')
        _write_all(file, (_annotation(n, one) for n, one in enumerate(of_side(), 1)))
        file.write("]}\n")


def _write_all(file: TextFile, values: Iterable[Any]) -> None:
    for number, value in enumerate(values):
        file.write(("," if number else "") + "\n" + _text(value))


def _text(value: Any) -> str:  # noqa: ANN401 - what JSON can hold
    return _ENCODER.encode(value).decode()


def _licences(images: Iterator[Placed]) -> list[dict[str, Any]]:
    urls: dict[str, str] = {}
    for placed in images:
        urls[placed.row.licence] = max(urls.get(placed.row.licence, ""), placed.row.licence_url)
    return [{"id": number, "name": name or "unknown", "url": urls[name]} for number, name in enumerate(sorted(urls), 1)]


def _category(one: Class) -> dict[str, Any]:
    return {"id": one.label + 1, "name": one.name, "supercategory": "", "wnid": one.wnid, "definition": one.definition}


def _image(number: int, placed: Placed, licences: Mapping[str, int], file_name: str) -> dict[str, Any]:
    (width_px, height_px), row = placed.size_px, placed.row
    more = {name: value for name, value in columns_of(placed).items() if name not in _OWN}
    return {
        "id": number,
        "file_name": file_name,
        "width": width_px,
        "height": height_px,
        "license": licences[row.licence or "unknown"],
        "coco_url": row.url,
        "date_captured": row.fetched_at,
        **more,
    }


def _annotation(number: int, placed: Placed) -> dict[str, Any]:
    width_px, height_px = placed.size_px
    return {
        "id": number,
        "image_id": number,
        "category_id": placed.kind.label + 1,
        "bbox": [0, 0, width_px, height_px],
        "area": width_px * height_px,
        "iscrowd": 0,
    }
