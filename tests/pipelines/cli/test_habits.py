"""What every command does alike: words, exit status, streams, paths."""

import csv
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from synsift.crawler.queries import SynsetQuery
from synsift.pipelines.cli.commands import COMMANDS
from synsift.pipelines.cli.options import follow_up
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.stages.plan import plan
from synsift.pipelines.topics import Router
from tests.conftest import RunCli, command, environment
from tests.dedupe.pictures import encoded, scene

ME = ("--contact", "you@example.org")


def make_log(out: Path) -> None:
    out.mkdir(parents=True)
    log = SqliteLog(out / "log.db", partitions=16)
    plan(log, Router(16), [SynsetQuery("n1", "dog")], source="commons")
    log.close()


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if not path.is_dir()
    }


READING = [
    ["status", "--out", "out"],
    ["status", "--out", "out", "--partitions", "--format", "jsonl"],
    ["dead-letters", "list", "--out", "out"],
    ["log", "check", "--out", "out"],
    ["storage", "check", "--out", "out"],
    ["storage", "sweep", "--dry-run", "--out", "out"],
    ["config"],
    ["synsets", "whippet"],
    ["queries", "whippet"],
    ["topics", "schema", "survivors"],
]


@pytest.mark.parametrize("arguments", READING)
def test_a_command_that_reads_leaves_everything_as_it_was(cli: RunCli, tmp_path: Path, arguments: list[str]) -> None:
    make_log(tmp_path / "cwd" / "out")
    before = tree(tmp_path)
    done = cli(*arguments)
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path) == before


@pytest.mark.parametrize("arguments", [words for words in READING if "--out" in words])
def test_a_command_that_reads_makes_nothing_where_there_is_nothing(
    cli: RunCli, tmp_path: Path, arguments: list[str]
) -> None:
    done = cli(*arguments)
    assert done.returncode in (1, 2)
    assert "there is no" in done.stderr
    assert list((tmp_path / "cwd").iterdir()) == []


@pytest.fixture
def read_only(small_disk: Path) -> Iterator[Path]:
    """A folder with a log, on a disk that nobody may write to."""
    make_log(small_disk / "out")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    yield small_disk / "out"
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


@pytest.mark.parametrize("arguments", [words[:-2] for words in READING if words[-2:-1] == ["--out"]])
def test_a_folder_that_may_only_be_read_can_be_read(cli: RunCli, read_only: Path, arguments: list[str]) -> None:
    done = cli(*arguments, "--out", str(read_only))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["crawl", "whippet", *ME], ["crawl", "whippet", "--report", "{}/x.html", *ME]])
def test_a_folder_that_may_only_be_read_is_no_place_for_a_crawl(
    cli: RunCli, read_only: Path, arguments: list[str]
) -> None:
    place = ["--out", str(read_only)] if "--report" not in arguments else []
    done = cli(*(word.format(read_only) for word in arguments), *place)
    assert done.returncode == 2
    assert "can't be written: read-only file system" in done.stderr


