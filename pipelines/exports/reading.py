"""Bytes of images in their order, some read ahead: a store elsewhere answers slowly, but to many at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from synsift.dedupe import EXTENSIONS
from synsift.pipelines.errors import DamagedBlob, NoSuchObject
from synsift.pipelines.exports.rows import Placed
from synsift.pipelines.storage.images import ImageReader

_TASK_BYTES: Final = 4 << 20
_TASK_IMAGES: Final = 64
_TASK_IMAGES_ELSEWHERE: Final = 4
_THREADS: Final = 2
_THREADS_ELSEWHERE: Final = 16


class Problem(StrEnum):
    """Why an image that was chosen is not exported."""

    MISSING = "missing"
    DAMAGED = "damaged"
    UNDECODABLE = "undecodable"


@dataclass(frozen=True, slots=True)
class Loaded:
    """An image and its bytes, or why there are none."""

    placed: Placed
    data: bytes
    problem: Problem | None = None


def load(images: Iterable[Placed], reader: ImageReader) -> Iterator[Loaded]:
    """Read images in their order; memory is that of the tasks that are under way, some 4 MB each, or of one image.

    Args:
        images: Which.
        reader: Of the store.

    Raises:
        StoreError: The store can't be read.
    """
    threads, most = (_THREADS, _TASK_IMAGES) if reader.folder else (_THREADS_ELSEWHERE, _TASK_IMAGES_ELSEWHERE)
    waiting: deque[Future[list[Loaded]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="export") as pool:
        try:
            for task in tasks(images, most):
                waiting.append(pool.submit(_read, task, reader))
                if len(waiting) > threads:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def tasks(
    images: Iterable[Placed], most: int, size_of: Callable[[Placed], int] = lambda one: one.row.size_bytes
) -> Iterator[list[Placed]]:
    """Images that are read together."""
    task: list[Placed] = []
    size_bytes = 0
    for placed in images:
        task.append(placed)
        size_bytes += size_of(placed)
        if len(task) >= most or size_bytes >= _TASK_BYTES:
            yield task
            task, size_bytes = [], 0
    if task:
        yield task


def _read(task: list[Placed], reader: ImageReader) -> list[Loaded]:
    return [_read_one(placed, reader) for placed in task]


def _read_one(placed: Placed, reader: ImageReader) -> Loaded:
    row = placed.row
    try:
        return Loaded(placed, reader.read(row.wnid, row.sha256, EXTENSIONS[row.format]))
    except NoSuchObject:
        return Loaded(placed, b"", Problem.MISSING)
    except DamagedBlob:
        return Loaded(placed, b"", Problem.DAMAGED)
