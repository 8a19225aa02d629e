"""An image URL on its way through ``fetch``."""

from dataclasses import dataclass

from synsift.pipelines.dead_letters import REPLAY_OF
from synsift.pipelines.log.base import Message
from synsift.pipelines.records import FoundBy, ImageUrl
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.stages.yields import ends_of


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


def ends(wanted: Wanted, outcome: str, *, is_candidate: bool) -> list[Count]:
    """What an image URL counts for that came to its end; one that is tried again takes its earlier end back.

    Args:
        wanted: The URL.
        outcome: How it ended.
        is_candidate: Whether its end as an image is still to come.
    """
    again = [Count(wanted.record.wnid, wanted.replay_of, -1)] if wanted.replay_of else []
    return [*ends_of(wanted.record, outcome, is_candidate=is_candidate), *again]
