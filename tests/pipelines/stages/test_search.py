import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import web

from synsift.crawler.download.access import Access
from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.settings import Limits
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.sources import CommonsSource, LocalSource, Source, UrlListSource
from synsift.crawler.sources.commons import WIKIMEDIA
from synsift.crawler.sources.mediawiki.trail import MOST_STALE
from synsift.pipelines import topics
from synsift.pipelines.dead_letters import DeadLetter
from synsift.pipelines.reading import Skipped
from synsift.pipelines.records import ImageUrl, Progress, Query
from synsift.pipelines.stages.budgets import ANY_COST, Allowed
from synsift.pipelines.stages.plan import Planned, plan
from synsift.pipelines.stages.search import SearchStage
from synsift.pipelines.stages.search_needs import SearchOptions
from synsift.pipelines.worker import Worker
from tests.pipelines.stages.web import SmallWeb
from tests.pipelines.worlds import PARTITIONS, World


def search(
    world: World,
    sources: Mapping[str, Source | LocalSource],
    delay_s: float = 0.0,
    *,
    allowed: Allowed = ANY_COST,
    by_novelty: bool = False,
) -> None:
    """Search until nothing is left to do."""
    options = SearchOptions(
        politeness=Politeness(4, 1, delay_s),
        patience=Patience(attempts=2, backoff_s=0.05, max_wait_s=2.0),
        limits=Limits("synsift/test", 2.0, 1_000_000, False, Access("search", ("127.0.0.0/8",))),
        allowed=allowed,
        by_novelty=by_novelty,
    )
    stage = SearchStage(world.log, world.router, sources=sources, options=options)
    asyncio.run(Worker(world.log, [stage], until_idle=True).run())


def wiki(site: SmallWeb, files: dict[str, list[str]], page_size: int = 3) -> CommonsSource:
    """A MediaWiki that finds some files for some texts."""

    async def api(request: web.Request) -> web.StreamResponse:
        if request.query.get("meta") == "siteinfo":
            return web.json_response({"query": {"extensions": [{"name": "CirrusSearch"}]}})
        found = files.get(request.query["gsrsearch"].split('"')[1], [])
        start, size = int(request.query.get("gsroffset", 0)), int(request.query["gsrlimit"])
        pages = [
            {
                "title": f"File:{name}",
                "index": n,
                "imageinfo": [{"url": f"http://up.example/{name}", "mime": "image/png"}],
            }
            for n, name in enumerate(found[start : start + size])
        ]
        more = {"continue": {"gsroffset": start + size}} if start + size < len(found) else {}
        return web.json_response({"query": {"pages": pages}, **more})

    site.pages["/api.php"] = api
    return CommonsSource(api_url=site.url("/api.php"), width_px=0, page_size=page_size)


def urls(world: World) -> list[tuple[str, str, int]]:
    found = world.records(topics.IMAGE_URLS, ImageUrl)
    return [(x.wnid, x.url.rpartition("/")[2], x.found_by.rank) for x in found]


def counts(world: World, wnid: str) -> dict[str, int]:
    return next((p.counts for p in world.records(topics.PROGRESS, Progress) if p.wnid == wnid), {})


def letters(world: World) -> list[DeadLetter]:
    return world.letters()


def ask(world: World, *queries: SynsetQuery, source: str = "commons", limit: int = 0) -> Planned:
    return plan(world.log, world.router, queries, source=source, limit=limit)


def test_all_pages_of_a_query_are_asked_and_ranks_go_on(site: SmallWeb, world: World) -> None:
    ask(world, SynsetQuery("n1", "dog"))
    search(world, {"commons": wiki(site, {"dog": list("abcdefgh")})})
    assert urls(world) == [("n1", name, rank) for rank, name in enumerate("abcdefgh")]
    assert counts(world, "n1") == {"asked": 1, "pages": 3, "found": 8}
    assert site.asked["/api.php"] == 1 + 3  # what it can, and the pages


