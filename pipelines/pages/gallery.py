"""Files → thumbnails, by all cores.

A decoder that crashes takes its process with it, not the page: the pictures that it had are made again one by one, and
the one that crashes it has no thumbnail.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import Final

from synsift.crawler.processes import helpers_context
from synsift.dedupe import DEFAULT_MAX_PIXELS
from synsift.pipelines.folders.scan import DEFAULT_MAX_BYTES
from synsift.pipelines.folders.work import begin, quiet
from synsift.pipelines.pages.thumbnails import thumbnail

_TASK: Final = 8
_WORTH_PROCESSES: Final = 64

OnPicture = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Making:
    """How thumbnails are made.

    Attributes:
        side_px: Longer side of one.
        processes: How many work; None for one a core.
        max_pixels: Limit on width × height of the original.
    """

    side_px: int
    processes: int | None = None
    max_pixels: int = DEFAULT_MAX_PIXELS


def thumbnails_of(paths: Sequence[str], making: Making, on_picture: OnPicture = lambda _: None) -> Iterator[str]:
    """Make thumbnails of files, in order.

    Args:
        paths: Of the files.
        making: See there.
        on_picture: Told of every few that are made, with their number.

    Yields:
        WebP as Base64; an empty text where a file can't be read or shown.
    """
    tasks = [paths[at : at + _TASK] for at in range(0, len(paths), _TASK)]
    few = len(paths) < _WORTH_PROCESSES
    for made in (make(task, making) for task in tasks) if few else _by_processes(tasks, making):
        on_picture(len(made))
        yield from made


def make(paths: Sequence[str], making: Making) -> list[str]:
    """Thumbnails of some files: what a process does."""
    with quiet(making.max_pixels):
        return [_make_one(path, making) for path in paths]


def _make_one(path: str, making: Making) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(DEFAULT_MAX_BYTES + 1)
    except OSError:
        return ""
    if len(data) > DEFAULT_MAX_BYTES:
        return ""
    made = thumbnail(data, side_px=making.side_px, max_pixels=making.max_pixels)
    return made.to_base64() if made is not None else ""


def _by_processes(tasks: Sequence[Sequence[str]], making: Making) -> Iterator[list[str]]:
    done = 0
    while done < len(tasks):
        left = tasks[done:]
        with _pool(making.processes or os.cpu_count() or 1) as pool:
            try:
                for made in pool.map(partial(make, making=making), left):
                    yield made
                    done += 1
                continue
            except BrokenProcessPool:
                _end_all()
        yield [_make_alone(path, making) for path in tasks[done]]
        done += 1


def _make_alone(path: str, making: Making) -> str:
    with _pool(1) as pool:
        try:
            return pool.submit(make, [path], making).result()[0]
        except BrokenProcessPool:
            _end_all()
            return ""


def _end_all() -> None:
    """End the processes of a broken pool: one that it started while it broke would be waited for, for ever."""
    for process in multiprocessing.active_children():
        process.kill()


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=helpers_context(__name__), initializer=begin)
