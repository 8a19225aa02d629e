"""What a page says of the images that it shows: its meta elements, as a source hands them on."""

from collections.abc import Iterable

from synsift.crawler.consent import tdm, x_robots_tag
from synsift.crawler.consent.statement import Kind, Say, Statement, shortened


def statements(metas: Iterable[tuple[str, str]], where: str, *, token: str, now_s: float) -> list[Statement]:
    """What meta elements say of a page's images.

    Args:
        metas: Name and content of each.
        where: URL of the page.
        token: Our product token.
        now_s: Unix time.
    """
    found: list[Statement] = []
    for name, content in metas:
        element = name.strip().lower()
        if element in ("robots", token):
            found += x_robots_tag.statements([content], where, token=token, now_s=now_s, signal="meta robots")
        elif element == "tdm-reservation" and content.strip() == "1":
            found.append(tdm.reserved("meta tdm-reservation", content, where))
        elif element == "tdm-reservation" and content.strip() != "0":
            found.append(Statement(Kind.TDM_UNCLEAR, "meta tdm-reservation", shortened(content), where, Say.HOLD))
    return found
