"""The page of groups, in a real browser."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from PIL import ImageOps

from synsift.dedupe import Clustering, Copy, Fingerprint, Kind, Matcher, Verdict, cluster, fingerprint
from synsift.dedupe import Group as GroupOf
from synsift.pipelines.folders.choices import check, read_choices
from synsift.pipelines.folders.files import Unreadable
from synsift.pipelines.pages.groups import CHUNK, Found, render_groups, split
from tests.chromium import visit
from tests.dedupe.pictures import encoded, scene
from tools.browser import Page

ODD = 'it\'s <b>bold</b> & "100%" #1?\n\x1b[31m\u202egpj.jpg'


def write(folder: Path, files: dict[str, bytes]) -> dict[str, Fingerprint]:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return {str(folder / name): fingerprint(data) for name, data in files.items()}


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Three groups, one of names that no program likes; a picture without copies."""
    folder = tmp_path / "photos"
    images = write(
        folder,
        {
            "1.jpg": encoded(scene(1), "JPEG", quality=95),
            "sub/1 mirrored.webp": encoded(ImageOps.mirror(scene(1)).resize((200, 150)), "WEBP"),
            "sub/1 small.png": encoded(scene(1).resize((160, 120)), "PNG"),
            ODD: encoded(scene(2), "JPEG", quality=95),
            os.fsdecode(b"caf\xe9 \xff.jpg"): encoded(scene(2).resize((200, 150)), "JPEG"),
            "3.jpg": encoded(scene(3), "JPEG"),
            "3 same.jpg": encoded(scene(3), "JPEG"),
            "alone.jpg": encoded(scene(4), "JPEG"),
        },
    )
    return Found(cluster(images), images, {}, [str(folder)])


Draw = Callable[[Found], Path]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    def write_page(found: Found) -> Path:
        page = tmp_path / "copies.html"
        page.write_text("".join(render_groups(found)), encoding="utf-8")
        return page

    return write_page


def file_at(folder: Path, name: str) -> Any:
    return str(folder / name)


def test_all_is_seen_that_is_known_of_a_copy_and_nothing_of_a_name_becomes_markup(found: Found, draw: Draw) -> None:
    async def look(page: Page) -> dict[str, Any]:
        return await page.run(
            """({text: document.querySelector('main').innerText, titles: document.querySelectorAll('[title]').length,
            alts: [...document.images].map(i => i.alt), bold: document.querySelectorAll('b b').length,
            links: [...document.querySelectorAll('a[href^=file]')].map(a => a.getAttribute('href')),
            broken: [...document.images].filter(i => i.complete && !i.naturalWidth).length})"""
        )

    seen = visit(draw(found), look)
    copy = next(path for path in found.images if path.endswith("1 mirrored.webp"))
    for words in (
        "1 mirrored.webp",
        "200×150 WEBP, ",
        "of 256 bits differ, mirrored",
        copy,
        "near copy of the kept copy: ",
        "the same bytes as the kept copy",
    ):
        assert words in seen["text"]
    assert 'it\'s <b>bold</b> & "100%" #1?' in seen["text"]
    assert not {"\x1b", "\u202e"} & set(seen["text"])
    assert (seen["titles"], seen["bold"], seen["broken"]) == (0, 0, 0)
    assert len(seen["alts"]) == 7
    assert all(len(alt) > 20 for alt in seen["alts"])
    paths = {unquote_to_bytes(link.removeprefix("file://")) for link in seen["links"]}
    assert paths == {os.fsencode(path) for path in found.images if not path.endswith("alone.jpg")}


def test_a_link_opens_the_file_whatever_its_name_is(found: Found, draw: Draw) -> None:
    async def follow(page: Page) -> list[str]:
        links = await page.run("[...document.querySelectorAll('a[href^=file]')].map(a => a.href)")
        kinds = []
        for link in links:
            await page.open(link)
            kinds.append(await page.run("document.contentType"))
        return kinds

    kinds = visit(draw(found), follow)
    assert sorted(kinds) == ["image/jpeg"] * 5 + ["image/png", "image/webp"]


