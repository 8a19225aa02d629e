"""Lists that stand elsewhere: they are copied to this machine, and read there.

A page of a list may begin anywhere in it, so a copy is made once, and asked for again only if it changed. Cursors name
the copy that they are of: a list that changed while it was read would lose rows, or give some twice, in silence.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import unquote, urlsplit

from synsift.crawler.errors import SourceAway, SourceError
from synsift.crawler.outside_json import loads
from synsift.crawler.secret import secrets_in
from synsift.crawler.sources.lists.unfinished import unfinished
from synsift.crawler.sources.lists.unpacked import HEAD_BYTES, is_web_page
from synsift.crawler.wording import code


class Target:
    """Where a list is written as it comes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def begin(self) -> None:
        """Begin anew."""
        self._file.seek(0)
        self._file.truncate()
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Write what follows."""
        self._digest.update(data)
        self._file.write(data)

    @property
    def digest(self) -> str:
        """Names what was written."""
        return _short(self._digest)


Fetch = Callable[[str, str, Target], str | None]
"""A URL, what marks the bytes that are here (empty for none), and where to write new ones → what marks these; None if
nothing changed. May raise ``SourceError``."""

_REMOTE: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")
_CURSOR: Final = re.compile(r"([0-9a-f]{16})@(.*)", re.DOTALL)


def is_remote(name: str) -> bool:
    """Whether a list is named by a URL."""
    return _REMOTE.match(name) is not None


def path_of(url: str) -> str:
    """The path in a URL as people mean it. Keys of objects in a store are any texts, with ``#``, ``?`` and ``%20``."""
    scheme, _, rest = url.partition("://")
    if scheme.lower() in ("http", "https"):
        return unquote(urlsplit(url).path)
    return rest.partition("/")[2].lstrip("/")


def check_url(url: str, schemes: Collection[str]) -> None:
    """Refuse the URL of a list that can't be fetched, or would give a secret away: it stands in every record.

    Raises:
        SourceError: It is refused.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as exc:
        raise SourceError(f"the list's URL can't be read: {exc}") from exc
    if parts.scheme not in schemes:
        raise SourceError(f"lists are not fetched by {parts.scheme}://", hint=f"by {', '.join(sorted(schemes))}")
    if not host:
        raise SourceError(f"{parts.scheme}:// names no host or bucket")
    signed = secrets_in(url)
    if signed or parts.password is not None or parts.username is not None:
        what = code(min(signed)) if signed else "a password"
        raise SourceError(
            f"the URL of the list at {host} holds {what}, and a list's name stands in every record",
            hint="fetch it to a file, or name it by s3:// with the keys of the store's settings",
        )


@dataclass(frozen=True, slots=True)
class Copy:
    """A list as it was fetched.

    Attributes:
        path: Where it is.
        digest: Names its content.
    """

    path: Path
    digest: str

    def cursor(self, inner: str) -> str:
        """A cursor that says whose it is; empty after the last page."""
        return f"{self.digest}@{inner}" if inner else ""

    def inner(self, cursor: str, url: str) -> str:
        """The cursor within the file.

        Raises:
            SourceError: It is of another content.
        """
        if not cursor:
            return ""
        found = _CURSOR.fullmatch(cursor)
        if found is None or found[1] != self.digest:
            raise SourceError(f"{url} changed while it was read", hint="plan it anew: rows that came are known by URL")
        return found[2]


class Copies:
    """Copies of lists, in a folder of this machine. May be asked from any thread."""

    def __init__(self, folder: Callable[[], Path], fetch: Mapping[str, Fetch]) -> None:
        """Make a keeper of copies.

        Args:
            folder: Where they are kept; called when the first is wanted.
            fetch: By scheme.
        """
        self._folder = folder
        self._fetch = fetch
        self._known: dict[str, Copy] = {}
        self._lock = threading.Lock()

    def of(self, url: str) -> Copy:
        """The copy of a list, which is fetched unless this very content is here; once a process.

        Raises:
            SourceError: It can't be fetched.
        """
        with self._lock:
            if url not in self._known:
                check_url(url, self._fetch)
                try:
                    self._known[url] = self._fetched(url)
                except OSError as exc:
                    raise SourceAway(f"{url}: its copy can't be kept: {exc.strerror or exc}") from exc
            return self._known[url]

    def _fetched(self, url: str) -> Copy:
        folder = self._folder()
        note = folder / f"{_short(hashlib.sha256(url.encode()))}.json"
        tag, here = _read_note(note)
        with unfinished(folder) as file:
            target = Target(file)
            new = self._fetch[urlsplit(url).scheme](url, tag if here is not None else "", target)
            if new is None and here is not None:
                return here
            file.flush()
            _check_page(url, Path(file.name))
            copy = Copy(folder / f"{target.digest}-{_name(url)}", target.digest)
            Path(file.name).replace(copy.path)
        note.write_text(json.dumps({"url": url, "tag": new or "", "file": copy.path.name}))
        return copy


def _check_page(url: str, path: Path) -> None:
    """Refuse what hosts send instead of a list."""
    with path.open("rb") as file:
        if is_web_page(file.read(HEAD_BYTES)):
            raise SourceAway(
                f"{url}: its host sends a page of HTML, and no list",
                hint="it may want a log-in: fetch the list with a browser, and name the file with `--list`",
            )


def _read_note(note: Path) -> tuple[str, Copy | None]:
    """What marks the copy that is here, and the copy; none if it isn't whole."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        said = loads(note.read_bytes())
        path = note.parent / Path(said["file"]).name
        with path.open("rb") as file:
            digest = _short(hashlib.file_digest(file, "sha256"))
        if path.name.startswith(digest):
            return str(said["tag"]), Copy(path, digest)
    return "", None


def _name(url: str) -> str:
    """The file's name, whose end tells its kind."""
    name = path_of(url).rstrip("/").rpartition("/")[2]
    return _ODD.sub("_", name)[-100:] or "list"


def _short(digest: "hashlib._Hash") -> str:
    return digest.hexdigest()[:16]
