"""The demo's web: what is where, how it behaves, and what a right crawl makes of it."""

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from PIL import Image, ImageOps

from synsift.pipelines.demo.pictures import encoded, picture

SEED: Final = 20090620
"""The day on which ImageNet was presented; any other number makes another web."""

MAX_BYTES: Final = 1_000_000
MAX_PIXELS: Final = 50_000_000
IMAGE_HOSTS: Final = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7")
SLOW_HOST: Final = "127.0.0.8"
BUSY_HOST: Final = "127.0.0.9"
PRIVATE_HOST: Final = "127.0.1.1"
"""Outside of the network that the demo's configuration names: whoever connects to it has failed."""
ALLOWED_NETWORK: Final = "127.0.0.0/24"
_ORIGINALS: Final = 44


@dataclass(frozen=True, slots=True)
class Subject:
    """A synset of the demo: how it is drawn, and what is asked for it."""

    wnid: str
    kind: str
    queries: tuple[str, str]


SUBJECTS: Final = (
    Subject("n11939491", "daisy", ("daisy", "daisy flower")),
    Subject("n09193705", "alp", ("alp", "alp mountain")),
    Subject("n02782093", "balloon", ("balloon", "balloon aircraft")),
)


class Behaviour(StrEnum):
    """How a host answers for a file."""

    SERVE = "serve"
    HEAL_AFTER_500 = "heal_after_500"
    HEAL_AFTER_429 = "heal_after_429"
    FAIL = "fail"
    GONE = "gone"
    STALL = "stall"
    DRIP = "drip"
    FLOOD = "flood"
    RESET = "reset"
    REDIRECT = "redirect"
    REDIRECT_TO_PRIVATE = "redirect_to_private"
    REDIRECT_FOREVER = "redirect_forever"
    OPT_OUT = "opt_out"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the demo's web, and its truth.

    Attributes:
        host: Address of its host.
        path: On the host.
        behaviour: How the host answers.
        outcome: How fetching it must end.
        body: What is served; for a redirect, nothing.
        cluster: Number of the picture that it shows; -1 for none.
        pixels: Of the picture.
        target: Path of another file that a redirect leads to, on the same host.
    """

    host: str
    path: str
    behaviour: Behaviour = Behaviour.SERVE
    outcome: str = "fetched"
    body: bytes = b""
    cluster: int = -1
    pixels: int = 0
    target: str = ""


@dataclass(slots=True)
class World:
    """All files, and what each query finds.

    Attributes:
        files: By host and path.
        answers: Query text → its files, in order; a file may stand in several.
    """

    files: dict[tuple[str, str], File] = field(default_factory=dict)
    answers: dict[str, list[File]] = field(default_factory=dict)

    def add(self, file: File) -> File:
        """Put a file into the web."""
        self.files[(file.host, file.path)] = file
        return file


def build_world() -> World:
    """Make the web; always the same."""
    world = World()
    rng = random.Random(SEED)  # noqa: S311 - the same web every time, no secret
    first_files: list[File] = []
    for number, subject in enumerate(SUBJECTS):
        files = [world.add(file) for file in _pictures(subject, number, rng)]
        files += [world.add(file) for file in _faults(subject, number, rng)]
        files += _redirect(world, subject, rng)
        rng.shuffle(files)
        first, second = subject.queries
        cut = len(files) * 3 // 4
        world.answers[first] = files[:cut]
        # Some are found by both queries, and some by another synset's query too.
        world.answers[second] = files[cut:] + files[:8] + first_files
        first_files = [file for file in files if file.cluster >= 0][:3]
    return world


def _pictures(subject: Subject, number: int, rng: random.Random) -> Iterator[File]:
    for original in range(_ORIGINALS):
        image = picture(subject.kind, seed=SEED + 1_000 * number + original)
        cluster = 1_000 * number + original
        copies = [("original.jpg", image, "JPEG", 92), *_copies(image, original)]
        for place, (name, copy, kind, quality) in enumerate(copies):
            yield File(
                host=rng.choice(IMAGE_HOSTS),
                path=f"/{subject.kind}/{original:03d}-{place}-{name}",
                body=_encode(copy, kind, quality),
                cluster=cluster,
                pixels=copy.width * copy.height,
            )


def _copies(image: Image.Image, number: int) -> list[tuple[str, Image.Image, str, int]]:
    """What the web made of a picture: by turns another selection, sometimes nothing."""
    smaller = image.resize((image.width * 3 // 5, image.height * 3 // 5), Image.Resampling.LANCZOS)
    exact = ("copy.jpg", image, "JPEG", 92)
    resized = ("small.jpg", smaller, "JPEG", 88)
    recompressed = ("worse.jpg", image, "JPEG", 35)
    webp = ("other.webp", smaller, "WEBP", 70)
    png = ("other.png", smaller, "PNG", 0)
    mirrored = ("mirrored.jpg", ImageOps.mirror(smaller), "JPEG", 85)
    choices = [[exact, resized], [recompressed, webp], [mirrored, png], [resized, exact, recompressed], [webp], []]
    return choices[number % len(choices)]


def _encode(image: Image.Image, kind: str, quality: int) -> bytes:
    return encoded(image, kind, quality=quality) if quality else encoded(image, kind)


def _faults(subject: Subject, number: int, rng: random.Random) -> Iterator[File]:
    whole = encoded(picture(subject.kind, seed=SEED + 1_000 * number + 900), "JPEG", quality=90)
    png = encoded(picture(subject.kind, seed=SEED + 1_000 * number + 901), "PNG")
    page = b"<!DOCTYPE html><html><body><h1>Please log in to see this picture</h1></body></html>"

    def file(name: str, outcome: str, behaviour: Behaviour = Behaviour.SERVE, body: bytes = b"") -> File:
        return File(rng.choice(IMAGE_HOSTS), f"/{subject.kind}/{name}", behaviour, outcome, body)

    yield file("truncated.jpg", "truncated_image", body=whole[: len(whole) // 2])
    yield file("broken.png", "corrupt_image", body=png[:2_000] + bytes(64) + png[2_064:])
    yield file("page.jpg", "not_an_image", body=page)
    yield file("bomb.png", "too_many_pixels", body=bomb(20_000 + number))
    yield file("nothing.jpg", "empty")
    yield file("gone.jpg", "not_found", Behaviour.GONE)
    yield file("failing.jpg", "server_error", Behaviour.FAIL)
    yield file("flood.jpg", "too_large", Behaviour.FLOOD)
    yield file("reset.jpg", "connection_failed", Behaviour.RESET)
    yield file("inside.jpg", "private_address", Behaviour.REDIRECT_TO_PRIVATE)
    yield file("loop.jpg", "too_many_redirects", Behaviour.REDIRECT_FOREVER)
    yield file("noai.jpg", "opted_out", Behaviour.OPT_OUT, whole)
    yield File(PRIVATE_HOST, f"/{subject.kind}/private.jpg", Behaviour.SERVE, "private_address", whole)
    yield File(IMAGE_HOSTS[1], f"/private/{subject.kind}.jpg", Behaviour.SERVE, "robots_denied", whole)
    yield File(SLOW_HOST, f"/{subject.kind}/stall.jpg", Behaviour.STALL, "timeout")
    yield File(SLOW_HOST, f"/{subject.kind}/drip.jpg", Behaviour.DRIP, "timeout", whole)
    for place, behaviour in enumerate((Behaviour.HEAL_AFTER_500, Behaviour.HEAL_AFTER_429)):
        image = picture(subject.kind, seed=SEED + 1_000 * number + 910 + place)
        yield File(
            host=BUSY_HOST if behaviour is Behaviour.HEAL_AFTER_429 else rng.choice(IMAGE_HOSTS),
            path=f"/{subject.kind}/{behaviour}.jpg",
            behaviour=behaviour,
            body=encoded(image, "JPEG", quality=90),
            cluster=1_000 * number + 910 + place,
            pixels=image.width * image.height,
        )


def _redirect(world: World, subject: Subject, rng: random.Random) -> list[File]:
    """A file that moved; only its old place is found by a query."""
    image = picture(subject.kind, seed=SEED + hash_of(subject.kind))
    cluster, pixels = 100_000 + hash_of(subject.kind), image.width * image.height
    host = rng.choice(IMAGE_HOSTS)
    moved = File(host, f"/{subject.kind}/moved-here.jpg", body=encoded(image, "JPEG", quality=90))
    world.add(moved)
    old = File(
        host,
        f"/{subject.kind}/moved.jpg",
        Behaviour.REDIRECT,
        body=moved.body,
        cluster=cluster,
        pixels=pixels,
        target=moved.path,
    )
    return [world.add(old)]


def hash_of(text: str) -> int:
    """A small number made of a text, always the same."""
    return zlib.crc32(text.encode()) % 90_000


def bomb(side_px: int) -> bytes:
    """A PNG of some hundred kilobytes that would decode to gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(side_px * 3 + 1) * 64, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
