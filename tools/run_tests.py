"""All tests, as ``make test`` runs them: the fast ones in sight, the slow ones beside them.

Slow tests wait for brokers, sessions and processes more than they compute, so that the two take little longer than
either. What the slow ones say is shown when the fast ones are through; where those fail, the slow ones are stopped.
What failed is named once more at the very end, a line each: all that is left to see where an output is cut.
"""

import os
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[1]
MAX_CHARACTERS = 300


def pytest(marker: str, arguments: list[str]) -> list[str]:
    """The command for the tests that a marker expression chooses."""
    return [sys.executable, "-m", "pytest", "-m", marker, *arguments]


def failures(report: Path) -> Iterator[str]:
    """What a run's JUnit report says of each test that failed, in a line; nothing of a run that was stopped."""
    if not report.exists() or not report.stat().st_size:
        return
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by pytest a moment ago
        for found in case:
            if found.tag in ("failure", "error"):
                first = (found.get("message") or "").partition("\n")[0]
                yield f"{found.tag}: {case.get('classname')}::{case.get('name')}: {first}"[:MAX_CHARACTERS]


# Slow tests in two lots that take about the same time, each with a broker of its own.
_FIRST: Final = ("tests/faults", "tests/pipelines/log", "tests/docs", "tests/packaging", "tests/deploy")
LOTS: Final = (list(_FIRST), ["tests", *(f"--ignore={path}" for path in _FIRST)])


def main(arguments: list[str]) -> int:
    """Run them; 0 if all passed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        status = run(arguments, folder)
        for report in sorted(folder.glob("*.xml")):
            for line in failures(report):
                sys.stdout.write(f"{line}\n")
    return status


def run(arguments: list[str], folder: Path) -> int:
    """Run all side by side."""
    slow = [begin(arguments, lot, folder, number) for number, lot in enumerate(LOTS)]
    try:
        command = pytest("not slow", [f"--junitxml={folder / 'fast.xml'}", *arguments])
        status = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - ours
        if status:
            for process in slow:
                process.send_signal(signal.SIGINT)
        else:
            sys.stdout.write("the slow tests, which began with the fast ones:\n")
            sys.stdout.flush()
        statuses = [process.wait() for process in slow]
    except KeyboardInterrupt:
        for process in slow:
            process.wait()
        return 1
    for number in range(len(slow)):
        sys.stdout.write(output_of(folder, number).read_text(errors="replace"))
    return status or max(statuses)


def begin(arguments: list[str], lot: list[str], folder: Path, number: int) -> "subprocess.Popen[bytes]":
    """Start a lot of slow tests, whose output is kept."""
    options = ["--color=no", f"--junitxml={folder / f'slow-{number}.xml'}", *lot, *arguments]
    with output_of(folder, number).open("wb") as output:
        return subprocess.Popen(pytest("slow", options), cwd=ROOT, stdout=output, stderr=output)  # noqa: S603 - ours


def output_of(folder: Path, number: int) -> Path:
    """Where that stands."""
    return folder / f"slow-{number}.txt"


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main(sys.argv[1:]))
