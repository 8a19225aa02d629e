"""Where the data of a partition ends: markers of transactions behind it take offsets, too, and are nobody's work."""

from typing import Final, NamedTuple


class DataEnd(NamedTuple):
    """The end of the data before the end of a partition, by a look from an offset on: below that it tells nothing."""

    end: int
    looked_from: int
    data_end: int

    def holds(self, committed: int, end: int) -> bool:
        """Whether it tells what a group has left that stands at an offset; several groups may read one topic."""
        return self.end == end and self.looked_from <= committed


NOT_LOOKED: Final = DataEnd(-1, 0, 0)
