"""How hosts are reached: found, checked and connected to. What aiohttp must know of it stands here alone."""

from typing import Final

import aiohttp
from yarl import URL

from synsift.crawler.download.access import Access
from synsift.crawler.download.address_guard import AddressGuard
from synsift.crawler.download.resolver import GuardedResolver

# Names are resolved once per host and kept: asking for every request is what fails first at scale
# (img2dataset#360). Longer, and a moved host is asked at its old address.
_DNS_TTL_S: Final = 300


class Connections:
    """Opens connections to permitted addresses only. Lives in one event loop."""

    def __init__(self, access: Access) -> None:
        self._guard = AddressGuard(access.allow_networks, setting=f"{access.table}.allow_networks")
        self.connector = aiohttp.TCPConnector(
            limit=0,  # places are the host schedule's to give
            limit_per_host=0,
            resolver=GuardedResolver(self._guard),
            ttl_dns_cache=_DNS_TTL_S,
            socket_factory=self._guard.socket_for,
        )

    async def find(self, url: str) -> URL:
        """Find a URL's host; gives the URL as it was parsed, for what is checked must be what is connected to.

        Raises:
            aiohttp.InvalidURL: It can't be parsed.
            PrivateAddress: Its host may not be connected to.
        """
        try:
            parsed = URL(url)
        except ValueError as exc:
            raise aiohttp.InvalidURL(url, str(exc)) from exc
        self._guard.check_literal(parsed.host or "")
        return parsed
