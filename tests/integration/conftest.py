"""What the tests of the whole share."""

from pathlib import Path

import pytest

from synsift.pipelines.demo.world import SUBJECTS


def write_synsets(folder: Path) -> Path:
    """A list of the queries of the demo's synsets."""
    path = folder / "synsets.tsv"
    path.write_text("".join(f"{subject.wnid}\t{text}\n" for subject in SUBJECTS for text in subject.queries))
    return path


@pytest.fixture
def synsets(tmp_path: Path) -> Path:
    return write_synsets(tmp_path)
