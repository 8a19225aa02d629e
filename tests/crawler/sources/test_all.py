"""Every source of synsift's own: what it sends, what it reads, what its owner says is wrong."""

import dataclasses
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from synsift.crawler.errors import SourceBusy, SourceError, SourceRefused, SourceSpent
from synsift.crawler.queries import Rule, SynsetQuery
from synsift.crawler.secret import Secret
from synsift.crawler.sources.base import ExplainingSource, FoundImage, LocalSource, PageQuery, SourceAnswer
from synsift.crawler.sources.registry import BUILT_IN
from synsift.pipelines.topics import host_of
from synsift.testing import Recorded, problems_of
from tests.crawler.sources.kept import ANSWERS, SPECIES

KEY = "a-key-for-the-tests"
ASKED = sorted(name for name, found in BUILT_IN.items() if not hasattr(found, "read"))


def made(name: str, **settings: Any) -> Any:
    """A source as configured by who has a key."""
    about = BUILT_IN[name].about  # type: ignore[attr-defined]
    key = {about.key: Secret(KEY)} if about.key else {}
    return BUILT_IN[name](**key | settings)


def page(name: str, number: int, **settings: Any) -> Any:
    recorded = ANSWERS[name][number]
    return made(name, **settings).page(recorded.query(name), recorded.answer())


def asked(name: str, text: str = "kettle", cursor: str = "", lang: str = "en", **settings: Any) -> dict[str, str]:
    url = made(name, **settings).request(PageQuery(name, text, lang, cursor, 0, "n1")).url
    return {key: values[-1] for key, values in parse_qs(urlsplit(url).query).items()}


def test_there_are_answers_of_every_source() -> None:
    assert sorted(ANSWERS) == ASKED


@pytest.mark.parametrize("name", ASKED)
def test_it_keeps_to_what_sources_promise(name: str) -> None:
    assert problems_of(made(name), ANSWERS[name], mutations=200) == []


@pytest.mark.parametrize("name", ASKED)
def test_a_key_is_seen_by_nobody(name: str) -> None:
    source = made(name)
    assert KEY not in repr(source)
    for recorded in ANSWERS[name]:
        request = source.request(recorded.query(name))
        assert KEY not in str(request.headers)


IMAGES = {
    "openverse": FoundImage(
        "https://img.example/77_b.jpg",
        "https://photos.example/p/77",
        "Red kettle",
        "A. Maker",
        "CC BY-SA 2.0",
        "https://creativecommons.org/licenses/by-sa/2.0/",
    ),
    "flickr": FoundImage(
        "https://live.example/50000000001_b.jpg",
        "https://www.flickr.com/photos/12345678@N00/50000000001",
        "Tin kettle",
        "Somebody",
        "CC BY 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "inaturalist": FoundImage(
        "https://inaturalist-open-data.s3.amazonaws.com/photos/7700/large.jpg",
        "https://www.inaturalist.org/observations/900001",
        SPECIES,
        "(c) walker, some rights reserved (CC BY)",
        "CC BY",
        content_id="inaturalist:7700;large",
    ),
    "gbif": FoundImage(
        "https://inaturalist-open-data.s3.amazonaws.com/photos/7700/original.jpg",
        "https://obs.example/photos/7",
        f"{SPECIES} L.",
        "R. Walker",
        "CC BY 4.0",
        "http://creativecommons.org/licenses/by/4.0/",
        content_id="inaturalist:7700;original",
    ),
    "europeana": FoundImage(
        "https://museum.example/full/kettle.jpg",
        "https://museum.example/obj/1",
        "Blue kettle",
        "Potter X",
        "Public Domain Mark 1.0",
        "http://creativecommons.org/publicdomain/mark/1.0/",
    ),
    "wikipedia": FoundImage(
        "https://upload.example/thumb/1280px-Grey_kettle.jpg",
        "https://commons.example/wiki/File:Grey_kettle.jpg",
        "Grey kettle.jpg",
        "P. Person",
        "CC BY-SA 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0",
        content_id=f"sha1:{'0' * 40};width=1280",
    ),
    "wikidata": FoundImage(
        "https://upload.example/thumb/1280px-Grey_kettle.jpg",
        "https://commons.example/wiki/File:Grey_kettle.jpg",
        "Grey kettle.jpg",
        "P. Person",
        "CC BY-SA 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0",
        content_id=f"sha1:{'0' * 40};width=1280",
    ),
    "archive": FoundImage(
        "https://archive.org/download/ex-img-1/front%20page.jpg",
        "https://archive.org/details/ex-img-1",
        "Old kettle",
        "Studio Z",
        "Public Domain Mark 1.0",
        "https://creativecommons.org/publicdomain/mark/1.0/",
        content_id=f"sha1:{'1' * 40}",
    ),
    "met": FoundImage(
        "https://images.example/o/1.jpg",
        "https://www.metmuseum.org/art/collection/search/1",
        "Kettle",
        "",
        "CC0 1.0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    "smithsonian": FoundImage(
        "https://ids.example/b",
        "https://n2t.example/x_1",
        "Brass kettle",
        "Firm Y",
        "CC0 1.0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    "loc": FoundImage(
        "https://tile.example/x/1r.jpg", "https://www.loc.gov/item/1/", "Street kettle", "unknown", "", ""
    ),
    "nasa": FoundImage(
        "https://images-assets.example/AB%201/AB%201~large.jpg",
        "https://images.nasa.gov/details/AB%201",
        "Kettle in orbit",
        "P. Q.",
    ),
    "brave": FoundImage(
        "https://shop.example/k.jpg",
        "https://shop.example/k",
        "A kettle",
        licence="unknown: found by a search of the web",
    ),
}


