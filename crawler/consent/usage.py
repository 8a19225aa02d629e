"""``Content-Usage`` (IETF working group AIPREF, draft-ietf-aipref-vocab): ``train-ai=n, search=y``."""

from typing import Final

from synsift.crawler.consent.dictionary import NoDictionary, tokens_of
from synsift.crawler.consent.statement import Kind, Say, Statement, shortened

SIGNAL: Final = "Content-Usage"
_SAYS: Final = {"y": Say.YES, "n": Say.NO}
# Labels of earlier drafts, still on sites. What is said of all use, or of mining, is said of an index, too.
_OLD: Final = {
    "ai": Say.SILENT, "genai": Say.SILENT, "train-genai": Say.SILENT, "bots": Say.SILENT, "all": Say.HOLD,
    "tdm": Say.HOLD,
}  # fmt: skip


def statements(text: str, where: str) -> list[Statement]:
    """What a value says. What can't be read says nothing by its letter; a wish stands behind it, so it is held.

    Args:
        text: The value; lines of one header are joined by commas.
        where: Who says it.
    """
    value = shortened(text)
    if not text.strip():
        return []
    try:
        members = tokens_of(text)
    except NoDictionary:
        return [Statement(Kind.USAGE_UNCLEAR, SIGNAL, value, where, Say.HOLD)]
    found = []
    train, search = (_say(members, name) for name in ("train-ai", "search"))
    if train is Say.HOLD:
        found.append(Statement(Kind.USAGE_UNCLEAR, SIGNAL, value, where, Say.HOLD))
    elif train is not Say.SILENT:
        found.append(Statement(Kind.USAGE, SIGNAL, value, where, train))
    if search in (Say.YES, Say.NO):
        found.append(Statement(Kind.USAGE, SIGNAL, value, where, Say.SILENT, search))
    for name, index in _OLD.items():
        if members.get(name) == "n":
            found.append(Statement(Kind.USAGE_OLD, SIGNAL, value, where, Say.NO, index))
    return found


def says_of_training(text: str) -> Say:
    """What a value says of training alone."""
    try:
        return _say(tokens_of(text), "train-ai")
    except NoDictionary:
        return Say.HOLD


def _say(members: dict[str, str | None], name: str) -> Say:
    if name not in members:
        return Say.SILENT
    return _SAYS.get(members[name] or "", Say.HOLD)
