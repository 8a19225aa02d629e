"""Pairs of images under two synsets → a part of what one of the two is told of them, as Parquet.

A row is a record of ``conflicts``, said of the image that stands under this synset: ``sha256`` is that of a row of the
synset's manifest. The last row of an ``id``, by partition and offset, says whether the pair stands.
"""

from collections.abc import Sequence
from typing import Any, Final

from synsift.pipelines.pairs import is_conflict, seen_from
from synsift.pipelines.records import Conflict
from synsift.pipelines.storage.sealed import sealed

_TEXT: Final = ("id", "wnid", "sha256", "other_wnid", "other_sha256", "kind", "tie", "transform", "replaces", "ended")


def encode_conflicts(wnid: str, pairs: Sequence[tuple[int, Conflict]]) -> bytes:
    """Write pairs that a synset is in, each with its offset, as a Parquet file compressed with Zstandard."""
    import pyarrow

    schema = pyarrow.schema(
        [
            ("offset", pyarrow.int64()),
            *((name, pyarrow.string()) for name in _TEXT),
            ("score", pyarrow.float32()),
            ("is_conflict", pyarrow.bool_()),
            ("stands", pyarrow.bool_()),
        ]
    )
    rows = [_row(offset, seen_from(pair, wnid)) for offset, pair in pairs]
    return sealed(pyarrow.Table.from_pylist(rows, schema=schema))


def _row(offset: int, pair: Conflict) -> dict[str, Any]:
    texts = {name: getattr(pair, name) for name in _TEXT}
    return {
        "offset": offset,
        **texts,
        "score": pair.score,
        "is_conflict": is_conflict(pair.tie),
        "stands": pair.stands,
    }
