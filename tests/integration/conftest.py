"""What the tests of the whole share."""

from pathlib import Path

import pytest

from pipelines.demo.world import SUBJECTS


@pytest.fixture
def synsets(tmp_path: Path) -> Path:
    path = tmp_path / "synsets.tsv"
    path.write_text("".join(f"{subject.wnid}\t{text}\n" for subject in SUBJECTS for text in subject.queries))
    return path
