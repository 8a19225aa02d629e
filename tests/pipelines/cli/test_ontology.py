"""``synsets`` and ``queries`` as a user runs them, and targets of ``plan``."""

import json
import os
import pty
import subprocess
from pathlib import Path

from tests.conftest import RunCli, command, environment

SHOP = str(Path(__file__).parents[3] / "docs/examples/shop.csv")


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_all_senses_of_a_name_are_shown(cli: RunCli) -> None:
    done = cli("synsets", "crane", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    found = rows(done.stdout)
    assert [row["wnid"] for row in found] == ["n10914447", "n10914331", "n09295455", "n03126707", "n02012849"]
    assert found[3]["parents"] == ["n03664675 lifting device"]
    assert found[3]["descendants"] == 3
    assert "lifts and moves heavy objects" in cli("synsets", "n03126707").stdout


def test_the_tree_shows_all_that_is_above_and_below(cli: RunCli) -> None:
    tree = cli("synsets", "n02084071", "--tree").stdout
    assert tree.count("n00001740") == 1
    assert tree.count("n02084071 dog, domestic dog, Canis familiaris") == 2
    assert "n02091134 whippet" in tree


def test_licences_of_all_parts_are_shown(cli: RunCli) -> None:
    text = cli("synsets", "--licences").stdout
    for part in (
        "Princeton University",
        "Chinese Open Wordnet",
        "MultiWordNet",
        "Open {Dutch} {WordNet}",
        "Wiktionary",
    ):
        assert part.lower() in text.lower(), part


def test_queries_are_printed_as_they_are_planned(cli: RunCli, tmp_path: Path) -> None:
    shown = rows(cli("queries", "whippet", "--langs", "en,it", "--format", "jsonl").stdout)
    assert [(row["text"], row["lang"], row["rule"], row["rank"], row["ambiguity"]) for row in shown] == [
        ("whippet", "en", "synonym", 0, 1),
        ("whippet greyhound", "en", "ancestor", 1, 1),
        ("whippet dog", "en", "ancestor", 2, 1),
        ("piccolo levriero inglese", "it", "translation", 3, 1),
    ]
    planned = cli("plan", "whippet", "--langs", "en,it", "--out", str(tmp_path / "out"))
    assert "planned 5 queries" in planned.stderr
    assert (
        "planned 0 queries; 5 were planned before"
        in cli("plan", "n02091134", "--langs", "en,it", "--out", str(tmp_path / "out")).stderr
    )


def test_a_subtree_and_its_leaves_are_planned(cli: RunCli, tmp_path: Path) -> None:
    leaves = rows(cli("synsets", "--under", "n02084071", "--leaves", "--format", "jsonl").stdout)
    assert len(leaves) > 100
    assert all(row["descendants"] == 0 for row in leaves)
    planned = cli("plan", "--under", "greyhound", "--leaves", "--langs", "en", "--out", str(tmp_path / "out"))
    assert "planned" in planned.stderr, planned.stderr
    assert cli("plan", "whippet", "--leaves").returncode == 2


def test_a_name_of_several_senses_is_never_taken_silently(cli: RunCli) -> None:
    for name in ("plan", "crawl"):
        done = cli(name, "crane")
        assert done.returncode == 2
        assert "5 senses" in done.stderr
        assert "n02012849  crane: large long-necked wading bird" in done.stderr
        assert "Traceback" not in done.stderr, done.stderr


def test_on_a_terminal_the_user_is_asked_which_sense_is_meant(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    arguments = command("plan", "crane", "--langs", "en", "--out", str(tmp_path / "out"))
    process = subprocess.Popen(arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=environment({}))
    os.close(theirs)
    os.write(ours, b"nonsense\n9\n5\n")
    said = b""
    while True:
        try:
            chunk = os.read(ours, 65_536)
        except OSError:
            break
        if not chunk:
            break
        said += chunk
    os.close(ours)
    assert process.wait(300) == 0
    assert b"which sense" in said
    assert b"planned 4 queries" in said  # crane wading bird, crane bird, crane


def test_a_text_that_no_synset_has_is_asked_for_as_it_stands(cli: RunCli, tmp_path: Path) -> None:
    done = cli("plan", "blue screwdrivers", "--out", str(tmp_path / "out"))
    assert done.returncode == 0
    assert "is in no synset; asking for the text itself" in done.stderr
    assert cli("plan", "n00000000").returncode == 2


def test_an_ontology_of_ones_own_is_used_and_its_problems_are_listed(cli: RunCli, tmp_path: Path) -> None:
    shown = rows(cli("queries", "--ontology", SHOP, "lamp-arc", "--langs", "es", "--format", "jsonl").stdout)
    assert [row["text"] for row in shown] == ["lámpara de arco"]
    bad = tmp_path / "bad.csv"
    bad.write_text("id,names,parents\na,a,b\na,,c\n")
    done = cli("synsets", "--ontology", str(bad), "a")
    assert done.returncode == 2
    assert f"{bad}:2: parent 'b' of 'a' is unknown" in done.stderr
    assert f"{bad}:3: id 'a' stands already at {bad}:2" in done.stderr
    assert f"{bad}:3: 'a' has no names" in done.stderr


def test_wrong_use_says_what_to_write(cli: RunCli) -> None:
    assert "name a synset" in cli("synsets").stderr
    assert "ISO 639-1" in cli("queries", "dog", "--langs", "EN").stderr
    assert "no names in `fr` are bundled" in cli("queries", "dog", "--langs", "en,fr").stderr
    assert "in no synset" in cli("queries", "zzz").stderr
    assert cli("queries", "--under", "crane").returncode == 2