@pytest.mark.parametrize("name", sorted(IMAGES))
def test_an_image_comes_with_all_that_is_known_of_it(name: str) -> None:
    pages = [
        page(name, number) for number, one in enumerate(ANSWERS[name]) if one.status == 200 and _is_good(name, one)
    ]
    first = next(found.images[0] for found in pages if found.images)
    assert first == IMAGES[name]


def _is_good(name: str, recorded: Recorded) -> bool:
    try:
        made(name).page(recorded.query(name), recorded.answer())
    except SourceError:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "number", "cursor"),
    [
        ("openverse", 0, "2"),
        ("openverse", 1, ""),
        ("openverse", 2, ""),
        ("flickr", 0, "2"),
        ("flickr", 1, "1:1750300000"),
        ("flickr", 2, ""),
        ("inaturalist", 0, ""),
        ("gbif", 0, "77:0"),
        ("gbif", 1, ""),
        ("gbif", 2, ""),
        ("gbif", 3, "77:300"),
        ("gbif", 4, ""),
        ("europeana", 0, "AoE="),
        ("europeana", 1, ""),
        ("wikipedia", 1, ""),
        ("wikidata", 0, '[["Q700"], 0, ["Q700"], [], {}]'),
        ("wikidata", 1, ""),
        ("wikidata", 2, '[["Q700"], 0, [], ["Best.jpg", "Grey kettle.jpg"], {}]'),
        ("wikidata", 3, '[["Q700"], 0, [], [], {}]'),
        ("wikidata", 4, '[[], 0, [], ["Grey kettle.jpg", "B.jpg"], {"iistart": "2", "continue": "||"}]'),
        ("wikidata", 5, '[["Q700"], 50, ["Q701", "Q702"], [], {}]'),
        ("wikidata", 6, '[[], 0, ["Q701", "Q702"], [], {}]'),
        ("archive", 1, '["2", [["ex-img-2", "", "", ""]]]'),
        ("archive", 2, ""),
        ("archive", 3, ""),
        ("met", 1, ""),
        ("met", 2, '["100", [["2"]]]'),
        ("met", 3, ""),
        ("smithsonian", 0, "100"),
        ("smithsonian", 1, ""),
        ("loc", 0, "2"),
        ("loc", 1, ""),
        ("nasa", 0, '["2", [["AB 1", "Kettle in orbit", "P. Q."]]]'),
        ("nasa", 1, '["2", []]'),
        ("nasa", 2, ""),
        ("brave", 0, ""),
    ],
)
def test_pages_follow_each_other_to_the_last(name: str, number: int, cursor: str) -> None:
    assert page(name, number).next_cursor == cursor


@pytest.mark.parametrize(
    ("name", "number", "reason"),
    [
        ("flickr", 0, "too_small"),
        ("inaturalist", 0, "all_rights_reserved"),
        ("gbif", 1, "unknown_names"),
        ("gbif", 3, "no_pictures"),
        ("europeana", 0, "no_file"),
        ("wikipedia", 0, "icons"),
        ("wikidata", 3, "missing_files"),
        ("archive", 2, "missing_items"),
        ("met", 3, "not_in_the_public_domain"),
        ("smithsonian", 0, "not_cc0"),
        ("loc", 0, "collections"),
    ],
)
def test_what_is_no_picture_is_counted(name: str, number: int, reason: str) -> None:
    assert page(name, number).left_out[reason] == 1


