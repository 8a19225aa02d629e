"""Who is crawling: the User-Agent that names the project, its version and a person to talk to."""

import re
from typing import Final
from urllib.parse import urlsplit

from synsift.crawler.errors import TargetError
from synsift.crawler.wording import code

_HINT: Final = (
    "an e-mail address or a web page of yours: `--contact you@example.org`, or once and for all in synsift.toml:\n\n"
    '    [identity]\n    contact = "you@example.org"\n'
)
_ADDRESS: Final = re.compile(r"[^@\s<>,;:]+@[^@\s<>,;:]+")


def user_agent(version: str, contact: str) -> str:
    """The User-Agent header, for example ``synsift/0.1.0 (+https://example.org/bot)``.

    Raises:
        TargetError: No contact is given, or it can't stand in a header.
    """
    contact = contact.strip()
    if not contact:
        raise TargetError("public hosts are not crawled without a way to reach you: set identity.contact", hint=_HINT)
    if not contact.isprintable() or not contact.isascii() or set(contact) & set("()"):
        raise TargetError(
            f"`identity.contact` is {code(contact)}, which can't stand in an HTTP header\n"
            "hint: use plain ASCII without parentheses, such as an e-mail address"
        )
    if not _ADDRESS.fullmatch(contact) and not _is_page(contact):
        raise TargetError(f"identity.contact: `{contact}` is neither an e-mail address nor a web page", hint=_HINT)
    return f"synsift/{version} (+{contact})"


def _is_page(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
