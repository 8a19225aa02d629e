"""What kafka-python waits with for its sockets: Python's own selector, but for one question that it asks all the time.

Before each wait kafka-python asks for the key of a socket that isn't registered, and takes the KeyError for a no.
Python puts the socket into words for it, twice, and asks the system for the addresses of both its ends each time.
"""

import selectors
from typing import Any, Final

_NOT_REGISTERED: Final = "not registered"


class FrugalSelector(selectors.DefaultSelector):
    """As its base class; that a file isn't registered is said without describing it."""

    def __init__(self) -> None:
        super().__init__()
        self._held: set[int] = set()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401
        """As of the base class."""
        key = super().register(fileobj, events, data)
        self._held.add(key.fd)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401
        """As of the base class."""
        key = super().unregister(fileobj)
        self._held.discard(key.fd)
        return key

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401
        """The key of a file, or of a socket that was closed since it was registered.

        Raises:
            KeyError: It isn't registered.
        """
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if number >= 0 and number not in self._held:
            raise KeyError(_NOT_REGISTERED)
        return super().get_key(fileobj)
