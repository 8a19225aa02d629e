"""Samples of accepted images that somebody has looked at: a promise stands on them, so nothing counts twice."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from synsift.pipelines.errors import UsageError
from synsift.pipelines.exchange.tables import rows_of, text_of
from synsift.pipelines.verification.promise import Audit

COLUMNS: Final = ("wnid", "sha256", "object", "threshold", "is_right")
_NEEDED: Final = ("wnid", "sha256", "threshold", "is_right")
_RIGHT: Final = {"yes": True, "y": True, "1": True, "true": True, "no": False, "n": False, "0": False, "false": False}


def read_samples(paths: Sequence[Path]) -> list[Audit]:
    """What was found in each sample, in their order.

    Raises:
        UsageError: One can't be read whole, has an image twice or two thresholds, or they aren't in the order of
            thresholds, the strictest first: the bound would promise what nobody has seen.
    """
    found = [_read(path) for path in paths]
    for (first, one), (second, other) in itertools.pairwise(zip(paths, found, strict=True)):
        if other[0] >= one[0]:
            raise UsageError(
                f"`{second}` was drawn at {other[0]:g}, and `{first}`, which stands before it, at {one[0]:g}",
                hint="name samples by their thresholds, the strictest first, each once",
            )
    return [audit for _, audit in found]


def _read(path: Path) -> tuple[float, Audit]:
    """The threshold of a sample, and what was found in it."""
    try:
        rows = rows_of(text_of(path))
    except OSError as exc:
        raise UsageError(f"`{path}` can't be read: {exc.strerror or exc}") from exc
    names = _names(path, next(rows, None))
    seen: dict[tuple[str, str], int] = {}
    thresholds: dict[float, int] = {}
    wrong = 0
    for number, row in rows:
        where = f"`{path}`, line {number}"
        if isinstance(row, str) or len(row) != len(names):
            raise UsageError(f"{where}: {row if isinstance(row, str) else f'{len(row)} values of {len(names)}'}")
        values = dict(zip(names, (value.strip() for value in row), strict=True))
        place = values["wnid"], values["sha256"].lower()
        if place in seen:
            raise UsageError(f"{where}: this image stands in line {seen[place]} already, and counts once")
        seen[place] = number
        thresholds.setdefault(_threshold(values["threshold"], where), number)
        answer = _RIGHT.get(values["is_right"].lower())
        if answer is None:
            raise UsageError(f"{where}: the last column, `is_right`, has neither yes nor no")
        wrong += not answer
    if not seen:
        raise UsageError(f"`{path}` has no image")
    if len(thresholds) > 1:
        raise UsageError(f"`{path}` has images of several thresholds: {', '.join(f'{one:g}' for one in thresholds)}")
    return next(iter(thresholds)), Audit(len(seen), wrong)


def _names(path: Path, head: tuple[int, list[str] | str] | None) -> list[str]:
    if head is None:
        raise UsageError(f"`{path}` is empty")
    names = [] if isinstance(head[1], str) else [name.strip().lower() for name in head[1]]
    lacking = [name for name in _NEEDED if name not in names]
    if lacking:
        raise UsageError(f"`{path}` has no column `{lacking[0]}`", hint="`synsift verify audit` makes such a file")
    return names


def _threshold(text: str, where: str) -> float:
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise UsageError(f"{where}: `{text[:40]}` is no threshold")
    return found
