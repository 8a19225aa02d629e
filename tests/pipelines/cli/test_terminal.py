"""Nothing from outside is a command to the terminal on which it is shown."""

import re
from pathlib import Path

import pytest

from tests.dedupe.pictures import encoded, scene
from tests.pipelines.cli.test_folders import screen_of
from tests.pipelines.stages.raw_web import answer, raw_web

EVIL = "\x1b]0;planted\x07\x9b31m\x1b[2J\u202e"
# What our own tables and bars send: colours, and going up a line or to its beginning.
OURS = re.compile(rb"\x1b\[[0-9;]*[mAKG]|\x1b\[\?25[lh]|\x1b\[2K|\r")


def check(said: bytes, *, planted: bool = True) -> None:
    assert (b"planted" in said) is planted, said
    text = OURS.sub(b"", said).decode()
    assert {char for char in text if not char.isprintable()} <= {"\n"}, said
    assert "\x1b" not in text


def raw(text: str) -> bytes:
    return text.encode()


@pytest.fixture
def web_of_evil() -> "dict[str, bytes]":
    return {
        "/good.jpg": answer(
            encoded(scene(1), "JPEG"), b"ETag: " + raw(EVIL), b"X-Robots-Tag: max-snippet: " + raw(EVIL)
        ),
        "/403.jpg": answer(b"", b"Server: " + raw(EVIL), status=b"403 " + raw(EVIL)),
        "/402.jpg": answer(b"", b"Crawler-Price: " + raw(EVIL), status=b"402 No"),
        "/moved.jpg": answer(b"", b"Location: http://" + raw(EVIL) + b"/", status=b"302 Found"),
        "/coded.jpg": answer(b"x", b"Content-Encoding: " + raw(EVIL)),
        "/cut.jpg": b"HTTP/1.1 200 " + raw(EVIL) + b"\r\nContent-Length: 9\r\n" + raw(EVIL) + b": x\r\n\r\nabc",
        "/nonsense.jpg": raw(EVIL) * 9,
        "/robots.txt": answer(b"User-agent: *\nDisallow: /" + raw(EVIL)),
    }


def test_what_a_web_and_a_list_say_is_no_command_to_the_terminal(
    tmp_path: Path, web_of_evil: "dict[str, bytes]"
) -> None:
    photos, out = tmp_path / f"list{EVIL}.csv", tmp_path / "out"
    with raw_web({path.encode(): found for path, found in web_of_evil.items()}) as port:
        urls = [f"http://127.0.0.1:{port}{path}" for path in web_of_evil]
        rows = [f"{url},{EVIL},x{number % 2}{EVIL}" for number, url in enumerate([*urls, EVIL, f"http://{EVIL}/"])]
        photos.write_text("\n".join(["url,title,synset", *rows]))
        crawl = ("crawl", "--source", "urls", "--list", str(photos), "--contact", "you@example.org", "--out", str(out))
        options = ("fetch.allow_networks=127.0.0.0/8", "fetch.attempts=1", "fetch.delay_s=0", "logging.level=DEBUG")
        sets = [word for option in options for word in ("--set", option)]
        _, said = screen_of([*crawl, *sets, "--set", "fetch.wait_for_hosts_s=0"])
        check(said)
    for words in (
        ("status", "--out", str(out)),
        ("dead-letters", "list", "--out", str(out)),
        ("dead-letters", "list", "--summary", "--out", str(out)),
        *(("dead-letters", "list", "--out", str(out), "--format", form) for form in ("csv", "jsonl")),
        ("log", "check", "--out", str(out)),
    ):
        _, said = screen_of(words)
        check(said, planted=b"planted" in said)


@pytest.mark.parametrize(
    "words",
    [
        ("crawl", f"--{EVIL}"),
        (f"cr{EVIL}",),
        ("crawl", "whippet", "--out", EVIL.replace("\0", ""), "--source", EVIL),
        ("crawl", "--source", "urls", "--list", f"/no/{EVIL}.csv", "--contact", "x@example.org"),
        ("config", "--set", f"fetch.{EVIL}=1"),
        ("config", "--set", f"fetch.delay_s={EVIL}"),
        ("config", "--set", f"sources.commons.api_url=http://{EVIL}"),
        ("config", "--config", f"/no/{EVIL}.toml"),
        ("dedupe", f"/no/{EVIL}"),
        ("synsets", EVIL),
    ],
)
def test_what_a_user_pasted_is_no_command_to_the_terminal(words: tuple[str, ...]) -> None:
    status, said = screen_of(words)
    assert status in (1, 2)
    check(said)


def test_what_a_file_of_settings_says_is_no_command_to_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "synsift.toml"
    for text in ('[fetch.hosts."{}"]\ndelay_s = 1', '["{}"]\na = 1', 'a = "{}"', '[fetch]\ndelay_s = "{}"'):
        file.write_text(text.format("\\u001b]0;planted\\u0007\\u009b31m"))
        status, said = screen_of(["config", "--config", str(file)])
        assert status == 2
        check(said, planted=b"planted" in said)
