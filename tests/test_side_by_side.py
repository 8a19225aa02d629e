"""All tests are run, each once, by processes side by side, and what fails is told as if there were one."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import conftest
from tests.side_by_side import LONGEST_S, ROOT, SECONDS, Kind, Piece, order_of, pieces_of, read_seconds, take

TESTS = """
import os, pathlib, signal, time
import pytest

FOLDER = pathlib.Path(__file__).parent


@pytest.fixture(scope="session")
def shared():
    yield FOLDER
    (FOLDER / f"down-{os.getpid()}").touch()
"""


def run(folder: Path, *arguments: str, is_cold: bool = True) -> "subprocess.CompletedProcess[str]":
    """Tests of a folder, by three processes."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.side_by_side", "--processes=3", "-q", "-ra", "--rootdir=."]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **({"SYNSIFT_TEST_COLD": "1"} if is_cold else {})}
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(TESTS + text)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")


def test_each_test_is_run_once_and_what_a_session_shares_is_taken_down(tmp_path: Path) -> None:
    text = "\n".join(f"def test_{n}(shared): os.close(os.open(FOLDER / __name__, 1089)); print({n})" for n in range(5))
    text = text.replace("FOLDER / __name__", 'FOLDER / f"{__name__}-%d", os.O_CREAT | os.O_EXCL').replace(", 1089", "")
    for n in range(5):
        text = text.replace("%d", str(n), 1)
    write(tmp_path, **dict.fromkeys("abcdef", text))
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "30 passed" in done.stdout
    assert len(list(tmp_path.glob("test_?-?"))) == 30
    assert 1 <= len(list(tmp_path.glob("down-*"))) <= 3


def test_failures_are_told_with_what_they_printed_and_named_at_the_end(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="def test_good(): pass\ndef test_bad():\n    print('what it said')\n    assert 1 == 2\n",
        b="@pytest.fixture\ndef lost(): raise OSError('no such thing')\ndef test_without(lost): pass\n",
        c="def test_skipped(): pytest.skip('not here')\n",
    )
    done = run(tmp_path)
    assert done.returncode == 1
    assert "what it said" in done.stdout
    assert "\nfailed: test_a.py::test_bad: assert 1 == 2\n" in done.stdout.partition("FAILURES")[0]
    last = done.stdout.splitlines()[-4:]
    assert any(line.startswith("SKIPPED") and "not here" in line for line in last)
    assert any(line.startswith("FAILED test_a.py::test_bad - assert 1 == 2") for line in last)
    assert any(line.startswith("ERROR test_b.py::test_without - OSError: no such thing") for line in last)
    assert last[-1].startswith("1 failed, 1 passed, 1 skipped, 1 error")


def test_a_process_that_ends_in_a_test_is_a_failure_of_that_test_and_others_go_on(tmp_path: Path) -> None:
    write(tmp_path, a="def test_deadly(): os.kill(os.getpid(), signal.SIGKILL)\n", b="def test_good(): time.sleep(1)\n")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "FAILED test_a.py::test_deadly - the process of this test ended with status -9" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_what_fails_when_a_session_ends_is_a_failure(tmp_path: Path) -> None:
    torn = "@pytest.fixture(scope='session')\ndef torn():\n    yield\n    raise OSError('it stays')\n"
    write(tmp_path, a=f"{torn}def test_it(torn): pass\n")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "it stays" in done.stdout


def test_after_a_failure_no_slow_piece_is_begun(tmp_path: Path) -> None:
    slow = "@pytest.mark.slow\ndef test_slow():\n    while not (FOLDER / 'last').exists(): time.sleep(0.01)\n"
    last = "def test_last(): (FOLDER / 'last').touch()\n"
    write(tmp_path, bad="def test_bad(): assert 0\n", last=last, **dict.fromkeys("abcde", slow))
    done = run(tmp_path)  # two of the three begin with slow ones
    assert done.stdout.splitlines()[-1].startswith("1 failed, 3 passed"), done.stdout


def test_a_run_that_is_to_stop_at_a_failure_stops_what_is_beside_it(tmp_path: Path) -> None:
    begun = "open(FOLDER / 'begun', 'w').close()"
    bad = "def test_bad():\n    while not (FOLDER / 'begun').exists(): time.sleep(0.01)\n    assert 0\n"
    write(tmp_path, a=bad, b=f"def test_long(shared):\n    {begun}\n    time.sleep(600)\n")
    done = run(tmp_path, "-x")
    assert done.returncode == 1
    assert "stopping after 1 failures" in done.stdout
    assert len(list(tmp_path.glob("down-*"))) == 1


