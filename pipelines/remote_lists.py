"""Lists of URLs that stand elsewhere: by https:// as sources are asked, by s3:// and its like with the store's keys."""

import dataclasses
import fnmatch
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from synsift import __version__
from synsift.crawler.errors import SourceError
from synsift.crawler.identity import user_agent
from synsift.crawler.sources.lists.files import is_list
from synsift.crawler.sources.lists.remote import Copies, Target, check_url
from synsift.pipelines.config import Settings
from synsift.pipelines.errors import NoSuchObject, SynsiftError
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.store_settings import store_address
from synsift.pipelines.web_access import make_access

LISTS: Final = "lists"
"""Folder of the store for lists that are no files of their user's."""
_STORES: Final = ("s3", "gs", "az")
_SCHEMES: Final = ("https", "http", *_STORES)
_MAGIC: Final = frozenset("*?[")


def make_copies(settings: Settings) -> Copies:
    """Has lists that stand elsewhere, in the store's folder; where the store is none, in one for passing things."""
    by_http, by_store = partial(_by_http, settings), partial(_by_store, settings)
    return Copies(partial(_folder, settings), {"https": by_http, "http": by_http, **dict.fromkeys(_STORES, by_store)})


def remote_files(name: str, settings: Settings) -> list[str]:
    """The lists that a URL means: itself, or those that a pattern or a folder of a store has, sorted by name.

    Raises:
        SourceError: There are none, or the store can't be asked.
    """
    check_url(name, _SCHEMES)
    bucket, path = _split(name)
    if urlsplit(name).scheme not in _STORES or (is_list(Path(path)) and not _MAGIC & set(path)):
        return [name]
    begin = path.partition("*")[0].partition("?")[0].partition("[")[0].rpartition("/")[0]
    pattern = path if _MAGIC & set(path) else f"{path.rstrip('/')}/*".lstrip("/")
    try:
        objects = Objects(_address(bucket, settings), make=False)
        found = sorted(one for one in objects.list(f"{begin}/" if begin else "") if fnmatch.fnmatchcase(one, pattern))
    except SynsiftError as exc:
        raise SourceError(f"{name}: {exc}", hint=exc.hint) from exc
    found = [one for one in found if is_list(Path(one))]
    if not found:
        raise SourceError(f"{name}: no list of URLs has such a name")
    return [f"{bucket}/{one}" for one in found]


def _by_http(settings: Settings, url: str, tag: str, target: Target) -> str | None:
    # Commands that only look at a log have no use for an HTTP client.
    from synsift.crawler.download.whole_file import fetch_file

    access = make_access("search", settings.search)
    agent = user_agent(__version__, settings.identity.contact)
    return fetch_file(url, tag, target, access=access, user_agent=agent)


def _by_store(settings: Settings, url: str, tag: str, target: Target) -> str | None:
    bucket, path = _split(url)
    try:
        objects = Objects(_address(bucket, settings), make=False)
        if tag and objects.tag(path) == tag:
            return None
        target.begin()
        return objects.read_in_pieces(path, target.write)
    except (NoSuchObject, FileNotFoundError) as exc:
        raise SourceError(f"{url}: there is no such object") from exc
    except SynsiftError as exc:
        raise SourceError(f"{url}: {exc}", hint=exc.hint) from exc


def _address(bucket: str, settings: Settings) -> StoreAddress:
    return dataclasses.replace(store_address(settings), url=bucket)


def _split(url: str) -> tuple[str, str]:
    """The URL of a bucket, and the path in it."""
    parts = urlsplit(url)
    names = parts.path.lstrip("/").split("/")
    kept = 1 if parts.scheme == "az" and len(names) > 1 else 0  # az://account/container/…
    return "/".join([f"{parts.scheme}://{parts.netloc}", *names[:kept]]), "/".join(names[kept:])


def _folder(settings: Settings) -> Path:
    store = store_address(settings).folder
    if store is not None:
        return store.expanduser() / LISTS
    folder = Path(tempfile.gettempdir()) / f"synsift-{LISTS}-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SourceError(f"{folder} belongs to somebody else, and lists are kept there", hint="set TMPDIR")
    return folder
