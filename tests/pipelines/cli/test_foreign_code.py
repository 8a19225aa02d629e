"""A source of another package that prints, and one that never comes to an end: as a user meets them."""

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from synsift.crawler.sources import SourceAnswer
from synsift.testing import Asked, Server, serving
from tests.conftest import command, environment
from tests.dedupe.pictures import encoded, scene

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 120
SOURCE = """
import os, subprocess, sys, time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from synsift.crawler.sources import About, FoundImage, Page, SourceRequest, setting

STREAM = sys.__stdout__


def speak(where):
    print("print", where)
    print("earlier stream", where, file=STREAM)
    os.write(1, f"library of C {where}\\n".encode())
    subprocess.run(["echo", "process", where], check=True)


speak("import")


@dataclass(frozen=True)
class Loud:
    about: ClassVar[About] = About(title="Loud", docs="https://loud.example", licences="none")
    api_url: str = setting("https://loud.example/search", "URL")
    page_size: int = setting(10, "Hits", least=1)

    def __post_init__(self):
        speak("made")

    def takes(self, query):
        speak("takes")
        return True

    def request(self, query):
        speak("request")
        return SourceRequest(f"{self.api_url}?q={query.cursor}")

    def page(self, query, answer):
        speak("page")
        while (stuck := Path(os.environ["STUCK_WHILE"])).exists():
            if stuck.read_text() == "waits":
                time.sleep(0.02)
        return Page((FoundImage(self.api_url.replace("search", "1.png"), "", ""),), "")

    def problem(self, query, answer):
        speak("problem")
        return ""
"""


@pytest.fixture
def host() -> Iterator[Server]:
    def plays(asked: Asked) -> SourceAnswer:
        if asked.path == "/search":
            return SourceAnswer(b"{}")
        if asked.path == "/1.png":
            return SourceAnswer(encoded(scene(1), "PNG"), 200, {"Content-Type": "image/png"})
        return SourceAnswer(b"", 404)

    with serving(plays) as server:
        yield server


@pytest.fixture
def env(host: Server, tmp_path: Path) -> dict[str, str]:
    info = tmp_path / "site" / "loud-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[synsift.sources]\nloud = loud_source:Loud\n")
    (tmp_path / "site" / "loud_source.py").write_text(SOURCE)
    options: dict[str, object] = {
        "sources.loud.api_url": f"{host.url}/search",
        "identity.contact": "a@b.example",
        "search.allow_networks": "127.0.0.0/8",
        "fetch.allow_networks": "127.0.0.0/8",
        "search.delay_s": 0,
        "fetch.delay_s": 0,
        "fetch.min_side_px": 32,
        "land.linger_s": 0.1,
        "logging.level": "WARNING",
    }
    more = {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(ROOT / "src")])}
    # What waits in a buffer must not come out later, where it would be data.
    return environment(options) | more | {"STUCK_WHILE": str(tmp_path / "stuck"), "PYTHONUNBUFFERED": ""}


def crawl(tmp_path: Path) -> list[str]:
    out = str(tmp_path / "out")
    return command("crawl", "--text", "kettle", "n03612814", "--source", "loud", "--out", out, "--format", "jsonl")


def test_what_a_source_prints_is_no_data(env: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        crawl(tmp_path), env=env, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
    )
    assert [json.loads(line)["landed"] for line in done.stdout.splitlines()] == [1], done.stdout + done.stderr
    for where in ("import", "made", "takes", "request", "page"):
        for how in ("print", "earlier stream", "library of C", "process"):
            assert f"{how} {where}\n" in done.stderr
    listed = subprocess.run(
        command("sources", "--format", "jsonl"), env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
    )
    assert "loud" in {json.loads(line)["name"] for line in listed.stdout.splitlines()}
    checked = subprocess.run(
        command("sources", "check", "loud"), env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
    )
    assert "request" not in checked.stdout


def lines_until(stream: IO[str], word: str) -> str:
    said = ""
    for line in stream:
        said += line
        if word in line:
            return said
    raise AssertionError(f"it ended without a word of {word!r}: {said}")


@pytest.mark.parametrize(("number", "does"), [(signal.SIGINT, "computes"), (signal.SIGTERM, "waits")])
def test_a_source_that_never_ends_is_named_and_left_by_the_second_signal(
    env: dict[str, str], tmp_path: Path, host: Server, number: signal.Signals, does: str
) -> None:
    (tmp_path / "stuck").write_text(does)
    process = subprocess.Popen(
        crawl(tmp_path), env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process, guarded(process):
        assert process.stderr is not None
        said = lines_until(process.stderr, "source loud: its code has been at work on one thing for")
        assert "Ctrl-C twice ends this at once, and loses nothing" in said
        process.send_signal(number)
        # A signal that comes before the last one was taken is one with it; taken it is where its bit has gone.
        while int(status_of(process, "SigPnd"), 16) | int(status_of(process, "ShdPnd"), 16):
            assert process.poll() is None
        while process.poll() is None:
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
        assert process.returncode == 130
        assert "Traceback" not in process.stderr.read()
    (tmp_path / "stuck").unlink()
    done = subprocess.run(
        crawl(tmp_path), env=env, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
    )
    assert "all of this was planned before; going on with what is left of it" in done.stderr
    assert [json.loads(line)["landed"] for line in done.stdout.splitlines()] == [1], done.stdout + done.stderr
    assert "dead letter" not in done.stderr
    assert sum(asked.path == "/search" for asked in host.asked) == 2


def status_of(process: "subprocess.Popen[str]", name: str) -> str:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(name))


@contextlib.contextmanager
def guarded(process: "subprocess.Popen[str]") -> Iterator[None]:
    """A process that doesn't end is ended."""
    timer = threading.Timer(TIMEOUT_S, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        process.kill()
