"""Commands that steer a fleet while it runs, and ``synsift controls``, which says how it is steered."""

import contextlib
import getpass
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from synsift.crawler.wording import code
from synsift.pipelines.cli.console import counted, err, print_rows, warn
from synsift.pipelines.cli.ontology import OntologyFile, Under, concepts_of
from synsift.pipelines.cli.options import ConfigFile, Format, Out, OutputFormat, SetValues, settings_of
from synsift.pipelines.cli.suggestions import check_known
from synsift.pipelines.errors import RecordError, UsageError

if TYPE_CHECKING:
    from synsift.pipelines.config import Settings
    from synsift.pipelines.control_records import Control, Word
    from synsift.pipelines.controls.view import View
    from synsift.pipelines.log.base import Log

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

_AS_CONFIGURED: Final = "default"
_SHOWN: Final = 8
_OF_A_FILE: Final = ("sha256", "fingerprint")
_SECONDS: Final = "every worker that runs knows within a second; one that begins later, before it works"


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
    things = _things(settings, host, source, synset, subtree, ontology)
    _say(settings, [("pause", *thing) for thing in things], who, why, "paused")


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
    things = _things(settings, host, source, synset, subtree, ontology)
    _say(settings, [("drop", *thing) for thing in things], who, why, "dropped")


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
    things = _things(settings, host, source, synset, subtree, ontology)
    _lift(settings, [(action, *thing) for thing in things for action in ("pause", "drop")], who, why, "goes on")


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
    _say(settings, _blocked(host, url, sha256, image), who, why, "blocked")


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
    found = [one[:3] for one in _blocked(host, url, sha256, image)]
    # A file may be blocked by its bytes, by what it shows, or, where it was taken down, by both.
    both = [(action, subject, name) for action, _, name in found if len(name) == 64 for subject in _OF_A_FILE]
    _lift(settings, list(dict.fromkeys([*found, *both])), who, why, "may come in")


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
    hosts = list(dict.fromkeys(_whole_host(settings, name) for name in host or []))
    _set(settings, "delay", "host", hosts, seconds, who, why, option="--host")


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
    synsets = _synsets(synset, subtree, ontology)
    _set(settings, "limit", "synset", synsets, number, who, why, option="--synset", is_whole=True)


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
    synsets = _synsets(synset, subtree, ontology)
    _set(settings, "priority", "synset", synsets, number, who, why, option="--synset")


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
    first = {"control": control.action, "of": control.subject, "target": control.target}
    words: list[Control | Word] = [control, *(control.past if has_past else ())]
    for number, word in enumerate(words):
        yield {
            **first,
            "value": f"{word.value:g}" if control.action in _WITH_VALUE else "",
            "who": word.who,
            "at": word.at,
            "holds": number == 0 and not word.is_lifted,
            "why": word.why,
        }


_WITH_VALUE: Final = ("delay", "limit", "priority")
_Thing = tuple[str, str]
_Said = tuple[str, str, str, float, str]


def _things(
    settings: "Settings",
    hosts: Sequence[str] | None,
    sources: Sequence[str] | None,
    synsets: Sequence[str] | None,
    subtree: str | None,
    ontology: Path | None,
) -> list[_Thing]:
    """What the options name, each once."""
    if sources:
        from synsift.crawler.sources.registry import registry

        for name in sources:
            check_known("source", name, sorted(registry().classes))
    found = [("host", _host(name)) for name in hosts or []]
    found += [("source", name) for name in sources or []]
    found += [("synset", wnid) for wnid in _synsets(synsets, subtree, ontology)]
    if not found:
        raise UsageError("nothing is named", hint="for example `--host example.com` or `--synset n02091134`")
    return list(dict.fromkeys(found))


def _synsets(synsets: Sequence[str] | None, subtree: str | None, ontology: Path | None) -> list[str]:
    found = list(synsets or [])
    if subtree is not None:
        from synsift.crawler.ontology import under

        found += under(concepts_of(ontology), subtree)
    return list(dict.fromkeys(found))


def _host(name: str) -> str:
    from synsift.pipelines.controls.patterns import host_target

    found = host_target(name)
    if not found or "/" in found or any(letter.isspace() for letter in found):
        raise UsageError(f"{code(name)} is no name of a host", hint="for example `--host img.example.com`")
    return found


def _whole_host(settings: "Settings", name: str) -> str:
    """The host that a name is one of, as far as politeness goes."""
    from synsift.crawler.download.host_rules import name_of
    from synsift.pipelines.politeness import host_rules
    from synsift.pipelines.topics import Router

    wanted = _host(name)
    found = name_of(Router(1, host_rules(settings)).keys.keys_of_name(wanted)[0])
    if found != wanted:
        err.print(f"{wanted} is a part of the host {found}, and shares its pace: the delay holds for all of it")
    return found


