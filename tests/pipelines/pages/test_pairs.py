"""The page of pairs that look alike."""

from pathlib import Path

from synsift.dedupe import fingerprint
from synsift.dedupe.calibration import Pair
from synsift.pipelines.pages.gallery import Making
from synsift.pipelines.pages.pairs import MOST_PAIRS, render_pairs
from tests.dedupe.pictures import encoded, scene

ODD = '<b onclick="x">&.png'


def test_a_pair_is_shown_with_its_pictures_its_score_and_the_line_that_keeps_it_apart(tmp_path: Path) -> None:
    paths = [str(tmp_path / ODD), str(tmp_path / "gone.png")]
    data = [encoded(scene(seed), "PNG") for seed in range(2)]
    Path(paths[0]).write_bytes(data[0])
    images = {path: fingerprint(one) for path, one in zip(paths, data, strict=True)}
    page = "".join(render_pairs([Pair(*paths, 0.8125)], images, Making(100), least=0.85))
    assert page.count("<img ") == 1
    assert "no picture can be made of it" in page
    assert "0.812" in page
    assert "unsure" in page
    assert f"{images[paths[0]].sha256} {images[paths[1]].sha256}" in page
    assert "1 pair, 1 of which only a person can judge; 0 would be copies" in page
    assert "<b onclick" not in page


def test_many_pairs_are_the_first_of_them_and_none_are_said(tmp_path: Path) -> None:
    path = str(tmp_path / "a.png")
    images = {path: fingerprint(encoded(scene(1), "PNG"))}
    many = "".join(render_pairs([Pair(path, path, 0.99)] * (MOST_PAIRS + 1), images, Making(100), least=0.85))
    assert many.count("<section") == MOST_PAIRS
    assert f"the first {MOST_PAIRS} are shown" in many
    assert "No pairs" in "".join(render_pairs([], {}, Making(100), least=0.85))
