"""Lists of URLs as a user names them: files, folders, patterns, or what comes by standard input."""

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources.lists.layouts import LAYOUTS
from synsift.crawler.sources.lists.unfinished import unfinished
from synsift.crawler.targets import identifier_of
from synsift.pipelines.cli.paths import unwritten
from synsift.pipelines.cli.suggestions import check_known
from synsift.pipelines.errors import UsageError

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings

STDIN: Final = "-"
_CHUNK_BYTES: Final = 1 << 20
_BEGINNINGS: Final = ((b"PAR1", ".parquet"), (b"\x1f\x8b", ".gz"), (b"\x28\xb5\x2f\xfd", ".zst"))


def layout_keys(layout: str | None, source: str) -> dict[str, Any]:
    """The key of the configuration that ``--layout`` sets.

    Raises:
        UsageError: There is no such layout, or no list to read.
    """
    if layout is not None:
        check_known("layout", layout, LAYOUTS)
        if source != "urls" and "captions" not in source.split(","):
            raise UsageError("`--layout` says how a list of URLs is written", hint="`--source urls --list FILE`")
    return {f"sources__{'urls' if source == 'urls' else 'captions'}__layout": layout}


def url_lists(names: Sequence[str], settings: "Settings") -> list[SynsetQuery]:
    """What to ask for lists: a query for each file, in order, all for one synset unless rows name theirs.

    Raises:
        UsageError: There is no list, or it can't be read as one.
        SourceAway: It can't be had, or has no row.
    """
    from synsift.crawler.errors import SourceAway, SourceError
    from synsift.crawler.sources.base import PageQuery
    from synsift.pipelines.image_sources import make_source

    if not names:
        raise UsageError("the source `urls` reads a list", hint="`synsift crawl --source urls --list FILE`")
    try:
        files = _files(names, settings)
        source = make_source("urls", settings, page_size=1)
        try:
            # The first shows whether all will do; what is wrong with another one is its dead letter.
            first = source.read(PageQuery("urls", files[0], "en", "", 0, ""))
        finally:
            source.close()
    except SourceAway:
        raise
    except SourceError as exc:
        raise UsageError(str(exc), hint=exc.hint) from exc
    if len(files) == 1 and not (first.images or first.rejects or first.next_cursor):
        raise SourceAway(f"{_shown(names[0])}: the list is empty", hint="it has a row for each image, with its URL")
    wnid = identifier_of(_label(names[0], files[0]))
    return [SynsetQuery(wnid, file, rank=rank) for rank, file in enumerate(files)]


def _files(names: Sequence[str], settings: "Settings") -> list[str]:
    return list(dict.fromkeys(file for name in names for file in files_named(name, settings)))


def files_named(name: str, settings: "Settings") -> list[str]:
    """What a user means by a list: whole paths of files, or URLs; standard input as the file that keeps it.

    Raises:
        SourceError: There are none.
        UsageError: Standard input can't be kept.
    """
    from synsift.crawler.sources.lists.files import files_of
    from synsift.crawler.sources.lists.remote import is_remote
    from synsift.pipelines.remote_lists import remote_files

    if is_remote(name):
        return remote_files(name, settings)
    return [str(file.resolve()) for file in ([_kept_stdin(settings)] if name == STDIN else files_of(name))]


def _shown(name: str) -> str:
    return "standard input" if name == STDIN else name


def _label(name: str, file: str) -> str:
    """What images are for whose rows don't say it: the name of the list, or of the folder that holds its parts."""
    from synsift.crawler.sources.lists.files import stem_of
    from synsift.crawler.sources.lists.remote import is_remote, path_of

    path = Path(name)
    if name == STDIN:
        return "list"
    if is_remote(name):
        parts = Path(path_of(file))
        return stem_of(parts if name == file else parts.parent) or urlsplit(file).netloc
    if path.is_dir():
        return path.resolve().name
    return stem_of(path) if path.exists() else Path(file).parent.name


def _kept_stdin(settings: "Settings") -> Path:
    """Standard input as a file beside the store, named by its content: so that the same crawl goes on with it.

    Raises:
        UsageError: It is a terminal, or the store is no folder.
    """
    from synsift.pipelines.remote_lists import LISTS
    from synsift.pipelines.store_settings import store_address

    if sys.stdin.isatty():
        raise UsageError("standard input is a terminal", hint="`cat FILE | synsift crawl --source urls --list -`")
    store = store_address(settings).folder
    if store is None:
        raise UsageError(
            "a list on standard input is kept in the store's folder, and this store is none",
            hint="write it to a file, and name that with `--list`",
        )
    folder = store / LISTS
    try:
        return _spool(folder)
    except OSError as exc:
        raise unwritten(f"standard input can't be kept in {folder}", exc) from exc


def _spool(folder: Path) -> Path:
    digest = hashlib.sha256()
    with unfinished(folder) as file:
        begin = b""
        while chunk := sys.stdin.buffer.read(_CHUNK_BYTES):
            begin = begin or chunk[:4]
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
        suffix = next((suffix for start, suffix in _BEGINNINGS if begin.startswith(start)), ".txt")
        target = folder / f"stdin-{digest.hexdigest()[:16]}{suffix}"
        Path(file.name).replace(target)
    return target
