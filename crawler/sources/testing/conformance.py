"""What every source promises, looked at: what it sends, what it makes of answers, good and bad."""

import dataclasses
import random
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, Final
from urllib.parse import urlsplit

from synsift.crawler.download.attempt import url_problem
from synsift.crawler.errors import SourceError
from synsift.crawler.secret import Secret
from synsift.crawler.sources.base import ExplainingSource, IntroducedSource, Page, PageQuery, Source, SourceAnswer
from synsift.crawler.sources.registry import problem_of
from synsift.crawler.sources.testing.mutations import mutated
from synsift.crawler.sources.testing.recording import Recorded

_TEXTS: Final = (
    "dog",
    "guide dog",
    "Käfer",
    "犬",
    "a" * 300,
    'he said "no" OR -cat',
    "100% & more",
    "a/b?c=d#e",
    "\u202edog",
    "dog\n\r\t",
)
_MOST_URL_CHARACTERS: Final = 8_000
_MOST_CURSOR_CHARACTERS: Final = 100_000
_MOST: Final = 20


def problems_of(source: Source, answers: Sequence[Recorded], *, mutations: int = 2_000, seed: int = 0) -> list[str]:
    """What a source doesn't keep of what sources promise; empty if all is well.

    Args:
        source: As it would be configured.
        answers: Recorded ones, or such as its documentation shows.
        mutations: How many changed answers to try, of each that is given.
        seed: Of what is changed: the same seed, the same changes.
    """
    wrong = problem_of("source", type(source))
    if wrong:
        return [wrong]
    found = dict.fromkeys(
        [*_of_requests(source), *_of_answers(source, answers), *_of_mutations(source, answers, mutations, seed)]
    )
    return list(found)[:_MOST]


def _query(text: str, cursor: str = "", page: int = 0) -> PageQuery:
    return PageQuery("source", text, "en", cursor, page, "n00000001")


def _of_requests(source: Source) -> Iterator[str]:
    home = urlsplit(source.api_url)
    secrets = [value.reveal() for value in _values(source) if isinstance(value, Secret) and value]
    for text in _TEXTS:
        query = _query(text)
        try:
            request = source.request(query)
        except SourceError:
            continue  # it has no use for such a text, and says so
        except Exception as exc:  # noqa: BLE001 - whatever a source does is what this is about
            yield f"request({text[:40]!r}) raised {type(exc).__name__}: {exc}"
            continue
        parts = urlsplit(request.url)
        if request != source.request(query):
            yield f"request({text[:40]!r}) is another the second time: a query must always be the same request"
        if (parts.scheme, parts.netloc) != (home.scheme, home.netloc):
            yield f"request({text[:40]!r}) goes to {parts.netloc}, and `api_url` is of {home.netloc}"
        if len(request.url) > _MOST_URL_CHARACTERS or not request.url.isascii() or not request.url.isprintable():
            yield f"request({text[:40]!r}) has a URL that is too long, or not encoded"
        if any(secret in str(value) for secret in secrets for value in request.headers.values()):
            yield "a header shows a secret: give it as `Secret`, and it is revealed at the socket alone"


def _values(source: object) -> list[Any]:
    assert dataclasses.is_dataclass(source)  # noqa: S101 - looked at by `problem_of`
    return [getattr(source, field.name) for field in fields(source)]


def _of_answers(source: Source, answers: Sequence[Recorded]) -> Iterator[str]:
    if not any(recorded.status < 300 for recorded in answers):
        yield "no good answer was given to try it with"
    for number, recorded in enumerate(answers):
        where = f"answer {number} ({recorded.text[:40]!r}, page {recorded.page})"
        try:
            result = _read(source, recorded.query(), recorded.answer())
        except SourceError:
            continue
        except Exception as exc:  # noqa: BLE001 - as above
            yield f"{where}: raised {type(exc).__name__}: {exc}"
            continue
        if isinstance(result, Page):
            yield from (f"{where}: {problem}" for problem in _of_page(source, recorded.query(), result))


def _read(source: Source, query: PageQuery, answer: SourceAnswer) -> Page | str | None:
    if answer.status < 300:
        return source.page(query, answer)
    return source.problem(query, answer) if isinstance(source, ExplainingSource) else None


def _of_page(source: Source, query: PageQuery, page: Page) -> Iterator[str]:
    if len(page.images) > source.page_size:
        yield f"{len(page.images)} images, and `page_size` is {source.page_size}: ranks would overlap"
    for image in page.images:
        texts = (image.url, image.landing_page, image.title, image.author, image.licence, image.licence_url)
        if not all(isinstance(text, str) for text in (*texts, image.content_id)):
            yield f"an image with what is no text: {image!r:.200}"
            return
        if "<" in image.author and ">" in image.author:
            yield f"an author with markup: {image.author[:80]!r}"
    if page.next_cursor:
        yield from _of_cursor(source, query, page.next_cursor)


def _of_cursor(source: Source, query: PageQuery, cursor: str) -> Iterator[str]:
    if not isinstance(cursor, str) or len(cursor) > _MOST_CURSOR_CHARACTERS:
        yield "the place of the next page is no text, or too long"
        return
    if cursor == query.cursor:
        yield "the next page begins where this one did: it would never end"
    try:
        problem = url_problem(source.request(replace(query, cursor=cursor, page=query.page + 1)).url)
    except SourceError:
        return
    except Exception as exc:  # noqa: BLE001 - as above
        problem = f"raised {type(exc).__name__}: {exc}"
    if problem:
        yield f"request() of the next page: {problem}"


def _of_mutations(source: Source, answers: Sequence[Recorded], number: int, seed: int) -> Iterator[str]:
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    for recorded in answers:
        for _ in range(number):
            body = mutated(rng, recorded.body)
            try:
                result = _read(source, recorded.query(), replace(recorded.answer(), body=body))
                problems = list(_of_page(source, recorded.query(), result)) if isinstance(result, Page) else []
            except SourceError:
                continue
            except Exception as exc:  # noqa: BLE001 - as above
                problems = [
                    f"raised {type(exc).__name__}: {exc}, where `SourceError` or a reject would say what is wrong"
                ]
            yield from (f"a changed answer: {problem}" for problem in problems)
        if isinstance(source, IntroducedSource):
            for _ in range(number):
                yield from _of_introduction(source, mutated(rng, recorded.body))


def _of_introduction(source: IntroducedSource, body: bytes) -> Iterator[str]:
    try:
        source.introduce(SourceAnswer(body))
    except SourceError:
        return
    except Exception as exc:  # noqa: BLE001 - as above
        yield f"introduce() raised {type(exc).__name__}: {exc}"
