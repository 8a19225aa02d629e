"""A part of a table, without the rows of images that are to be seen by nobody any more."""

import io
from collections.abc import Collection, Sequence


def without(data: bytes, columns: Sequence[str], gone: Collection[str]) -> tuple[bytes | None, int]:
    """Leave the rows of some images out.

    Args:
        data: A part, as Parquet.
        columns: Those that name images by their SHA-256, as far as the part has them.
        gone: The images.

    Returns:
        The part without them, None if nothing is left; and how many rows went.

    Raises:
        ValueError: Its bytes are no part. Arrow may raise others of its own for such.
    """
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(io.BytesIO(data), pre_buffer=False) as part:
        table = part.read(use_threads=False)
    wanted = pyarrow.array(sorted(gone), type=pyarrow.string())
    keeps = [True] * table.num_rows
    for name in set(columns) & set(table.column_names):
        hits = pyarrow.compute.is_in(table.column(name), value_set=wanted).to_pylist()
        keeps = [keep and not hit for keep, hit in zip(keeps, hits, strict=True)]
    number = keeps.count(False)
    if not number:
        return data, 0
    if number == table.num_rows:
        return None, number
    target = io.BytesIO()
    pyarrow.parquet.write_table(table.filter(pyarrow.array(keeps)), target, compression="zstd")
    return target.getvalue(), number
