"""Copies of a file's picture, as the web makes them; what ``calibrate`` measures with."""

import io
from collections.abc import Iterator

from PIL import Image

from synsift.dedupe import copies_of
from synsift.dedupe.cut import Load, whole_or_cut
from synsift.dedupe.decode import decode, readable_formats, translated
from synsift.pipelines.folders.work import quiet


def copies_of_file(path: str, max_pixels: int) -> Iterator[tuple[str, bytes]]:
    """Read a file as fingerprints do, within the same limits, and make copies of it: names, and files.

    Raises:
        ImageError: It can't be decoded.
        OSError: It can't be read.
    """
    with open(path, "rb") as file:
        data = file.read()
    with quiet(max_pixels), translated():
        decode(data, max_pixels=max_pixels)  # refuses what costs too much
        picture, _ = whole_or_cut(data, _load)
    return copies_of(picture)


def _load(data: bytes, load: Load) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=readable_formats())
    load(image)
    return image
