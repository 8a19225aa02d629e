"""What a transaction gathers in its block, before an implementation writes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from synsift.pipelines.log.base import Position
from synsift.pipelines.topics import Entry


@dataclass(slots=True)
class GatheredTransaction:
    """Outputs and positions; written when the block ends, forgotten if it raises."""

    entries: list[Entry] = field(default_factory=list)
    positions: dict[int, Position] = field(default_factory=dict)

    def produce(self, entries: Sequence[Entry]) -> None:
        """Add outputs."""
        self.entries.extend(entries)

    def consume(self, positions: Mapping[int, Position]) -> None:
        """Add positions of the member's input partitions."""
        self.positions.update(positions)
