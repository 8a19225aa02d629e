"""Content credentials: the assertion ``training-mining`` of C2PA 1.x and CAWG 1.1, once somebody has read it.

A refusal needs no proof; a grant counts only with a signature that is trusted.
"""

from collections.abc import Mapping
from typing import Final

from synsift.crawler.consent.statement import Kind, Say, Statement, shortened

SIGNAL: Final = "training-mining"
_PREFIXES: Final = ("cawg.", "c2pa.")
_OURS: Final = {
    "ai_training": (Kind.CREDENTIALS, Say.NO, Say.SILENT),
    "ai_generative_training": (Kind.CREDENTIALS_GENERATIVE, Say.NO, Say.SILENT),
    "data_mining": (Kind.CREDENTIALS, Say.NO, Say.NO),
    "ai_inference": (Kind.GRANT, Say.SILENT, Say.HOLD),
}


def elsewhere(signal: str, value: str, where: str) -> Statement:
    """What is to be said of credentials that are named and stand elsewhere: nobody asks any URL for them."""
    return Statement(Kind.CREDENTIALS_UNCLEAR, signal, shortened(value), where, Say.HOLD)


def statements(entries: Mapping[str, Mapping[str, str]], where: str, *, is_trusted: bool) -> list[Statement]:
    """What the entries of an assertion say.

    Args:
        entries: Name → ``use`` and more.
        where: URL of the image.
        is_trusted: Whether its signature is valid and trusted.
    """
    found = []
    for name, entry in entries.items():
        use = entry.get("use", "")
        value = shortened(f"{name}: {use}")
        local = next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), "")
        if use in ("notAllowed", "constrained"):
            if local not in _OURS:
                found.append(Statement(Kind.CREDENTIALS_UNCLEAR, SIGNAL, value, where, Say.HOLD))
                continue
            kind, train, index = _OURS[local]
            index = Say.HOLD if use == "constrained" and index is Say.NO else index
            found.append(Statement(kind, SIGNAL, value, where, train, index))
        elif use == "allowed" and is_trusted and local == "ai_training":
            found.append(Statement(Kind.GRANT, SIGNAL, value, where, Say.YES))
    return found
