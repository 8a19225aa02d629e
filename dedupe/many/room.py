"""Where arrays are kept: this package knows no files, so whoever calls it says how one is made and found again."""

from typing import Any, Protocol

from numpy.typing import DTypeLike, NDArray


class Room(Protocol):
    """Arrays by name, which other processes that have the same room see, too."""

    def make(self, name: str, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
        """A new array of zeros that can be written."""
        ...

    def get(self, name: str) -> NDArray[Any]:
        """An array that was made, as it is now; to be read."""
        ...

    def file_of(self, name: str) -> str:
        """The file that has an array's bytes and nothing else."""
        ...

    def release(self) -> None:
        """Give pages of mapped files back to the system: they are read again where they are needed."""
        ...
