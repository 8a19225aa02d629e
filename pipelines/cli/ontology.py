"""``synsift synsets`` and ``synsift queries``, and how targets become queries for ``crawl`` and ``plan``."""

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text
from rich.tree import Tree

from synsift.crawler.errors import TargetError
from synsift.crawler.ontology import (
    LANGUAGES,
    Concepts,
    WordNet,
    graph,
    licences_text,
    near_terms,
    read_ontology,
    resolve,
    sense_lines,
    senses_of,
    several_senses,
    under,
    wordnet,
)
from synsift.crawler.queries import QueryMaker, SynsetQuery
from synsift.crawler.targets import from_text, identifier_of
from synsift.pipelines.cli.console import err, print_data, print_rows
from synsift.pipelines.cli.options import Format, OutputFormat
from synsift.pipelines.errors import UsageError
from synsift.pipelines.texts import printable

_TREE_NODES: Final = 2_000

Under = Annotated[
    str | None,
    typer.Option(
        "--under", metavar="WNID|NAME", help="All synsets of a subtree; imagenet12 for those of ImageNet 2009"
    ),
]
Leaves = Annotated[bool, typer.Option("--leaves", help="Of --under, only synsets with nothing below them")]
OntologyFile = Annotated[
    Path | None, typer.Option("--ontology", metavar="FILE", help="Your own concepts (.csv, .json, .jsonl), not WordNet")
]
Langs = Annotated[
    str, typer.Option("--langs", metavar="CODES", help="Languages to ask in, with commas, the preferred one first")
]
ALL_LANGS: Final = ",".join(LANGUAGES)


