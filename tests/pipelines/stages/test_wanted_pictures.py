"""Pictures that nobody wants are named, and nothing of them is kept; landing pages are told where that is asked for."""

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from synsift.crawler.sources import UrlListSource
from synsift.crawler.sources.base import PageQuery
from synsift.dedupe import ImageError, fingerprint
from synsift.pipelines import topics
from synsift.pipelines.records import Candidate
from synsift.pipelines.stages.wanted_pictures import WantedPictures
from synsift.pipelines.worker import Worker
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.stages.test_fetch import fetch, fetch_stage
from tests.pipelines.stages.web import SmallWeb
from tests.pipelines.worlds import World, image_url


@pytest.mark.parametrize(
    ("size", "form", "outcome"),
    [
        ((64, 64), "JPEG", ""),
        ((63, 200), "JPEG", "too_small"),
        ((200, 63), "PNG", "too_small"),
        ((256, 64), "JPEG", ""),
        ((64, 256), "JPEG", ""),
        ((257, 64), "JPEG", "too_long"),
        ((80, 80), "GIF", "unwanted_format"),
        ((1, 1), "GIF", "unwanted_format"),
    ],
)
def test_a_picture_is_wanted_by_its_sides_and_its_format(size: tuple[int, int], form: str, outcome: str) -> None:
    wanted = WantedPictures(64, 4.0, ("JPEG", "PNG"))
    found = fingerprint(encoded(scene(1, size), form))
    if not outcome:
        wanted.check(found)
        return
    with pytest.raises(ImageError) as caught:
        wanted.check(found)
    assert caught.value.outcome == outcome


def test_by_default_all_that_can_be_decoded_is_wanted() -> None:
    WantedPictures().check(fingerprint(encoded(scene(1, (3, 300)), "GIF")))


def test_what_is_too_small_is_a_dead_letter_that_says_so_and_no_blob(site: SmallWeb, world: World) -> None:
    url = site.serve("/pixel.png", encoded(scene(1, (20, 200)), "PNG"))
    world.log.produce([world.router.image_url(image_url(url))])
    stage = fetch_stage(world)
    stage._options = replace(stage._options, pictures=WantedPictures(64))
    asyncio.run(Worker(world.log, [stage], until_idle=True, rest_s=20).run())
    (letter,) = world.letters()
    assert (letter.outcome, letter.attempts) == ("too_small", 1)
    assert letter.message == "20×200 pixels, and fetch.min_side_px is 64"
    assert world.paths("blobs") == []


@pytest.mark.parametrize(("is_told", "told"), [(True, "http://page.example/"), (False, None)])
def test_a_host_is_told_the_landing_page_where_that_is_asked_for(
    site: SmallWeb, world: World, is_told: bool, told: str | None
) -> None:
    seen: list[str | None] = []

    async def protected(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.get("Referer"))
        if "page.example" not in (seen[-1] or ""):
            raise web.HTTPForbidden
        return web.Response(body=encoded(scene(1, (160, 120)), "JPEG"))

    site.pages["/a.jpg"] = protected
    record = image_url(site.url("/a.jpg"))
    found_by = msgspec.structs.replace(
        record.found_by, landing_page="http://page.example/gallery?key=1", sends_referrer=is_told
    )
    world.log.produce([world.router.image_url(msgspec.structs.replace(record, found_by=found_by))])
    fetch(world)
    assert seen == [told]
    assert len(world.records(topics.CANDIDATES, Candidate)) == int(is_told)
    assert [letter.outcome for letter in world.letters()] == ([] if is_told else ["forbidden"])


@pytest.mark.parametrize("asked", [True, False])
def test_a_list_says_whether_its_landing_pages_are_told(tmp_path: Path, asked: bool) -> None:
    path = tmp_path / "list.csv"
    path.write_text("url,landing_page\nhttp://h/a.jpg,http://page.example/a\nhttp://h/b.jpg,\n")
    query = PageQuery("urls", str(path), "en", "", 0, "n1")
    source = UrlListSource(referer=asked)
    page = source.read(query)
    source.close()
    assert [image.sends_referrer for image in page.images] == [asked, False]
