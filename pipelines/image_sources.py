"""The image sources, as configured."""

from synsift.crawler.sources import CommonsSource, LocalSource, Source, UrlListSource
from synsift.crawler.sources.commons import DEFAULT_API, WIKIDATA_API
from synsift.crawler.sources.lists.layouts import Columns
from synsift.pipelines.config import Settings
from synsift.pipelines.remote_lists import make_copies


def make_sources(settings: Settings) -> dict[str, Source | LocalSource]:
    """Every image source, as configured."""
    commons = settings.sources.commons
    return {
        "commons": CommonsSource(
            api_url=commons.api_url,
            items_api_url=items_api_url(settings),
            width_px=commons.width_px,
            page_size=commons.page_size,
            maxlag_s=commons.maxlag_s,
            max_pages=commons.max_pages,
        ),
        "urls": make_url_list_source(settings, page_size=settings.sources.urls.page_size),
    }


def items_api_url(settings: Settings) -> str:
    """The API that knows which item a synset of WordNet is; empty where what files depict can't be asked for."""
    commons = settings.sources.commons
    return commons.items_api_url or (WIKIDATA_API if commons.api_url == DEFAULT_API else "")


def make_url_list_source(settings: Settings, *, page_size: int) -> UrlListSource:
    """The source that reads lists of URLs, as configured."""
    urls = settings.sources.urls
    columns = Columns(
        url=urls.url_column,
        wnid=urls.wnid_column,
        title=urls.title_column,
        author=urls.author_column,
        licence=urls.licence_column,
        licence_url=urls.licence_url_column,
        landing_page=urls.landing_page_column,
    )
    return UrlListSource(
        layout=urls.layout,
        columns=columns,
        page_size=page_size,
        sends_referrer=urls.referer,
        copies=make_copies(settings),
    )
