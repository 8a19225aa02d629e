import importlib.util

import pytest

from tests.conftest import missing


@pytest.fixture(autouse=True)
def _opencv() -> None:
    """Local features are an extra; in CI they are there."""
    if importlib.util.find_spec("cv2") is None:
        missing("opencv-python-headless isn't installed")
