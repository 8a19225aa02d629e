import re
from pathlib import Path

import msgspec

from synsift.pipelines.errors import NoSuchObject
from synsift.pipelines.records import Duplicate
from synsift.pipelines.report.contact_sheet import Sheet, render
from synsift.pipelines.summary import Group, SynsetCounts
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.worlds import candidate, make_world, stored


def test_a_page_shows_survivors_and_their_copies_with_reasons(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    kept, copy = stored(world, encoded(scene(1), "JPEG")), stored(world, encoded(scene(1), "WEBP"))
    duplicates = [
        Duplicate(wnid="n1", sha256=copy.sha256, of=kept.sha256, kind="near", distance_bits=1, transform="mirrored"),
        Duplicate(wnid="n1", sha256=kept.sha256, of=kept.sha256, kind="exact", candidate=candidate(kept)),
    ]
    groups = {"n1": [Group(candidate(kept), duplicates)]}
    page = render(Sheet("T", "N", {"n1": "dog"}, {"n1": SynsetCounts("n1", {})}, groups), world.objects.get)
    assert page.count("data:image/jpeg;base64,") == 4
    assert "near · 1 bit · mirrored" in page
    assert "exact copy" in page
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


def test_a_picture_that_is_gone_or_broken_leaves_a_gap(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    image = stored(world, encoded(scene(1), "JPEG"))

    def gone(path: str) -> bytes:
        raise NoSuchObject(path)

    for get_blob in (gone, lambda _path: b"no picture"):
        page = render(Sheet("T", "N", {}, {}, {"n1": [Group(candidate(image))]}), get_blob)
        assert "no longer stored" in page