def test_a_limit_ends_a_synset_in_the_order_of_its_queries(site: SmallWeb, world: World) -> None:
    source = wiki(site, {"dog": list("abcd"), "hound": list("efgh"), "cat": list("xy")})
    queries = (SynsetQuery("n1", "dog"), SynsetQuery("n1", "hound", rank=1), SynsetQuery("n2", "cat"))
    ask(world, *queries, limit=5)
    search(world, {"commons": source})
    # First pages of both queries, best first: three of dog and two of hound; the second pages aren't asked.
    assert sorted(name for wnid, name, _ in urls(world) if wnid == "n1") == list("abcef")
    assert sorted(name for wnid, name, _ in urls(world) if wnid == "n2") == ["x", "y"]
    assert counts(world, "n1")["limit_reached"] == 1


def test_planning_twice_asks_once_and_a_larger_limit_asks_again(site: SmallWeb, world: World) -> None:
    source = wiki(site, {"dog": list("abcd")})
    assert ask(world, SynsetQuery("n1", "dog"), SynsetQuery("n1", "dog"), limit=2) == Planned(1, 1)
    search(world, {"commons": source})
    assert ask(world, SynsetQuery("n1", "dog"), limit=2) == Planned(0, 1)
    search(world, {"commons": source})
    assert len(urls(world)) == 2
    assert ask(world, SynsetQuery("n1", "dog"), limit=3) == Planned(1, 0)
    search(world, {"commons": source})
    assert len(urls(world)) == 5


@pytest.mark.parametrize(
    ("body", "message", "attempts"),
    [
        (b"<html><h1>Blocked</h1></html>", "isn't JSON, beginning `<html>", 1),
        (json.dumps({"error": {"code": "badvalue", "info": "no such value"}}).encode(), "badvalue: no such value", 1),
        (json.dumps({"error": {"code": "readonly", "info": "later"}}).encode(), "readonly: later", 2),
        (b"x" * 2_000_000, "", 1),
    ],
)
def test_an_answer_that_is_of_no_use_is_a_dead_letter_and_the_rest_goes_on(
    site: SmallWeb, world: World, body: bytes, message: str, attempts: int
) -> None:
    site.serve("/bad.php", body)
    good = wiki(site, {"cat": ["x"]})
    ask(world, SynsetQuery("n1", "dog"), source="bad")
    ask(world, SynsetQuery("n1", "cat"))
    search(world, {"bad": CommonsSource(api_url=site.url("/bad.php")), "commons": good})
    (letter,) = letters(world)
    assert message in letter.message
    assert letter.attempts == attempts
    assert Query(wnid="n1", source="bad", text="dog").text in letter.value.decode()
    assert [name for _, name, _ in urls(world)] == ["x"]


def test_an_endless_continuation_ends(site: SmallWeb, world: World) -> None:
    async def api(request: web.Request) -> web.StreamResponse:
        number = int(request.query.get("gsroffset", 0))
        return web.json_response({"query": {"pages": []}, "continue": {"gsroffset": number + 1}})

    site.pages["/api.php"] = api
    ask(world, SynsetQuery("n1", "dog"))
    search(world, {"commons": CommonsSource(api_url=site.url("/api.php"), max_pages=50)})
    assert site.asked["/api.php"] == 1 + MOST_STALE  # what it can, and the pages


def test_an_unknown_source_is_a_dead_letter_that_names_the_known(world: World) -> None:
    ask(world, SynsetQuery("n1", "dog"), source="flickr")
    search(world, {"commons": CommonsSource()})
    (letter,) = letters(world)
    assert letter.outcome == "unknown_source"
    assert "'flickr'; this worker knows commons" in letter.message


