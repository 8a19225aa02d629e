"""Who is crawling: the User-Agent that names the project, its version and a person to talk to."""

from synsift.crawler.errors import TargetError
from synsift.crawler.wording import code

_HELP = (
    "public hosts are not crawled without a way to reach you. Set identity.contact to an e-mail address or a web page "
    "of yours: --contact you@example.org, SYNSIFT_IDENTITY__CONTACT=you@example.org, or in synsift.toml:\n\n"
    '    [identity]\n    contact = "you@example.org"'
)


def user_agent(version: str, contact: str) -> str:
    """The User-Agent header, for example ``synsift/0.1.0 (+https://example.org/bot)``.

    Raises:
        TargetError: No contact is given, or it can't stand in a header.
    """
    contact = contact.strip()
    if not contact:
        raise TargetError(_HELP)
    if not contact.isprintable() or not contact.isascii() or set(contact) & set("()"):
        raise TargetError(
            f"`identity.contact` is {code(contact)}, which can't stand in an HTTP header\n"
            "hint: use plain ASCII without parentheses, such as an e-mail address"
        )
    return f"synsift/{version} (+{contact})"
