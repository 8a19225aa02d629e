from collections import Counter

import pytest

from synsift.pipelines import topics
from synsift.pipelines.partitioning import partition_of
from synsift.pipelines.topics import Entry, Router, host_of
from tests.pipelines.test_records import EXAMPLES


def test_keys_spread_over_partitions() -> None:
    counts = Counter(partition_of(f"n{n:08d}", 16) for n in range(16_000))
    assert min(counts.values()) > 800


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://upload.wikimedia.org/a", "wikimedia.org"),
        ("http://a.b.example.co.uk:80/", "example.co.uk"),
        ("http://127.0.0.7:8080/x", "127.0.0.7"),
        ("http://[::1]:80/", "::1"),
        ("http://localhost/", "localhost"),
        ("http://bucket.s3.amazonaws.com/x", "bucket.s3.amazonaws.com"),
        ("http://d111.cloudfront.net/x", "d111.cloudfront.net"),
        ("http://img.me.blogspot.com/x", "me.blogspot.com"),
        ("http://s3.amazonaws.com/bucket/x", "s3.amazonaws.com"),
        ("not a url", ""),
        ("http://[broken/", ""),
        ("http://server./a.jpg", "server"),
        ("http://www.example.co.uk./a.jpg", "example.co.uk"),
    ],
)
def test_the_politeness_key_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host


def test_urls_of_one_host_and_what_they_gave_share_a_partition() -> None:
    router = Router(16)
    image_url = next(x for x in EXAMPLES if isinstance(x, topics.records.ImageUrl))
    fetched = next(x for x in EXAMPLES if isinstance(x, topics.records.Fetched))
    assert router.image_url(image_url).partition == router.fetched(fetched).partition
    assert router.fetched(fetched).key == b"https://up/a.jpg"


def test_all_records_of_a_synset_share_a_partition() -> None:
    router = Router(16)
    by_type = {type(example): example for example in EXAMPLES}
    entries = [
        router.query(by_type[topics.records.Query]),  # type: ignore[arg-type]
        router.candidate(by_type[topics.records.Candidate]),  # type: ignore[arg-type]
        router.survivor(by_type[topics.records.Survivor]),  # type: ignore[arg-type]
        router.duplicate(by_type[topics.records.Duplicate]),  # type: ignore[arg-type]
    ]
    assert {entry.partition for entry in entries} == {router.of_wnid("n1")}
    assert {entry.key for entry in entries} == {b"n1"}


def test_an_entry_counts_the_bytes_of_all_that_it_carries() -> None:
    for kind in topics.TOPIC_OF:
        form = topics.made_of(kind)
        expected = 3 + 5 + sum(len(name) + len(value) for name, value in form)
        assert Entry("t", 0, b"key", b"value", form).size_bytes == expected
        assert Entry("t", 0, b"key", b"value", (*form, ("é", b"1234"))).size_bytes == expected + 6
    assert Entry("t", 0, None, None).size_bytes == 0
