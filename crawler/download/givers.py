"""Who gives tasks to a downloader, and may take them back before they are asked for."""

from dataclasses import dataclass
from typing import Protocol, TypeVar

from synsift.crawler.download.host_health import HostHealth, Illness
from synsift.crawler.download.reading import Received

T_contra = TypeVar("T_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A URL's other end.

    Attributes:
        outcome: Its class: an ``Outcome``, or a stage's own word.
        message: What happened, for people.
        attempts: Tries that were made.
        until_s: When it may be asked again, in Unix time, if whoever was asked said so; else 0.
    """

    outcome: str
    message: str
    attempts: int
    until_s: float = 0.0


class Receiver(Protocol[T_contra]):
    """Who gets the results, each task exactly once."""

    async def received(self, task: T_contra, result: Received) -> None:
        """Take a good end."""

    async def abandoned(self, task: T_contra, result: Abandoned) -> None:
        """Take a failure."""


class Waits(Protocol[T_contra]):
    """Who keeps tasks whose host is left alone for a while."""

    health: HostHealth

    def is_waited_for(self, task: T_contra) -> bool:
        """Whether a task keeps others from beginning until it has ended."""

    async def postponed(self, task: T_contra, origin: str, illness: Illness) -> None:
        """Take a task back, to submit it when its host may be asked again."""


class Steers(Protocol[T_contra]):
    """Who may stop tasks at any time before a request of theirs leaves."""

    def stops(self, task: T_contra, url: str) -> bool:
        """Whether a task must not ask for a URL now: its own, or where it was led."""

    def begins(self, task: T_contra) -> None:
        """A request of a task is about to leave."""

    async def stopped(self, task: T_contra, url: str) -> None:
        """Take a task back that was to ask for a URL."""
