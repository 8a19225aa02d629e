"""Keeps the crawler out of networks that are not public.

A URL from the web may name an internal address, resolve to one, or redirect to one (server-side request forgery).
Names are checked after resolution, on the very addresses that are then connected to, so a name that changes its
answer between check and use gains nothing. Literal addresses never reach a resolver and are checked by themselves.
"""

import ipaddress
import socket
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from synsift.crawler.errors import PrivateAddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_WAY_OUT: Final = "a network of your own is named in fetch.allow_networks"


class AddressGuard:
    """Says which addresses may be connected to."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        """Make a guard.

        Args:
            allowed: Networks that are permitted although they aren't public, for example ``10.1.0.0/16``.

        Raises:
            ValueError: One of them is not a network.
        """
        self._allowed: tuple[Network, ...] = tuple(ipaddress.ip_network(text) for text in allowed)
        # Hosts are asked many times, and parsing an address costs as much as checking it.
        self._refuses = lru_cache(maxsize=4_096)(self._is_refused_literal)

    def permits(self, address: str) -> bool:
        """Whether an IP address is public, or in a network that the configuration names."""
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        inner = _embedded(parsed) or parsed
        if any(inner in network for network in self._allowed):
            return True
        # An IPv6-only network reaches the public IPv4 web through the NAT64 prefix, which itself counts as reserved.
        return _is_public(inner) and (parsed in _NAT64 or _is_public(parsed))

    def check_literal(self, hostname: str) -> None:
        """Refuse a URL's host if it is a literal address that isn't permitted; names are left to the resolver.

        Raises:
            PrivateAddress: It isn't permitted.
        """
        if self._refuses(hostname):
            raise PrivateAddress(f"{hostname} is not a public address; {_WAY_OUT}")

    def _is_refused_literal(self, hostname: str) -> bool:
        try:
            ipaddress.ip_address(hostname.partition("%")[0])
        except ValueError:
            return False
        return not self.permits(hostname)


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside an IPv6 one: mapped, compatible, 6to4 (RFC 3056), Teredo, NAT64 (RFC 6052)."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


class GuardedResolver(AbstractResolver):
    """Resolves names to permitted addresses only."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name.

        Raises:
            PrivateAddress: It has addresses, and none is permitted.
            OSError: It can't be resolved.
        """
        try:
            found = await self._inner.resolve(host, port, family)
        except UnicodeError as exc:  # Python's own, before anybody is asked
            raise socket.gaierror(socket.EAI_NONAME, "can't be the name of a host") from exc
        permitted = [result for result in found if self._guard.permits(result["host"])]
        if found and not permitted:
            raise PrivateAddress(f"{host} has no public address; {_WAY_OUT}")
        return permitted

    async def close(self) -> None:
        """Release the resolver."""
        await self._inner.close()
