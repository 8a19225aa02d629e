"""What a command costs before it begins its work, and what Ctrl-C does meanwhile."""

import contextlib
import inspect
import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synsift.pipelines.cli.commands import COMMANDS
from synsift.pipelines.cli.grammar import load
from tests.conftest import command, environment

HEAVY = {"scrapy", "twisted", "faiss", "pyarrow", "kafka", "aiohttp", "numpy", "msgspec", "obstore", "PIL"}

SEEN = """
import atexit, json, os, sys
atexit.register(lambda: open(os.environ["SEEN"], "w").write(json.dumps(sorted(sys.modules))))
sys.argv = ["synsift", *sys.argv[1:]]
from synsift.pipelines.cli import main
main()
"""


def modules_after(arguments: list[str], tmp_path: Path, **env: str) -> set[str]:
    """What a command line has imported when it ends."""
    seen = tmp_path / "seen.json"
    everything = {**environment({}), "SEEN": str(seen), **env}
    subprocess.run([sys.executable, "-c", SEEN, *arguments], env=everything, capture_output=True, check=False)
    return set(json.loads(seen.read_text()))


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], ["-V"], [], ["--nonsense"]])
def test_help_and_version_import_no_command_and_no_large_library(tmp_path: Path, arguments: list[str]) -> None:
    modules = modules_after(arguments, tmp_path)
    assert "synsift.pipelines.cli.app" in modules
    assert modules & {*HEAVY, "pydantic"} == set()
    assert {f"synsift.pipelines.cli.{home.module}" for home in COMMANDS.values()}.isdisjoint(modules)


# Typer itself reads the values of options by pydantic.


EACH_HELP = """
import json, os, sys
import pydantic, rich.markdown, rich.table, typer  # what every help loads: once, before the processes part
from synsift.pipelines.cli import main
ours, theirs = os.dup(1), os.open(os.devnull, os.O_WRONLY)
os.dup2(theirs, 1)
for name in sys.argv[1:]:
    if os.fork() == 0:
        sys.argv = ["synsift", name, "--help"]
        try:
            main()
        except SystemExit as exc:
            os.write(ours, f"{json.dumps([name, exc.code, sorted(sys.modules)])}\\n".encode())
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def modules_after_help() -> dict[str, set[str]]:
    """What each command has imported when it has shown its help, by its name."""
    each = [sys.executable, "-c", EACH_HELP, *COMMANDS]
    done = subprocess.run(each, env=environment({}), capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {status for _, status, _ in told} == {0}, done.stderr
    return {name: set(modules) for name, _, modules in told}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_imports_its_module_alone_and_no_large_library(
    modules_after_help: dict[str, set[str]], name: str
) -> None:
    modules = modules_after_help[name]
    assert f"synsift.pipelines.cli.{COMMANDS[name].module}" in modules
    assert modules & HEAVY == set()


@pytest.mark.parametrize("words", ["synsift cr", "synsift crawl --li", "synsift dead-letters re"])
def test_completion_imports_no_large_library(tmp_path: Path, words: str) -> None:
    env = {"_SYNSIFT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    assert modules_after([], tmp_path, **env) & HEAVY == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_a_command_in_the_help_is_its_own(name: str) -> None:
    own = " ".join(inspect.cleandoc(load(name).help).partition("\n\n")[0].split())
    assert COMMANDS[name].help == own


def test_the_table_names_every_command_once() -> None:
    places = [(home.module, home.name) for home in COMMANDS.values()]
    assert len(set(places)) == len(places)


INTERRUPTED = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {at!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["synsift", *{arguments!r}]
from synsift.pipelines.cli import main
main()
"""


@pytest.mark.parametrize(
    ("at", "arguments", "status"),
    [
        ("typer", ["--help"], 1),
        ("rich.console", ["status"], 1),
        ("synsift.pipelines.cli.crawl", ["crawl", "whippet"], 1),
        ("synsift.pipelines.config", ["config"], 1),
        ("pydantic", ["config"], 1),
        ("scrapy", ["crawl", "whippet", "--contact", "you@example.org"], 1),
        ("numpy", ["dedupe", "."], 1),
        ("PIL", ["dedupe", "."], 1),
        # A worker is stopped that way, also one that has not begun yet.
        ("typer", ["run", "dedupe"], 0),
        ("synsift.pipelines.config", ["run", "dedupe"], 0),
        ("synsift.pipelines.service.http", ["run", "dedupe"], 0),
    ],
)
def test_ctrl_c_while_libraries_are_loaded_is_a_line_and_no_traceback(
    tmp_path: Path, at: str, arguments: list[str], status: int
) -> None:
    code = INTERRUPTED.format(at=at, arguments=arguments)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment({}), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (status, "synsift: interrupted\n")


