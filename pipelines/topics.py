"""Topics, their keys and partitions.

Keys are the design. By **wnid**, all candidates of a synset meet in one dedupe worker; by **host**, all URLs of a
host meet in one fetch worker. All topics have the same number of partitions and the same partitioner, so a worker
that owns partition 3 of its input finds its own state on partition 3 of ``survivors``, ``fetched`` and ``progress``.
A record may carry headers beside its value, as Kafka's do: what is said of a record, not what it says.
"""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from synsift.crawler.download.host_name import host_name
from synsift.crawler.download.host_rules import HostKeys, Rules, name_of
from synsift.pipelines import records
from synsift.pipelines.partitioning import partition_of
from synsift.pipelines.records import encode

if TYPE_CHECKING:
    from tldextract import TLDExtract


class Cleanup(StrEnum):
    """What a log may forget of a topic."""

    DELETE = "delete"
    COMPACT = "compact"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic's name and what may be forgotten of it."""

    name: str
    cleanup: Cleanup


QUERIES: Final = Topic("queries", Cleanup.DELETE)
IMAGE_URLS: Final = Topic("image-urls", Cleanup.DELETE)
CANDIDATES: Final = Topic("candidates", Cleanup.DELETE)
SURVIVORS: Final = Topic("survivors", Cleanup.KEEP)
DUPLICATES: Final = Topic("duplicates", Cleanup.DELETE)
FETCHED: Final = Topic("fetched", Cleanup.COMPACT)
PROGRESS: Final = Topic("progress", Cleanup.COMPACT)
DEAD_LETTERS: Final = Topic("dead-letters", Cleanup.DELETE)
RELATIONS: Final = Topic("relations", Cleanup.KEEP)
CONFLICTS: Final = Topic("conflicts", Cleanup.KEEP)
TASKS: Final = Topic("tasks", Cleanup.KEEP)
VOTES: Final = Topic("votes", Cleanup.KEEP)
VERIFIED: Final = Topic("verified", Cleanup.KEEP)
CONTROLS: Final = Topic("controls", Cleanup.COMPACT)
POSITIONS: Final = Topic("positions", Cleanup.COMPACT)
"""How far each group is, where the log is Kafka: it forgets the offsets of a group that is away for a week."""

ALL: Final = (
    *(QUERIES, IMAGE_URLS, CANDIDATES, SURVIVORS, DUPLICATES, FETCHED, PROGRESS, DEAD_LETTERS, POSITIONS),
    *(RELATIONS, CONFLICTS, TASKS, VOTES, VERIFIED, CONTROLS),
)
"""In the order in which they came to be: the SQLite log knows them by their number."""


TOPIC_OF: Final[dict[type[records.Record], Topic]] = {
    records.Query: QUERIES,
    records.ImageUrl: IMAGE_URLS,
    records.Candidate: CANDIDATES,
    records.Survivor: SURVIVORS,
    records.Duplicate: DUPLICATES,
    records.Relation: RELATIONS,
    records.Conflict: CONFLICTS,
    records.Fetched: FETCHED,
    records.Task: TASKS,
    records.Vote: VOTES,
    records.Verified: VERIFIED,
    records.Progress: PROGRESS,
    records.Control: CONTROLS,
}
"""Which records stand on which topic. What stands on ``dead-letters`` is the input itself, whatever it was."""

Headers = tuple[tuple[str, bytes], ...]
"""Names and values beside a record, in order."""

CONTENT_TYPE: Final = "content-type"
SCHEMA_ID: Final = "__synsift.schema.id"
SCHEMA_VERSION: Final = "__synsift.schema.version"
_FORM: Final = frozenset({CONTENT_TYPE, SCHEMA_ID, SCHEMA_VERSION})
"""Headers that say what a record's bytes are: only who wrote these bytes may say that."""
MINOR: Final[dict[type[records.Record], int]] = dict.fromkeys(TOPIC_OF, 1) | {records.Control: 2}
"""Of the form of each record: grows with a new field, with a new word of a field that has a list of them, and with a
bound that our own writers kept before."""


def schema_id(kind: type[records.Record]) -> str:
    """What names the schema of a kind of records: the same as long as old readers understand new records."""
    return f"urn:synsift:schema:{TOPIC_OF[kind].name}:{records.VERSION}"


def schema_version(kind: type[records.Record]) -> str:
    """The version of that schema."""
    return f"{records.VERSION}.{MINOR[kind]}"


def _form_of(kind: type[records.Record]) -> Headers:
    said = {
        CONTENT_TYPE: "application/json",
        SCHEMA_ID: schema_id(kind),
        SCHEMA_VERSION: schema_version(kind),
    }
    return tuple((name, text.encode()) for name, text in said.items())


_FORMS: Final[dict[type[records.Record], Headers]] = {kind: _form_of(kind) for kind in TOPIC_OF}
"""Made once: all records of a kind share them."""
_FORM_BYTES: Final = {form: sum(len(name.encode()) + len(value) for name, value in form) for form in _FORMS.values()}


@dataclass(frozen=True, slots=True)
class Entry:
    """A record on its way into the log.

    Attributes:
        topic: Name of the topic.
        partition: Where it goes.
        key: Identity within the topic, for compaction; None for none, which only dead letters may have.
        value: The encoded record; None for a tombstone.
        headers: What is said of it.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def size_bytes(self) -> int:
        """What it takes on the log, without the log's own overhead."""
        return len(self.key or b"") + len(self.value or b"") + _size_of(self.headers)


def _size_of(headers: Headers) -> int:
    """In bytes."""
    known = _FORM_BYTES.get(headers)
    return sum(len(name.encode()) + len(value) for name, value in headers) if known is None else known


