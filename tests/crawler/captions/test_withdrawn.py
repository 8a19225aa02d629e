"""LAION-5B and its like are known by their columns, names and metadata; what only looks a little like it is told of."""

import pytest

from synsift.crawler.captions.withdrawn import Suspicion, look_at

LAION = ("URL", "TEXT", "WIDTH", "HEIGHT", "similarity", "hash", "pwatermark", "punsafe")


@pytest.mark.parametrize(
    ("layout", "columns", "suspicion"),
    [
        ("relaion", LAION, "none"),
        ("laion", ("URL", "TEXT"), "withdrawn"),
        ("laion", (*LAION, "key"), "none"),
        ("coyo", LAION, "withdrawn"),
    ],
)
def test_what_its_user_says_of_a_list_counts(layout: str, columns: tuple[str, ...], suspicion: str) -> None:
    assert look_at("a.parquet", columns, {}, layout).suspicion == Suspicion(suspicion)


@pytest.mark.parametrize(
    ("name", "columns", "metadata", "suspicion"),
    [
        ("lists/part-1.parquet", LAION, {}, "withdrawn"),
        ("lists/part-1.parquet", ("URL", "TEXT", "WIDTH", "HEIGHT", "similarity"), {}, "withdrawn"),
        ("a.parquet", ("SAMPLE_ID", "URL", "TEXT", "HEIGHT", "WIDTH", "LICENSE", "NSFW"), {}, "withdrawn"),
        ("laion2B-en/part-1.parquet", ("url", "text"), {}, "withdrawn"),
        ("laion400m-meta.parquet", ("URL", "TEXT"), {}, "withdrawn"),
        ("x.parquet", ("url", "caption"), {"info": "made of laion-5b"}, "withdrawn"),
        ("relaion2B-en-research-safe/1.parquet", LAION, {}, "none"),
        ("part-1.parquet", (*LAION, "key", "md5"), {}, "none"),
        ("laion2B-en/part-1.parquet", (*LAION, "key", "md5"), {}, "unsure"),
        ("a.parquet", LAION, {"dataset": "re-laion-5b"}, "none"),
        ("a.parquet", ("URL", "TEXT", "WIDTH", "HEIGHT"), {}, "unsure"),
        ("laion/a.parquet", ("URL", "TEXT"), {}, "unsure"),
        ("a.parquet", ("URL", "TEXT"), {}, "none"),
        ("laion/coyo.parquet", ("id", "url", "text", "width", "height", "image_phash"), {}, "none"),
        ("datacomp.parquet", ("uid", "url", "text", "original_width", "sha256"), {}, "none"),
        ("pd12m.000.parquet", ("id", "url", "caption", "hash", "license"), {}, "none"),
    ],
)  # fmt: skip
def test_lists_are_taken_for_what_they_are(
    name: str, columns: tuple[str, ...], metadata: dict[str, str], suspicion: str
) -> None:
    look = look_at(name, columns, metadata)
    assert look.suspicion == Suspicion(suspicion)
    assert bool(look.why) == (suspicion != "none")
