"""A part of a table, without the rows of images that are to be seen by nobody any more."""

from collections.abc import Collection, Sequence

from synsift.pipelines.storage.sealed import read_sealed, sealed


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

    table = read_sealed(data)
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
    return sealed(table.filter(pyarrow.array(keeps))), number
