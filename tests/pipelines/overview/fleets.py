"""Records of which something of everything is made, for tests of the fleet's page."""

import time

import msgspec

from synsift.pipelines.clock import text_of
from synsift.pipelines.dead_letters import DeadLetter, entry_of
from synsift.pipelines.records import Fetched, FoundBy, HttpAnswer, Progress, Rest, Survivor
from synsift.pipelines.stages.fetch_memory import ASLEEP
from synsift.pipelines.topics import Entry
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.review.desks import GREYHOUND, WHIPPET
from tests.pipelines.worlds import World, candidate, stored

EVIL = '<img src=x onerror="alert(1)">'


def progress(wnid: str, stage: str, partition: int = 0, **counts: int) -> Progress:
    return Progress(wnid=wnid, stage=stage, partition=partition, counts=counts)


def survivor(world: World, number: int) -> Survivor:
    """One that was fetched at that second."""
    found = candidate(stored(world, encoded(scene(number), "JPEG")), WHIPPET if number % 2 else GREYHOUND)
    origin = FoundBy(source="commons", query="whippet", title=f"{EVIL} number {number}")
    answer = HttpAnswer(status=200, fetched_at=f"2026-01-02T03:04:{number:02d}Z")
    return Survivor(candidate=msgspec.structs.replace(found, found_by=origin, answer=answer))


def asleep(host: str, *, for_s: float = 3_600.0) -> Fetched:
    """What is written of a host that is left alone."""
    now_s = time.time()
    rest = Rest(since=text_of(now_s - 60), until=text_of(now_s + for_s))
    return Fetched(url=f"{host}/robots.txt", outcome=ASLEEP, message=f"no answer {EVIL}", attempts=3, rest=rest)


def letter(number: int, outcome: str) -> Entry:
    made = DeadLetter(
        stage="fetch",
        topic="image-urls",
        partition=0,
        offset=number,
        key=b"k",
        value=b"{}",
        outcome=outcome,
        message="because",
        at="2026-01-02T03:04:05Z",
    )
    return entry_of(made, 0)
