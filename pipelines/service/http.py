"""``/metrics``, ``/healthz`` and ``/readyz`` of a worker."""

import asyncio
import contextlib
import itertools
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeVar

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from synsift.pipelines.config import ServiceSettings
from synsift.pipelines.errors import DiskFull, FencedError, LogUnavailable, StoreError, StoreUnavailable
from synsift.pipelines.listener import listening
from synsift.pipelines.log.base import Log
from synsift.pipelines.metrics import (
    COMMIT_FAILURES,
    MISSING,
    OUTCOMES,
    REGISTRY,
    REJOINS,
    STORE_ERRORS,
    LiveCollector,
)
from synsift.pipelines.outcomes import EXPLAINED
from synsift.pipelines.served import served
from synsift.pipelines.service.lag_view import LagView
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.worker import Worker

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

_WAITS_S: Final = (1.0, 2.0, 5.0, 10.0)


class _Service(ABC):
    """What every worker answers to."""

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application()
        app.router.add_get("/metrics", self.metrics)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        return app

    @abstractmethod
    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus's text format."""

    @abstractmethod
    async def healthz(self, _request: web.Request) -> web.Response:
        """Whether the worker is alive."""

    @abstractmethod
    async def readyz(self, _request: web.Request) -> web.Response:
        """Whether it is at work."""


def begin_at_zero(stages: Iterable[str]) -> None:
    """Show what hasn't happened yet, too: of a counter that begins at 1 Prometheus sees no increase."""
    for stage in stages:
        for known in EXPLAINED:
            if known.stage == "all" or stage in known.stage.split(", "):
                OUTCOMES.labels(stage, known.outcome)
        MISSING.labels(INPUTS[stage].name)
        for error in (FencedError, LogUnavailable):
            REJOINS.labels(stage, error.__name__)
            COMMIT_FAILURES.labels(stage, error.__name__)
    for refusal in (StoreError, StoreUnavailable, DiskFull):
        STORE_ERRORS.labels(refusal.__name__)


class WorkerService(_Service):
    """Answers for one worker."""

    def __init__(self, worker: Worker, log: Log, *, liveness_s: float) -> None:
        self._worker = worker
        self._liveness_s = liveness_s
        self._view = LagView(
            lambda: [(stage.name, log.lag(stage.name, INPUTS[stage.name].name)) for stage in worker.stages]
        )
        live = CollectorRegistry()
        live.register(
            LiveCollector(lambda: [(stage.statistics(), stage.readings()) for stage in worker.stages], self._view)
        )
        self._registries = (REGISTRY, live)
        begin_at_zero(stage.name for stage in worker.stages)

    def app(self) -> web.Application:
        """The web application; what waits on the log is read while it serves."""
        app = super().app()
        app.on_startup.append(self._begin)
        app.on_cleanup.append(self._end)
        return app

    async def _begin(self, _app: web.Application) -> None:
        self._view.start()

    async def _end(self, _app: web.Application) -> None:
        self._view.stop()

    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus's text format, from memory, whatever the log does."""
        body = b"".join(map(generate_latest, self._registries))
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


class WaitingService(_Service):
    """Answers for a worker that waits for its log and its store: alive, and not ready."""

    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus's text format."""
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def healthz(self, _request: web.Request) -> web.Response:
        """Alive: the event loop answers."""
        return web.Response(text="alive\n")

    async def readyz(self, _request: web.Request) -> web.Response:
        """Not ready."""
        return web.Response(status=503, text="not ready: waiting for the log and the store\n")


def serving(settings: ServiceSettings, worker: Worker, log: Log) -> AbstractAsyncContextManager[int]:
    """Serve a worker while the block runs; gives the port, -1 where nothing is served."""
    return _serving(settings, WorkerService(worker, log, liveness_s=settings.liveness_s))


async def opened_patiently(settings: ServiceSettings, attempt: Callable[[], T]) -> T:
    """Open what a worker needs, waiting for it as long as the configuration says; served as alive, not ready.

    Raises:
        LogUnavailable: The brokers stayed away.
        StoreUnavailable: The store did.
    """
    deadline_s = time.monotonic() + settings.patience_s
    async with contextlib.AsyncExitStack() as stack:
        for number in itertools.count():
            wait_s = _WAITS_S[min(number, len(_WAITS_S) - 1)]
            try:
                return await asyncio.to_thread(attempt)
            except (LogUnavailable, StoreUnavailable) as exc:
                if time.monotonic() + wait_s > deadline_s:
                    raise
                _log.warning("%s; trying again in %.0f s", exc, wait_s)
            if number == 0:
                await stack.enter_async_context(_serving(settings, WaitingService()))
            await asyncio.sleep(wait_s)
    raise AssertionError("the waits have no end")


@contextlib.asynccontextmanager
async def _serving(settings: ServiceSettings, service: _Service) -> AsyncIterator[int]:
    if settings.port < 0:
        yield -1
        return
    listener = listening(settings.host, settings.port)
    async with served(service.app(), listener):
        port = int(listener.getsockname()[1])
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        _log.info("serving /metrics, /healthz and /readyz at http://%s:%d", shown, port)
        yield port
