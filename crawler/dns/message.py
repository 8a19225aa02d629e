"""Messages of DNS (RFC 1035, section 4): questions for addresses, and what is taken from answers. Pure.

Of an answer only what leads from the name asked to its addresses counts, and how long it holds.
"""

import ipaddress
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")
_IS_ANSWER: Final = 0x8000
_OPCODE: Final = 0x7800
_IS_CUT: Final = 0x0200
_RECURSION: Final = 0x0100
_INTERNET: Final = 1
_CNAME: Final = 5
_SOA: Final = 6
_LONGEST_NAME: Final = 255
_LONGEST_LABEL: Final = 63
# Aliases of aliases: resolvers themselves stop at some dozen.
_MOST_ALIASES: Final = 32
# RFC 2181, section 8: larger ones are none.
_LONGEST_TTL_S: Final = 2**31 - 1


class BadMessage(ValueError):
    """What came is no answer that can be read."""


class Kind(IntEnum):
    """Types of records that hold an address."""

    IPV4 = 1
    IPV6 = 28


class Code(IntEnum):
    """Response codes that mean something here; all others are failures."""

    OK = 0
    FORMAT_ERROR = 1
    SERVER_FAILURE = 2
    NO_SUCH_NAME = 3
    NOT_IMPLEMENTED = 4
    REFUSED = 5


@dataclass(frozen=True, slots=True)
class Question:
    """Which addresses of a name are wanted.

    Attributes:
        number: Tells its answer from others; not to be guessed.
        name: Without the last dot.
        kind: Which addresses.
    """

    number: int
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered.

    Attributes:
        code: Response code.
        addresses: Of the name, or of what it is another name for.
        ttl_s: How long that holds; that of their absence, if there are none, and None if nothing is said of it.
        is_cut: Whether it is to be asked for by TCP, as it doesn't fit.
    """

    code: int
    addresses: tuple[str, ...] = ()
    ttl_s: int | None = None
    is_cut: bool = False


def question_bytes(question: Question) -> bytes:
    """Write a question.

    Raises:
        BadMessage: The name can't be one.
    """
    head = _HEADER.pack(question.number, _RECURSION, 1, 0, 0, 0)
    return head + name_bytes(question.name) + struct.pack("!2H", question.kind, _INTERNET)


def name_bytes(name: str) -> bytes:
    """Write a name.

    Raises:
        BadMessage: It can't be one.
    """
    try:
        labels = [label.encode("ascii") for label in name.removesuffix(".").split(".")]
    except UnicodeEncodeError as exc:
        raise BadMessage("a name with letters that are no ASCII") from exc
    if not all(0 < len(label) <= _LONGEST_LABEL for label in labels):
        raise BadMessage("a name with a part that is empty, or longer than 63 characters")
    written = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if len(written) > _LONGEST_NAME:
        raise BadMessage("a name of more than 253 characters")
    return written


def read_answer(data: bytes, questions: Mapping[int, Question]) -> tuple[Question, Answer] | None:
    """Read an answer to one of some questions, by their numbers; None for what answers none of them.

    Raises:
        BadMessage: It answers one, and can't be read.
    """
    if len(data) < _HEADER.size:
        return None
    number, flags, asked, answers, authorities, _ = _HEADER.unpack_from(data)
    question = questions.get(number)
    if question is None or not flags & _IS_ANSWER or flags & _OPCODE:
        return None
    code = flags & 0xF
    if not asked and code != Code.OK:
        return question, Answer(code)  # a server that couldn't read the question
    reader = _Reader(data)
    if asked != 1 or not _repeats(reader, question):
        return None
    if flags & _IS_CUT:
        return question, Answer(code, is_cut=True)
    records = [reader.record() for _ in range(answers)]
    found = _addresses(records, question)
    if found is not None:
        return question, Answer(code, *found)
    return question, Answer(code, ttl_s=_absence_ttl_s([reader.record() for _ in range(authorities)]))


@dataclass(frozen=True, slots=True)
class _Record:
    owner: str
    kind: int
    ttl_s: int
    data: bytes
    target: str = ""


class _Reader:
    """Reads a message from its question on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = _HEADER.size

    def name(self) -> str:
        text, self._at = self._name_at(self._at)
        return text

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise BadMessage("it ends too early")
        self._at += size
        return taken

    def record(self) -> _Record:
        owner = self.name()
        kind, group, ttl_s, size = _RECORD.unpack(self.take(_RECORD.size))
        start = self._at
        data = self.take(size)
        ttl_s = ttl_s if ttl_s <= _LONGEST_TTL_S else 0
        if group != _INTERNET:
            return _Record(owner, 0, ttl_s, data)
        return _Record(owner, kind, ttl_s, data, self._name_at(start)[0] if kind == _CNAME else "")

    def _name_at(self, at: int) -> tuple[str, int]:
        """A name, and where it ends. Pointers lead backwards only, so that it ends at all."""
        labels: list[str] = []
        size, end, bound = 0, 0, at
        while True:
            if at >= len(self._data):
                raise BadMessage("it ends in the midst of a name")
            length = self._data[at]
            if length >= 0xC0:
                target = int.from_bytes(self._data[at : at + 2], "big") & 0x3FFF
                if at + 1 >= len(self._data) or target >= bound:
                    raise BadMessage("a name that leads forward, or in a circle")
                end, at, bound = end or at + 2, target, target
                continue
            if length > _LONGEST_LABEL:
                raise BadMessage("a name with a part of no known kind")
            at += 1
            if not length:
                return ".".join(labels), end or at
            labels.append(self._data[at : at + length].decode("latin-1").lower())
            at, size = at + length, size + length + 1
            if size > _LONGEST_NAME:
                raise BadMessage("a name of more than 253 characters")


def _repeats(reader: _Reader, question: Question) -> bool:
    """Whether an answer repeats its question: who only guesses the number doesn't know that."""
    try:
        name, (kind, group) = reader.name(), struct.unpack("!2H", reader.take(4))
    except BadMessage:
        return False
    same = name == question.name.removesuffix(".").lower()
    return same and kind == question.kind and group == _INTERNET


def _addresses(records: list[_Record], question: Question) -> tuple[tuple[str, ...], int] | None:
    """The addresses at the end of the way from a name over its aliases, and how long all of it holds."""
    aliases = {record.owner: record for record in records if record.kind == _CNAME}
    name, ttl_s = question.name.removesuffix(".").lower(), _LONGEST_TTL_S
    for _ in range(_MOST_ALIASES):
        if name not in aliases:
            break
        name, ttl_s = aliases[name].target, min(ttl_s, aliases[name].ttl_s)
    size = 4 if question.kind is Kind.IPV4 else 16
    here = [one for one in records if one.owner == name and one.kind == question.kind and len(one.data) == size]
    if not here:
        return None
    addresses = dict.fromkeys(str(ipaddress.ip_address(record.data)) for record in here)
    return tuple(addresses), min(ttl_s, *(record.ttl_s for record in here))


def _absence_ttl_s(records: list[_Record]) -> int | None:
    """How long it holds that there is nothing: RFC 2308, section 5."""
    for record in records:
        if record.kind == _SOA and len(record.data) >= _RECORD.size:
            return min(record.ttl_s, int.from_bytes(record.data[-4:], "big"))
    return None
