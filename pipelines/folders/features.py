"""Local features of images in folders, on disk: those of 100,000 images are 9 GB.

    paths ──describe──▶ a file of features ──┬─ words ──▶ Shortlist ──▶ pairs
                                             └─ a pair's features ─┬─relate──▶ what one is to the other
                                                                   └─doubt───▶ is a copy by hashes none after all

Images are described and pairs are looked at in processes, as fingerprints are made; what goes between them are places
in the file, which is gone with the program; what was described is kept in a cache, by the SHA-256 of its bytes.
"""

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from synsift.dedupe.local.features import Features
from synsift.dedupe.local.opencv import OpenCVMissing, load_opencv
from synsift.dedupe.local.relation import Relation
from synsift.dedupe.local.shortlist import SHORTEST, Shortlist
from synsift.pipelines.errors import ConfigError, SynsiftError
from synsift.pipelines.folders.cache import FeatureCache
from synsift.pipelines.folders.pool import Pool
from synsift.pipelines.folders.scan import ScanOptions
from synsift.pipelines.folders.work import describe_files, doubt_pairs, relate_pairs

OnResult = Callable[[int], None]


class Place(NamedTuple):
    """Where an image's features are in the file."""

    begin: int
    size_bytes: int


class Pair(NamedTuple):
    """Two images that may be related, by their paths, and where their features are."""

    one: str
    other: str
    places: tuple[Place, Place]


def need_opencv() -> None:
    """See that OpenCV is there, before any work is done.

    Raises:
        ConfigError: It isn't.
    """
    try:
        load_opencv()
    except OpenCVMissing as exc:
        raise ConfigError(
            "`--thorough` needs OpenCV (`opencv-python-headless`), which isn't installed",
            hint="pip install 'synsift[thorough]'",
        ) from exc


@contextlib.contextmanager
def _in_temporary_folder(folder: Path) -> Iterator[None]:
    """Where something is written in a temporary folder: say so if its disk is full.

    Raises:
        SynsiftError: It is.
    """
    try:
        yield
    except OSError as exc:
        if exc.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise SynsiftError(
            f"`{folder.parent}`, where temporary files are: {exc.strerror}",
            hint="free some space there, or name a folder on another disk in the variable `TMPDIR`",
        ) from exc


class FeatureFile:
    """Features of images, in a temporary file; used as a context."""

    def __init__(self, options: ScanOptions, cache: Path | None = None) -> None:
        """Without features.

        Args:
            options: How images are read.
            cache: Where features are kept for the next time; None for nowhere.
        """
        self._options = options
        self._cache = FeatureCache(cache)
        self._folder = tempfile.TemporaryDirectory(prefix="synsift-features-")
        self._path = Path(self._folder.name) / "features"
        self._places: dict[str, Place] = {}

    def __enter__(self) -> Self:
        self._path.touch()
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()
        self._cache.__exit__()

    def describe(self, images: Mapping[str, str], on_result: OnResult) -> None:
        """Describe images, each once; those that can't be read or decoded (any more) are left out.

        Args:
            images: SHA-256 by path.
            on_result: Told of every few that are done, with their number.
        """
        work = partial(describe_files, max_pixels=self._options.max_pixels, max_bytes=self._options.max_bytes)
        with (
            _in_temporary_folder(self._path.parent),
            self._path.open("ab") as file,
            Pool(self._options.processes, work) as pool,
        ):
            left = self._take_known(images, file)
            on_result(len(images) - len(left))
            for task in pool.make(left):
                made = [(path, one) for path, one in task if one is not None]
                for path, (sha256, data) in made:
                    if sha256 == images[path]:  # else it is another image by now
                        self._write(file, [path], data)
                self._cache.put(dict(one for _, one in made))
                on_result(len(task))

    def _take_known(self, images: Mapping[str, str], file: BinaryIO) -> list[str]:
        """Take over what the cache has; the paths of the others."""
        paths: dict[str, list[str]] = {}
        for path, sha256 in images.items():
            if path not in self._places:
                paths.setdefault(sha256, []).append(path)
        for sha256, data in self._cache.get(paths):
            try:
                Features.from_bytes(data)
            except ValueError:
                continue  # damaged: it is made anew
            self._write(file, paths[sha256], data)
        return [path for path in images if path not in self._places]

    def _write(self, file: BinaryIO, paths: Iterable[str], data: bytes) -> None:
        place = Place(file.tell(), len(data))
        file.write(data)
        self._places.update(dict.fromkeys(paths, place))

    def shortlist(self, paths: Sequence[str]) -> tuple[Shortlist, list[str]]:
        """Words of some images, and which image has which number."""
        known = [path for path in paths if path in self._places]
        made = Shortlist()
        for _, features in self._read(known):
            made.add(features)
        return made, known

    def pairs(
        self, queries: Sequence[str], against: Sequence[str], on_result: OnResult, *, most: int = SHORTEST
    ) -> Iterator[Pair]:
        """Pairs that may be related, each once: of a query and one of those to compare with."""
        shortlist, names = self.shortlist(against)
        seen: set[tuple[str, str]] = set()
        for path, features in self._read(path for path in queries if path in self._places):
            for number in shortlist.propose(features, most=most + 1):
                other = names[number]
                key = (path, other) if path < other else (other, path)
                if path != other and key not in seen:
                    seen.add(key)
                    yield Pair(path, other, (self._places[path], self._places[other]))
            on_result(1)

    def relate(self, pairs: Iterable[Pair]) -> Iterator[tuple[Pair, Relation]]:
        """Look at pairs; those that have nothing in common are left out."""
        with Pool(self._options.processes, partial(relate_pairs, file=str(self._path))) as pool:
            for task in pool.make(pairs):
                for pair, relation in task:
                    if relation is not None:
                        yield pair, relation

    def others(self, pairs: Iterable[tuple[str, str]], on_result: OnResult) -> Iterator[tuple[str, str]]:
        """Look at pairs that hashes take for copies; those that are drawings of another state, or with other words.

        Args:
            pairs: Paths of images that were described; what couldn't be, is no other.
            on_result: Told of every few pairs that were looked at, with their number.
        """
        places = self._places
        known = (
            Pair(one, other, (places[one], places[other])) for one, other in pairs if {one, other} <= places.keys()
        )
        with Pool(self._options.processes, partial(doubt_pairs, file=str(self._path))) as pool:
            for task in pool.make(known):
                yield from ((pair.one, pair.other) for pair, is_other in task if is_other)
                on_result(len(task))

    def _read(self, paths: Iterable[str]) -> Iterator[tuple[str, Features]]:
        with self._path.open("rb") as file:
            for path in paths:
                place = self._places[path]
                yield path, Features.from_bytes(os.pread(file.fileno(), place.size_bytes, place.begin))