def test_a_list_of_urls_is_read_whole_and_bad_rows_are_named(tmp_path: Path, world: World) -> None:
    path = tmp_path / "list.csv"
    rows = [f"http://up.example/{n},n{n % 2}" for n in range(7)]
    rows[3] = "only one field"
    rows += ["http://up.example/a,???", "ftp://up.example/b,n1"]
    path.write_text("\n".join(["url,synset", *rows]) + "\n")
    ask(world, SynsetQuery("list", str(path)), source="urls")
    search(world, {"urls": UrlListSource(page_size=2)})
    assert sorted(name for _, name, _ in urls(world)) == ["0", "1", "2", "4", "5", "6"]
    assert {wnid for wnid, _, _ in urls(world)} == {"n0", "n1"}
    messages = [letter.message for letter in letters(world)]
    assert f"{path}:5: no URL: `only one field` has no `http://` or `https://` before it" in messages
    assert any("is no label" in message for message in messages)
    assert any("'ftp'" in message for message in messages)


def test_a_list_is_not_read_at_the_pace_of_hosts_and_its_stray_quote_costs_one_row(
    tmp_path: Path, world: World
) -> None:
    path = tmp_path / "list.csv"
    rows = [f"http://up.example/{n},caption {n}" for n in range(400)]
    rows[99] = 'http://up.example/99,"caption'
    path.write_text("\n".join(["url,caption", *rows]) + "\n")
    ask(world, SynsetQuery("list", str(path)), source="urls")
    search(world, {"urls": UrlListSource(page_size=100)}, delay_s=3_600.0)
    assert [name for _, name, _ in urls(world)] == [str(n) for n in range(400) if n != 99]
    (letter,) = letters(world)
    assert letter.message.startswith(f"{path}:101: a quote")


def test_a_list_that_is_gone_is_a_dead_letter(tmp_path: Path, world: World) -> None:
    ask(world, SynsetQuery("list", str(tmp_path / "gone.csv")), source="urls")
    search(world, {"urls": UrlListSource()})
    assert "gone.csv" in letters(world)[0].message


def test_a_wiki_is_asked_once_what_it_can_however_many_synsets_wait(site: SmallWeb, world: World) -> None:
    files = {f"dog {n}": [f"a{n}"] for n in range(40)}
    asked: list[str] = []
    source = wiki(site, files)
    api = site.pages["/api.php"]

    async def counted(request: web.Request) -> web.StreamResponse:
        asked.append(request.query.get("meta", "search"))
        return await api(request)

    site.pages["/api.php"] = counted
    ask(world, *(SynsetQuery(f"n{n}", f"dog {n}") for n in range(40)))
    search(world, {"commons": source})
    assert Counter(asked) == {"siteinfo": 1, "search": 40}
    assert asked[0] == "siteinfo"
    assert len(urls(world)) == 40


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, '{"error": {"code": "readapidenied"}}'), (403, ""), (404, ""), (200, "<html>"), (500, "")],
)
def test_a_wiki_that_does_not_say_what_it_can_still_answers_queries(
    site: SmallWeb, world: World, status: int, body: str
) -> None:
    source = wiki(site, {"dog": ["a"], "cat": ["b"]})
    api = site.pages["/api.php"]

    async def silent(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body) if "meta" in request.query else await api(request)

    site.pages["/api.php"] = silent
    ask(world, SynsetQuery("n1", "dog"), SynsetQuery("n2", "cat"))
    search(world, {"commons": source})
    assert {name for _, name, _ in urls(world)} == {"a", "b"}
    assert not letters(world)


def test_a_worker_asks_wikimedia_for_its_share_of_what_is_granted_to_all(world: World) -> None:
    politeness = Politeness(4, 4, 0.1)
    limits = Limits("synsift/test", 2.0, 1_000_000, False)
    options = SearchOptions(politeness, Patience(attempts=1), limits, {"commons": WIKIMEDIA})
    stage = SearchStage(world.log, world.router, sources={"commons": CommonsSource()}, options=options)
    for partition in range(PARTITIONS // 2):
        stage.restore(partition, Skipped())
    stage.repace(politeness)
    assert stage.politeness.pace_of("wikimedia.org").delay_s == pytest.approx(0.6)
    assert stage.politeness.pace_of("wikimedia.org").places == 1
    assert stage.politeness.pace_of("wiki.example").delay_s == 0.1
    hosts = stage.make_downloader()._host_of
    assert hosts("https://www.wikidata.org/w/api.php") == hosts("https://commons.wikimedia.org/w/api.php")
