"""``synsift conflicts``: on a store that was crawled from a list."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from synsift.crawler.sources import SourceAnswer
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Survivor
from synsift.pipelines.topics import Router
from synsift.testing import Asked, Server, serving
from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, scene

WHIPPET, DOG, DAISY, OWN = "n02091134", "n02084071", "n11939491", "shelf"
# Number of the scene, size, synset.
ROWS = [
    (1, 320, WHIPPET),
    (1, 320, DAISY),
    (2, 320, WHIPPET),
    (2, 200, DOG),
    (3, 320, DAISY),
    (3, 240, OWN),
    (4, 320, DOG),
    (5, 320, DAISY),
]


@pytest.fixture(scope="module")
def host() -> Iterator[Server]:
    def plays(asked: Asked) -> SourceAnswer:
        if not asked.path.endswith(".png"):
            return SourceAnswer(b"", 404)
        number, _, side = asked.path.rpartition("/")[2].removesuffix(".png").partition("-")
        picture = scene(int(number)).resize((int(side), int(side) * 3 // 4))
        return SourceAnswer(encoded(picture, "PNG"), 200, {"Content-Type": "image/png"})

    with serving(plays) as server:
        yield server


def crawled(
    cli: RunCli, host: Server, folder: Path, *, rows: Sequence[tuple[int, int, str]] = ROWS, **more: str
) -> Path:
    lines = [f"{host.url}/{number}-{side}.png,{wnid}" for number, side, wnid in rows]
    (folder / "list.csv").write_text("url,wnid\n" + "\n".join(lines) + "\n")
    options = {"fetch.allow_networks": "127.0.0.0/8", "fetch.delay_s": 0, "identity.contact": "a@b.example"}
    options |= {"land.linger_s": 0.1, "fetch.min_side_px": 32, "logging.level": "WARNING", **more}
    out = folder / "out"
    done = cli("crawl", "--source", "urls", "--list", str(folder / "list.csv"), "--out", str(out), options=options)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def out(cli: RunCli, host: Server, tmp_path: Path) -> Path:
    return crawled(cli, host, tmp_path)


def found(stdout: str) -> set[tuple[frozenset[str], str, bool]]:
    rows = [json.loads(line) for line in stdout.splitlines()]
    return {(frozenset((row["synset"], row["other_synset"])), row["kind"], row["conflict"]) for row in rows}


PAIRS = {
    (frozenset((WHIPPET, DAISY)), "exact", True),
    (frozenset((WHIPPET, DOG)), "near", False),
    (frozenset((DAISY, OWN)), "near", True),
}


def test_pictures_under_two_synsets_are_found_and_told_apart(cli: RunCli, out: Path, tmp_path: Path) -> None:
    page = tmp_path / "conflicts.html"
    done = cli("conflicts", "--out", str(out), "--all", "--format", "jsonl", "--page", str(page))
    assert done.returncode == 0, done.stderr
    assert found(done.stdout) == PAIRS
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    ties = {row["kind"] + row["tie"] for row in rows if {row["synset"], row["other_synset"]} == {DOG, WHIPPET}}
    assert ties <= {"nearabove", "nearbelow"}
    assert "2 conflicts; 1 pair of synsets above each other" in done.stderr
    shown = page.read_text()
    assert shown.count("data:image/webp") == 6
    assert "whippet" in shown
    assert "not in the ontology" in shown


def test_what_the_crawl_noted_is_what_a_look_at_all_finds(cli: RunCli, out: Path) -> None:
    noted = cli("conflicts", "--out", str(out), "--all", "--format", "jsonl")
    anew = cli("conflicts", "--out", str(out), "--all", "--format", "jsonl", "--anew")
    assert found(noted.stdout) == found(anew.stdout) == PAIRS
    ids = [{json.loads(line)["id"] for line in done.stdout.splitlines()} for done in (noted, anew)]
    assert ids[0] == ids[1]
    assert "looked" not in noted.stderr
    status = cli("status", "--out", str(out), "--format", "jsonl")
    assert '"stage": "conflicts"' in status.stdout
    verified = cli("storage", "verify", "--out", str(out))
    assert verified.returncode == 0, verified.stderr
    assert len(list((out / "conflicts" / DAISY).glob("*.parquet"))) >= 1


def test_where_the_configuration_leaves_it_out_all_are_looked_through_when_asked(
    cli: RunCli, host: Server, tmp_path: Path
) -> None:
    out = crawled(cli, host, tmp_path, **{"dedupe.conflicts": "false"})
    assert not (out / "conflicts").exists()
    assert '"stage": "conflicts"' not in cli("status", "--out", str(out), "--format", "jsonl").stdout
    done = cli("conflicts", "--out", str(out), "--all", "--format", "jsonl")
    assert found(done.stdout) == PAIRS
    assert "all survivors were looked through now" in done.stderr


def test_an_ontology_that_lacks_the_synsets_is_told_of(cli: RunCli, out: Path, tmp_path: Path) -> None:
    done = cli("conflicts", "--out", str(out))
    assert f"1 of these 4 synsets is not in WordNet: {OWN}" in done.stderr
    assert "`--ontology FILE` names your own" in done.stderr
    own = tmp_path / "own.csv"
    own.write_text(f"id,names,definition,parents\n{DAISY},daisy,a flower,{OWN}\n{OWN},shelf,a place,\n")
    done = cli("conflicts", "--out", str(out), "--all", "--ontology", str(own), "--format", "jsonl")
    assert (frozenset((DAISY, OWN)), "near", False) in found(done.stdout)
    assert "not in `" in done.stderr


def test_what_was_not_looked_at_yet_is_told(cli: RunCli, out: Path) -> None:
    with contextlib.closing(SqliteLog(out / "log.db", partitions=16)) as log:
        known = next(one for one in read_all(log, Survivor) if one.candidate.wnid == DAISY)
        moved = msgspec.structs.replace(known.candidate, wnid="n02510455")
        log.produce([Router(16).survivor(Survivor(candidate=moved))])
    done = cli("conflicts", "--out", str(out))
    assert "1 survivor has not been looked at yet" in done.stderr
    caught_up = cli("run", "conflicts", "annotate", "--drain", "--out", str(out))
    assert caught_up.returncode == 0, caught_up.stderr
    after = cli("conflicts", "--out", str(out), "--format", "jsonl")
    assert "not been looked at" not in after.stderr
    assert any("n02510455" in pair for pair, _, _ in found(after.stdout))


def test_related_synsets_are_left_out_unless_asked_for(cli: RunCli, out: Path) -> None:
    done = cli("conflicts", "--out", str(out))
    assert done.returncode == 0
    assert "dog" not in done.stdout.replace("whippet", "")
    assert done.stdout.count("same file") == 1
    assert "(--all lists them)" in done.stderr


def test_csv_has_a_line_of_names_though_nothing_is_found(cli: RunCli, host: Server, tmp_path: Path) -> None:
    out = crawled(cli, host, tmp_path, rows=ROWS[-1:])
    done = cli("conflicts", "--out", str(out), "--format", "csv")
    assert done.stdout.startswith("id,synset,name,image,kind,other_synset,")
    assert len(done.stdout.splitlines()) == 1


def test_where_nothing_was_crawled_that_is_said(cli: RunCli, tmp_path: Path) -> None:
    done = cli("conflicts", "--out", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "nothing was crawled there" in done.stderr
