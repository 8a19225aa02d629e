"""What the columns of a list mean: of lists that many have, by the list's name; of any other, by the columns' names.

Column names are compared without regard to case and to blanks around them: ``URL``, `` url ``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Final
from urllib.parse import unquote_plus

from synsift.crawler.sources.base import FoundImage
from synsift.crawler.sources.lists.rows import URL_STARTS
from synsift.crawler.sources.lists.written_urls import written_url
from synsift.crawler.targets import identifier_of_label

_BETWEEN: Final = re.compile(r"[\s_-]+")
_OF_IMAGE: Final = re.compile(r"(?i)(?:image|img|photo|picture|file)s?\.[^.]+\Z")
_YFCC: Final = (
    *("photoid", "uid", "unickname", "datetaken", "dateuploaded", "capturedevice", "title", "description", "usertags"),
    *("machinetags", "longitude", "latitude", "accuracy", "pageurl", "downloadurl", "licensename", "licenseurl"),
    *("serverid", "farmid", "secret", "secretoriginal", "ext", "marker"),
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns to read; an empty one is looked for under the names that lists usually give it.

    Of a list without a header, columns are named by their numbers, from 1.

    Attributes:
        url: Image URLs.
        wnid: Synsets, or labels.
        title: Titles or captions.
        author: Authors.
        licence: Names of licences, or their URLs.
        licence_url: URLs of licences.
        landing_page: Pages that show the images to people.
    """

    url: str = ""
    wnid: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    licence_url: str = ""
    landing_page: str = ""


USUAL: Final = {
    "url": ("url", "image_url", "imageurl", "img_url", "originalurl", "downloadurl"),
    "wnid": ("synset", "wnid", "label"),
    "title": ("title", "caption", "text"),
    "author": ("author", "creator", "unickname"),
    "licence": ("licence", "license", "licensename", "license_name"),
    "licence_url": ("licence_url", "license_url", "licenseurl"),
    "landing_page": ("landing_page", "landing_url", "foreign_landing_url", "originallandingurl", "pageurl", "page_url"),
}
"""The names that lists usually give to columns."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A known form of lists.

    Attributes:
        columns: What they mean.
        names: Of the columns, where the files have no header; one set for each number of columns.
        is_wnid_numbered: Whether the column of synsets holds ``n01440764_10026``.
        is_percent_encoded: Whether titles and authors are written as in URLs.
        is_any_bytes: Whether its URLs have bytes that aren't UTF-8.
        marker: Column that says ``1`` for a video; empty if there is none.
        captions: Columns whose words say what a picture shows, if that is more than its title.
        extras: Columns that are read, too, for whoever knows what they mean.
    """

    columns: Columns
    names: tuple[tuple[str, ...], ...] = ()
    is_wnid_numbered: bool = False
    is_percent_encoded: bool = False
    is_any_bytes: bool = False
    marker: str = ""
    captions: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


LAYOUTS: Final[Mapping[str, Layout]] = {
    "laion": Layout(Columns(url="URL", title="TEXT", licence="LICENSE")),
    "relaion": Layout(Columns(url="URL", title="TEXT", licence="LICENSE")),
    "coyo": Layout(Columns(url="url", title="text")),
    "cc3m": Layout(Columns(url="url", title="caption"), names=(("caption", "url"),)),
    "cc12m": Layout(Columns(url="url", title="caption"), names=(("url", "caption"),)),
    "datacomp": Layout(Columns(url="url", title="text")),
    "open-images": Layout(
        Columns(
            url="OriginalURL",
            title="Title",
            author="Author",
            licence="License",
            landing_page="OriginalLandingURL",
        )
    ),
    "imagenet": Layout(
        Columns(url="url", wnid="image"), names=(("image", "url"),), is_wnid_numbered=True, is_any_bytes=True
    ),
    "flickr": Layout(
        Columns(
            url="downloadurl",
            title="title",
            author="unickname",
            licence="licensename",
            licence_url="licenseurl",
            landing_page="pageurl",
        ),
        names=(_YFCC, ("line", *_YFCC, "hash")),
        is_percent_encoded=True,
        marker="marker",
        captions=("title", "description", "usertags"),
    ),
    "pd12m": Layout(Columns(url="url", title="caption", licence="license")),
    "wit": Layout(
        Columns(url="image_url", title="caption_reference_description", landing_page="page_url"),
        captions=(
            "caption_reference_description",
            "caption_attribution_description",
            "caption_alt_text_description",
        ),
    ),
}
"""Known forms by name; ``flickr`` is YFCC100M, ``relaion`` the research-safe edition of Re-LAION-5B."""


