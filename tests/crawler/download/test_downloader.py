"""Nothing that is raised between an answer and the end of its task loses the task or the place of its host."""

import asyncio
import builtins
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from synsift.crawler.download.attempt import Answer, Patience
from synsift.crawler.download.dispatcher import Politeness
from synsift.crawler.download.downloader import Downloader
from synsift.crawler.download.givers import Abandoned
from synsift.crawler.download.host_health import HealthPolicy, HostHealth, Illness
from synsift.crawler.download.host_rules import HostKeys
from synsift.crawler.download.reading import Readers, Received
from synsift.crawler.errors import SourceBusy, SourceError
from synsift.crawler.outcome import Outcome

EVERY_TYPE = sorted(
    {
        kind
        for kind in vars(builtins).values()
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, Warning)
    }
    | {SourceError, SourceBusy},
    key=lambda kind: kind.__name__,
)


def make(kind: type[Exception]) -> Exception:
    arguments: dict[type[Exception], tuple[Any, ...]] = {
        UnicodeDecodeError: ("utf-8", b"\xff", 0, 1, "bad"),
        UnicodeEncodeError: ("utf-8", "\ud800", 0, 1, "bad"),
        UnicodeTranslateError: ("\ud800", 0, 1, "bad"),
        ExceptionGroup: ("several", [ValueError("one")]),
        SourceBusy: ("later",),
    }
    return kind(*arguments.get(kind, ("odd \ud800",)))


class Ends:
    """A receiver that remembers, and may fail."""

    def __init__(self, fails: Callable[[], None] = lambda: None) -> None:
        self.received_tasks: list[str] = []
        self.abandoned_tasks: list[tuple[str, str]] = []
        self._fails = fails

    async def received(self, task: str, _result: Received) -> None:
        self.received_tasks.append(task)
        self._fails()

    async def abandoned(self, task: str, result: Abandoned) -> None:
        self.abandoned_tasks.append((task, result.outcome))
        self._fails()


def one_place(ends: Ends, *, attempts: int = 1) -> Downloader[str]:
    """A downloader that lets one request at a time into a host."""
    return Downloader(
        ends,
        politeness=Politeness(4, 1, 0.0),
        patience=Patience(attempts=attempts),
        hosts=HostKeys({}, lambda _name: "host"),
    )


async def end_one(downloader: Downloader[str], extract: Callable[[], Any], status: int = 200) -> None:
    """Submit a task, give it an answer, and make sure that the next of its host may start."""
    await downloader.submit("first", "http://host/1")
    await downloader.submit("second", "http://host/2")
    job = await downloader.next()
    assert job is not None
    assert job.task == "first"
    await downloader.answered(job, Answer(job.url, status, {}), Readers(extract))
    async with asyncio.timeout(300):
        following = await downloader.next()
    assert following is not None
    assert following.task == "second"


@pytest.mark.parametrize("kind", EVERY_TYPE, ids=lambda kind: kind.__name__)
def test_an_exception_of_any_type_while_reading_an_answer_ends_its_task(kind: type[Exception]) -> None:
    def extract() -> NoReturn:
        raise make(kind)

    ends = Ends()
    asyncio.run(end_one(one_place(ends), extract))
    outcome = Outcome.SERVER_ERROR if kind is SourceBusy else Outcome.SOURCE_ERROR
    assert ends.abandoned_tasks == [("first", outcome)]


@pytest.mark.parametrize("kind", EVERY_TYPE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("status", [200, 404])
def test_an_exception_of_any_type_in_who_receives_frees_the_place(kind: type[Exception], status: int) -> None:
    def fail() -> NoReturn:
        raise make(kind)

    ends = Ends(fail)
    asyncio.run(end_one(one_place(ends), lambda: b"", status))
    assert ends.abandoned_tasks[-1][0] == "first"
    assert len(ends.received_tasks) <= 1


async def answered_once(status: int, headers: dict[str, str]) -> tuple[Ends, Downloader[str]]:
    """Submit a task and give it an answer."""
    ends = Ends()
    downloader = one_place(ends)
    await downloader.submit("first", "http://host/1")
    job = await downloader.next()
    assert job is not None
    await downloader.answered(job, Answer(job.url, status, headers), Readers(lambda: b""))
    return ends, downloader


@pytest.mark.parametrize("header", ["abc", "-1", "9" * 5_000, "\ud800", "Thu, 99 Foo 2026 99:99:99 GMT", "", "٣"])
def test_an_odd_retry_after_is_survived(header: str) -> None:
    ends, _ = asyncio.run(answered_once(429, {"retry-after": header}))
    assert ends.abandoned_tasks == [("first", Outcome.RATE_LIMITED)]


@pytest.mark.parametrize(
    "target", ["http://[::1", "//", "http://\ud800/", "javascript:x", "http://h:99999999/", "\x00"]
)
def test_an_odd_redirect_ends_its_task(target: str) -> None:
    async def scenario() -> None:
        ends, downloader = await answered_once(302, {"location": target})
        again = asyncio.create_task(downloader.next())
        await asyncio.sleep(0)
        assert ends.abandoned_tasks or again.done()
        downloader.close()
        await again

    asyncio.run(scenario())


class Waits:
    """Lets tasks wait, and forgets them."""

    def __init__(self) -> None:
        self.health = HostHealth(HealthPolicy(sleep_s=0.0))

    def is_waited_for(self, _task: str) -> bool:
        return False

    async def postponed(self, _task: str, _origin: str, _illness: Illness) -> None:
        pass


@pytest.mark.parametrize(("answer_between", "is_gone"), [(True, False), (False, True)])
def test_hosts_that_failed_before_say_nothing_of_the_network(
    caplog: pytest.LogCaptureFixture, answer_between: bool, is_gone: bool
) -> None:
    async def probe() -> None:
        downloader = Downloader(
            Ends(), politeness=Politeness(4, 1, 0.0), patience=Patience(), hosts=HostKeys({}, lambda name: name)
        )
        downloader.let_wait(Waits())
        for turn in range(3):
            for host in "abcd":
                if answer_between and turn == 0:
                    downloader._reachability.answered()
                await downloader.fell_ill(f"https://{host}.example/1", Outcome.NO_NETWORK, "no route", 0.0)

    asyncio.run(probe())
    assert ("there is no network" in caplog.text) is is_gone
