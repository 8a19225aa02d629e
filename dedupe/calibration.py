"""How well the thresholds fit a set of pictures: recall on copies that are made of them, false matches among them.

Of each picture copies are made as the web makes them. What a copy agrees in with its own picture, and in what with
other ones, tells for every threshold how many copies would be found, and how many pairs wrongly be taken for copies.
Pictures of the set that are copies of each other would look like false matches, so they must be grouped before.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.matcher import Matcher
from synsift.dedupe.verdicts import MatchOptions

THRESHOLDS: Final = (0.70, 0.75, 0.80, 0.85, 0.90, 0.95)
"""Least scores that are tried."""


def _encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def _cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    width, height = image.size
    return image.crop((int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom))))


COPIES: Final[Mapping[str, Callable[[Image.Image], bytes]]] = {
    "half the size": lambda image: _encoded(image.resize((max(8, image.width // 2), max(8, image.height // 2)))),
    "JPEG, quality 20": lambda image: _encoded(image, quality=20),
    "WebP, quality 60": lambda image: _encoded(image, "WEBP", quality=60),
    "grey": lambda image: _encoded(image.convert("L"), quality=85),
    "brighter": lambda image: _encoded(ImageEnhance.Brightness(image).enhance(1.25), quality=85),
    "blurred": lambda image: _encoded(image.filter(ImageFilter.GaussianBlur(max(image.size) / 250)), quality=85),
    "cropped by 12 %": lambda image: _encoded(_cropped(image, 0.06, 0.06, 0.06, 0.06), quality=85),
    "cropped at one side": lambda image: _encoded(_cropped(image, 0.1, 0, 0, 0), quality=85),
    "framed": lambda image: _encoded(ImageOps.expand(image, max(1, min(image.size) // 20), "white"), quality=85),
    "mirrored": lambda image: _encoded(ImageOps.mirror(image), quality=85),
    "rotated by 2°": lambda image: _encoded(image.rotate(2, Image.Resampling.BICUBIC), quality=85),
}
"""What is made of each picture, by its name."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a threshold would do.

    Attributes:
        similarity: Least score.
        recall: Share of copies that are found.
        false_matches: Pairs of different pictures that would be taken for copies.
        pairs: How many pairs there are.
    """

    similarity: float
    recall: float
    false_matches: int
    pairs: int

    @property
    def false_rate_bound(self) -> float:
        """What the rate of false matches is below, with a confidence of 95 % (Poisson, by Wilson and Hilferty)."""
        if not self.pairs:
            return 1.0
        degrees = self.false_matches + 1
        bound = degrees * (1 - 1 / (9 * degrees) + 1.645 / (3 * degrees**0.5)) ** 3
        return float(min(1.0, bound / self.pairs))


def copies_of(picture: Image.Image) -> Iterator[tuple[str, bytes]]:
    """The copies of a picture: names, and files."""
    rgb = picture.convert("RGB")
    for name, make in COPIES.items():
        yield name, make(rgb)


class Calibration:
    """Collects what pictures and their copies agree in."""

    def __init__(self, pictures: Mapping[str, Fingerprint], options: MatchOptions) -> None:
        """Begin.

        Args:
            pictures: The set, without copies, by name.
            options: Their radius is what hashes propose by.
        """
        self._matcher = Matcher.of_reference(pictures.values(), options)
        self._count = len(pictures)
        self._copies: dict[str, list[float | None]] = {name: [] for name in COPIES}
        self._others: list[float] = []

    def add_copy(self, kind: str, copy: Fingerprint, original: Fingerprint) -> None:
        """Compare a copy with its picture, and with all others."""
        own = None
        for look in self._matcher.looks(copy):
            if look.sha256 != original.sha256:
                self._others.append(look.judgement.score)
            elif own is None:
                own = look.judgement.score
        self._copies[kind].append(own)

    def recall(self, similarity: float) -> dict[str, float]:
        """Share of the copies of each kind that a threshold finds."""
        return {
            kind: sum(one is not None and one >= similarity for one in found) / len(found)
            for kind, found in self._copies.items()
            if found
        }

    def thresholds(self) -> list[Threshold]:
        """What each of ``THRESHOLDS`` would do."""
        copies = sum(map(len, self._copies.values()))
        rows = []
        for similarity in THRESHOLDS:
            recall = self.recall(similarity)
            false_matches = sum(one >= similarity for one in self._others)
            mean = sum(recall.values()) / len(recall) if recall else 0.0
            rows.append(Threshold(similarity, mean, false_matches, copies * (self._count - 1)))
        return rows

    def propose(self, *, false_rate: float) -> Threshold:
        """The threshold that finds most copies among those whose rate of false matches is low enough.

        Args:
            false_rate: Highest rate a pair; where no threshold stays below it, the one with fewest false matches.
        """
        rows = self.thresholds()
        allowed = [row for row in rows if row.false_matches <= false_rate * row.pairs]
        if not allowed:
            return min(rows, key=lambda row: (row.false_matches, -row.recall))
        return max(allowed, key=lambda row: (row.recall, row.similarity))
