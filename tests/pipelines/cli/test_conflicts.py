"""``synsift conflicts``: on a store that was crawled from a list."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from synsift.crawler.sources import SourceAnswer
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


@pytest.fixture
def out(cli: RunCli, host: Server, tmp_path: Path) -> Path:
    lines = [f"{host.url}/{number}-{side}.png,{wnid}" for number, side, wnid in ROWS]
    (tmp_path / "list.csv").write_text("url,wnid\n" + "\n".join(lines) + "\n")
    options = {"fetch.allow_networks": "127.0.0.0/8", "fetch.delay_s": 0, "identity.contact": "a@b.example"}
    options |= {"land.linger_s": 0.1, "fetch.min_side_px": 32, "logging.level": "WARNING"}
    out = tmp_path / "out"
    done = cli("crawl", "--source", "urls", "--list", str(tmp_path / "list.csv"), "--out", str(out), options=options)
    assert done.returncode == 0, done.stderr
    return out


def test_pictures_under_two_synsets_are_found_and_told_apart(cli: RunCli, out: Path, tmp_path: Path) -> None:
    page = tmp_path / "conflicts.html"
    done = cli("conflicts", "--out", str(out), "--all", "--format", "jsonl", "--page", str(page))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    found = {(frozenset((row["synset"], row["other_synset"])), row["kind"], row["conflict"]) for row in rows}
    assert found == {
        (frozenset((WHIPPET, DAISY)), "exact", True),
        (frozenset((WHIPPET, DOG)), "near", False),
        (frozenset((DAISY, OWN)), "near", True),
    }
    ties = {row["kind"] + row["tie"] for row in rows if DOG in (row["synset"], row["other_synset"])}
    assert ties <= {"nearabove", "nearbelow"}
    assert "2 conflicts; 1 pair of synsets above each other" in done.stderr
    shown = page.read_text()
    assert shown.count("data:image/webp") == 6
    assert "slender dog of greyhound type" in shown.lower() or "whippet" in shown


def test_related_synsets_are_left_out_unless_asked_for(cli: RunCli, out: Path) -> None:
    done = cli("conflicts", "--out", str(out))
    assert done.returncode == 0
    assert "dog" not in done.stdout.replace("whippet", "")
    assert done.stdout.count("same bytes") == 1
    assert "(--all lists them)" in done.stderr


def test_where_nothing_was_crawled_that_is_said(cli: RunCli, tmp_path: Path) -> None:
    done = cli("conflicts", "--out", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "nothing was crawled there" in done.stderr
