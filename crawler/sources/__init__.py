"""Image sources, by name. A new one is a module beside this one, and a line here."""

from typing import Final

from synsift.crawler.sources.base import FoundImage, LocalSource, Page, PageQuery, Reject, Source
from synsift.crawler.sources.commons import CommonsSource
from synsift.crawler.sources.url_list import UrlListSource

SOURCES: Final = {"commons": CommonsSource, "urls": UrlListSource}
"""Name → class. The fields of a class are its settings, ``[sources.NAME]`` in the configuration."""

__all__ = [
    "SOURCES",
    "CommonsSource",
    "FoundImage",
    "LocalSource",
    "Page",
    "PageQuery",
    "Reject",
    "Source",
    "UrlListSource",
]
