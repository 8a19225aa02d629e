"""A headless Chromium, driven by the DevTools protocol: for tests of pages, their pictures in the docs, and benchmarks.

What it opens are files of ours and servers of ours on 127.0.0.1; it asks nobody else.
"""

import asyncio
import base64
import contextlib
import itertools
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_START_S: Final = 60.0
_ANSWER_S: Final = 120.0
_LOOK_S: Final = 0.02
_KEY_CODES: Final = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowRight": 39, "ArrowDown": 40}


class BrowserError(Exception):
    """The browser could not do it, or a page's script has failed."""


class Page:
    """The one page of a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, downloads: Path) -> None:
        self.downloads: Final = downloads
        self.errors: Final[list[str]] = []
        """What its scripts threw, and what its policy forbade."""
        self._socket = socket
        self._numbers = itertools.count(1)
        self._loaded = False
        self._saving: dict[str, str] = {}
        self._saved: set[str] = set()

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - as the protocol has it
        """Call a method of the protocol."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=_ANSWER_S)
            self._note(message)
            if message.get("id") == number:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']}")
                return dict(message["result"])

    async def open(self, url: str) -> float:
        """Open a page; gives the seconds until it was loaded."""
        begin_s, self._loaded = time.monotonic(), False
        await self.ask("Page.navigate", url=url)
        while not self._loaded:
            self._note(await self._socket.receive_json(timeout=_ANSWER_S))
        return time.monotonic() - begin_s

    async def run(self, script: str) -> Any:  # noqa: ANN401 - as JSON has it
        """The value of an expression of JavaScript; of a promise, what it comes to."""
        result = await self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    async def press(self, key: str) -> None:
        """Press a key, as a person does."""
        code = _KEY_CODES.get(key, ord(key.upper()) if len(key) == 1 else 0)
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        await self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    async def tap(self, selector: str) -> None:
        """Touch an element in its middle."""
        box = await self.run(
            f"(() => {{ const e = document.querySelector({selector!r}); e.scrollIntoView({{block: 'center'}});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        await self.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": box[0], "y": box[1]}])
        await self.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        await self.run("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")

    async def look(self, *, width_px: int, height_px: int, dark: bool = False, phone: bool = False) -> None:
        """Give the page a screen."""
        screen = {"width": width_px, "height": height_px, "deviceScaleFactor": 1, "mobile": phone}
        await self.ask("Emulation.setDeviceMetricsOverride", **screen)
        await self.ask("Emulation.setTouchEmulationEnabled", enabled=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", features=[scheme])

    async def screenshot(self) -> bytes:
        """The screen as PNG."""
        seen = "i.src && i.getBoundingClientRect().top < innerHeight"  # those below are lazy, and never come
        await self.run(f"Promise.all([...document.images].filter(i => {seen}).map(i => i.decode().catch(() => 0)))")
        return base64.b64decode((await self.ask("Page.captureScreenshot", format="png"))["data"])

    async def downloaded(self, name: str) -> bytes:
        """A file that the page has saved, when it is whole."""
        end_s = time.monotonic() + _ANSWER_S
        while (
            name not in self._saved
        ):  # the browser says so: a file of that name stands there, empty, from the beginning
            if time.monotonic() > end_s:
                raise BrowserError(f"{name} was not saved; there is {[x.name for x in self.downloads.iterdir()]}")
            await self.run("1")
            await asyncio.sleep(_LOOK_S)
        return (self.downloads / name).read_bytes()

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Browser.downloadWillBegin":
            self._saving[parameters["guid"]] = parameters["suggestedFilename"]
        elif method == "Browser.downloadProgress" and parameters["state"] == "completed":
            self._saved.add(self._saving[parameters["guid"]])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(parameters["exceptionDetails"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"]["text"])


def installed() -> str | None:
    """The path of a Chromium; None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    """Start a browser with an empty profile; end it with the block.

    Raises:
        BrowserError: None is installed, or it doesn't start.
    """
    program = installed()
    if program is None:
        raise BrowserError(f"none of {', '.join(NAMES)} is installed")
    with tempfile.TemporaryDirectory(prefix="synsift-browser-", ignore_cleanup_errors=True) as folder:
        profile, downloads = Path(folder, "profile"), Path(folder, "downloads")
        downloads.mkdir()
        arguments = [
            *(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
            *(
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--remote-debugging-port=0",
                f"--user-data-dir={profile}",
            ),
            "about:blank",
        ]
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                port = await _port(profile / "DevToolsActivePort", process)
                async with aiohttp.ClientSession() as session, await _connect(session, port) as socket:
                    page = Page(socket, downloads)
                    for domain in ("Page", "Runtime", "Log"):
                        await page.ask(f"{domain}.enable")
                    saving = {"behavior": "allow", "downloadPath": str(downloads), "eventsEnabled": True}
                    await page.ask("Browser.setDownloadBehavior", **saving)
                    yield page
            finally:
                process.terminate()


async def _port(file: Path, process: subprocess.Popen[bytes]) -> int:
    end_s = time.monotonic() + _START_S
    while time.monotonic() < end_s and process.poll() is None:
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        await asyncio.sleep(_LOOK_S)
    raise BrowserError("the browser doesn't start")


async def _connect(session: aiohttp.ClientSession, port: int) -> aiohttp.ClientWebSocketResponse:
    async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
        targets = await answer.json()
    url = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page")
    return await session.ws_connect(url, max_msg_size=0, heartbeat=None)
