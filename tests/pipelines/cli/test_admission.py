"""What ``plan`` and ``crawl`` leave out of what they are told to ask for, and what they warn of."""

import json
from pathlib import Path

import pytest

from tests.conftest import RunCli

FIREMAN, NURSE, WHIPPET = "n10091651", "n10366966", "n02091134"


def planned(cli: RunCli, out: Path) -> set[str]:
    """What stands in the log, which planning again tells: nothing of it is new."""
    from synsift.pipelines.log.sqlite import SqliteLog
    from synsift.pipelines.reading import read_all
    from synsift.pipelines.records import Query

    log = SqliteLog(out / "log.db", partitions=16)
    try:
        return {query.wnid for query in read_all(log, Query)}
    finally:
        log.close()


def test_people_are_left_out_and_told_of(cli: RunCli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = cli("plan", FIREMAN, WHIPPET, "--langs", "en", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert planned(cli, out) == {WHIPPET}
    assert f"left out 1 synset of people: {FIREMAN} fireman" in done.stderr
    assert "1,593 were found unsafe (Yang et al. 2020)" in done.stderr
    assert "hint: `--allow-people` asks for them, too" in done.stderr
    assert "people" not in done.stdout


@pytest.mark.parametrize("given", ["option", "key", "safe"])
def test_they_are_asked_for_where_somebody_says_so(cli: RunCli, tmp_path: Path, given: str) -> None:
    (tmp_path / "safe.txt").write_text(f"{FIREMAN}\tfireman\n")
    options = {"key": {"search.allow_people": "true"}, "safe": {"search.safe_people": str(tmp_path / "safe.txt")}}
    more = ("--allow-people",) if given == "option" else ()
    out = tmp_path / "out"
    done = cli("plan", FIREMAN, "--langs", "en", "--out", str(out), *more, options=options.get(given, {}))
    assert done.returncode == 0, done.stderr
    assert planned(cli, out) == {FIREMAN}
    assert "left out" not in done.stderr


def test_the_option_stands_above_the_key(cli: RunCli, tmp_path: Path) -> None:
    options = {"search.allow_people": "true"}
    done = cli("plan", FIREMAN, WHIPPET, "--no-allow-people", "--out", str(tmp_path / "out"), options=options)
    assert f"left out 1 synset of people: {FIREMAN}" in done.stderr
    assert planned(cli, tmp_path / "out") == {WHIPPET}


@pytest.mark.parametrize("command", ["plan", "crawl"])
def test_where_nothing_is_left_that_is_wrong_use(cli: RunCli, tmp_path: Path, command: str) -> None:
    more = ("--contact", "a@b.example") if command == "crawl" else ()
    done = cli(command, "firefighter", "--out", str(tmp_path / "out"), *more)
    assert done.returncode == 2
    assert "nothing is left to ask for" in done.stderr
    assert "hint: `--allow-people`" in done.stderr
    assert not (tmp_path / "out").exists()


def test_lists_and_texts_on_behalf_of_people_are_no_way_around(cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "list.tsv").write_text(f"{NURSE}\tnurse\n{WHIPPET}\twhippet\n")
    done = cli("plan", "--list", str(tmp_path / "list.tsv"), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert planned(cli, tmp_path / "out") == {WHIPPET}
    done = cli("plan", NURSE, "--text", "nurse", "--out", str(tmp_path / "text"))
    assert done.returncode == 2


def test_a_text_that_is_no_synset_is_a_text(cli: RunCli, tmp_path: Path) -> None:
    done = cli("plan", "fire-fighters-at-work", "--text", "firefighter", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert planned(cli, tmp_path / "out") == {"fire-fighters-at-work"}
    assert "people" not in done.stderr


def test_a_list_of_ones_own_denies_synsets(cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "deny.txt").write_text(f"# not these\n{WHIPPET}\n")
    options = {"search.deny_synsets": str(tmp_path / "deny.txt")}
    done = cli("plan", WHIPPET, "n02084071", "--out", str(tmp_path / "out"), options=options)
    assert planned(cli, tmp_path / "out") == {"n02084071"}
    assert f"left out 1 synset by `search.deny_synsets`: {WHIPPET} whippet" in done.stderr
    done = cli("plan", WHIPPET, "--out", str(tmp_path / "none"), options=options)
    assert done.returncode == 2


def test_what_a_list_names_in_vain_is_told_of(cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "deny.txt").write_text("N02091134\nwhippet\nn99999999 no such\nn02084071\nn07697537\nown\n")
    (tmp_path / "shop.csv").write_text("id,names\nown,arc lamp\nother,desk lamp\n")
    options = {"search.deny_synsets": str(tmp_path / "deny.txt")}
    done = cli("plan", WHIPPET, "n02084071", "--out", str(tmp_path / "out"), options=options)
    assert planned(cli, tmp_path / "out") == {WHIPPET}
    said = " ".join(done.stderr.split())
    assert "4 lines name no synset that is known: `N02091134`, `n99999999`, `own`, `whippet`" in said
    assert "hint: a line begins with an identifier" in said
    arguments = ("plan", "other", "--ontology", str(tmp_path / "shop.csv"), "--out", str(tmp_path / "own"))
    assert "3 lines name no synset" in " ".join(cli(*arguments, options=options).stderr.split())


@pytest.mark.parametrize(
    ("content", "words"), [(None, "No such file"), (b"\xff\xfe\xfa", "not UTF-8"), (b"! x", "line 1")]
)
def test_a_list_that_cannot_be_read_is_named(cli: RunCli, tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "deny.txt"
    if content is not None:
        path.write_bytes(content)
    done = cli("plan", WHIPPET, "--out", str(tmp_path / "out"), options={"search.deny_synsets": str(path)})
    assert done.returncode == 2
    assert "deny.txt" in done.stderr
    assert words in done.stderr


def test_synsets_that_look_alike_are_told_of_the_first_few_and_all_when_asked(cli: RunCli, tmp_path: Path) -> None:
    few = cli("plan", "--under", "imagenet12", "--leaves", "--langs", "en", "--out", str(tmp_path / "out"))
    assert few.returncode == 0, few.stderr
    assert "pairs of synsets look alike" in few.stderr
    lines = [line for line in few.stderr.splitlines() if line.startswith("  ")]
    assert len(lines) == 7
    assert "more (-v lists all)" in lines[-1]
    whole = cli("plan", "n02012849", "n03126707", "n03642806", "n03832673", "-v", "--out", str(tmp_path / "all"))
    assert "2 pairs of synsets look alike (1 by a name, 1 by their definitions)" in whole.stderr
    assert "n02012849 crane, n03126707 crane: both are called `crane`" in whole.stderr
    assert "n03642806 laptop, n03832673 notebook: their definitions share portable, computer, small" in whole.stderr


def test_synsets_of_an_ontology_of_ones_own_are_known_by_wordnets_identifiers_alone(
    cli: RunCli, tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    own.write_text(f"id,names,definition,parents\nstaff,fireman,a person who puts out fires,\n{FIREMAN},nurse,x,\n")
    done = cli("plan", "--ontology", str(own), "staff", FIREMAN, "--out", str(tmp_path / "out"))
    assert planned(cli, tmp_path / "out") == {"staff"}
    assert json.dumps(FIREMAN)[1:-1] in done.stderr
