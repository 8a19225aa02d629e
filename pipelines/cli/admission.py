"""Which of the synsets that a user names are asked for, what is said of the others, and of those that look alike."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from synsift.crawler.errors import TargetError
from synsift.crawler.ontology import Concepts, wordnet
from synsift.crawler.ontology.alike import Alike, alike
from synsift.crawler.ontology.people import Admission, Split, read_synsets
from synsift.crawler.queries import SynsetQuery
from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.cli.verbosity import is_verbose
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.config_web import SearchSettings

_SHOWN: Final = 5
_SHOWN_ALIKE: Final = 3
_WORDS: Final = 4
_WHY: Final = (
    "words for people judge and offend: of 2,832 such synsets of ImageNet 1,593 were found unsafe (Yang et al. 2020)"
)
_HINT: Final = "`--allow-people` asks for them, too; `search.safe_people` names a list of those that are safe"


def admitted(queries: Sequence[SynsetQuery], settings: "SearchSettings", concepts: Concepts) -> list[SynsetQuery]:
    """The queries of synsets that may be asked for. What is left out is told, and what lists name in vain.

    Raises:
        UsageError: None may, or a list of synsets can't be read.
    """
    safe, denied = _listed(settings.safe_people), _listed(settings.deny_synsets)
    asked = {query.wnid for query in queries}
    _tell_unknown([wnid for wnid in sorted(safe | denied) if wnid not in asked and not _is_known(wnid, concepts)])
    split = Admission(settings.allow_people, safe, denied).split(query.wnid for query in queries)
    left_out = split.left_out
    if not left_out:
        return list(queries)
    said = list(_said(split))
    kept = [query for query in queries if query.wnid not in left_out]
    if not kept:
        raise UsageError("\n".join(("nothing is left to ask for", *said)), hint=_HINT if split.people else "")
    for line in said:
        warn.print(line, style="yellow")
    if split.people:
        err.print(f"hint: {_HINT}")
    return kept


def _is_known(wnid: str, concepts: Concepts) -> bool:
    if wnid in wordnet():
        return True
    try:
        concepts.get(wnid)
    except KeyError:
        return False
    return True


def _tell_unknown(wnids: Sequence[str]) -> None:
    """Warn of what stands in a list and is no synset: whoever wrote it thinks that it is heeded."""
    if wnids:
        shown = ", ".join(f"`{wnid}`" for wnid in wnids[:_SHOWN]) + (", …" if len(wnids) > _SHOWN else "")
        number = counted(len(wnids), "line names", "lines name")
        warn.print(
            f"`search.deny_synsets`, `search.safe_people`: {number} no synset that is known: {shown}", style="yellow"
        )
        err.print("hint: a line begins with an identifier, such as n02091134; `synsift synsets NAME` shows it")


def _said(split: Split) -> Iterator[str]:
    if split.people:
        yield f"left out {counted(len(split.people), 'synset', 'synsets')} of people: {_named(split.people)}"
        yield _WHY
    if split.denied:
        number = counted(len(split.denied), "synset", "synsets")
        yield f"left out {number} by `search.deny_synsets`: {_named(split.denied)}"


def _named(wnids: Sequence[str]) -> str:
    shown = wnids if is_verbose() else wnids[:_SHOWN]
    more = f" and {len(wnids) - len(shown):,} more (-v lists all)" if len(shown) < len(wnids) else ""
    return ", ".join(map(_name, shown)) + more


def _name(wnid: str) -> str:
    return f"{wnid} {wordnet().get(wnid).lemmas[0]}" if wnid in wordnet() else wnid


def _listed(files: Sequence[str]) -> frozenset[str]:
    found: set[str] = set()
    for file in files:
        try:
            found |= read_synsets(Path(file).expanduser().read_text(encoding="utf-8"))
        except OSError as exc:
            raise UsageError(f"`{file}`: {exc.strerror or exc}") from exc
        except (UnicodeDecodeError, TargetError) as exc:
            raise UsageError(f"`{file}`: {exc if isinstance(exc, TargetError) else 'it is not UTF-8'}") from exc
    return frozenset(found)


def tell_alike(queries: Sequence[SynsetQuery]) -> None:
    """Warn of chosen synsets that are asked for by the same word, or mean nearly the same."""
    found = alike(wordnet(), (query.wnid for query in queries))
    if not found:
        return
    named, defined = [one for one in found if one.name], [one for one in found if not one.name]
    how = [f"{len(named):,} by a name"] * bool(named) + [f"{len(defined):,} by their definitions"] * bool(defined)
    pairs = counted(len(found), "pair of synsets looks", "pairs of synsets look")
    warn.print(f"{pairs} alike ({', '.join(how)}): pictures of one may come under the other", style="yellow")
    shown = found if is_verbose() else [*named[:_SHOWN_ALIKE], *defined[:_SHOWN_ALIKE]]
    for one in shown:
        err.print(f"  {_pair(one)}")
    if len(shown) < len(found):
        err.print(f"  and {len(found) - len(shown):,} more (-v lists all)")


def _pair(one: Alike) -> str:
    why = f"both are called `{one.name}`" if one.name else f"their definitions share {', '.join(one.words[:_WORDS])}"
    return f"{_name(one.wnid)}, {_name(one.other)}: {why}"
