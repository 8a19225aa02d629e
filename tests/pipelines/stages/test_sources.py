"""Sources that send more than a URL, say what they grant, and explain what is wrong."""

import asyncio
import json
import math
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest

from synsift.crawler.download.access import Access
from synsift.crawler.download.attempt import Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.quotas import Quota, next_day_s
from synsift.crawler.download.settings import Limits
from synsift.crawler.errors import SourceBusy, SourceSpent
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.secret import Secret
from synsift.crawler.sources import About, FoundImage, Page, PageQuery, Source, SourceAnswer, SourceRequest, setting
from synsift.pipelines import topics
from synsift.pipelines.records import ImageUrl
from synsift.pipelines.stage import Stage
from synsift.pipelines.stages.plan import plan, plan_asks
from synsift.pipelines.stages.search import SearchStage
from synsift.pipelines.stages.search_needs import SearchOptions
from synsift.pipelines.summary import read_counts
from synsift.pipelines.worker import Ending, Worker
from synsift.testing import Asked, Server, serving
from tests.pipelines.worlds import World

KEY = "a-key-of-the-users"


@dataclass(slots=True)
class Shelf:
    """A source that is asked by POST, with a key in a header; three works a page."""

    about: ClassVar[About] = About(title="Shelf")
    api_url: str = setting("", "URL")
    key: Secret = setting(Secret(), "Key")
    page_size: int = setting(3, "Works")

    def request(self, query: PageQuery) -> SourceRequest:
        body = json.dumps({"text": query.text, "from": int(query.cursor or 0)}).encode()
        headers: dict[str, str | Secret] = {"Content-Type": "application/json", "X-Key": self.key}
        return SourceRequest(self.api_url, headers, "POST", body)

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        said = json.loads(answer.body)
        if said.get("spent"):
            raise SourceSpent("nothing more today")
        images = tuple(FoundImage(url) for url in said["urls"])
        return Page(images, str(int(query.cursor or 0) + 3) if said["more"] else "")

    def problem(self, _query: PageQuery, answer: SourceAnswer) -> str:
        said = json.loads(answer.body)
        if said.get("soon"):
            raise SourceBusy("soon", retry_after_s=0.1)
        return str(said["detail"])


MakeShelf = Callable[..., tuple[Server, Shelf]]


def works(asked: Asked, *, count: int = 7) -> SourceAnswer:
    wanted = json.loads(asked.body)
    numbers = range(wanted["from"], min(count, wanted["from"] + 3))
    urls = [f"http://img.example/{wanted['text']}/{n}.jpg" for n in numbers]
    return SourceAnswer(json.dumps({"urls": urls, "more": wanted["from"] + 3 < count}).encode())


@pytest.fixture
def shelf() -> Iterator[MakeShelf]:
    """Make a server and its source."""
    with ExitStack() as stack:

        def make(plays: Callable[[Asked], SourceAnswer] | Sequence[SourceAnswer] = works) -> tuple[Server, Shelf]:
            server = stack.enter_context(serving(plays))
            return server, Shelf(f"{server.url}/search", Secret(KEY))

        yield make


def search(
    world: World,
    sources: dict[str, Source],
    quotas: dict[str, Quota] | None = None,
    clock: Callable[[], float] = time.time,
) -> Ending:
    options = SearchOptions(
        politeness=Politeness(4, 1, 0.0),
        patience=Patience(attempts=2, backoff_s=0.05, max_wait_s=2.0),
        limits=Limits("synsift/test", 2.0, 1_000_000, False, Access("search", ("127.0.0.0/8",))),
        quotas=quotas or {},
    )
    stage = SearchStage(world.log, world.router, sources=sources, options=options, clock=clock)
    return asyncio.run(Worker(world.log, [stage], until_idle=True, rest_s=1.0).run())


def found(world: World) -> list[str]:
    return sorted(record.url.partition("example/")[2] for record in world.records(topics.IMAGE_URLS, ImageUrl))


def ask(world: World, *texts: str, source: str = "shelf") -> None:
    plan(world.log, world.router, [SynsetQuery(f"n{n}", text) for n, text in enumerate(texts)], source=source)


