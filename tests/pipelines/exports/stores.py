"""Stores as a crawl leaves them, made in a moment."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from synsift.dedupe import EXTENSIONS, fingerprint
from synsift.pipelines.records import Candidate, FoundBy, HttpAnswer, Survivor
from synsift.pipelines.stages.image_record import image_record
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.manifests import encode_part
from synsift.pipelines.storage.objects import Objects, StoreAddress
from tests.dedupe.pictures import encoded, scene

WHIPPET, DAISY, CRANE, OTHER_CRANE = "n02091134", "n11939491", "n02012849", "n03126707"


@dataclass(frozen=True)
class Picture:
    """An image that is to stand in a store."""

    data: bytes
    wnid: str = WHIPPET
    found_by: FoundBy = field(default_factory=lambda: FoundBy(source="commons", query="whippet"))
    replaces: str = ""
    url: str = "https://images.example/a.jpg"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def picture(seed: int, wnid: str = WHIPPET, *, kind: str = "JPEG", side_px: int = 320, **found: object) -> Picture:
    """A picture like no other; what it is and whose, as its source said."""
    image: Image.Image = scene(seed).resize((side_px, side_px * 3 // 4))
    said = {
        "source": "commons",
        "query": "whippet",
        "title": f"Whippet {seed}",
        "author": f"Ann {seed}",
        "licence": "CC BY-SA 4.0",
        "licence_url": "https://creativecommons.org/licenses/by-sa/4.0/",
        "landing_page": f"https://commons.example/File:{seed}.jpg",
        **found,
    }
    return Picture(encoded(image, kind), wnid, FoundBy(**said))  # type: ignore[arg-type]


def survivor_of(one: Picture) -> Survivor:
    candidate = Candidate(
        wnid=one.wnid,
        url=one.url,
        image=image_record(fingerprint(one.data)),
        found_by=one.found_by,
        answer=HttpAnswer(status=200, fetched_at="2026-01-02T03:04:05Z"),
    )
    return Survivor(candidate=candidate, replaces=one.replaces)


def make_store(folder: Path, pictures: Iterable[Picture]) -> Objects:
    """A store that has pictures landed, a part of its manifest for each three of a synset."""
    objects = Objects(StoreAddress(str(folder)))
    fill(objects, pictures)
    return objects


def fill(objects: Objects, pictures: Iterable[Picture]) -> None:
    by_wnid: dict[str, list[tuple[int, Survivor]]] = {}
    for offset, one in enumerate(pictures):
        survivor = survivor_of(one)
        by_wnid.setdefault(one.wnid, []).append((offset, survivor))
        objects.put(layout.blob(one.sha256), one.data)
        extension = EXTENSIONS[survivor.candidate.image.format]
        objects.put(layout.named_candidate(one.wnid, one.sha256, extension), one.data)
    for wnid, survivors in by_wnid.items():
        for at in range(0, len(survivors), 3):
            some = survivors[at : at + 3]
            part = layout.ManifestPart(wnid, 0, some[0][0], some[-1][0])
            objects.put(part.path, encode_part(some))
