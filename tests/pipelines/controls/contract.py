"""What following the topic of controls promises, whatever the log."""

import time
from collections.abc import Callable, Iterator

import pytest

from synsift.pipelines.controls.steering import Steering, read_view
from synsift.pipelines.log.base import Log
from synsift.pipelines.topics import CONTROLS, Entry, Router
from tests.pipelines.controls.said import control, say

WAIT_S = 60.0


def wait_for(is_so: Callable[[], bool]) -> None:
    """Look again until something is so; a fleet has a second, a loaded machine a minute."""
    deadline_s = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline_s, "it never came to be"
        time.sleep(0.02)


class SteeringContract:
    """Tests of both logs."""

    @pytest.fixture
    def make_log(self) -> Callable[[], Log]:
        raise NotImplementedError

    @pytest.fixture
    def log(self, make_log: Callable[[], Log]) -> Iterator[Log]:
        log = make_log()
        yield log
        log.close()

    def test_all_that_was_said_is_known_when_work_begins_and_the_rest_soon(self, log: Log) -> None:
        say(log, *(control("pause", "host", f"h{number}.example") for number in range(40)))
        steering = Steering(log)
        steering.begin("fetch")
        try:
            assert all(steering.view.of_url(f"http://h{number}.example/x", "n1") for number in range(40))
            assert steering.view.of_url("http://h40.example/x", "n1") is None
            say(log, control("pause", "host", "h40.example"), control("pause", "host", "h1.example", is_lifted=True))
            wait_for(lambda: steering.view.of_url("http://h40.example/x", "n1") is not None)
            wait_for(lambda: steering.view.of_url("http://h1.example/x", "n1") is None)
        finally:
            steering.end("fetch")

    def test_it_follows_until_its_last_user_ends_and_again_after_that(self, log: Log) -> None:
        steering = Steering(log)
        for user in ("fetch", "dedupe"):
            steering.begin(user)
        steering.end("fetch")
        say(log, control("drop", "synset", "n1"))
        wait_for(lambda: steering.view.of_query("n1", "s") is not None)
        steering.end("dedupe")
        say(log, control("drop", "synset", "n2"))
        assert steering.view.of_query("n2", "s") is None
        steering.begin("land")
        assert steering.view.of_query("n2", "s") is not None
        steering.end("land")

    def test_what_holds_outlives_everybody(self, log: Log, make_log: Callable[[], Log]) -> None:
        say(log, control("drop", "synset", "n1"), control("block", "host", "h.example"))
        say(log, control("drop", "synset", "n1", is_lifted=True))
        log.close()
        again = make_log()
        view = read_view(again)
        again.close()
        assert view.of_query("n1", "s") is None
        assert view.of_url("http://h.example/", "n1") is not None
        assert [word.is_lifted for word in view.controls["drop/synset/n1"].past] == [False]

    def test_bad_records_are_passed_by_and_named(self, log: Log, caplog: pytest.LogCaptureFixture) -> None:
        router = Router(log.partitions)
        good = router.control(control("drop", "synset", "n1"))
        bad = [b"", b"\xff", b"[" * 100_000, b"null", b'{"v":2}', good.value]  # the last under another key
        for partition in range(log.partitions):
            entries = [Entry(CONTROLS.name, partition, b"k%d" % number, value) for number, value in enumerate(bad)]
            log.produce([*entries, Entry(CONTROLS.name, partition, b"gone", None)])
        log.produce([good])
        steering = Steering(log)
        steering.begin("fetch")
        steering.end("fetch")
        assert steering.view.of_query("n1", "s") is not None
        assert len(steering.view.controls) == 1
        assert len([line for line in caplog.messages if "controls/" in line and "is skipped" in line]) == 1

    def test_a_record_without_a_value_deletes_what_was_said(self, log: Log) -> None:
        say(log, control("drop", "synset", "n1"))
        steering = Steering(log)
        steering.begin("fetch")
        try:
            entry = Router(log.partitions).control(control("drop", "synset", "n1"))
            log.produce([Entry(entry.topic, entry.partition, entry.key, None)])
            wait_for(lambda: steering.view.of_query("n1", "s") is None)
            assert not read_view(log).controls
        finally:
            steering.end("fetch")

    def test_saying_it_again_writes_nothing(self, log: Log) -> None:
        say(log, control("drop", "synset", "n1"))
        before = sum(1 for partition in range(log.partitions) for _ in log.read(CONTROLS.name, partition))
        say(log, control("drop", "synset", "n1"), control("drop", "synset", "n9", is_lifted=True))
        after = sum(1 for partition in range(log.partitions) for _ in log.read(CONTROLS.name, partition))
        assert (before, after) == (1, 1)
