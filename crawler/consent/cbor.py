"""CBOR (RFC 8949) of strangers → Python's own values, as far as assertions need it; bounded in depth and in number."""

import struct
from typing import Any, Final

_DEEPEST: Final = 16
_MOST_ITEMS: Final = 4_096
_BREAK: Final = object()
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE: Final = {20: False, 21: True, 22: None, 23: None}


class NoCbor(ValueError):
    """Bytes that are no CBOR, or more of it than anybody writes."""


def loads(data: bytes) -> Any:  # noqa: ANN401 - whatever they wrote
    """Read the first item of some bytes.

    Raises:
        NoCbor: There is none.
    """
    found = _Reader(data).item(0)
    if found is _BREAK:
        raise NoCbor("a break that ends nothing")
    return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._items = 0

    def item(self, depth: int) -> Any:  # noqa: ANN401
        self._items += 1
        if depth > _DEEPEST or self._items > _MOST_ITEMS:
            raise NoCbor("it is larger than any that is meant")
        first = self._take(1)[0]
        major, info = first >> 5, first & 31
        if major == 7:
            return self._simple(info)
        if info == 31:
            return self._without_length(major, depth)
        number = self._number(info)
        if major in (0, 1):
            return number if major == 0 else -1 - number
        if major in (2, 3):
            return self._text(major, self._take(number))
        if major == 4:
            return [self.item(depth + 1) for _ in range(self._few(number))]
        if major == 5:
            return self._map([self.item(depth + 1) for _ in range(2 * self._few(number))])
        return self.item(depth + 1)  # what a tag says of it is of no interest

    def _without_length(self, major: int, depth: int) -> Any:  # noqa: ANN401
        if major not in (2, 3, 4, 5):
            raise NoCbor("what has no length must have one")
        found: list[Any] = []
        while (one := self.item(depth + 1)) is not _BREAK:
            found.append(one)
        if major == 4:
            return found
        if major == 5:
            return self._map(found)
        kind = bytes if major == 2 else str
        if not all(isinstance(piece, kind) for piece in found):
            raise NoCbor("pieces of a text that are none")
        return kind().join(found)

    @staticmethod
    def _map(found: list[Any]) -> dict[Any, Any]:
        if len(found) % 2 or any(one is _BREAK for one in found):
            raise NoCbor("a map without a value")
        try:
            return dict(zip(found[::2], found[1::2], strict=True))
        except TypeError as exc:
            raise NoCbor("a map by names that are none") from exc

    @staticmethod
    def _text(major: int, data: bytes) -> bytes | str:
        return data if major == 2 else data.decode("utf-8", "replace")

    def _simple(self, info: int) -> Any:  # noqa: ANN401
        if info == 31:
            return _BREAK
        if info in _FLOATS:
            form = _FLOATS[info]
            return struct.unpack(form, self._take(struct.calcsize(form)))[0]
        number = self._number(info)
        return _SIMPLE.get(number, number)

    def _number(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise NoCbor("a length that is none")
        return int.from_bytes(self._take(1 << (info - 24)), "big")

    @staticmethod
    def _few(number: int) -> int:
        if number > _MOST_ITEMS:
            raise NoCbor("it is larger than any that is meant")
        return number

    def _take(self, number: int) -> bytes:
        if number > len(self._data) - self._at:
            raise NoCbor("it ends before its end")
        found = self._data[self._at : self._at + number]
        self._at += number
        return found
