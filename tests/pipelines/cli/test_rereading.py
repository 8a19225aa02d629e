"""A command that runs takes a configuration that changes, in a process of its own."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import warm
from tests.conftest import environment
from tests.pipelines.stages.test_fetch import picture
from tests.pipelines.stages.web import SmallWeb, small_web

TIMEOUT_S = 300
RUNS = {
    "crawl": ("crawl", "--source", "urls", "--list", "list.csv"),
    "run": ("run", "search", "fetch", "--drain"),
}


@pytest.fixture
def site() -> Iterator[SmallWeb]:
    with small_web() as found:
        yield found


class Running:
    """A command on a list of six images of one host, asked once an hour."""

    def __init__(self, folder: Path, site: SmallWeb, name: str) -> None:
        self.site = site
        self.file = folder / "synsift.toml"
        self.configure(3_000)
        urls = [site.serve(f"/{number}.jpg", picture(number)) for number in range(6)]
        (folder / "list.csv").write_text("wnid,url\n" + "".join(f"n1,{url}\n" for url in urls))
        if name == "run":
            planned = ["plan", "--source", "urls", "--list", "list.csv", "--config", str(self.file)]
            warm.run(planned, cwd=folder, env=environment({}), check=True)
        self.errors = folder / "errors"
        with self.errors.open("w") as errors:
            self.process = warm.start(
                [*RUNS[name], "--config", str(self.file)],
                cwd=folder, env=environment({}), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip

    def configure(self, delay_s: float, more: str = "") -> None:
        text = f"[identity]\ncontact = 'test@example.org'\n[fetch]\nallow_networks = ['127.0.0.0/8']\n{more}"
        self.file.write_text(f"{text}[fetch.hosts.'127.0.0.1']\ndelay_s = {delay_s}\n")

    @property
    def images(self) -> int:
        return sum(number for path, number in self.site.asked.items() if path.endswith(".jpg"))

    def until(self, what: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + TIMEOUT_S
        while not what():
            assert time.monotonic() < deadline_s, self.errors.read_text()
            assert self.process.poll() is None, self.errors.read_text()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.05)


@pytest.mark.parametrize("name", RUNS)
def test_a_host_is_asked_more_often_as_soon_as_the_file_says_so(tmp_path: Path, site: SmallWeb, name: str) -> None:
    running = Running(tmp_path, site, name)
    try:
        running.until(lambda: bool(site.asked["/robots.txt"]))
        running.file.write_text("[fetch\n")
        running.until(lambda: "what held before holds on" in running.errors.read_text())
        assert running.images == 0  # the next of its files about use waits for an hour
        running.configure(0, "attempts = 2\n")
        running.process.send_signal(signal.SIGHUP)
        assert running.process.wait(timeout=TIMEOUT_S) == 0
    finally:
        running.process.kill()
        running.process.wait()
    said = running.errors.read_text().replace('\\"', '"')  # lines of JSON
    assert running.images == 6
    assert 'the configuration has changed: fetch.hosts."127.0.0.1".delay_s = 0' in said
    assert "at the next start: fetch.attempts" in said
    assert "Traceback" not in said, said
