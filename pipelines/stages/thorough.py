"""``thorough``: survivors → what they are to each other by local features, and which of them should go for it.

    survivor ──features, from the store──▶ shortlist of its synset ──pairs──▶ relations
                                                                       └────▶ candidates that withdraw another ─▶ dedupe

Behind the stream, at its own pace: nothing waits for it. What it finds goes back to ``dedupe`` as a candidate, for only
there is it known what survives now; there it becomes a record of ``survivors``, as a better copy does, which this stage
reads again. Its state is a function of ``survivors`` up to its position, and of the ``relations`` that it wrote.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

import msgspec

from synsift.dedupe import DEFAULT_OPTIONS, Fingerprint, ImageError, MatchOptions, Tie, better
from synsift.dedupe.local import relation as local
from synsift.dedupe.local.features import Features
from synsift.dedupe.local.merging import REMOVING
from synsift.dedupe.local.shortlist import Shortlist
from synsift.pipelines import topics
from synsift.pipelines.log.base import Log, Message
from synsift.pipelines.metrics import WORK_SECONDS
from synsift.pipelines.reading import BROKEN_RECORD, Broken, Skipped, read, read_state
from synsift.pipelines.records import Candidate, Relation, Survivor, Withdrawal
from synsift.pipelines.stages.batch_stage import BatchStage
from synsift.pipelines.stages.dedupe_state import fingerprint_of
from synsift.pipelines.stages.tally import Count
from synsift.pipelines.stages.ties import Ask, Pair, SynsetTies
from synsift.pipelines.storage.features import FeatureStore
from synsift.pipelines.topics import Entry, Router

DESCRIBED: Final = "described"
UNDESCRIBED: Final = "undescribed"
"""Count of images whose bytes are gone, or can't be described: they are looked at by hashes alone."""
ASKED: Final = "asked_to_go"
_REMOVABLE: Final = frozenset({Tie.COPY, Tie.PART_OF, Tie.CONTAINS})
# Images whose words are in memory, of all synsets: 10 kB each.
_MOST_LISTED: Final = 30_000
_BEAT_EVERY: Final = 1_000
_READ_AT_ONCE: Final = 64


class Comparer(Protocol):
    """What looks at pairs."""

    def relate(self, query: bytes, others: Sequence[bytes]) -> list[local.Relation]:
        """What a picture is to each of some others, by their features."""

    def close(self) -> None:
        """End what was started."""


@dataclass(frozen=True, slots=True)
class ThoroughOptions:
    """What a thorough stage needs of the configuration.

    Attributes:
        removing: Which ties remove an image.
        match: Which pairs are never copies, and whether mirrored ones are.
        batch: Survivors in one transaction.
        threads: Images read and described at once.
    """

    removing: frozenset[Tie] = REMOVING
    match: MatchOptions = DEFAULT_OPTIONS
    batch: int = 50
    threads: int = 2


@dataclass(slots=True)
class _Synset:
    """What is known of one synset.

    Attributes:
        ties: Who stands, and who joined whom.
        offsets: Of each image that ever survived, where its record is; in order.
        shortlist: Words of those of ``listed``; None until it is needed.
        listed: Images by their number in the shortlist.
    """

    ties: SynsetTies = field(default_factory=SynsetTies)
    offsets: dict[str, int] = field(default_factory=dict)
    shortlist: Shortlist | None = None
    listed: list[str] = field(default_factory=list)


