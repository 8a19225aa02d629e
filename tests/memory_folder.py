"""A folder for what a test throws away and never looks at, such as a broker's data."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - folders of our own are made there
ROOM_BYTES: Final = 2 << 30


@contextmanager
def memory_folder() -> Iterator[Path]:
    """In memory where there is room, else on the disk; deleted at the end of the block.

    A broker waits for its disk with each of the hundred partitions that a crawl's topics have.
    """
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    with tempfile.TemporaryDirectory(prefix="synsift-", dir=MEMORY if has_room else None) as name:
        yield Path(name)
