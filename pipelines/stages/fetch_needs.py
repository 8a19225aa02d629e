"""What a fetch stage needs of others: where blobs go, who decodes, what is configured."""

from dataclasses import dataclass
from typing import Protocol

from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.host_health import DEFAULT_HEALTH, HealthPolicy
from synsift.crawler.download.settings import Limits
from synsift.dedupe import Fingerprint
from synsift.dedupe.reference import Reference
from synsift.pipelines.stages.budgets import ANY_COST, Allowed
from synsift.pipelines.stages.wanted_pictures import ANY_PICTURES, WantedPictures


class BlobStore(Protocol):
    """What fetching needs of object storage."""

    def put_content(self, path: str, data: bytes) -> bool:
        """Write an object whose name says what it holds. False if it is there already, whole."""

    def exists(self, path: str) -> bool:
        """Whether there is an object."""

    def sync(self) -> None:
        """Make what was written so far outlast a power cut."""


class Fingerprinter(Protocol):
    """What fetching needs of the decoders. Thread-safe."""

    def look(self, data: bytes) -> tuple[Fingerprint, dict[str, bytes]]:
        """Fingerprint a picture, and make its other hashes; ``ImageError`` if that can't be done."""

    def close(self) -> None:
        """Release what is held."""


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What a fetch stage needs of the configuration."""

    politeness: Politeness
    patience: Patience
    limits: Limits
    look_ahead: int
    threads: int
    deny: Reference | None = None
    pictures: WantedPictures = ANY_PICTURES
    health: HealthPolicy = DEFAULT_HEALTH
    placeholder_urls: int = 0
    allowed: Allowed = ANY_COST