@dataclass(slots=True)
class _Places:
    """Where in a row each thing stands; -1 for nowhere."""

    url: int
    wnid: int
    title: int
    author: int
    licence: int
    licence_url: int
    landing_page: int
    marker: int


@dataclass(slots=True)
class Mapper:
    """Rows → images.

    Attributes:
        layout: What the columns mean.
    """

    layout: Layout
    _places: dict[tuple[str, ...], _Places] = field(default_factory=dict)

    def url_at(self, names: tuple[str, ...]) -> int:
        """Index of the column of URLs; -1 if there is none."""
        return self._at(names).url

    def wanted(self, names: tuple[str, ...]) -> list[int]:
        """Indices of the columns that are read at all."""
        places = self._at(names)
        extras = {index_of(names, name, ()) for name in self.layout.extras}
        return sorted({at for at in {*extras, *(getattr(places, each.name) for each in fields(places))} if at >= 0})

    def image(self, names: tuple[str, ...], values: Sequence[str], place: str) -> FoundImage | None:
        """The image of a row; None if the row has no URL.

        Raises:
            ValueError: It isn't an image.
        """
        at = self._at(names)

        def of(place: int) -> str:
            return values[place] if place >= 0 else ""

        url = of(at.url)
        if not url or not url.strip():
            return None
        url = written_url(url)
        if of(at.marker).strip() == "1":
            raise ValueError("a video")
        wnid, title, author = of(at.wnid).strip(), of(at.title), of(at.author)
        licence, licence_url = of(at.licence).strip(), of(at.licence_url).strip()
        if licence and not licence_url and licence.lower().startswith(URL_STARTS):
            licence, licence_url = "", licence
        if self.layout.is_wnid_numbered:
            wnid = wnid.partition("_")[0]
        if wnid:
            wnid = identifier_of_label(wnid)
        if self.layout.is_percent_encoded:
            title, author = unquote_plus(title), unquote_plus(author)
        return FoundImage(
            url=url,
            landing_page=of(at.landing_page).strip(),
            title=title,
            author=author,
            licence="" if licence == "?" else licence,
            licence_url=licence_url,
            wnid=wnid,
            place=place,
        )

    def _at(self, names: tuple[str, ...]) -> _Places:
        places = self._places.get(names)
        if places is None:
            if len(self._places) > _MAX_FORMS:
                self._places.clear()
            places = self._places[names] = self._find(names)
        return places

    def _find(self, names: tuple[str, ...]) -> _Places:
        columns = self.layout.columns
        found = {each.name: index_of(names, getattr(columns, each.name), USUAL[each.name]) for each in fields(Columns)}
        if found["url"] < 0 and not columns.url:
            found["url"] = index_within(names, USUAL["url"])
        return _Places(**found, marker=index_of(names, self.layout.marker, ()))


_MAX_FORMS: Final = 1_000
"""Every line of JSON may have other names."""


def index_of(names: Sequence[str], name: str, usual: Sequence[str]) -> int:
    """Where a column stands: as it is named exactly, or nearly; without a name, under one of the usual; or -1."""
    if name and name in names:  # a blank name is no name, but many tables have such a column
        return list(names).index(name)
    plain = [_plain(each) for each in names]
    for each in map(_plain, [name] if name else usual):
        if each in plain:
            return plain.index(each)
    return -1


def index_within(names: Sequence[str], usual: Sequence[str]) -> int:
    """As `index_of`, of what is nested in what is called an image: ``image.url``, but not ``author.url``."""
    inner = [_plain(name.rpartition(".")[2]) if _OF_IMAGE.match(name) else "" for name in names]
    return next((inner.index(each) for each in map(_plain, usual) if each in inner), -1)


def _plain(name: str) -> str:
    """A name without what people write in different ways: case, blanks, underscores."""
    return _BETWEEN.sub("", name).lower()


def layout_of(name: str, columns: Columns) -> Layout:
    """A layout by its name, or of the columns that a user names; both: the user's columns count.

    Raises:
        KeyError: There is no such layout.
    """
    known = LAYOUTS[name] if name else Layout(Columns())
    named = {each.name: getattr(columns, each.name) or getattr(known.columns, each.name) for each in fields(Columns)}
    return replace(known, columns=Columns(**named))
