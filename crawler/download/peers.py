"""Tells which address a request goes to, before it leaves: a name may have several, and only the connection knows."""

from collections.abc import Callable
from typing import Any

from aiohttp.connector import Connection

from synsift.crawler.download.aiohttp_private import FrugalConnector

Met = Callable[[str, str], None]
"""Takes a host's name and the address that it is asked at."""


def _nobody(_name: str, _address: str) -> None:
    """Nobody wants to know."""


class PeerTellingConnector(FrugalConnector):
    """A connector that tells. Lives in one event loop.

    Attributes:
        met: Is told.
    """

    met: Met = staticmethod(_nobody)

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Connection:  # noqa: ANN401, ASYNC109 - aiohttp's own
        """Connect, or take a connection that is open."""
        connection = await super().connect(req, traces, timeout)
        place = connection.transport.get_extra_info("peername") if connection.transport is not None else None
        try:
            if place:
                self.met(req.url.raw_host or "", str(place[0]))
        except BaseException:
            connection.close()  # whoever asks for it never gets it
            raise
        return connection