def test_a_log_that_a_worker_has_open_is_read_as_it_is_now(cli: RunCli, tmp_path: Path) -> None:
    out = tmp_path / "cwd" / "out"
    make_log(out)
    log = SqliteLog(out / "log.db", partitions=16)
    plan(log, Router(16), [SynsetQuery("n2", "cat"), SynsetQuery("n3", "cow")], source="commons")
    done = cli("status", "--out", "out", "--format", "jsonl", "--no-synsets")
    rows = {row["stage"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["search"]["lag"] == 3
    log.close()


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["crawl", "whipet", *ME], "`whipet` is in no synset", "did you mean `whippet`?"),
        (["crawl", "whippets", *ME], "`whippets` is in no synset", "did you mean `whippet`?"),
        (["crawl", "n02091143", *ME], "`n02091143` is in no synset", "`n02091134`"),
        (["synsets", "hwippet"], "`hwippet` is in no synset", "did you mean `whippet`?"),
        (["crawl", "--under", "furnture", *ME], "`furnture` is in no synset", "`furniture`"),
        (["crawl", "whippet", "--source", "comons", *ME], "no source `comons`", "did you mean `commons`?"),
        (["run", "fetsh", *ME], "no stage `fetsh`", "did you mean `fetch`?"),
        (["dead-letters", "list", "--outcome", "timeuot", "--out", "out"], "no outcome `timeuot`", "`timeout`?"),
        (["dead-letters", "replay", "--outcome", "x", "--out", "out"], "the outcomes are `bad_entry`", ""),
        (["dead-letters", "list", "--stage", "serach", "--out", "out"], "no stage `serach`", "`search`?"),
        (["topics", "schema", "survivor"], "no topic `survivor`", "`survivors`?"),
        (["crwl"], "no command `synsift crwl`", "did you mean `synsift crawl`?"),
        (["storage", "chek"], "no command `synsift storage chek`", "did you mean `synsift storage check`?"),
        (["crawl", "--lmit", "3"], "`synsift crawl` has no option `--lmit`", "did you mean `--limit`"),
        (["crawl", "whippet", "--limit"], "`--limit` needs a value", "--help"),
        (["crawl", "whippet", "--limit", "many"], "`--limit`: must be a whole number, not `many`", "--help"),
        (["crawl", "whippet", "--limit", "-3"], "`--limit`: must be at least 0, not `-3`", "--help"),
        (["crawl", "whippet", "--leaves=1"], "`--leaves`", "--help"),
        (["match", "."], "`--against` is missing", "--help"),
        (["run"], "`STAGE...|all` is missing", "--help"),
        (["status", "too", "much"], "`too much` is more than `synsift status` takes", "--help"),
        (["status", "--format", "xml"], "`--format`", "--help"),
        (["crawl", "whippet", "--contact", "me"], "neither an e-mail address nor a web page", "--contact"),
        (["crawl", "whippet", "--contact", "ftp://x.org"], "neither an e-mail address nor a web page", "--contact"),
        (["crawl", "whippet", "--report", "no/where.html", *ME], "`--report no/where.html` can't be written", "`no`"),
        (["crawl", "whippet", "--report", ".", *ME], "`--report .` can't be written: is a folder", ""),
        (["crawl", "whippet", "--out", "/dev/null/x", *ME], "`--out /dev/null/x` can't be written", ""),
        (["fingerprint", ".", "--format", "parquet", "--out", "no/x.parquet"], "`--out no/x.parquet`", "`no`"),
        (["dedupe", ".", "--report", "no/x.html"], "`--report no/x.html` can't be written", "`no`"),
        (["dedupe", ".", "--move", "/dev/null/x"], "`--move /dev/null/x` can't be written", ""),
        (["dedupe", ".", "--similarity", "3"], "`--similarity`: must be at most 1, not `3", ""),
        (["dedupe", ".", "--set", "dedupe.similarity=x"], "`--set dedupe.similarity`: must be a number, not `x`", ""),
    ],
)
def test_wrong_use_has_one_form_and_comes_before_any_work(
    cli: RunCli, tmp_path: Path, arguments: list[str], message: str, hint: str
) -> None:
    make_log(tmp_path / "cwd" / "out")
    before = tree(tmp_path)
    done = cli(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("synsift: ")
    assert message in done.stderr
    assert hint in done.stderr.partition("hint: ")[2] if hint else True
    assert "Traceback" not in done.stderr, done.stderr
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_terminal_and_names_no_type_where_nothing_is_given(cli: RunCli, name: str) -> None:
    done = cli(name, "--help")
    assert "<bool>" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_reader_that_has_enough_is_no_failure(tmp_path: Path) -> None:
    words = " ".join(command("synsets", "--under", "animal", "--format", "jsonl"))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {words} | head -1"],
        env=environment({}), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)


@pytest.mark.parametrize(
    ("redirection", "status", "message"),
    [
        (">/dev/full", 1, "synsift: the output: No space left on device\nhint: free some"),
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        ("<&- >&- 2>&-", 0, ""),
    ],
)
@pytest.mark.parametrize("arguments", [["config"], ["--help"], ["--version"], ["synsets", "dog", "--format", "csv"]])
def test_streams_that_are_full_or_closed(
    tmp_path: Path, arguments: list[str], redirection: str, status: int, message: str
) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{' '.join(command(*arguments))} {redirection}"],
        env=environment({}), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.startswith(message)) == (status, True), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    ("locale", "outputs"),
    [
        ({"LC_ALL": "C"}, ("table", "jsonl", "csv")),
        ({"LC_ALL": "POSIX"}, ("table",)),
        ({"PYTHONIOENCODING": "ascii"}, ("csv",)),
    ],
)
def test_names_that_are_no_text_are_printed_in_any_locale(
    tmp_path: Path, locale: dict[str, str], outputs: tuple[str, ...]
) -> None:
    folder = tmp_path / "cwd"
    folder.mkdir()
    for name in (b"caf\xe9.png", "naïve ×.png".encode()):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(encoded(scene(1), "PNG"))
    for output in outputs:
        done = subprocess.run(
            command("dedupe", ".", "--no-cache", "--format", output),
            env={**environment({}), **locale}, cwd=folder, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert b"caf" in done.stdout


def test_quiet_says_nothing_but_data_and_verbose_says_more(cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "cwd" / "a.png").write_bytes(encoded(scene(1), "PNG"))
    (tmp_path / "cwd" / "b.png").write_bytes(encoded(scene(1), "PNG"))
    quiet = cli("dedupe", ".", "--no-cache", "-q")
    assert (quiet.stderr, quiet.stdout.count("\n")) == ("", 3)
    assert "to keep" in cli("dedupe", ".", "--no-cache").stderr
    assert cli("dedupe", "nowhere", "-q").stderr.startswith("synsift: ")


def test_csv_has_the_columns_of_json_and_lists_as_json(cli: RunCli) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("synsets", "whippet", "--format", "csv").stdout)))
    (expected,) = map(json.loads, cli("synsets", "whippet", "--format", "jsonl").stdout.splitlines())
    assert list(rows[0]) == list(expected)
    assert json.loads(rows[0]["lemmas"]) == expected["lemmas"]


