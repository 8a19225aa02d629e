"""Sets of fingerprints in files, so that images can be compared with others that aren't there.

``synsift fingerprint`` writes them as JSON Lines or Parquet, a row for each image; only ``fingerprint`` is needed to
read one, and ``path`` to name it.
"""

import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from synsift.dedupe import Fingerprint
from synsift.pipelines.errors import UsageError

_ROWS_A_GROUP: Final = 10_000


def row_of(path: str, image: Fingerprint) -> dict[str, Any]:
    """An image's row."""
    return {
        "path": path,
        "sha256": image.sha256,
        "phash": image.phash.hex(),
        "width_px": image.width_px,
        "height_px": image.height_px,
        "format": image.format,
        "size_bytes": image.size_bytes,
        "quality": image.quality,
        "information": round(image.information, 3),
        "is_plain": image.is_plain,
        "fingerprint": image.to_text(),
    }


def write_parquet(target: Path | BinaryIO, images: Mapping[str, Fingerprint]) -> None:
    """Write a set as Parquet, some images at a time."""
    rows = (row_of(_text(path), image) | {"path_bytes": _bytes(path)} for path, image in images.items())
    schema = pa.schema(
        [
            *((name, pa.string()) for name in ("path", "sha256", "phash")),
            *((name, pa.uint32()) for name in ("width_px", "height_px")),
            ("format", pa.string()),
            ("size_bytes", pa.uint64()),
            ("quality", pa.uint8()),
            ("information", pa.float32()),
            ("is_plain", pa.bool_()),
            ("fingerprint", pa.string()),
            # Where the path is no UTF-8, as Linux allows: its very bytes. ``path`` is then for people.
            ("path_bytes", pa.binary()),
        ]
    )
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        while some := list(islice(rows, _ROWS_A_GROUP)):
            writer.write_table(pa.Table.from_pylist(some, schema=schema))


def _text(path: str) -> str:
    """A path as Parquet's strings can have it; bytes that are no UTF-8 are written as Python escapes them."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _bytes(path: str) -> bytes | None:
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return None


def fingerprint_of_row(place: str, row: object) -> tuple[str, Fingerprint]:
    """The name and the fingerprint of a row.

    Raises:
        UsageError: It has none, or one that can't be read; ``place`` says where it is.
    """
    text = row.get("fingerprint") if isinstance(row, Mapping) else None
    if not isinstance(row, Mapping) or not isinstance(text, str):
        raise UsageError(
            f"{place}: there is no `fingerprint`\n"
            "hint: make a file of fingerprints with `synsift fingerprint DIR --format parquet --out FILE`"
        )
    try:
        image = Fingerprint.from_text(text)
    except ValueError as exc:
        raise UsageError(f"{place}: {exc}") from exc
    raw = row.get("path_bytes")
    name = os.fsdecode(raw) if isinstance(raw, bytes) else str(row.get("path") or "")
    return name or image.sha256, image
