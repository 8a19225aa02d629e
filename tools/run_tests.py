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


def main(arguments: list[str]) -> int:
    """Run them; 0 if all passed."""
    with tempfile.TemporaryDirectory() as folder:
        reports = [Path(folder, "fast.xml"), Path(folder, "slow.xml")]
        status = run(arguments, *reports)
        for report in reports:
            for line in failures(report):
                sys.stdout.write(f"{line}\n")
    return status


def run(arguments: list[str], fast_report: Path, slow_report: Path) -> int:
    """Run both, side by side."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        slow = subprocess.Popen(  # noqa: S603 - ours
            pytest("slow", ["--color=no", f"--junitxml={slow_report}", *arguments]),
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
        try:
            fast = subprocess.run(  # noqa: S603 - ours
                pytest("not slow", [f"--junitxml={fast_report}", *arguments]), cwd=ROOT, check=False
            )
            status = fast.returncode
            if status:
                slow.send_signal(signal.SIGINT)
            else:
                sys.stdout.write("the slow tests, which began with the fast ones:\n")
                sys.stdout.flush()
            slow_status = slow.wait()
        except KeyboardInterrupt:
            slow.wait()
            return 1
        output.seek(0)
        sys.stdout.write(output.read())
    return status or slow_status


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main(sys.argv[1:]))
