"""The configuration's file while a worker runs: what changes there holds within seconds, as far as that can be.

file ──changed, and then the same twice──▶ read ──┬─ good ──▶ handed on; what can't hold now is named
                                                  └─ bad ───▶ the old one holds on, and the log says what is wrong
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from synsift.pipelines.config import Loaded, Settings
from synsift.pipelines.errors import ConfigError

_log: Final = logging.getLogger(__name__)

LOOK_S: Final = 1.0
"""So often the file is looked at; what changed is read at the next look, for editors write in several goes."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the configuration comes from.

    Attributes:
        read: Read it; may raise ``ConfigError``.
        find: The file that would be read; None for none.
    """

    read: Callable[[], Loaded]
    find: Callable[[], Path | None]


class ConfigWatch:
    """Hands on what changes. Lives in one event loop."""

    def __init__(self, source: Source, apply: Callable[[Settings], None], is_live: Callable[[str], bool]) -> None:
        """Remember what holds now.

        Args:
            source: Where it comes from.
            apply: Takes a changed configuration.
            is_live: Whether a key can change while a worker runs.
        """
        self._source = source
        self._apply = apply
        self._is_live = is_live
        self._values = _values_of(source.read())
        self._known = self._seen = self._stamp()
        self._wake = asyncio.Event()

    def look(self, *, now: bool = False) -> None:
        """Read the file if it has changed, and didn't between two looks; or now, whatever it seems to be."""
        stamp = self._stamp()
        is_settled, self._seen = stamp == self._seen, stamp
        if not now and (stamp == self._known or not is_settled):
            return
        self._known = stamp
        try:
            loaded = self._source.read()
        except ConfigError as exc:
            hint = f"; hint: {exc.hint}" if exc.hint else ""
            _log.error("the configuration can't be read, and what held before holds on: %s%s", exc, hint)
            return
        self._take(loaded)

    def _take(self, loaded: Loaded) -> None:
        values = _values_of(loaded)
        changed = [key for key in {**self._values, **values} if self._values.get(key) != values.get(key)]
        self._values = values
        if not changed:
            return
        self._apply(loaded.settings)
        live = [f"{key} = {_shown(values[key])}" if key in values else key for key in changed if self._is_live(key)]
        late = [key for key in changed if not self._is_live(key)]
        if live:
            _log.warning("the configuration has changed: %s", ", ".join(live))
        if late:
            _log.warning("the configuration has changed, at the next start: %s", ", ".join(late))

    async def run(self) -> None:
        """Look again and again."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            self.look(now=self._wake.is_set())
            self._wake.clear()

    @contextlib.asynccontextmanager
    async def running(self, *, on_hangup: bool = False) -> AsyncIterator[None]:
        """Look while a block runs; ``on_hangup`` lets SIGHUP read the file at once."""
        loop = asyncio.get_running_loop()
        if on_hangup:
            loop.add_signal_handler(signal.SIGHUP, self._wake.set)
        task = asyncio.create_task(self.run(), name="config-watch")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            if on_hangup:
                loop.remove_signal_handler(signal.SIGHUP)

    def _stamp(self) -> tuple[object, ...]:
        path = self._source.find()
        try:
            found = path.stat() if path is not None else None
        except OSError:
            found = None
        return (path,) if found is None else (path, found.st_mtime_ns, found.st_size, found.st_ino)


def _values_of(loaded: Loaded) -> dict[str, object]:
    return {value.key: value.value for value in loaded.values()}


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