def test_choices_are_made_by_keys_alone_and_saved(found: Found, draw: Draw, tmp_path: Path) -> None:
    async def choose(page: Page) -> bytes:
        for key in "j2jj0s":
            await page.press(key)
        assert await page.run("document.activeElement.value") == "all"
        assert "you decided about 2 groups" in await page.run("document.getElementById('state').innerText")
        assert "--apply choices.json" in await page.run("document.getElementById('next').innerText")
        return await page.downloaded("choices.json")

    saved = tmp_path / "choices.json"
    saved.write_bytes(visit(draw(found), choose))
    groups = [group for group in read_choices(saved).groups if group.move or len(group.keep) > 1]
    folder = tmp_path / "photos"
    drawn = [group for group in found.clustering.groups if group.copies]
    assert [len(group.keep) for group in groups] == [1, 1, 2 if len(drawn[2].copies) == 1 else 3]
    assert groups[0].keep[0].path == drawn[0].copies[0].name
    assert groups[1].keep[0].path == drawn[1].name
    assert groups[2].move == []
    checked = check(read_choices(saved))
    assert checked.left_alone == []
    assert file_at(folder, "alone.jpg") in checked.keeps


@pytest.mark.parametrize("phone", [False, True])
def test_what_comes_after_saving_is_seen_wherever_the_page_stands(found: Found, draw: Draw, phone: bool) -> None:
    script = """(() => { const box = document.querySelector('.toast').getBoundingClientRect();
      return [document.getElementById('next').innerText, box.top >= 0 && box.bottom <= innerHeight,
        document.documentElement.scrollWidth <= innerWidth, scrollY > 0]; })()"""

    async def save(page: Page) -> list[list[Any]]:
        await page.run("document.getElementById('unreadable').scrollIntoView({block: 'end'})")
        await page.press("s")
        seen = [await page.run(script)]
        await page.run("document.getElementById('script').click()")
        seen.append(await page.run(script))
        await page.run("document.querySelector('.toast button').click()")
        return [*seen, await page.run("[document.getElementById('next').innerText]")]

    unreadable = [Unreadable(f"cut <b>{number}.jpg", "truncated_image", "it ends early") for number in range(40)]
    page = draw(replace(found, unreadable=unreadable))
    by_choices, by_script, closed = visit(page, save, width_px=390 if phone else 1280, phone=phone)
    for words, *seen in (by_choices, by_script):
        assert "browser saves downloads" in words
        assert seen == [True, True, True]
    assert "synsift dedupe --apply choices.json --move DIR" in by_choices[0]
    assert "sh move-copies.sh FOLDER" in by_script[0]
    assert closed == [""]


def test_what_a_copy_is_a_copy_of_follows_the_choice(tmp_path: Path, draw: Draw) -> None:
    small = encoded(scene(1).resize((160, 120)), "JPEG")
    best = encoded(scene(1), "PNG")
    images = write(
        tmp_path / "photos", {"best.png": best, "a/small.jpg": small, "b/small.jpg": small, "twin.jpg": small}
    )
    page = draw(Found(cluster(images), images, {}, ["photos"]))

    async def choose(page: Page) -> list[list[str]]:
        script = "[...document.querySelectorAll('.reason')].map(p => p.textContent)"
        assert await page.run(
            "[...document.images].every(i => i.alt.includes(i.closest('figure').innerText.match(/copy.*/)[0]))"
        )
        seen = [await page.run(script)]
        for keys in ("j2", "4", "0"):
            for key in keys:
                await page.press(key)
            seen.append(await page.run(script))
        return seen

    best_kept, second, fourth, everything = visit(page, choose)
    path = str(tmp_path / "photos/a/small.jpg")
    best_one = "the best copy: colours, real detail, no border, less compression"
    assert best_kept[0] == best_one
    assert best_kept[1].startswith("near copy of the kept copy: ")
    assert best_kept[2:] == [f"the same bytes as {path}"] * 2
    assert second[1].startswith("near copy of best.png: ")
    assert second[2:] == ["the same bytes as the kept copy"] * 2
    assert fourth[2:] == ["the same bytes as the kept copy", f"the same bytes as {path}"]
    assert everything[1].startswith("near copy of best.png: ")


def test_files_that_could_not_be_read_are_named_with_their_reason(found: Found, draw: Draw) -> None:
    unreadable = [Unreadable("photos/cut <b>.jpg", "truncated_image", "it ends early")]

    async def read(page: Page) -> str:
        return await page.run("document.body.innerText")

    words = visit(draw(replace(found, unreadable=unreadable)), read)
    assert "1 file could not be read." in words
    assert "photos/cut <b>.jpg: truncated image: it ends early" in words
    alone = Found(cluster({}), {}, {}, ["one"], unreadable)
    assert "photos/cut <b>.jpg" in visit(draw(alone), read)


