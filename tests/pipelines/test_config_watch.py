"""A configuration that changes while a worker runs."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from synsift.pipelines.config import Settings, load
from synsift.pipelines.config_watch import ConfigWatch, Source
from synsift.pipelines.politeness import is_live


class World:
    """A file, a watch, and what it handed on."""

    def __init__(self, folder: Path, text: str) -> None:
        self.path = folder / "synsift.toml"
        self.path.write_text(text)
        self.taken: list[Settings] = []
        source = Source(lambda: load(file=self.path, env={}), lambda: self.path)
        self.watch = ConfigWatch(source, self.taken.append, is_live)

    def write(self, text: str) -> None:
        """Change the file, and look as often as is needed to believe it."""
        self.path.write_text(text)
        self.watch.look()
        self.watch.look()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, "[fetch]\ndelay_s = 1\n")


def test_what_changes_is_handed_on_and_said(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.write('[fetch]\ndelay_s = 2\n[fetch.hosts."cdn.example"]\ndelay_s = 0.5\n')
    assert [found.fetch.delay_s for found in world.taken] == [2.0]
    assert 'the configuration has changed: fetch.delay_s = 2, fetch.hosts."cdn.example".delay_s = 0.5' in caplog.text
    world.write("[fetch]\ndelay_s = 2\n")
    assert world.taken[-1].fetch.hosts == {}
    assert caplog.text.rstrip().endswith('the configuration has changed: fetch.hosts."cdn.example".delay_s')


def test_a_file_that_did_not_change_is_not_read_again(world: World) -> None:
    for _ in range(5):
        world.watch.look()
    assert world.taken == []


def test_a_file_that_is_being_written_is_not_believed(world: World) -> None:
    for text in ("", "[fetch]\n", "[fetch]\ndelay_s = 3\n"):
        world.path.write_text(text)
        world.watch.look()
        assert world.taken == []
    world.watch.look()
    assert [found.fetch.delay_s for found in world.taken] == [3.0]


@pytest.mark.parametrize("text", ["[fetch\n", "[fetch]\ndelay_s = -1\n", "[fetch]\ndealy_s = 1\n"])
def test_a_broken_file_changes_nothing_and_is_said_once(
    world: World, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    world.write(text)
    for _ in range(3):
        world.watch.look()
    assert world.taken == []
    (line,) = [record.getMessage() for record in caplog.records]
    assert "can't be read, and what held before holds on" in line
    assert str(world.path) in line
    world.write("[fetch]\ndelay_s = 4\n")
    assert [found.fetch.delay_s for found in world.taken] == [4.0]


def test_a_file_that_is_gone_changes_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.path.unlink()
    for _ in range(3):
        world.watch.look()
    assert world.taken == []
    assert caplog.text.count("what held before holds on") == 1


def test_what_holds_at_the_next_start_is_said_without_its_value(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.write('[fetch]\ndelay_s = 1\n[kafka]\npassword = "hunter2"\n[fetch.hosts."a.example"]\nsplit = 2\n')
    assert 'at the next start: kafka.password, fetch.hosts."a.example".split' in caplog.text or (
        'fetch.hosts."a.example".split, kafka.password' in caplog.text
    )
    assert "hunter2" not in caplog.text


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(300):
        while not happened():
            await asyncio.sleep(0.01)


def test_it_looks_by_itself_and_at_once_on_sighup(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    async def play() -> None:
        async with world.watch.running(on_hangup=True):
            world.path.write_text("[fetch]\ndelay_s = 5\n")
            await until(lambda: len(world.taken) == 1)
            world.path.write_text("[fetch]\ndelay_s = 6\n")
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: len(world.taken) == 2)

    asyncio.run(play())
    assert [found.fetch.delay_s for found in world.taken] == [5.0, 6.0]
