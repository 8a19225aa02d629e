"""Commands that steer say what was done, by whom and why, and refuse what makes no sense."""

import contextlib
import json
from pathlib import Path

import msgspec
import pytest

from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.topics import Router
from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.controls.said import control


@pytest.fixture
def out(tmp_path: Path) -> str:
    SqliteLog(tmp_path / "out" / "log.db", partitions=16).close()
    return str(tmp_path / "out")


def said(cli: RunCli, out: str, *more: str) -> list[dict[str, object]]:
    listed = cli("controls", "--format", "jsonl", "--out", out, *more)
    assert listed.returncode == 0, listed.stderr
    return [json.loads(line) for line in listed.stdout.splitlines()]


def test_what_is_said_is_listed_and_lifted_and_its_past_is_kept(cli: RunCli, out: str) -> None:
    me = ("--who", "ann", "--out", out)
    done = cli("pause", "--host", "*.Example.com", "--source", "commons", "--why", "a call", *me)
    assert done.returncode == 0, done.stderr
    assert "host example.com: paused" in done.stderr
    assert "within a second" in done.stderr
    assert "nothing new" in cli("pause", "--host", "example.com", "--why", "a call", *me).stderr
    assert [(row["control"], row["of"], row["target"], row["who"], row["why"]) for row in said(cli, out)] == [
        ("pause", "host", "example.com", "ann", "a call"),
        ("pause", "source", "commons", "ann", "a call"),
    ]
    assert "host example.com: goes on" in cli("resume", "--host", "example.com", *me).stderr
    assert [row["of"] for row in said(cli, out)] == ["source"]
    assert sorted((str(row["of"]), str(row["holds"])) for row in said(cli, out, "--all")) == [
        ("host", "False"),
        ("host", "False"),
        ("source", "True"),
    ]


