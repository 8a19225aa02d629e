"""What an image source is: two methods, both pure; or, of one on this machine, one that reads.

A new source is one module with one class, and a line in ``crawler/sources/__init__.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from synsift.crawler.download.quotas import Quota


@dataclass(frozen=True, slots=True)
class PageQuery:
    """A request for one page of an answer.

    Attributes:
        source: Name of the source.
        text: What to ask for, plain: quoting is the source's business.
        lang: Language of the text, ISO 639-1.
        cursor: Where the page begins, in the source's own terms; empty for the first.
        page: Number of the page, from 0.
        wnid: The synset that asks.
    """

    source: str
    text: str
    lang: str
    cursor: str
    page: int
    wnid: str

    @property
    def introduces(self) -> bool:
        """Whether it asks the source what it can, rather than for images."""
        return False


@dataclass(frozen=True, slots=True)
class FoundImage:
    """An image that a source knows.

    Attributes:
        url: Of the image file.
        landing_page: Page that shows it to people.
        title: As the source gives it.
        author: As the source gives it, without markup.
        licence: Name of its licence.
        licence_url: Text of its licence.
        wnid: Synset that it is for, where the source says so itself; empty for the one that asks.
        place: Where the source says so, such as a list's file and line; for messages.
        sends_referrer: Whether its host wants to see the landing page, and whoever runs the source says that this is
            right.
        content_id: Names the bytes behind the URL, where the source knows them: the same name is the same file, under
            whatever URL. Empty if it doesn't say.
    """

    url: str
    landing_page: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    licence_url: str = ""
    wnid: str = ""
    place: str = ""
    sends_referrer: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A part of a page that can't be used.

    Attributes:
        message: What is wrong, and where.
        raw: The part, as it was.
    """

    message: str
    raw: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer.

    Attributes:
        images: In the source's order.
        next_cursor: Where the next page begins; empty after the last.
        rejects: What couldn't be used.
        left_out: How many entries are no pictures, by reason: a word of the source's own.
    """

    images: tuple[FoundImage, ...]
    next_cursor: str = ""
    rejects: tuple[Reject, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


class Source(Protocol):
    """An image source."""

    @property
    def page_size(self) -> int:
        """Most images of a page."""

    def request_url(self, query: PageQuery) -> str:
        """The URL that answers a page's query."""

    def page(self, query: PageQuery, body: bytes) -> Page:
        """Read an answer.

        Raises:
            SourceBusy: It says to come back later.
            SourceError: It can't be used.
        """


@runtime_checkable
class IntroducedSource(Protocol):
    """A source that is asked once, before all else, what it can."""

    def introduction_url(self) -> str:
        """The URL that says so; empty once that is known."""

    def introduce(self, body: bytes) -> None:
        """Read the answer.

        Raises:
            SourceBusy: It says to come back later.
            SourceError: It can't be used: the source is asked as one that can nothing special.
        """

    def presume(self) -> None:
        """Take the source for one that can nothing special: it doesn't say."""


@runtime_checkable
class RationedSource(Protocol):
    """A source whose owner says how much a whole installation may ask."""

    @property
    def quota(self) -> Quota | None:
        """How much; None if nothing is said."""


@runtime_checkable
class LocalSource(Protocol):
    """A source on this machine: it is read, at its own pace, and never asked over a network."""

    @property
    def page_size(self) -> int:
        """Most images of a page."""

    def read(self, query: PageQuery) -> Page:
        """Read a page; in any thread.

        Raises:
            SourceError: It can't be read.
        """

    def close(self) -> None:
        """Close what is open between pages."""
