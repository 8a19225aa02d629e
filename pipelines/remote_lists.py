"""Lists of URLs that stand elsewhere: by https:// as sources are asked, by s3:// and its like with the store's keys."""

import dataclasses
import fnmatch
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from synsift import __version__
from synsift.crawler.coded_stream import CodedStream, TooMuchOfIt
from synsift.crawler.errors import BrokenAnswer, SourceAway, SourceError
from synsift.crawler.identity import user_agent
from synsift.crawler.sources.lists.files import SUFFIXES, is_list
from synsift.crawler.sources.lists.remote import Copies, Target, check_url, path_of
from synsift.pipelines.config import Settings
from synsift.pipelines.errors import NoSuchObject, SynsiftError, UsageError
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.store_settings import store_address
from synsift.pipelines.web_access import make_access

LISTS: Final = "lists"
"""Folder of the store for lists that are no files of their user's."""
_STORES: Final = ("s3", "gs", "az")
_SCHEMES: Final = ("https", "http", *_STORES)
_MAGIC: Final = frozenset("*?[")
# XML has no signs for control characters; what stands for them, and they themselves.
_UNTELLABLE: Final = re.compile("[\x00-\x1f\x7f\ufffd]")


def make_copies(settings: Settings) -> Copies:
    """Has lists that stand elsewhere, in the store's folder; where the store is none, in one for passing things."""
    by_http, by_store = partial(_by_http, settings), partial(_by_store, settings)
    return Copies(
        partial(lists_folder, settings), {"https": by_http, "http": by_http, **dict.fromkeys(_STORES, by_store)}
    )


def remote_files(name: str, settings: Settings) -> list[str]:
    """The lists that a URL means: itself, or those that a pattern or a folder of a store has, sorted by name.

    Raises:
        SourceError: There are none, or the store can't be asked.
    """
    check_url(name, _SCHEMES)
    if urlsplit(name).scheme not in _STORES:
        return [name]
    bucket, path = _split(name)
    if is_list(Path(path)) and not _MAGIC & set(path):
        return [name]
    begin = path.partition("*")[0].partition("?")[0].partition("[")[0].rpartition("/")[0]
    pattern = path if _MAGIC & set(path) else f"{path.rstrip('/')}/**".lstrip("/")
    with _had(name):
        objects = Objects(_address(bucket, settings), make=False)
        known = [one for one in objects.list(f"{begin}/" if begin else "") if is_list(Path(one))]
    # One of that very name is meant, as with files, though the name may be read as a pattern.
    found = [path] if path in known else sorted(one for one in known if matches(one, pattern))
    if not found:
        raise SourceError(f"{name}: no list of URLs has such a name", hint=f"lists end in {', '.join(SUFFIXES)}")
    return [f"{bucket}/{one}" for one in found]


def matches(path: str, pattern: str) -> bool:
    """Whether a path is one of a pattern, as files are: ``**`` is any folders or none, other signs end at a slash."""
    return _match(path.split("/"), pattern.split("/"))


def _match(names: list[str], parts: list[str]) -> bool:
    if not parts or not names:
        return not names and all(part == "**" for part in parts)
    first, *rest = parts
    if names[0].startswith(".") and not first.startswith("."):
        return first == "**" and bool(rest) and _match(names, rest)
    if first == "**":
        return _match(names[1:], parts) or (bool(rest) and _match(names, rest))
    return fnmatch.fnmatchcase(names[0], first) and _match(names[1:], rest)


@contextmanager
def _had(url: str) -> Iterator[None]:
    """What a store refuses can't be had; what it can't be asked is the user's to write otherwise."""
    try:
        yield
    except (NoSuchObject, FileNotFoundError) as exc:
        if _UNTELLABLE.search(url):
            hint = "its name holds what listings of a bucket can't carry: rename it"
            raise SourceAway(f"{url}: there is no such object; {hint}") from exc
        raise SourceAway(f"{url}: there is no such object", hint="name its folder to have all lists in it") from exc
    except UsageError as exc:
        raise SourceError(f"{url}: {exc}", hint=exc.hint) from exc
    except SynsiftError as exc:
        raise SourceAway(f"{url}: {exc}", hint=exc.hint) from exc


def _by_http(settings: Settings, url: str, tag: str, target: Target) -> str | None:
    # Commands that only look at a log have no use for an HTTP client.
    from synsift.crawler.download.whole_file import Client, fetch_file

    access = make_access("search", settings.search)
    client = Client(access, user_agent(__version__, settings.identity.contact))
    return fetch_file(url, tag, target, client=client)


def _by_store(settings: Settings, url: str, tag: str, target: Target) -> str | None:
    bucket, path = _split(url)
    with _had(url):
        objects = Objects(_address(bucket, settings), make=False)
        if tag and objects.tag(path) == tag:
            return None
        target.begin()
        unpacking = _Unpacking(url, target)
        tag = objects.read_in_pieces(path, unpacking.write, unpacking.begin)
        unpacking.end()
        return tag


class _Unpacking:
    """Writes an object, which may be kept in a content coding that its metadata names."""

    def __init__(self, url: str, target: Target) -> None:
        self._url = url
        self._target = target
        self._stream = CodedStream("")

    def begin(self, coding: str) -> None:
        """What it is kept in."""
        with self._said():
            self._stream = CodedStream(coding)

    def write(self, data: bytes) -> None:
        """Take some bytes."""
        with self._said():
            for piece in self._stream.feed(data):
                self._target.write(piece)

    def end(self) -> None:
        """It has all come."""
        with self._said():
            for piece in self._stream.end():
                self._target.write(piece)

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except BrokenAnswer as exc:
            raise SourceAway(f"{self._url}: it can't be unpacked: {exc}", hint="put it there again") from exc
        except TooMuchOfIt as exc:
            raise SourceAway(f"{self._url}: it is packed as no list is: {exc}", hint="put it there unpacked") from exc


def _address(bucket: str, settings: Settings) -> StoreAddress:
    return dataclasses.replace(store_address(settings), url=bucket)


def _split(url: str) -> tuple[str, str]:
    """The URL of a bucket, and the path in it."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    names = path_of(url).split("/")
    kept = 1 if scheme == "az" and len(names) > 1 else 0  # az://account/container/…
    return "/".join([f"{scheme}://{rest.partition('/')[0]}", *names[:kept]]), "/".join(names[kept:])


def lists_folder(settings: Settings) -> Path:
    """Where lists are kept: in the store's folder, or, where it is none, in one for passing things."""
    store = store_address(settings).folder
    if store is not None:
        return store.expanduser() / LISTS
    folder = Path(tempfile.gettempdir()) / f"synsift-{LISTS}-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SourceError(f"{folder} belongs to somebody else, and lists are kept there", hint="set TMPDIR")
    return folder
