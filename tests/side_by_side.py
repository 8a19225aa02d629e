"""All tests side by side: what pytest collected once is run by processes that are forked of it.

Each takes a piece, the tests of a file, as soon as it is through with the last, so that all are at work until the end.
Some begin with the pieces that wait more than they compute (``slow``), the others with the fast ones; each begins with
those that take longest (``tests/data/seconds.tsv``, which ``--note-seconds`` writes). What a session shares, a process
shares: its S3 server, its web, and its broker, so that two processes take what needs one. Reports come back to the
process that forked, so that all options of pytest do what they do.

    pytest, that has collected ──number of a piece──▶ a process, forked of it ──▶ the tests of the piece
           ◀─────a report of each step of a test──────┘

After a failure only fast pieces are begun.
"""

import atexit
import functools
import gc
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest
from _pytest.runner import runtestprotocol

from tests import warm

ROOT: Final = Path(__file__).parents[1]
SECONDS: Final = ROOT / "tests" / "data" / "seconds.tsv"
LISTED_FROM_S: Final = 2.0
"""Files that take less are not listed."""
LONGEST_S: Final = 300.0
"""Of a file that takes longer the tests are shared out, each part with what the module shares made anew."""
_WITH_BROKER: Final = 2
_PATIENCE_S: Final = 60.0


class Kind(Enum):
    """What a piece is like."""

    FAST = 0
    SLOW = 1
    BROKER = 2
    """Whether slow or not."""


USUAL_S: Final = {Kind.FAST: 0.05, Kind.SLOW: 15.0, Kind.BROKER: 5.0}
"""What a test takes whose file isn't listed."""
_ORDERS: Final = (
    (Kind.BROKER, Kind.SLOW, Kind.FAST),
    (Kind.SLOW, Kind.FAST, Kind.BROKER),
    (Kind.FAST, Kind.SLOW, Kind.BROKER),
)
"""What processes take first, and then."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Tests that a process takes together.

    Attributes:
        tests: Their numbers among all that were collected, in order.
        seconds: What they may take.
    """

    tests: Sequence[int]
    seconds: float
    kind: Kind


