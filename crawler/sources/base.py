"""What an image source is: what to send, and what came back, both pure; or, of one on this machine, what reads.

    query ──request──▶ SourceRequest ──▶ the web ──▶ SourceAnswer ──page──▶ images, rejects, where the next page begins

A new source is one module with one class, and a line in ``crawler/sources/__init__.py``; or a package of somebody
else's, with an entry point in the group ``synsift.sources``. A source that needs several requests for a hit puts what
is still to be asked into its cursor, and asks for that as its next pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

from synsift.crawler.download.quotas import Quota
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.secret import Secret


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
        query: Text that found it, where that is not what was asked for: a list is asked for by its name.
        lang: Language of that text.
        query_rank: Place of that text among its synset's.
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
    query: str = ""
    lang: str = ""
    query_rank: int = 0


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


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What to send to a source.

    Attributes:
        url: Where to.
        headers: Beyond those that every request has. A ``Secret`` is revealed at the socket, and sent to no other host.
        method: Of HTTP.
        body: Sent with it.
    """

    url: str
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """What a source sent back.

    Attributes:
        body: Decoded from what codings it came in.
        status: Of HTTP.
        headers: By lower-case name.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What there is to know of a source before asking it.

    Attributes:
        title: As its owner writes it.
        docs: Where its API is documented.
        licences: What is known of the licence of an image.
        terms: What its owner wants, in a line.
        depth: Most images that one query can give; 0 if nobody says.
        key: Name of the setting that holds the key; empty if it takes none.
        needs_key: Whether it answers nobody without.
        key_from: Where one gets it.
        is_narrow: Whether its terms narrow the use so that it is asked by name only, never as one of ``all``.
    """

    title: str
    docs: str = ""
    licences: str = ""
    terms: str = ""
    depth: int = 0
    key: str = ""
    needs_key: bool = False
    key_from: str = ""
    is_narrow: bool = False


class Source(Protocol):
    """An image source that is asked over a network. Its class is a dataclass whose settings are fields of it."""

    about: ClassVar[About]

    @property
    def page_size(self) -> int:
        """Most images of a page."""

    @property
    def api_url(self) -> str:
        """Where it is asked: its host, in the first place."""

    def request(self, query: PageQuery) -> SourceRequest:
        """What answers a page's query.

        Raises:
            SourceError: It can't be asked for that.
        """

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        """Read an answer of a good status.

        Raises:
            SourceBusy: It says to come back later.
            SourceSpent: It answers nothing more for a while.
            SourceError: It can't be used.
        """


@runtime_checkable
class ExplainingSource(Protocol):
    """A source that says in the body of an error what is wrong."""

    def problem(self, query: PageQuery, answer: SourceAnswer) -> str:
        """Read an answer of a bad status: what it says, for people; empty if nothing.

        Raises:
            SourceBusy: It says to come back later.
            SourceSpent: It answers nothing more for a while.
            SourceError: It will never answer that.
        """


@runtime_checkable
class ChoosySource(Protocol):
    """A source that has no use for some queries."""

    def takes(self, query: SynsetQuery) -> bool:
        """Whether to ask it."""


@runtime_checkable
class IntroducedSource(Protocol):
    """A source that is asked once, before all else, what it can."""

    def introduction(self) -> SourceRequest | None:
        """What asks for that; None once it is known."""

    def introduce(self, answer: SourceAnswer) -> None:
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

    about: ClassVar[About]

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


def is_keyless(source: Source) -> bool:
    """Whether a source wants a key, and has none."""
    about = source.about
    return about.needs_key and bool(about.key) and not getattr(source, about.key, None)
