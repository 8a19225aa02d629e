"""The source against a real MediaWiki, with the search that most wikis have."""

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.services import MissingComponent, running
from deploy.local.wiki import Wiki
from synsift.crawler.sources import CommonsSource, FoundImage, PageQuery, Reject, SourceAnswer
from tests.conftest import RunCli, missing
from tests.dedupe.pictures import encoded, scene

WORDS = ("whippet", "tabby cat", "kettle")
KINDS = {"jpg": "JPEG", "png": "PNG", "bmp": "BMP", "gif": "GIF", "webp": "WEBP"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4"/></svg>'


def upload(folder: Path, name: str, body: bytes, text: str) -> None:
    (folder / name).write_bytes(body)
    (folder / name).with_suffix(".txt").write_text(text)


def fill(folder: Path) -> None:
    """Ten pictures of each word, in all kinds of files, and what else may stand on a wiki."""
    for number, word in enumerate(WORDS):
        for n in range(10):
            kind = list(KINDS)[n % len(KINDS)]
            picture = encoded(scene(10 * number + n, (900, 675)), KINDS[kind])
            upload(folder, f"{word.title()} no {n}.{kind}", picture, f"A {word} in the garden, by Ann Example.")
    upload(folder, "Drawing.svg", SVG.encode(), "A drawing of a whippet.")
    upload(folder, "Book.pdf", b"%PDF-1.4\n%%EOF\n", "A book about the whippet.")
    upload(folder, "Panorama.jpg", encoded(scene(77, (3000, 300)), "JPEG"), "A race of the whippet, from end to end.")
    upload(folder, 'Café "noir" & 100% + 猫.jpg'.replace('"', "'"), encoded(scene(78), "JPEG"), "A kettle of odd name.")


@pytest.fixture(scope="module")
def wiki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiki]:
    pictures = tmp_path_factory.mktemp("pictures")
    fill(pictures)
    try:
        found = Wiki(tmp_path_factory.mktemp("wiki"))
    except MissingComponent as exc:
        missing(str(exc))
    found.import_files(pictures)
    with running(found.service):
        yield found


class Answers:
    """All pages of a query together."""

    def __init__(self) -> None:
        self.images: list[FoundImage] = []
        self.rejects: list[Reject] = []
        self.left_out: Counter[str] = Counter()
        self.pages = 0


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - the wiki on loopback
        return bytes(answer.read())


def ask(wiki: Wiki, text: str, *, width_px: int = 480, page_size: int = 50) -> Answers:
    source = CommonsSource(api_url=wiki.api_url, width_px=width_px, page_size=page_size)
    first = source.introduction()
    assert first is not None
    source.introduce(SourceAnswer(get(first.url)))
    found, cursor = Answers(), ""
    while True:
        query = PageQuery(source="commons", text=text, lang="en", cursor=cursor, page=found.pages, wnid="n1")
        page = source.page(query, SourceAnswer(get(source.request(query).url)))
        found.images += page.images
        found.rejects += page.rejects
        found.left_out.update(page.left_out)
        found.pages += 1
        cursor = page.next_cursor
        if not cursor:
            return found


@pytest.mark.parametrize(("word", "number"), [("whippet", 11), ("tabby cat", 10), ("kettle", 11), ("sundial", 0)])
def test_a_wiki_with_its_own_search_shows_all_that_it_has(wiki: Wiki, word: str, number: int) -> None:
    found = ask(wiki, word, page_size=4)
    assert len({image.url for image in found.images}) == number
    assert not found.rejects


def test_what_is_no_picture_is_counted(wiki: Wiki) -> None:
    assert ask(wiki, "whippet").left_out == {"drawings": 1, "documents": 1}


def test_all_files_can_be_had_where_the_source_says_that_they_are(wiki: Wiki) -> None:
    for image in [*ask(wiki, "kettle").images, *ask(wiki, "whippet", width_px=0).images]:
        assert len(get(image.url)) > 300
        assert image.landing_page.startswith("http://")
        assert image.content_id.startswith("sha1:")


def test_an_answer_that_was_too_long_for_the_wiki_comes_in_pieces_and_no_file_twice(wiki: Wiki) -> None:
    whole = Counter(image.url for image in ask(wiki, "whippet", page_size=8).images)
    assert len(whole) == 11
    wiki.set("$wgAPIMaxResultSize = 2000;")
    try:
        found = ask(wiki, "whippet", page_size=8)
    finally:
        wiki.set("$wgAPIMaxResultSize = 8388608;")
    assert found.pages > 4, "no answer was too long: this tests nothing"
    assert Counter(image.url for image in found.images) == whole
    assert (found.rejects, found.left_out) == ([], {"drawings": 1, "documents": 1})


def test_a_panorama_is_had_as_it_is_and_other_files_in_the_width_that_was_asked_for(wiki: Wiki) -> None:
    shown = {image.title: image for image in ask(wiki, "whippet").images}
    panorama = shown["Panorama.jpg"]
    assert panorama.url.endswith("/Panorama.jpg")
    assert "width" not in panorama.content_id
    assert "/thumb/" in shown["Whippet no 0.jpg"].url
    assert shown["Whippet no 0.jpg"].content_id.endswith(";width=480")


def test_a_crawl_of_a_wiki_gets_all_of_its_pictures(wiki: Wiki, cli: RunCli, tmp_path: Path) -> None:
    options = {
        "sources.commons.api_url": wiki.api_url,
        "sources.commons.width_px": 480,
        "search.delay_s": 0.0,
        "search.allow_networks": ["127.0.0.0/8"],
        "fetch.delay_s": 0.0,
        "fetch.allow_networks": ["127.0.0.0/8"],
        "identity.contact": "a@b.example",
    }
    crawl = ("crawl", "n02091134", "--langs", "en", "--format", "jsonl", "--out", str(tmp_path / "out"))
    done = cli(*crawl, options=options)
    assert done.returncode == 0, done.stderr
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (row["fetched"], row["refused"], row["landed"]) == (11, 0, 11)
    assert row["left_out"] == {"drawings": 1, "documents": 1}


def test_the_server_is_one_process_that_ends_with_its_parent(wiki: Wiki) -> None:
    assert wiki.service.process is not None
    pid = wiki.service.process.pid
    get(wiki.api_url + "?action=query&format=json")
    assert Path(f"/proc/{pid}/task/{pid}/children").read_text() == "", "nothing would end these"
