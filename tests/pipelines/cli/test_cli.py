import json
import subprocess
from pathlib import Path

import pytest

from synsift.pipelines.cli.grammar import every_command
from synsift.pipelines.folder_lock import lock_folder
from synsift.pipelines.stage import INPUTS
from tests import warm
from tests.conftest import RunCli, environment

DOCS = Path(__file__).parents[3] / "docs"


def test_every_command_has_help_with_an_example_and_stands_in_the_docs() -> None:
    page = (DOCS / "commands.md").read_text()
    for name, found in every_command():
        assert "Examples" in (found.help or ""), name
        assert name in (found.help or ""), name
        assert f"## {name}\n" in page


def test_the_help_of_run_names_every_stage(cli: RunCli) -> None:
    assert f"{', '.join(INPUTS)}, or all" in " ".join(cli("run", "--help").stdout.replace("│", " ").split())


@pytest.mark.parametrize("arguments", [["--help"], ["crawl", "--help"], ["dead-letters", "--help"], ["--version"]])
def test_help_is_given(cli: RunCli, arguments: list[str]) -> None:
    done = cli(*arguments)
    assert done.returncode == 0
    assert done.stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["crawl"], "nothing to ask for"),
        (["crawl", "n00000000"], "--text"),
        (["crawl", "whippet"], "identity.contact"),
        (["crawl", "whippet", "--contact", "a(b"], "identity.contact"),
        (
            ["crawl", "whippet", "--source", "flikr", "--contact", "you@example.org"],
            "did you mean `flickr`?",
        ),
        (["crawl", "a", "b", "--text", "c", "--contact", "you@example.org"], "exactly one WNID"),
        (["crawl", "--source", "urls", "--contact", "you@example.org"], "--list FILE"),
        (["crawl", "--source", "urls", "--list", "nowhere.csv", "--contact", "you@example.org"], "nowhere.csv"),
        (["crawl", "--list", "nowhere.tsv", "--contact", "you@example.org"], "nowhere.tsv"),
        (["crawl", "--source", "urls", "--list", "x.csv", "--want", "9"], "bound it with `--limit`"),
        (["crawl", "whippet", "--limit", "-1"], "--limit"),
        (["crawl", "whippet", "--nonsense"], "--nonsense"),
        (
            ["run", "fetsh", "--contact", "you@example.org"],
            "the stages are `search`, `fetch`, `dedupe`, `thorough`, `land`, `conflicts`, `annotate`, `inherit`, "
            "`verify`, `attest`, `all`",
        ),
        (["run", "fetch"], "identity.contact"),
        (["status"], "nothing was crawled there"),
        (["config", "--set", "fetch.dealy_s=1"], "did you mean `fetch.delay_s`?"),
        (["config", "--set", "nonsense"], "KEY=VALUE"),
        (["config", "--config", "nowhere.toml"], "nowhere.toml"),
        (["plan", "whippet", "--out", "ftp://host/x"], "store.url"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_use_is_status_2_with_the_way_out_and_no_traceback(
    cli: RunCli, arguments: list[str], message: str
) -> None:
    done = cli(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_an_unreachable_store_is_status_1_and_says_what_was_tried(cli: RunCli) -> None:
    options = {
        "store.endpoint": "http://127.0.0.1:9",
        "store.access_key_id": "key",
        "store.secret_access_key": "hunter2",
        "store.region": "eu-1",
    }
    done = cli("crawl", "whippet", "--out", "s3://bucket", "--contact", "you@example.org", options=options)
    assert done.returncode == 1
    assert "http://127.0.0.1:9" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_configuration_shows_values_and_origins_and_masks_secrets(cli: RunCli, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("[store]\nsecret_access_key = 'hunter2'\n[fetch]\nattempts = 9\n")
    done = cli("config", "--config", str(file), "--set", "fetch.delay_s=7", "--format", "jsonl")
    rows = {row["key"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert (rows["fetch.attempts"]["value"], rows["fetch.attempts"]["from"]) == (9, str(file))
    assert (rows["fetch.delay_s"]["value"], rows["fetch.delay_s"]["from"]) == (7.0, "option")
    assert "hunter2" not in done.stdout + cli("config", "--config", str(file)).stdout


def test_a_folder_that_another_crawl_works_on_is_refused(cli: RunCli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with lock_folder(out):
        done = cli("crawl", "whippet", "--contact", "you@example.org", "--out", str(out))
        assert done.returncode == 1
        assert f"works on {out}" in done.stderr
    with lock_folder(out, shared=True):
        assert cli("run", "dedupe", "land", "--drain", "--out", str(out)).returncode == 0
        assert cli("storage", "sweep", "--out", str(out)).returncode == 1


def test_a_crawl_without_network_says_so_is_status_1_and_can_be_replayed(cli: RunCli) -> None:
    options = {
        "sources.commons.api_url": "http://127.0.0.1:9/api.php",
        "search.attempts": 1,
        "fetch.allow_networks": ["127.0.0.0/8"],
        "search.allow_networks": ["127.0.0.0/8"],
    }
    done = cli("crawl", "blue whippets", "--contact", "you@example.org", "--out", "out", options=options)
    assert done.returncode == 1
    assert "no query was answered" in done.stderr
    listed = cli("dead-letters", "list", "--out", "out", "--format", "jsonl")
    (letter,) = map(json.loads, listed.stdout.splitlines())
    assert (letter["stage"], letter["outcome"]) == ("search", "connection_failed")
    assert "1" in cli("dead-letters", "list", "--out", "out", "--summary").stdout
    assert "replayed 0 of 0" in cli("dead-letters", "replay", "--out", "out", "--outcome", "timeout").stderr
    assert "replayed 1 of 1" in cli("dead-letters", "replay", "--out", "out").stderr
    assert "no dead letters" in cli("dead-letters", "list", "--out", "out").stderr
    status = cli("status", "--out", "out", "--format", "jsonl")
    stages = {row["stage"]: row for row in map(json.loads, status.stdout.splitlines()) if "stage" in row}
    assert (stages["search"]["done"], stages["search"]["lag"]) == (1, 1)
    rows = cli("status", "--out", "out", "--partitions", "--no-synsets", "--format", "jsonl").stdout.splitlines()
    assert [row["lag"] for row in map(json.loads, rows) if row.get("input_of") == "search"] == [1]


def test_a_line_of_a_list_that_is_malformed_is_named_and_the_rest_goes_on(cli: RunCli, tmp_path: Path) -> None:
    path = tmp_path / "synsets.tsv"
    path.write_text("n1\tdog\nhttp://a.example/1.jpg\nn2\tcat\n")
    done = cli("plan", "--list", str(path), "--out", "out")
    assert done.returncode == 0
    assert f"{path}:2 is left out, and the rest goes on: a URL, where a line is `wnid<TAB>text`" in done.stderr
    assert "planned 2 queries; 0 were planned before" in done.stderr
    assert "planned 0 queries; 2 were planned before" in cli("plan", "--list", str(path), "--out", "out").stderr


def test_a_list_of_names_asks_for_what_the_command_line_would(cli: RunCli, tmp_path: Path) -> None:
    """A name of several senses is left out with all of them: nobody is asked a thousand times which one is meant."""
    path = tmp_path / "names.txt"
    path.write_text("whippet\ncrane\nwhipet\nfixie bike\nn01440764 tench, Tinca tinca\n")
    done = cli("plan", "--list", str(path), "--out", "out")
    assert f"{path}:2 is left out, and the rest goes on: `crane` has 5 senses" in done.stderr
    assert f"{path}:3 is left out, and the rest goes on: `whipet` is in no synset" in done.stderr
    again = cli("plan", "whippet", "n01440764", "fixie bike", "--out", "out")
    assert "planned 0 queries;" in again.stderr
    assert "did you mean `whippet`" in done.stderr


def test_a_long_list_of_names_is_planned_once_each_and_says_the_first_problems(cli: RunCli, tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    odd = "".join(f"crane\n{n}. row\n" for n in range(30)) + "".join(f"q{n}xyz\n" for n in range(150))
    path.write_text("tench\n" * 300 + odd)
    done = cli("plan", "--list", str(path), "--out", "out", "--langs", "en")
    assert "50 more names are in no synset; asking for the texts themselves" in done.stderr
    assert "31 lines are left out in all; these were the first 20" in done.stderr
    assert done.stderr.count("is left out, and the rest goes on") == 20
    assert "; 0 were planned before" in done.stderr


def test_a_list_without_the_column_names_those_that_it_has(cli: RunCli, tmp_path: Path) -> None:
    path = tmp_path / "photos.csv"
    path.write_text("link,label\nhttp://a/1,n1\n")
    done = cli("crawl", "--source", "urls", "--list", str(path), "--contact", "you@example.org")
    assert done.returncode == 2
    assert "its columns are link, label" in done.stderr


def test_lists_are_planned_as_people_have_them(cli: RunCli, tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    for name in ("1.txt", "2.csv"):
        (shards / name).write_text("http://a.example/1.jpg\nhttp://a.example/2.jpg\n")
    for names in (["--list", str(shards)], ["--list", f"{shards}/*"], [str(shards / "1.txt"), str(shards / "2.csv")]):
        done = cli("plan", "--source", "urls", *names, "--out", names[-1][-5:].strip("/*."))
        assert "planned 2 queries; 0" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "--source", "urls", "--list", "x.csv", "--layout", "laoin"], "did you mean `laion`?"),
        (["plan", "dog", "--layout", "laion"], "`--source urls --list FILE`"),
        (["plan", "--source", "urls", "--list", "none*.csv"], "none*.csv: no file has such a name"),
        (["plan", "--source", "urls", "--list", "none.csv"], "none.csv: no such file or folder"),
        (["plan", "--source", "urls", "--list", "."], "no list of URLs is in this folder"),
    ],
)
def test_lists_that_are_none_are_wrong_use(cli: RunCli, arguments: list[str], words: str) -> None:
    done = cli(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_replay_says_why_some_are_not_tried_again(cli: RunCli, tmp_path: Path) -> None:
    path = tmp_path / "photos.csv"
    path.write_text("url,synset\nno-url,n1\nhttp://127.0.0.1:9/1.jpg,n1\n")
    cli("crawl", "--source", "urls", "--list", str(path), "--contact", "you@example.org", "--out", "out")
    listed = cli("dead-letters", "list", "--out", "out", "--format", "jsonl").stdout.splitlines()
    found = {row["outcome"]: row["message"] for row in map(json.loads, listed)}
    assert "fetch.allow_networks" in found["private_address"]
    assert f"{path}:2: no URL: `no-url` has no `http://`" in found["bad_entry"]
    said = cli("dead-letters", "replay", "--out", "out").stderr
    assert "replayed 1 of 2 dead letters" in said
    assert "1 stays, about one line of a list each: mend it there" in said


@pytest.mark.parametrize(
    "arguments",
    [
        "config",
        "--help",
        "crawl --help",
        "storage --help",
        "storage verify --help",
        "topics schema survivors",
        "--version",
    ],
)
def test_output_into_a_pipe_that_closes_ends_without_a_word_and_is_no_failure(arguments: str) -> None:
    first = warm.start(arguments.split(), env=environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert first.stdout is not None
    first.stdout.close()
    _, errors = first.communicate(timeout=300)
    assert (first.returncode, errors) == (0, "")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_an_option_that_is_no_number_is_refused(cli: RunCli, text: str) -> None:
    for arguments in (["storage", "verify", f"--share={text}"], ["dedupe", ".", f"--similarity={text}"]):
        done = cli(*arguments)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
