"""All tests, as ``make test`` runs them: the fast ones in sight, the slow ones beside them.

Slow tests wait for brokers, sessions and processes more than they compute, so that the two take little longer than
either. What the slow ones say is shown when the fast ones are through; where those fail, the slow ones are stopped.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def pytest(marker: str, arguments: list[str]) -> list[str]:
    """The command for the tests that a marker expression chooses."""
    return [sys.executable, "-m", "pytest", "-m", marker, *arguments]


def main(arguments: list[str]) -> int:
    """Run them; 0 if all passed."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        slow = subprocess.Popen(  # noqa: S603 - ours
            pytest("slow", ["--color=no", *arguments]), cwd=ROOT, stdout=output, stderr=output
        )
        try:
            fast = subprocess.run(pytest("not slow", arguments), cwd=ROOT, check=False)  # noqa: S603 - ours
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
