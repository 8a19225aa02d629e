"""All tests, as ``make test`` runs them: most of the fast ones in sight, the others beside them.

The others wait for brokers, sessions, hosts and processes more than they compute, so that all take little longer than
any. What they say is shown when those in sight are through; where these fail, the others are stopped. What failed is
named once more at the very end, a line each: all that is left to see where an output is cut.
"""

import os
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[1]
MAX_CHARACTERS = 300


def pytest(lot: "Lot", arguments: list[str]) -> list[str]:
    """The command for the tests of a lot."""
    return [sys.executable, "-m", "pytest", "-m", lot.marker, *arguments]


def failures(report: Path) -> Iterator[str]:
    """What a run's JUnit report says of each test that failed, in a line; nothing of a run that was stopped."""
    if not report.exists() or not report.stat().st_size:
        return
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by pytest a moment ago
        for found in case:
            if found.tag in ("failure", "error"):
                first = (found.get("message") or "").partition("\n")[0]
                yield f"{found.tag}: {case.get('classname')}::{case.get('name')}: {first}"[:MAX_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Lot:
    """Tests of one process.

    Attributes:
        marker: Expression that chooses them.
        paths: Where they stand, and options that leave some out.
    """

    marker: str
    paths: Sequence[str]


def _without(paths: Sequence[str]) -> list[str]:
    return ["tests", *(f"--ignore={path}" for path in paths)]


def _slow(paths: Sequence[str], *, others: bool = False) -> list[str]:
    """Files with slow tests under some paths, or under all others: loading them all takes half a minute a process."""
    found = (path for path in sorted((ROOT / "tests").rglob("test_*.py")) if "mark.slow" in path.read_text("utf-8"))
    names = [str(path.relative_to(ROOT)) for path in found]
    return [name for name in names if name.startswith(tuple(f"{path}/" for path in paths)) != others]


# Four processes are at work until the end, each some twenty minutes long where nothing else is: the slow tests in two
# lots, each with a broker of its own, and the fast ones in three. Of these two are run one after the other, in sight.
_FIRST: Final = ("tests/faults", "tests/pipelines", "tests/docs", "tests/packaging", "tests/deploy")
_WAITING: Final = ("tests/pipelines/stages", "tests/crawler/download")
_PIPELINES: Final = ("tests/pipelines", "--ignore=tests/pipelines/stages")
BESIDE: Final = (Lot("slow", _slow(_FIRST, others=True)), Lot("slow", _slow(_FIRST)), Lot("not slow", _PIPELINES))
IN_SIGHT: Final = (Lot("not slow", _WAITING), Lot("not slow", _without(["tests/pipelines", *_WAITING])))


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
    beside = [begin(arguments, lot, folder, number) for number, lot in enumerate(BESIDE)]
    try:
        status = in_sight(arguments, folder)
        if status:
            for process in beside:
                process.send_signal(signal.SIGINT)
        else:
            sys.stdout.write("the tests that were run beside these:\n")
            sys.stdout.flush()
        statuses = [process.wait() for process in beside]
    except KeyboardInterrupt:
        for process in beside:
            process.wait()
        return 1
    for number in range(len(beside)):
        sys.stdout.write(output_of(folder, number).read_text(errors="replace"))
    return status or max(statuses)


def in_sight(arguments: list[str], folder: Path) -> int:
    """Run the lots in sight, up to the first that fails."""
    for number, lot in enumerate(IN_SIGHT):
        options = [f"--junitxml={folder / f'in-sight-{number}.xml'}", *lot.paths, *arguments]
        status = subprocess.run(pytest(lot, options), cwd=ROOT, check=False).returncode  # noqa: S603 - ours
        if status:
            return status
    return 0


def begin(arguments: list[str], lot: Lot, folder: Path, number: int) -> "subprocess.Popen[bytes]":
    """Start a lot whose output is kept."""
    options = ["--color=no", f"--junitxml={folder / f'beside-{number}.xml'}", *lot.paths, *arguments]
    with output_of(folder, number).open("wb") as output:
        return subprocess.Popen(pytest(lot, options), cwd=ROOT, stdout=output, stderr=output)  # noqa: S603 - ours


def output_of(folder: Path, number: int) -> Path:
    """Where that stands."""
    return folder / f"beside-{number}.txt"


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    # Where it is set, each of the thousand processes of the tests compiles all modules anew: half of what they take.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.exit(main(sys.argv[1:]))