def made_of(kind: type[records.Record]) -> Headers:
    """What is said of every record of a kind: what its bytes are, and by which schema."""
    return _FORMS[kind]


def saying(entry: Entry, headers: Headers) -> Entry:
    """An entry of which more is said; what its bytes are, it says itself."""
    more = tuple(header for header in headers if header[0] not in _FORM)
    return dataclasses.replace(entry, headers=(*entry.headers, *more)) if more else entry


def host_of(url: str) -> str:
    """The host of a URL where no rule says otherwise: what was given to somebody, or the address or name itself.

    By the public-suffix list, its private part included: ``example.co.uk`` for all names below, but
    ``me.blogspot.com`` and ``bucket.s3.amazonaws.com`` each for itself.
    """
    try:
        hostname = urlsplit(url).hostname or ""
    except ValueError:
        hostname = ""
    return registered_domain(hostname)


@lru_cache(maxsize=65_536)
def registered_domain(hostname: str) -> str:
    """The part of a name that was given to somebody, or all of it."""
    hostname = host_name(hostname)
    return _suffixes()(hostname).top_domain_under_public_suffix or hostname.removesuffix(".")


@cache
def _suffixes() -> "TLDExtract":
    """The list of public suffixes that comes with the package: nothing is downloaded.

    Its library brings an HTTP client along, which commands on folders have no use for.
    """
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


class Router:
    """Records → entries: the key and the partition of each."""

    def __init__(self, partitions: int, rules: Rules = MappingProxyType({})) -> None:
        """Make one.

        Args:
            partitions: Of every topic.
            rules: Say which names are hosts of their own, and which hosts are split.
        """
        self.partitions = partitions
        self.keys = HostKeys(rules, registered_domain, lambda key: partition_of(key, partitions))

    def of_wnid(self, wnid: str) -> int:
        """The partition of a synset."""
        return partition_of(wnid, self.partitions)

    def of_url(self, url: str) -> int:
        """The partition where what a URL gave is written down: its host's, whatever the rules."""
        return partition_of(host_of(url), self.partitions)

    def of_image_url(self, url: str) -> int:
        """The partition on which a URL is asked for: that of its key by the rules."""
        return partition_of(self.keys.key_of(url), self.partitions)

    def was_at_home(self, url: str, key: bytes | None, partition: int) -> bool:
        """Whether a URL may have been put on a partition by its key, when the rules were others."""
        text = (key or b"").decode("utf-8", "replace")
        try:
            name = urlsplit(url).hostname or ""
        except ValueError:
            return False
        host = name_of(text)
        return (name == host or name.endswith(f".{host}")) and partition_of(text, self.partitions) == partition

    def of_key(self, key: bytes | None, otherwise: int) -> int:
        """The partition of a key as it stands in the log; without one, the one that is given."""
        return otherwise if key is None else partition_of(key.decode("utf-8", "replace"), self.partitions)

    def query(self, record: records.Query) -> Entry:
        """Entry of a query."""
        return self._by_wnid(QUERIES, record.wnid, record)

    def image_url(self, record: records.ImageUrl) -> Entry:
        """Entry of an image URL."""
        host = self.keys.key_of(record.url)
        return _entry(IMAGE_URLS, partition_of(host, self.partitions), host, record)

    def candidate(self, record: records.Candidate) -> Entry:
        """Entry of a candidate."""
        return self._by_wnid(CANDIDATES, record.wnid, record)

    def survivor(self, record: records.Survivor) -> Entry:
        """Entry of a survivor."""
        return self._by_wnid(SURVIVORS, record.candidate.wnid, record)

    def duplicate(self, record: records.Duplicate) -> Entry:
        """Entry of a duplicate."""
        return self._by_wnid(DUPLICATES, record.wnid, record)

    def relation(self, record: records.Relation) -> Entry:
        """Entry of a relation."""
        return self._by_wnid(RELATIONS, record.wnid, record)

    def conflict(self, record: records.Conflict) -> Entry:
        """Entry of a pair under two synsets, on the partition of its id."""
        return _entry(CONFLICTS, partition_of(record.id, self.partitions), record.id, record)

    def task(self, record: records.Task) -> Entry:
        """Entry of a batch for voters."""
        return self._by_wnid(TASKS, record.wnid, record)

    def vote(self, record: records.Vote) -> Entry:
        """Entry of a vote."""
        return self._by_wnid(VOTES, record.wnid, record)

    def verified(self, record: records.Verified) -> Entry:
        """Entry of a verdict."""
        return self._by_wnid(VERIFIED, record.wnid, record)

    def fetched(self, record: records.Fetched) -> Entry:
        """Entry of a fetched URL, on its host's partition."""
        return _entry(FETCHED, self.of_url(record.url), record.url, record)

    def control(self, record: records.Control) -> Entry:
        """Entry of what operators want, on the partition of its key."""
        return _entry(CONTROLS, partition_of(record.key, self.partitions), record.key, record)

    @staticmethod
    def progress(record: records.Progress) -> Entry:
        """Entry of a count, on the partition that it counts."""
        return _entry(PROGRESS, record.partition, f"{record.wnid}/{record.stage}/{record.partition}", record)

    def _by_wnid(self, topic: Topic, wnid: str, record: records.Record) -> Entry:
        return _entry(topic, self.of_wnid(wnid), wnid, record)


def _entry(topic: Topic, partition: int, key: str, record: records.Record) -> Entry:
    return Entry(topic.name, partition, key.encode(), encode(record), _FORMS[type(record)])
