"""All tests, as ``make test`` runs them: side by side (``tests/side_by_side.py``), with any arguments of pytest.

What failed is shown when all are through, or ten have failed, and is named once more at the very end, a line each: all
that is left to see where an output is cut.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(arguments: list[str]) -> None:
    """Become pytest."""
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    # Where it is set, each of the thousand processes of the tests compiles all modules anew: half of what they take.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(ROOT)
    pytest = [sys.executable, "-m", "pytest", "-p", "tests.side_by_side", "-q", "--maxfail=10", *arguments]
    os.execv(sys.executable, pytest)  # noqa: S606 - ours


if __name__ == "__main__":
    main(sys.argv[1:])
