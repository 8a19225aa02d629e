"""Tables of the store ↔ Parquet that proves itself: one flipped bit anywhere in a file is seen by who reads it here.

Parquet's own CRC-32 of each page says nothing of the footer, and most engines don't look at it. So a file also holds a
seal, under ``synsift.seal`` among the footer's key-value metadata: its length in bytes, as 16 hexadecimal digits, and
the SHA-256 of all its bytes, where the seal's 80 digits count as zeros. Whoever reads a table and writes it again may
take the metadata along: a seal of another length is that of another file, and counts as none. A file without one is
read as it stands, as those of earlier versions are.

Source: Apache Parquet, ``parquet.thrift`` (``PageHeader.crc``, ``FileMetaData.key_value_metadata``), in Thrift's
compact protocol: a field of type binary is ``0x18``, then its length, then its bytes.
"""

import contextlib
import hashlib
import io
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

_KEY: Final = "synsift.seal"
_OPEN: Final = b"0" * (16 + 64)
_MARK: Final = _KEY.encode() + bytes((0x18, len(_OPEN)))
_END_BYTES: Final = 8
"""At the end: the footer's length, four bytes, and a word."""
_BLOCK_BYTES: Final = 1 << 20


@contextlib.contextmanager
def sealing(target: IO[bytes], schema: Any) -> Iterator[Any]:  # noqa: ANN401 - pyarrow has no types
    """Write a table to a file that can be read and sought, compressed with Zstandard; it is sealed at the end.

    Args:
        target: The file, empty.
        schema: Of the table.

    Yields:
        pyarrow's ``ParquetWriter``.
    """
    import pyarrow.parquet

    with pyarrow.parquet.ParquetWriter(target, schema, compression="zstd", write_page_checksum=True) as writer:
        yield writer
        writer.add_key_value_metadata({_KEY: _OPEN.decode()})
    _close(target)


def sealed(table: Any) -> bytes:  # noqa: ANN401 - as above
    """A table as the bytes of such a file."""
    target = io.BytesIO()
    with sealing(target, table.schema) as writer:
        writer.write_table(table)
    return target.getvalue()


def is_sealed(data: bytes) -> bool:
    """Whether a file has a seal of its own, broken or not."""
    return _seal_of(data) is not None


def read_sealed(data: bytes, columns: list[str] | None = None) -> Any:  # noqa: ANN401 - as above
    """Read a table, or some columns of it.

    Arrow's own threads have no part in it: one that still holds the bytes when Python ends aborts the process
    (``terminate called without an active exception``), whatever the command had found.

    Raises:
        ValueError: Its bytes are none, or not those that were written. Arrow may raise others of its own for such.
    """
    import pyarrow.parquet

    if (found := _seal_of(data)) is not None:
        (at, seal), view = found, memoryview(data)
        if _seal(len(data), (view[:at], _OPEN, view[at + len(_OPEN) :])) != seal:
            raise ValueError("its bytes are not those that were written: their SHA-256 is another one")
    options = {"pre_buffer": False, "page_checksum_verification": True}
    with pyarrow.parquet.ParquetFile(io.BytesIO(data), **options) as file:
        table = file.read(columns, use_threads=False)
    # It is said of this file, not of what is made of its rows.
    said = {name: value for name, value in (table.schema.metadata or {}).items() if name != _KEY.encode()}
    return table.replace_schema_metadata(said)


def _close(target: IO[bytes]) -> None:
    """Put its seal into a file whose footer has zeros for it."""
    size_bytes = target.seek(0, io.SEEK_END)
    footer_at = size_bytes - _END_BYTES
    target.seek(footer_at)
    footer_at -= int.from_bytes(target.read(4), "little")
    target.seek(footer_at)
    # What users wrote may stand in the footer as the least and greatest value of a column: before, never after.
    at = footer_at + target.read().rindex(_MARK + _OPEN) + len(_MARK)
    target.seek(0)
    seal = _seal(size_bytes, iter(lambda: target.read(_BLOCK_BYTES), b""))
    target.seek(at)
    target.write(seal)
    target.seek(0)


def _seal_of(data: bytes) -> tuple[int, bytes] | None:
    """Where a file has a seal of its own, and which; None if it has none."""
    found = data.rfind(_MARK)
    at = found + len(_MARK)
    seal = data[at : at + len(_OPEN)]
    return (at, seal) if found >= 0 and seal.startswith(_length(len(data))) else None


def _seal(size_bytes: int, parts: Iterable[bytes | memoryview]) -> bytes:
    """The seal of a file, by its bytes with zeros for the seal."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return _length(size_bytes) + digest.hexdigest().encode()


def _length(size_bytes: int) -> bytes:
    return f"{size_bytes:016x}".encode()
