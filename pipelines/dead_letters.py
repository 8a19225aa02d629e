"""Inputs that a stage could not do: which are open, and how they become inputs again."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from synsift.pipelines import topics
from synsift.pipelines.clock import now_text
from synsift.pipelines.errors import RecordError
from synsift.pipelines.log.base import Log
from synsift.pipelines.records import DeadLetter, ImageUrl, decode, encode
from synsift.pipelines.topics import Entry, Router


@dataclass(frozen=True, slots=True)
class OpenLetter:
    """A dead letter that was not replayed, and its own place: ``partition/offset``."""

    place: str
    letter: DeadLetter


def read_dead_letters(log: Log, partitions: int) -> list[OpenLetter]:
    """Dead letters that were not replayed, in the order of their places."""
    found: dict[str, DeadLetter] = {}
    for partition in range(partitions):
        for message in log.read(topics.DEAD_LETTERS.name, partition):
            letter = decode(DeadLetter, message.value)
            if letter.closes:
                found.pop(letter.closes, None)
            else:
                found[f"{partition}/{message.offset}"] = letter
    return [OpenLetter(place, letter) for place, letter in found.items()]


def replay(log: Log, router: Router, letters: Iterable[OpenLetter]) -> int:
    """Write dead letters' inputs again, each with a note that closes its letter, in one write. Returns how many.

    Letters about a part of an input have no topic and can't be replayed; they are left open.
    """
    entries: list[Entry] = []
    count = 0
    for open_letter in letters:
        letter = open_letter.letter
        if not letter.topic:
            continue
        partition = int(open_letter.place.partition("/")[0])
        closing = DeadLetter(
            stage=letter.stage,
            topic="",
            partition=partition,
            offset=letter.offset,
            key=letter.key,
            value=b"",
            outcome="replayed",
            message="",
            at=now_text(),
            wnid=letter.wnid,
            closes=open_letter.place,
        )
        entries += [
            Entry(letter.topic, letter.partition, letter.key, _again(letter)),
            Entry(topics.DEAD_LETTERS.name, partition, letter.key, router.dead_letter(closing).value),
        ]
        count += 1
    log.produce(entries)
    return count


def _again(letter: DeadLetter) -> bytes:
    """The input's bytes; an image URL says that it is tried again, so that what failed is asked anew."""
    if letter.topic != topics.IMAGE_URLS.name:
        return letter.value
    try:
        record = decode(ImageUrl, letter.value)
    except RecordError:
        return letter.value
    return encode(msgspec.structs.replace(record, replay_of=letter.outcome))
