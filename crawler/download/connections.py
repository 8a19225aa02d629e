"""How hosts are reached: found, checked and connected to. What aiohttp must know of it stands here alone."""

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import aiohttp
from yarl import URL

from synsift.crawler.dns.lookups import Lookups
from synsift.crawler.download.access import Access
from synsift.crawler.download.address_guard import AddressGuard, ForbiddenPlace
from synsift.crawler.download.aiohttp_private import read_in_small_pieces, read_patiently
from synsift.crawler.download.literal_address import literal_address
from synsift.crawler.download.peers import PeerTellingConnector
from synsift.crawler.download.resolver import GuardedResolver
from synsift.crawler.download.tls import failure_of, make_context

_log: Final = logging.getLogger(__name__)


class Connections:
    """Opens connections to permitted addresses only. Lives in one event loop."""

    def __init__(self, access: Access) -> None:
        if not access.verify_tls:
            _log.warning("hosts need not prove who they are: %s.verify_tls is off", access.table)
        self._ca_setting = f"{access.table}.ca_file"
        self._guard = AddressGuard(access.allow_networks, setting=f"{access.table}.allow_networks")
        lookups = Lookups(access.nameservers, timeout_s=access.dns_timeout_s)
        self._resolver = GuardedResolver(self._guard, lookups)
        self.connector = PeerTellingConnector(
            limit=0,  # places are the host schedule's to give
            limit_per_host=0,
            resolver=self._resolver,
            use_dns_cache=False,  # names are kept below, as long as name servers say
            socket_factory=self._guard.socket_for,
            ssl=make_context(access),
        )
        read_patiently(self.connector)
        read_in_small_pieces()

    async def find(self, url: str) -> URL:
        """Find a URL's host; gives the URL as it was parsed, for what is checked must be what is connected to.

        A name is looked up here, before the request and its own deadline begin.

        Raises:
            aiohttp.InvalidURL: It can't be parsed.
            PrivateAddress: Its host may not be connected to.
            CrawlerError: It has no address, or nobody can say which.
        """
        try:
            # As it is: what a host signed, or tells apart, must come back to it byte for byte.
            parsed = URL(url, encoded=True)
            if not (parsed.raw_host or "").isascii():
                parsed = parsed.with_host(parsed.raw_host or "")  # in ASCII, as name servers know it (IDNA)
        except ValueError as exc:
            raise aiohttp.InvalidURL(url, str(exc)) from exc
        host = parsed.raw_host
        if not host:
            raise aiohttp.InvalidURL(url, "no host")
        self._guard.check_literal(host)
        address = literal_address(host)
        if address is not None:
            return parsed if host == str(address) else parsed.with_host(str(address))  # as browsers write it
        await self._resolver.permitted(host)
        return parsed

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Say of a connection that failed what is known here: where it would have gone, and who is there."""
        try:
            yield
        except aiohttp.ClientConnectorError as exc:
            error = exc.os_error
            if isinstance(error, ForbiddenPlace):
                raise self._guard.refusal(str(error)) from exc
            if not isinstance(error, ssl.SSLError):
                raise
            failure = failure_of(str(exc.host), error, self._ca_setting)
            if failure is None:
                raise aiohttp.ClientError(f"{exc.host}: the connection broke in the midst of a handshake") from exc
            raise failure from exc

    async def close(self) -> None:
        """Look nothing up any more; the connections are their session's to close."""
        await self._resolver.close()
