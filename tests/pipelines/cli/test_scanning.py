"""What is said while very much is done."""

import re

import pytest

from synsift.pipelines.cli import scanning
from synsift.pipelines.cli.console import err


@pytest.mark.parametrize(
    ("advances", "line"),
    [
        ([(6.0, 1)], "indexed 1 of 19, 108 s left"),
        ([(6.0, 0)], "indexed 0 of 19"),
        ([(6.0, 12)], "indexed 12 of 19, 2/s, 4 s left"),
        ([(1.0, 12), (12.0, 0)], "indexed 12 of 19, 1/s, 7 s left"),
    ],
)
def test_a_line_of_progress_tells_no_rate_of_nothing(
    monkeypatch: pytest.MonkeyPatch, advances: list[tuple[float, int]], line: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(err, "print", said.append)
    now_s = [100.0]
    monkeypatch.setattr(scanning.time, "monotonic", lambda: now_s[0])
    with scanning.progress("indexed", 19) as advance:
        for at_s, number in advances:
            now_s[0] = 100.0 + at_s
            advance(number)
    assert said == [line]
    assert not re.search(r"\b0/s", line)