def test_a_source_is_asked_as_it_says_page_by_page(world: World, shelf: MakeShelf) -> None:
    server, source = shelf()
    ask(world, "dog")
    search(world, {"shelf": source})
    assert found(world) == [f"dog/{n}.jpg" for n in range(7)]
    assert [(one.method, json.loads(one.body)["from"]) for one in server.asked] == [("POST", n) for n in (0, 3, 6)]
    assert {one.headers["x-key"] for one in server.asked} == {KEY}


def test_a_key_goes_to_its_own_host_only(world: World, shelf: MakeShelf) -> None:
    with serving([SourceAnswer(b'{"urls": [], "more": false}')]) as elsewhere:
        server, source = shelf([SourceAnswer(b"", 302, {"Location": elsewhere.url})])
        ask(world, "dog")
        search(world, {"shelf": source})
        assert "x-key" in server.asked[0].headers
        (led,) = elsewhere.asked
    assert "x-key" not in led.headers
    assert led.body == b""


def test_what_an_error_says_is_in_its_dead_letter(world: World, shelf: MakeShelf) -> None:
    refused = SourceAnswer(json.dumps({"detail": f"the key {KEY} is wrong"}).encode(), 401)
    _, source = shelf([refused])
    ask(world, "dog")
    search(world, {"shelf": source})
    (letter,) = world.letters()
    assert letter.message == "HTTP status 401: the key *** is wrong"


def test_an_error_may_ask_for_patience(world: World, shelf: MakeShelf) -> None:
    good = SourceAnswer(b'{"urls": ["http://img.example/x"], "more": false}')
    _, source = shelf([SourceAnswer(b'{"soon": true}', 400), good])
    ask(world, "dog")
    search(world, {"shelf": source})
    assert found(world) == ["x"]


@pytest.mark.parametrize(
    "refusal",
    [SourceAnswer(b'{"spent": true}'), SourceAnswer(b'{"detail": ""}', 429, {"Retry-After": "7200"})],
    ids=["said", "header"],
)
def test_a_source_that_gives_nothing_more_rests_and_loses_nothing(
    world: World, shelf: MakeShelf, refusal: SourceAnswer
) -> None:
    answers = [refusal]
    server, source = shelf(lambda asked: answers[0] if answers else works(asked))
    other, spare = shelf(lambda asked: works(asked, count=2))
    ask(world, "dog", "cat")
    ask(world, "hen", source="spare")
    sources: dict[str, Source] = {"shelf": source, "spare": spare}
    assert search(world, sources) is Ending.RESTING
    assert found(world) == ["hen/0.jpg", "hen/1.jpg"]
    asked = len(server.asked)
    assert asked <= 2
    assert search(world, sources) is Ending.RESTING  # another worker: it knows, and asks nothing
    assert (len(server.asked), len(other.asked)) == (asked, 1)
    assert world.letters() == []


