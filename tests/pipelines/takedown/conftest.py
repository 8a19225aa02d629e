"""The smallest worlds for take-downs."""

from pathlib import Path

import pytest

from tests.pipelines.worlds import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)
