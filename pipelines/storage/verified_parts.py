"""Verdicts of one synset → a part of what stands beside its manifest, as Parquet.

A row is a record of ``verified``: ``sha256`` is that of a row of the synset's manifest. The last row of a ``sha256``,
by partition and offset, says how it is.
"""

from collections.abc import Sequence
from typing import Final

from synsift.pipelines.records import Verified
from synsift.pipelines.storage.sealed import sealed

_TEXT: Final = ("wnid", "sha256", "verdict", "rule", "other")
_INTEGERS: Final = ("yes", "no", "unsure")


def encode_verdicts(verdicts: Sequence[tuple[int, Verified]]) -> bytes:
    """Write verdicts, each with its offset, as a Parquet file compressed with Zstandard."""
    import pyarrow

    schema = pyarrow.schema(
        [
            ("offset", pyarrow.int64()),
            *((name, pyarrow.string()) for name in _TEXT),
            *((name, pyarrow.int32()) for name in _INTEGERS),
            ("confidence", pyarrow.float64()),
        ]
    )
    names = (*_TEXT, *_INTEGERS, "confidence")
    rows = [{"offset": offset, **{name: getattr(one, name) for name in names}} for offset, one in verdicts]
    return sealed(pyarrow.Table.from_pylist(rows, schema=schema))
