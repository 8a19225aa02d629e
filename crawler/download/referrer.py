"""What a request says of the page that shows an image: as browsers do by default. Pure.

The Referrer Policy ``strict-origin-when-cross-origin`` of the W3C, less the query: a host of its own sees the
page, others see its origin, and nothing goes from https to http.
"""

from synsift.crawler.download.attempt import origin_of, url_problem
from synsift.crawler.download.web_url import as_asked


def referrer(page: str, url: str) -> str:
    """The header ``Referer`` for a URL, of the page that shows it; empty for none.

    Args:
        page: A landing page, as a source or a list names it. What isn't http or https, or has a password, is none.
        url: To be asked.
    """
    page = as_asked(page)
    if not page or url_problem(page) is not None or not page.isascii():
        return ""
    if page.startswith("https:") and not url.lower().startswith("https:"):
        return ""
    origin = origin_of(page)
    return page.partition("?")[0] if origin == origin_of(url) else f"{origin}/"
