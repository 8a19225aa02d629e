"""Pictures that a host gives in the place of many others: "not found", "log in", a logo.

    the bytes of a URL ──┬─ given by nine other URLs of its host, of other names ──▶ a placeholder, and not kept
                         └─ else ──────────────────────────────────────────────────▶ kept, and remembered

What is remembered is a function of the records of ``fetched`` that have an image, so a worker that takes a partition
over decides as the last one did. A photograph that is listed under several mirrors keeps its file's name, and counts
once. The first nine stay what they are, candidates: of the same bytes ``dedupe`` keeps one for each synset. Pure.
"""

import hashlib
from collections import OrderedDict
from typing import Final
from urllib.parse import urlsplit

import msgspec

from synsift.pipelines.topics import host_of
from synsift.pipelines.unreadable import UNREADABLE

PLACEHOLDER: Final = "placeholder"
"""Outcome of a URL that gave such a picture."""
DEFAULT_URLS: Final = 10
"""Fewer, and a photograph that a shop lists under its products counts; more, and more of them are kept."""
MOST: Final = 20_000
"""Pictures of a partition that are remembered, and as many that came under more than one name: 6 MB at most."""
_IMAGE_NAMES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".jfif")


class _Image(msgspec.Struct):
    sha256: str = ""


class _Given(msgspec.Struct):
    """As much of a record of ``fetched`` as is needed here."""

    url: str = ""
    image: _Image | None = None


_DECODER: Final = msgspec.json.Decoder(_Given)


class Placeholders:
    """Which pictures the hosts of a partition gave, and under which names. Those seen longest ago are forgotten."""

    def __init__(self, urls: int, most: int = MOST) -> None:
        """Begin without pictures.

        Args:
            urls: So many URLs, of different names, make a picture a placeholder; 0 for none ever.
            most: Pictures to remember, of each kind.
        """
        self._urls = urls
        self._most = most
        self._once: OrderedDict[int, int] = OrderedDict()
        self._often: OrderedDict[int, tuple[int, ...]] = OrderedDict()

    def __len__(self) -> int:
        """How many pictures are remembered."""
        return len(self._once) + len(self._often)

    def takes(self, url: str, sha256: str) -> bool:
        """Whether what a URL gave is to be kept, and remember that; else it is a placeholder."""
        if self._urls <= 0:
            return True
        picture, name = _number(f"{host_of(url)} {sha256}"), _number(name_of(url))
        names = self._names(picture)
        if name not in names:
            if len(names) >= self._urls - 1:
                return False
            self._remember(picture, (*names, name))
        return True

    def restore(self, value: bytes | None) -> None:
        """Remember what a record of ``fetched`` says; what can't be read says nothing."""
        if self._urls <= 0 or value is None or b'"sha256"' not in value:
            return
        try:
            given = _DECODER.decode(value)
        except UNREADABLE:
            return
        if given.image is not None and given.image.sha256:
            self.takes(given.url, given.image.sha256)

    def _names(self, picture: int) -> tuple[int, ...]:
        if picture in self._often:
            self._often.move_to_end(picture)
            return self._often[picture]
        return (self._once[picture],) if picture in self._once else ()

    def _remember(self, picture: int, names: tuple[int, ...]) -> None:
        if len(names) == 1 and self._urls > 1:
            self._once[picture] = names[0]
        else:
            self._once.pop(picture, None)
            self._often[picture] = names
        for known in (self._once, self._often):
            if len(known) > self._most:
                known.popitem(last=False)


def name_of(url: str) -> str:
    """What tells a URL from others of its host that may give the same file: the file's name, whatever its folder.

    Where that is no picture's name, as of ``show.php?id=7``, with all that is asked of it.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    name = parts.path.rpartition("/")[2].lower()
    if name.endswith(_IMAGE_NAMES):
        return name
    return f"{name}?{parts.query}" if name or parts.query else parts.path


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=7).digest(), "little")
