"""Commands that steer a fleet while it runs, and ``synsift controls``, which says how it is steered."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.pipelines.cli.console import print_rows, warn
from synsift.pipelines.cli.ontology import OntologyFile, Under
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.cli.saying import blocked, lift_all, say_all, set_value, synsets_of, things_of, whole_host
from synsift.pipelines.texts import counted

if TYPE_CHECKING:
    from synsift.pipelines.control_records import Control, Word

Hosts = Annotated[
    list[str] | None, typer.Option("--host", metavar="NAME", help="A host, with all names below it; may be repeated")
]
Sources = Annotated[list[str] | None, typer.Option("--source", metavar="NAME", help="An image source; may be repeated")]
Synsets = Annotated[list[str] | None, typer.Option("--synset", metavar="WNID", help="A synset; may be repeated")]
Urls = Annotated[
    list[str] | None,
    typer.Option("--url", metavar="URL", help="A URL, in which each * stands for any text; may be repeated"),
]
Digests = Annotated[
    list[str] | None, typer.Option("--sha256", metavar="HEX", help="A file, by its SHA-256; may be repeated")
]
Images = Annotated[
    list[Path] | None,
    typer.Option("--image", metavar="FILE", help="A picture, and all that is near to it; may be repeated"),
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Your reason: shown wherever it has an effect")]
Who = Annotated[str | None, typer.Option("--who", metavar="NAME", help="Who wants it; you, as the system calls you")]

_OF_A_FILE: Final = ("sha256", "fingerprint")


def pause(
    why: Why,
    host: Hosts = None,
    source: Sources = None,
    synset: Synsets = None,
    subtree: Under = None,
    who: Who = None,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Let hosts, sources or synsets wait: what they are to be asked stays in the log until `synsift resume`.

    Requests that are on their way come to their end; no other one leaves. Nothing of it becomes a dead letter.

    [bold]Examples[/bold]

      synsift pause --host img.example.com --why "its owner called" --out dogs

      synsift pause --source flickr --synset n02091134 --why "budget is spent" --out dogs
    """
    settings = settings_of(file, values, store__url=out)
    things = things_of(settings, host, source, synset, subtree, ontology)
    say_all(settings, [("pause", *thing) for thing in things], who, why, "paused")


