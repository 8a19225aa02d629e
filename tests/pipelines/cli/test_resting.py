"""A crawl whose last URLs wait for hosts that don't answer ends, and says when to come back."""

import re
import socket
from pathlib import Path

from tests.conftest import RunCli

OPTIONS = {
    "identity.contact": "a@b.example",
    "fetch.allow_networks": ["127.0.0.0/8"],
    "fetch.wait_for_hosts_s": 0,
    "search.delay_s": 0,
}


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_a_crawl_ends_with_the_time_to_come_back(cli: RunCli, tmp_path: Path) -> None:
    port = closed_port()
    urls = tmp_path / "list.csv"
    urls.write_text("url,synset\n" + "".join(f"http://127.0.0.1:{port}/{number}.jpg,n1\n" for number in range(300)))
    arguments = ("crawl", "--source", "urls", "--list", str(urls), "--out", str(tmp_path / "out"))
    for is_known in (False, True):
        done = cli(*arguments, options=OPTIONS)
        assert ("hint: a list that has changed since is read anew under another name" in done.stderr) == is_known
        assert done.returncode == 1, done.stderr
        assert "300 image URLs wait for hosts that don't answer" in done.stderr
        assert re.search(r"hint: the same command asks them again, from .*\d\d:\d\d on", done.stderr)
        assert "dead letter" not in done.stderr
    given_up = cli(*arguments, options={**OPTIONS, "fetch.host_down_after_s": 0, "fetch.wait_for_hosts_s": 60})
    assert given_up.returncode == 0
    assert "300 inputs ended as dead letters" in given_up.stderr


def test_what_waits_is_said_to_those_who_want_to_hear_little_and_a_worker_ends_alike(
    cli: RunCli, tmp_path: Path
) -> None:
    urls = tmp_path / "list.csv"
    urls.write_text(f"url,synset\nhttp://127.0.0.1:{closed_port()}/1.jpg,n1\n")
    out = str(tmp_path / "out")
    commands = [
        ("crawl", "--source", "urls", "--list", str(urls), "--out", out, "--quiet"),
        ("run", "fetch", "--drain", "--out", out),
    ]
    for command in commands:
        done = cli(*command, options=OPTIONS)
        assert done.returncode == 1, done.stderr
        first, hint = done.stderr.splitlines()[-2:]
        assert first == "up to 1 image URL waits for hosts that don't answer"
        assert re.fullmatch(r"hint: the same command asks them again, from .*\d\d:\d\d on", hint)
        assert "nothing left to do" not in done.stderr
