"""Commands of synsift as processes of their own, none of which outlives its test."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests import warm
from tests.conftest import environment

TIMEOUT_S: Final = 300
"""Longest wait for something that takes seconds on a machine that has nothing else to do."""
_running: Final[list["subprocess.Popen[str]"]] = []


def start(*arguments: str, out: Path | None, options: dict[str, object]) -> "subprocess.Popen[str]":
    """Start a command; its standard error is to be read."""
    place = ["--out", str(out)] if out is not None else []
    process = warm.start(
        [*arguments, *place], env=environment(options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _running.append(process)
    return process


def crawl_list(urls: Path, options: dict[str, object], *more: str) -> "subprocess.Popen[str]":
    """Start a crawl of a list of URLs."""
    return start("crawl", "--source", "urls", "--list", str(urls), *more, out=None, options=options)


def end(process: "subprocess.Popen[str]") -> None:
    """Wait for a command's end, which must be a good one."""
    _, errors = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors, errors


@contextmanager
def ended_with_their_test() -> Iterator[None]:
    """Kill what is still running when a test ends: it failed, and must not slow down or fail the others."""
    try:
        yield
    finally:
        while _running:
            process = _running.pop()
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()