def test_an_api_that_never_answers_is_told_of(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ask(world, "dog")
        search(world, {"shelf": Shelf(f"http://127.0.0.1:{silent.getsockname()[1]}/search")})
    assert [letter.outcome for letter in world.letters()] == ["timeout"]
    assert any("trying again in" in record.getMessage() for record in caplog.records if record.levelname == "WARNING")


def test_a_worker_says_once_that_all_that_is_left_waits(world: World, caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker(world.log, [], until_idle=True, rest_s=100.0)
    for _ in range(3):
        assert not worker._has_rested(time.time() + 50)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert said[0].startswith("all that is left waits")
    assert worker._has_rested(time.time() + 500)


def test_hosts_that_are_waited_for_are_named_up_to_three_with_their_times(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It stood for minutes, and no line said whose fault that was."""
    at_s = time.time()
    stage = SimpleNamespace(waited_for=lambda: {f"http://{name}.example": at_s + 10 * ord(name) for name in "edcba"})
    worker = Worker(world.log, [], until_idle=True, rest_s=2_000.0)
    worker.stages = [cast("Stage", stage)]
    assert not worker._has_rested(at_s + 1)
    said = caplog.records[0].getMessage()
    hour = time.strftime("%H:%M:%S", time.localtime(at_s + 10 * ord("a")))
    assert f"hosts that don't answer now: http://a.example (until {hour}), http://b.example" in said
    assert "http://c.example" in said
    assert "http://d.example" not in said
    assert "and 2 more: for" in said


def test_requests_of_a_day_are_counted_across_restarts(world: World, shelf: MakeShelf) -> None:
    server, source = shelf()
    quotas = {"shelf": Quota(("127.0.0.1",), 1_000_000, 10, per_day=5)}
    texts = [f"t{n}" for n in range(6)]
    ask(world, *texts)
    assert search(world, {"shelf": source}, quotas) is Ending.RESTING
    assert len(server.asked) == 5
    assert search(world, {"shelf": source}, quotas) is Ending.RESTING
    assert len(server.asked) == 5
    search(world, {"shelf": source}, quotas, clock=lambda: next_day_s(time.time()) + 1)
    assert len(server.asked) == 10
    search(world, {"shelf": source})  # without a bound
    assert found(world) == sorted(f"{text}/{n}.jpg" for text in texts for n in range(7))
    assert len(server.asked) == 18


def test_a_key_that_an_answer_repeats_stands_in_no_record_and_pages_go_on(world: World, shelf: MakeShelf) -> None:
    def echoes(asked: Asked) -> SourceAnswer:
        begin = int(json.loads(asked.body)["from"].rpartition("=")[2])
        urls = [f"http://img.example/{begin}.jpg", f"http://img.example/{begin}.jpg?k={KEY}"]
        said = {"urls": urls, "title": f"by {KEY}", "more": f"?key={KEY}&from={begin + 1}" if begin < 2 else ""}
        return SourceAnswer(json.dumps(said).encode())

    @dataclass(slots=True)
    class Echoing(Shelf):
        def request(self, query: PageQuery) -> SourceRequest:
            return SourceRequest(
                self.api_url, {"X-Key": self.key}, "POST", json.dumps({"from": query.cursor or "=0"}).encode()
            )

        def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
            said = json.loads(answer.body)
            return Page(tuple(FoundImage(url, title=said["title"]) for url in said["urls"]), said["more"])

    server, source = shelf(echoes)
    plan(world.log, world.router, [SynsetQuery("n1", "dog")], source="shelf")
    search(world, {"shelf": Echoing(source.api_url, source.key)})
    assert [json.loads(asked.body)["from"] for asked in server.asked] == [
        "=0",
        f"?key={KEY}&from=1",
        f"?key={KEY}&from=2",
    ]
    records = world.records(topics.IMAGE_URLS, ImageUrl)
    assert [(x.url.rpartition("/")[2], x.found_by.title) for x in records] == [(f"{n}.jpg", "by ***") for n in range(3)]
    assert [letter.outcome for letter in world.letters()] == ["bad_entry"] * 3
    for topic in topics.ALL:
        for partition in range(world.log.partitions):
            for message in world.log.read(topic.name, partition):
                assert KEY.encode() not in (message.value or b"") + repr(message.headers).encode()


def test_queries_of_a_source_whose_key_is_missing_wait(world: World, shelf: MakeShelf) -> None:
    @dataclass(slots=True)
    class Keyed(Shelf):
        about: ClassVar[About] = About(title="Keyed", key="key", needs_key=True)

    _, source = shelf()
    queries = [SynsetQuery("n1", "dog"), SynsetQuery("n1", "cat", rank=1)]
    plan_asks(world.log, world.router, [(name, query) for query in queries for name in ("keyed", "shelf")])
    keyless = Keyed(source.api_url)
    assert search(world, {"keyed": keyless, "shelf": source}) is Ending.RESTING
    assert not world.letters()
    assert {x.found_by.source for x in world.records(topics.IMAGE_URLS, ImageUrl)} == {"shelf"}
    search(world, {"keyed": Keyed(source.api_url, Secret(KEY)), "shelf": source})
    assert {x.found_by.source for x in world.records(topics.IMAGE_URLS, ImageUrl)} == {"shelf", "keyed"}


@pytest.mark.parametrize("ends_in", ["request", "page", "problem"])
def test_code_that_wants_to_end_the_program_costs_its_page(world: World, shelf: MakeShelf, ends_in: str) -> None:
    class Quitting(Shelf):
        pass

    def quit_now(*_arguments: object) -> None:
        raise SystemExit(3)

    setattr(Quitting, ends_in, quit_now)
    answer = SourceAnswer(b"{}", 400 if ends_in == "problem" else 200)
    _, source = shelf([answer])
    plan(world.log, world.router, [SynsetQuery("n1", "dog")], source="shelf")
    search(world, {"shelf": Quitting(source.api_url)})
    assert [letter.message for letter in world.letters()] == ["the source's code wants to end the program (status 3)"]


def test_what_an_odd_page_has_too_much_of_is_counted(world: World, shelf: MakeShelf) -> None:
    class Odd(Shelf):
        def page(self, _query: PageQuery, _answer: SourceAnswer) -> Page:
            images = tuple(FoundImage(f"http://img.example/{n}.jpg") for n in range(10_050))
            return Page(images, left_out={f"reason {n} " + "x" * 100: 1 for n in range(100)})

    _, source = shelf()
    plan(world.log, world.router, [SynsetQuery("n1", "dog")], source="shelf")
    search(world, {"shelf": Odd(source.api_url)})
    counts = read_counts(world.log)["n1"]
    assert counts.found == 10_000
    assert sum(counts.left_out.values()) == 150
    assert len(counts.left_out) <= 34
    assert max(map(len, counts.left_out)) <= 60


@pytest.mark.parametrize("wait_s", [math.nan, math.inf, -1.0, 1e300, "soon", None])
def test_a_wait_that_is_none_is_bounded(wait_s: Any) -> None:
    assert 0 <= SourceSpent("spent", for_s=wait_s).for_s <= 366 * 86_400
    assert 0 <= SourceBusy("busy", retry_after_s=wait_s).retry_after_s <= 366 * 86_400


def test_a_slow_source_holds_up_no_other_one_of_its_synset(world: World, shelf: MakeShelf) -> None:
    _, good = shelf()
    _, spent = shelf([SourceAnswer(b'{"spent": true}')])
    asks = [("spent", SynsetQuery("n1", "dog")), ("good", SynsetQuery("n1", "dog"))]
    plan_asks(world.log, world.router, asks)
    assert search(world, {"good": good, "spent": spent}) is Ending.RESTING
    assert found(world) == [f"dog/{n}.jpg" for n in range(7)]


def _raises(*_: object) -> SourceRequest:
    raise RuntimeError("odd")


@dataclass(slots=True)
class Introduced(Shelf):
    """A shelf that is to be asked first what it can, and answers that as a test wants."""

    first: Callable[[], object] = lambda: None
    presumes: Callable[[], object] = lambda: None

    def introduction(self) -> object:
        return self.first()

    def introduce(self, answer: SourceAnswer) -> None:
        raise RuntimeError(f"odd {answer.status}")

    def presume(self) -> None:
        self.presumes()


@pytest.mark.parametrize(
    "odd",
    [{"first": _raises}, {"first": lambda: 5}, {"presumes": _raises}, {}],
    ids=["raises", "no request", "presume raises", "introduce raises"],
)
def test_a_source_that_fails_to_introduce_itself_is_asked_in_plain_words(
    world: World, shelf: MakeShelf, odd: dict[str, Callable[[], object]]
) -> None:
    server, _ = shelf()
    told: list[SourceRequest] = []

    def first() -> SourceRequest | None:
        told.append(SourceRequest(f"{server.url}/first", method="POST", body=b'{"text": "x", "from": 0}'))
        return told[0] if len(told) < 9 else None

    source = Introduced(f"{server.url}/search", Secret(KEY), **({"first": first} | odd))
    ask(world, "dog", "cat")
    search(world, {"shelf": source})
    assert found(world) == sorted(f"{text}/{n}.jpg" for text in ("dog", "cat") for n in range(7))


@pytest.mark.parametrize("request_of", [_raises, lambda *_: None, lambda *_: SourceRequest(None)])
def test_a_request_that_is_none_is_a_dead_letter_and_the_rest_goes_on(
    world: World, shelf: MakeShelf, monkeypatch: pytest.MonkeyPatch, request_of: Callable[..., object]
) -> None:
    _, good = shelf()
    odd = Introduced("http://127.0.0.1:9/")
    monkeypatch.setattr(Introduced, "request", request_of)
    ask(world, "dog")
    ask(world, "cat", "hen", source="odd")
    search(world, {"shelf": good, "odd": odd})
    assert found(world) == [f"dog/{n}.jpg" for n in range(7)]
    assert [letter.outcome for letter in world.letters()] == ["source_error"] * 2
