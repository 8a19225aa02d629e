"""Files → fingerprints, by all cores.

A decoder that crashes takes its process with it, not the scan: the files that it had are tried again one by one, and
the one that crashes it is listed.
"""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import forkserver
from typing import Final, Generic, Self, TypeVar

from synsift.dedupe import DEFAULT_MAX_PIXELS, Fingerprint
from synsift.pipelines.folders.cache import Cache
from synsift.pipelines.folders.files import File, Unreadable
from synsift.pipelines.folders.work import Made, begin, fingerprint_files, hash_files

M = TypeVar("M")

DECODER_CRASHED: Final = "decoder_crashed"
DEFAULT_MAX_BYTES: Final = 512 * 1024 * 1024

# A task is worth sending from some milliseconds of work on; more, and progress comes in jumps.
_FILES_A_TASK: Final = 16
_TASKS_A_PROCESS: Final = 4
# Starting processes takes as long as some hundred small images; but a decoder that crashes should not take us with it.
_WORTH_PROCESSES: Final = 16

OnResult = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How a scan works.

    Attributes:
        max_pixels: Limit on width × height of an image.
        max_bytes: Limit on a file.
        processes: How many; None for one a core.
    """

    max_pixels: int = DEFAULT_MAX_PIXELS
    max_bytes: int = DEFAULT_MAX_BYTES
    processes: int | None = None


@dataclass(slots=True)
class Scanned:
    """What came of a scan.

    Attributes:
        images: Fingerprints by path, in the order in which files were found.
        unreadable: The others, likewise.
        from_cache: How many of the images were known from before.
    """

    images: dict[str, Fingerprint] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    from_cache: int = 0


def scan(
    found: Sequence[File | Unreadable], cache: Cache, options: ScanOptions, on_result: OnResult = lambda _: None
) -> Scanned:
    """Fingerprint files; what was made is in the cache even if the scan is interrupted.

    Args:
        found: As ``walk`` found them.
        cache: Asked first, and told of all that is made.
        options: See there.
        on_result: Told of every few files that are done, with their number.
    """
    files = [file for file in found if isinstance(file, File)]
    results = dict(cache.get(files))
    known_images = sum(isinstance(result, Fingerprint) for result in results.values())
    on_result(len(results))
    work = partial(fingerprint_files, max_pixels=options.max_pixels, max_bytes=options.max_bytes)
    with _Pool(options.processes, work) as pool:
        for task in pool.make([file for file in files if file not in results]):
            made = {file: _result(file, one) for file, one in task}
            cache.put(made)
            results.update(made)
            on_result(len(made))
    scanned = Scanned(from_cache=known_images)
    for one in found:
        result = results[one] if isinstance(one, File) else one
        if isinstance(result, Fingerprint):
            scanned.images[one.path] = result
        else:
            scanned.unreadable.append(result)
    return scanned


def hash_images(
    paths: Iterable[str], kinds: Sequence[str], options: ScanOptions, on_result: OnResult = lambda _: None
) -> dict[str, dict[str, bytes]]:
    """Make other libraries' hashes of files, by path and kind; a file that can't be read or decoded has none."""
    hashes: dict[str, dict[str, bytes]] = {}
    found = [File(path, 0, 0) for path in paths]
    work = partial(hash_files, kinds=kinds, max_pixels=options.max_pixels, max_bytes=options.max_bytes)
    with _Pool(options.processes, work) as pool:
        for task in pool.make(found):
            hashes.update((file.path, one or {}) for file, one in task)
            on_result(len(task))
    return hashes


class _Pool(Generic[M]):
    """Processes that work on files, replaced when they crash."""

    def __init__(self, processes: int | None, work: Callable[[list[str]], list[M]]) -> None:
        self._processes = processes or os.cpu_count() or 1
        self._work = work
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self.kill()
        self.close()

    def make(self, files: Sequence[File]) -> Iterator[list[tuple[File, M | None]]]:
        """Work on files, in any order, a few at a time; nothing comes of one that crashes its process."""
        tasks = [files[at : at + _FILES_A_TASK] for at in range(0, len(files), _FILES_A_TASK)]
        if len(files) < _WORTH_PROCESSES:
            for task in tasks:
                yield list(zip(task, self._work([file.path for file in task]), strict=True))
            return
        tasks.reverse()
        running: dict[Future[list[M]], Sequence[File]] = {}
        while tasks or running:
            while tasks and len(running) < self._processes * _TASKS_A_PROCESS:
                task = tasks.pop()
                running[self._submit(task)] = task
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            crashed: list[Sequence[File]] = []
            for future in done:
                task = running.pop(future)
                try:
                    yield list(zip(task, future.result(), strict=True))
                except BrokenProcessPool:
                    crashed.append(task)
            if crashed:
                # All that were running have failed with the one that crashed.
                crashed += running.values()
                running.clear()
                self.close()
                yield from self._one_by_one([file for task in crashed for file in task])

    def close(self) -> None:
        """End the processes."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None

    def kill(self) -> None:
        """End the processes in the midst of their work: some dozen images wait in them, which can take a minute."""
        for process in multiprocessing.active_children():
            process.terminate()
        self.close()

    def _one_by_one(self, files: Iterable[File]) -> Iterator[list[tuple[File, M | None]]]:
        for file in files:
            try:
                yield [(file, self._submit([file]).result()[0])]
            except BrokenProcessPool:
                self.close()
                yield [(file, None)]

    def _submit(self, task: Sequence[File]) -> Future[list[M]]:
        if self._executor is None:
            # Forked from a process that has loaded the modules and has no threads.
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["synsift.pipelines.folders.work"])
            with _without_ctrl_c():
                forkserver.ensure_running()
            self._executor = ProcessPoolExecutor(self._processes, mp_context=context, initializer=begin)
        return self._executor.submit(self._work, [file.path for file in task])


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Processes that are started in the block never hear of Ctrl-C, which a terminal sends to all of a group."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _result(file: File, made: Made | None) -> Fingerprint | Unreadable:
    if made is None:
        return Unreadable(file.path, DECODER_CRASHED, "the decoder crashed on it, and so did its process")
    return Fingerprint.from_record(made) if isinstance(made, bytes) else Unreadable(file.path, *made)
