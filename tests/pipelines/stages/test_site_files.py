"""Files about use that fail: what happened is recorded, they are asked for again, and no profile takes them for silence
that wouldn't take a refusal for one."""

import dataclasses
import gzip
from collections import Counter

import pytest

from synsift.crawler.consent import Kind, Policy
from synsift.crawler.download import robots
from synsift.crawler.download.host_health import HealthPolicy
from synsift.crawler.download.settings import Limits
from synsift.pipelines import topics
from synsift.pipelines.records import Candidate, Survivor
from synsift.pipelines.said import Said
from synsift.pipelines.storage.manifests import decode_part, encode_part
from synsift.pipelines.worker import Ending
from tests.pipelines.stages.raw_web import Reset, answer, raw_web
from tests.pipelines.stages.test_consent import JPEG, LIMITS
from tests.pipelines.stages.test_fetch import QUICK, counts, fetch, picture, want
from tests.pipelines.worlds import World

TDM = b"/.well-known/tdmrep.json"
AI = b"/ai.txt"
PATIENT = dataclasses.replace(QUICK, give_up_s=1e6)
OPEN = answer(b'[{"location": "/", "tdm-reservation": 0}]', b"Content-Type: application/json")
SICK = answer(b"", status=b"503 Service Unavailable")
FAILS = {
    "503": SICK,
    "429": answer(b"", status=b"429 Too Many Requests"),
    "999": answer(b"", status=b"999 Denied"),
    "304": answer(b"", status=b"304 Not Modified"),
    "a part": answer(b"[]", b"Content-Range: bytes 90-91/100", status=b"206 Partial Content"),
    "an address that is forbidden": answer(b"", b"Location: http://10.0.0.1/", status=b"302 Found"),
    "closed": b"",
    "no HTTP": b"nonsense\r\n\r\n",
    "cut": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[{"loc',
    "cut, and nobody knows": b'HTTP/1.1 200 OK\r\n\r\n[{"location": "/"',
    "cut in a chunk": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[{"l',
    "reset": Reset(b"HTTP/1.1 200 OK\r\n\r\n[]\n"),
    "gzip that is cut": answer(gzip.compress(b"[]")[:-5], b"Content-Encoding: gzip"),
    "no gzip": answer(b"x", b"Content-Encoding: gzip"),
    "another coding": answer(b"x", b"Content-Encoding: magic"),
    "no JSON": answer(b"location: /", b"Content-Type: text/plain"),
    "a picture": answer(picture(1), JPEG),
    "a number": answer(b"1"),
    "no locations": answer(b'{"error": "not found"}', b"Content-Type: application/json"),
    "an entry that is none": answer(b"[1]"),
    "a location that is none": answer(b'[{"location": [], "tdm-reservation": 1}]'),
    "nested": answer(b"[" * 100_000),
    "too long": answer(b"[" + b'{"location":"/","tdm-reservation":1},' * 20_000 + b"{}]"),
    "too many": answer(b"[" + b'{"location":"/","tdm-reservation":1},' * 1_000 + b'{"location":"/"}]'),
}
SILENT = {
    "404": answer(b"", status=b"404 Not Found"),
    "410": answer(b"", status=b"410 Gone"),
    "403": answer(b"", status=b"403 Forbidden"),
    "a page": answer(b"<!DOCTYPE html><p>training</p>", b"Content-Type: text/html"),
    "a page in words": answer(b"Not found", b"Content-Type: text/html; charset=utf-8"),
    "a page with a mark": answer(b"\xef\xbb\xbf \n<html>"),
    "nothing": answer(b""),
    "no locations": answer(b"[]"),
    "a page elsewhere": answer(b"", b"Location: /page", status=b"302 Found"),
    "a circle": answer(b"", b"Location: /ai.txt", status=b"301 Moved"),
}


class Web:
    """A file's answers in turn, the last one for all that follow; counts what is asked."""

    def __init__(self, path: bytes, *answers: bytes) -> None:
        self.path = path
        self.answers = answers
        self.asked: Counter[bytes] = Counter()

    def get(self, path: bytes, /) -> bytes | None:
        self.asked[path] += 1
        if path == self.path:
            return self.answers[min(self.asked[path], len(self.answers)) - 1]
        if path == b"/page":
            return SILENT["a page"]
        return answer(picture(1), JPEG) if path.endswith(b".jpg") else None


def crawl(world: World, web: Web, profile: str, *, urls: int = 1, health: HealthPolicy = PATIENT) -> dict[str, int]:
    limits: Limits = dataclasses.replace(LIMITS, policy=Policy(profile))
    with raw_web(web) as port:
        for number in range(urls):
            want(world, f"http://127.0.0.1:{port}/{number}.jpg")
        assert fetch(world, limits=limits, health=health) is Ending.DONE
    return counts(world)


def said(world: World) -> tuple[Said, ...]:
    (found,) = world.records(topics.CANDIDATES, Candidate)
    assert found.consent is not None
    return found.consent.said


@pytest.mark.parametrize("sick", FAILS.values(), ids=FAILS)
def test_a_tdmrep_json_that_fails_is_no_silence_to_a_cautious_crawl(world: World, sick: bytes) -> None:
    web = Web(TDM, sick)
    assert crawl(world, web, "cautious", urls=3) == {"consent_unread": 3}
    assert not any(path.endswith(b".jpg") for path in web.asked)
    assert web.asked[TDM] <= 6  # three times; where a connection breaks, twice each
    assert {letter.outcome for letter in world.letters()} == {"consent_unread"}
    assert "/.well-known/tdmrep.json can't be read, so that nobody knows" in world.letters()[0].message


@pytest.mark.parametrize("sick", FAILS.values(), ids=FAILS)
def test_a_lenient_crawl_records_what_failed_and_when(world: World, sick: bytes) -> None:
    web = Web(TDM, sick)
    assert crawl(world, web, "lenient") == {"fetched": 1}
    assert web.asked[TDM] <= 2  # a connection that breaks is tried once more
    (found,) = said(world)
    assert (found.kind, found.signal, found.train) == (Kind.TDM_UNREAD, "tdmrep.json", "hold")
    assert found.where.endswith("/.well-known/tdmrep.json")
    assert "Z)" in found.value
    (candidate,) = world.records(topics.CANDIDATES, Candidate)
    (row,) = decode_part(encode_part([(0, Survivor(candidate=candidate))]))
    assert (row["train"], "tdm-unread" in row["consent"], found.value in row["consent"]) == ("silent", True, True)
    assert found.value.partition(" (")[0]


@pytest.mark.parametrize(
    ("profile", "outcome"), [("lenient", "fetched"), ("cautious", "fetched"), ("strict", "consent_unread")]
)
@pytest.mark.parametrize("sick", ["503", "cut", "a picture"])
def test_an_ai_txt_that_fails_ends_an_image_only_where_the_policy_is_strict(
    world: World, sick: str, profile: str, outcome: str
) -> None:
    web = Web(AI, FAILS[sick])
    assert crawl(world, web, profile) == {outcome: 1}
    if outcome == "fetched":
        assert [found.kind for found in said(world)] == [Kind.AI_TXT_UNREAD]


@pytest.mark.parametrize("path", [TDM, AI], ids=["tdmrep.json", "ai.txt"])
@pytest.mark.parametrize("given", SILENT.values(), ids=SILENT)
def test_a_site_without_such_a_file_is_silent(world: World, path: bytes, given: bytes) -> None:
    assert crawl(world, Web(path, given), "cautious") == {"fetched": 1}
    assert said(world) == ()


@pytest.mark.parametrize("sick", ["503", "429", "cut", "cut in a chunk"])
def test_urls_wait_for_a_file_that_comes_late(world: World, sick: str) -> None:
    web = Web(TDM, FAILS[sick], FAILS[sick], OPEN)
    assert crawl(world, web, "cautious", urls=30) == {"fetched": 30}
    assert web.asked[TDM] == 3
    assert world.letters() == []


def test_a_file_that_comes_late_is_heeded(world: World) -> None:
    web = Web(TDM, SICK, answer(b'[{"location": "/", "tdm-reservation": 1}]'))
    assert crawl(world, web, "cautious", urls=30) == {"tdm_reserved": 30}
    assert not any(path.endswith(b".jpg") for path in web.asked)


@pytest.mark.parametrize(("sick", "constant"), [("503", "_UNHAD_TTL_S"), ("no JSON", "_UNREAD_TTL_S")])
def test_what_failed_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch, sick: str, constant: str
) -> None:
    monkeypatch.setattr(robots, constant, -1.0)
    web = Web(TDM, FAILS[sick])
    assert crawl(world, web, "lenient", urls=20) == {"fetched": 20}
    assert web.asked[TDM] > 1


def test_a_file_that_never_ends_costs_its_time_and_no_more(world: World) -> None:
    """A drip that goes on until its reader hangs up: what it says isn't waited for beyond the time of a request."""
    endless = b'HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n[{"location": "/", "x": "' + b"x" * 10_000_000
    web = Web(TDM, endless)
    assert crawl(world, web, "lenient") == {"fetched": 1}
    (found,) = said(world)
    assert found.value.startswith("it is longer than 500 kB")


@pytest.mark.parametrize(("hops", "outcome"), [(5, "robots_denied"), (6, "fetched"), (40, "fetched")])
def test_a_robots_txt_is_followed_as_far_as_its_rfc_has_it(world: World, hops: int, outcome: str) -> None:
    """Through five redirects in a row; with more it counts as not there."""

    class Far(Web):
        def get(self, path: bytes, /) -> bytes | None:
            number = 0 if path == b"/robots.txt" else int(path[2:]) if path.startswith(b"/r") else None
            if number is None:
                return super().get(path)
            if number == hops:
                return answer(b"User-agent: *\nDisallow: /\n")
            return answer(b"", b"Location: /r%d" % (number + 1), status=b"302 Found")

    assert crawl(world, Far(TDM, SILENT["404"]), "cautious") == {outcome: 1}
