"""Files of a sift: written whole, with an error that names them where that fails."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Have errors of the system say which file they are of: libraries leave that out."""
    try:
        yield
    except OSError as exc:
        if exc.errno and exc.filename is None:
            raise OSError(exc.errno, os.strerror(exc.errno), str(path)) from exc
        raise


def save(path: Path, values: npt.NDArray[Any]) -> None:
    """Write an array, for good.

    Raises:
        OSError: It can't be written.
    """
    # NumPy itself would say how many bytes were written, and not why no more were.
    data = io.BytesIO()
    np.save(data, values)
    with named(path), path.open("wb") as file:
        file.write(data.getbuffer())
        file.flush()
        os.fsync(file.fileno())


def reserve(path: Path, size: int) -> None:
    """Make a file of zeros that has its room on the disk: one that is mapped to memory can't say that there is none.

    Raises:
        OSError: There isn't so much.
    """
    with named(path), path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
