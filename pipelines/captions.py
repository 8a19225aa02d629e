"""Lists of captions, as a user names them → a sifted list in the store, made once for the same lists and queries."""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

from synsift.crawler.captions.blocks import meaning_of_file
from synsift.crawler.captions.columns import Meaning
from synsift.crawler.captions.lexicon import make_lexicon
from synsift.crawler.captions.meanings import in_all_languages
from synsift.crawler.captions.sift import CaptionList, Progress, Sift
from synsift.crawler.captions.sifted import Summary, read_summary
from synsift.crawler.captions.withdrawn import Look, Suspicion, look_at
from synsift.crawler.errors import SourceError
from synsift.crawler.ontology import Concepts, WordNet
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources.lists.layouts import Columns, Layout, layout_of
from synsift.crawler.sources.lists.reading import is_parquet_list
from synsift.crawler.sources.lists.remote import is_remote
from synsift.pipelines.config import Settings
from synsift.pipelines.errors import SynsiftError, UsageError
from synsift.pipelines.folder_lock import lock_folder
from synsift.pipelines.remote_lists import LISTS, lists_folder, make_copies
from synsift.pipelines.storage.objects import Objects
from synsift.pipelines.store_settings import store_address

_log: Final = logging.getLogger(__name__)
_RULES: Final = 1
"""Of this version are the rules by which captions are matched and ranked: with others, lists are sifted anew."""

_ABANDONED_S: Final = 7 * 86_400
"""How long what is half sifted waits for somebody to go on."""
_MOST_JOBS: Final = 6
"""Of processes that nobody asked for: one reads for all others, and each has some 150 MB of its own."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """A sifted list.

    Attributes:
        text: Its path, or its URL in the store.
        summary: What it holds.
        is_new: Whether it was made now.
    """

    text: str
    summary: Summary
    is_new: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What to look for.

    Attributes:
        queries: Of the synsets.
        concepts: Whose they are.
        most: Image URLs that a synset gets.
    """

    queries: Sequence[SynsetQuery]
    concepts: Concepts
    most: int


@dataclass(frozen=True, slots=True)
class Tell:
    """Whom to tell what.

    Attributes:
        lists: How many lists there are, and that names are being gathered.
        resumed: How many rows were read before.
        progress: How far reading is.
        choosing: That all is read, and the best are chosen.
    """

    lists: Callable[[int], None]
    resumed: Callable[[int], None]
    progress: Callable[[Progress], None]
    choosing: Callable[[], None]


def caption_lists(names: Sequence[str], settings: Settings) -> list[CaptionList]:
    """Lists by their paths or URLs; copied here if they stand elsewhere.

    Raises:
        SourceError: They can't be had.
    """
    copies = make_copies(settings)
    found = []
    for name in names:
        copy = copies.of(name) if is_remote(name) else None
        found.append(_local(Path(name)) if copy is None else CaptionList(copy.path, name, copy.digest))
    return found


def check_lists(lists: Sequence[CaptionList], settings: Settings) -> list[str]:
    """Look at the lists before they are read. Gives warnings.

    Raises:
        UsageError: One of them was withdrawn, or the first has no URLs or no captions.
    """
    layout = layout_of_settings(settings)
    warnings = []
    for number, one in enumerate(lists):
        try:
            names, meaning = meaning_of_file(one.path, layout)
        except (SourceError, OSError) as exc:
            if number == 0:
                raise SourceError(f"{one.name}: {_without(exc, one.path)}", hint=getattr(exc, "hint", "")) from exc
            continue  # it is told of when it is its turn
        look = look_at(one.name, names, _metadata(one.path), settings.sources.of("captions")["layout"])
        warnings += _warnings(one, look)
        if number == 0:
            _check_columns(one, names, meaning)
    return warnings


def sift_lists(lists: Sequence[CaptionList], wanted: Wish, settings: Settings, tell: Tell) -> Sifted:
    """Sift lists, or find that they were.

    Args:
        lists: What to read.
        wanted: What to look for in them.
        settings: The configuration.
        tell: Whom to tell how it goes.

    Raises:
        SynsiftError: It can't be kept.
    """
    layout = layout_of_settings(settings)
    digest = _digest(lists, wanted, layout)
    folder = lists_folder(settings)
    target, parts = folder / f"captions-{digest}.parquet", folder / f"captions-{digest}.sifting"
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder, parts)
    known = _known(target)
    if known is not None:
        shutil.rmtree(parts, ignore_errors=True)
        return Sifted(_in_store(target, settings), known, is_new=False)
    with lock_folder(parts):
        tell.lists(len(lists))
        concepts = wanted.concepts
        names = frozenset(concepts.names()) if isinstance(concepts, WordNet) else frozenset()
        lexicon = make_lexicon(in_all_languages(wanted.queries, concepts), names.__contains__)
        sift = Sift(parts, lists, lexicon, most=wanted.most, layout=layout)
        if sift.resumed_rows:
            tell.resumed(sift.resumed_rows)
        sift.read(tell.progress, jobs=_jobs(settings))
        _check_unchanged(lists)
        tell.choosing()
        summary = sift.finish(target)
    return Sifted(_in_store(target, settings), summary, is_new=True)


