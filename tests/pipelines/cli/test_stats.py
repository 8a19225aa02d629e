"""``synsift stats`` on stores, and its page in a browser."""

import csv
import io
import json
from pathlib import Path

import pytest

from synsift.pipelines.exports.measures import EDGES, Measured, Most, Whole
from tests.chromium import visit
from tests.conftest import RunCli
from tests.dedupe.pictures import encoded, photograph
from tests.pipelines.exports.stores import CRANE, DAISY, OTHER_CRANE, WHIPPET, Picture, make_store, picture
from tests.pipelines.exports.voted import OPTIONS, make_voted
from tools.browser import Page


def measured(count: int, wnid: str = WHIPPET, **more: object) -> Measured:
    return Measured(wnid=wnid, name=wnid, depth=3, survivors=count, **more)  # type: ignore[arg-type]


def whole(*synsets: Measured, enough: int = 500) -> Whole:
    return Whole(synsets, accepted_only=False, enough=enough, alarm=0.2)


def test_the_histogram_counts_every_synset_once() -> None:
    counts = [0, 1, 9, 10, 49, 50, 499, 500, 501, 999, 1_000, 9_999, 10_000, 50_000]
    bins = whole(*map(measured, counts)).histogram()
    assert sum(one.synsets for one in bins) == len(counts)
    for one in bins:
        assert one.synsets == sum(one.low <= count and (one.high is None or count <= one.high) for count in counts)
    assert [one.low for one in bins] == [0, *EDGES]
    assert whole(*map(measured, counts)).summary()["share_with_enough"] == pytest.approx(7 / 13)


def test_nothing_at_all_has_numbers_too() -> None:
    found = whole().summary()
    assert found["images"] == 0
    assert found["share_with_enough"] is None
    assert whole(measured(0)).summary()["median"] is None


def test_an_alarm_needs_a_share_and_enough_images_to_tell() -> None:
    assert measured(10, author=Most("Ann", 0.21)).alarms(0.2) == {"author": Most("Ann", 0.21)}
    assert measured(10, author=Most("Ann", 0.2)).alarms(0.2) == {}
    assert measured(9, author=Most("Ann", 0.9)).alarms(0.2) == {}


def test_a_host_an_author_and_a_day_of_too_many_are_told_of(cli: RunCli, tmp_path: Path) -> None:
    authors = ["ANN", "Ann", "ann ", "Ann"] + ["unknown"] * 8
    pictures = [picture(seed, author=author) for seed, author in enumerate(authors)]
    pictures = [
        Picture(one.data, one.wnid, one.found_by, url=f"https://h{seed % 2}.example/{seed}.jpg")
        for seed, one in enumerate(pictures)
    ]
    make_store(tmp_path / "store", pictures)
    done = cli("stats", "--out", str(tmp_path / "store"), "--format", "jsonl", "--alarm", "0.3")
    row = json.loads(done.stdout)
    assert row["alarms"] == {"host h0.example": 0.5, "author Ann": pytest.approx(1 / 3, abs=1e-3)}
    assert "1 synset has more than 30 % from one host, author or day" in done.stderr
    table = cli("stats", "--out", str(tmp_path / "store"), "--alarm", "0.3")
    assert "50% from host h0.example" in table.stdout


def test_a_subtree_is_covered_by_what_has_images(cli: RunCli, tmp_path: Path) -> None:
    make_store(tmp_path / "store", [picture(1), picture(2), picture(3, DAISY)])
    done = cli(
        "stats", "--out", str(tmp_path / "store"), "--under", "n02091134", "--under", "n02084071", "--enough", "2"
    )
    assert done.returncode == 0, done.stderr
    assert "whippet: 1 of 1 synset has images, 1 have 2 or more" in done.stderr
    assert "dog: 1 of 190 synsets have images, 1 have 2 or more" in done.stderr
    unknown = cli("stats", "--out", str(tmp_path / "store"), "--under", "nosuchthing")
    assert unknown.returncode == 2


def test_every_form_says_the_same(cli: RunCli, tmp_path: Path) -> None:
    make_store(tmp_path / "store", [picture(1, CRANE), picture(2, OTHER_CRANE), picture(3)])
    lines = cli("stats", "--out", str(tmp_path / "store"), "--format", "jsonl").stdout.splitlines()
    rows = list(csv.DictReader(io.StringIO(cli("stats", "--out", str(tmp_path / "store"), "--format", "csv").stdout)))
    assert (
        [json.loads(line)["wnid"] for line in lines] == [row["wnid"] for row in rows] == [CRANE, WHIPPET, OTHER_CRANE]
    )
    assert f"crane ({CRANE})" in cli("stats", "--out", str(tmp_path / "store")).stdout
    nowhere = cli("stats", "--out", str(tmp_path / "nowhere"))
    assert nowhere.returncode in (1, 2)
    assert "Traceback" not in nowhere.stderr, nowhere.stderr


def test_the_page_shows_plots_and_average_images_and_nothing_runs_in_it(cli: RunCli, tmp_path: Path) -> None:
    many = [
        Picture(
            encoded(photograph(seed, (96, 72)), "JPEG"), DAISY, picture(1, author="<script>alert(1)</script>").found_by
        )
        for seed in range(100)
    ]
    voted = [picture(1000 + seed) for seed in range(12)]
    answers = {one.sha256: "yes" if number % 3 else "no" for number, one in enumerate([*many, *voted])}
    make_voted(tmp_path / "store", [*many, *voted], answers)
    page = tmp_path / "stats.html"
    options = ("--out", str(tmp_path / "store"), "--page", str(page), "--under", "n11669921", "--only", "survivors")
    done = cli("stats", *options, options=OPTIONS)
    assert done.returncode == 0, done.stderr

    async def look(browser: Page) -> dict[str, object]:
        return await browser.run(
            """(() => ({
              bars: [...document.querySelectorAll("svg.plot rect")].map(x => x.getBoundingClientRect().height),
              labels: [...document.querySelectorAll("svg.plot")].map(x => x.getAttribute("aria-label")),
              shown: [...document.querySelectorAll(".averages img")].map(x => x.naturalWidth),
              wide: document.documentElement.scrollWidth > innerWidth,
              text: document.body.innerText,
            }))()"""
        )

    for width_px, phone in ((1280, False), (390, True)):
        found = visit(page, look, width_px=width_px, phone=phone)
        assert sorted(found["bars"])[-2] > 50  # type: ignore[union-attr]
        assert len(found["labels"]) == 2  # type: ignore[arg-type]
        assert found["shown"] == [32]
        assert not found["wide"]
        assert "<script>alert(1)</script>" in str(found["text"])
        assert "flower" in str(found["text"])
