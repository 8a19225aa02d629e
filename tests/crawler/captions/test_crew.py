"""However many processes sift, and whatever becomes of them: what comes out is the same, to the byte."""

import contextlib
import multiprocessing
import os
import signal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synsift.crawler.captions import blocks, sift
from synsift.crawler.captions.blocks import Block
from synsift.crawler.captions.crew import packed, unpacked
from synsift.crawler.captions.lexicon import make_lexicon
from synsift.crawler.captions.sift import CaptionList, Progress, Sift
from tests.crawler.captions.test_sift import PLAIN, QUERIES, Ended, made_rows


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Lists of some twenty blocks; bounds are looked at again and again, and leave out much of the later ones."""
    monkeypatch.setattr(sift, "_REBOUND_ROWS", 100)
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 60)
    rows = [*made_rows(3, 900), ("ftp://a.example/1.jpg", "dog"), ("", "dog"), ("https://a.example/x.jpg", "")]
    table = pa.table({"url": [row[0] for row in rows], "caption": [row[1] for row in rows]})
    pq.write_table(table.slice(0, 500), tmp_path / "1.parquet", row_group_size=40)
    (tmp_path / "2.csv").write_text("url,caption\n" + "".join(f'{row[0]},"{row[1]}"\n' for row in rows[500:700]))
    (tmp_path / "3.parquet").write_bytes(b"PAR1 and then nothing")
    pq.write_table(table.slice(700), tmp_path / "4.parquet", row_group_size=50)
    return sorted(tmp_path.glob("[1-4].*"))


def sifted(folder: Path, files: list[Path], jobs: int, *, end_at: int = 0, kill_at: int = 0) -> bytes:
    """The sifted list; ended behind some blocks, or with a process killed there."""
    lists = [CaptionList(file, file.name, "x") for file in files]
    seen = 0

    def tell(_: Progress) -> None:
        nonlocal seen
        seen += 1
        if seen == end_at:
            raise Ended
        if seen == kill_at:
            os.kill(next(each.pid or 0 for each in hands()), signal.SIGKILL)

    work = Sift(folder / "parts", lists, make_lexicon(QUERIES), most=15, layout=PLAIN)
    work.read(tell, jobs=jobs, alone_rows=100)
    work.finish(folder / "sifted.parquet")
    return (folder / "sifted.parquet").read_bytes()


def hands() -> list[multiprocessing.Process]:
    return [each for each in multiprocessing.active_children() if each.name == "sift"]  # type: ignore[misc]


@pytest.mark.parametrize("jobs", [2, 3])
def test_the_number_of_processes_changes_nothing(tmp_path: Path, files: list[Path], jobs: int) -> None:
    alone = sifted(tmp_path / "alone", files, 1)
    assert sifted(tmp_path / "many", files, jobs) == alone
    assert not hands(), "a process was left behind"


@pytest.mark.parametrize("jobs", [2, 1])
def test_a_sift_that_was_ended_goes_on_with_another_number_of_processes(
    tmp_path: Path, files: list[Path], jobs: int
) -> None:
    alone = sifted(tmp_path / "alone", files, 1)
    for end_at in (4, 3, 5):
        with pytest.raises(Ended):
            sifted(tmp_path / "ended", files, 3 - jobs, end_at=end_at)
        assert not hands()
    assert sifted(tmp_path / "ended", files, jobs) == alone


def test_a_process_that_dies_takes_nothing_with_it(
    tmp_path: Path, files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    alone = sifted(tmp_path / "alone", files, 1)
    assert sifted(tmp_path / "killed", files, 2, kill_at=6) == alone
    assert "a process that reads captions has ended (exit status -9): short of memory?" in caplog.text


def test_where_all_processes_die_one_goes_on(
    tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = sifted(tmp_path / "alone", files, 1)
    lists = [CaptionList(file, file.name, "x") for file in files]
    folder = tmp_path / "killed"
    work = Sift(folder / "parts", lists, make_lexicon(QUERIES), most=15, layout=PLAIN)
    killed = 0

    def tell(_: Progress) -> None:
        nonlocal killed
        for each in hands():
            # One that was killed before may be gone, and its exit status on its way.
            with contextlib.suppress(ProcessLookupError):
                os.kill(each.pid or 0, signal.SIGKILL)
                killed += 1

    work.read(tell, jobs=3, alone_rows=0)
    work.finish(folder / "sifted.parquet")
    assert killed >= 3
    assert (folder / "sifted.parquet").read_bytes() == alone


def test_of_a_slice_no_more_than_the_slice_goes_to_a_process() -> None:
    texts = pa.array([None, "zero", "one ß 鹤", "", "x" * 5_000_000], pa.large_string())
    column = texts.slice(1, 3)
    block = Block(3, "7", {"url": column, "title": column}, column, pa.array([4, 5, 6]).to_numpy())
    block.left_out["video"] += 2
    sent = packed(block)
    assert len(sent[2]) < 5_000
    again = unpacked(*sent)
    assert (again.rows, again.cursor, again.left_out) == (3, "7", {"video": 2})
    assert again.captions.to_pylist() == again.columns["url"].to_pylist() == ["zero", "one ß 鹤", ""]
    assert again.numbers.tolist() == [4, 5, 6]
