"""What to ask whom: the options of ``synsift crawl`` and ``synsift plan`` that say so."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from synsift.crawler.errors import TargetError
from synsift.crawler.ontology import Concepts, WordNet, resolve
from synsift.crawler.queries import SynsetQuery, with_depicted
from synsift.crawler.targets import BadLine, from_list, from_text
from synsift.pipelines.cli.admission import admitted, tell_alike
from synsift.pipelines.cli.captions import CAPTIONS, caption_queries
from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.cli.ontology import check_leaves, concepts_of, read_langs, target_queries
from synsift.pipelines.cli.url_lists import url_lists
from synsift.pipelines.errors import UsageError

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.image_sources import Ask

Targets = Annotated[
    list[str] | None, typer.Argument(metavar="TEXT|WNID...", help="Names, wnids or senses of synsets, or any text")
]
Text = Annotated[
    str | None, typer.Option("--text", metavar="TEXT", help="What to ask for, when the one target is a WNID")
]
ListFile = Annotated[
    str | None,
    typer.Option(
        "--list",
        metavar="FILE",
        help="Names or lines wnid<TAB>text; of --source urls or captions, lists: file, folder, pattern, URL, or -",
    ),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="NAME",
        help="Form of the list, if its columns don't tell: laion, coyo, open-images, imagenet …",
    ),
]
SourceNames = Annotated[
    str,
    typer.Option(
        "--source", metavar="NAMES", help="Whom to ask, with commas (`synsift sources`); all for all that need no key"
    ),
]
Limit = Annotated[
    int, typer.Option("--limit", min=0, help="Most image URLs for each synset, or of each list of URLs; 0 for no limit")
]
Want = Annotated[
    int,
    typer.Option(
        "--want",
        min=0,
        help="Enough unique images for each synset: asks first what gives new ones; 0 for all there are",
    ),
]
AllowPeople = Annotated[
    bool | None,
    typer.Option(
        "--allow-people/--no-allow-people",
        help="Ask for synsets of people, too; words for them may offend  [search.allow_people]",
        show_default=False,
    ),
]


T = TypeVar("T")

_LOOKED_AT: Final = 100
"""Names of a list that are in no synset: of so many it is looked whether they are misspelt."""
_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user said of what to ask for."""

    targets: Sequence[str]
    text: str | None
    list_file: str | None
    source: str
    subtree: str | None
    leaves: bool
    langs: str
    ontology: Path | None
    limit: int = 0
    want: int = 0


def is_sifted(source: str) -> bool:
    """Whether lists of captions are among the sources."""
    return CAPTIONS in [name.strip() for name in source.split(",")]


def read_asks(wanted: Wanted, settings: "Settings") -> "list[Ask]":
    """Whom to ask for what, as the user wants it: a synset's queries together, its sources in turns.

    Raises:
        UsageError: Nothing, or what doesn't go together, or an unknown source.
        TargetError: A target can't be understood.
    """
    from synsift.pipelines.cli.sources import named_sources
    from synsift.pipelines.image_sources import asks_of

    names = named_sources(wanted.source, settings)
    if "urls" in names:
        if len(names) > 1:
            raise UsageError("`urls` reads lists and is asked for no synset", hint="crawl it in a run of its own")
        if wanted.want:
            hint = "bound it with `--limit`"
            raise UsageError("`--want` chooses among queries, and a list of URLs has none", hint=hint)
        lists = [wanted.list_file] if wanted.list_file is not None else []
        return [("urls", query) for query in url_lists([*lists, *wanted.targets], settings)]
    if wanted.want and names == [CAPTIONS]:
        hint = "bound it with `--limit`"
        raise UsageError("`--want` chooses among queries, and lists of captions have none", hint=hint)
    concepts = concepts_of(wanted.ontology)
    list_file = None if CAPTIONS in names else wanted.list_file
    queries = admitted(_synset_queries(wanted, concepts, list_file), settings.search, concepts)
    tell_alike(queries)
    asks = list(asks_of([name for name in names if name != CAPTIONS], queries, settings))
    if CAPTIONS in names:
        found = caption_queries(wanted.list_file, queries, concepts, settings, wanted.limit)
        asks += [(CAPTIONS, query) for query in found]
    if not asks:
        raise UsageError("nothing to ask for", hint="name a synset, a subtree with `--under`, or a `--list FILE`")
    return asks


def _synset_queries(wanted: Wanted, concepts: Concepts, list_file: str | None) -> list[SynsetQuery]:
    check_leaves(wanted.subtree, leaves=wanted.leaves)
    queries: list[SynsetQuery] = []
    if wanted.text is not None:
        if len(wanted.targets) != 1:
            raise UsageError(
                "`--text` says what to ask for on behalf of exactly one WNID", hint="`synsift crawl WNID --text TEXT`"
            )
        queries.append(from_text(wanted.text, wanted.targets[0]))
    elif wanted.targets or wanted.subtree is not None:
        langs = read_langs(wanted.langs, concepts)
        made = target_queries(wanted.targets, concepts, langs, wanted.subtree, leaves=wanted.leaves)
        queries += with_depicted(made) if isinstance(concepts, WordNet) else made
    if list_file is not None:
        queries += _list_queries(Path(list_file), concepts, wanted.langs)
    return queries


def _list_queries(path: Path, concepts: Concepts, langs: str) -> list[SynsetQuery]:
    """What the lines of a list ask for; those that can't be understood are said, and the rest goes on."""
    found = from_list(path)
    known_langs = read_langs(langs, concepts) if found.named else []
    made: list[SynsetQuery] = []
    unknown = 0
    for line in _once(found.named, lambda line: line.text):
        is_known = bool(resolve(concepts, line.text))
        unknown += not is_known
        try:
            # What is written like a name takes a while to find, and of so many nobody reads it.
            if not is_known and unknown > _LOOKED_AT:
                made.append(from_text(line.text))
            else:
                made += target_queries([line.text], concepts, known_langs, may_ask=False)
        except TargetError as exc:
            found.bad.append(BadLine(line.place, f"{exc}\nhint: {exc.hint}" if exc.hint else str(exc)))
    if unknown > _LOOKED_AT:
        err.print(f"{unknown - _LOOKED_AT:,} more names are in no synset; asking for the texts themselves")
    _tell_bad(found.bad)
    queries = [*found.queries, *(with_depicted(made) if isinstance(concepts, WordNet) else made)]
    return _once(queries, lambda query: (query.wnid, query.text, query.lang))


def _once(items: Iterable[T], key: Callable[[T], Hashable]) -> list[T]:
    """The first of each key."""
    found: dict[Hashable, T] = {}
    for item in items:
        found.setdefault(key(item), item)
    return list(found.values())


def _tell_bad(bad: list[BadLine]) -> None:
    for problem in sorted(bad, key=lambda one: int(one.place.rpartition(":")[2]))[:_TOLD]:
        warn.print(f"{problem.place} is left out, and the rest goes on: {problem.problem}", style="bold")
    if len(bad) > _TOLD:
        warn.print(f"{len(bad):,} lines are left out in all; these were the first {_TOLD}", style="bold")