def drop(
    why: Why,
    host: Hosts = None,
    source: Sources = None,
    synset: Synsets = None,
    subtree: Under = None,
    who: Who = None,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Ask nothing more of hosts, sources or for synsets: what waits for them ends as a dead letter, `dropped`.

    After `synsift resume`, `synsift dead-letters replay --outcome dropped` brings it back.

    [bold]Examples[/bold]

      synsift drop --synset n02091134 --why "the wrong sense" --out dogs
    """
    settings = settings_of(file, values, store__url=out)
    things = things_of(settings, host, source, synset, subtree, ontology)
    say_all(settings, [("drop", *thing) for thing in things], who, why, "dropped")


def resume(
    why: Why = "",
    host: Hosts = None,
    source: Sources = None,
    synset: Synsets = None,
    subtree: Under = None,
    who: Who = None,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Let what is paused or dropped go on.

    [bold]Examples[/bold]

      synsift resume --host img.example.com --out dogs
    """
    settings = settings_of(file, values, store__url=out)
    things = things_of(settings, host, source, synset, subtree, ontology)
    lift_all(settings, [(action, *thing) for thing in things for action in ("pause", "drop")], who, why, "goes on")


def block(
    why: Why,
    host: Hosts = None,
    url: Urls = None,
    sha256: Digests = None,
    image: Images = None,
    who: Who = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Keep hosts, URLs or pictures out: what comes of them ends as a dead letter, `blocked`.

    What is in the store already stays there; `synsift remove` takes it out, too.

    [bold]Examples[/bold]

      synsift block --url 'https://example.com/private/*' --why "not for us" --out dogs

      synsift block --image logo.png --why "a watermark's owner" --out dogs
    """
    settings = settings_of(file, values, store__url=out)
    say_all(settings, blocked(host, url, sha256, image), who, why, "blocked")


def unblock(
    why: Why = "",
    host: Hosts = None,
    url: Urls = None,
    sha256: Digests = None,
    image: Images = None,
    who: Who = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Let in again what was blocked. What ended as `blocked` comes back by `synsift dead-letters replay`.

    [bold]Examples[/bold]

      synsift unblock --url 'https://example.com/private/*' --out dogs
    """
    settings = settings_of(file, values, store__url=out)
    found = [one[:3] for one in blocked(host, url, sha256, image)]
    # A file may be blocked by its bytes, by what it shows, or, where it was taken down, by both.
    both = [(action, subject, name) for action, _, name in found if len(name) == 64 for subject in _OF_A_FILE]
    lift_all(settings, list(dict.fromkeys([*found, *both])), who, why, "may come in")


Amount = Annotated[
    str, typer.Argument(metavar="N|default", help="The value; default for what is configured, or was planned with")
]


def delay(
    seconds: Annotated[
        str, typer.Argument(metavar="SECONDS|default", help="Time between two requests; default for as configured")
    ],
    host: Hosts = None,
    why: Why = "",
    who: Who = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Set the time between two requests at a host. A Crawl-delay of the host's own is kept all the same.

    [bold]Examples[/bold]

      synsift delay 10 --host example.com --why "its owner asked for it" --out dogs

      synsift delay default --host example.com --out dogs
    """
    settings = settings_of(file, values, store__url=out)
    hosts = list(dict.fromkeys(whole_host(settings, name) for name in host or []))
    set_value(settings, "delay", "host", hosts, seconds, who, why, option="--host")


def limit(
    number: Amount,
    synset: Synsets = None,
    subtree: Under = None,
    why: Why = "",
    who: Who = None,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Set how many image URLs a synset may get, instead of the `--limit` that it was planned with.

    Queries that ended at a lower limit are asked again when they are planned with the new one.

    [bold]Examples[/bold]

      synsift limit 2000 --synset n02091134 --why "too few survive" --out dogs
    """
    settings = settings_of(file, values, store__url=out)
    synsets = synsets_of(synset, subtree, ontology)
    set_value(settings, "limit", "synset", synsets, number, who, why, option="--synset", is_whole=True)


def priority(
    number: Annotated[
        str, typer.Argument(metavar="N|default", help="The higher goes first; default for 0, as everywhere")
    ],
    synset: Synsets = None,
    subtree: Under = None,
    why: Why = "",
    who: Who = None,
    ontology: OntologyFile = None,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
) -> None:
    """Let synsets go before others, in search and in fetch, as far as politeness lets them.

    [bold]Examples[/bold]

      synsift priority 5 --under n02087122 --why "hunting dogs are wanted by Friday" --out dogs

      synsift priority default --under n02087122 --out dogs
    """
    settings = settings_of(file, values, store__url=out)
    synsets = synsets_of(synset, subtree, ontology)
    set_value(settings, "priority", "synset", synsets, number, who, why, option="--synset")


def controls(
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was lifted, and what was said of the same things before")
    ] = False,
    out: Out = None,
    file: ConfigFile = None,
    values: SetValues = None,
    output: OutputFormat = Format.TABLE,
) -> None:
    """Show what operators have said: what is paused, dropped, blocked or set, by whom, and why.

    [bold]Examples[/bold]

      synsift controls --out dogs

      synsift controls --all --format jsonl --out dogs
    """
    settings = settings_of(file, values, store__url=out)

    from synsift.pipelines.assembly import open_log
    from synsift.pipelines.controls.steering import read_view
    from synsift.pipelines.reading import Skipped

    skipped = Skipped()
    with contextlib.closing(open_log(settings, read_only=True)) as log:
        view = read_view(log, skipped=skipped)
    found = sorted(view.controls.values(), key=lambda one: (one.at, one.key))
    rows = (row for one in found if everything or not one.is_lifted for row in _rows(one, has_past=everything))
    print_rows(rows, output, details=("why",), empty="nothing was said", columns=_COLUMNS)
    if skipped.by_topic:
        number = counted(skipped.by_topic.total(), "record is", "records are")
        warn.print(f"{number} no controls, and passed by; `synsift log check` lists them", style="yellow")


_COLUMNS: Final = ("control", "of", "target", "value", "who", "at", "holds", "why")


def _rows(control: "Control", *, has_past: bool) -> Iterator[dict[str, Any]]:
    from synsift.pipelines.control_records import VALUED

    first = {"control": control.action, "of": control.subject, "target": control.target}
    words: list[Control | Word] = [control, *(control.past if has_past else ())]
    for number, word in enumerate(words):
        yield {
            **first,
            "value": f"{word.value:g}" if control.action in VALUED else "",
            "who": word.who,
            "at": word.at,
            "holds": number == 0 and not word.is_lifted,
            "why": word.why,
        }
