"""A blob that is damaged or gone is had again: from its twin, or from where it came; and what waited for it lands."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from synsift.pipelines.storage import layout
from tests import warm
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.stages.test_dedupe_and_land import dedupe, land, run
from tests.pipelines.stages.test_fetch import fetch, want
from tests.pipelines.stages.web import SmallWeb, small_web
from tests.pipelines.worlds import PARTITIONS, World, image_url, make_world


@pytest.fixture(scope="module")
def site() -> Iterator[SmallWeb]:
    with small_web() as found:
        yield found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path / "out")


def picture(seed: int) -> bytes:
    return encoded(scene(seed, (160, 120)), "JPEG", quality=85)


def fetched(world: World, site: SmallWeb, seed: int) -> str:
    """Fetch a picture and have it judged; its SHA-256."""
    data = picture(seed)
    want(world, site.serve(f"/mend/{seed}.jpg", data))
    fetch(world)
    run(world, dedupe(world))
    return hashlib.sha256(data).hexdigest()


def rot(folder: Path, name: str) -> None:
    """Flip a bit in its place, as a disk does: its size stays."""
    file = folder / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    with file.open("r+b") as opened:
        opened.write(data)


def verify(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    settings = ["--set", f"log.partitions={PARTITIONS}", "--set", "fetch.allow_networks=127.0.0.0/8"]
    return warm.run(["storage", "verify", "--out", str(folder), *settings, *arguments], env=os.environ)


AGAIN = ("--fetch-again", "--contact", "t@example.org")


def test_a_blob_that_rotted_before_it_landed_is_fetched_again_and_lands(
    world: World, site: SmallWeb, tmp_path: Path
) -> None:
    sha256 = fetched(world, site, 1)
    rot(tmp_path / "out", layout.blob(sha256))
    run(world, land(world))
    assert [letter.outcome for letter in world.letters()] == ["blob_damaged"]
    assert world.paths("candidates/") == []

    found = verify(tmp_path / "out")
    assert found.returncode == 1
    assert layout.blob(sha256) in found.stdout
    assert "storage verify --fetch-again" in found.stderr

    mended = verify(tmp_path / "out", *AGAIN)
    assert mended.returncode == 0, mended.stderr
    assert "1 from their URLs" in mended.stderr
    assert "1 survivor put back" in mended.stderr
    assert world.letters() == []

    run(world, land(world))
    assert world.objects.get(f"candidates/n1/{sha256}.jpg") == picture(1)
    assert world.letters() == []
    assert verify(tmp_path / "out").returncode == 0


def test_what_landed_is_mended_from_its_blob_or_its_url_whether_it_rotted_or_is_gone(
    world: World, site: SmallWeb, tmp_path: Path
) -> None:
    rotten, gone, both = (fetched(world, site, seed) for seed in (2, 3, 4))
    run(world, land(world))
    for sha256 in (rotten, both):  # no hard links any more
        path = f"candidates/n1/{sha256}.jpg"
        data = world.objects.get(path)
        world.objects.delete(path)
        world.objects.put(path, data)
        rot(tmp_path / "out", path)
    world.objects.delete(f"candidates/n1/{gone}.jpg")
    rot(tmp_path / "out", layout.blob(both))
    found = verify(tmp_path / "out")
    assert found.returncode == 1
    assert all(sha256 in found.stdout for sha256 in (rotten, gone, both))

    mended = verify(tmp_path / "out", *AGAIN)
    assert mended.returncode == 0, mended.stderr
    assert "mended 2 images from copies in the store, 1 from their URLs" in mended.stderr
    for seed, sha256 in ((2, rotten), (3, gone), (4, both)):
        assert world.objects.get(f"candidates/n1/{sha256}.jpg") == picture(seed)
    assert world.objects.get(layout.blob(both)) == picture(4)


def test_an_image_that_is_had_again_is_in_the_view_at_once(world: World, site: SmallWeb, tmp_path: Path) -> None:
    """The view was made anew before the image was back: it lacked it, and the next look found that."""
    sha256, _ = fetched(world, site, 9), fetched(world, site, 10)
    run(world, land(world))
    place = ["--out", str(tmp_path / "out"), "--set", f"log.partitions={PARTITIONS}"]
    warm.run(["storage", "compact", *place], env=os.environ, check=True)
    rot(tmp_path / "out", layout.blob(sha256))
    world.objects.delete(f"candidates/n1/{sha256}.jpg")
    mended = verify(tmp_path / "out", *AGAIN)
    assert mended.returncode == 0, mended.stderr
    assert "1 from their URLs" in mended.stderr
    again = verify(tmp_path / "out")
    assert again.returncode == 0, again.stdout


def test_what_a_folder_stands_in_the_way_of_is_named_and_stays_to_be_mended(
    world: World, site: SmallWeb, tmp_path: Path
) -> None:
    sha256 = fetched(world, site, 5)
    blob = tmp_path / "out" / layout.blob(sha256)
    blob.unlink()
    blob.mkdir()
    run(world, land(world))
    assert [letter.outcome for letter in world.letters()] == ["blob_missing"]
    found = verify(tmp_path / "out")
    assert found.returncode == 1
    assert "gone; a survivor that has not landed needs it" in found.stdout
    stuck = verify(tmp_path / "out", *AGAIN)
    assert stuck.returncode == 1
    assert f"{sha256} stays as it is: writing" in stuck.stderr
    assert "Traceback" not in stuck.stderr, stuck.stderr
    blob.rmdir()
    assert verify(tmp_path / "out", *AGAIN).returncode == 0
    run(world, land(world))
    assert world.objects.get(f"candidates/n1/{sha256}.jpg") == picture(5)


def test_a_host_that_wants_to_see_the_landing_page_sees_it_when_an_image_is_mended(
    world: World, site: SmallWeb, tmp_path: Path
) -> None:
    data = picture(5)

    async def protected(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Referer") != "http://page.example/":
            raise web.HTTPForbidden
        return web.Response(body=data)

    site.pages["/mend/5.jpg"] = protected
    record = image_url(site.url("/mend/5.jpg"))
    told = msgspec.structs.replace(record.found_by, landing_page="http://page.example/5", sends_referrer=True)
    world.log.produce([world.router.image_url(msgspec.structs.replace(record, found_by=told))])
    fetch(world)
    run(world, dedupe(world))
    run(world, land(world))
    sha256 = hashlib.sha256(data).hexdigest()
    world.objects.delete(layout.blob(sha256))
    world.objects.delete(f"candidates/n1/{sha256}.jpg")
    mended = verify(tmp_path / "out", *AGAIN)
    assert mended.returncode == 0, mended.stderr
    assert world.objects.get(f"candidates/n1/{sha256}.jpg") == data


def test_another_image_under_the_url_is_never_taken_for_it(world: World, site: SmallWeb, tmp_path: Path) -> None:
    sha256 = fetched(world, site, 5)
    rot(tmp_path / "out", layout.blob(sha256))
    run(world, land(world))
    site.serve("/mend/5.jpg", picture(6))
    before = world.objects.get(layout.blob(sha256))
    kept = verify(tmp_path / "out", *AGAIN)
    assert kept.returncode == 1
    assert f"{sha256} stays as it is: its URL gives another image now" in kept.stderr
    assert world.objects.get(layout.blob(sha256)) == before
    assert [letter.outcome for letter in world.letters()] == ["blob_damaged"]


def test_without_a_contact_nobody_is_asked(world: World, site: SmallWeb, tmp_path: Path) -> None:
    sha256 = fetched(world, site, 7)
    rot(tmp_path / "out", layout.blob(sha256))
    asked = site.asked["/mend/7.jpg"]
    refused = verify(tmp_path / "out", "--fetch-again")
    assert refused.returncode in (1, 2)
    assert "identity.contact" in refused.stderr
    assert "Traceback" not in refused.stderr, refused.stderr
    assert site.asked["/mend/7.jpg"] == asked


def test_provenance_that_says_something_else_than_the_log_is_named_and_written_anew(
    world: World, site: SmallWeb, tmp_path: Path
) -> None:
    """One bit of an author's name or a licence: it is JSON all the same, and of the same image."""
    for seed in (7, 8):
        fetched(world, site, seed)
    run(world, land(world))
    assert verify(tmp_path / "out").returncode == 0
    good = {path: world.objects.get(path) for path in world.paths("candidates/") if path.endswith(".json")}
    for number, (path, data) in enumerate(sorted(good.items())):
        record = msgspec.json.decode(data)
        if number:
            record["candidate"]["found_by"]["licence"] = "CC0-1.0"
        else:
            record["candidate"]["answer"]["fetched_at"] = "2020-01-01T00:00:00Z"
        world.objects.put(path, msgspec.json.encode(record))
    found = verify(tmp_path / "out")
    assert found.returncode == 1
    assert found.stdout.count("it says something else than the log") == 2
    mended = verify(tmp_path / "out", *AGAIN)
    assert mended.returncode == 0, mended.stderr
    assert {path: world.objects.get(path) for path in good} == good
    for path, data in good.items():
        world.objects.put(path, msgspec.json.encode(msgspec.json.decode(data)))  # the same, written otherwise
    assert verify(tmp_path / "out").returncode == 0
