"""The demo's result against its truth. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from synsift.pipelines.demo.web import Directory, Expected
from synsift.pipelines.demo.world import SUBJECTS, Subject
from synsift.pipelines.summary import Group, SynsetCounts


@dataclass(frozen=True, slots=True)
class Truth:
    """What a right crawl makes of a synset.

    Attributes:
        found: Image URLs in the answers to its queries.
        repeated: How many of them stand there more than once.
        fetched: How many give an image.
        refused: Outcome → how many give none.
        copies: SHA-256 of each best copy → SHA-256 of all others of that picture, sorted.
    """

    found: int
    repeated: int
    fetched: int
    refused: dict[str, int]
    copies: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Actual:
    """What the crawl made of a synset.

    Attributes:
        counts: By outcome.
        groups: Survivors and their copies.
        objects: SHA-256 of its images in the store.
        view: SHA-256 of its images in the view of what stands.
        letters: Dead letters by outcome.
    """

    counts: SynsetCounts
    groups: Sequence[Group]
    objects: frozenset[str]
    view: frozenset[str]
    letters: Mapping[str, int]


def truth_of(subject: Subject, directory: Directory) -> Truth:
    """The truth of a synset."""
    known = {expected.url: expected for expected in directory.truth}
    urls = [url for query in subject.queries for url in directory.answers[query]]
    distinct = [known[url] for url in dict.fromkeys(urls)]
    pictures: dict[int, list[Expected]] = defaultdict(list)
    for expected in distinct:
        if expected.outcome == "fetched":
            pictures[expected.cluster].append(expected)
    copies: dict[str, list[str]] = {}
    for shown in pictures.values():
        best = max(shown, key=lambda copy: (copy.pixels, copy.size_bytes, -int(copy.sha256, 16)))
        rest = Counter(copy.sha256 for copy in shown)
        rest[best.sha256] -= 1
        copies[best.sha256] = sorted(rest.elements())
    return Truth(
        found=len(urls),
        repeated=len(urls) - len(distinct),
        fetched=sum(map(len, pictures.values())),
        refused=dict(Counter(expected.outcome for expected in distinct if expected.outcome != "fetched")),
        copies=copies,
    )


def differences(directory: Directory, actual: Mapping[str, Actual], private_hits: int) -> Iterator[str]:
    """Everything that isn't as it should be, in words; nothing if the crawl was right.

    Args:
        directory: The demo's web, with its truth.
        actual: By synset; the synset ``""`` has what belongs to none.
        private_hits: Requests that reached the address that must not be reached.
    """
    for outcome, number in (actual[""].letters if "" in actual else {}).items():
        yield f"{number} dead letters {outcome!r} of no synset"
    for subject in SUBJECTS:
        if subject.wnid not in actual:
            yield f"{subject.kind}: nothing was crawled"
            continue
        for problem in _compare(truth_of(subject, directory), actual[subject.wnid]):
            yield f"{subject.kind}: {problem}"
    if private_hits:
        yield f"{private_hits} requests reached the private address"


def _compare(truth: Truth, actual: Actual) -> Iterator[str]:
    counts = actual.counts
    groups = {group.survivor.image.sha256: sorted(copy.sha256 for copy in group.copies) for group in actual.groups}
    pairs = (
        ("image URLs found", counts.found, truth.found),
        ("repeated", counts.repeated, truth.repeated),
        ("fetched", counts.fetched, truth.fetched),
        ("refused", counts.refused, truth.refused),
        ("unique", counts.unique, len(truth.copies)),
        ("duplicates", counts.exact + counts.near, truth.fetched - len(truth.copies)),
        ("dead letters", dict(actual.letters), truth.refused),
        ("objects in the store", actual.objects, frozenset(truth.copies)),
        ("images in the view", actual.view, frozenset(truth.copies)),
    )
    for what, got, wanted in pairs:
        if got != wanted:
            yield f"{what}: {_short(got)}, but the truth is {_short(wanted)}"
    for sha256 in sorted(groups.keys() - truth.copies.keys()):
        yield f"{sha256[:12]} survived, but isn't the best copy of any picture"
    for sha256 in sorted(truth.copies.keys() - groups.keys()):
        yield f"{sha256[:12]} is the best copy of a picture, but didn't survive"
    for sha256 in sorted(groups.keys() & truth.copies.keys()):
        if groups[sha256] != truth.copies[sha256]:
            yield f"copies of {sha256[:12]}: {_short(groups[sha256])}, but the truth is {_short(truth.copies[sha256])}"


def _short(value: object) -> str:
    if isinstance(value, (frozenset, list)):
        return f"{len(value)} ({', '.join(str(item)[:12] for item in sorted(value)[:4])}…)"
    return str(value)
