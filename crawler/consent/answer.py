"""What the head of an answer says, be it an image's or a redirect's on the way to one."""

import re
from collections.abc import Iterable

from synsift.crawler.consent import credentials, rsl, tdm, usage, x_robots_tag
from synsift.crawler.consent.statement import Statement


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
        named = (to[0] for to in _LINK.finditer(link) if _MANIFEST in to[2].lower())
        found += [credentials.elsewhere("Link", text, where) for text in named]
    return found


def licences(lines: Iterable[tuple[str, str]]) -> list[str]:
    """Targets of the links to RSL licences in the headers of an answer, as they stand there."""
    found = [
        link[1].strip()
        for name, value in lines
        if name == "link" and rsl.MEDIA_TYPE in value.lower()
        for link in _LINK.finditer(value)
        if rsl.MEDIA_TYPE in link[2].lower()
    ]
    return list(dict.fromkeys(found))


_HEARD = frozenset({"x-robots-tag", "tdm-reservation", "content-usage", "link"})
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_MANIFEST = "c2pa-manifest"
MOST_LICENCES = 16
"""So many are read at most: of more, nobody knows what they say."""
