from pathlib import Path

import pytest

from synsift.pipelines.folders.prints import PrintFile
from tests.dedupe.many.test_grouping import pictures


def test_fingerprints_on_disk_are_those_that_were_put_there(tmp_path: Path) -> None:
    images = pictures(1)
    file = PrintFile(tmp_path / "cache.db", len(images))
    for name, image in images.items():
        file[name] = image
    assert file == images
    assert list(file) == list(images)
    file.arrange(sorted(images))
    gone = sorted(images)[3]
    del file[gone], images[gone]
    assert list(file) == sorted(images)
    assert dict(file) == images
    assert gone not in file
    assert file.plain() == sum(image.is_plain for image in images.values()) > 0


def test_nothing_is_added_behind_what_is_read(tmp_path: Path) -> None:
    images = pictures(1)
    name, image = images.popitem()
    file = PrintFile(tmp_path / "cache.db", 2)
    file[name] = image
    assert file[name] == image
    with pytest.raises(TypeError):
        file["other"] = image
