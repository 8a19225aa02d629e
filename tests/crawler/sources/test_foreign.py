"""While the code of a source runs: what it prints, whether it ends the program, whether it ends at all."""

import logging
import os
import sys
import threading
from collections.abc import Callable

import pytest

from synsift.crawler.errors import SourceError
from synsift.crawler.sources import foreign
from synsift.crawler.sources.foreign import foreign_code, printing_to_stderr


def say(text: str) -> None:
    print(text)  # noqa: T201 - as a source might


def test_what_is_printed_goes_to_standard_error_until_the_last_has_ended(capfd: pytest.CaptureFixture[str]) -> None:
    """Two threads whose code overlaps: the first to begin is the first to end."""
    begun, ended = threading.Event(), threading.Event()

    def other() -> None:
        with printing_to_stderr():
            begun.set()
            assert ended.wait(300)
            say("other")

    say("before")
    thread = threading.Thread(target=other)
    with printing_to_stderr():
        thread.start()
        assert begun.wait(300)
        os.write(1, b"one\n")
    say("between")  # somebody's code runs still: who prints can't be told
    ended.set()
    thread.join()
    say("behind")
    os.write(1, b"at last\n")
    sys.stdout.flush()
    out, err = capfd.readouterr()
    assert sorted(out.split("\n")) == ["", "at last", "before", "behind"]
    assert sorted(err.split("\n")) == ["", "between", "one", "other"]


def test_who_raises_leaves_standard_output_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="wants to end the program"), foreign_code("x"):
        sys.exit(3)
    with pytest.raises(ZeroDivisionError), foreign_code("x"):
        _ = 1 / 0
    say("data")
    assert capfd.readouterr().out == "data\n"


@pytest.mark.parametrize("run", [lambda work: work(), lambda work: in_thread(work)])
def test_code_that_does_not_end_is_named_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, run: Callable[[Callable[[], None]], None]
) -> None:
    monkeypatch.setattr(foreign, "_LOOK_S", 0.01)
    told = threading.Event()

    class Last(logging.Handler):
        """Stands behind ``caplog``'s own: what it hears is written."""

        def emit(self, record: logging.LogRecord) -> None:
            if "source slow" in record.getMessage():
                told.set()

    last = Last()
    monkeypatch.setattr(logging.getLogger(), "handlers", [*logging.getLogger().handlers, last])

    def work() -> None:
        with foreign_code("quick", 60), foreign_code("slow", 0.0):
            assert told.wait(300)

    run(work)
    assert "source slow: its code has been at work on one thing for" in caplog.text
    assert "quick" not in caplog.text
    assert caplog.text.count("source slow") == 1


def in_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