def test_values_are_set_and_given_back(cli: RunCli, out: str) -> None:
    done = cli("delay", "2.5", "--host", "img.example.com", "--why", "asked for", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "img.example.com is a part of the host example.com" in done.stderr
    assert cli("limit", "500", "--synset", "n1", "--why", "enough", "--out", out).returncode == 0
    assert {row["control"]: row["value"] for row in said(cli, out)} == {"delay": "2.5", "limit": "500"}
    assert "as configured" in cli("delay", "default", "--host", "example.com", "--out", out).stderr
    assert [row["control"] for row in said(cli, out)] == ["limit"]


def test_a_subtree_is_all_of_its_synsets(cli: RunCli, out: str) -> None:
    done = cli("drop", "--under", "n02091134", "--why", "no", "--out", out)  # whippet: a leaf
    assert "synset n02091134: dropped" in done.stderr
    done = cli("drop", "--under", "n02087122", "--why", "no", "--out", out)  # hunting dog
    assert "more" in done.stderr
    assert len(said(cli, out)) > 50


def test_pictures_files_and_urls_are_blocked(cli: RunCli, out: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(scene(1), "PNG"))
    what = ("--image", str(tmp_path / "a.png"), "--sha256", "AB" * 32, "--url", "https://Example.com/x/*")
    assert cli("block", *what, "--why", "not ours", "--out", out).returncode == 0
    assert sorted(str(row["of"]) for row in said(cli, out)) == ["fingerprint", "sha256", "url"]
    assert cli("unblock", *what, "--out", out).returncode == 0
    assert said(cli, out) == []


def test_all_hosts_can_be_stopped_at_once(cli: RunCli, out: str) -> None:
    done = cli("pause", "--host", "*", "--why", "a call at night", "--out", out)
    assert "host *: paused" in done.stderr
    assert [row["target"] for row in said(cli, out)] == ["*"]
    assert "host *: goes on" in cli("resume", "--host", "*", "--out", out).stderr


def test_status_says_that_operators_said_something(cli: RunCli, out: str) -> None:
    assert "operators said" not in cli("status", "--out", out).stderr
    cli("pause", "--host", "*", "--why", "a call at night", "--out", out)
    cli("delay", "3", "--host", "a.example", "--why", "x", "--out", out)
    assert "operators said: 1 paused, 1 delay set: `synsift controls" in cli("status", "--out", out).stderr


def test_a_synset_that_the_log_never_asked_for_is_named(cli: RunCli, out: str) -> None:
    done = cli("pause", "--synset", "n0209113", "--why", "x", "--out", out)
    assert done.returncode == 0
    assert "the log has no query of the synset n0209113" in done.stderr


def test_all_that_is_passed_by_is_listed_by_log_check(cli: RunCli, out: str) -> None:
    """Records of another program: whatever a worker passes by, its makers can find out."""
    wrong = [
        control("block", "sha256", "NOTAHASH"),
        control("pause", "url", "*"),
        control("priority", "host", "x"),
        control("pause", "host", "a.example:80"),
        control("limit", "synset", "n1", 2.5),
        control("delay", "host", "a.example", -5.0),
        msgspec.structs.replace(control("block", "fingerprint", "ab" * 32), fingerprint="garbage"),
    ]
    with contextlib.closing(SqliteLog(Path(out) / "log.db", partitions=16)) as log:
        router = Router(log.partitions)
        log.produce([router.control(one) for one in wrong])
    listed = cli("controls", "--all", "--out", out)
    assert f"{len(wrong)} records are no controls" in listed.stderr
    checked = cli("log", "check", "--format", "jsonl", "--out", out)
    problems = [json.loads(line)["problem"] for line in checked.stdout.splitlines()]
    assert len(problems) == len(wrong)
    assert all("not a Control" in problem or "Control" in problem for problem in problems), problems


WRONG = {
    "nothing named": (("pause", "--why", "x"), "nothing is named"),
    "no reason": (("pause", "--host", "example.com"), "`--why` is missing"),
    "an empty reason": (("pause", "--host", "example.com", "--why", " "), "`--why` is empty"),
    "no reason for a value": (("delay", "3", "--host", "example.com"), "`--why` is missing"),
    "an unknown source": (("pause", "--source", "comons", "--why", "x"), "there is no source `comons`"),
    "a URL for a host": (("pause", "--host", "http://example.com/", "--why", "x"), "is no name of a host"),
    "a host with a port": (("pause", "--host", "127.0.0.1:80", "--why", "x"), "is no name of a host"),
    "a delay of all hosts": (("delay", "1", "--host", "*", "--why", "x"), "of some host"),
    "no URL": (("block", "--url", "example.com/x", "--why", "x"), "is no URL"),
    "no SHA-256": (("block", "--sha256", "abc", "--why", "x"), "is no SHA-256"),
    "no number": (("delay", "soon", "--host", "example.com", "--why", "x"), "not `soon`"),
    "an endless delay": (("delay", "nan", "--host", "example.com", "--why", "x"), "not `nan`"),
    "half a limit": (("limit", "1.5", "--synset", "n1", "--why", "x"), "a whole number"),
    "no wnid": (("pause", "--synset", "../x", "--why", "x"), "that can't be said"),
    "a reason without an end": (("pause", "--host", "example.com", "--why", "x" * 501), "that can't be said"),
}


@pytest.mark.parametrize(("words", "complaint"), WRONG.values(), ids=WRONG.keys())
def test_what_makes_no_sense_is_refused_and_writes_nothing(
    cli: RunCli, out: str, words: tuple[str, ...], complaint: str
) -> None:
    done = cli(*words, "--out", out)
    assert done.returncode == 2, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert said(cli, out) == []


def test_where_there_is_no_log_none_is_made(cli: RunCli, tmp_path: Path) -> None:
    done = cli("pause", "--host", "example.com", "--why", "x", "--out", str(tmp_path / "none"))
    assert done.returncode == 2
    assert "there is no log" in done.stderr
    assert not (tmp_path / "none").exists()
