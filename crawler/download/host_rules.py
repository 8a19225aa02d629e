"""What counts as one host, and how hard each may be hit: as all, or by rules for some names. Pure.

    name of a URL ──┬─ below "*.cdn.example" ──────────▶ a host for each name there: img1.cdn.example
                    ├─ "cdn.example", or below it ─────▶ one host with all names there: cdn.example
                    └─ no rule ────────────────────────▶ what was given to somebody: example.co.uk, me.blogspot.com

The longest rule wins. A host has one key, by which its URLs meet in one worker; one that is split has several, its URLs
are dealt out among them, and each has its part of what the host may be asked.
"""

import ipaddress
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from synsift.crawler.download.host_name import host_name

ANY: Final = "*."
"""Before a name: all names below it, each for itself."""
_PART: Final = "#"
"""Between a host's name and the number of a part; in no name of a host."""
_REMEMBERED: Final = 65_536


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a host, or a part of one, may be hit.

    Attributes:
        delay_s: Shortest time between two starts.
        places: Requests in flight at once.
        max_delay_s: Longest time between two starts, where its answers ask for less.
    """

    delay_s: float
    places: int
    max_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class HostRule:
    """What is otherwise at hosts of some names; None for as everywhere.

    Attributes:
        delay_s: As of ``Pace``, for the whole host.
        places: The same.
        max_delay_s: The same.
        split: Over how many keys the host is dealt out.
    """

    delay_s: float | None = None
    places: int | None = None
    max_delay_s: float | None = None
    split: int = 1


Rules = Mapping[str, HostRule]
"""By name, or by ``*.`` and a name."""


def rule_for(name: str, rules: Rules) -> str | None:
    """The longest rule that holds for the name of a host."""
    if name in rules or is_address(name):
        return name if name in rules else None
    labels = name.split(".")
    for start in range(1, len(labels)):
        parent = ".".join(labels[start:])
        for rule in (ANY + parent, parent):
            if rule in rules:
                return rule
    return None


class HostKeys:
    """URLs → keys of hosts. The same for the life of a process: a URL must not change its worker."""

    def __init__(
        self, rules: Rules, registered: Callable[[str], str], partition_of: Callable[[str], int] | None = None
    ) -> None:
        """Make one.

        Args:
            rules: Say which names are hosts of their own, and which hosts are split.
            registered: The part of a name that was given to somebody.
            partition_of: Where a key belongs: parts of a host are spread over as many places as there are. None
                where that doesn't matter.
        """
        self.rules = rules
        self._registered = registered
        self._partition_of = partition_of or _anywhere
        self.keys_of_name = lru_cache(_REMEMBERED)(self._keys_of_name)

    def key_of(self, url: str) -> str:
        """The key of a URL: of its host, or of the part of it that the URL was dealt to."""
        keys = self.keys_of(url)
        return keys[0] if len(keys) == 1 else keys[zlib.crc32(url.encode("utf-8", "replace")) % len(keys)]

    def keys_of(self, url: str) -> tuple[str, ...]:
        """All keys of a URL's host."""
        try:
            name = urlsplit(url).hostname or ""
        except ValueError:
            name = ""
        return self.keys_of_name(name)

    def _keys_of_name(self, name: str) -> tuple[str, ...]:
        name = host_name(name)
        rule = rule_for(name.removesuffix("."), self.rules) if self.rules else None
        if rule is None:
            return (self._registered(name),)
        host = _host_of(name.removesuffix("."), rule)
        split = self.rules[rule].split
        return (host,) if split == 1 else self._parts(host, split)

    def _parts(self, host: str, split: int) -> tuple[str, ...]:
        """Keys of a host's parts, on different partitions as long as there are such."""
        found: list[str] = []
        taken: set[int] = set()
        # By chance, two of four keys share one of sixteen partitions more often than not, and so a worker.
        for number in range(64 * split):
            key = f"{host}{_PART}{number}"
            if len(found) < split and self._partition_of(key) not in taken:
                taken.add(self._partition_of(key))
                found.append(key)
        spare = (f"{host}{_PART}{number}" for number in range(64 * split, 65 * split))
        return (*found, *(key for key, _ in zip(spare, range(split - len(found)), strict=False)))


def name_of(key: str) -> str:
    """The name of the host that a key, or a part's key, is of."""
    return key.partition(_PART)[0]


class Paces:
    """Keys of hosts → how hard each may be hit."""

    def __init__(self, default: Pace, rules: Rules, *, splits: Rules | None = None) -> None:
        """Make one.

        Args:
            default: Where no rule holds.
            rules: Where one does.
            splits: Rules by which hosts are split, if those are others: they hold for the life of a process.
        """
        self.default = default
        self._rules = rules
        self._splits = rules if splits is None else splits

    def whole(self, key: str) -> Pace:
        """How hard the host of a key may be hit."""
        rule = rule_for(name_of(key), self._rules) if self._rules else None
        if rule is None:
            return self.default
        found, default = self._rules[rule], self.default
        return Pace(
            default.delay_s if found.delay_s is None else found.delay_s,
            default.places if found.places is None else found.places,
            default.max_delay_s if found.max_delay_s is None else found.max_delay_s,
        )

    def of(self, key: str) -> Pace:
        """How hard it may be hit by whoever has the key: the host's, or a part's."""
        whole, parts = self.whole(key), self.parts(key)
        if parts == 1:
            return whole
        return Pace(whole.delay_s * parts, max(1, whole.places // parts), whole.max_delay_s * parts)

    def parts(self, key: str) -> int:
        """Over how many keys its host is split."""
        if _PART not in key:
            return 1
        rule = rule_for(name_of(key), self._splits)
        return self._splits[rule].split if rule is not None else 1


def _host_of(name: str, rule: str) -> str:
    if not rule.startswith(ANY):
        return rule
    below = name.removesuffix(rule[1:])
    return below.rpartition(".")[2] + rule[1:]


def _anywhere(key: str) -> int:
    return zlib.crc32(key.encode())


def is_address(name: str) -> bool:
    """Whether a name is an address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
