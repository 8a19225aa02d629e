"""Pages that are served: who has the key of the address may come in, and nothing but our own files runs there."""

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from typing import Any, Final, TypeVar

from aiohttp import web

from synsift.pipelines.errors import LogError, StoreError, SynsiftError

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

KEY: Final = "key"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
KEPT_A_DAY: Final = {**HEADERS, "Cache-Control": "private, max-age=86400, immutable"}


class Gate:
    """Lets in who has the key: in the address at first, then in a cookie, which no other site's pages can send."""

    def __init__(self, key: str, command: str) -> None:
        """Make one.

        Args:
            key: Whoever has it may come in.
            command: That printed the address, such as ``review``.
        """
        self._key = key
        self._cookie = f"synsift_{command}"
        self._command = command

    @web.middleware
    async def guard(self, request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:  # noqa: ANN401
        """Let in who has the key, and tell a browser what went wrong in words."""
        given = request.query.get(KEY) or request.cookies.get(self._cookie, "")
        # What is no UTF-8 in a cookie is surrogates here.
        if not hmac.compare_digest(given.encode(errors="surrogatepass"), self._key.encode()):
            text = f"This address lacks its key: open the one that `synsift {self._command}` has printed, whole.\n"
            return web.Response(status=403, text=text, headers=HEADERS)
        try:
            return await handler(request)
        except web.HTTPException as exc:
            return problem(exc.status, exc.reason)
        except (LogError, StoreError) as exc:
            _log.warning("%s", exc)
            return problem(503, str(exc), getattr(exc, "hint", ""))
        except SynsiftError as exc:
            return problem(400, str(exc), getattr(exc, "hint", ""))

    def welcome(self, request: web.Request) -> web.Response | None:
        """To be answered to the first request: the key goes into a cookie, out of the address."""
        if KEY not in request.query:
            return None
        led = web.Response(status=303, headers={**HEADERS, "Location": request.path})
        led.set_cookie(self._cookie, self._key, httponly=True, samesite="Strict", max_age=30 * 86_400)
        return led


def json_answer(value: Mapping[str, Any]) -> web.Response:
    """JSON for a script of ours."""
    return web.json_response(value, headers=HEADERS)


def problem(status: int, text: str, hint: str = "") -> web.Response:
    """What went wrong, for a script of ours to show."""
    return web.json_response({"error": text, "hint": hint}, status=status, headers=HEADERS)


async def in_thread(executor: Executor, work: Callable[[], T]) -> T:
    """Do something that takes a while beside the event loop."""
    return await asyncio.get_running_loop().run_in_executor(executor, work)


async def favicon(_request: web.Request) -> web.Response:
    """There is none, and no browser need complain."""
    return web.Response(status=204, headers=HEADERS)
