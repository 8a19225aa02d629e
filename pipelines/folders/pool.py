"""Work on many things by all cores.

A decoder that crashes takes its process with it, not the program: what it had is tried again one by one, and nothing
comes of the one that crashes it.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Final, Generic, Self, TypeVar

from synsift.crawler.processes import helpers_context
from synsift.pipelines.folders.work import begin

T = TypeVar("T")
M = TypeVar("M")

# A task is worth sending from some milliseconds of work on; more, and progress comes in jumps.
_THINGS_A_TASK: Final = 16
_TASKS_A_PROCESS: Final = 4
# Starting processes takes as long as some hundred small images; but a decoder that crashes should not take us with it.
_WORTH_PROCESSES: Final = 16


class Pool(Generic[T, M]):
    """Processes that work on things, such as paths of files; replaced when they crash."""

    def __init__(
        self, processes: int | None, work: Callable[[list[T]], list[M]], *, at_once: int = _THINGS_A_TASK
    ) -> None:
        """Nothing is started yet.

        Args:
            processes: How many; None for one a core.
            work: What a process does with some things, and what comes of each; sent to it, so a function of a module.
            at_once: How many things it gets at once.
        """
        self._at_once = at_once
        self._processes = processes or os.cpu_count() or 1
        self._work = work
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self.kill()
        self.close()

    def make(self, things: Iterable[T]) -> Iterator[list[tuple[T, M | None]]]:
        """Work on things, in any order, a few at a time; nothing comes of one that crashes its process.

        They are taken as they are needed, so that making them and working on them go on at the same time.
        """
        left = iter(things)
        task = list(islice(left, self._at_once))
        if len(task) < min(_WORTH_PROCESSES, self._at_once):
            if task:
                yield list(zip(task, self._work(task), strict=True))
            return
        running: dict[Future[list[M]], list[T]] = {}
        while task or running:
            while task and len(running) < self._processes * _TASKS_A_PROCESS:
                running[self._submit(task)] = task
                task = list(islice(left, self._at_once))
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            crashed: list[list[T]] = []
            for future in done:
                ended = running.pop(future)
                try:
                    yield list(zip(ended, future.result(), strict=True))
                except BrokenProcessPool:
                    crashed.append(ended)
            if crashed:
                # All that were running have failed with the one that crashed.
                crashed += running.values()
                running.clear()
                self.close()
                yield from self._one_by_one([thing for ended in crashed for thing in ended])

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

    def _one_by_one(self, things: Iterable[T]) -> Iterator[list[tuple[T, M | None]]]:
        for thing in things:
            try:
                yield [(thing, self._submit([thing]).result()[0])]
            except BrokenProcessPool:
                self.close()
                yield [(thing, None)]

    def _submit(self, task: list[T]) -> Future[list[M]]:
        if self._executor is None:
            context = helpers_context("synsift.pipelines.folders.work")
            self._executor = ProcessPoolExecutor(self._processes, mp_context=context, initializer=begin)
        return self._executor.submit(self._work, task)
