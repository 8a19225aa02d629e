"""The look at what sources promise sees what they don't keep."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from synsift.crawler.errors import SourceError
from synsift.crawler.secret import Secret
from synsift.crawler.sources import About, FoundImage, Page, PageQuery, SourceAnswer, SourceRequest, setting
from synsift.testing import Recorded, problems_of, record

ANSWER = Recorded("dog", json.dumps({"urls": ["http://a.example/1"], "next": "2"}).encode())
ASK = "https://api.example/?q="


@dataclass(slots=True)
class Shaped:
    """A source that is what a test makes of it."""

    about: ClassVar[About] = About(title="Shaped")
    asks: Callable[[PageQuery], SourceRequest]
    reads: Callable[[PageQuery, Any], Page]
    api_url: str = setting("https://api.example/", "URL")
    page_size: int = setting(3, "Hits")
    key: Secret = setting(Secret("a-secret-key"), "Key")

    def request(self, query: PageQuery) -> SourceRequest:
        return self.asks(query)

    def page(self, query: PageQuery, answer: SourceAnswer) -> Page:
        try:
            return self.reads(query, json.loads(answer.body))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as exc:
            raise SourceError("no answer") from exc


def asks(query: PageQuery) -> SourceRequest:
    text, cursor = (part.encode("utf-8", "replace").hex() for part in (query.text, query.cursor))
    return SourceRequest(f"{ASK}{text}&page={cursor[:40]}")


def reads(query: PageQuery, said: Any) -> Page:
    following = str(said["next"])[:20]
    images = tuple(FoundImage(str(url)) for url in said["urls"][:3])
    return Page(images, following if following != query.cursor else "")


def test_a_good_source_has_no_problems() -> None:
    assert problems_of(Shaped(asks, reads), [ANSWER], mutations=300) == []


def _another_each_time() -> Callable[[PageQuery], SourceRequest]:
    times = iter(range(10_000))
    return lambda query: replace(asks(query), url=f"{asks(query).url}&n={next(times)}")


@pytest.mark.parametrize(
    ("shaped", "problem"),
    [
        (Shaped(_another_each_time(), reads), "is another the second time"),
        (Shaped(lambda _: SourceRequest("https://other.example/"), reads), "goes to other.example"),
        (Shaped(lambda query: SourceRequest(ASK + query.text), reads), "not encoded"),
        (Shaped(lambda query: replace(asks(query), headers={"X": "a-secret-key"}), reads), "shows a secret"),
        (
            Shaped(lambda query: SourceRequest(ASK + query.text.encode("ascii").hex()), reads),
            "raised UnicodeEncodeError",
        ),
        (Shaped(asks, lambda _, said: Page(tuple(map(FoundImage, said["urls"] * 9)))), "ranks would overlap"),
        (Shaped(asks, lambda _, said: Page((FoundImage(said["next"]), FoundImage(said["urls"])))), "what is no text"),
        (Shaped(asks, lambda _, said: Page((FoundImage("u", author="<b>x</b>"),), str(said["next"])[:9])), "markup"),
        (Shaped(asks, lambda query, _: Page((), query.cursor or "1")), "it would never end"),
        (Shaped(asks, lambda _, said: Page((), said["next"] and "x" * 200_000)), "is no text, or too long"),
        (Shaped(asks, lambda _, said: Page((), str(1 / len(said["urls"]))[:9])), "raised ZeroDivisionError"),
    ],
)
def test_what_it_does_not_keep_is_named(shaped: Shaped, problem: str) -> None:
    answers = [ANSWER, replace(ANSWER, cursor="1", page=1)]
    assert any(problem in found for found in problems_of(shaped, answers, mutations=500))


def test_answers_are_kept_without_secrets(tmp_path: Path) -> None:
    key = Secret("another-secret-key")
    headers = {"content-type": "application/json", "set-cookie": "x=1", "x-ratelimit-left": "3"}
    answer = SourceAnswer(f'{{"next": "/?key={key.reveal()}&page=2"}}'.encode(), 200, headers)
    kept = tmp_path / "kept.json"
    record(PageQuery("s", "dog", "en", "", 0, "n1"), answer).write(kept)
    assert "another-secret-key" not in kept.read_text()
    found = Recorded.read(kept)
    assert found.body == b'{"next": "/?key=***&page=2"}'
    assert found.headers == {"content-type": "application/json", "x-ratelimit-left": "3"}


@pytest.mark.parametrize("body", [b"", b"\xff\x00\x80", "犬".encode(), b'{"a": "\\ud800"}'])
def test_any_body_comes_back_as_it_was(tmp_path: Path, body: bytes) -> None:
    Recorded("dog", body, status=503).write(tmp_path / "kept.json")
    assert Recorded.read(tmp_path / "kept.json") == Recorded("dog", body, status=503)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"status": 200}', '{"asked": 1, "body": 2, "status": 3, "headers": 4}']
)
def test_what_is_no_kept_answer_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError):  # noqa: PT011 - of JSON's, or ours
        Recorded.read(tmp_path / "x.json")
