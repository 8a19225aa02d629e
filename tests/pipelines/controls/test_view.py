import random

import pytest

from synsift.dedupe import fingerprint
from synsift.pipelines.control_problems import ALLOWED, problem_of
from synsift.pipelines.control_records import MAX_PAST, Control
from synsift.pipelines.controls.view import Stop, View
from synsift.pipelines.controls.writing import following, lifted
from synsift.pipelines.patterns import Pattern, names_of, url_target
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.controls.said import AT, control, picture_control

URL = "https://img.example.com/a/b.jpg?x=1"


def view_of(*controls: Control) -> View:
    return View().with_({each.key: each for each in controls})


def how(stop: Stop | None) -> str:
    return "" if stop is None else str(stop.how)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (control("pause", "host", "example.com"), "paused"),
        (control("pause", "host", "IMG.Example.com."), "paused"),
        (control("pause", "host", "*.example.com"), "paused"),
        (control("pause", "host", "*"), "paused"),
        (control("block", "host", "*"), "blocked"),
        (control("pause", "host", "le.com"), ""),
        (control("pause", "host", "www.example.com"), ""),
        (control("drop", "synset", "n1"), "dropped"),
        (control("drop", "synset", "n2"), ""),
        (control("block", "url", "HTTPS://img.example.com/a/b.jpg?x=1"), "blocked"),
        (control("block", "url", "https://img.example.com/a/b.jpg"), ""),
        (control("block", "url", "https://*.example.com/a/*"), "blocked"),
        (control("block", "url", "*/a/*.jpg*"), "blocked"),
        (control("block", "url", "*.png"), ""),
        (control("pause", "source", "commons"), ""),
        (control("pause", "host", "example.com", is_lifted=True), ""),
    ],
)
def test_what_stops_a_url(said: Control, expected: str) -> None:
    assert how(view_of(said).of_url(URL, "n1")) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://EXAMPLE.com/x",
        "http://example.com./x",
        "http://user@example.com/x",
        "http://ｅxample.com/x",
        "http:/\\example.com/x",
        "http://example.com:8080/x",
    ],
)
def test_a_host_is_blocked_however_its_name_is_written(url: str) -> None:
    assert how(view_of(control("block", "host", "example.com")).of_url(url, "n1")) == "blocked"


def test_what_ends_goes_before_what_waits_and_a_word_that_is_lifted_holds_no_more() -> None:
    both = view_of(control("pause", "host", "example.com"), control("drop", "synset", "n1"))
    assert how(both.of_url(URL, "n1")) == "dropped"
    again = both.with_({"drop/synset/n1": lifted(both.controls["drop/synset/n1"], who="bob", why="enough", at=AT)})
    assert how(again.of_url(URL, "n1")) == "paused"
    assert how(again.with_({"pause/host/example.com": None}).of_url(URL, "n1")) == ""
    assert how(both.of_url(URL, "n1")) == "dropped"  # a view never changes


def test_queries_are_stopped_by_synset_and_source() -> None:
    view = view_of(control("pause", "source", "commons"), control("drop", "synset", "n2"))
    assert how(view.of_query("n1", "commons")) == "paused"
    assert how(view.of_query("n2", "commons")) == "dropped"
    assert how(view.of_query("n1", "openverse")) == ""


def test_values_hold_for_a_name_and_all_below_it() -> None:
    view = view_of(
        control("delay", "host", "example.com", 5),
        control("delay", "host", "img.example.com", 1e300),
        control("limit", "synset", "n1", 12),
        control("priority", "synset", "n1", 3),
    )
    assert (view.delay_s("www.example.com"), view.delay_s("x.img.example.com")) == (5, 86_400)
    assert view.delay_s("example.org") is None
    assert (view.limit("n1"), view.limit("n2"), view.priority("n1"), view.priority("n2")) == (12, None, 3, 0)


def test_a_picture_is_blocked_in_any_disguise_and_comes_in_when_that_is_lifted() -> None:
    picture, other = scene(1, (320, 240)), scene(2, (320, 240))
    whole, copy = fingerprint(encoded(picture, "PNG")), fingerprint(encoded(picture.resize((200, 150)), "JPEG"))
    view = View()
    for seed in range(10, 22):  # more than there are sets
        view = view.with_({f"k{seed}": picture_control(fingerprint(encoded(scene(seed, (320, 240)), "PNG")))})
    view = view.with_({"k": picture_control(whole)})
    assert how(view.of_image(copy)) == "blocked"
    assert how(view.of_image(whole)) == "blocked"
    assert view.of_image(fingerprint(encoded(other, "PNG"))) is None
    gone = lifted(picture_control(whole), who="bob", why="a mistake", at=AT)
    assert view.with_({"k": gone}).of_image(copy) is None
    by_bytes = view_of(control("block", "sha256", whole.sha256))
    assert how(by_bytes.of_image(whole)) == "blocked"
    assert by_bytes.of_image(copy) is None


