"""What operators say, from options to the topic ``controls``, and what they are told of it."""

import contextlib
import getpass
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from synsift.crawler.wording import code
from synsift.pipelines.cli.console import err, warn
from synsift.pipelines.cli.ontology import concepts_of
from synsift.pipelines.cli.suggestions import check_known
from synsift.pipelines.errors import RecordError, UsageError

if TYPE_CHECKING:
    from synsift.dedupe import Fingerprint
    from synsift.pipelines.config import Settings
    from synsift.pipelines.control_records import Control
    from synsift.pipelines.controls.view import View
    from synsift.pipelines.log.base import Log
    from synsift.pipelines.topics import Router

_AS_CONFIGURED: Final = "default"
_SHOWN: Final = 8
_MANY: Final = 1_000
"""So many take a while."""
_SECONDS: Final = "every worker that runs knows within a second; one that begins later, before it works"
Thing = tuple[str, str]
Said = tuple[str, str, str, float, str]


def things_of(
    settings: "Settings",
    hosts: Sequence[str] | None,
    sources: Sequence[str] | None,
    synsets: Sequence[str] | None,
    subtree: str | None,
    ontology: Path | None,
) -> list[Thing]:
    """What the options name, each once."""
    if sources:
        from synsift.crawler.sources.registry import registry

        for name in sources:
            check_known("source", name, sorted(registry().classes))
    found = [("host", host_of(name)) for name in hosts or []]
    found += [("source", name) for name in sources or []]
    found += [("synset", wnid) for wnid in synsets_of(synsets, subtree, ontology)]
    if not found:
        raise UsageError("nothing is named", hint="for example `--host example.com` or `--synset n02091134`")
    return list(dict.fromkeys(found))


def synsets_of(synsets: Sequence[str] | None, subtree: str | None, ontology: Path | None) -> list[str]:
    """The synsets that options name, and those of a subtree, each once."""
    found = list(synsets or [])
    if subtree is not None:
        from synsift.crawler.ontology import under

        found += under(concepts_of(ontology), subtree)
    return list(dict.fromkeys(found))


def host_of(name: str) -> str:
    """A host's name in its one form; ``UsageError`` if it is none."""
    from synsift.pipelines.patterns import host_target, is_host

    found = host_target(name)
    if not is_host(found):
        hint = "for example `--host img.example.com`, without a port or a path; `--host '*'` for all"
        raise UsageError(f"{code(name)} is no name of a host", hint=hint)
    return found


def whole_host(settings: "Settings", name: str) -> str:
    """The host that a name is one of, as far as politeness goes."""
    from synsift.crawler.download.host_rules import name_of
    from synsift.pipelines.patterns import ANY
    from synsift.pipelines.politeness import host_rules
    from synsift.pipelines.topics import Router

    wanted = host_of(name)
    if wanted == ANY:
        hint = "`fetch.delay_s` in the configuration is that of all"
        raise UsageError("a delay is of some host, not of all", hint=hint)
    found = name_of(Router(1, host_rules(settings)).keys.keys_of_name(wanted)[0])
    if found != wanted:
        err.print(f"{wanted} is a part of the host {found}, and shares its pace: the delay holds for all of it")
    return found


def blocked(
    hosts: Sequence[str] | None,
    urls: Sequence[str] | None,
    digests: Sequence[str] | None,
    images: Sequence[Path] | None,
) -> list[Said]:
    """What options of ``block`` and ``unblock`` name, each once."""
    from synsift.pipelines.patterns import url_target

    found: list[Said] = [("block", "host", host_of(name), 0.0, "") for name in hosts or []]
    for url in urls or []:
        if "://" not in url and not url.startswith("*"):
            raise UsageError(f"{code(url)} is no URL", hint="for example `--url 'https://example.com/private/*'`")
        found.append(("block", "url", url_target(url), 0.0, ""))
    found += [("block", "sha256", digest_of(text), 0.0, "") for text in digests or []]
    for path in images or []:
        from synsift.dedupe import fingerprint

        picture = fingerprint(path)
        tell_if_plain(path, picture)
        found.append(("block", "fingerprint", picture.sha256, 0.0, picture.to_text()))
    if not found:
        raise UsageError("nothing is named", hint="for example `--host example.com` or `--image picture.jpg`")
    return list(dict.fromkeys(found))


def tell_if_plain(path: Path, picture: "Fingerprint") -> None:
    """Say that copies of a picture can't be told, if so: who names one would believe that all are meant."""
    if not picture.is_plain:
        return
    warn.print(
        f"{code(str(path))} is too plain to compare: only a file of the very same bytes is meant", style="yellow"
    )
    warn.print("hint: name its other copies by `--url` or `--sha256`", style="yellow")


def digest_of(text: str) -> str:
    """A SHA-256 as it was given, in its one form.

    Raises:
        UsageError: It is none.
    """
    found = text.strip().lower()
    if len(found) != 64 or set(found) - set("0123456789abcdef"):
        raise UsageError(f"{code(text)} is no SHA-256", hint="64 hexadecimal digits, as `sha256sum FILE` prints them")
    return found


def set_value(
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
        lift_all(settings, [(action, subject, target) for target in targets], who, why, "is as configured")
        return
    value = _number(text, is_whole=is_whole)
    if not why:
        raise UsageError("`--why` is missing", hint="say why: it is shown wherever it has an effect")
    say_all(settings, [(action, subject, target, value, "") for target in targets], who, why, f"{action} {value:g}")


def _number(text: str, *, is_whole: bool) -> float:
    from synsift.pipelines.control_records import MAX_VALUE, MIN_VALUE

    what = "a whole number" if is_whole else "a number"
    try:
        value = float(int(text)) if is_whole else float(text)
    except (ValueError, OverflowError):
        value = math.nan
    if not MIN_VALUE <= value <= MAX_VALUE:
        raise UsageError(f"the value is {what} from 0, or `{_AS_CONFIGURED}`, not {code(text)}")
    return value


def say_all(settings: "Settings", wanted: Sequence[tuple[Any, ...]], who: str | None, why: str, done: str) -> None:
    """Say things, and tell what is new of them."""
    if not why.strip():
        raise UsageError("`--why` is empty", hint="say why: it is shown wherever it has an effect")
    from synsift.pipelines.controls.writing import say

    if len(wanted) > _MANY:
        err.print(f"writing {len(wanted):,} controls")
    made = [_control(one, who, why) for one in wanted]
    with _open(settings) as (log, view):
        from synsift.pipelines.topics import Router

        router = Router(log.partitions)
        news = say(log, router, view, made)
        strangers = _without_query(log, router, [one.target for one in made if one.subject == "synset"])
    _tell(news, done)
    if news:
        err.print(_SECONDS)
    for wnid in strangers:
        warn.print(f"the log has no query of the synset {wnid}: it holds for those that come", style="yellow")


def _without_query(log: "Log", router: "Router", wnids: Sequence[str]) -> list[str]:
    """Synsets of which the log has no query: somebody may have mistyped one. Of many, nothing is said."""
    from synsift.pipelines.reading import Skipped, read_state
    from synsift.pipelines.records import Query

    def is_there(wnid: str) -> bool:
        queries = read_state(log, Query, router.of_wnid(wnid), skipped=Skipped())
        return any(query.wnid == wnid for _, query in queries)

    return [wnid for wnid in wnids if not is_there(wnid)] if len(wnids) <= _SHOWN else []


def lift_all(
    settings: "Settings", wanted: Sequence[tuple[str, str, str]], who: str | None, why: str, done: str
) -> None:
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
    from synsift.pipelines.control_problems import problem_of
    from synsift.pipelines.control_records import Control
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
