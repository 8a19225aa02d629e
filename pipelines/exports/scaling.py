"""Images whose longer side is bounded, made by all cores, in processes that may crash."""

import io
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from PIL import Image

from synsift.dedupe.cut import Load, whole_or_cut
from synsift.dedupe.decode import EXIF_ORIENTATION, EXIF_TRANSPOSE, readable_formats, refuse_promises
from synsift.pipelines.exports.reading import Loaded, Problem
from synsift.pipelines.exports.rows import Placed
from synsift.pipelines.folders.pool import Pool

_QUALITY: Final = 92
# Twice as many pixels as are wanted keep the filter fed; a JPEG is decoded at a half, a quarter or an eighth for it.
_DRAFT: Final = 2

Task = tuple[int, Loaded]


def scale(images: Iterator[Loaded], *, max_pixels: int, processes: int | None = None) -> Iterator[Loaded]:
    """Scale those that are too large, in their order; the others stay byte for byte as they are.

    Args:
        images: As they were read.
        max_pixels: Limit on width × height of an original.
        processes: How many work; None for one a core.
    """
    work = partial(_scale_some, max_pixels=max_pixels)
    waiting: dict[int, Loaded] = {}
    following = 0
    with Pool(processes, work) as pool:
        for made in pool.make(_to_scale(images, waiting)):
            waiting.update((number, _result(loaded, data)) for (number, loaded), data in made)
            while following in waiting:
                yield waiting.pop(following)
                following += 1
    yield from (waiting[number] for number in sorted(waiting))


def _to_scale(images: Iterator[Loaded], others: dict[int, Loaded]) -> Iterator[Task]:
    """What processes work on, with its number; all others go straight to what is ready."""
    for number, loaded in enumerate(images):
        if loaded.problem is None and loaded.placed.is_scaled:
            yield number, loaded
        else:
            others[number] = loaded


def _result(loaded: Loaded, data: bytes | None) -> Loaded:
    return replace(loaded, data=data) if data else Loaded(loaded.placed, b"", Problem.UNDECODABLE)


def _scale_some(tasks: list[Task], max_pixels: int) -> list[bytes | None]:
    return [scale_one(loaded, max_pixels) for _, loaded in tasks]


def scale_one(loaded: Loaded, max_pixels: int) -> bytes | None:
    """A scaled image; None of what can't be decoded, or is too large for that."""
    try:
        with warnings.catch_warnings(action="ignore"):
            refuse_promises(loaded.data, max_pixels)
            return whole_or_cut(loaded.data, lambda data, load: _make(data, load, loaded.placed, max_pixels))[0]
    except Exception:  # noqa: BLE001 - hostile bytes make decoders raise anything
        return None


def _make(data: bytes, load: Load, placed: Placed, max_pixels: int) -> bytes | None:
    size_px, kind = placed.size_px, placed.format
    with Image.open(io.BytesIO(data), formats=readable_formats()) as image:
        if image.width * image.height > max_pixels:
            return None
        side_px = _DRAFT * max(size_px)
        image.draft(None, (side_px, side_px))
        load(image)
        if image.width * image.height > max_pixels:
            return None
        profile = image.info.get("icc_profile")
        turn = EXIF_TRANSPOSE.get(_orientation(image))
        upright = image.transpose(turn) if turn is not None else image
        small = _of_kind(upright, kind).resize(size_px, Image.Resampling.LANCZOS)
    target = io.BytesIO()
    options = {"quality": _QUALITY} if kind != "PNG" else {}
    keeps = {"icc_profile": profile} if profile and image.mode in ("RGB", "L") else {}
    small.save(target, kind, **options, **keeps)
    return target.getvalue()


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(EXIF_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - a broken EXIF block says nothing of the picture
        return 1
    return value if isinstance(value, int) else 1


def _of_kind(image: Image.Image, kind: str) -> Image.Image:
    """A picture in a mode that can be averaged, and that its format can hold."""
    if kind == "JPEG":
        return image if image.mode in ("RGB", "L") else _on_white(image)
    if image.mode in ("RGB", "L", "RGBA"):
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