def test_a_threshold_counts_for_commands_on_folders(cli: RunCli, tmp_path: Path) -> None:
    picture = scene(5)
    (tmp_path / "cwd" / "a.png").write_bytes(encoded(picture, "PNG"))
    (tmp_path / "cwd" / "b.jpg").write_bytes(encoded(picture.resize((160, 120)), "JPEG", quality=30))
    kept = {
        words: cli("dedupe", ".", "--no-cache", *words).stderr.partition(" to keep")[0][-1:]
        for words in ((), ("--similarity", "1"), ("--set", "dedupe.similarity=1"))
    }
    assert list(kept.values()) == ["1", "2", "2"]


def test_the_next_command_is_quoted_for_a_shell_and_repeats_no_secret() -> None:
    values = ["fetch.delay_s=1", "store.secret_access_key=hunter2", "identity.contact=a b"]
    assert follow_up("dead-letters list", out="my dogs", file=Path("x.toml"), values=values) == (
        "synsift dead-letters list --out 'my dogs' --config x.toml --set fetch.delay_s=1 --set 'identity.contact=a b'"
    )


WITHOUT = """
import sys
MISSING = sys.argv.pop(1)
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Finder())
sys.argv = ["synsift", *sys.argv[1:]]
from synsift.pipelines.cli import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["topics", "describe", "--kafka", "127.0.0.1:9"], 2),
        (["status", "--set", "kafka.bootstrap=127.0.0.1:9"], 2),
        (["plan", "whippet", "--out", "out"], 0),
    ],
)
@pytest.mark.parametrize(("module", "name"), [("kafka", "kafka-python"), ("zstandard", "zstandard")])
def test_without_what_speaks_with_kafka_one_machine_needs_none_and_a_fleet_is_told(
    tmp_path: Path, arguments: list[str], status: int, module: str, name: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, module, *arguments],
        env=environment({}), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert ("hint: pip install 'synsift[fleet]'" in done.stderr) is (status == 2)
    assert (f"{name} isn't installed" in done.stderr) is (status == 2)


@pytest.mark.parametrize(
    ("words", "expected"),
    [("synsift cr", "crawl"), ("synsift dead-letters re", "replay"), ("synsift dedupe --simi", "--similarity")],
)
def test_completion_works_in_bash(tmp_path: Path, words: str, expected: str) -> None:
    program = tmp_path / "synsift"
    program.write_text(f'#!/bin/sh\nexec {" ".join(command())} "$@"\n')
    program.chmod(0o755)
    script = subprocess.run(
        [str(program)],
        env={**environment({}), "_SYNSIFT_COMPLETE": "source_bash"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "complete -o default -F _synsift_completion synsift" in script
    asked = (
        f'COMP_WORDS=({words}); COMP_CWORD={words.count(" ")}; _synsift_completion synsift; echo "${{COMPREPLY[@]}}"'
    )
    env = {**environment({}), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", f"{script}\n{asked}"], env=env, capture_output=True, text=True, check=True)
    assert expected in done.stdout.split()


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_scripts_are_good_shell(shell: str, tmp_path: Path) -> None:
    env = {**environment({}), "_SYNSIFT_COMPLETE": f"source_{shell}"}
    script = subprocess.run(command(), env=env, capture_output=True, text=True, check=True).stdout
    assert "_SYNSIFT_COMPLETE" in script
    if shutil.which(shell) is not None:
        (tmp_path / "script").write_text(script)
        subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_names_values_and_breaks_lines_where_the_terminal_ends(
    cli: RunCli, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = cli(name, "--help")
    assert done.returncode == 0
    assert not re.search(r"<(int|float|str|list|bool|Path)\b", done.stdout)
    prose = done.stdout.partition("Examples")[0].splitlines()
    for line, following in itertools.pairwise(prose):
        # A line ends because the next word would not have fitted, or because its paragraph ends.
        if line.strip() and following.strip():
            assert len(line.rstrip()) + 1 + len(following.split()[0]) > 78, line
