"""What operators say → the topic ``controls``, each with what was said of the same thing before."""

from collections.abc import Sequence
from typing import Final

import msgspec

from synsift.pipelines.control_records import MAX_PAST, Control, Word
from synsift.pipelines.controls.view import View
from synsift.pipelines.log.base import Log
from synsift.pipelines.topics import Router

_BATCH: Final = 1_000


def say(log: Log, router: Router, view: View, controls: Sequence[Control]) -> list[Control]:
    """Write controls; gives those that say something new. Doing it again writes nothing.

    Args:
        log: Where to.
        router: Makes entries.
        view: What holds.
        controls: What is to hold.
    """
    known = dict(view.controls)
    news: list[Control] = []
    for control in controls:
        old = known.get(control.key)
        if old is None if control.is_lifted else old is not None and _says(old) == _says(control):
            continue
        if control.is_lifted and old is not None and old.is_lifted:
            continue
        known[control.key] = found = following(old, control)
        news.append(found)
    for start in range(0, len(news), _BATCH):
        log.produce([router.control(control) for control in news[start : start + _BATCH]])
    return news


def following(old: Control | None, new: Control) -> Control:
    """A control that remembers what was said before."""
    if old is None:
        return new
    word = Word(who=old.who, why=old.why, at=old.at, value=old.value, is_lifted=old.is_lifted)
    return msgspec.structs.replace(new, past=(word, *old.past)[:MAX_PAST])


def lifted(control: Control, *, who: str, why: str, at: str) -> Control:
    """The word that a control holds no more."""
    return msgspec.structs.replace(control, who=who, why=why, at=at, is_lifted=True, past=())


def _says(control: Control) -> tuple[object, ...]:
    return control.why, control.value, control.is_lifted, control.fingerprint, control.removal
