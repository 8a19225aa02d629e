"""Parquet, with the images' bytes in it or without.

With bytes there is a column ``image`` of ``{bytes, path}``; what the schema says under ``huggingface`` makes images and
classes of it in Hugging Face's reader, and others pass over it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from synsift.pipelines.exports.formats.base import HashedFile
from synsift.pipelines.exports.rows import COLUMNS, FLOATS, INTEGERS, Class, Placed, columns_of

_GROUP_ROWS: Final = 500
_GROUP_BYTES: Final = 32 << 20
_IMAGE: Final = "image"


class Parquet:
    """The format."""

    def __init__(self, classes: Mapping[str, Class], *, needs_bytes: bool = True, most_images: int = 10_000) -> None:
        """Make it.

        Args:
            classes: All of them, in the order of their numbers.
            needs_bytes: Whether the images' bytes are in it.
            most_images: In a file; ten times as many where there are no bytes.
        """
        self.needs_bytes = needs_bytes
        self.most_images = most_images if needs_bytes else 10 * most_images
        self._schema = _schema([one.name for one in classes.values()], with_bytes=needs_bytes)

    def name(self, side: str, number: int) -> str:
        """What the nth file of a side is called."""
        return f"data/{side}-{number:05d}.parquet"

    def begin(self, folder: Path, unit: str, side: str) -> "File":
        """Begin a file."""
        return File(HashedFile(folder / unit), self._schema, with_bytes=self.needs_bytes)


def features_of(class_names: list[str], *, with_bytes: bool) -> dict[str, Any]:
    """What Hugging Face calls the types of columns."""
    features: dict[str, Any] = {_IMAGE: {"_type": "Image"}} if with_bytes else {}
    for name in COLUMNS:
        kind = "int64" if name in INTEGERS else "float64" if name in FLOATS else "string"
        features[name] = {"dtype": kind, "_type": "Value"}
    features["label"] = {"names": class_names, "_type": "ClassLabel"}
    return features


def _schema(class_names: list[str], *, with_bytes: bool) -> Any:  # noqa: ANN401 - Arrow has no types
    import pyarrow

    image = [(_IMAGE, pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())]))]
    types = {name: pyarrow.int64() for name in INTEGERS} | {name: pyarrow.float64() for name in FLOATS}
    fields = [*(image if with_bytes else []), *((name, types.get(name, pyarrow.string())) for name in COLUMNS)]
    said = {"info": {"features": features_of(class_names, with_bytes=with_bytes)}}
    return pyarrow.schema(fields, metadata={"huggingface": json.dumps(said)})


class File:
    """A file that is being written: a group of rows at a time is in memory."""

    def __init__(self, file: HashedFile, schema: Any, *, with_bytes: bool) -> None:  # noqa: ANN401 - as above
        import pyarrow.parquet

        self._file = file
        self._schema = schema
        self._with_bytes = with_bytes
        names = [name for name in schema.names if name != _IMAGE]
        compression: Any = dict.fromkeys(names, "zstd") | {"image.bytes": "none", "image.path": "zstd"}
        self._writer = pyarrow.parquet.ParquetWriter(
            file, schema, compression=compression, use_dictionary=names, write_statistics=names
        )
        self._rows: list[dict[str, Any]] = []
        self._size_bytes = 0

    def add(self, placed: Placed, data: bytes) -> None:
        """Write a row."""
        row = columns_of(placed)
        if self._with_bytes:
            row[_IMAGE] = {"bytes": data, "path": placed.file_name.rpartition("/")[2]}
        self._rows.append(row)
        self._size_bytes += len(data)
        if len(self._rows) >= _GROUP_ROWS or self._size_bytes >= _GROUP_BYTES:
            self._write_group()

    def finish(self) -> tuple[int, str]:
        """End the file."""
        self._write_group()
        self._writer.close()
        return self._file.finish()

    def abandon(self) -> None:
        """Leave nothing half."""
        try:
            self._writer.close()
        finally:
            self._file.abandon()

    def _write_group(self) -> None:
        import pyarrow

        if self._rows:
            self._writer.write_table(pyarrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._size_bytes = [], 0