def test_commands_are_forked_of_one_that_all_have_in_common(tmp_path: Path) -> None:
    test = """
from tests import warm
def test_it():
    assert "fetch" in warm.run(["config"], env={}, check=True).stdout
    (FOLDER / f"{__name__}-used").write_text(str(warm._loaded()))
"""
    write(tmp_path, **dict.fromkeys("abc", test))
    done = run(tmp_path, "-W", "error", is_cold=False)
    assert done.returncode == 0, done.stdout
    assert len({path.read_text() for path in tmp_path.glob("*-used")}) == 1


def test_options_of_pytest_do_what_they_do(tmp_path: Path) -> None:
    write(tmp_path, **dict.fromkeys("abc", "def test_one(): pass\ndef test_two(): pass\n"))
    assert "3 passed, 3 deselected" in run(tmp_path, "-k", "one").stdout
    assert "2 passed" in run(tmp_path, "test_b.py").stdout
    assert "6 tests collected" in run(tmp_path, "--collect-only").stdout
    assert "test_c.py::test_two PASSED" in run(tmp_path, "-vv").stdout


def test_the_longest_pieces_come_first_and_long_files_are_shared_out() -> None:
    files = ["a", "a", "b", "c", "c", "c"]
    kinds = [Kind.FAST, Kind.SLOW, Kind.FAST, Kind.FAST, Kind.SLOW, Kind.BROKER]
    pieces = pieces_of(files, kinds, {"a": 9.0, "c": 1.5 * LONGEST_S})
    assert [piece.tests for piece in pieces] == [[3], [4, 5], [0, 1], [2]]
    assert [piece.kind for piece in pieces] == [Kind.FAST, Kind.BROKER, Kind.SLOW, Kind.FAST]
    unknown = pieces_of(files, kinds, {})
    assert [piece.tests for piece in unknown] == [[3, 4, 5], [0, 1], [2]], "slow ones take long"


def test_whoever_has_none_of_its_kind_takes_of_another() -> None:
    kinds = [Kind.BROKER, Kind.SLOW, Kind.FAST]
    for number, first in ((0, Kind.BROKER), (1, Kind.BROKER), (2, Kind.FAST), (3, Kind.SLOW), (4, Kind.FAST)):
        pieces = [Piece([0], 1.0, kind) for kind in kinds for _ in range(2)]
        taken = [take(pieces, order_of(number)) for _ in range(7)]
        assert [piece.kind for piece in taken[:2] if piece] == [first, first]
        assert taken[6] is None
        assert pieces == []


def test_tests_that_need_a_broker_are_known_by_their_fixtures(tmp_path: Path) -> None:
    text = """
def test_plain(request): pass
@pytest.mark.slow
def test_slow(): pass
@pytest.fixture(scope="session")
def kafka(): return 1
def test_direct(kafka): pass
@pytest.fixture
def log(kafka): return 2
def test_indirect(log): pass
"""
    show = """
from tests.side_by_side import kind_of
def pytest_collection_modifyitems(items):
    print(*(f"{item.path.stem} {item.name} {kind_of(item).name}" for item in items), sep="\\n")
"""
    asked = 'def test_asked(request): request.getfixturevalue("kafka")\n'
    write(tmp_path, here=text, there=asked)
    (tmp_path / "conftest.py").write_text(show)
    lines = run(tmp_path, "-s", "--collect-only").stdout.splitlines()
    kinds = ("plain FAST", "slow SLOW", "direct BROKER", "indirect BROKER")
    assert {*(f"test_here test_{kind}" for kind in kinds), "test_there test_asked BROKER"} <= {*lines}


@pytest.mark.parametrize(
    ("expression", "arguments", "left"),
    [
        ("", ["tests"], "ab"),
        ("not slow", ["tests"], "ab"),
        ("exhaustive", ["tests"], "abc"),
        ("", ["a.py::test_c"], "abc"),
    ],
)
def test_more_of_the_same_is_run_where_it_is_asked_for(expression: str, arguments: list[str], left: str) -> None:
    marks = {"a": set(), "b": {"slow"}, "c": {"exhaustive"}}
    items: list[Any] = [
        SimpleNamespace(name=name, get_closest_marker=lambda mark, of=of: mark if mark in of else None)
        for name, of in marks.items()
    ]
    told: list[str] = []
    hook = SimpleNamespace(pytest_deselected=lambda items: told.extend(item.name for item in items))
    option = SimpleNamespace(markexpr=expression)
    conftest.pytest_collection_modifyitems(SimpleNamespace(option=option, args=arguments, hook=hook), items)  # type: ignore[arg-type]
    assert {item.name for item in items} == {*left}
    assert {*told} == {*"abc"} - {*left}


def test_files_whose_seconds_are_known_are_there() -> None:
    assert [name for name in read_seconds(SECONDS) if not (ROOT / name).exists()] == []