def read_seconds(path: Path = SECONDS) -> dict[str, float]:
    """What files of tests take: path below the repository → seconds."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return {name: float(seconds) for seconds, name in (line.split("\t") for line in lines)}


def pieces_of(files: Sequence[str], kinds: Sequence[Kind], seconds: Mapping[str, float]) -> list[Piece]:
    """The pieces of all tests, those that take longest first; of each test its file, and its kind."""
    tests: dict[str, list[int]] = {}
    for number, name in enumerate(files):
        tests.setdefault(name, []).append(number)
    found = []
    for name, numbers in tests.items():
        takes_s = seconds.get(name) or sum(USUAL_S[kinds[number]] for number in numbers)
        parts = min(len(numbers), int(takes_s / LONGEST_S) + 1)
        for part in range(parts):
            ours = numbers[len(numbers) * part // parts : len(numbers) * (part + 1) // parts]
            kind = max((kinds[number] for number in ours), key=lambda one: one.value)
            found.append(Piece(ours, takes_s / parts, kind))
    return sorted(found, key=lambda piece: -piece.seconds)


def kind_of(item: pytest.Item) -> Kind:
    """What a test is like: by its marks, by its fixtures, and by those that its file names."""
    if "kafka" in getattr(item, "fixturenames", ()) or 'getfixturevalue("kafka")' in _text_of(item.path):
        return Kind.BROKER
    return Kind.FAST if item.get_closest_marker("slow") is None else Kind.SLOW


@functools.cache
def _text_of(path: Path) -> str:
    return path.read_text("utf-8")


def order_of(number: int) -> Sequence[Kind]:
    """What the process of that number takes first, and then."""
    return _ORDERS[0] if number < _WITH_BROKER else _ORDERS[2 - number % 2]


def take(pieces: list[Piece], order: Sequence[Kind]) -> Piece | None:
    """The next piece for a process, taken out of those that are left."""
    for kind in order:
        for place, piece in enumerate(pieces):
            if piece.kind is kind:
                return pieces.pop(place)
    return None


@dataclass(eq=False)
class Worker:
    """A process that runs tests, as the one that forked it knows it."""

    pid: int
    connection: "Connection[Any, Any]"
    order: Sequence[Kind]
    running: str = ""
    piece: Piece | None = None


@dataclass
class Run:
    """All that are at work, and what is left to do."""

    session: pytest.Session
    pieces: list[Piece]
    workers: list[Worker] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def start(self, count: int) -> None:
        """Fork so many processes."""
        if warm.is_wanted():
            warm.serve()
        gc.collect()
        gc.freeze()
        for number in range(min(count, len(self.pieces))):
            ours, theirs = Pipe()
            sys.stdout.flush()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # libraries that hold threads know of forks
                pid = os.fork()
            if pid == 0:
                for worker in self.workers:
                    worker.connection.close()
                ours.close()
                work(self.session, theirs)
            theirs.close()
            self.workers.append(Worker(pid, ours, order_of(number)))
        for worker in self.workers[:]:
            self.go_on(worker)

    def go_on(self, worker: Worker) -> None:
        """Give a process what is next, or let it end."""
        worker.piece = piece = take(self.pieces, [Kind.FAST] if self.session.testsfailed else worker.order)
        try:
            worker.connection.send(list(piece.tests) if piece else None)
        except OSError:
            self.mourn(worker)

    def hear(self) -> None:
        """Take what processes tell, until all have ended."""
        while self.workers:
            by_connection = {worker.connection: worker for worker in self.workers}
            for ready in wait(list(by_connection)):
                worker = by_connection[ready]  # type: ignore[index]  # they are what was waited for
                try:
                    kind, told = worker.connection.recv()
                except (EOFError, OSError):
                    self.mourn(worker)
                    continue
                self.note(worker, kind, told)
            if self.session.shouldfail:
                raise self.session.Failed(self.session.shouldfail)
            if self.session.shouldstop:
                raise self.session.Interrupted(self.session.shouldstop)

    def note(self, worker: Worker, kind: str, told: Any) -> None:
        """Take one thing that a process tells."""
        config = self.session.config
        if kind == "runs":
            worker.running = told
        elif kind == "report":
            report = config.hook.pytest_report_from_serializable(config=config, data=told)
            self.show(report)
        elif kind == "took":
            name, seconds = told
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
            if worker.piece is not None:
                self.go_on(worker)
        elif kind == "ended":
            worker.piece, worker.running = None, ""
            if told:
                self.report_failure("the end of a process", told)

    def mourn(self, worker: Worker) -> None:
        """Take leave of a process; what it left undone is a failure."""
        self.workers.remove(worker)
        worker.connection.close()
        status = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        if worker.piece is not None or status != 0:
            self.report_failure(worker.running or "a process", f"the process of this test ended with status {status}")

    def report_failure(self, nodeid: str, text: str) -> None:
        """Show a failure that no test tells of."""
        place = (nodeid.partition("::")[0], None, nodeid)
        report = pytest.TestReport(nodeid, place, {}, "failed", text, "call")
        self.show(report)

    def show(self, report: pytest.TestReport) -> None:
        """Pass a report on; a failure is named at once, with all that is known of it at the end."""
        self.session.config.hook.pytest_runtest_logreport(report=report)
        terminal = self.session.config.pluginmanager.getplugin("terminalreporter")
        if report.failed and terminal is not None:
            crash = getattr(report.longrepr, "reprcrash", None)
            why = str(crash.message if crash else report.longrepr).partition("\n")[0]
            terminal.write_line(f"\nfailed: {report.nodeid}: {why}")

    def stop(self) -> None:
        """End those that are still at work: politely, then not."""
        for number, patience_s in ((signal.SIGINT, _PATIENCE_S), (signal.SIGKILL, _PATIENCE_S)):
            for worker in self.workers:
                os.kill(worker.pid, number)
            deadline_s = time.monotonic() + patience_s
            while self.workers and time.monotonic() < deadline_s:
                self.workers = [worker for worker in self.workers if os.waitpid(worker.pid, os.WNOHANG)[0] == 0]
                time.sleep(0.05)


def work(session: pytest.Session, connection: "Connection[Any, Any]") -> NoReturn:
    """Run the pieces that come, in a forked process."""
    status = 1
    try:
        atexit._clear()  # what stands there is the other one's
        capture = session.config.pluginmanager.getplugin("capturemanager")
        capture.stop_global_capturing()
        capture.start_global_capturing()
        for piece in iter(connection.recv, None):
            for message in run_piece(session, [session.items[number] for number in piece], connection):
                connection.send(message)
        connection.send(("ended", finish(session)))
        status = 0
    except (KeyboardInterrupt, EOFError, ConnectionError):  # nobody wants to know more
        finish(session)
    except BaseException:  # noqa: BLE001 - told to whoever looks
        traceback.print_exc(file=sys.__stderr__)
    atexit._run_exitfuncs()
    os._exit(status)


def run_piece(
    session: pytest.Session, items: Sequence[pytest.Item], connection: "Connection[Any, Any]"
) -> Iterator[tuple[str, Any]]:
    """Run tests one by one and tell what becomes of them; what the session shares stays after the last."""
    begun_s = time.monotonic()
    for item, following in zip(items, [*items[1:], session], strict=True):
        connection.send(("runs", item.nodeid))
        for report in runtestprotocol(item, log=False, nextitem=following):  # type: ignore[arg-type]
            yield "report", item.config.hook.pytest_report_to_serializable(config=item.config, report=report)
    # What a generator that nobody ended had changed, such as filters of warnings, it changes back now and in no test.
    gc.collect()
    yield "took", (file_of(items[0]), time.monotonic() - begun_s)


def finish(session: pytest.Session) -> str:
    """Take down what the session shares; what fails in it is told."""
    try:
        session._setupstate.teardown_exact(None)
        session.config._ensure_unconfigure()
    except BaseException:  # noqa: BLE001 - told to whoever looks
        return traceback.format_exc()
    return ""


def file_of(item: pytest.Item) -> str:
    """Where a test stands, below the repository."""
    return item.nodeid.partition("::")[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two options of our own."""
    group = parser.getgroup("side by side")
    group.addoption("--processes", type=int, default=2 * (os.cpu_count() or 1) + 1, help="how many run tests")
    group.addoption("--note-seconds", action="store_true", help=f"note what each file took in {SECONDS.name}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run all, instead of one after the other."""
    config = session.config
    if session.testsfailed or config.option.collectonly or config.option.usepdb or config.option.processes < 1:
        return None
    items = session.items
    run = Run(session, pieces_of([*map(file_of, items)], [*map(kind_of, items)], read_seconds()))
    try:
        run.start(config.option.processes)
        run.hear()
    finally:
        run.stop()
    if config.option.note_seconds:
        kept = sorted((name, took) for name, took in (read_seconds() | run.seconds).items() if took > LISTED_FROM_S)
        SECONDS.write_text("".join(f"{took:.0f}\t{name}\n" for name, took in kept), "utf-8")
    return True
