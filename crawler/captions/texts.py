"""Columns of any type as texts that are UTF-8, without nulls."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synsift.crawler.sources.lists.cells import text_of

if TYPE_CHECKING:
    from typing import TypeAlias

    Column: TypeAlias = pa.ChunkedArray[Any]


def as_texts(column: "Column") -> "pa.LargeStringArray":
    """The texts of a column. What is no UTF-8 keeps a sign in its place; lists are written out, with ``|`` between."""
    try:
        found = _cast(column)
        found.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, NotImplementedError):
        found = texts_of_rows(_values(column))
    return found


def texts_of_rows(values: Sequence[Any]) -> "pa.LargeStringArray":
    """Values as texts."""
    try:
        return pa.array(values, pa.large_string())
    except (UnicodeEncodeError, pa.ArrowInvalid, pa.ArrowTypeError):
        texts = [text_of(value).encode("utf-8", "replace").decode() for value in values]
        return pa.array(texts, pa.large_string())


def empty_texts(size: int) -> "pa.LargeStringArray":
    """A column of empty texts."""
    return pa.LargeStringArray.from_buffers(size, pa.py_buffer(bytes(8 * (size + 1))), pa.py_buffer(b""))


def has_text(column: "pa.LargeStringArray") -> bool:
    """Whether any text in a column isn't empty."""
    places = column.buffers()[1]
    if places is None or not len(column):
        return False
    offsets = np.frombuffer(places, np.int64)
    return bool(offsets[column.offset] != offsets[column.offset + len(column)])


def _cast(column: "Column") -> "pa.LargeStringArray":
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if not (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind)
    ):  # fmt: skip
        raise NotImplementedError
    found = pc.fill_null(column.cast(pa.large_string()), "").combine_chunks()
    if isinstance(found, pa.ChunkedArray):
        found = pa.concat_arrays(found.chunks) if found.num_chunks else pa.array([], pa.large_string())
    return found


def _values(column: "Column") -> list[str]:
    try:
        values = column.to_pylist()
    except UnicodeDecodeError:  # a writer that didn't look: bytes that are no UTF-8 in a column of texts
        values = column.cast("binary").to_pylist()
    return [text_of(value).encode("utf-8", "replace").decode() for value in values]
