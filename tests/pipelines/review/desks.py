"""A log with batches and a store with their pictures, for tests of the page of votes."""

from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

from synsift.crawler.ontology import Synset
from synsift.pipelines.records import Task
from synsift.pipelines.review.desk import Desk
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import World, make_world, stored

WHIPPET, GREYHOUND = "n02091134", "n02091032"
AT = "2026-01-02T03:04:05Z"
ODD = "<b>Italian</b> & \u202egreyhound"


class TwoSynsets:
    """The least ontology."""

    _KNOWN: ClassVar = {
        WHIPPET: Synset(WHIPPET, ("whippet", "snap_dog"), "small slender dog <script>alert(1)</script>"),
        GREYHOUND: Synset(GREYHOUND, (ODD,), "a toy dog"),
    }

    def __contains__(self, wnid: object) -> bool:
        return wnid in self._KNOWN

    def get(self, wnid: str) -> Synset:
        return self._KNOWN[wnid]


def task(number: int, images: list[str], **more: object) -> Task:
    fields: dict[str, object] = {
        "wnid": WHIPPET,
        "votes": 2,
        "rank": number,
        "rivals": (GREYHOUND,),
        "link": "https://en.wikipedia.example/wiki/Whippet",
    }
    return Task(id=f"{number:032x}", images=tuple(images), at=AT, **{**fields, **more})  # type: ignore[arg-type]


def world_of(folder: Path, tasks: int = 3, images: int = 4) -> SimpleNamespace:
    """A world, its batches and a desk at its log; batch n has pictures n·images and following."""
    world: World = make_world(folder)
    stores = [stored(world, encoded(scene(n), "JPEG")).sha256 for n in range(tasks * images)]
    made = [task(n, stores[n * images : (n + 1) * images]) for n in range(tasks)]
    world.log.produce([world.router.task(one) for one in made])
    desk = Desk(world.log, TwoSynsets(), clock=lambda: 0.0)  # type: ignore[arg-type]
    desk.refresh()
    return SimpleNamespace(world=world, tasks=made, desk=desk)
