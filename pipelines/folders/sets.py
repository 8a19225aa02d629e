"""Sets of fingerprints in files, so that images can be compared with others that aren't there.

``synsift fingerprint`` writes them as JSON Lines or Parquet, a row for each image; only ``fingerprint`` is needed to
read one, and ``path`` to name it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from synsift.dedupe import Fingerprint
from synsift.pipelines.errors import UsageError

SUFFIXES: Final = (".jsonl", ".parquet")
_ROWS_AT_ONCE: Final = 10_000


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


def write_parquet(target: Path, images: Mapping[str, Fingerprint]) -> None:
    """Write a set as Parquet."""
    rows = [row_of(_text(path), image) for path, image in images.items()]
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
        ]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), target, compression="zstd")


def _text(path: str) -> str:
    """A path as Parquet's strings can have it; bytes that are no UTF-8 are written as Python escapes them."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def read_set(file: Path) -> dict[str, Fingerprint]:
    """Read a set: fingerprints by name.

    Raises:
        UsageError: The file can't be read, or a row of it isn't one of a set; the message says which.
    """
    found: dict[str, Fingerprint] = {}
    try:
        for number, row in enumerate(_rows(file), 1):
            text = row.get("fingerprint") if isinstance(row, Mapping) else None
            if not isinstance(text, str):
                raise UsageError(
                    f"{file}, row {number}: there is no `fingerprint`\n"
                    "hint: make a file of fingerprints with `synsift fingerprint DIR --format parquet --out FILE`"
                )
            try:
                image = Fingerprint.from_text(text)
            except ValueError as exc:
                raise UsageError(f"{file}, row {number}: {exc}") from exc
            found[str(row.get("path") or image.sha256)] = image
    except (OSError, UnicodeDecodeError, pa.ArrowException) as exc:
        raise UsageError(f"{file}: {exc}") from exc
    return found


def _rows(file: Path) -> Iterator[Any]:
    if file.suffix == ".parquet":
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(_ROWS_AT_ONCE):
                yield from batch.to_pylist()
        return
    with file.open(encoding="utf-8") as lines:
        yield from _json_rows(file, lines)


def _json_rows(file: Path, lines: Iterable[str]) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except json.JSONDecodeError as exc:
            raise UsageError(f"{file}, line {number}: not JSON: {exc}") from exc
