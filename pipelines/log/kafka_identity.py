"""Who a log on Kafka is: a record on ``positions`` whose key is the identity, so that a second one replaces none.

key  identity/<32 hexadecimal digits>        value  the same digits; none once it is withdrawn
"""

import re
from collections.abc import Iterable
from typing import Final

from synsift.pipelines import topics
from synsift.pipelines.errors import LogError
from synsift.pipelines.log.base import Message
from synsift.pipelines.topics import Entry

_KEY: Final = re.compile(rb"identity/([0-9a-f]{32})")


def identities(messages: Iterable[Message]) -> list[str]:
    """The identities that stand among records and were not withdrawn, the first one first."""
    found: dict[str, None] = {}
    for message in messages:
        named = _KEY.fullmatch(message.key or b"")
        if named is None or message.damage:
            continue
        if message.value is None:
            found.pop(named[1].decode(), None)
        elif message.value == named[1]:
            found.setdefault(named[1].decode())
    return list(found)


def is_identity(message: Message) -> bool:
    """Whether a record gives the log an identity, or withdraws one."""
    named = _KEY.fullmatch(message.key or b"")
    return named is not None and message.value in (None, named[1])


def given(identity: str) -> Entry:
    """The record that gives it."""
    return Entry(topics.POSITIONS.name, 0, b"identity/" + identity.encode(), identity.encode())


def withdrawn(identity: str) -> Entry:
    """The record that takes it back."""
    return Entry(topics.POSITIONS.name, 0, b"identity/" + identity.encode(), None)


def contradiction(found: Iterable[str]) -> LogError:
    """What to say where there are several."""
    return LogError(
        f"this log has several identities: {', '.join(found)}. Something else wrote on `{topics.POSITIONS.name}`",
        hint="`synsift log recover` keeps that which the store knows, and withdraws the others",
    )
