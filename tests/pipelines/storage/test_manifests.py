"""Tests of a manifest's parts."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from synsift.pipelines.records import Image, Survivor
from synsift.pipelines.storage.manifests import decode_part, encode_part
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import candidate, make_world, stored

_READS = """
import os, pathlib, sys
import pyarrow.parquet
from synsift.pipelines.storage.manifests import decode_part
part = pathlib.Path(sys.argv[1]).read_bytes()
before = len(os.listdir("/proc/self/task"))
rows = decode_part(part)
print(len(rows), len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts a process's threads where Linux shows them")
def test_no_thread_of_arrow_holds_a_part_that_was_read(tmp_path: Path) -> None:
    """One that does when Python ends aborts the process: ``storage verify`` had status -6 then, now and again."""
    survivors = [
        (offset, Survivor(candidate=candidate(stored(make_world(tmp_path), encoded(scene(offset), "JPEG")))))
        for offset in (1, 2)
    ]
    part = tmp_path / "part.parquet"
    part.write_bytes(encode_part(survivors))
    assert [row["offset"] for row in decode_part(part.read_bytes())] == [1, 2]
    done = subprocess.run([sys.executable, "-c", _READS, str(part)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "0"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("is_cut", [True, False])
def test_a_picture_whose_file_ends_early_is_marked(tmp_path: Path, form: str, is_cut: bool) -> None:
    data = encoded(scene(1, (400, 300)), form)
    image = stored(make_world(tmp_path), data[: int(len(data) * 0.98)] if is_cut else data)
    assert image.is_cut is is_cut
    (row,) = decode_part(encode_part([(1, Survivor(candidate=candidate(image)))]))
    assert row["is_cut"] is is_cut
    # Records from before say nothing of it.
    before = {name: value for name, value in msgspec.to_builtins(image).items() if name != "is_cut"}
    assert not msgspec.convert(before, Image).is_cut
