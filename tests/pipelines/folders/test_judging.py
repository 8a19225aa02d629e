import os
from pathlib import Path

import pytest

from synsift.dedupe import MatchOptions, cluster
from synsift.pipelines.errors import SynsiftError
from synsift.pipelines.folders import judging as judging_module
from synsift.pipelines.folders.judging import Judging
from synsift.pipelines.folders.prints import PrintFile
from tests.dedupe.many.test_grouping import pictures


def on_disk(tmp_path: Path, seed: int) -> tuple[PrintFile, dict]:  # type: ignore[type-arg]
    images = pictures(seed, 150)
    file = PrintFile(tmp_path / "cache.db")
    file.update(images)
    return file, images


def test_processes_find_the_groups_that_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging_module, "at_once", lambda _: 32)
    file, images = on_disk(tmp_path, 5)
    left_out = sorted(images)[::9]
    judging = Judging(file, MatchOptions(), processes=2)
    made, judged = [], []
    judging.prepare(left_out, on_done=made.append)
    found = judging.group(on_done=judged.append)
    assert found == cluster({name: image for name, image in images.items() if name not in left_out})
    assert sum(made) == len(images)
    assert min(made) >= 0
    assert sum(judged) == len(images) - len(left_out)


def test_a_process_that_dies_each_time_ends_the_work_and_says_so(tmp_path: Path) -> None:
    file, _ = on_disk(tmp_path, 6)
    judging = Judging(file, MatchOptions(), processes=2)
    judging.prepare()
    # Whoever touches a mapped page behind the end of its file is killed.
    for lists in Path(file.room.folder).glob("*-lists"):
        os.truncate(lists, 4_096)
    with pytest.raises(SynsiftError, match="was killed, twice"):
        judging.group()