def _sweep(folder: Path, own: Path) -> None:
    """Delete what others left half sifted, and nobody has gone on with for days: lists or names have changed since."""
    long_ago_s = time.time() - _ABANDONED_S
    for parts in sorted(folder.glob("captions-*.sifting")):
        if parts == own or parts.is_symlink() or not parts.is_dir():
            continue
        with contextlib.suppress(OSError, SynsiftError):  # it is in use, or another's to delete: not our errand
            if parts.stat().st_mtime >= long_ago_s:  # each part changes its folder
                continue
            with lock_folder(parts):
                shutil.rmtree(parts, ignore_errors=True)
                _log.info("%s: half sifted, and left for more than %d days: deleted", parts, _ABANDONED_S // 86_400)


def layout_of_settings(settings: Settings) -> Layout:
    """What the columns of the lists mean, as far as anybody says."""
    said = settings.sources.of("captions")
    columns = Columns(
        url=said["url_column"],
        author=said["author_column"],
        licence=said["licence_column"],
        licence_url=said["licence_url_column"],
        landing_page=said["landing_page_column"],
    )
    layout = layout_of(said["layout"], columns)
    captions: Sequence[str] = said["caption_columns"]
    return Layout(**{**_fields(layout), "captions": tuple(captions)}) if captions else layout


def _jobs(settings: Settings) -> int:
    """How many processes sift."""
    said: int = settings.sources.of("captions")["jobs"]
    return said or min(_MOST_JOBS, len(os.sched_getaffinity(0)))


def _fields(layout: Layout) -> dict[str, Any]:
    return {name: getattr(layout, name) for name in Layout.__slots__}


def _local(path: Path) -> CaptionList:
    about = path.stat()
    return CaptionList(path, str(path), f"{about.st_size}:{about.st_mtime_ns}")


def _check_unchanged(lists: Sequence[CaptionList]) -> None:
    for one in lists:
        if one.name == str(one.path) and (not one.path.exists() or _local(one.path).identity != one.identity):
            raise SourceError(
                f"{one.name} changed while it was read", hint="run the same command again: it is read anew"
            )


def _metadata(path: Path) -> dict[str, str]:
    """What a file of Parquet says beside its columns."""
    import pyarrow.parquet as pq

    try:
        if not is_parquet_list(path):
            return {}
        with path.open("rb") as file:
            said = pq.read_metadata(file).metadata or {}
    except (OSError, ValueError, SourceError):
        return {}
    return {key.decode("utf-8", "replace"): value[:10_000].decode("utf-8", "replace") for key, value in said.items()}


def _warnings(one: CaptionList, look: Look) -> list[str]:
    if look.suspicion is Suspicion.WITHDRAWN:
        raise UsageError(
            f"{one.name}: {look.why}; LAION-5B and LAION-400M were withdrawn on 19 December 2023, and are not crawled",
            hint="take the research-safe edition of Re-LAION-5B; if this is it, say so with `--layout relaion`",
        )
    if look.suspicion is Suspicion.UNSURE:
        return [
            f"{one.name}: {look.why}, which was withdrawn; take Re-LAION-5B, and say `--layout relaion` if this is it"
        ]
    return []


def _check_columns(one: CaptionList, names: Sequence[str], meaning: Meaning) -> None:
    shown = ", ".join(names[:20]) or "none"
    if not names:
        return
    if meaning.url < 0:
        raise UsageError(
            f"{one.name}: no column of it is known to hold URLs; its columns are {shown}",
            hint="name it with `--set sources.captions.url_column=NAME`",
        )
    if not meaning.captions:
        raise UsageError(
            f"{one.name}: no column of it is known to hold captions; its columns are {shown}",
            hint="name them with `--set 'sources.captions.caption_columns=[\"NAME\"]'`",
        )


def _without(exc: BaseException, path: Path) -> str:
    return str(exc).removeprefix(f"{path}: ")


def _digest(lists: Sequence[CaptionList], wanted: Wish, layout: Layout) -> str:
    """Names what comes of it."""
    found = hashlib.sha256(json.dumps([_RULES, wanted.most, repr(layout)]).encode())
    for one in lists:
        found.update(json.dumps([one.name, one.identity]).encode("utf-8", "surrogatepass"))
    for query in wanted.queries:
        found.update(json.dumps(astuple(query)).encode("utf-8", "surrogatepass"))
    return found.hexdigest()[:16]


def _known(target: Path) -> Summary | None:
    try:
        return read_summary(target)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _in_store(target: Path, settings: Settings) -> str:
    """What workers read it by: its path, or, where the store is no folder, what they fetch it from."""
    address = store_address(settings)
    if address.folder is not None:
        return str(target.resolve())
    name = f"{LISTS}/{target.name}"
    objects = Objects(address)
    if not objects.exists(name):
        objects.put_file(name, target)
    return f"{address.url.rstrip('/')}/{name}"
