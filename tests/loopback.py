"""A web application of aiohttp on loopback, in a thread of its own, for tests."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from aiohttp import web

_TRIES = 50


@contextmanager
def serving(
    make_app: Callable[[], web.Application],
    hosts: Sequence[str] = ("127.0.0.1",),
    *,
    tls: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """Serve an application for the block, on the same port of all hosts, which is given; by TLS, if a context is.

    Requests that are not answered by its end are dropped.
    """
    ports: list[int] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def listening() -> web.AppRunner | None:
        """Listen on a port that is free at the first host; None if it is taken at another."""
        runner = web.AppRunner(make_app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            for host in hosts:
                await web.TCPSite(runner, host, ports[0] if ports else 0, ssl_context=tls).start()
                ports.append(runner.addresses[0][1])
        except OSError:
            ports.clear()
            await runner.cleanup()
            return None
        return runner

    async def serve() -> None:
        for _ in range(_TRIES):
            if (runner := await listening()) is not None:
                break
        else:
            raise RuntimeError(f"no port is free at all of {', '.join(hosts)}")
        ready.set()
        await stop.wait()
        await runner.cleanup()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    if not ready.wait(60):
        raise RuntimeError("the application did not start")
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
