"""What all know of a stage: its name, its input, and what it says of itself. Below the stages, metrics and storage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from synsift.pipelines import topics
from synsift.pipelines.gate import Gate
from synsift.pipelines.topics import Topic

INPUTS: Final[dict[str, Topic]] = {
    "search": topics.QUERIES,
    "fetch": topics.IMAGE_URLS,
    "dedupe": topics.CANDIDATES,
    "thorough": topics.SURVIVORS,
    "land": topics.SURVIVORS,
    "conflicts": topics.SURVIVORS,
    "annotate": topics.CONFLICTS,
    "inherit": topics.SURVIVORS,
    "verify": topics.VOTES,
    "attest": topics.VERIFIED,
}
"""Stage → its input topic, in the order of the stream. A stage's consumer group has its name."""
OPTIONAL: Final = frozenset({"thorough", "conflicts", "annotate", "inherit", "verify", "attest"})
"""Stages that the configuration can leave out."""
BACKWARD: Final = frozenset({"thorough"})
"""Stages that write to the input of an earlier one."""
WHOLE: Final = frozenset({"conflicts", "verify"})
"""Stages whose work needs all partitions in one place: one member of the group owns them all, the others stand by."""

DEFAULT_PATIENCE_S: Final = 300.0
"""Longest wait for brokers and a store that are away, at the start and later."""
DEFAULT_REST_S: Final = 300.0
"""Longest time that a crawl waits at its end, in all, for hosts that don't answer."""
REPEATED: Final = "repeated"
"""Outcome of a URL that was found again for the same synset."""
COUNTED: Final = "__synsift.counted"
"""Header of a survivor that was lost and came back: it had landed, and was counted, before."""
REUSED: Final = "reused"
"""Outcome of a URL that was fetched for another synset before."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """A stage at one moment.

    Attributes:
        stage: Its name.
        partitions: Input partitions that it owns, their state rebuilt.
        in_flight: Inputs that are read and not committed.
        is_ready: Whether it has its partitions, if there are enough for it.
        silent_s: How long ago it last polled, or said that it is on with something that takes long.
    """

    stage: str
    partitions: int
    in_flight: int
    is_ready: bool
    silent_s: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that a stage shows of itself at one moment.

    Attributes:
        gauge: One of ``metrics.GAUGES``.
        value: In the gauge's unit.
        label: What tells it from others of the same gauge, where the gauge has a label.
    """

    gauge: str
    value: float
    label: str = ""


class Stage(Protocol):
    """A stage of the stream."""

    name: str
    patience_s: float

    async def run(self) -> None:
        """Work until ``stop``, then finish what is in flight, commit and leave the group."""

    def stop(self) -> None:
        """Read no more. Safe from any thread."""

    def give_up(self) -> None:
        """After ``stop``: don't wait for what is in flight any longer; it will be done again. In the event loop."""

    def hurry(self) -> None:
        """Nothing more will come for now: don't wait for batches to fill. Safe from any thread."""

    def share(self, gate: Gate) -> None:
        """Begin inputs by the gate of the process. Before ``run``."""

    def disown(self) -> None:
        """The process ends at once, by will: say in the log that no input is to blame. Safe from any thread."""

    def statistics(self) -> Statistics:
        """How it is now."""

    def readings(self) -> Sequence[Reading]:
        """What else it shows of itself. In the event loop, at once."""

    def rests_until_s(self) -> float | None:
        """When it goes on, in Unix time, if all that is left waits until then; else None. Safe from any thread."""

    def waited_for(self) -> dict[str, float]:
        """The hosts for which it waits, as they don't answer, with the Unix time until when. Safe from any thread."""
