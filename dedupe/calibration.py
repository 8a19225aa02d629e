"""How well the thresholds fit a set of pictures: recall on copies that are made of them, false matches among them.

Of some pictures copies are made as the web makes them, and the pictures are compared with one another:

    a copy with its own picture ──▶ recall
    a copy with another picture ──▶ a false match, unless the two pictures are a pair themselves
    a pair of pictures ─────────┬─▶ beyond doubt copies: not counted
                                ├─▶ a person judged that they are none: a false match
                                └─▶ unsure: counts as a false match until a person has looked

Nothing is grouped away before it is counted, and what is proposed rests on a bound, not on a count.
"""

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from synsift.dedupe.decode import shown
from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.matcher import Matcher
from synsift.dedupe.verdicts import MatchOptions

K = TypeVar("K")

THRESHOLDS: Final = (0.70, 0.75, 0.80, 0.85, 0.90, 0.95)
"""Least scores that are tried."""
SURE: Final = 0.95
"""Score from which two pictures of the set are copies beyond doubt."""


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
        thorough_recall: With those that were seen through by local features.
        false_matches: Pairs of different pictures that would be taken for copies.
        unsure: Pairs of the set that would be taken for copies, and that nobody judged.
        pairs: How many pairs were compared.
    """

    similarity: float
    recall: float
    thorough_recall: float
    false_matches: int
    unsure: int
    pairs: int

    @property
    def false_rate_bound(self) -> float:
        """What the rate of false matches is below, with a confidence of 95 %, if all that is unsure is false.

        Of a Poisson distribution, by Wilson and Hilferty (1931).
        """
        if not self.pairs:
            return 1.0
        degrees = self.false_matches + self.unsure + 1
        bound = degrees * (1 - 1 / (9 * degrees) + 1.645 / (3 * degrees**0.5)) ** 3
        return float(min(1.0, bound / self.pairs))


@dataclass(frozen=True, slots=True)
class Pair(Generic[K]):
    """Two pictures of the set that look alike.

    Attributes:
        one: Key of one.
        other: Key of the other.
        score: What they have, 0…1.
        is_judged: Whether a person said that they are no copies.
        is_taken_back: Whether local features say that they are two drawings.
    """

    one: K
    other: K
    score: float
    is_judged: bool = False
    is_taken_back: bool = False

    @property
    def is_unsure(self) -> bool:
        """Whether only a person can tell."""
        return not self.is_judged and not self.is_taken_back and self.score < SURE


def copies_of(picture: Image.Image) -> Iterator[tuple[str, bytes]]:
    """The copies of a picture, as fingerprints see it: upright, on its ground. Names, and files."""
    rgb = shown(picture)
    for name, make in COPIES.items():
        yield name, make(rgb)


class Calibration(Generic[K]):
    """Collects what pictures and their copies agree in."""

    def __init__(
        self, pictures: Mapping[K, Fingerprint], options: MatchOptions, *, on_picture: Callable[[], None] = lambda: None
    ) -> None:
        """Compare the pictures of a set with one another.

        Args:
            pictures: The set; of the same bytes one counts.
            options: Their radius is what hashes propose by; their pairs that are no copies are false matches.
            on_picture: Called after each.
        """
        self._keys = {image.sha256: key for key, image in pictures.items()}
        self._matcher = Matcher.of_reference(pictures.values(), options)
        self._set = options.criteria.score
        self._copies: dict[str, list[float]] = {name: [] for name in COPIES}
        self._seen_through: dict[str, list[bool]] = {name: [] for name in COPIES}
        self._taken_back: dict[str, list[bool]] = {name: [] for name in COPIES}
        self._others: list[float] = []
        self._judged_copies = False
        self._pairs: dict[frozenset[str], Pair[K]] = {}
        for image in {image.sha256: image for image in pictures.values()}.values():
            self._add_pairs(image, options)
            on_picture()

    def _add_pairs(self, image: Fingerprint, options: MatchOptions) -> None:
        for look in self._matcher.looks(image):
            pair = frozenset((image.sha256, look.sha256))
            score = look.judgement.score
            known = self._pairs.get(pair)
            if len(pair) == 2 and score >= THRESHOLDS[0] and (known is None or known.score < score):
                is_judged = look.sha256 in options.not_copies.of(image.sha256)
                keys = sorted((self._keys[one] for one in pair), key=str)
                self._pairs[pair] = Pair(keys[0], keys[1], score, is_judged)

    @property
    def pairs(self) -> list[Pair[K]]:
        """Pairs of pictures that look alike, those with the highest score first."""
        return sorted(self._pairs.values(), key=lambda pair: (-pair.score, str(pair.one), str(pair.other)))

    def take_the_rest_for_copies(self) -> None:
        """A person looked at the pairs: those that aren't named as no copies are copies."""
        self._judged_copies = True

    def take_back(self, pairs: Iterable[tuple[K, K]]) -> None:
        """Some pairs that look alike are two drawings, by local features: where these are asked they are no mistakes.

        Args:
            pairs: Their keys, in either order.
        """
        apart = {frozenset(pair) for pair in pairs}
        for known, pair in self._pairs.items():
            if frozenset((pair.one, pair.other)) in apart:
                self._pairs[known] = replace(pair, is_taken_back=True)

    def add_copy(
        self,
        kind: str,
        copy: Fingerprint,
        original: Fingerprint,
        *,
        seen_through: bool = False,
        taken_back: bool = False,
    ) -> None:
        """Compare a copy with its picture, and with all others.

        Args:
            kind: Of ``COPIES``.
            copy: What was made.
            original: Of what.
            seen_through: Whether local features found it.
            taken_back: Whether local features say that it is another drawing, if hashes find it.
        """
        own = 0.0
        for look in self._matcher.looks(copy):
            score = look.judgement.score
            if look.sha256 == original.sha256:
                own = max(own, score)
            elif frozenset((look.sha256, original.sha256)) not in self._pairs:
                self._others.append(score)
        self._copies[kind].append(own)
        self._seen_through[kind].append(seen_through)
        self._taken_back[kind].append(taken_back)

    def recall(self, similarity: float, *, thorough: bool = False) -> dict[str, float]:
        """Share of the copies of each kind that a threshold finds; with what local features say of them, if asked."""
        return {
            kind: sum(
                (score >= similarity and not (thorough and back)) or (thorough and seen)
                for score, seen, back in zip(found, self._seen_through[kind], self._taken_back[kind], strict=True)
            )
            / len(found)
            for kind, found in self._copies.items()
            if found
        }

    def thresholds(self) -> list[Threshold]:
        """What each of ``THRESHOLDS`` would do."""
        copies, count = sum(map(len, self._copies.values())), len(self._keys)
        compared = copies * (count - 1) + count * (count - 1) // 2
        return [self._threshold(similarity, compared) for similarity in THRESHOLDS]

    def _threshold(self, similarity: float, compared: int) -> Threshold:
        pairs = [pair for pair in self._pairs.values() if pair.score >= similarity]
        wrong = sum(score >= similarity for score in self._others) + sum(
            pair.is_judged and not pair.is_taken_back for pair in pairs
        )
        unsure = 0 if self._judged_copies else sum(pair.is_unsure for pair in pairs)
        return Threshold(
            similarity,
            _mean(self.recall(similarity).values()),
            _mean(self.recall(similarity, thorough=True).values()),
            wrong,
            unsure,
            compared,
        )

    def propose(self, *, false_rate: float) -> Threshold:
        """The threshold that finds most copies among those whose rate of false matches is low enough beyond doubt.

        Args:
            false_rate: Highest rate a pair. Where no bound is below it, because so few pairs can't show it or because
                there are false matches, the threshold with the lowest bound; of several the one nearest to what is set.
        """
        rows = self.thresholds()
        allowed = [row for row in rows if row.false_rate_bound <= false_rate]
        if not allowed:
            return min(rows, key=lambda row: (row.false_rate_bound, abs(row.similarity - self._set)))
        return max(allowed, key=lambda row: (row.recall, row.similarity))


def _mean(values: Collection[float]) -> float:
    return sum(values) / len(values) if values else 0.0