@pytest.mark.parametrize("keys", [b"\x03", b"\x04"])
def test_ctrl_c_and_end_of_input_when_asked_are_a_line_and_no_traceback(tmp_path: Path, keys: bytes) -> None:
    mother, child = pty.openpty()
    process = subprocess.Popen(
        command("crawl", "crane", "--contact", "you@example.org"),
        stdin=child,
        stdout=child,
        stderr=child,
        cwd=tmp_path,
        env=environment({}),
        preexec_fn=lambda: (os.setsid(), __import__("fcntl").ioctl(0, 0x540E, 0)),  # TIOCSCTTY: Ctrl-C reaches it
    )
    os.close(child)
    text = b""
    while b"which sense" not in text:
        text += os.read(mother, 1024)
    # A key may be lost while the line editor takes the terminal over; a person would press it again, too.
    while process.poll() is None and b"interrupted" not in text:
        os.write(mother, keys)
        with contextlib.suppress(OSError):  # the other end is closed: the process has ended
            while select.select([mother], [], [], 5)[0] and (more := os.read(mother, 1024)):
                text += more
    with contextlib.suppress(OSError):
        while more := os.read(mother, 1024):
            text += more
    assert process.wait(timeout=300) == 1
    assert b"interrupted" in text
    assert b"Traceback" not in text
    os.close(mother)


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """``nohup`` and shells' background jobs ignore Ctrl-C on purpose."""
    code = INTERRUPTED.format(at="typer", arguments=["--version"])
    done = subprocess.run(
        [sys.executable, "-c", code],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        env=environment({}), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [["status"], ["dead-letters", "list"], ["log", "check"], ["plan", "whippet"]])
def test_commands_that_only_look_at_a_log_load_nothing_that_asks_the_web(tmp_path: Path, arguments: list[str]) -> None:
    modules = modules_after([*arguments, "--out", str(tmp_path / "out")], tmp_path)
    assert modules & {"scrapy", "aiohttp", "yarl"} == set()


@pytest.mark.parametrize(("given", "threads"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_matrices_are_multiplied_by_one_thread_unless_the_user_says_otherwise(
    given: dict[str, str], threads: str
) -> None:
    program = (
        "import atexit, os, sys\n"
        "atexit.register(lambda: print(os.environ['OPENBLAS_NUM_THREADS'], file=sys.stderr))\n"
        "sys.argv = ['synsift', '--version']\n"
        "from synsift.pipelines.cli import main\n"
        "main()\n"
    )
    env = {name: value for name, value in environment({}).items() if name != "OPENBLAS_NUM_THREADS"} | given
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.stderr.split() == [threads]


LOST = """
import signal, sys, time, weakref
from synsift.pipelines.cli import running

class Thing: pass

def command(arguments):
    things = [Thing()]
    ends = weakref.ref(things[0], lambda _: signal.raise_signal(signal.SIGINT))
    try:
        things.clear()
        time.sleep(60)
    except KeyboardInterrupt:
        print("heard")
    return 1

running._invoke = command
sys.exit(running.run([]))
"""


def test_ctrl_c_that_comes_while_python_cleans_up_is_heard_and_shows_no_traceback() -> None:
    """In a weak reference's callback or a destructor Python prints a KeyboardInterrupt, and drops it."""
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "heard\n", "")


RAISED = """
import errno, os, socket, ssl, sys
import click
from synsift.pipelines.cli import running

@click.command()
def command():
    raise {what}

running.typer.main.get_command = lambda app: command
sys.exit(running.run([]))
"""


@pytest.mark.parametrize(
    ("what", "is_read", "status", "said"),
    [
        ("OSError(errno.ENOSPC, 'No space left')", True, 1, "synsift: the output: No space left\nhint: free some"),
        ("OSError(errno.ENOSPC, 'No space left', '/a')", True, 1, "synsift: `/a`: No space left\nhint: free some"),
        ("ConnectionResetError(errno.ECONNRESET, 'reset by peer')", True, 1, "synsift: the network: reset by peer\n"),
        ("socket.gaierror(-2, 'Name or service not known')", True, 1, "synsift: the network: Name or service"),
        ("ssl.SSLError(1, 'bad record')", True, 1, "synsift: the network: bad record"),
        ("OSError(errno.EINVAL, 'Invalid argument')", True, 1, "Traceback"),
        ("BrokenPipeError(errno.EPIPE, 'Broken pipe')", True, 1, "Traceback"),
        ("BrokenPipeError(errno.EPIPE, 'Broken pipe')", False, 0, ""),
    ],
)
def test_an_error_of_the_system_is_told_as_what_it_is_of(what: str, is_read: bool, status: int, said: str) -> None:
    """All that had no file's name was "the output", and any pipe that broke was a reader who had enough."""
    code = RAISED.format(what=what)
    reading, writing = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    if not is_read:
        os.close(reading)
    _, words = process.communicate()
    if is_read:
        os.close(reading)
    assert (process.returncode, words.startswith(said)) == (status, True), words
    assert is_read or not words