@pytest.mark.parametrize(("name", "number"), [("openverse", 0), ("brave", 0)])
def test_an_entry_that_is_broken_costs_itself(name: str, number: int) -> None:
    found = page(name, number)
    assert len(found.images) == len(found.rejects) == 1


@pytest.mark.parametrize(
    ("name", "number", "error", "words"),
    [
        ("flickr", 3, SourceRefused, "the API says 100: Invalid API Key"),
        ("flickr", 4, SourceBusy, "Service currently unavailable"),
        ("archive", 4, SourceError, "the archive says: bad query"),
        ("wikipedia", 2, SourceBusy, "ratelimited"),
        ("wikidata", 7, SourceBusy, "maxlag"),
    ],
)
def test_an_error_of_status_200_is_one(name: str, number: int, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        page(name, number)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("openverse", 3, "Authentication failed."),
        ("inaturalist", 2, "taxon unknown"),
        ("europeana", 2, "Invalid API key"),
        ("met", 4, "no such object"),
        ("smithsonian", 2, "An invalid api_key was supplied."),
        ("nasa", 3, "Expected 'q' text search parameter"),
        ("brave", 2, "The token is invalid."),
    ],
)
def test_what_an_error_says_is_read(name: str, number: int, words: str) -> None:
    recorded = ANSWERS[name][number]
    source = made(name)
    assert isinstance(source, ExplainingSource)
    assert source.problem(recorded.query(name), recorded.answer()) == words


@pytest.mark.parametrize(
    ("name", "answer", "error", "wait_s"),
    [
        ("openverse", SourceAnswer(b'{"detail": "Expected available in 40 seconds."}', 429), SourceBusy, 40),
        ("openverse", SourceAnswer(b'{"detail": "Expected available in 40000 seconds."}', 429), SourceSpent, 40_000),
        ("smithsonian", SourceAnswer(b'{"error": {"code": "OVER_RATE_LIMIT"}}', 429), SourceSpent, 3_600),
        ("loc", SourceAnswer(b"<html>", 429), SourceSpent, 3_600),
        ("met", SourceAnswer(b"<html>", 403, {"content-type": "text/html"}), SourceBusy, 60),
    ],
)
def test_who_asked_too_often_waits_as_long_as_is_said(
    name: str, answer: SourceAnswer, error: type[SourceError], wait_s: float
) -> None:
    with pytest.raises(error) as caught:
        made(name).problem(PageQuery(name, "kettle", "en", "", 0, "n1"), answer)
    assert getattr(caught.value, "retry_after_s", 0) or getattr(caught.value, "for_s", 0) == wait_s


@pytest.mark.parametrize(
    ("name", "text", "key", "wanted"),
    [
        ("europeana", 'he said "no" AND\\ x', "query", '"he said no AND x"'),
        ("smithsonian", 'a" OR "b', "q", '"a OR b" AND online_media_type:"Images" AND media_usage:"CC0"'),
        (
            "archive",
            "a) OR mediatype:(x",
            "q",
            'mediatype:image AND (title:"a OR mediatype x" OR subject:"a OR mediatype x")',
        ),
        ("flickr", '-cat "dog"', "text", "cat dog"),
        ("wikipedia", "A|B#c", "titles", "A B c"),
        ("openverse", "x" * 300, "q", "x" * 200),
        ("brave", " ".join(["a"] * 90), "q", " ".join(["a"] * 50)),
    ],
)
def test_a_text_acts_as_no_operator(name: str, text: str, key: str, wanted: str) -> None:
    assert asked(name, text)[key] == wanted


def test_photographs_older_than_the_last_of_four_thousand_are_a_query_of_their_own() -> None:
    assert asked("flickr", cursor="1:1750300000")["max_upload_date"] == "1750300000"
    again = dataclasses.replace(ANSWERS["flickr"][1], cursor="16:1750300000")
    found = made("flickr").page(again.query(), again.answer())
    assert found.next_cursor == "1:1750299999"  # all of one second: it goes on all the same


def test_objects_of_the_met_are_asked_for_a_hundred_at_a_time() -> None:
    first = page("met", 0).next_cursor
    source = made("met")
    assert source.request(PageQuery("met", "kettle", "en", first, 1, "n1")).url.endswith("/objects/1")
    listed = ANSWERS["met"][0]
    last = source.page(dataclasses.replace(listed, cursor='["100", []]').query(), listed.answer()).next_cursor
    assert last.startswith('["", [["101"]')


