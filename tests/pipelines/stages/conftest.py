"""The smallest worlds for stages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.stages.web import SmallWeb, small_web
from tests.pipelines.worlds import World, make_world


@pytest.fixture
def site() -> Iterator[SmallWeb]:
    with small_web() as found:
        yield found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)
