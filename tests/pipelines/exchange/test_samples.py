"""Samples of an audit, as people and spreadsheets give them back: whole and sure, or nothing is promised."""

import re
from pathlib import Path

import pytest

from synsift.pipelines.errors import UsageError
from synsift.pipelines.exchange.samples import COLUMNS, read_samples
from synsift.pipelines.verification.promise import Audit


def line(number: int, answer: str = "yes", threshold: str = "0.985") -> str:
    return f"n02091134,{number:064x},candidates/x.jpg,{threshold},{answer}"


HEAD = ",".join(COLUMNS)
GOOD = [line(1), line(2, "no"), line(3, "Y"), line(4, "TRUE")]


def sample(folder: Path, lines: list[str], name: str = "sample.csv") -> Path:
    path = folder / name
    path.write_text("".join(f"{one}\n" for one in [HEAD, *lines]), encoding="utf-8")
    return path


def refused(paths: list[Path]) -> str:
    with pytest.raises(UsageError) as caught:
        read_samples(paths)
    return str(caught.value)


def test_a_sample_is_what_was_said_of_each_image(tmp_path: Path) -> None:
    assert read_samples([sample(tmp_path, GOOD)]) == [Audit(4, 1)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_spreadsheets_make_of_it_is_the_same_sample(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    path = tmp_path / "sample.csv"
    text = "".join(f"{one}{end}" for one in [HEAD, *GOOD, ""]).replace(",", delimiter)
    path.write_bytes(text.encode(encoding))
    assert read_samples([path]) == [Audit(4, 1)]


def test_an_image_that_stands_twice_promises_nothing(tmp_path: Path) -> None:
    said = refused([sample(tmp_path, [*GOOD, line(1)])])
    assert "line 6: this image stands in line 2 already" in said


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "has no image"),
        ([line(1), line(2, threshold="0.9")], "several thresholds: 0.985, 0.9"),
        ([line(1), "", "", line(2, "perhaps")], "line 5: the last column, `is_right`, has neither yes nor no"),
        ([line(1, threshold="7")], "line 2: `7` is no threshold"),
        ([line(1, threshold="nan")], "line 2: `nan` is no threshold"),
        ([line(1), "n02091134,yes"], "line 3: 2 values of 5"),
        ([line(1), '"' + line(2)], "line 3: a quote in it never closes"),
        ([line(1), f'"{"a" * 200_000}",b,c,0.985,yes'], "line 3: "),
    ],
)
def test_what_is_wrong_is_named_by_its_line(tmp_path: Path, lines: list[str], why: str) -> None:
    assert why in refused([sample(tmp_path, lines)])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"wnid,sha256,is_right\na,b,yes\n", "has no column `threshold`"),
        (b"\x1f\x8b\x08\x00\x00", "is no text in UTF-8"),
        (HEAD.encode("utf-16-le"), "is no text in UTF-8"),
    ],
)
def test_what_is_no_sample_is_told(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "sample.csv"
    path.write_bytes(data)
    assert why in refused([path])


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    assert "can't be read" in refused([tmp_path])
    assert "can't be read" in refused([tmp_path / "nowhere"])


def test_samples_stand_in_the_order_of_their_thresholds_each_once(tmp_path: Path) -> None:
    strict = sample(tmp_path, [line(1, threshold="0.999")], "strict.csv")
    loose = sample(tmp_path, [line(2, threshold="0.95")], "loose.csv")
    assert read_samples([strict, loose]) == [Audit(1, 0), Audit(1, 0)]
    for order in ([loose, strict], [strict, strict]):
        assert re.search(r"was drawn at .*, and .*, which stands before it", refused(order))
