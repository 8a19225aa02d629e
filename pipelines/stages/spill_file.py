"""A file without a name, for state that is too large for memory: it grows at its end, and goes with its object."""

import os
import tempfile
import weakref


class SpillFile:
    """Bytes on disk. Nothing of it is buffered here: what has found no room says so at once. Used by one thread."""

    def __init__(self) -> None:
        """Make an empty one where the system keeps temporary files.

        Raises:
            OSError: It can't be made.
        """
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `close`, or with this object
        self._descriptor = file.fileno()
        self.close = weakref.finalize(self, file.close)
        self.size_bytes = 0

    def append(self, data: bytes) -> int:
        """Write some bytes behind all others; gives their place.

        Raises:
            OSError: There is no room; nothing was written.
        """
        place, done = self.size_bytes, 0
        while done < len(data):
            done += os.pwrite(self._descriptor, data[done:] if done else data, place + done)
        self.size_bytes = place + len(data)
        return place

    def read(self, place: int, size: int) -> bytes:
        """The bytes at a place; fewer, if the file ends there.

        Raises:
            OSError: They can't be read.
        """
        data = os.pread(self._descriptor, size, place)
        while len(data) < size and (more := os.pread(self._descriptor, size - len(data), place + len(data))):
            data += more
        return data
