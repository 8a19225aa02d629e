"""Keeps the crawler out of networks that are not public.

A URL from the web may name an internal address, resolve to one, or redirect to one (server-side request forgery).

URL ──▶ its host, if an address ──▶ what its name resolved to ──▶ where a socket is about to go ──▶ connection
        check_literal               permits                       socket_for

The last gate is the one that holds: it sees the very address, whatever was parsed, resolved or kept before. The first
two make for outcomes that say why.
"""

import ipaddress
import socket
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from synsift.crawler.download.literal_address import literal_address, zone_of
from synsift.crawler.download.special_addresses import METADATA, Address, Network, stands_for, why_not_public
from synsift.crawler.errors import PrivateAddress

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]
"""As ``socket.getaddrinfo`` gives it: family, type, protocol, name, place."""


class ForbiddenPlace(OSError):
    """A socket would have gone to an address that isn't permitted."""


class AddressGuard:
    """Says which addresses may be connected to."""

    def __init__(self, allowed: Sequence[str] = (), *, setting: str = "fetch.allow_networks") -> None:
        """Make a guard.

        Args:
            allowed: Networks that are permitted although they aren't public, for example ``10.1.0.0/16``. Where a
                cloud tells its machines secrets is permitted only by a network of that one address.
            setting: Where they are configured, for messages.

        Raises:
            ValueError: One of them is not a network.
        """
        self._allowed: Final[tuple[Network, ...]] = tuple(ipaddress.ip_network(text) for text in allowed)
        self._setting: Final = setting
        # Hosts are asked many times, and parsing an address costs as much as checking it.
        self._reason = lru_cache(maxsize=4_096)(self._reason_of_literal)

    def why_refused(self, address: str) -> str:
        """Why an IP address may not be connected to; empty if it is public, or in a network that is allowed."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return "no address"
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.scope_id is not None:
            return "on a link of this machine (RFC 4007)"
        return self._why(parsed)

    def permits(self, address: str) -> bool:
        """Whether an IP address may be connected to."""
        return not self.why_refused(address)

    def check_literal(self, hostname: str) -> None:
        """Refuse a URL's host if it is an address, in any spelling, that isn't permitted; names are resolved first.

        Raises:
            PrivateAddress: It isn't permitted.
        """
        if reason := self._reason(hostname):
            raise self.refusal(f"{hostname} is not a public address: {reason}")

    def refusal(self, message: str) -> PrivateAddress:
        """The error of a host that may not be connected to, with what to do about it."""
        return PrivateAddress(f"{message}; a network of your own is named in {self._setting}")

    def socket_for(self, info: AddressInfo) -> socket.socket:
        """Make a socket for a place to connect to.

        Raises:
            ForbiddenPlace: It isn't permitted.
        """
        family, kind, protocol, _, place = info
        if reason := self.why_refused(str(place[0])):
            raise ForbiddenPlace(f"{place[0]} is not a public address: {reason}")
        return socket.socket(family, kind, protocol)

    def _why(self, address: Address) -> str:
        inner = stands_for(address) or address
        allowed = [network for network in self._allowed if address in network or inner in network]
        if inner in METADATA:
            if any(network.num_addresses == 1 for network in allowed):
                return ""
            return f"where machines of {METADATA[inner]} are told secrets"
        return "" if allowed else why_not_public(address)

    def _reason_of_literal(self, hostname: str) -> str:
        address = literal_address(hostname)
        if address is None:
            return ""
        zone = zone_of(hostname)
        return self.why_refused(f"{address}%{zone}" if zone else str(address))
