"""``synsift`` with inputs that kill its process: ``python -m tests.deadly run all``. For tests of what comes after.

A URL or a text that contains ``deadly-STAGE-HOW`` kills the worker of that stage when it works on it, before anything
of it is written: by ``exit``, ``kill`` (SIGKILL, as the kernel does when memory is short), or ``segv``. Where the
environment has a number as ``DEADLY``, it is that number which chooses some others, too.
"""

import os
import re
import signal
import sys
import zlib
from collections.abc import Callable
from typing import Any, Final

from synsift.pipelines.cli.running import run
from synsift.pipelines.stages.dedupe import DedupeStage
from synsift.pipelines.stages.fetch import FetchStage
from synsift.pipelines.stages.land import LandStage
from synsift.pipelines.stages.search import SearchStage

_HOW: dict[str, Callable[[], None]] = {
    "exit": lambda: os._exit(9),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segv": lambda: os.kill(os.getpid(), signal.SIGSEGV),
}


ONE_IN: Final = 100
STATUSES: Final = (9, -signal.SIGKILL, -signal.SIGSEGV)
"""How such a worker ends."""


def is_deadly(seed: int, stage: str, text: str) -> bool:
    """Whether a URL or a text is among those that a number chooses."""
    return zlib.crc32(f"{seed}/{stage}/{text}".encode()) % ONE_IN == 0


def die_of(stage: str, text: str) -> None:
    """Die, if a text says so, or is chosen."""
    found = re.search(rf"deadly-{stage}-(\w+)", text)
    if found:
        _HOW[found[1]]()
    seed = os.environ.get("DEADLY", "")
    if seed and is_deadly(int(seed), stage, text):
        _HOW[sorted(_HOW)[zlib.crc32(text.encode()) % len(_HOW)]]()


def arm(kind: type, method: str, text_of: Callable[..., str]) -> None:
    """Make a stage's method deadly for some inputs."""
    original = getattr(kind, method)

    def deadly(self: Any, *arguments: Any) -> Any:
        die_of(kind.name, text_of(*arguments))  # type: ignore[attr-defined]
        return original(self, *arguments)

    setattr(kind, method, deadly)


def arm_all() -> None:
    """Arm the stages of this process."""
    arm(SearchStage, "_outputs", lambda ask, _page: ask.text)
    arm(FetchStage, "_end", lambda task, _fetched: task.record.url)
    arm(DedupeStage, "_outputs", lambda candidate, _verdict: candidate.url)
    arm(LandStage, "_copy", lambda landing: landing.survivor.candidate.url)


if __name__ == "__main__":
    arm_all()
    sys.exit(run(sys.argv[1:]))
