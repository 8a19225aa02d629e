from collections.abc import Sequence
from dataclasses import replace

import pytest

from synsift.crawler.consent import Kind, Say, Statement, judge
from synsift.crawler.download.attempt import (
    Answer,
    Follow,
    GiveUp,
    Patience,
    Retry,
    Step,
    Take,
    after_answer,
    after_error,
    retry_after_s,
    url_problem,
)
from synsift.crawler.outcome import Outcome

PATIENCE = Patience(attempts=3, redirects=2, backoff_s=1.0, max_wait_s=60.0)
NOW_S = 1_700_000_000.0


def answered(status: int, *, attempts: int = 1, been: Sequence[str] = (), **headers: str) -> Step:
    answer = Answer("http://a.example/x", status, {k.replace("_", "-"): v for k, v in headers.items()})
    return after_answer(answer, attempts=attempts, been=been, patience=PATIENCE, now_s=NOW_S)


def test_a_good_answer_is_taken() -> None:
    assert answered(200) == Take()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (404, Outcome.NOT_FOUND),
        (410, Outcome.NOT_FOUND),
        (403, Outcome.FORBIDDEN),
        (304, Outcome.HTTP_ERROR),
        (301, Outcome.HTTP_ERROR),
    ],
)
def test_what_will_not_heal_is_given_up_at_once(status: int, outcome: Outcome) -> None:
    step = answered(status)
    assert isinstance(step, GiveUp)
    assert step.outcome is outcome


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408])
def test_what_may_heal_is_tried_again_with_growing_waits_and_then_given_up(status: int) -> None:
    steps = [answered(status, attempts=n) for n in (1, 2, 3)]
    assert [step.wait_s for step in steps[:2] if isinstance(step, Retry)] == [1.0, 2.0]
    assert isinstance(steps[2], GiveUp)


def test_retry_after_is_honoured_for_the_whole_host() -> None:
    assert answered(429, retry_after="17") == Retry(17.0, host_wide=True)
    assert answered(503, retry_after="Tue, 14 Nov 2023 22:13:50 GMT") == Retry(30.0, host_wide=True)


def test_a_retry_after_beyond_patience_ends_the_attempts() -> None:
    step = answered(429, retry_after="3600")
    assert isinstance(step, GiveUp)
    assert step.outcome is Outcome.RATE_LIMITED
    assert "3600" in step.message


@pytest.mark.parametrize("value", ["", "soon", "-5", "١٢", "9" * 400, "1e9", "Tue, 99 Foo 2023"])
def test_a_nonsensical_retry_after_is_no_instruction_and_no_crash(value: str) -> None:
    assert retry_after_s(value, NOW_S) is None or retry_after_s(value, NOW_S) == 365 * 86_400


@pytest.mark.parametrize(
    ("status", "of", "length", "is_taken"),
    [
        (206, "bytes 0-9/10", "", True),
        (206, "bytes 0-9/20", "", False),
        (200, "bytes 0-9/20", "10", False),  # it says that it is a part, and is as long as that
        (200, "bytes 5-14/*", "10", False),
        (200, "bytes 0-9/20", "20", True),  # kept from another answer
        (200, "bytes 0-9/20", "", True),
        (200, "bytes 0-9/10", "10", True),
        (200, "none", "10", True),
    ],
)
def test_a_part_is_no_answer(status: int, of: str, length: str, is_taken: bool) -> None:
    headers = {"content-range": of, **({"content-length": length} if length else {})}
    answer = Answer("http://a.example/x.jpg", status, headers)
    step = after_answer(answer, attempts=9, been=(), patience=PATIENCE, now_s=NOW_S)
    assert isinstance(step, Take) == is_taken
    if not is_taken:
        assert isinstance(step, GiveUp)
        assert f"content-range: `{of}`" in step.message


def test_a_retry_after_in_the_past_is_no_wait() -> None:
    assert retry_after_s("Tue, 14 Nov 2000 22:13:50 GMT", NOW_S) == 0.0


def test_redirects_are_followed_a_few_times() -> None:
    assert answered(302, location="/y") == Follow("http://a.example/y")
    assert answered(308, location="//b.example/z", been=["http://c.example/"]) == Follow("http://b.example/z")
    step = answered(302, location="/y", been=["http://c.example/", "http://d.example/"])
    assert isinstance(step, GiveUp)
    assert step.outcome is Outcome.TOO_MANY_REDIRECTS


@pytest.mark.parametrize("location", ["http://a.example/x.jpg", "/x.jpg", "x.jpg#part", "", "//A.example:80/x.jpg"])
def test_a_redirect_to_itself_isnt_followed(location: str) -> None:
    answer = Answer("http://a.example/x.jpg", 302, {"location": location})
    step = after_answer(answer, attempts=1, been=(), patience=PATIENCE, now_s=NOW_S)
    assert step == GiveUp(Outcome.TOO_MANY_REDIRECTS, "it redirects to itself")


@pytest.mark.parametrize("location", ["//b.example/a", "http://B.example:80/a#x", "//c.example/b"])
def test_redirects_that_lead_back_arent_followed(location: str) -> None:
    patience = replace(PATIENCE, redirects=9)
    answer = Answer("http://a.example/x.jpg", 302, {"location": location})
    been = ["http://b.example/a", "http://c.example/b"]
    step = after_answer(answer, attempts=1, been=been, patience=patience, now_s=NOW_S)
    assert step == GiveUp(Outcome.TOO_MANY_REDIRECTS, "its redirects go round in a circle")


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://a/b", "gopher://x", "http://[", "http://u:p@h/", "data:x"]
)
def test_a_redirect_to_no_web_address_is_refused(target: str) -> None:
    step = answered(302, location=target)
    assert isinstance(step, GiveUp)
    assert step.outcome is Outcome.BAD_URL


def test_errors_without_an_answer_follow_the_same_rules() -> None:
    assert after_error(Outcome.TIMEOUT, "t", attempts=1, patience=PATIENCE) == Retry(1.0, host_wide=False)
    assert isinstance(after_error(Outcome.TIMEOUT, "t", attempts=3, patience=PATIENCE), GiveUp)
    assert isinstance(after_error(Outcome.ROBOTS_DENIED, "r", attempts=1, patience=PATIENCE), GiveUp)


@pytest.mark.parametrize("status", [200, 302, 404, 503])
def test_what_must_not_be_used_is_given_up_whatever_else_is_answered(status: int) -> None:
    said = Statement(Kind.NOAI, "X-Robots-Tag", "noai", "http://a/", Say.NO)
    answer = Answer("http://a/", status, {"location": "/b"}, (said,), judge([said]))
    step = after_answer(answer, attempts=1, been=(), patience=PATIENCE, now_s=NOW_S)
    assert step == GiveUp(Outcome.OPTED_OUT, "X-Robots-Tag of http://a/ says 'noai'")


@pytest.mark.parametrize(
    "url",
    ["", "x", "file:///etc/passwd", "http://", "http://u@h/", "http://h:99999/", "http://h:0/", "http://" + "a" * 5000],
)
def test_a_url_that_cannot_be_fetched_says_why(url: str) -> None:
    assert url_problem(url)


def test_a_good_url_has_no_problem() -> None:
    assert url_problem("https://example.org:8443/a%20b.jpg?x=1#y") is None
