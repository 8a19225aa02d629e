"""A page's query on its way through ``search``, with the input behind it."""

from dataclasses import dataclass

from synsift.crawler.errors import SourceError
from synsift.crawler.secret import unsealed
from synsift.crawler.sources.base import LocalSource, Page, PageQuery, Source, SourceRequest
from synsift.crawler.sources.foreign import SLOW_LIST_S, foreign_code
from synsift.pipelines.log.base import Message
from synsift.pipelines.records import Query


@dataclass(frozen=True, slots=True)
class Ask(PageQuery):
    """A page's query and the input behind it."""

    message: Message
    query: Query

    @property
    def want(self) -> int:
        """How many survivors its synset wants; 0 for no target."""
        return self.query.want


def page_query(query: Query, message: Message) -> Ask:
    """What a source is asked for a record."""
    return Ask(
        source=query.source,
        text=query.text,
        lang=query.lang,
        cursor=unsealed(query.cursor),
        page=query.page,
        wnid=query.wnid,
        message=message,
        query=query,
    )


def limit_counter(query: Query) -> str:
    """Name of the count that a synset's limit looks at; another limit counts anew."""
    return f"limit:{query.limit}"


def read_list(source: LocalSource, ask: Ask) -> Page:
    """Read a page of a list on this machine."""
    with foreign_code(ask.source, SLOW_LIST_S):
        return source.read(ask)


def request_of(source: Source, ask: Ask) -> SourceRequest | str:
    """What to send to a source; or why it can't say that: one odd query must not stop its synset's others."""
    try:
        with foreign_code(ask.source):
            request = source.request(ask)
        if not isinstance(request, SourceRequest) or not isinstance(request.url, str):
            raise TypeError("its request is no `SourceRequest`")
    except Exception as exc:  # noqa: BLE001 - the per-item guard: sources are other people's code
        return str(exc) if isinstance(exc, SourceError) else f"{type(exc).__name__}: {exc}"
    return request
