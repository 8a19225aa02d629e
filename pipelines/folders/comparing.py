"""Very many pictures to compare others with: their index lies on disk, and processes look others up in it."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Final

from synsift.dedupe import Fingerprint, MatchOptions
from synsift.dedupe.many.prints import Prints
from synsift.dedupe.many.reference import ManyReference, make_known
from synsift.dedupe.verdicts import Kind, Verdict
from synsift.pipelines.folders.judging import OnDone, all_of, make_index
from synsift.pipelines.folders.pool import Pool
from synsift.pipelines.folders.prints import PrintFile
from synsift.pipelines.folders.room import OpenRoom

# Pictures that a process looks up in one go: the more, the less each takes; but they go through a pipe.
_LEAST_AT_ONCE: Final = 256
_MOST_AT_ONCE: Final = 4_096
_SHARE_AT_ONCE: Final = 64
_NEW: Final = Verdict(Kind.NEW)

Named = tuple[str, bytes]
"""A picture's name, and its fingerprint in its binary form."""


class Comparing:
    """Pictures on disk to compare others with; ``match`` as a ``Matcher`` has it, ``match_all`` by all cores."""

    def __init__(self, images: PrintFile, options: MatchOptions, *, processes: int | None) -> None:
        """Nothing is done yet.

        Args:
            images: The pictures.
            options: What counts as near.
            processes: How many work; None for one a core.
        """
        self._images = images
        self._options = options
        self._processes = processes
        self._opened: ManyReference | None = None

    def prepare(self, *, on_done: OnDone = lambda _: None) -> None:
        """Make the index.

        Args:
            on_done: Told of every few pictures that are as good as indexed, with their number.
        """
        images = self._images
        make_index(
            images,
            self._options,
            self._processes,
            between=lambda: make_known(images.prints.rows, images.room),
            on_done=on_done,
        )

    def by(self, options: MatchOptions) -> "Comparing":
        """The same pictures, by other options that change no index: other pairs that are no copies."""
        return Comparing(self._images, options, processes=self._processes)

    def match(self, image: Fingerprint) -> Verdict:
        """What a picture is the same as."""
        if self._opened is None:
            self._opened = ManyReference(self._images.prints, self._images.room, self._options)
        return self._opened.match(image)

    def match_all(self, images: Mapping[str, Fingerprint]) -> Iterator[tuple[str, Verdict]]:
        """What each of some pictures is the same as, in their order."""
        work = partial(match_pictures, folder=self._images.room.folder, options=self._options)
        records = ((name, image.to_record()) for name, image in images.items())
        step = min(max(_LEAST_AT_ONCE, len(images) // _SHARE_AT_ONCE), _MOST_AT_ONCE)
        with Pool(self._processes, work, at_once=1) as pool:
            for task, verdicts in all_of(pool.make_in_order(_in_tasks(records, step))):
                yield from ((name, verdict) for (name, _), verdict in zip(task, verdicts, strict=True))

    def foretold(self, images: Mapping[str, Fingerprint], *, on_done: OnDone = lambda _: None) -> "Foretold":
        """What all of some pictures are the same as, looked up by all cores.

        Args:
            images: The pictures.
            on_done: Told of every picture, with 1.
        """
        found: dict[str, Verdict] = {}
        for name, verdict in self.match_all(images):
            if verdict.of is not None:
                found[images[name].sha256] = verdict
            on_done(1)
        return Foretold(found)


class Foretold:
    """What was looked up before."""

    def __init__(self, found: Mapping[str, Verdict]) -> None:
        """Take it.

        Args:
            found: By SHA-256, of those pictures that are the same as one.
        """
        self._found = found

    def match(self, image: Fingerprint) -> Verdict:
        """What a picture is the same as."""
        return self._found.get(image.sha256, _NEW)


def match_pictures(tasks: list[list[Named]], folder: str, options: MatchOptions) -> list[list[Verdict]]:
    """Look some pictures up: what a process does."""
    if folder not in _OPEN:
        room = OpenRoom(folder)
        _OPEN[folder] = ManyReference(Prints(room), room, options)
    return [_OPEN[folder].match_all([Fingerprint.from_record(record) for _, record in task]) for task in tasks]


# What a process has open, which it opens once.
_OPEN: Final[dict[str, ManyReference]] = {}


def _in_tasks(records: Iterable[Named], step: int) -> Iterator[list[Named]]:
    left = iter(records)
    while task := list(islice(left, step)):
        yield task
