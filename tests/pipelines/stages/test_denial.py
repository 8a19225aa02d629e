"""What must never be kept: nothing of it is written, on any way that it comes."""

import asyncio
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image, ImageOps

from synsift.dedupe import fingerprint
from synsift.dedupe.hash_kinds import hashes_of
from synsift.dedupe.hash_lists import Entry
from synsift.dedupe.reference import Reference
from synsift.pipelines import topics
from synsift.pipelines.decoding.pool import DecoderPool, Limits
from synsift.pipelines.records import Candidate, Duplicate, Fetched, Survivor
from synsift.pipelines.stages.dedupe import DedupeOptions, DedupeStage
from synsift.pipelines.stages.dedupe_state import Judging
from synsift.pipelines.stages.fetch import FetchStage
from synsift.pipelines.storage import layout
from synsift.pipelines.worker import Worker
from tests.dedupe.pictures import encoded
from tests.pipelines.stages.test_fetch import counts, fetch, fetch_stage, letters, picture, want
from tests.pipelines.stages.web import SmallWeb
from tests.pipelines.worlds import World


class BlobsThatTell:
    """The store, and what was written to it."""

    def __init__(self, world: World) -> None:
        self._objects = world.objects
        self.written: list[str] = []

    def put_content(self, path: str, data: bytes) -> bool:
        self.written.append(path)
        return self._objects.put_content(path, data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)


def fetch_without(world: World, deny: Reference) -> list[str]:
    """Fetch with a deny list; what was written."""
    blobs = BlobsThatTell(world)
    like = fetch_stage(world)
    options = replace(like._options, deny=deny)
    decoders = DecoderPool(2, Limits(1_000_000), deny.kinds)
    stage = FetchStage(world.log, world.router, blobs=blobs, decoders=decoders, options=options)
    asyncio.run(Worker(world.log, [stage], until_idle=True).run())
    return blobs.written


def mirrored(data: bytes) -> bytes:
    return encoded(ImageOps.mirror(Image.open(io.BytesIO(data))), "PNG")


@pytest.fixture
def denied(site: SmallWeb, world: World) -> str:
    """A URL whose picture must not be kept, beside one that may."""
    want(world, site.serve("/good.jpg", picture(1)))
    url = site.serve("/bad.png", mirrored(picture(2)))
    want(world, url)
    return url


def test_what_is_near_to_a_denied_picture_is_never_written(site: SmallWeb, world: World, denied: str) -> None:
    written = fetch_without(world, Reference({"bad.jpg": fingerprint(picture(2))}))
    assert written == [layout.blob(fingerprint(picture(1)).sha256)]
    assert not [path for path in world.paths("") if fingerprint(mirrored(picture(2))).sha256 in path]
    assert [found.url for found in world.records(topics.CANDIDATES, Candidate)] == [site.url("/good.jpg")]
    assert letters(world) == [("denied", 1)]
    (letter,) = world.letters()
    assert "bad.jpg" in letter.message
    assert fingerprint(picture(2)).sha256 not in letter.message
    assert counts(world) == {"fetched": 1, "denied": 1}
    # Its URL is known: it isn't asked again, for whatever synset.
    want(world, denied, "n2")
    assert fetch_without(world, Reference({"bad.jpg": fingerprint(picture(2))})) == []
    assert site.asked["/bad.png"] == 1
    assert letters(world) == [("denied", 1), ("denied", 1)]


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256", "phash", "dhash"])
def test_what_is_on_a_list_of_hashes_is_never_written(world: World, denied: str, kind: str) -> None:
    entry = Entry(kind, hashes_of(mirrored(picture(2)), [kind])[kind], "list.csv, line 7")
    assert fetch_without(world, Reference({}, [entry])) == [layout.blob(fingerprint(picture(1)).sha256)]
    assert letters(world) == [("denied", 1)]


def test_a_list_that_grew_denies_what_was_fetched_before_for_one_more_synset(
    site: SmallWeb, world: World, denied: str
) -> None:
    fetch(world)
    assert len(world.records(topics.CANDIDATES, Candidate)) == 2
    want(world, denied, "n2")
    want(world, site.url("/good.jpg"), "n2")
    fetch_without(world, Reference({"bad.jpg": fingerprint(picture(2))}))
    assert [found.url for found in world.records(topics.CANDIDATES, Candidate) if found.wnid == "n2"] == [
        site.url("/good.jpg")
    ]
    assert letters(world) == [("denied", 1)]
    assert [found.image for found in world.records(topics.FETCHED, Fetched) if found.url == denied][-1] is None


def test_candidates_bear_the_hashes_that_lists_ask_for_and_are_judged_by_them(world: World, denied: str) -> None:
    bad = mirrored(picture(2))
    entry = Entry("phash", hashes_of(bad, ["phash"])["phash"], "list.csv, line 7")
    reference = Reference({}, [entry])
    stage = fetch_stage(world)
    stage._decoders = DecoderPool(1, Limits(1_000_000), ("phash", "dhash"))
    asyncio.run(Worker(world.log, [stage], until_idle=True).run())
    for found in world.records(topics.CANDIDATES, Candidate):
        data = world.objects.get(layout.blob(found.image.sha256))
        assert found.image.hashes == {
            kind: digest.hex() for kind, digest in hashes_of(data, ["phash", "dhash"]).items()
        }
    judge = DedupeStage(world.log, world.router, options=DedupeOptions(Judging(lists=reference.lists), 10))
    asyncio.run(Worker(world.log, [judge], until_idle=True).run())
    (duplicate,) = world.records(topics.DUPLICATES, Duplicate)
    assert (duplicate.sha256, duplicate.kind, duplicate.of) == (
        fingerprint(bad).sha256,
        "reference",
        f"phash:{entry.digest.hex()}",
    )
    assert len(world.records(topics.SURVIVORS, Survivor)) == 1
