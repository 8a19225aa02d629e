"""Who is crawling, and what names what: the User-Agent, and the identifiers of synsets."""

import re
from typing import Final

from crawler.errors import TargetError

_HELP = (
    "public hosts are not crawled without a way to reach you. Set identity.contact to an e-mail address or a web page "
    "of yours: --contact you@example.org, SYNSIFT_IDENTITY__CONTACT=you@example.org, or in synsift.toml:\n\n"
    '    [identity]\n    contact = "you@example.org"'
)


_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_identifier(text: str) -> bool:
    """Whether a text can name a synset: it becomes a key and a part of object names."""
    return _ID.fullmatch(text) is not None


def user_agent(version: str, contact: str) -> str:
    """The User-Agent header, for example ``synsift/0.1.0 (+https://example.org/bot)``.

    Raises:
        TargetError: No contact is given, or it can't stand in a header.
    """
    contact = contact.strip()
    if not contact:
        raise TargetError(_HELP)
    if not contact.isprintable() or not contact.isascii() or set(contact) & set("()"):
        raise TargetError(f"identity.contact = {contact!r} can't stand in a header: plain ASCII without parentheses")
    return f"synsift/{version} (+{contact})"
