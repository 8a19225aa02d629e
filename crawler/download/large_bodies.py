"""How many large bodies may be in memory at once.

Sixty requests in flight of up to 32 MB each would need two gigabytes. Most images are small: a body that turns out to
be larger waits for one of a few places in the midst of its transfer, and keeps it until its task has ended.
"""

import asyncio
from typing import Final

LARGE_BYTES: Final = 1024 * 1024
"""From here on a body is large. Photographs for the web are smaller; camera files and attacks are not."""
PLACES: Final = 6
OWNER: Final = "synsift_job"
"""In a request's meta: who holds the place. A request without one, for robots.txt, has a smaller limit anyway."""


class LargeBodies:
    """The places. Lives in one event loop."""

    def __init__(self, places: int = PLACES) -> None:
        self._free = asyncio.Semaphore(places)
        self._held: set[int] = set()

    async def hold(self, owner: object) -> None:
        """Wait for a place for an owner, who may have one already."""
        if id(owner) not in self._held:
            await self._free.acquire()
            self._held.add(id(owner))

    def release(self, owner: object) -> None:
        """Give back an owner's place, if it has one."""
        if id(owner) in self._held:
            self._held.discard(id(owner))
            self._free.release()
