"""The demo's web as it always is, its pictures made once for all processes of the tests.

``python -m tests.demo_world`` is ``python -m synsift.pipelines.demo.web``, whose pictures take some seconds to draw.
They are kept beside the servers of the tests, until anything that they are made by is another.
"""

import asyncio
import fcntl
import os
import pickle
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL

from deploy.local.services import CACHE
from synsift.pipelines.demo import pictures, web, world
from synsift.pipelines.demo.world import World, build_world

SOURCES = (Path(pictures.__file__), Path(world.__file__))


def kept(folder: Path = CACHE, sources: tuple[Path, ...] = SOURCES, build: Callable[[], World] = build_world) -> World:
    """The world that these sources make; who comes first makes it, and others wait for that."""
    versions = f"{sys.version} {np.__version__} {PIL.__version__}"
    key = b"".join(source.read_bytes() for source in sources) + versions.encode()
    file = folder / f"demo-world-{zlib.crc32(key):08x}.pickle"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "demo-world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if file.exists():
            return pickle.loads(file.read_bytes())  # type: ignore[no-any-return]  # noqa: S301 - our own
        made = build()
        for earlier in folder.glob("demo-world-*.pickle"):
            earlier.unlink()
        part = file.with_suffix(f".{os.getpid()}")
        part.write_bytes(pickle.dumps(made))
        part.replace(file)
    return made


if __name__ == "__main__":
    vars(web)["build_world"] = kept
    asyncio.run(web._serve())
