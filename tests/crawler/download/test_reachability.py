"""When a network counts as gone."""

import errno
import shutil
import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from synsift.crawler.download import handler
from synsift.crawler.download.failures import outcome_of
from synsift.crawler.download.handler import _translated
from synsift.crawler.download.reachability import Reachability
from synsift.crawler.errors import NetworkDown
from synsift.crawler.outcome import Outcome

REFUSED, NOWHERE = Outcome.CONNECTION_FAILED, Outcome.NO_NETWORK


def after(*failures: tuple[str, Outcome], answered_first: bool = False) -> Reachability:
    found = Reachability()
    if answered_first:
        found.answered()
    for host, outcome in failures:
        found.failed(host, outcome)
    return found


@pytest.mark.parametrize(
    ("failures", "answered_first", "is_out"),
    [
        ([], False, False),
        ([("a", NOWHERE)], False, True),
        ([("a", NOWHERE)], True, False),
        ([("a", NOWHERE), ("a", NOWHERE)], True, False),
        ([("a", NOWHERE), ("b", NOWHERE)], True, True),
        ([("a", REFUSED)] * 9, False, False),
        ([("a", REFUSED), ("b", Outcome.TIMEOUT)], False, False),
        ([("a", REFUSED), ("b", REFUSED), ("c", Outcome.DNS_FAILED)], True, False),
        ([(host, REFUSED) for host in "abcdefghij"], False, False),
        ([(host, Outcome.DNS_FAILED) for host in "abcdefghij"], True, False),
        ([*((host, REFUSED) for host in "abc"), ("d", NOWHERE), ("e", NOWHERE)], True, True),
        ([("a", Outcome.TIMEOUT), ("b", Outcome.TIMEOUT), ("c", Outcome.TIMEOUT), ("d", Outcome.TIMEOUT)], True, False),
        ([("a", Outcome.NOT_FOUND), ("b", Outcome.TOO_LARGE), ("c", Outcome.PRIVATE_ADDRESS)], False, False),
    ],
)
def test_a_network_is_gone(failures: list[tuple[str, Outcome]], answered_first: bool, is_out: bool) -> None:
    assert after(*failures, answered_first=answered_first).is_out is is_out


def test_one_answer_shows_that_it_is_back_and_both_are_told_once() -> None:
    found = Reachability()
    told = [found.failed(host, NOWHERE) for host in "abcdab"]
    assert told == [True, False, False, False, False, False]
    assert [found.answered(), found.answered(), found.is_out] == [True, False, False]


def test_what_is_given_up_is_called_by_its_cause() -> None:
    out = after(("a", REFUSED), ("b", NOWHERE))
    assert out.outcome_of(REFUSED) is NOWHERE
    assert out.outcome_of(Outcome.BAD_URL) is Outcome.BAD_URL
    assert after(("a", REFUSED)).outcome_of(REFUSED) is REFUSED
    assert after(("a", NOWHERE), answered_first=True).outcome_of(NOWHERE) is REFUSED


@pytest.mark.parametrize(
    ("number", "is_routed", "outcome"),
    [
        (socket.EAI_AGAIN, False, NOWHERE),
        (errno.ENETUNREACH, False, NOWHERE),
        (errno.ENETDOWN, False, NOWHERE),
        (errno.ENETUNREACH, True, REFUSED),  # it has an IPv6 address only, and this machine has none
        (errno.ECONNREFUSED, False, REFUSED),
        (errno.EHOSTUNREACH, False, REFUSED),
    ],
)
def test_the_system_says_whether_there_is_a_network(
    monkeypatch: pytest.MonkeyPatch, number: int, is_routed: bool, outcome: Outcome
) -> None:
    monkeypatch.setattr(handler, "has_route", lambda: is_routed)
    place = cast("Any", SimpleNamespace(host="example.org", port=80, is_ssl=False, ssl=True))
    with pytest.raises(Exception, match=r"example\.org") as caught, _translated("http://example.org/", 1):
        raise aiohttp.ClientConnectorError(place, OSError(number, "why"))
    assert outcome_of(caught.value) is outcome
    assert isinstance(caught.value, NetworkDown) is (outcome is NOWHERE)


def test_where_there_never_was_a_network_trying_again_is_in_vain() -> None:
    assert after(("a", NOWHERE)).never_was
    assert not after(("a", NOWHERE), ("b", NOWHERE), answered_first=True).never_was
    source = Reachability(names_tell=True)
    source.failed("api.example", Outcome.DNS_FAILED)
    assert source.never_was
    assert source.outcome_of(Outcome.DNS_FAILED) is NOWHERE
    assert not after(("a", Outcome.DNS_FAILED)).is_out


def test_a_machine_without_an_interface_has_no_route() -> None:
    program = "from synsift.crawler.download.routes import has_route; print(has_route())"
    alone = ["unshare", "--net", "--map-root-user", sys.executable, "-c", program]
    done = subprocess.run(alone, capture_output=True, text=True, check=False) if shutil.which("unshare") else None
    if done is None or done.returncode != 0:
        pytest.skip("this machine lets nobody make a network of their own")
    assert done.stdout.strip() == "False"