def synsets(
    terms: Annotated[
        list[str] | None, typer.Argument(metavar="TERM|WNID...", help="Names, wnids, or senses such as dog.n.01")
    ] = None,
    subtree: Under = None,
    leaves: Leaves = False,
    tree: Annotated[bool, typer.Option("--tree", help="Draw what is above each synset, and below it")] = False,
    ontology: OntologyFile = None,
    licences: Annotated[
        bool, typer.Option("--licences", help="Show whose the bundled names are, and their licences")
    ] = False,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Look up concepts: all senses of a name, their definitions and places in the ontology.

    [bold]Examples[/bold]

      synsift synsets crane

      synsift synsets n02091134 --tree

      synsift synsets --under imagenet12 --leaves --format jsonl

      synsift synsets --ontology shop.csv lamp
    """
    if licences:
        typer.echo(licences_text(), nl=False)
        return
    concepts = concepts_of(ontology)
    wnids = list(_selected(concepts, terms, subtree, leaves=leaves))
    if tree:
        for wnid in wnids:
            print_data(_tree(concepts, wnid))
        return
    print_rows((_row(concepts, wnid) for wnid in wnids), output, details=("definition", "parents"))


def queries(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="TARGET...", help="Names, wnids, or senses such as dog.n.01")
    ] = None,
    langs: Langs = ALL_LANGS,
    subtree: Under = None,
    leaves: Leaves = False,
    ontology: OntologyFile = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Show which queries `crawl` would make for synsets, the best first, and why.

    [bold]Examples[/bold]

      synsift queries whippet

      synsift queries crane.n.04 --langs en,nl

      synsift queries --under n01861778 --leaves --format jsonl
    """
    concepts = concepts_of(ontology)
    maker = QueryMaker(concepts, read_langs(langs, concepts))
    wnids = _selected(concepts, targets, subtree, leaves=leaves)
    print_rows((query_row(query) for wnid in wnids for query in maker.queries(wnid)), output)


def query_row(query: SynsetQuery) -> dict[str, Any]:
    """A query as it is printed."""
    return {
        "wnid": query.wnid,
        "text": query.text,
        "lang": query.lang,
        "rule": str(query.rule),
        "rank": query.rank,
        "ambiguity": query.ambiguity,
    }


def concepts_of(file: Path | None) -> Concepts:
    """The ontology of a file, or WordNet."""
    return read_ontology(file) if file is not None else wordnet()


def read_langs(text: str, concepts: Concepts) -> list[str]:
    """The languages of ``--langs``."""
    langs = [code.strip() for code in text.split(",") if code.strip()]
    if not langs or any(not (code.isascii() and code.isalpha() and code.islower()) for code in langs):
        raise UsageError(
            f"`--langs {text}` names no languages", hint=f"ISO 639-1 codes with commas, as in `{ALL_LANGS}`"
        )
    unknown = [code for code in langs if isinstance(concepts, WordNet) and code not in LANGUAGES]
    if unknown:
        raise UsageError(f"`--langs`: no names in `{','.join(unknown)}` are bundled", hint=f"there are `{ALL_LANGS}`")
    return langs


def target_queries(
    targets: Sequence[str],
    concepts: Concepts,
    langs: Sequence[str],
    subtree: str | None = None,
    *,
    leaves: bool = False,
    may_ask: bool = True,
) -> list[SynsetQuery]:
    """What to ask for targets of a crawl. A text that no synset has is asked for as it stands.

    Args:
        targets: Names, wnids, senses, or texts.
        concepts: The ontology.
        langs: Languages to ask in.
        subtree: All synsets below it, too.
        leaves: Of those, only synsets with nothing below them.
        may_ask: Whether somebody at a terminal is asked which sense is meant.

    Raises:
        TargetError: A term has several senses, and nobody is there to be asked which one is meant.
    """
    maker = QueryMaker(concepts, langs)
    found: list[SynsetQuery] = []
    for wanted in targets:
        target, senses = wanted, resolve(concepts, wanted)
        if not senses:
            near = near_terms(concepts, target)
            meant = _meant(target, near, may_ask=may_ask) if near else target
            senses = resolve(concepts, meant)
            if not senses:
                found.append(from_text(meant))
                err.print(f"`{meant}` is in no synset; asking for the text itself")
                continue
            target = meant
        for wnid in senses if len(senses) == 1 else _chosen(concepts, target, senses, may_ask=may_ask):
            found += maker.queries(wnid)
    if subtree is not None:
        for wnid in under(concepts, subtree, leaves=leaves):
            found += maker.queries(wnid)
    return found


def _meant(term: str, near: Sequence[str], *, may_ask: bool) -> str:
    """Ask what a term that no synset has was meant to be; without a terminal that is an error."""
    suggestion = f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
    if not (may_ask and _can_ask()):
        itself = shlex.join(["synsift", "crawl", identifier_of(term), "--text", term])
        raise TargetError(f"`{term}` is in no synset", hint=f"{suggestion} `{itself}` asks for the text itself")
    err.print(f"`{term}` is in no synset")
    for number, one in enumerate(near, start=1):
        err.print(f"{number:3d} {one}")
    while True:
        answer = typer.prompt("which one is meant (a number, or text to ask for the text itself)", err=True).strip()
        if answer == "text":
            return term
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(near):
            return near[int(answer) - 1]


def _can_ask() -> bool:
    return sys.stdin.isatty() and err.is_terminal


def _chosen(concepts: Concepts, term: str, senses: Sequence[str], *, may_ask: bool) -> list[str]:
    """Ask which senses of a term are meant; without a terminal that is an error."""
    if not (may_ask and _can_ask()):
        raise several_senses(concepts, term, senses)
    for number, wnid in enumerate(senses, start=1):
        err.print(f"{number:3d} {sense_lines(concepts, [wnid])}")
    while True:
        answer = typer.prompt(f"{term}: which sense (numbers with commas, or all)", err=True)
        numbers = range(1, len(senses) + 1) if answer.strip() == "all" else answer.replace(",", " ").split()
        try:
            picked = [int(number) for number in numbers]
        except ValueError:
            continue
        if picked and all(1 <= number <= len(senses) for number in picked):
            return [senses[number - 1] for number in dict.fromkeys(picked)]


def check_leaves(subtree: str | None, *, leaves: bool) -> None:
    """``--leaves`` alone says nothing."""
    if leaves and subtree is None:
        raise UsageError("`--leaves` says which synsets of `--under` are meant", hint="give `--under` too")


def _selected(concepts: Concepts, terms: Sequence[str] | None, subtree: str | None, *, leaves: bool) -> Iterable[str]:
    """Synsets that terms and ``--under`` name, each once."""
    check_leaves(subtree, leaves=leaves)
    if not terms and subtree is None:
        raise UsageError("nothing is named", hint="name a synset, or a subtree with `--under`")
    named = [wnid for term in terms or [] for wnid in senses_of(concepts, term)]
    below = under(concepts, subtree, leaves=leaves) if subtree is not None else ()
    return dict.fromkeys([*named, *below])


def _row(concepts: Concepts, wnid: str) -> dict[str, Any]:
    synset = concepts.get(wnid)
    below = (
        concepts.number_of_descendants(wnid)
        if isinstance(concepts, WordNet)
        else sum(1 for _ in graph.descendants(concepts, wnid))
    )
    return {
        "wnid": wnid,
        "lemmas": list(synset.lemmas),
        "definition": synset.definition,
        "parents": [f"{parent} {concepts.get(parent).lemmas[0]}" for parent in synset.parents],
        "descendants": below,
    }


def _tree(concepts: Concepts, wnid: str) -> Tree:
    """The paths down to a synset, and what is below it."""
    top = Tree("", hide_root=True)
    shown = 0

    def label(number: str) -> str:
        return printable(f"{number} {', '.join(concepts.get(number).lemmas)}")

    def grow(branch: Tree, number: str) -> None:
        nonlocal shown
        for child in concepts.get(number).children:
            shown += 1
            if shown > _TREE_NODES:
                return
            grow(branch.add(label(child)), child)

    branches: dict[tuple[str, ...], Tree] = {(): top}
    for path in graph.paths(concepts, wnid):
        for length in range(1, len(path)):
            above = tuple(path[:length])
            if above not in branches:
                branches[above] = branches[above[:-1]].add(label(above[-1]))
        grow(branches[tuple(path[:-1])].add(Text(label(wnid), style="bold")), wnid)
    if shown > _TREE_NODES:
        top.add(f"… more than {_TREE_NODES} synsets; --under lists them all")
    return top
