"""Work on many things by all cores.

    things ──some at a time──▶ a pipe each ──▶ processes ──what comes of them──▶ the caller

A decoder that crashes takes its process with it, not the program: what that had is tried again one by one, alone, and
nothing comes of the one that crashes it twice. What the other processes have at work goes on. Between us and a process
is one pipe and nothing else: a semaphore or a piece of memory with a name would outlast a program that is killed.
"""

import os
import pickle
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from queue import SimpleQueue
from typing import Any, Final, Generic, NamedTuple, Self, TypeVar

from synsift.crawler.processes import helpers_context
from synsift.pipelines.folders.work import begin

T = TypeVar("T")
M = TypeVar("M")

# A task is worth sending from some milliseconds of work on; more, and progress comes in jumps.
_THINGS_A_TASK: Final = 16
# One at work and one that waits for it in the process: with one it would idle while we are busy with what it made.
_TASKS_A_PROCESS: Final = 2
# Starting processes takes as long as some hundred small images; but a decoder that crashes should not take us with it.
_WORTH_PROCESSES: Final = 16
# In order, so many tasks of a process may end before one that others wait for: what they made is in memory.
_TASKS_AHEAD: Final = 64
_LEAVE_S: Final = 5.0
_GONE: Final = (EOFError, OSError)


class _Task(NamedTuple, Generic[T]):
    """Some things, and the number of the first. Alone: what was at work when a process died."""

    number: int
    things: list[T]
    is_alone: bool = False


