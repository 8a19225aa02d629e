"""What pictures are compared with and never grouped with: fingerprints of other pictures, and lists of hashes."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from synsift.dedupe.fingerprint import Fingerprint
from synsift.dedupe.hash_lists import Entry, HashLists
from synsift.dedupe.matcher import Matcher
from synsift.dedupe.verdicts import DEFAULT_OPTIONS, KeepsOut, MatchOptions


@dataclass(frozen=True, slots=True)
class Resemblance:
    """What a picture is the same as.

    Attributes:
        of: SHA-256 of a picture, or ``kind:hash`` of an entry of a list, in hexadecimal.
        name: What the reference calls it.
        distance_bits: How far, of the bits of that kind of hash.
        transform: How the two are related, one of ``ORIENTATIONS``; for an entry, the kind of hash.
    """

    of: str
    name: str
    distance_bits: int
    transform: str

    def in_words(self, key: str) -> str:
        """What it is the same as, for people; ``key`` of the configuration named the reference."""
        return f"within {self.distance_bits} bits of {self.of}, which `{key}` has as {self.name}"

    def told(self, key: str) -> str:
        """The same without the hash, where nothing by which the picture could be found may be kept."""
        return f"within {self.distance_bits} bits of what `{key}` has as {self.name}"


class Reference:
    """Pictures and hashes to compare with. Any number of threads may ask."""

    def __init__(
        self,
        images: Mapping[str, Fingerprint],
        entries: Iterable[Entry] = (),
        options: MatchOptions = DEFAULT_OPTIONS,
    ) -> None:
        """Take what there is.

        Args:
            images: Fingerprints by name.
            entries: Of lists.
            options: What counts as near, for fingerprints; hashes of a list have rules of their own.
        """
        self.lists = HashLists(entries)
        self.images = images
        self.matcher: KeepsOut | None = Matcher.of_reference(images.values(), options) if images else None
        self.names = {image.sha256: name for name, image in images.items()}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        """Whether there is anything to compare with."""
        return self.matcher is not None or bool(self.lists)

    @property
    def of_lists(self) -> "Reference":
        """The same without its pictures."""
        found = Reference({})
        found.lists = self.lists
        return found

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which hashes of a picture ``match`` needs beside its fingerprint, which has its SHA-256."""
        return tuple(kind for kind in self.lists.kinds if kind != "sha256")

    def match(self, image: Fingerprint, hashes: Mapping[str, bytes]) -> Resemblance | None:
        """What a picture is the same as; None if nothing."""
        hit = self.lists.find({"sha256": bytes.fromhex(image.sha256), **hashes}) if self.lists else None
        if hit is not None:
            return Resemblance(of_entry(hit.entry), hit.entry.name, hit.distance_bits, hit.entry.kind)
        if self.matcher is None:
            return None
        with self._lock:
            verdict = self.matcher.match(image)
        if verdict.of is None:
            return None
        return Resemblance(
            verdict.of, self.names[verdict.of], verdict.distance_bits or 0, verdict.transform or "identity"
        )


def of_entry(entry: Entry) -> str:
    """How records name an entry: ``pdq:…``; a SHA-256 stands for its picture."""
    return entry.digest.hex() if entry.kind == "sha256" else f"{entry.kind}:{entry.digest.hex()}"
