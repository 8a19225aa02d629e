"""A command that was forked of a process with all libraries is the command that a user runs."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.conftest import command, environment
from tests.dedupe.pictures import encoded, scene


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["dedupe", ".", "--no-cache", "--format", "jsonl"], {}),
        (["dedupe", "nowhere"], {}),
        (["match", "0.png", "--against", ".", "--no-cache"], {"dedupe.similarity": 0.9}),
        (["fingerprint", ".", "--no-cache", "--nonsense"], {}),
        (["config", "--format", "csv"], {"fetch.delay_s": 7, "store.url": "×"}),
        (["config"], {"fetch.delay_s": "x"}),
        (["status", "--out", "nowhere"], {}),
        (["plan", "--list", "-"], {}),
        (["crawl", "--help"], {}),
        (["synsets", "whippet", "--tree"], {}),
        ([], {}),
    ],
    ids=str,
)
def test_it_says_and_does_the_same(arguments: list[str], options: dict[str, object], tmp_path: Path) -> None:
    for number in range(20):  # enough for processes of its own
        (tmp_path / f"{number}.png").write_bytes(encoded(scene(number % 18), "PNG"))
    cold = subprocess.run(
        command(*arguments),
        env=environment(options),
        cwd=tmp_path,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    env = environment(options)
    forked = warm.run(arguments, env=env, cwd=tmp_path, stdin="", timeout_s=60)
    assert (forked.returncode, forked.stdout, forked.stderr) == (cold.returncode, cold.stdout, cold.stderr)
    assert "Traceback" not in forked.stderr, forked.stderr


def test_it_leaves_nothing_behind_for_the_next(tmp_path: Path) -> None:
    first = warm.run(["config"], env=environment({"fetch.delay_s": 7}), cwd=tmp_path, stdin="", timeout_s=60)
    second = warm.run(["config"], env=environment({}), cwd=tmp_path, stdin="", timeout_s=60)
    assert first.stdout != second.stdout


def test_what_takes_too_long_is_ended_and_the_next_goes_on(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(["match", "x", "--against", "pdq:pipe"], env=environment({}), cwd=tmp_path, stdin="", timeout_s=0.01)
    assert warm.run(["--version"], env=environment({}), cwd=tmp_path, stdin="", timeout_s=60).returncode == 0


@pytest.mark.parametrize("sent", [b"", b"\0\0", (90).to_bytes(8, "big"), (90).to_bytes(8, "big") + b"{", b"\0" * 8])
def test_who_asks_and_is_gone_takes_nobody_with_it(sent: bytes, tmp_path: Path) -> None:
    warm.run(["--version"], env=environment({}), cwd=tmp_path, stdin="", timeout_s=60)
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(warm._loaded()))
        asking.sendall(sent)
    assert warm.run(["--version"], env=environment({}), cwd=tmp_path, stdin="", timeout_s=60).returncode == 0


def test_a_run_in_the_background_starts_commands_that_hear_ctrl_c() -> None:
    script = "import signal, tests.conftest; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$0" -c "$1"', sys.executable, script],
        cwd=warm.ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "True\n"


def test_it_is_awaited_and_killed_as_any_process(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    words = ["match", "x", "--against", "pdq:pipe"]
    with warm.start(words, env=environment({}), cwd=tmp_path, stderr=subprocess.PIPE) as process:
        assert process.poll() is None
        while Path(f"/proc/{process.pid}/cwd").readlink() != tmp_path:
            assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.01)
        process.kill()
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (-signal.SIGKILL, "")


def test_a_decoder_that_is_forked_says_may_and_ends_as_one_that_is_started(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(encoded(scene(1), "PNG"))
    both = []
    for more in ({}, {warm.COLD_DECODERS: "1"}):
        env = environment({}) | more
        done = warm.run([str(picture)], env=env, cwd=warm.ROOT, timeout_s=120, module="tests.decoding_once")
        assert (done.returncode, done.stderr) == (0, "")
        both.append(done.stdout)
    assert both[0] == both[1]
    assert "session of its own True" in both[0]
    assert f"ended by {-signal.SIGSEGV}" in both[0]


def test_decoders_are_forked_unless_a_command_wants_its_own(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(encoded(scene(1), "PNG"))
    for more, is_own in (({}, False), ({warm.COLD_DECODERS: "1"}, True)):
        env = environment({}) | more
        words = [str(picture), "whose"]
        done = warm.run(words, env=env, cwd=warm.ROOT, timeout_s=120, module="tests.decoding_once")
        assert done.stdout == f"a child of its own {is_own}\n", done.stderr


def test_a_shell_gets_what_it_says_and_its_status(tmp_path: Path) -> None:
    warm.put_command(tmp_path)
    env = environment({}) | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    script = (
        "synsift synsets whippet --format jsonl | grep -c n02091134; synsift match x --against nowhere 2>err; echo $?"
    )
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "1\n2\n", done.stderr
    assert "nowhere" in (tmp_path / "err").read_text()