class _Hand(Generic[T]):
    """A process, how we speak to it, and what it has, in its order."""

    def __init__(self, context: ForkServerContext, work: Callable[[list[T]], list[M]]) -> None:
        ours, its = context.Pipe()
        self.process: ForkServerProcess = context.Process(target=_serve, args=(its, work), daemon=True)
        self.process.start()
        its.close()
        self.pipe: Connection = ours
        self.tasks: deque[_Task[T]] = deque()

    def end(self) -> None:
        """End it, in the midst of its work if need be."""
        self.pipe.close()
        self.process.terminate()

    def join(self) -> None:
        """Wait until it has ended; one that a decoder keeps from hearing is killed."""
        self.process.join(_LEAVE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Pool(Generic[T, M]):
    """Processes that work on things, such as paths of files; replaced when they crash. Not thread-safe."""

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
        self._hands: list[_Hand[T]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def make(self, things: Iterable[T]) -> Iterator[list[tuple[T, M | None]]]:
        """Work on things, in any order, a few at a time; nothing comes of one that crashes its process.

        They are taken as they are needed, so that making them and working on them go on at the same time. What the
        work raises is raised here.
        """
        for task, made in self._made(things):
            yield list(zip(task.things, made, strict=True))

    def make_in_order(self, things: Iterable[T]) -> Iterator[tuple[T, M | None]]:
        """As ``make``, in the order of the things, one at a time."""
        waiting: dict[int, tuple[T, M | None]] = {}
        expected = 0
        most = self._processes * _TASKS_AHEAD * self._at_once
        for task, made in self._made(things, may_begin=lambda: len(waiting) < most):
            waiting.update(enumerate(zip(task.things, made, strict=True), task.number))
            while expected in waiting:
                yield waiting.pop(expected)
                expected += 1

    def close(self) -> None:
        """End the processes, in the midst of their work if they have any."""
        hands, self._hands = self._hands, []
        for hand in hands:
            hand.end()
        for hand in hands:
            hand.join()

    def _made(
        self, things: Iterable[T], *, may_begin: Callable[[], bool] = lambda: True
    ) -> Iterator[tuple[_Task[T], list[M | None]]]:
        """Tasks that have ended, with what was made of their things."""
        left = _in_tasks(things, self._at_once)
        task = next(left, None)
        if task is not None and len(task.things) < min(_WORTH_PROCESSES, self._at_once):
            yield task, list(self._work(task.things))
            return
        again: deque[_Task[T]] = deque()
        is_whole = False
        try:
            while task is not None or again or self._busy():
                while task is not None and not again and may_begin() and self._begin(task):
                    task = next(left, None)
                if again and not self._busy():
                    self._begin(again.popleft())
                for hand in self._ready():
                    yield from self._take(hand, again)
            is_whole = True
        finally:
            if not is_whole:
                self.close()  # what is at work is of no use to whoever asks next

    def _busy(self) -> list[_Hand[T]]:
        return [hand for hand in self._hands if hand.tasks]

    def _ready(self) -> list[_Hand[T]]:
        """Those that have something to say, which may be that they are gone; waits for one if any has work."""
        busy = {hand.pipe: hand for hand in self._busy()}
        return [busy[pipe] for pipe in wait(list(busy)) if isinstance(pipe, Connection)] if busy else []

    def _begin(self, task: _Task[T]) -> bool:
        """Give a task to whoever has room, or to a new process; whether there was room."""
        # One that died without work says nothing of what it would be given.
        self._hands = [hand for hand in self._hands if hand.tasks or hand.process.is_alive()]
        hand = min(self._hands, key=lambda hand: len(hand.tasks), default=None)
        if hand is None or (hand.tasks and len(self._hands) < self._processes):
            hand = _Hand(helpers_context("synsift.pipelines.folders.work"), self._work)
            self._hands.append(hand)
        if len(hand.tasks) >= _TASKS_A_PROCESS:
            return False
        hand.tasks.append(task)
        # Whoever is gone says so when it is asked.
        with suppress(OSError):
            hand.pipe.send(task.things)
        return True

    def _take(self, hand: _Hand[T], again: deque[_Task[T]]) -> Iterator[tuple[_Task[T], list[M | None]]]:
        """What a process made of its first task."""
        try:
            answer = hand.pipe.recv_bytes()
        except _GONE:
            yield from self._lose(hand, again)
            return
        task = hand.tasks.popleft()
        made, error = pickle.loads(answer)  # noqa: S301 - of our own process
        if error is not None:
            raise error
        yield task, made

    def _lose(self, hand: _Hand[T], again: deque[_Task[T]]) -> Iterator[tuple[_Task[T], list[M | None]]]:
        """Take back what a process had that is gone: things it was at are tried alone, what waited had no part."""
        self._hands.remove(hand)
        hand.end()
        hand.join()
        first, *others = hand.tasks
        hand.tasks.clear()
        if first.is_alone:
            yield first, [None]
        else:
            again.extend(
                _Task(number, [thing], is_alone=True) for number, thing in enumerate(first.things, first.number)
            )
        again.extend(others)


def _in_tasks(things: Iterable[T], at_once: int) -> Iterator[_Task[T]]:
    left = iter(things)
    number = 0
    while some := list(islice(left, at_once)):
        yield _Task(number, some)
        number += len(some)


def _serve(pipe: Connection, work: Callable[[list[Any]], list[Any]]) -> None:
    """What a process does: things in, what comes of them out, until nobody is at the other end."""
    begin()
    tasks: SimpleQueue[list[Any] | Exception] = SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, tasks), name="listen", daemon=True).start()
    while True:
        things = tasks.get()
        with suppress(OSError):  # nobody is there any more: the other thread ends us
            pipe.send_bytes(_failure(things) if isinstance(things, Exception) else _answer(things, work))


def _listen(pipe: Connection, tasks: "SimpleQueue[list[Any] | Exception]") -> None:
    """Take tasks at once, so that who sends one never waits for who makes the last. Ends with who sends them."""
    try:
        while True:
            task = pipe.recv_bytes()
            try:
                tasks.put(pickle.loads(task))  # noqa: S301 - of our own starter
            except Exception as exc:  # noqa: BLE001 - whatever it is, who sent it has to hear of it
                tasks.put(exc)
    finally:
        os._exit(1)


def _answer(things: list[Any], work: Callable[[list[Any]], list[Any]]) -> bytes:
    """What comes of things, or why it can't be said."""
    try:
        return pickle.dumps((work(things), None), pickle.HIGHEST_PROTOCOL)
    except Exception as exc:  # noqa: BLE001 - whatever it is, the caller has to hear of it
        return _failure(exc)


def _failure(exc: Exception) -> bytes:
    exc.add_note("".join(traceback.format_exception(exc)))
    try:
        told = pickle.dumps((None, exc))
        pickle.loads(told)  # noqa: S301 - of our own; not every error can be made again
    except Exception:  # noqa: BLE001 - as above
        return pickle.dumps((None, RuntimeError("".join(traceback.format_exception(exc)))))
    return told
