"""What the head of an answer says, be it an image's or a redirect's on the way to one."""

from collections.abc import Iterable

from synsift.crawler.consent import tdm, usage, x_robots_tag
from synsift.crawler.consent.statement import Kind, Say, Statement, shortened


def statements(lines: Iterable[tuple[str, str]], where: str, *, token: str, now_s: float) -> list[Statement]:
    """What the headers of an answer say.

    Args:
        lines: Name, in lower case, and value of each header line, as they were sent.
        where: URL that was asked.
        token: Our product token.
        now_s: Unix time.
    """
    said: dict[str, list[str]] = {}
    for name, value in lines:
        if name in _HEARD:
            said.setdefault(name, []).append(value.strip())
    if not said:
        return []
    found = x_robots_tag.statements(said.get("x-robots-tag", ()), where, token=token, now_s=now_s)
    found += tdm.header(said.get("tdm-reservation", ()), where)
    found += usage.statements(", ".join(said.get("content-usage", ())), where)
    for link in said.get("link", ()):
        if "application/rsl+xml" in link.lower():
            found.append(Statement(Kind.LICENCE_UNCLEAR, "Link", shortened(link), where, Say.HOLD))
    return found


_HEARD = frozenset({"x-robots-tag", "tdm-reservation", "content-usage", "link"})
