"""Lists of captions on the command line: how a sift is told of, and what it found."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from synsift.crawler.errors import SourceAway, SourceError
from synsift.crawler.ontology import Concepts
from synsift.crawler.queries import SynsetQuery
from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.cli.exit_status import ExitStatus
from synsift.pipelines.cli.url_lists import files_named
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from rich.status import Status

    from synsift.crawler.captions.sift import Progress
    from synsift.crawler.captions.sifted import Summary
    from synsift.pipelines.config import Settings

CAPTIONS: Final = "captions"
_LINE_S: Final = 5.0
_SHOWN: Final = 5
_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "no name in it": (
        "caption names none of them, or what has better ones",
        "captions name none of them, or what has better ones",
    ),
    "no caption": ("row has no caption", "rows have no caption"),
    "no URL": ("row has no URL", "rows have no URL"),
    "not a URL": ("URL is none", "URLs are none"),
    "not free": (
        "file is one of a single wiki, and may not be free",
        "files are those of single wikis, and may not be free",
    ),
    "video": ("row is a video", "rows are videos"),
    "unsafe": ("row is unsafe by the list's own score", "rows are unsafe by the list's own score"),
    "broken": ("row is broken", "rows are broken"),
    "unreadable": ("row can't be read", "rows can't be read"),
    "repeated": ("hit repeats an image of its synset", "hits repeat an image of their synset"),
}


def caption_queries(
    name: str | None, queries: Sequence[SynsetQuery], concepts: Concepts, settings: "Settings", limit: int
) -> list[SynsetQuery]:
    """What to ask the source ``captions`` for: the sifted list, which is made if it isn't there.

    Raises:
        UsageError: There is no list, no synset, or the list must not be crawled.
        SourceAway: The list can't be had, or no caption in it names a synset.
    """
    from synsift.pipelines.captions import Wish, caption_lists, check_lists, sift_lists

    if name is None:
        raise UsageError("the source `captions` reads lists", hint="`--source captions --list 'folder/*.parquet'`")
    if not queries:
        raise UsageError("no synset is named whose captions are wanted", hint="name one, or a subtree with `--under`")
    try:
        lists = caption_lists(files_named(name, settings), settings)
        warnings = check_lists(lists, settings)
    except SourceAway:
        raise
    except SourceError as exc:
        raise UsageError(str(exc), hint=exc.hint) from exc
    for text in warnings[:_SHOWN]:
        warn.print(text, style="yellow")
    if len(warnings) > _SHOWN:
        warn.print(f"… and {len(warnings) - _SHOWN:,} more lists of that kind", style="yellow")
    most = limit or int(settings.sources.of(CAPTIONS)["most"])
    telling = _Telling(len({query.wnid for query in queries}))
    try:
        sifted = sift_lists(lists, Wish(queries, concepts, most), settings, telling.tell)
    except KeyboardInterrupt:
        telling.stop()
        warn.print("synsift: interrupted; the same command goes on behind the rows that were read")
        raise SystemExit(ExitStatus.FAILED) from None
    finally:
        telling.stop()
    if sifted.summary.rows or sifted.summary.problems:
        _tell_found(sifted.summary, is_new=sifted.is_new)
    if not sifted.summary.found:
        raise _found_nothing(name, sifted.summary)
    return [SynsetQuery(CAPTIONS, sifted.text)]


def _found_nothing(name: str, summary: "Summary") -> SourceAway:
    """What is said of lists of which nothing is kept: why not, and what helps against that."""
    if not summary.rows:
        has = "can't be read" if summary.problems else "has no rows"
        return SourceAway(f"{name}: {has}", hint="was it written to its end? `--list` takes a pattern or a folder, too")
    rows = counted(summary.rows, "row", "rows")
    columns = {"no URL": "url_column=NAME", "not a URL": "url_column=NAME", "no caption": 'caption_columns=["NAME"]'}
    if not summary.left_out.get("no name in it"):
        why, many = max(summary.left_out.items(), key=lambda pair: pair[1], default=("no caption", summary.rows))
        said = counted(many, *_REASONS.get(why, (why, why)))
        hint = f"is it in another column? `--set 'sources.captions.{columns[why]}'`" if why in columns else ""
        return SourceAway(f"{name}: of {rows} none can be used: {said}", hint=hint)
    return SourceAway(
        f"{name}: of {rows} no caption names what is looked for",
        hint="`synsift queries` shows the names; are captions in a column that isn't known? "
        f"`--set 'sources.captions.{columns['no caption']}'`",
    )


class _Telling:
    """Says how a sift goes: one line that changes on a terminal, else a line every few seconds."""

    def __init__(self, synsets: int) -> None:
        from synsift.pipelines.captions import Tell

        self._synsets = synsets
        self._status: Status | None = None
        self._said_s = time.monotonic()
        self._first: tuple[float, int] | None = None  # when reading had begun, and behind how many rows
        self.tell = Tell(self._lists, self._resumed, self._progress, self._choosing)

    def stop(self) -> None:
        """Take the line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _say(self, text: str) -> None:
        if not err.is_terminal or err.quiet:
            err.print(text)
        elif self._status is None:
            self._status = err.status(text)
            self._status.start()
        else:
            self._status.update(text)

    def _lists(self, number: int) -> None:
        lists, synsets = counted(number, "list", "lists"), counted(self._synsets, "synset", "synsets")
        self._say(f"sifting {lists} for the names of {synsets}")

    def _resumed(self, rows: int) -> None:
        err.print(f"going on behind row {rows:,}, where the last run ended")

    def _progress(self, at: "Progress") -> None:
        now_s = time.monotonic()
        self._first = self._first or (now_s, at.rows)
        wait_s = 0.1 if err.is_terminal else _LINE_S
        if now_s < self._said_s + wait_s:
            return
        self._said_s = now_s
        begin_s, before = self._first
        rate = f", {(at.rows - before) / (now_s - begin_s):,.0f}/s" if now_s > begin_s else ""
        self._say(f"{at.rows:,} rows{rate}; {at.hits:,} hits; list {at.list} of {at.lists}")

    def _choosing(self) -> None:
        self._say("all rows are read; choosing the best of each synset")


def _tell_found(summary: "Summary", *, is_new: bool) -> None:
    found, synsets = counted(summary.found, "image URL", "image URLs"), counted(summary.synsets, "synset", "synsets")
    before = "" if is_new else ", as they were sifted before"
    err.print(f"{counted(summary.rows, 'row', 'rows')} of captions{before}: {found} for {synsets}")
    if summary.synsets < summary.asked and summary.synsets:
        err.print(f"{counted(summary.asked - summary.synsets, 'synset', 'synsets')} found none")
    if summary.common:
        said = (
            "names stand in any caption (`in`, numbers, letters)"
            if summary.common > 1
            else "name stands in any caption"
        )
        err.print(f"{summary.common:,} {said}, and {'were' if summary.common > 1 else 'was'} not looked for")
    for reason, many in sorted(summary.left_out.items(), key=lambda pair: -pair[1]):
        err.print(f"  {counted(many, *_REASONS.get(reason, (reason, reason)))}")
    for text in summary.problems[:_SHOWN]:
        warn.print(text, style="bold")
    if len(summary.problems) > _SHOWN:
        err.print(f"… and at least {len(summary.problems) - _SHOWN:,} problems more")
