"""Names → addresses that may be connected to."""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult

from synsift.crawler.dns.lookups import Lookups
from synsift.crawler.download.address_guard import AddressGuard


class GuardedResolver(AbstractResolver):
    """Resolves names to permitted addresses only."""

    def __init__(self, guard: AddressGuard, lookups: Lookups) -> None:
        self._guard = guard
        self._lookups = lookups

    async def permitted(self, host: str) -> list[str]:
        """The addresses of a host that may be connected to.

        Raises:
            PrivateAddress: It has addresses, and none is permitted.
            CrawlerError: It has none, or that can't be said.
        """
        found = await self._lookups.addresses_of(host)
        permitted = [address for address in found if self._guard.permits(address)]
        if not permitted:
            reason = self._guard.why_refused(found[0])
            raise self._guard.refusal(f"{host} has no public address: {found[0]} is {reason}")
        return permitted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The same, as aiohttp wants it."""
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        places = [(address, _family(address)) for address in await self.permitted(host)]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=one, proto=0, flags=flags)
            for address, one in places
            if family in (socket.AF_UNSPEC, one)
        ]

    async def close(self) -> None:
        """Ask no more."""
        self._lookups.close()


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET if ipaddress.ip_address(address).version == 4 else socket.AF_INET6
