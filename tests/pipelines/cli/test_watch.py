"""What a command says while it works, in a pipe."""

import threading
import time

import pytest

from synsift.pipelines.cli import watch
from synsift.pipelines.cli.watch import StageProgress, watching


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[StageProgress]:
    """What is left of a stage; the test changes it."""
    found = [StageProgress("land", 0, 4, 0, 0.0)]
    monkeypatch.setattr(watch, "_progress", lambda *_: found)
    monkeypatch.setattr(watch, "_LINE_S", 0.05)
    return found


def test_the_last_line_says_how_it_ended(rows: list[StageProgress], monkeypatch: pytest.MonkeyPatch) -> None:
    """It said "4 left", and the summary below it that all had landed."""
    said: list[str] = []
    first = threading.Event()
    monkeypatch.setattr(watch.err, "print", lambda line: (said.append(line), first.set()))
    with watching(None, None):  # type: ignore[arg-type]
        assert first.wait(60)
        rows[:] = [StageProgress("land", 4, 0, 0, 0.0)]
    assert said[-1] == "land 4 done, 0 left, 0/s"


def test_what_takes_no_time_says_nothing(rows: list[StageProgress], monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(watch.err, "print", said.append)
    monkeypatch.setattr(watch, "_LINE_S", 300.0)
    began_s = time.monotonic()
    with watching(None, None):  # type: ignore[arg-type]
        pass
    assert said == []
    assert time.monotonic() - began_s < 300