def test_an_article_is_asked_for_in_the_wikipedia_of_its_language() -> None:
    request = made("wikipedia").request(PageQuery("wikipedia", "Kessel", "es", "", 0, "n1"))
    assert urlsplit(request.url).hostname == "es.wikipedia.org"
    own = made("wikipedia", api_url="http://127.0.0.1:8/w/api.php")
    assert urlsplit(own.request(PageQuery("wikipedia", "Kessel", "es", "", 0, "n1")).url).hostname == "127.0.0.1"


@pytest.mark.parametrize(
    ("query", "takers"),
    [
        (SynsetQuery("n1", "Canis familiaris", rule=Rule.SYNONYM), {"inaturalist", "gbif"}),
        (SynsetQuery("n1", "Old English sheepdog", rule=Rule.SYNONYM), set()),
        (SynsetQuery("n1", "Canis", rule=Rule.SYNONYM), set()),
        (SynsetQuery("n1", "Order of merit", rule=Rule.SYNONYM), set()),
        (SynsetQuery("n1", "Canis familiaris", rule=Rule.ANCESTOR), set()),
    ],
)
def test_names_of_species_go_where_they_are_known(query: SynsetQuery, takers: set[str]) -> None:
    assert {name for name in ("inaturalist", "gbif") if made(name).takes(query)} == takers


def test_who_is_asked_without_a_key_is_asked_less() -> None:
    assert (made("openverse").quota.per_day, BUILT_IN["openverse"]().quota.per_day) == (10_000, 200)


def test_only_lists_are_read_on_this_machine() -> None:
    assert [name for name, found in BUILT_IN.items() if isinstance(found(), LocalSource)] == ["urls", "captions"]


@pytest.mark.parametrize("name", ASKED)
def test_what_is_granted_is_of_the_host_that_is_asked(name: str) -> None:
    source = made(name)
    assert host_of(source.api_url) in source.quota.domains


def test_wikidata_is_asked_a_step_at_a_time_and_commons_for_the_files() -> None:
    text = "P8814=02124460-n"
    assert asked("wikidata", text)["srsearch"] == "haswbstatement:P8814=02124460-n"
    below = asked("wikidata", text, '[["Q700", "Q701"], 50, [], [], {}]')
    wanted = "haswbstatement:P31=Q700|P279=Q700|P31=Q701|P279=Q701 haswbstatement:P18"
    assert (below["srsearch"], below["sroffset"]) == (wanted, "50")
    entities = asked("wikidata", text, f'[["Q700"], 0, {json.dumps([f"Q{n}" for n in range(1, 31)])}, [], {{}}]')
    assert entities["ids"] == "|".join(f"Q{n}" for n in range(1, 11))
    files = [f"Kessel ä{n} {'x' * 180}.jpg" for n in range(40)]
    cursor = json.dumps([[], 0, [], files, {"iistart": "5"}])
    request = made("wikidata").request(PageQuery("wikidata", text, "en", cursor, 3, "n1"))
    assert urlsplit(request.url).hostname == "commons.wikimedia.org"
    assert len(request.url) < 8_000
    titles = parse_qs(urlsplit(request.url).query)["titles"][0].split("|")
    assert titles == [f"File:{name}" for name in files[: len(titles)]]
    assert len(titles) > 5
    assert asked("wikidata", text, cursor)["iistart"] == "5"


@pytest.mark.parametrize(
    "cursor", ["[]", "{}", '[["P1"], 0, [], [], {}]', '[[], 0, [], ["a|b"], {}]', "[[], 0, [1], [], {}]"]
)
def test_a_place_of_wikidata_that_is_none_is_an_error(cursor: str) -> None:
    with pytest.raises(SourceError, match="can't be read"):
        made("wikidata").request(PageQuery("wikidata", "P8814=02124460-n", "en", cursor, 1, "n1"))


def test_wikidata_has_a_use_for_synsets_only() -> None:
    source = made("wikidata")
    assert source.takes(SynsetQuery("n1", "P8814=02124460-n", rule=Rule.DEPICTED))
    assert not source.takes(SynsetQuery("n1", "cat", rule=Rule.SYNONYM))
    with pytest.raises(SourceError, match="no synset of WordNet"):
        source.request(PageQuery("wikidata", "cat", "en", "", 0, "n1"))
