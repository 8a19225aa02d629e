"""Thumbnails of many files, by processes."""

import base64
import io
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from synsift.pipelines.pages import gallery
from synsift.pipelines.pages.gallery import Making, thumbnails_of
from tests.dedupe.pictures import encoded, scene


def crash_on_marked(paths: Sequence[str], making: Making) -> list[str]:
    """Stands for a decoder that brings its process down."""
    assert making.side_px == 80
    if any("crash" in path for path in paths):
        os._exit(139)
    return [f"picture of {path}" for path in paths]


def test_a_decoder_that_crashes_costs_only_its_own_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "make", crash_on_marked)
    monkeypatch.setattr(gallery, "_WORTH_PROCESSES", 1)
    paths = [f"{'crash' if number in (4, 17, 18) else 'fine'}-{number}" for number in range(40)]
    made = list(thumbnails_of(paths, Making(80, processes=2)))
    assert made == ["" if "crash" in path else f"picture of {path}" for path in paths]


@pytest.mark.parametrize("worth", [1, 1_000])
def test_they_come_in_order_and_what_is_no_picture_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    monkeypatch.setattr(gallery, "_WORTH_PROCESSES", worth)
    paths = [tmp_path / f"{number}.png" for number in range(20)]
    for number, path in enumerate(paths):
        path.write_bytes(encoded(scene(1, (20 + number, 10)), "PNG"))
    paths[3].write_text("no picture")
    paths[7].unlink()
    counted: list[int] = []
    made = list(thumbnails_of([str(path) for path in paths], Making(80, processes=2), counted.append))
    widths = [Image.open(io.BytesIO(base64.b64decode(one))).width if one else None for one in made]
    assert widths == [None if number in (3, 7) else 20 + number for number in range(20)]
    assert sum(counted) == 20
