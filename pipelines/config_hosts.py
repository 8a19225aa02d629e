"""Settings for hosts of some names, ``[fetch.hosts."cdn.example"]``: keys with a name in the midst of them."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

from pydantic import Field

from synsift.crawler.download.host_name import host_name
from synsift.crawler.download.host_rules import ANY, HostRule, is_address
from synsift.crawler.wording import code
from synsift.pipelines.config_branch import Branch

TABLE: Final = "fetch.hosts"
MOST_PARTS: Final = 64
NO_TABLE: Final = "a host has a table of its own"
TABLE_HINT: Final = f'`[{TABLE}."cdn.example"]`, then `delay_s = 1`'
_KEY: Final = re.compile(r'fetch\.hosts\.(?P<name>.+)\.(?P<setting>[^."]*)')
_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*|[0-9a-f:]*:[0-9a-f:.]*")


class HostSettings(Branch):
    """What is otherwise at some hosts; none for what holds for all."""

    delay_s: float | None = Field(default=None, ge=0, description="Instead of `fetch.delay_s`")
    concurrency: int | None = Field(default=None, ge=1, description="Instead of `fetch.host_concurrency`")
    max_delay_s: float | None = Field(default=None, ge=0, description="Instead of `fetch.max_delay_s`")
    split: int = Field(
        default=1,
        ge=1,
        le=MOST_PARTS,
        description="Deal its URLs out among so many workers, each with its part of the rate; at the next start",
    )

    def rule(self) -> HostRule:
        """The same for the crawler."""
        return HostRule(self.delay_s, self.concurrency, self.max_delay_s, self.split)


class HasHosts(Protocol):
    """The branch that has such settings."""

    host_concurrency: int
    delay_s: float
    max_delay_s: float
    hosts: dict[str, HostSettings]

    @property
    def model_fields_set(self) -> set[str]:
        """What was given."""


def host_key(key: str) -> str | None:
    """A key of a host in its one form, with the name in quotation marks; None if it is none."""
    found = _KEY.fullmatch(key)
    return _key(_name(found["name"].strip("\"'")), found["setting"]) if found else None


def path_of(key: str) -> list[str]:
    """The tables of a key, and its last word."""
    before, quote, after = key.partition('"')
    name, _, setting = after.partition('".')
    return [*before.rstrip(".").split("."), name, setting] if quote else key.split(".")


def key_of(path: list[str]) -> str:
    """The key that these tables and its last word make; the other way about."""
    table = TABLE.split(".")
    return _key(path[2], ".".join(path[3:])) if path[:2] == table and len(path) > len(table) + 1 else ".".join(path)


def problem_of_key(key: str) -> tuple[str, str] | None:
    """What is wrong with a host's key, and a hint; None if nothing is."""
    *_, name, setting = path_of(key)
    if setting not in HostSettings.model_fields:
        near = difflib.get_close_matches(setting, HostSettings.model_fields, n=1)
        if not near:
            return NO_TABLE, TABLE_HINT
        return f"there is no key `{key}`", f"did you mean `{_key(name, near[0])}`? docs/configuration.md lists all"
    if _NAME.fullmatch(name) is None:
        problem = f"{code(name)} is no name of hosts"
        alone = _alone(name)
        if alone is not None:
            return problem, f'the name alone, which is for all its ports and paths: `[{TABLE}."{alone}"]`'
        return problem, 'as in `"cdn.example"` or `"*.cdn.example"`: no scheme, port or path'
    return None


def _name(written: str) -> str:
    """A name as hosts are known by it: in ASCII and small letters, an address without brackets."""
    before, name = (ANY, written[len(ANY) :]) if written.startswith(ANY) else ("", written)
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    found = host_name(name)
    # `*.1` and `1` are no addresses here, though a browser takes them for such.
    return before + (found if is_address(name) or not is_address(found) else name.lower())


def _alone(text: str) -> str | None:
    """The name in a URL, or in a name with a port; None if there is none that will do."""
    try:
        name = _name(urlsplit(text if "://" in text else f"//{text}").hostname or "")
    except ValueError:
        return None
    return name if name and _NAME.fullmatch(name) else None


def leaves(hosts: Mapping[str, HostSettings]) -> Iterator[tuple[str, object, str]]:
    """Key, value and meaning of all that is set for hosts."""
    for name, settings in hosts.items():
        for setting, field in HostSettings.model_fields.items():
            if setting in settings.model_fields_set:
                yield _key(name, setting), getattr(settings, setting), field.description or ""


def wrong_rates(fetch: HasHosts) -> Iterator[tuple[str, str]]:
    """Keys whose values don't go with others, and why."""
    if "max_delay_s" in fetch.model_fields_set and 0 < fetch.max_delay_s < fetch.delay_s:
        yield "fetch.max_delay_s", _too_short(fetch.max_delay_s, "fetch.delay_s", fetch.delay_s)
    for name, settings in fetch.hosts.items():
        concurrency = settings.concurrency or fetch.host_concurrency
        if settings.split > concurrency:
            problem = f"must be at most the concurrency of that host, {concurrency}, for each part has a place at least"
            yield _key(name, "split"), f"{problem}, not `{settings.split}`"
        delay_s = fetch.delay_s if settings.delay_s is None else settings.delay_s
        if settings.max_delay_s and settings.max_delay_s < delay_s:
            shorter = "fetch.delay_s" if settings.delay_s is None else _key(name, "delay_s")
            yield _key(name, "max_delay_s"), _too_short(settings.max_delay_s, shorter, delay_s)


def _too_short(max_delay_s: float, key: str, delay_s: float) -> str:
    return f"must be at least `{key}`, {delay_s:g}, or 0 for always the same, not `{max_delay_s:g}`"


def _key(name: str, setting: str) -> str:
    quoted = f'"{name}"'
    return f"{TABLE}.{quoted}.{setting}"
