import re
from pathlib import Path
from typing import Any

import msgspec

from synsift.pipelines.errors import NoSuchObject
from synsift.pipelines.pages.contact_sheet import MAX_PER_GROUP, Sheet, render
from synsift.pipelines.records import Duplicate
from synsift.pipelines.summary import Group, SynsetCounts
from tests.chromium import visit
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import candidate, make_world, stored
from tools.browser import Page


def test_a_page_shows_survivors_and_their_copies_with_reasons(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    kept, copy = stored(world, encoded(scene(1), "JPEG")), stored(world, encoded(scene(1), "WEBP"))
    duplicates = [
        Duplicate(wnid="n1", sha256=copy.sha256, of=kept.sha256, kind="near", distance_bits=1, transform="mirrored"),
        Duplicate(wnid="n1", sha256=kept.sha256, of=kept.sha256, kind="exact", candidate=candidate(kept)),
    ]
    groups = {"n1": [Group(candidate(kept), duplicates)]}
    page = render(Sheet("T", "N", {"n1": "dog"}, {"n1": SynsetCounts("n1", {})}, groups), world.objects.get)
    assert page.count("data:image/webp;base64,") == 4
    assert "near copy: 1 of 256 bits differ, mirrored" in page
    assert "exact copy" in page
    assert "title=" not in page
    assert re.search(r"dog <small>n1</small>", page)


def test_what_comes_from_the_web_cannot_act_on_the_page(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    evil = '"><script>alert(1)</script>'
    image = stored(world, encoded(scene(1), "JPEG"))
    found = candidate(image)
    found_by = msgspec.structs.replace(
        found.found_by, title=evil, author=evil, licence=evil, landing_page="javascript:alert(1)"
    )
    shown = msgspec.structs.replace(found, url=f"http://a/{evil}", found_by=found_by)
    page = render(Sheet(evil, evil, {"n1": evil}, {}, {"n1": [Group(shown)]}), world.objects.get)
    assert "<script" not in page
    assert "javascript:" not in page
    assert "default-src 'none'" in page


def test_it_says_whose_each_picture_is_and_leads_there(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    found = candidate(stored(world, encoded(scene(1), "PNG")), url="https://up.example/1.png")
    found_by = msgspec.structs.replace(
        found.found_by,
        title="A dog & a cat",
        author="Ann <Other>",
        licence="CC BY 4.0",
        licence_url="https://cc.example/by",
        landing_page="https://wiki.example/File:1",
    )
    shown = msgspec.structs.replace(found, found_by=found_by)
    target = tmp_path / "report.html"
    target.write_text(render(Sheet("T", "N", {}, {}, {"n1": [Group(shown)]}), world.objects.get), encoding="utf-8")

    async def look(page: Page) -> Any:
        return await page.run(
            """({text: document.querySelector('figcaption').innerText, alt: document.images[0].alt,
            links: [...document.querySelectorAll('figure a')].map(a => a.href),
            width: document.documentElement.scrollWidth})"""
        )

    seen = visit(target, look, width_px=390, phone=True)
    for words in ("A dog & a cat", "by Ann <Other>", "CC BY 4.0", "320×240 PNG, ", "on up.example"):
        assert words in seen["text"]
    assert seen["alt"].startswith("A dog & a cat, 320×240 PNG")
    assert set(seen["links"]) == {found_by.landing_page, found_by.licence_url, shown.url}
    assert seen["width"] == 390


def test_a_picture_that_is_gone_or_broken_leaves_a_gap(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    image = stored(world, encoded(scene(1), "JPEG"))

    def gone(path: str) -> bytes:
        raise NoSuchObject(path)

    for get_blob in (gone, lambda _path: b"no picture"):
        page = render(Sheet("T", "N", {}, {}, {"n1": [Group(candidate(image))]}), get_blob)
        assert "no longer stored" in page


def test_a_picture_that_was_found_ten_thousand_times_does_not_fill_the_page(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    kept = stored(world, encoded(scene(1), "JPEG"))
    copy = Duplicate(wnid="n1", sha256=kept.sha256, of=kept.sha256, kind="exact", candidate=candidate(kept))
    page = render(Sheet("T", "N", {}, {}, {"n1": [Group(candidate(kept), [copy] * 10_000)]}), world.objects.get)
    assert page.count("<figure") == 1 + MAX_PER_GROUP + 1
    assert f"and {10_000 - MAX_PER_GROUP:,} more, in the store" in page
