"""``/metrics``, ``/healthz`` and ``/readyz`` of a worker."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from synsift.pipelines.config import ServiceSettings
from synsift.pipelines.errors import LogError
from synsift.pipelines.log.base import Log
from synsift.pipelines.metrics import REGISTRY, LiveCollector
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.worker import Worker

_log: Final = logging.getLogger(__name__)


class WorkerService:
    """Answers for one worker."""

    def __init__(self, worker: Worker, log: Log, *, liveness_s: float) -> None:
        self._worker = worker
        self._liveness_s = liveness_s
        live = CollectorRegistry()
        live.register(
            LiveCollector(
                lambda: [stage.statistics() for stage in worker.stages],
                lambda: [(stage.name, log.lag(stage.name, INPUTS[stage.name].name)) for stage in worker.stages],
            )
        )
        self._registries = (REGISTRY, live)

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application()
        app.router.add_get("/metrics", self.metrics)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        return app

    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus's text format."""
        try:
            body = await asyncio.to_thread(lambda: b"".join(map(generate_latest, self._registries)))
        except LogError as exc:
            return web.Response(status=503, text=f"{exc}\n")
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def healthz(self, _request: web.Request) -> web.Response:
        """Alive: the event loop answers, and every stage polls the log."""
        silent = [f for f in (s.statistics() for s in self._worker.stages) if f.silent_s > self._liveness_s]
        if silent:
            text = ", ".join(f"{found.stage} has not polled for {found.silent_s:.0f} s" for found in silent)
            return web.Response(status=503, text=f"stuck: {text}\n")
        return web.Response(text="alive\n")

    async def readyz(self, _request: web.Request) -> web.Response:
        """Ready: every stage has joined its group, and the state of its partitions is rebuilt."""
        waiting = [found.stage for found in (s.statistics() for s in self._worker.stages) if not found.is_ready]
        if waiting:
            return web.Response(status=503, text=f"not ready: {', '.join(waiting)}\n")
        return web.Response(text="ready\n")


@contextlib.asynccontextmanager
async def serving(settings: ServiceSettings, worker: Worker, log: Log) -> AsyncIterator[int]:
    """Serve while the block runs; gives the port, -1 where nothing is served."""
    if settings.port < 0:
        yield -1
        return
    runner = web.AppRunner(WorkerService(worker, log, liveness_s=settings.liveness_s).app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        port = int(runner.addresses[0][1])
        _log.info("serving /metrics, /healthz and /readyz at http://%s:%d", settings.host, port)
        yield port
    finally:
        await runner.cleanup()
