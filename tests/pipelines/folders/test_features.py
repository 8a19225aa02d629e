"""Features of images that go to a temporary file."""

import hashlib
import tempfile
from pathlib import Path

import pytest

from synsift.pipelines.errors import SynsiftError
from synsift.pipelines.folders.features import FeatureFile
from synsift.pipelines.folders.scan import ScanOptions
from tests.dedupe.local.scenes import busy
from tests.dedupe.pictures import encoded


def test_a_full_disk_of_temporary_files_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was said to be the output's, and space was made on another disk."""
    pytest.importorskip("cv2")
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    data = encoded(busy(1), "JPEG")
    (picture := tmp_path / "1.jpg").write_bytes(data)
    with FeatureFile(ScanOptions(processes=1)) as features:
        (file,) = tmp_path.glob("*/features")
        file.unlink()
        file.symlink_to("/dev/full")
        with pytest.raises(SynsiftError, match="where temporary files are: No space left") as caught:
            features.describe({str(picture): hashlib.sha256(data).hexdigest()}, lambda _: None)
    assert str(tmp_path) in str(caught.value)
    assert "TMPDIR" in caught.value.hint
