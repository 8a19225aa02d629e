"""Topics, their keys and partitions.

Keys are the design. By **wnid**, all candidates of a synset meet in one dedupe worker; by **host**, all URLs of a
host meet in one fetch worker. All topics have the same number of partitions and the same partitioner, so a worker
that owns partition 3 of its input finds its own state on partition 3 of ``survivors``, ``fetched`` and ``progress``.
"""

import zlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import tldextract

from synsift.pipelines import records
from synsift.pipelines.records import encode


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

ALL: Final = (QUERIES, IMAGE_URLS, CANDIDATES, SURVIVORS, DUPLICATES, FETCHED, PROGRESS, DEAD_LETTERS)


TOPIC_OF: Final[dict[type[records.Record], Topic]] = {
    records.Query: QUERIES,
    records.ImageUrl: IMAGE_URLS,
    records.Candidate: CANDIDATES,
    records.Survivor: SURVIVORS,
    records.Duplicate: DUPLICATES,
    records.Fetched: FETCHED,
    records.Progress: PROGRESS,
    records.DeadLetter: DEAD_LETTERS,
}
"""Which records stand on which topic."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record on its way into the log.

    Attributes:
        topic: Name of the topic.
        partition: Where it goes.
        key: Identity within the topic, for compaction.
        value: The encoded record.
    """

    topic: str
    partition: int
    key: bytes
    value: bytes


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: CRC-32 modulo their number, as librdkafka's ``consistent`` partitioner has it."""
    return zlib.crc32(key.encode()) % partitions


# The list of public suffixes that comes with the package: nothing is downloaded.
_suffixes: Final = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def host_of(url: str) -> str:
    """The politeness key of a URL: its registered domain, or the address or name itself where there is none."""
    try:
        hostname = urlsplit(url).hostname or ""
    except ValueError:
        hostname = ""
    return _registered_domain(hostname)


@lru_cache(maxsize=65_536)
def _registered_domain(hostname: str) -> str:
    return _suffixes(hostname).top_domain_under_public_suffix or hostname


class Router:
    """Records → entries: the key and the partition of each."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions

    def of_wnid(self, wnid: str) -> int:
        """The partition of a synset."""
        return partition_of(wnid, self.partitions)

    def of_url(self, url: str) -> int:
        """The partition of a URL's host."""
        return partition_of(host_of(url), self.partitions)

    def query(self, record: records.Query) -> Entry:
        """Entry of a query."""
        return self._by_wnid(QUERIES, record.wnid, record)

    def image_url(self, record: records.ImageUrl) -> Entry:
        """Entry of an image URL."""
        host = host_of(record.url)
        return Entry(IMAGE_URLS.name, partition_of(host, self.partitions), host.encode(), encode(record))

    def candidate(self, record: records.Candidate) -> Entry:
        """Entry of a candidate."""
        return self._by_wnid(CANDIDATES, record.wnid, record)

    def survivor(self, record: records.Survivor) -> Entry:
        """Entry of a survivor."""
        return self._by_wnid(SURVIVORS, record.candidate.wnid, record)

    def duplicate(self, record: records.Duplicate) -> Entry:
        """Entry of a duplicate."""
        return self._by_wnid(DUPLICATES, record.wnid, record)

    def fetched(self, record: records.Fetched) -> Entry:
        """Entry of a fetched URL, on its host's partition."""
        return Entry(FETCHED.name, self.of_url(record.url), record.url.encode(), encode(record))

    @staticmethod
    def progress(record: records.Progress) -> Entry:
        """Entry of a count, on the partition that it counts."""
        key = f"{record.wnid}/{record.stage}/{record.partition}".encode()
        return Entry(PROGRESS.name, record.partition, key, encode(record))

    @staticmethod
    def dead_letter(record: records.DeadLetter) -> Entry:
        """Entry of a dead letter, with its input's key and partition."""
        return Entry(DEAD_LETTERS.name, record.partition, record.key, encode(record))

    def _by_wnid(self, topic: Topic, wnid: str, record: records.Record) -> Entry:
        return Entry(topic.name, self.of_wnid(wnid), wnid.encode(), encode(record))
