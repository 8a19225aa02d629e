"""Files → thumbnails, by all cores.

A decoder that crashes takes its process with it, not the page: the pictures that it had are made again one by one, and
the one that crashes it has no thumbnail.
"""

import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final

from synsift.pipelines.folders.scan import DEFAULT_MAX_BYTES
from synsift.pipelines.folders.work import begin, quiet
from synsift.pipelines.pages.thumbnails import thumbnail

_TASK: Final = 8
_WORTH_PROCESSES: Final = 64

OnPicture = Callable[[int], None]


def thumbnails_of(
    paths: Sequence[str], *, side_px: int, processes: int | None = None, on_picture: OnPicture = lambda _: None
) -> Iterator[str]:
    """Make thumbnails of files, in order.

    Args:
        paths: Of the files.
        side_px: Longer side of a thumbnail.
        processes: How many work; None for one a core.
        on_picture: Told of every few that are made, with their number.

    Yields:
        WebP as Base64; an empty text where a file can't be read or shown.
    """
    tasks = [paths[at : at + _TASK] for at in range(0, len(paths), _TASK)]
    results: Iterator[list[str]]
    if len(paths) < _WORTH_PROCESSES:
        results = (make(task, side_px) for task in tasks)
    else:
        results = _by_processes(tasks, side_px, processes or os.cpu_count() or 1)
    for made in results:
        on_picture(len(made))
        yield from made


def make(paths: Sequence[str], side_px: int) -> list[str]:
    """Thumbnails of some files: what a process does."""
    with quiet():
        return [_make_one(path, side_px) for path in paths]


def _make_one(path: str, side_px: int) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(DEFAULT_MAX_BYTES + 1)
    except OSError:
        return ""
    made = thumbnail(data, side_px=side_px) if len(data) <= DEFAULT_MAX_BYTES else None
    return made.to_base64() if made is not None else ""


def _by_processes(tasks: Sequence[Sequence[str]], side_px: int, processes: int) -> Iterator[list[str]]:
    done = 0
    while done < len(tasks):
        left = tasks[done:]
        with _pool(processes) as pool:
            try:
                for made in pool.map(make, left, itertools.repeat(side_px)):
                    yield made
                    done += 1
                continue
            except BrokenProcessPool:
                _end_all()
        yield [_make_alone(path, side_px) for path in tasks[done]]
        done += 1


def _make_alone(path: str, side_px: int) -> str:
    with _pool(1) as pool:
        try:
            return pool.submit(make, [path], side_px).result()[0]
        except BrokenProcessPool:
            _end_all()
            return ""


def _end_all() -> None:
    """End the processes of a broken pool: one that it started while it broke would be waited for, for ever."""
    for process in multiprocessing.active_children():
        process.kill()


def _pool(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return ProcessPoolExecutor(processes, mp_context=context, initializer=begin)
