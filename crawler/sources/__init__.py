"""Image sources, by name. A new one is a module beside this one, and a line in ``registry.py``."""

from synsift.crawler.download.quotas import Quota
from synsift.crawler.secret import Secret
from synsift.crawler.sources.base import (
    About,
    FoundImage,
    LocalSource,
    Page,
    PageQuery,
    Reject,
    Source,
    SourceAnswer,
    SourceRequest,
)
from synsift.crawler.sources.commons import CommonsSource
from synsift.crawler.sources.registry import registry
from synsift.crawler.sources.settings import setting
from synsift.crawler.sources.url_list import UrlListSource

__all__ = [
    "About",
    "CommonsSource",
    "FoundImage",
    "LocalSource",
    "Page",
    "PageQuery",
    "Quota",
    "Reject",
    "Secret",
    "Source",
    "SourceAnswer",
    "SourceRequest",
    "UrlListSource",
    "registry",
    "setting",
]
