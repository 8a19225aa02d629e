"""Names → addresses that may be connected to."""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from synsift.crawler.download.address_guard import AddressGuard


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
            reason = self._guard.why_refused(found[0]["host"])
            raise self._guard.refusal(f"{host} has no public address: {found[0]['host']} is {reason}")
        return permitted

    async def close(self) -> None:
        """Release the resolver."""
        await self._inner.close()