class ThoroughStage(BatchStage):
    """Looks at survivors again."""

    name = "thorough"

    def __init__(
        self, log: Log, router: Router, *, features: FeatureStore, comparer: Comparer, options: ThoroughOptions
    ) -> None:
        super().__init__(log, router, batch=options.batch)
        self._features = features
        self._comparer = comparer
        self._options = options
        self._synsets: dict[int, dict[str, _Synset]] = {}
        self._in_memory: OrderedDict[tuple[int, str], _Synset] = OrderedDict()
        self._readers = ThreadPoolExecutor(options.threads, thread_name_prefix="thorough")

    async def run(self) -> None:
        """Work until ``stop``; then leave the group."""
        try:
            await super().run()
        finally:
            self._readers.shutdown()
            self._comparer.close()

    def restore(self, partition: int, skipped: Skipped) -> None:
        """Nothing yet: how far the state is to be rebuilt is known with the first input."""
        self.forget(partition)

    def forget(self, partition: int) -> None:
        """Drop what is known of a partition."""
        self._synsets.pop(partition, None)
        for key in [key for key in self._in_memory if key[0] == partition]:
            del self._in_memory[key]

    def make_durable(self) -> None:
        """Features need not outlast a power cut: they can be made again."""

    def work(self, messages: Sequence[Message]) -> None:
        """Look at survivors in order."""
        survivors = [(message, read(Survivor, message, self._router)) for message in messages]
        # Described side by side, then looked at one after the other.
        fresh = [s.candidate.image.sha256 for _, s in survivors if isinstance(s, Survivor) and not s.relation]
        for _ in self._readers.map(self._features.get, dict.fromkeys(fresh)):
            self.beat()
        for message, survivor in survivors:
            self.beat()
            if isinstance(survivor, Broken):
                # ``land`` makes the dead letter.
                self._ledger.finish(message, [], [Count("", BROKEN_RECORD)])
                continue
            with WORK_SECONDS.labels(self.name).time():
                entries, counts = self._look(message, survivor)
            self._ledger.finish(message, entries, counts)

    def _look(self, message: Message, survivor: Survivor) -> tuple[list[Entry], list[Count]]:
        """What a survivor is to others, and what should go for it, or for what it changed."""
        wnid, sha256 = survivor.candidate.wnid, survivor.candidate.image.sha256
        synset = self._known(message).setdefault(wnid, _Synset())
        is_new = sha256 not in synset.offsets
        changed = synset.ties.note(sha256, survivor.replaces, survivor.relation)
        pairs = list(synset.ties.changed(changed))
        entries, counts = [], []
        if is_new:
            found = self._relations(message.partition, wnid, synset, sha256)
            counts.append(Count(wnid, UNDESCRIBED if found is None else DESCRIBED))
            for relation in found or ():
                entries.append(self._router.relation(relation))
                counts.append(Count(wnid, relation.kind))
                if (pair := _pair_of(relation)) is not None:
                    synset.ties.add(pair)
                    pairs.append(pair)
            synset.offsets[sha256] = message.offset
        asks = list(self._asks(message.partition, synset, pairs))
        entries += asks
        counts.append(Count(wnid, ASKED, len(asks)))
        return entries, counts

    def _relations(self, partition: int, wnid: str, synset: _Synset, sha256: str) -> list[Relation] | None:
        """What an image is to those before it, the strongest first; it is in the shortlist then."""
        data = self._features.get(sha256)
        if data is None:
            return None
        features = Features.from_bytes(data)
        shortlist = self._shortlist(partition, wnid, synset)
        proposed = [synset.listed[number] for number in shortlist.propose(features)]
        never = self._options.match.not_copies.of(sha256)
        known = {other: self._features.get(other) for other in proposed if other not in never}
        others = {other: found for other, found in known.items() if found is not None}
        try:
            related = self._comparer.relate(data, list(others.values()))
        except ImageError:
            related = []
        shortlist.add(features)
        synset.listed.append(sha256)
        found = [(other, one) for other, one in zip(others, related, strict=False) if self._counts(one)]
        found.sort(key=lambda pair: -pair[1].strength)
        return [_record_of(wnid, sha256, other, one) for other, one in found]

    def _counts(self, relation: local.Relation) -> bool:
        if relation.mirrored and "mirrored" not in self._options.match.orientations:
            return False
        return relation.tie is not Tie.UNRELATED

    def _asks(self, partition: int, synset: _Synset, pairs: Iterable[Pair]) -> Iterator[Entry]:
        """Candidates that withdraw others, of what some ties ask for."""

        def is_better(one: str, other: str) -> bool:
            images = [self._image(partition, synset.offsets[sha256]) for sha256 in (one, other)]
            first, second = images
            return first is not None and (second is None or better(first, second))

        asked: set[Ask] = set()
        for pair in pairs:
            ask = synset.ties.asks_of(pair, self._options.removing, is_better)
            if ask is None or ask in asked:
                continue
            asked.add(ask)
            keeper = self._candidate(partition, synset.offsets[ask.keeper])
            if keeper is not None:
                wanted = Withdrawal(sha256=ask.sha256, kind=str(ask.tie), mirrored=ask.is_mirrored)
                yield self._router.candidate(msgspec.structs.replace(keeper, withdraws=wanted))

    def _image(self, partition: int, offset: int) -> Fingerprint | None:
        candidate = self._candidate(partition, offset)
        image = None if candidate is None else fingerprint_of(candidate.image)
        return None if isinstance(image, Broken) else image

    def _candidate(self, partition: int, offset: int) -> Candidate | None:
        """A survivor, as it came; the log has it."""
        message = next(self._logbook.read(topics.SURVIVORS.name, partition, offset), None)
        survivor = None if message is None else read(Survivor, message, self._router)
        return survivor.candidate if isinstance(survivor, Survivor) else None

    def _known(self, message: Message) -> dict[str, _Synset]:
        """The synsets of a partition, as they were before a message."""
        known = self._synsets.get(message.partition)
        if known is None:
            known = self._synsets[message.partition] = self._replay(message.partition, message.offset)
        return known

    def _replay(self, partition: int, end: int) -> dict[str, _Synset]:
        """Rebuild what is known from the records before an offset."""
        found: dict[tuple[str, str], list[Pair]] = {}
        for _, relation in read_state(self._logbook, Relation, partition, skipped=Skipped()):
            if (pair := _pair_of(relation)) is not None:
                found.setdefault((relation.wnid, relation.sha256), []).append(pair)
        synsets: dict[str, _Synset] = {}
        for number, (message, survivor) in enumerate(read_state(self._logbook, Survivor, partition, skipped=Skipped())):
            if message.offset >= end:
                break
            if number % _BEAT_EVERY == 0:
                self.beat()
            wnid, sha256 = survivor.candidate.wnid, survivor.candidate.image.sha256
            synset = synsets.setdefault(wnid, _Synset())
            synset.ties.note(sha256, survivor.replaces, survivor.relation)
            if sha256 not in synset.offsets:
                synset.offsets[sha256] = message.offset
                for pair in found.get((wnid, sha256), ()):
                    synset.ties.add(pair)
        return synsets

    def _shortlist(self, partition: int, wnid: str, synset: _Synset) -> Shortlist:
        """The shortlist of a synset, made from the features in the store if it isn't in memory."""
        if synset.shortlist is None:
            synset.shortlist, synset.listed = Shortlist(), []
            for sha256, data in self._read_all(synset.offsets):
                synset.shortlist.add(Features.from_bytes(data))
                synset.listed.append(sha256)
        key = (partition, wnid)
        self._in_memory[key] = synset
        self._in_memory.move_to_end(key)
        while len(self._in_memory) > 1 and sum(len(one.listed) for one in self._in_memory.values()) > _MOST_LISTED:
            _, rested = self._in_memory.popitem(last=False)
            rested.shortlist, rested.listed = None, []
        return synset.shortlist

    def _read_all(self, images: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The features of images that have some, read side by side."""
        left = iter(images)
        while few := list(islice(left, _READ_AT_ONCE)):
            self.beat()
            for sha256, data in zip(few, self._readers.map(self._features.get, few), strict=True):
                if data is not None:
                    yield sha256, data


def _record_of(wnid: str, sha256: str, of: str, relation: local.Relation) -> Relation:
    return Relation(
        wnid=wnid,
        sha256=sha256,
        of=of,
        kind=str(relation.tie),
        points=relation.points,
        agreed=round(relation.agreed, 4),
        inside=round(relation.first, 4),
        outside=round(relation.second, 4),
        mirrored=relation.mirrored,
    )


def _pair_of(relation: Relation) -> Pair | None:
    """A tie that can remove an image; None for the others, and for what this program doesn't know."""
    if relation.kind not in _REMOVABLE:
        return None
    return Pair(relation.sha256, relation.of, Tie(relation.kind), relation.mirrored)
