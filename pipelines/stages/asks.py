"""A page's query on its way through ``search``, with the input behind it."""

from dataclasses import dataclass

from synsift.crawler.secret import unsealed
from synsift.crawler.sources.base import LocalSource, Page, PageQuery
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