def test_on_a_phone_the_tools_take_two_rows_or_three(found: Found, draw: Draw) -> None:
    async def measure(page: Page) -> list[Any]:
        return await page.run(
            """[...document.querySelectorAll('#search, #sort, #script, #json')].map(e => e.getBoundingClientRect())
            .map(box => [Math.round(box.top), Math.round(box.height)])"""
        )

    search, sort, script, choices = visit(draw(found), measure, width_px=390, phone=True)
    assert search == sort
    assert script == choices
    assert script[0] - search[0] < 60


def test_arrows_change_the_choice_as_radio_buttons_do_and_it_outlasts_a_reload(found: Found, draw: Draw) -> None:
    async def choose(page: Page) -> list[str]:
        await page.press("j")
        await page.press("ArrowRight")
        url = await page.run("location.href")
        await page.open(url)
        return await page.run("[...document.querySelectorAll('input:checked')].map(i => i.value)")

    assert visit(draw(found), choose) == ["1", "0", "0"]


def test_on_a_phone_a_touch_chooses_and_nothing_is_wider_than_the_screen(found: Found, draw: Draw) -> None:
    async def choose(page: Page) -> tuple[int, str]:
        await page.tap(".group:nth-child(2) figure:nth-child(2) .picture")
        width = await page.run("document.documentElement.scrollWidth")
        return width, await page.run("document.querySelector('.group:nth-child(2) input:checked').value")

    assert visit(draw(found), choose, width_px=390, phone=True) == (390, "1")


def test_every_control_has_a_name_and_every_group_is_one_for_a_screen_reader(found: Found, draw: Draw) -> None:
    async def listen(page: Page) -> list[tuple[str, str]]:
        nodes = (await page.ask("Accessibility.getFullAXTree"))["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored")
        ]

    heard = visit(draw(found), listen)
    roles = {"radio", "button", "link", "image", "searchbox", "combobox", "radiogroup"}
    assert [pair for pair in heard if pair[0] in roles and not pair[1].strip()] == []
    groups = [name for role, name in heard if role == "radiogroup"]
    assert [name.split(" ")[:2] for name in groups] == [["Group", "1"], ["Group", "2"], ["Group", "3"]]


def test_its_words_stand_out_from_the_ground_in_the_light_and_in_the_dark(found: Found, draw: Draw) -> None:
    script = """(() => {
      const light = (c) => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255).map(x =>
        x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
      const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!c.endsWith(', 0)')) return c; } return 'rgb(255, 255, 255)'; };
      return [...document.querySelectorAll('body *')].filter(e => e.offsetParent && !e.matches(':disabled, option')
        && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => {
        const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
        return [(a + 0.05) / (b + 0.05), e.outerHTML.slice(0, 80)]; }).filter(([contrast]) => contrast < 4.5); })()"""

    async def look(page: Page) -> list[Any]:
        faint = await page.run(script)
        await page.look(width_px=1280, height_px=844, dark=True)
        return faint + await page.run(script)

    assert visit(draw(found), look) == []