def test_nobody_says_what_makes_no_sense() -> None:
    for action, subject in ALLOWED - {("block", "fingerprint")}:
        assert not problem_of(control(action, subject, "ab.cd" if subject == "host" else "ab" * 32))
    assert "is no sha256" in problem_of(control("block", "sha256", "x"))
    assert "is no synset" in problem_of(control("pause", "synset", "../x"))
    assert "no drop of a url" in problem_of(control("drop", "url", "x"))
    for value, action in ((-1.0, "delay"), (1e300, "priority"), (2.5, "limit"), (-3.0, "limit")):
        assert problem_of(control(action, "host" if action == "delay" else "synset", "n1", value))
    picture = picture_control(fingerprint(encoded(scene(1, (320, 240)), "PNG")))
    assert not problem_of(picture)
    assert "another picture" in problem_of(control_with(picture, target="ab" * 32))
    assert "can't be read" in problem_of(control_with(picture, fingerprint="1:zz"))


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "*.", "**", "x.*", "a b", "http://a.example/", "a.example/", "a.example:8080", "[::1]:80", "a..b"),
        *("127.0.0.1:18080", "a" * 64 + ".example", ".".join(["a" * 60] * 5), "ä" * 300, "a.example,b.example", "a\0b"),
    ],
)
def test_a_name_that_no_host_can_have_is_told_and_stops_nothing_in_silence(name: str) -> None:
    for action in ("pause", "drop", "block", "delay"):
        assert "is no host" in problem_of(control(action, "host", name))


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("bücher.example", "http://xn--bcher-kva.example/x"),
        ("a_b.example", "http://a_b.example/x"),
        ("::1", "http://[::1]:8080/x"),
        ("127.0.0.1", "http://127.0.0.1:18080/x"),
        ("localhost", "http://localhost:80/x"),
        ("*", "http://[::1]/x"),
        ("*", "http://a.b.example/x"),
    ],
)
def test_a_name_that_a_host_can_have_stops_it(name: str, url: str) -> None:
    assert not problem_of(control("pause", "host", name))
    assert how(view_of(control("pause", "host", name)).of_url(url, "n1")) == "paused"


def test_a_delay_is_not_of_all_hosts() -> None:
    assert "fetch.delay_s" in problem_of(control("delay", "host", "*", 1.0))


def control_with(found: Control, **changes: str) -> Control:
    values = {name: getattr(found, name) for name in found.__struct_fields__}
    return Control(**{**values, **changes})


def test_what_was_said_before_is_remembered_up_to_a_bound() -> None:
    found = control("limit", "synset", "n1", 0)
    for number in range(1, MAX_PAST + 10):
        found = following(found, control("limit", "synset", "n1", number))
    assert [word.value for word in found.past] == list(range(MAX_PAST + 8, 8, -1))


def test_a_long_target_has_a_key_of_a_bounded_length_of_its_own() -> None:
    one, two = (control("block", "url", "http://h/" + "a" * 1_900 + end).key for end in "xy")
    assert one != two
    assert len(one) < 200


def test_patterns_match_as_a_plain_search_would() -> None:
    randoms = random.Random(7)  # noqa: S311 - made-up inputs, the same each time
    for _ in range(3_000):
        pattern = "".join(randoms.choice("ab*") for _ in range(randoms.randrange(7)))
        text = "".join(randoms.choice("ab") for _ in range(randoms.randrange(8)))
        assert Pattern(pattern).matches(text) == _slowly(pattern, text), (pattern, text)


def test_a_star_can_be_meant_to_the_letter() -> None:
    assert Pattern(r"\*sarah\*").matches("*sarah*")
    assert not Pattern(r"\*sarah\*").matches("sarah connor")
    assert Pattern(r"\**").matches("*sarah*")
    assert not Pattern(r"\**").matches("sarah*")


def _slowly(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_slowly(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and text[0] == pattern[0] and _slowly(pattern[1:], text[1:])


def test_odd_urls_stop_nobody_and_raise_nothing() -> None:
    randoms = random.Random(11)  # noqa: S311 - as above
    view = view_of(control("block", "host", "example.com"), control("block", "url", "*/never/*"))
    alphabet = "htps:/\\@[]#?%.example com\x00\ud800é*"
    for _ in range(3_000):
        url = "".join(randoms.choice(alphabet) for _ in range(randoms.randrange(30)))
        view.of_url(url, "n1")
        url_target(url)
        list(names_of(url))
