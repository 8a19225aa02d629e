"""What is known of sites for a day: bounded by the memory that it takes, for sites are many and some say much."""

from collections import OrderedDict
from typing import Final, Generic, Protocol, TypeVar


class Sized(Protocol):
    """Something that knows how large it is, and how long it holds.

    Attributes:
        expires_at_s: By the clock of whoever asks.
    """

    @property
    def expires_at_s(self) -> float:
        """When it is to be asked for again."""

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, roughly."""


S = TypeVar("S", bound=Sized)

MAX_BYTES: Final = 64 * 1024 * 1024
"""A hundred thousand sites that say as much as sites do."""
_ENTRY_BYTES: Final = 250
"""What an entry takes beside its name and its value: measured, with the table's own room to grow."""


class SiteCache(Generic[S]):
    """Sites by origin; those asked for longest ago make room for others."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._sites: OrderedDict[str, S] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        """How many sites are known."""
        return len(self._sites)

    def get(self, origin: str, now_s: float) -> S | None:
        """What is known of a site, unless that is too old."""
        found = self._sites.get(origin)
        if found is None:
            return None
        if found.expires_at_s < now_s:
            self._remove(origin)
            return None
        self._sites.move_to_end(origin)
        return found

    def put(self, origin: str, site: S) -> None:
        """Know a site."""
        if origin in self._sites:
            self._remove(origin)
        self._sites[origin] = site
        self.size_bytes += _size(origin, site)
        while self.size_bytes > self._max_bytes and len(self._sites) > 1:
            self._remove(next(iter(self._sites)))

    def _remove(self, origin: str) -> None:
        self.size_bytes -= _size(origin, self._sites.pop(origin))


def _size(origin: str, site: Sized) -> int:
    return _ENTRY_BYTES + len(origin) + site.size_bytes
