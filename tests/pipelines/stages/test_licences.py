"""Licences (RSL) on their way through a real fetch stage: read once, before the image or before its body."""

import dataclasses

import pytest

from synsift.crawler.consent import Policy
from synsift.pipelines import topics
from synsift.pipelines.records import Candidate
from tests.crawler.consent.cases import rsl, terms
from tests.pipelines.stages.raw_web import answer, raw_web
from tests.pipelines.stages.test_consent import JPEG, LIMITS
from tests.pipelines.stages.test_fetch import counts, fetch, picture, want
from tests.pipelines.stages.test_site_files import PATIENT, SICK, Web
from tests.pipelines.worlds import World

LICENCE = b"/l.xml"
LINK = b'Link: </l.xml>; rel="license"; type="application/rsl+xml"'
FREE, PROHIBITED = (answer(rsl(terms(*words)).encode()) for words in (("ai-train",), ("", "ai-train")))


class Licensed(Web):
    """A host whose robots.txt, or whose images, name a licence."""

    def __init__(self, *answers: bytes, robots: bytes = b"", head: bytes = b"X: y") -> None:
        super().__init__(LICENCE, *answers)
        self.robots = robots
        self.head = head

    def get(self, path: bytes, /) -> bytes | None:
        if path == b"/robots.txt":
            return answer(b"User-agent: *\nAllow: /\n" + self.robots)
        found = super().get(path)
        return answer(picture(1), JPEG, self.head) if path.endswith(b".jpg") else found

    @property
    def images(self) -> int:
        return sum(number for path, number in self.asked.items() if path.endswith(b".jpg"))


def crawl(world: World, web: Web, profile: str = "cautious", urls: int = 1) -> dict[str, int]:
    with raw_web(web) as port:
        for number in range(urls):
            want(world, f"http://127.0.0.1:{port}/{number}.jpg")
        fetch(world, limits=dataclasses.replace(LIMITS, policy=Policy(profile)), health=PATIENT)
    return counts(world)


@pytest.mark.parametrize(("given", "outcome"), [(FREE, "fetched"), (PROHIBITED, "licence_needed")])
def test_a_licence_that_robots_txt_names_is_read_before_images_are_asked_for(
    world: World, given: bytes, outcome: str
) -> None:
    web = Licensed(given, robots=b"License: /l.xml")
    assert crawl(world, web, urls=20) == {outcome: 20}
    assert (web.asked[LICENCE], web.images) == (1, 20 if outcome == "fetched" else 0)


@pytest.mark.parametrize(("given", "outcome"), [(FREE, "fetched"), (PROHIBITED, "licence_needed")])
def test_a_licence_that_an_answer_names_is_read_once(world: World, given: bytes, outcome: str) -> None:
    web = Licensed(given, head=LINK)
    assert crawl(world, web, urls=20) == {outcome: 20}
    assert web.asked[LICENCE] == 1
    assert web.images <= 24  # four at a time: those that named it before it was read are asked for once more


@pytest.mark.parametrize(
    "broken", [answer(b"<rsl"), answer(b"<html></html>"), answer(b"", status=b"404 Not Found"), SICK, b""]
)
def test_a_licence_that_an_answer_names_and_nobody_can_read_leaves_it_open(world: World, broken: bytes) -> None:
    assert crawl(world, Licensed(broken, head=LINK)) == {"licence_needed": 1}


def test_several_licences_are_all_read(world: World) -> None:
    class Two(Licensed):
        def get(self, path: bytes, /) -> bytes | None:
            return FREE if path == b"/m.xml" else super().get(path)

    head = b'Link: </m.xml>; type="application/rsl+xml", </l.xml>; type="application/rsl+xml"'
    assert crawl(world, Two(PROHIBITED, head=head)) == {"licence_needed": 1}


def test_a_host_that_was_ill_is_well_by_an_answer_that_names_a_licence(world: World) -> None:
    """Whoever probes it is asked once more, for the licence, and the others wait for the end of the probe."""

    class Ill(Licensed):
        def get(self, path: bytes, /) -> bytes | None:
            found = super().get(path)
            return SICK if path.endswith(b".jpg") and self.images <= 6 else found

    assert crawl(world, Ill(FREE, head=LINK), urls=8) == {"fetched": 8}


def test_of_more_licences_than_are_read_nobody_knows_what_they_say(world: World) -> None:
    links = b"".join(b'Link: </l.xml?%d>; type="application/rsl+xml"\r\n' % number for number in range(40))
    web = Licensed(FREE, head=links.rstrip())
    assert crawl(world, web) == {"licence_needed": 1}
    assert sum(web.asked.values()) < 20
    lines = b"".join(b"License: /l.xml?%d\n" % number for number in range(40))
    assert crawl(world, Licensed(FREE, robots=lines)) == {"licence_needed": 2}


def test_a_lenient_crawl_reads_no_licence_of_an_answer(world: World) -> None:
    web = Licensed(PROHIBITED, head=LINK)
    assert crawl(world, web, "lenient") == {"fetched": 1}
    assert web.asked[LICENCE] == 0


def test_urls_wait_for_a_licence_that_comes_late(world: World) -> None:
    web = Licensed(SICK, FREE, robots=b"License: /l.xml")
    assert crawl(world, web, urls=10) == {"fetched": 10}


def test_a_licence_that_robots_txt_forbids_to_read_is_not_asked_for(world: World) -> None:
    web = Licensed(FREE, robots=b"License: /l.xml\nDisallow: /l.xml")
    assert crawl(world, web) == {"licence_needed": 1}
    assert web.asked[LICENCE] == 0


def test_terms_stay_with_an_image_that_they_permit(world: World) -> None:
    crawl(world, Licensed(FREE, robots=b"License: /l.xml"))
    (found,) = world.records(topics.CANDIDATES, Candidate)
    assert found.consent is not None
    assert [(x.signal, x.value, x.train) for x in found.consent.said] == [("RSL", "permits usage: ai-train", "yes")]
    assert found.consent.said[0].where.endswith("/l.xml")
