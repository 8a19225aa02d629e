"""Which copy of a group to keep, by rules that a person chooses.

    best           what ``dedupe.quality`` says: the default
    largest        most pixels
    smallest       fewest bytes
    oldest         changed the longest ago
    newest         changed last
    folder:PATH    what is in that folder

The first rule decides; of pictures that are equal in it the next, and at last the best.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from synsift.dedupe import Fingerprint
from synsift.pipelines.errors import UsageError

RULES: Final = ("best", "largest", "smallest", "oldest", "newest", "folder:PATH")
_FOLDER: Final = "folder:"
_Rule = Callable[[str, Fingerprint], float]


def preference(rules: Sequence[str], images: Mapping[str, Fingerprint]) -> Callable[[str], tuple[float, ...]]:
    """What pictures are sorted by, the one to keep first.

    Args:
        rules: Of ``RULES``; ``best`` ends them, as nothing is left to decide behind it.
        images: By path.

    Raises:
        UsageError: There is no such rule, or no such folder.
    """
    found = []
    for rule in rules:
        if rule == "best":
            break
        found.append(_rule(rule))
    return lambda path: tuple(one(path, images[path]) for one in found)


def _rule(text: str) -> _Rule:
    if text == _FOLDER:
        raise UsageError("`--keep folder:` names no folder", hint="for example `--keep folder:originals`")
    if text.startswith(_FOLDER):
        return _in_folder(Path(text.removeprefix(_FOLDER)).expanduser())
    if text in _BY_NAME:
        return _BY_NAME[text]
    raise UsageError(f"`--keep` takes {', '.join(RULES)}, not `{text}`")


def _in_folder(folder: Path) -> _Rule:
    if not folder.is_dir():
        raise UsageError(f"`--keep folder:{folder}`: there is no such folder")
    inside = folder.resolve()
    return lambda path, _: 0.0 if Path(path).resolve().is_relative_to(inside) else 1.0


def _changed_s(path: str) -> float:
    """When a file was changed; what is gone comes last."""
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return math.inf


_BY_NAME: Final[Mapping[str, _Rule]] = {
    "largest": lambda _, image: -float(image.width_px * image.height_px),
    "smallest": lambda _, image: float(image.size_bytes),
    "oldest": lambda path, _: _changed_s(path),
    "newest": lambda path, _: -_changed_s(path),
}
