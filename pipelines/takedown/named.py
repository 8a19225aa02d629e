"""What records say of images, and whether it is what a take-down names."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from synsift.dedupe import Fingerprint
from synsift.pipelines import topics
from synsift.pipelines.log.base import Message
from synsift.pipelines.patterns import Pattern, url_target
from synsift.pipelines.unreadable import UNREADABLE

TOPICS: Final = (topics.SURVIVORS, topics.DUPLICATES, topics.CANDIDATES, topics.FETCHED)
"""Topics whose records name images, in the order in which they are read."""
_WIDE_STARS: Final = dict.fromkeys(map(ord, "\uff0a\ufe61"), r"\*")
"""Letters that only look like what stands for any text."""


@dataclass(frozen=True, slots=True)
class Wanted:
    r"""What is to go.

    Attributes:
        urls: Of images or of pages that show them; each ``*`` stands for any text.
        sha256: Of files.
        authors: As sources give them, in small or capital letters; each ``*`` stands for any text, ``\*`` for a star.
        like: Pictures that are at hand.
    """

    urls: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    like: tuple[Fingerprint, ...] = ()


# Only what is needed of a record, and without its checks: what a later version adds, or a stranger writes badly, hides
# no image.
class NamedImage(msgspec.Struct):
    """An image."""

    sha256: str
    hash: str = ""
    format: str = ""


class _FoundBy(msgspec.Struct):
    author: str = ""
    landing_page: str = ""


class _Answer(msgspec.Struct):
    final_url: str = ""


class NamedCandidate(msgspec.Struct):
    """An image and its origin."""

    image: NamedImage
    wnid: str = ""
    url: str = ""
    found_by: _FoundBy = msgspec.field(default_factory=_FoundBy)
    answer: _Answer | None = None


class _Survivor(msgspec.Struct):
    candidate: NamedCandidate
    replaces: str = ""
    relation: str = ""


class _Duplicate(msgspec.Struct):
    sha256: str
    of: str = ""
    kind: str = ""
    candidate: NamedCandidate | None = None


class _Fetched(msgspec.Struct):
    url: str = ""
    image: NamedImage | None = None
    answer: _Answer | None = None


class Meant:
    """Whether a record is what was named."""

    def __init__(self, wanted: Wanted) -> None:
        self._sha256 = frozenset(wanted.sha256)
        self._urls = [Pattern(url_target(url)) for url in wanted.urls]
        self._authors = [Pattern(_name(author.translate(_WIDE_STARS))) for author in wanted.authors]

    @property
    def reads_urls(self) -> bool:
        """Whether URLs matter."""
        return bool(self._urls)

    def image(self, sha256: str, urls: Iterable[str], author: str = "") -> bool:
        """Whether an image of these URLs and this author is meant."""
        if sha256 in self._sha256:
            return True
        if self._urls and any(found.matches(url_target(url)) for url in urls if url for found in self._urls):
            return True
        return bool(self._authors) and any(found.matches(_name(author)) for found in self._authors if author)


@lru_cache(4_096)
def _name(author: str) -> str:
    """A name as it is compared: by how it looks, whatever code points write it (Unicode, D145; UAX 15)."""
    name = author
    if not author.isascii():
        composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", author).casefold())
        name = "".join(letter for letter in composed if unicodedata.category(letter) != "Cf")
    return " ".join(name.casefold().split())


def named_in(message: Message) -> Iterator[tuple[NamedImage, str, str]]:
    """Images that a record names, each with a synset and a URL, where it has them."""
    value = message.value or b""
    try:
        if message.topic == topics.FETCHED.name:
            fetched = FETCHED.decode(value)
            if fetched.image is not None:
                yield fetched.image, "", fetched.url
            return
        if message.topic == topics.CANDIDATES.name:
            candidate: NamedCandidate | None = CANDIDATE.decode(value)
        elif message.topic == topics.SURVIVORS.name:
            candidate = SURVIVOR.decode(value).candidate
        else:
            candidate = DUPLICATE.decode(value).candidate
    except UNREADABLE:
        return
    if candidate is not None:
        yield candidate.image, candidate.wnid, candidate.url


def images_in(message: Message) -> Iterator[NamedImage]:
    """Images that a record names."""
    return (image for image, _, _ in named_in(message))


SURVIVOR: Final = msgspec.json.Decoder(_Survivor)
DUPLICATE: Final = msgspec.json.Decoder(_Duplicate)
CANDIDATE: Final = msgspec.json.Decoder(NamedCandidate)
FETCHED: Final = msgspec.json.Decoder(_Fetched)
