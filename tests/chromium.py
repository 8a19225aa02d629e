"""A real browser in tests: each opens a page, does what a person does, and looks."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tests.conftest import missing
from tools.browser import Page, browser, installed

T = TypeVar("T")


def visit(path: Path, script: Callable[[Page], Awaitable[T]], *, width_px: int = 1280, phone: bool = False) -> T:
    """Open a file in Chromium and run a script of a test with it; what the page complains of fails the test."""
    if installed() is None:
        missing("there is no Chromium")

    url = path.resolve().as_uri()

    async def run() -> T:
        async with browser() as page:
            await page.look(width_px=width_px, height_px=844, phone=phone)
            await page.open(url)
            result = await script(page)
            assert page.errors == []
            return result

    return asyncio.run(run())