def _blocked(
    hosts: Sequence[str] | None,
    urls: Sequence[str] | None,
    digests: Sequence[str] | None,
    images: Sequence[Path] | None,
) -> list[_Said]:
    from synsift.pipelines.controls.patterns import url_target

    found: list[_Said] = [("block", "host", _host(name), 0.0, "") for name in hosts or []]
    for url in urls or []:
        if "://" not in url and not url.startswith("*"):
            raise UsageError(f"{code(url)} is no URL", hint="for example `--url 'https://example.com/private/*'`")
        found.append(("block", "url", url_target(url), 0.0, ""))
    found += [("block", "sha256", digest_of(text), 0.0, "") for text in digests or []]
    for path in images or []:
        from synsift.dedupe import fingerprint

        picture = fingerprint(path.read_bytes())
        found.append(("block", "fingerprint", picture.sha256, 0.0, picture.to_text()))
    if not found:
        raise UsageError("nothing is named", hint="for example `--host example.com` or `--image picture.jpg`")
    return list(dict.fromkeys(found))


def digest_of(text: str) -> str:
    """A SHA-256 as it was given, in its one form.

    Raises:
        UsageError: It is none.
    """
    found = text.strip().lower()
    if len(found) != 64 or set(found) - set("0123456789abcdef"):
        raise UsageError(f"{code(text)} is no SHA-256", hint="64 hexadecimal digits, as `sha256sum FILE` prints them")
    return found


def _set(
    settings: "Settings",
    action: str,
    subject: str,
    targets: Sequence[str],
    text: str,
    who: str | None,
    why: str,
    *,
    option: str,
    is_whole: bool = False,
) -> None:
    """Set a value, or let what is configured hold again."""
    if not targets:
        raise UsageError("nothing is named", hint=f"give `{option}`")
    if text == _AS_CONFIGURED:
        _lift(settings, [(action, subject, target) for target in targets], who, why, "is as configured")
        return
    value = _number(text, is_whole=is_whole)
    if not why:
        raise UsageError("`--why` is missing", hint="say why: it is shown wherever it has an effect")
    _say(settings, [(action, subject, target, value, "") for target in targets], who, why, f"{action} {value:g}")


def _number(text: str, *, is_whole: bool) -> float:
    what = "a whole number" if is_whole else "a number"
    try:
        value = float(int(text)) if is_whole else float(text)
    except (ValueError, OverflowError):
        value = math.nan
    if not 0 <= value <= 1e12:
        raise UsageError(f"the value is {what} from 0, or `{_AS_CONFIGURED}`, not {code(text)}")
    return value


def _say(settings: "Settings", wanted: Sequence[tuple[Any, ...]], who: str | None, why: str, done: str) -> None:
    """Say things, and tell what is new of them."""
    if not why.strip():
        raise UsageError("`--why` is empty", hint="say why: it is shown wherever it has an effect")
    from synsift.pipelines.controls.writing import say

    made = [_control(one, who, why) for one in wanted]
    with _open(settings) as (log, view):
        from synsift.pipelines.topics import Router

        news = say(log, Router(log.partitions), view, made)
    _tell([control for control in made if control.key in {one.key for one in news}], done)
    if news:
        err.print(_SECONDS)


def _lift(settings: "Settings", wanted: Sequence[tuple[str, str, str]], who: str | None, why: str, done: str) -> None:
    """Say that things hold no more."""
    from synsift.pipelines.clock import now_text
    from synsift.pipelines.controls.writing import lifted, say
    from synsift.pipelines.topics import Router

    asked = set(wanted)
    with _open(settings) as (log, view):
        found = [
            lifted(one, who=who or me(), why=why, at=now_text())
            for one in view.controls.values()
            if (one.action, one.subject, one.target) in asked and not one.is_lifted
        ]
        say(log, Router(log.partitions), view, found)
    _tell(found, done)
    if found:
        err.print(_SECONDS)


def _control(one: tuple[Any, ...], who: str | None, why: str) -> "Control":
    from synsift.pipelines.clock import now_text
    from synsift.pipelines.control_records import Control
    from synsift.pipelines.controls.view import problem_of
    from synsift.pipelines.records import decode, encode

    action, subject, target, value, picture = (*one, 0.0, "")[:5]
    made = Control(
        action=action,
        subject=subject,
        target=target,
        who=who or me(),
        why=why,
        at=now_text(),
        value=value,
        fingerprint=picture,
    )
    hint = "reasons and names have at most 500 characters, URLs 2,000"
    try:
        read = decode(Control, encode(made))  # as every worker will read it
    except (RecordError, UnicodeError) as exc:
        raise UsageError(f"that can't be said: {exc}", hint=hint) from exc
    if problem := problem_of(read):
        raise UsageError(f"that can't be said: {problem}")
    return read


@contextlib.contextmanager
def _open(settings: "Settings") -> "Iterator[tuple[Log, View]]":
    from synsift.pipelines.assembly import check_log, open_log
    from synsift.pipelines.controls.steering import read_view

    check_log(settings)
    with contextlib.closing(open_log(settings)) as log:
        yield log, read_view(log)


def _tell(news: "Sequence[Control]", done: str) -> None:
    for control in news[:_SHOWN]:
        err.print(f"{control.subject} {control.target}: {done}")
    if len(news) > _SHOWN:
        err.print(f"… and {len(news) - _SHOWN:,} more")
    if not news:
        err.print("nothing new: it was so before")


def me() -> str:
    """Who runs this, as the system calls them."""
    try:
        return getpass.getuser()[:100] or "somebody"
    except (OSError, KeyError, ImportError):
        return "somebody"  # a container without a name for its user
