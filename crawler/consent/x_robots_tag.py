"""``X-Robots-Tag``, and the ``robots`` meta element, whose words are the same.

    noai, noimageai              no to machine learning (DeviantArt, 2022): heeded whomever it addresses
    noml                         the same (Mojeek, 2023)
    noindex, none, noimageindex  no to search engines: says nothing of training, so it is held
    unavailable_after            the same, once its day has passed
    noarchive, nocache           no to cached copies

``name:`` addresses the rules behind it, up to the next name, within one line: so lines are never joined.
"""

import datetime
import email.utils
import re
from collections.abc import Iterable
from typing import Final

from synsift.crawler.consent.statement import Kind, Say, Statement, shortened

SIGNAL: Final = "X-Robots-Tag"
_KINDS: Final = {
    "noai": Kind.NOAI, "noimageai": Kind.NOAI, "noml": Kind.NOML,
    "noindex": Kind.NOINDEX, "none": Kind.NOINDEX, "noimageindex": Kind.NOINDEX,
    "noarchive": Kind.NOARCHIVE, "nocache": Kind.NOARCHIVE,
}  # fmt: skip
_TO_ALL: Final = frozenset({Kind.NOAI, Kind.NOML})
_SAYS: Final = {
    Kind.NOAI: (Say.NO, Say.SILENT),
    Kind.NOML: (Say.NO, Say.SILENT),
    Kind.NOINDEX: (Say.HOLD, Say.NO),
    Kind.NOARCHIVE: (Say.SILENT, Say.SILENT),
}
_AFTER: Final = re.compile(r"unavailable_after\s*:\s*((?:[a-z]{3,9},\s*)?[^,;]*)", re.IGNORECASE)
_VALUED: Final = re.compile(r"(?:max-snippet|max-image-preview|max-video-preview)\s*:\s*[^,;\s]*", re.IGNORECASE)
_WORD: Final = re.compile(r"([^\s,;:=\"'\[\](){}<>]++)[ \t]*+(:?)")


def statements(lines: Iterable[str], where: str, *, token: str, now_s: float, signal: str = SIGNAL) -> list[Statement]:
    """What lines say.

    Args:
        lines: Each apart, as they were sent.
        where: URL of what was answered.
        token: Our product token, in lower case.
        now_s: Unix time.
        signal: Name of the header, or of the element.
    """
    found = []
    for line in dict.fromkeys(lines):
        kinds = _kinds(line, token)
        value = shortened(line)
        if any(_has_passed(after[1], now_s) for after in _AFTER.finditer(line)):
            kinds.append(Kind.NOINDEX)
        found += [Statement(kind, signal, value, where, *_SAYS[kind]) for kind in dict.fromkeys(kinds)]
    return found


def _kinds(line: str, token: str) -> list[Kind]:
    kinds = []
    agent = ""
    for word in _WORD.finditer(_VALUED.sub(" ", _AFTER.sub(" ", line)).lower()):
        kind = _KINDS.get(word[1])
        if word[2] and kind is None:
            agent = word[1]
        elif kind is not None and (agent in ("", token, "robots", "*") or kind in _TO_ALL):
            kinds.append(kind)
    return kinds


def _has_passed(text: str, now_s: float) -> bool:
    """Whether a date lies behind; one that can't be read says nothing."""
    text = text.strip()
    for read in (email.utils.parsedate_to_datetime, datetime.datetime.fromisoformat):
        try:
            at = read(text.upper() if read is not email.utils.parsedate_to_datetime else text)
            return (at if at.tzinfo else at.replace(tzinfo=datetime.UTC)).timestamp() < now_s
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return False
