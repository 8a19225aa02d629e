"""Pictures that a host gives in place of others are noticed, whatever ends a worker; photographs aren't among them."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsift.pipelines import topics
from synsift.pipelines.records import Candidate, Fetched, encode
from synsift.pipelines.stages.placeholders import Placeholders, name_of
from tests.pipelines.stages.test_fetch import fetch, fetch_stage, picture, want
from tests.pipelines.stages.web import SmallWeb
from tests.pipelines.worlds import World

SHA = "ab" * 32


def found(limit: int, urls: list[str]) -> list[bool]:
    memory = Placeholders(limit)
    return [memory.takes(url, SHA) for url in urls]


def test_the_nth_url_of_a_host_that_gives_a_picture_makes_it_a_placeholder() -> None:
    urls = [f"http://h.example/{n}.jpg" for n in range(8)]
    assert found(5, urls) == [True] * 4 + [False] * 4
    assert found(5, [*urls[:4], urls[0]]) == [True] * 5  # asked again
    assert all(found(0, urls))


def test_a_photograph_under_mirrors_is_none() -> None:
    mirrors = [f"http://m{n}.h.example/mirror{n}/Dog.JPG?session={n}" for n in range(30)]
    assert all(found(5, mirrors))


def test_pictures_that_many_hosts_have_are_none() -> None:
    assert all(found(5, [f"http://h{n}.example/{n}.jpg" for n in range(30)]))


def test_one_script_that_shows_many_pictures_gives_a_placeholder_by_what_it_is_asked() -> None:
    assert found(5, [f"http://h.example/show.php?id={n}" for n in range(6)]) == [True] * 4 + [False] * 2


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://h/a/b/Dog.JPG?x=1", "dog.jpg"),
        ("http://h/show.php?id=7", "show.php?id=7"),
        ("http://h/?id=7", "?id=7"),
        ("http://h/photos/7/", "/photos/7/"),
        ("http://[h/x", "http://[h/x"),
    ],
)
def test_the_name_of_a_file(url: str, name: str) -> None:
    assert name_of(url) == name


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2)), max_size=80), st.integers(1, 4))
def test_who_reads_what_was_kept_decides_as_who_kept_it(given: list[tuple[int, int, int]], limit: int) -> None:
    """At any point: what a new worker rebuilds from the log gives the same verdicts as the one that was killed."""
    events = [(f"http://h{host}.example/{name}.jpg", f"{sha}" * 64) for name, sha, host in given]
    alive = Placeholders(limit)
    log: list[bytes] = []
    image = candidate_image()
    for url, sha256 in events:
        heir = Placeholders(limit)
        for value in log:
            heir.restore(value)
        verdict = alive.takes(url, sha256)
        assert heir.takes(url, sha256) == verdict
        kept = Fetched(url=url, outcome="fetched", image=topics.records.msgspec.structs.replace(image, sha256=sha256))
        log.append(encode(kept if verdict else Fetched(url=url, outcome="placeholder")))


def candidate_image() -> topics.records.Image:
    return topics.records.Image(
        sha256=SHA, hash="ab" * 32, information=1.0, width_px=9, height_px=9, format="JPEG", size_bytes=9
    )


def test_memory_is_bounded_and_what_came_often_outlasts_what_came_once() -> None:
    memory = Placeholders(3, most=100)
    for number in range(2):
        memory.takes(f"http://h.example/{number}.jpg", SHA)
    for number in range(5_000):
        memory.takes(f"http://h.example/{number}.jpg", f"{number:064x}")
        assert len(memory) <= 200
    assert not memory.takes("http://h.example/new.jpg", SHA)


@pytest.mark.parametrize("value", [None, b"", b"\xff", b'{"sha256":', b'{"image":{"sha256":7}}', b"[" * 200_000])
def test_what_can_not_be_read_says_nothing(value: bytes | None) -> None:
    memory = Placeholders(3)
    memory.restore(value)
    assert len(memory) == 0


def test_a_host_that_gives_one_picture_for_all_that_is_gone(site: SmallWeb, world: World) -> None:
    """By redirects and as an answer; with a new worker, which knows what the log says, after the first five."""
    gone = site.serve("/gone.png", picture(99))
    for number in range(10):
        site.serve(f"/r{number}.jpg", status=302, Location=gone)
        site.serve(f"/s{number}.jpg", picture(99))
        site.serve(f"/real{number}.jpg", picture(number))
    names = [f"{kind}{number}" for number in range(10) for kind in ("r", "s", "real")]
    for part in (names[:15], names[15:]):
        for name in part:
            want(world, site.url(f"/{name}.jpg"))
        stage = fetch_stage(world, placeholder_urls=8)
        fetch(world, stage=stage)
    kept = Counter(record.image.sha256 for record in world.records(topics.CANDIDATES, Candidate))
    assert sorted(kept.values()) == [1] * 10 + [7]
    letters = world.letters()
    assert Counter(letter.outcome for letter in letters) == {"placeholder": 13}
    assert max(kept, key=lambda sha: kept[sha]) in letters[0].message
    assert max(number for path, number in site.asked.items() if path.endswith(".jpg")) == 1


def test_a_placeholder_is_one_for_other_synsets_too_and_is_not_asked_for_again(site: SmallWeb, world: World) -> None:
    urls = [site.serve(f"/{number}.jpg", picture(9)) for number in range(6)]
    for wnid in ("n1", "n2"):
        for url in urls:
            want(world, url, wnid)
        fetch(world, stage=fetch_stage(world, placeholder_urls=3))
    assert Counter((letter.wnid, letter.outcome) for letter in world.letters()) == {
        ("n1", "placeholder"): 4,
        ("n2", "placeholder"): 4,
    }
    assert max(site.asked.values()) == 1
