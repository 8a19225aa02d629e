"""OpenCV, where it is installed. Nothing else imports it."""

import importlib
from functools import cache
from typing import Any


class OpenCVMissing(ImportError):
    """OpenCV isn't installed; ``pip install 'synsift[thorough]'`` brings it."""


@cache
def load_opencv() -> Any:  # noqa: ANN401 - a library without types
    """OpenCV, told to keep to one thread: the pictures are shared out among processes.

    Raises:
        OpenCVMissing: It isn't there.
    """
    try:
        cv2 = importlib.import_module("cv2")
    except ImportError as exc:
        raise OpenCVMissing(
            "local features are found by OpenCV (`opencv-python-headless`), which isn't installed: "
            "pip install 'synsift[thorough]'"
        ) from exc
    cv2.setNumThreads(1)
    return cv2
