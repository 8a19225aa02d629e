"""An image URL on its way through ``fetch``."""

from dataclasses import dataclass

from synsift.pipelines.dead_letters import REPLAY_OF
from synsift.pipelines.log.base import Message
from synsift.pipelines.records import FoundBy, ImageUrl


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image URL and the input behind it."""

    message: Message
    record: ImageUrl

    @property
    def replay_of(self) -> str:
        """Outcome of the earlier try, where a dead letter is replayed; empty otherwise."""
        return next((value.decode("utf-8", "replace") for name, value in self.message.headers if name == REPLAY_OF), "")


def page_of(wanted: Wanted) -> str:
    """The page that the host of a URL is told of; empty for none."""
    return told_page(wanted.record.found_by)


def told_page(found_by: FoundBy) -> str:
    """The page that an image's host is told of; empty for none."""
    return found_by.landing_page if found_by.sends_referrer else ""
