"""What a sift has read so far, on disk: a part for each block of rows, whole or not there.

    00000000.hits.npy     hits, as `matching` has them, in rows of the part
    00000000.marks.npy    of each row: 64 bits of its URL's hash, words of its caption
    00000000.rows.arrow   what is kept of each row, but columns without a text; with the state behind it, written last

A sift that was ended goes on behind the last part that is whole.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synsift.crawler.captions.files import named, save
from synsift.crawler.captions.matching import Hits
from synsift.crawler.outside_json import loads

MARKS: Final = np.dtype([("hash", np.uint64), ("length", np.uint8)])
_STATE: Final = b"state"


@dataclass(frozen=True, slots=True)
class State:
    """Where a sift stands behind a part.

    Attributes:
        list: Number of the list that is being read.
        cursor: Where it goes on; empty at its end.
        rows: Rows of the part.
        left_out: Rows of it that are no candidates, by reason.
        problems: What is wrong with some of them.
    """

    list: int
    cursor: str
    rows: int
    left_out: Mapping[str, int]
    problems: tuple[str, ...] = ()


class Spool:
    """A folder of parts."""

    def __init__(self, folder: Path) -> None:
        """Open or make one; what isn't whole of the last part goes."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._states: list[State] = []
        self.sizes: list[int] = []
        while (found := _state_of(self._path(len(self.sizes), "rows.arrow"))) is not None:
            state, size = found
            self._states.append(state)
            self.sizes.append(size)
        for left in folder.glob("*.new"):
            left.unlink()

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def states(self) -> "list[State]":
        """Behind each part."""
        return self._states

    def add(self, state: State, hits: Hits, marks: npt.NDArray[Any], rows: "pa.Table") -> None:
        """Write a part.

        Raises:
            OSError: It can't be written.
        """
        number = len(self.sizes)
        save(self._path(number, "hits.npy"), hits)
        save(self._path(number, "marks.npy"), marks)
        said = {"list": state.list, "cursor": state.cursor, "rows": state.rows}
        said |= {"left_out": dict(state.left_out), "problems": list(state.problems), "kept": rows.num_rows}
        schema = rows.schema.with_metadata({_STATE: json.dumps(said).encode()})
        path = self._path(number, "rows.arrow")
        new = path.with_suffix(".new")
        with named(new), new.open("wb") as file:
            options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
            with pa.ipc.new_file(file, schema, options=options) as writer:
                writer.write_table(rows.replace_schema_metadata(schema.metadata))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        self._states.append(state)
        self.sizes.append(rows.num_rows)

    def hits(self, number: int) -> Hits:
        """The hits of a part."""
        found: Hits = _load(self._path(number, "hits.npy"))
        return found

    def marks(self, number: int) -> npt.NDArray[Any]:
        """The marks of a part's rows."""
        return _load(self._path(number, "marks.npy"))

    def rows(self, number: int) -> "pa.Table":
        """The rows of a part."""
        # Opened by ourselves: Arrow can't open a file in a folder whose name is no text.
        with self._path(number, "rows.arrow").open("rb") as file:
            return pa.ipc.open_file(file).read_all()

    def parts(self) -> Iterator[tuple[Hits, npt.NDArray[Any]]]:
        """The hits and the marks of all parts, in order."""
        for number in range(len(self.sizes)):
            yield self.hits(number), self.marks(number)

    def beside(self, name: str) -> Path:
        """A file that passes with the folder."""
        return self._folder / name

    def remove(self) -> None:
        """Delete the folder with all in it; a part's end first, so that what is left is never taken for whole."""
        for path in sorted(
            self._folder.iterdir(), key=lambda path: (path.suffix != ".arrow", path.name), reverse=False
        ):
            path.unlink()
        self._folder.rmdir()

    def _path(self, number: int, end: str) -> Path:
        return self._folder / f"{number:08d}.{end}"


def _state_of(path: Path) -> tuple[State, int] | None:
    """Where a sift stands behind a part, and rows of it; None if it isn't there, or isn't whole."""
    try:
        with path.open("rb") as file:
            said = loads(pa.ipc.open_file(file).schema.metadata[_STATE])
        size = said.pop("kept")
        return State(**{**said, "problems": tuple(said["problems"])}), size
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _load(path: Path) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = np.load(path, mmap_mode="r") if path.stat().st_size > 4096 else np.load(path)
    return found
