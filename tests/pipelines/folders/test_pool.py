"""Processes that share work: of a scan, of thumbnails, of an export, of judging."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synsift.pipelines.folders.pool import Pool

SCRIPT = """
import sys
from synsift.pipelines.folders.pool import Pool
from tests.pipelines.folders.test_pool import pids

with Pool(2, pids) as pool:
    for made in pool.make(range(2_000)):
        print(made[0][1], flush=True)
    print("done", flush=True)
    sys.stdin.read()
"""


def pids(things: list[int]) -> list[int]:
    return [os.getpid() for _ in things]


def pids_but_of_sevens(things: list[int]) -> list[int]:
    """Stands for a decoder that brings its process down."""
    if any(thing % 1_000 == 7 for thing in things):
        os.kill(os.getpid(), signal.SIGKILL)
    return pids(things)


def doubled(things: list[bytes]) -> list[bytes]:
    return [2 * thing for thing in things]


class Unspeakable(Exception):
    """Can't be made again from what a pickle has of it."""

    def __init__(self, one: str, _other: str) -> None:
        super().__init__(one)


class TooLarge(bytes):
    """Finds no room in the process that it is sent to."""

    def __reduce__(self) -> tuple[object, ...]:
        return too_large, ()


def too_large() -> bytes:
    raise MemoryError("too large")


def refuse_three(things: list[int]) -> list[int]:
    if 3 in things:
        raise KeyError("three")
    return things


def refuse_unspeakably(_things: list[int]) -> list[int]:
    raise Unspeakable("what happened", "")


@pytest.mark.parametrize("is_killed", [True, False])
def test_who_ends_leaves_no_process_no_file_and_no_word_behind(tmp_path: Path, is_killed: bool) -> None:
    """Who was killed left processes that waited for ever for their next task, each with what it had loaded, as they
    held its pipe open themselves; words of leaked semaphores over the user's next prompt; and a folder of a socket."""
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        text=True,
    ) as process:
        assert process.stdout is not None
        workers = set(iter(lambda: process.stdout.readline().strip(), "done"))  # type: ignore[union-attr]
        assert workers
        assert str(process.pid) not in workers
        assert list(tmp_path.iterdir())
        if is_killed:
            process.send_signal(signal.SIGKILL)
        _, said = process.communicate(timeout=300)  # ends when nobody holds its output any more
        assert not said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at_once", [1, 8, 16])
def test_what_crashes_a_process_costs_itself_and_at_most_two_processes(at_once: int) -> None:
    """Each picture had a process of its own from the first crash on: three a second."""
    with Pool(2, pids_but_of_sevens, at_once=at_once) as pool:
        made = dict(pair for task in pool.make(range(2_000)) for pair in task)
    assert sorted(made) == list(range(2_000))
    assert {thing for thing, pid in made.items() if pid is None} == {7, 1_007}
    assert len(set(made.values()) - {None}) <= 2 + 2 * 2


@pytest.mark.parametrize("at_once", [1, 16])
def test_in_order_means_in_order_and_what_crashes_keeps_its_place(at_once: int) -> None:
    with Pool(3, pids_but_of_sevens, at_once=at_once) as pool:
        made = list(pool.make_in_order(range(1_500)))
    assert [thing for thing, _ in made] == list(range(1_500))
    assert [thing for thing, pid in made if pid is None] == [7, 1_007]


def test_tasks_and_what_comes_of_them_may_be_larger_than_a_pipe() -> None:
    """Who sends waits for who takes: both at once would wait for ever."""
    with Pool(2, doubled, at_once=1) as pool:
        made = dict(pair for task in pool.make(bytes([n]) * 3_000_000 for n in range(12)) for pair in task)
    assert all(made[thing] == 2 * thing for thing in made)
    assert len(made) == 12


def test_what_the_work_raises_is_raised_where_it_was_wanted() -> None:
    with Pool(2, refuse_three, at_once=1) as pool, pytest.raises(KeyError, match="three"):
        list(pool.make(range(100)))
    with Pool(2, refuse_unspeakably, at_once=1) as pool, pytest.raises(RuntimeError, match="what happened"):
        list(pool.make(range(100)))


def test_what_a_process_cannot_take_is_raised_and_crashes_nothing() -> None:
    with Pool(2, doubled, at_once=1) as pool, pytest.raises(MemoryError, match="too large"):
        list(pool.make(TooLarge() for _ in range(20)))


def test_who_stops_taking_may_ask_again_and_hears_nothing_of_before() -> None:
    with Pool(2, pids, at_once=1) as pool:
        for _ in pool.make(range(100)):
            break
        assert sorted(thing for task in pool.make(range(200, 300)) for thing, _ in task) == list(range(200, 300))


def test_a_process_that_died_while_it_had_nothing_to_do_is_replaced() -> None:
    with Pool(2, pids, at_once=1) as pool:
        for pid in {pid for task in pool.make(range(50)) for _, pid in task}:
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        assert all(pid for task in pool.make(range(50)) for _, pid in task)


def test_things_are_taken_as_they_are_needed() -> None:
    left = iter(range(10_000))
    with Pool(2, pids, at_once=1) as pool:
        for _ in pool.make(left):
            break
    assert next(left) < 10
