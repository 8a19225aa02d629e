"""What is wrong with a control that can be read: said by whoever reads one, wherever it is read. Pure."""

import re
from typing import Final

from synsift.dedupe import Fingerprint
from synsift.dedupe.errors import DedupeError
from synsift.pipelines.control_records import MAX_VALUE, MIN_VALUE, Control
from synsift.pipelines.patterns import ANY, host_target, is_host


def problem_of(control: Control) -> str:
    """What is wrong with a control whose record can be read; empty if nothing is."""
    if control.subject == "fingerprint":
        try:
            image = Fingerprint.from_text(control.fingerprint)
        except (DedupeError, ValueError) as exc:
            return f"its fingerprint can't be read: {exc}"
        if image.sha256 != control.target:
            return "its fingerprint is another picture's"
    if (control.action, control.subject) not in ALLOWED:
        return f"there is no {control.action} of a {control.subject}"
    if not MIN_VALUE <= control.value <= MAX_VALUE or (control.action == "limit" and control.value % 1):
        return f"{control.value:g} is no {control.action}"
    if control.subject == "host":
        return _problem_of_host(control.action, host_target(control.target))
    form = _FORMS.get(control.subject)
    return "" if form is None or form.fullmatch(control.target) else f"{control.target[:80]!r} is no {control.subject}"


def _problem_of_host(action: str, target: str) -> str:
    if target == ANY and action == "delay":
        return "a delay is of some host; `fetch.delay_s` of the configuration is that of all"
    return "" if is_host(target) else f"{target[:80]!r} is no host: a name or an address, without a port"


_FORMS: Final = {
    "synset": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
}


ALLOWED: Final = frozenset(
    {
        *(("pause", subject) for subject in ("host", "source", "synset")),
        *(("drop", subject) for subject in ("host", "source", "synset")),
        *(("block", subject) for subject in ("host", "url", "sha256", "fingerprint")),
        *(("delay", "host"), ("limit", "synset"), ("priority", "synset")),
    }
)
"""What can be said of what."""
