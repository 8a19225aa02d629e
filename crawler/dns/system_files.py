"""What the machine says of names: /etc/resolv.conf and /etc/hosts. Read again when they change."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RESOLV_CONF: Final = Path("/etc/resolv.conf")
HOSTS: Final = Path("/etc/hosts")
PORT: Final = 53
_MOST_SERVERS: Final = 3
_MOST_DOMAINS: Final = 16
_PORT: Final = re.compile(r"[0-9]{1,5}")
_NDOTS: Final = re.compile(r"ndots:([0-9]{1,9})")
_MOST_NDOTS: Final = 15
_MOST_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Server:
    """Where a name server is."""

    address: str
    port: int = PORT


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """Whom to ask, and for what.

    Attributes:
        servers: Name servers, the first one first.
        search: Domains in which short names are looked for.
        ndots: A name with fewer dots is short.
    """

    servers: tuple[Server, ...] = (Server("127.0.0.1"),)
    search: tuple[str, ...] = ()
    ndots: int = 1

    def candidates(self, name: str) -> list[str]:
        """What a name may mean, the likeliest first.

        A name with a dot is first taken as it is, whatever ``ndots`` says: it comes from the web. Only short ones are
        looked for in domains, as everywhere.
        """
        if name.endswith(".") or name.count(".") >= self.ndots:
            return [name]
        inside = [f"{name}.{domain}" for domain in self.search]
        return [name, *inside] if "." in name else [*inside, name]


def server_of(text: str) -> Server:
    """Read ``192.0.2.1``, ``192.0.2.1:5353``, ``2001:db8::1`` or ``[2001:db8::1]:5353``.

    Raises:
        ValueError: It is none of them.
    """
    address, port = text.strip(), str(PORT)
    if address.startswith("["):
        address, separator, rest = address[1:].partition("]")
        if not separator or (rest and not rest.startswith(":")):
            raise ValueError(f"{text} is no address of a name server")
        port = rest[1:] or port
    elif address.count(":") == 1:
        address, _, port = address.partition(":")
    ipaddress.ip_address(address)
    if not _PORT.fullmatch(port) or not 0 < int(port) < 1 << 16:
        raise ValueError(f"{port} is no port")
    return Server(address, int(port))


def read_resolv_conf(text: str) -> ResolvConf:
    """Read resolv.conf(5); what can't be read is passed over, as the system does."""
    servers: list[Server] = []
    search: list[str] = []
    ndots = 1
    for line in text.splitlines():
        word, *values = line.split("#")[0].split(";")[0].split() or [""]
        if word == "nameserver" and values:
            try:
                servers.append(server_of(values[0]))
            except ValueError:
                continue
        elif word in ("search", "domain"):
            search = [value.strip(".").lower() for value in values if value.strip(".")]
        elif word == "options":
            for value in values:
                if found := _NDOTS.fullmatch(value):
                    ndots = min(int(found[1]), _MOST_NDOTS)
    asked = tuple(servers[:_MOST_SERVERS]) or ResolvConf().servers
    return ResolvConf(asked, tuple(search[:_MOST_DOMAINS]), ndots)


def read_hosts(text: str) -> dict[str, tuple[str, ...]]:
    """Read hosts(5): name → its addresses."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        address, *names = line.split("#")[0].split() or [""]
        try:
            parsed = str(ipaddress.ip_address(address))
        except ValueError:
            continue
        for name in names:
            key = name.rstrip(".").lower()
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), parsed)))
    return found


class SystemFiles:
    """Both files as they are now. A look costs a ``stat`` each."""

    def __init__(self, resolv_conf: Path = RESOLV_CONF, hosts: Path = HOSTS) -> None:
        self._paths = resolv_conf, hosts
        self._seen: list[tuple[int, int, int] | None] = [None, None]
        self._resolv_conf = ResolvConf()
        self._hosts: Mapping[str, tuple[str, ...]] = {}

    def resolv_conf(self) -> ResolvConf:
        """Whom to ask."""
        if (text := self._changed(0)) is not None:
            self._resolv_conf = read_resolv_conf(text)
        return self._resolv_conf

    def addresses_of(self, name: str) -> tuple[str, ...]:
        """What /etc/hosts says of a name."""
        if (text := self._changed(1)) is not None:
            self._hosts = read_hosts(text)
        return self._hosts.get(name.rstrip(".").lower(), ())

    def _changed(self, which: int) -> str | None:
        """The text of a file that isn't what was read last."""
        path = self._paths[which]
        try:
            found = path.stat()
            mark = (found.st_mtime_ns, found.st_size, found.st_ino)
            if mark == self._seen[which]:
                return None
            with path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("utf-8", "replace")
        except OSError:
            mark, text = (0, 0, 0), ""
            if mark == self._seen[which]:
                return None
        self._seen[which] = mark
        return text
