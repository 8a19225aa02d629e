"""Files → thumbnails, by all cores.

A decoder that crashes takes its process with it, not the page: the one picture that crashes it has no thumbnail.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from synsift.dedupe import DEFAULT_MAX_PIXELS
from synsift.pipelines.folders.pool import Pool
from synsift.pipelines.folders.scan import DEFAULT_MAX_BYTES
from synsift.pipelines.folders.work import quiet
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
    if len(paths) < _WORTH_PROCESSES:
        for begin in range(0, len(paths), _TASK):
            made = make(paths[begin : begin + _TASK], making)
            on_picture(len(made))
            yield from made
        return
    with Pool(making.processes, partial(make, making=making), at_once=_TASK) as pool:
        for _, one in pool.make_in_order(paths):
            on_picture(1)
            yield one or ""


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
