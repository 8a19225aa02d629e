"""The smallest worlds for stages: a log, a store, records."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from synsift.dedupe import Fingerprint, fingerprint
from synsift.pipelines.dead_letters import DeadLetter, read_dead_letters
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.records import Candidate, FoundBy, HttpAnswer, Image, ImageUrl, Record, decode
from synsift.pipelines.stages.image_record import image_record
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.topics import Router, Topic

PARTITIONS = 4
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class World:
    """A log and a store in a folder."""

    log: SqliteLog
    objects: Objects
    router: Router

    def records(self, topic: Topic, kind: type[R]) -> list[R]:
        """All records of a topic."""
        return [
            decode(kind, message.value or b"")
            for partition in range(PARTITIONS)
            for message in self.log.read(topic.name, partition)
        ]

    def letters(self) -> list[DeadLetter]:
        """All dead letters that are open."""
        return [found.letter for found in read_dead_letters(self.log)]

    def paths(self, prefix: str) -> list[str]:
        """Names of objects."""
        return sorted(self.objects.list(prefix))


def make_world(folder: Path) -> World:
    objects = Objects(StoreAddress(str(folder)))
    return World(SqliteLog(folder / "log.db", partitions=PARTITIONS), objects, Router(PARTITIONS))


def stored(world: World, data: bytes) -> Image:
    """Put an image into the blob store."""
    image = image_record(fingerprint(data))
    world.objects.put(layout.blob(image.sha256), data)
    return image


class InProcess:
    """A decoder without a process, for tests of what stands around it."""

    def look(self, data: bytes) -> tuple[Fingerprint, dict[str, bytes]]:
        return fingerprint(data, max_pixels=1_000_000), {}

    def close(self) -> None:
        pass


def candidate(image: Image, wnid: str = "n1", url: str = "http://a.example/x.jpg") -> Candidate:
    return Candidate(
        wnid=wnid,
        url=url,
        image=image,
        found_by=FoundBy(source="urls", query="list.csv"),
        answer=HttpAnswer(status=200, fetched_at="2026-01-02T03:04:05Z"),
    )


def image_url(url: str, wnid: str = "n1") -> ImageUrl:
    return ImageUrl(wnid=wnid, url=url, found_by=FoundBy(source="urls", query="list.csv"))
