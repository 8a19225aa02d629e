from pathlib import Path

import pytest

from synsift.pipelines.folders import prints
from synsift.pipelines.folders.prints import PrintFile, gathered
from tests.dedupe.many.test_grouping import pictures


def test_fingerprints_on_disk_are_those_that_were_put_there(tmp_path: Path) -> None:
    images = pictures(1)
    file = PrintFile(tmp_path / "cache.db")
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
    file = PrintFile(tmp_path / "cache.db")
    file[name] = image
    assert file[name] == image
    with pytest.raises(TypeError):
        file["other"] = image


@pytest.mark.parametrize("many", [3, 1_000])
def test_a_picture_hides_no_other_one_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """Of two files of fingerprints that were made in two folders, each with a `1.jpg`, one was lost."""
    monkeypatch.setattr(prints, "MANY", many)
    by_sha256 = {image.sha256: image for image in pictures(1).values()}
    some = list(by_sha256.values())
    images, names = gathered([("1.jpg", image) for image in [*some, *some]], tmp_path / "cache.db")
    assert isinstance(images, PrintFile) == (len(some) > many)
    assert {image.sha256: image for image in images.values()} == by_sha256
    assert len(images) == len(some)
    assert names == dict.fromkeys(by_sha256, "1.jpg")
