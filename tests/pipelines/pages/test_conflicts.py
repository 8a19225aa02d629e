"""The page of pictures under two synsets: what each is, and where it is from; nothing of the web acts on it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from synsift.pipelines.pages.conflicts import render_conflicts
from synsift.pipelines.pairs import Place, Tie, pair_id
from synsift.pipelines.records import Candidate, Conflict
from tests.chromium import visit
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import World, candidate, make_world, stored
from tools.browser import Page

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def conflict(one: Place, other: Place) -> Conflict:
    return Conflict(
        id=pair_id(one, other),
        wnid=one[0],
        sha256=one[1],
        other_wnid=other[0],
        other_sha256=other[1],
        kind="near",
        tie=str(Tie.DISJOINT),
        score=0.98,
    )


def page_of(world: World, urls: tuple[str, str], described: Mapping[str, tuple[str, str]]) -> str:
    images = [stored(world, encoded(scene(1, size), "JPEG")) for size in ((640, 480), (320, 240))]
    made = zip(images, ("n1", "n2"), urls, strict=True)
    found: list[Candidate] = [candidate(image, wnid, url) for image, wnid, url in made]
    origins = {(each.wnid, each.image.sha256): each for each in found}
    one, other = origins
    return "".join(render_conflicts([conflict(one, other)], described, origins, world.objects.get))


def test_each_picture_says_its_size_and_leads_to_where_it_is_from(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    long = "https://up.example/" + "a" * 3_000 + ".jpg?b=1&c=2"
    (tmp_path / "page.html").write_text(page_of(world, ("http://a.example/1.jpg", long), {"n1": ("dog", "an animal")}))

    async def look(page: Page) -> None:
        facts = await page.run("[...document.querySelectorAll('figcaption')].map(each => each.innerText)")
        assert "640×480 JPEG, " in facts[0]
        assert "http://a.example/1.jpg" in facts[0]
        assert "320×240 JPEG, " in facts[1]
        assert len(facts[1]) < 300
        links = await page.run("[...document.querySelectorAll('figcaption a')].map(each => [each.href, each.rel])")
        assert links == [["http://a.example/1.jpg", "noreferrer noopener"], [long, "noreferrer noopener"]]
        assert await page.run("document.documentElement.scrollWidth <= innerWidth")

    visit(tmp_path / "page.html", look)
    visit(tmp_path / "page.html", look, width_px=390, phone=True)


@pytest.mark.parametrize(
    "url",
    [
        f"http://a.example/{EVIL}",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "\x01javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "http://[",
        "http://a.example/' onmouseover='alert(1)",
        "http://a.example/\u202egpj.exe",
    ],
)
def test_what_comes_from_the_web_cannot_act_on_the_page(tmp_path: Path, url: str) -> None:
    world = make_world(tmp_path)
    (tmp_path / "page.html").write_text(page_of(world, (url, url), {"n1": (EVIL, EVIL)}))

    async def look(page: Page) -> None:
        assert await page.run("document.querySelectorAll('script, figcaption img').length") == 0
        assert await page.run("document.querySelectorAll('figure').length") == 2
        scheme = "[...document.links].every(each => ['http:', 'https:'].includes(each.protocol))"
        assert await page.run(scheme)
        on = "each.getAttributeNames().some(name => name.startsWith('on'))"
        assert not await page.run(f"[...document.querySelectorAll('*')].some(each => {on})")

    visit(tmp_path / "page.html", look)


def test_a_picture_whose_origin_or_file_is_gone_is_shown_without(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    one, other = ("n1", "a" * 64), ("n2", "b" * 64)
    page = "".join(render_conflicts([conflict(one, other)], {}, {}, world.objects.get))
    assert page.count("no picture can be made of it") == 2
    assert "<a " not in page