def test_the_script_that_is_saved_moves_what_was_chosen_and_nothing_that_has_changed(
    found: Found, draw: Draw, tmp_path: Path
) -> None:
    async def save(page: Page) -> bytes:
        await page.run("document.getElementById('script').click()")
        return await page.downloaded("move-copies.sh")

    script, target = tmp_path / "move it.sh", tmp_path / "the copies"
    script.write_bytes(visit(draw(found), save))
    drawn = [group for group in found.clustering.groups if group.copies]
    changed = next(group for group in drawn if group.name.endswith("1.jpg"))
    Path(changed.name).write_bytes(b"another")
    shell = shutil.which("dash") or "sh"
    done = subprocess.run([shell, script, target], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"left alone, as it has changed or is gone: " + os.fsencode(changed.name) in done.stderr
    moved = {copy.name for group in drawn if group is not changed for copy in group.copies}
    assert {path for path in found.images if not os.path.lexists(path)} == moved
    assert len(list(target.iterdir())) == len(moved) == 2
    assert {fingerprint(path.read_bytes()).sha256 for path in target.iterdir()} == {
        found.images[path].sha256 for path in moved
    }


def test_five_hundred_groups_come_in_pages_with_their_own_pictures(tmp_path: Path, draw: Draw) -> None:
    data = [encoded(scene(number, (32, 24)), "PNG") for number in range(7)]
    base = [fingerprint(one) for one in data]
    images, groups = {}, []
    for number in range(500):
        names = [str(tmp_path / f"{number:03d}-{copy}.png") for copy in range(2)]
        for name in names:
            Path(name).write_bytes(data[number % 7])
            images[name] = base[number % 7]
        groups.append(
            GroupOf(names[0], [Copy(names[1], Verdict(Kind.EXACT, of=base[number % 7].sha256, distance_bits=0))])
        )
    page = draw(Found(Clustering(groups, []), images, {}, [str(tmp_path)]))
    pictures = """Promise.all([...document.images].map(i => { i.loading = 'eager'; return i.decode(); })).then(() =>
      [...document.images].map(i => i.src.length))"""

    async def leaf(page: Page) -> tuple[list[str], set[str], int]:
        where, first = [], set()
        while True:
            where.append(await page.run("document.getElementById('where').innerText"))
            first.add(await page.run("document.querySelector('figcaption b').innerText"))
            lengths = await page.run(pictures)
            assert min(lengths) > 100
            if await page.run("document.getElementById('forth').disabled"):
                break
            await page.press("n")
        await page.run(
            "Object.assign(document.getElementById('search'), {value: '321-'}).dispatchEvent(new Event('input'))"
        )
        return where, first, await page.run("document.querySelectorAll('.group').length")

    where, first, matching = visit(page, leaf)
    assert where == [f"Page {number} of 13" for number in range(1, 14)]
    assert first == {f"{40 * number:03d}-0.png" for number in range(13)}
    assert matching == 1
    assert page.read_text().count('id="pictures-') == -(-1000 // CHUNK)


def test_what_is_near_to_a_reference_moves_unless_it_is_kept(tmp_path: Path, draw: Draw) -> None:
    images = write(tmp_path / "new", {"a.jpg": encoded(scene(1), "JPEG"), "b.jpg": encoded(scene(2), "JPEG")})
    known = fingerprint(encoded(scene(1).resize((200, 150)), "PNG"))
    clustering = cluster(images, reference=Matcher.of_reference([known]))
    page = draw(Found(clustering, images, {known.sha256: "test/<i>1.png"}, [str(tmp_path / "new")]))

    async def save(page: Page) -> tuple[str, bytes]:
        await page.press("s")
        return await page.run("document.querySelector('.group').innerText"), await page.downloaded("choices.json")

    words, saved = visit(page, save)
    assert "of the reference test/<i>1.png" in words
    (tmp_path / "choices.json").write_bytes(saved)
    moves = check(read_choices(tmp_path / "choices.json")).moves
    assert moves == [(str(tmp_path / "new" / "a.jpg"), "test/<i>1.png")]


def test_without_copies_it_says_so(tmp_path: Path, draw: Draw) -> None:
    images = write(tmp_path / "one", {"a.jpg": encoded(scene(1), "JPEG")})

    async def read(page: Page) -> str:
        return await page.run("document.body.innerText")

    assert "No copies" in visit(draw(Found(cluster(images), images, {}, ["one"])), read)


def test_a_picture_that_is_gone_says_so(found: Found, draw: Draw) -> None:
    for path in found.images:
        os.unlink(path)

    async def read(page: Page) -> int:
        return await page.run("document.querySelectorAll('.missing').length")

    assert visit(draw(found), read) == 7


def test_the_data_can_not_end_its_element(tmp_path: Path) -> None:
    images = write(
        tmp_path / "</script><script>alert(1)<",
        {"1.jpg": encoded(scene(1), "JPEG"), "2.jpg": encoded(scene(1), "JPEG")},
    )
    page = "".join(render_groups(Found(cluster(images), images, {}, [str(tmp_path)])))
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert json.loads(page.partition('id="data">')[2].partition("</script>")[0])["groups"]


def test_what_is_too_much_for_one_file_is_cut_between_groups_and_nothing_is_lost(found: Found) -> None:
    parts = split(found, "copies.html", most=4)
    assert [part.parts for part in parts] == [["copies.html", "copies-2.html"]] * 2
    whole = [group for part in parts for group in part.clustering.groups]
    assert whole == found.clustering.groups
    assert all(sum(1 + len(group.copies) for group in part.clustering.groups if group.copies) <= 4 for part in parts)
    data = []
    for part in parts:
        page = "".join(render_groups(part))
        data.append(json.loads(page.partition('id="data">')[2].partition("</script>")[0]))
        assert 'href="copies' in page
    assert len({one["id"] for one in data}) == 2
    assert sum(len(one["groups"]) for one in data) == 3
    assert sum(len(one["singles"]) for one in data) == 1
    assert split(found, "copies.html", most=100) == [found]
