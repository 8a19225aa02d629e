#!/usr/bin/env python3
"""How fast are captions sifted for all synsets' queries in all languages, in how much memory, and what is found?

    benchmarks/captions.py [--rows 20000000] [--most 10000] [--sample 20000] [--jobs 1,2] [--folder DIR]

A list in Parquet is made: captions of 5 to 20 words, drawn by Zipf's law from a vocabulary whose first words are those
of any text, and then by turns names of WordNet (phrases, too) and words that no language has. It is sifted by as many
processes as `--jobs` names, one run after the other. Beside it, on a sample of the same captions and for the same names
and plurals: Aho-Corasick by pyahocorasick and by ahocorasick-rs, a caption at a time, and by the latter over all
captions of the sample as one text.

Peers: pip install pyahocorasick ahocorasick-rs
"""

import argparse
import hashlib
import multiprocessing
import os
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synsift.crawler.captions.common_words import COMMON, is_common
from synsift.crawler.captions.folding import words_of
from synsift.crawler.captions.lexicon import Lexicon, folded, make_lexicon, surfaces_of
from synsift.crawler.captions.matching import Matcher
from synsift.crawler.captions.meanings import in_all_languages
from synsift.crawler.captions.sift import CaptionList, Progress, Sift
from synsift.crawler.ontology import LANGUAGES, wordnet
from synsift.crawler.queries import QueryMaker, SynsetQuery
from synsift.crawler.sources.lists.layouts import Columns, Layout

_PART: int = 200_000
_HOSTS = 50_000
_FIRST = ["a", "the", "of", "in", "on", "with", "and", "at", "for", "to", "is", "by", "from", "an", "it", "this", "his"]


@dataclass(frozen=True)
class Measured:
    """What a sift took."""

    start_s: float
    read_s: float
    read_cpu_s: float
    finish_s: float
    finish_cpu_s: float
    peak_mb: float
    words: str
    size_mb: float
    digest: str


def vocabulary() -> tuple[pa.Array, np.ndarray]:
    """Words, and how often one of them or one before it is drawn."""
    rng = np.random.default_rng(1)
    names = rng.permutation(np.array(list(wordnet().names()), object))[:60_000]
    others = [f"{'bcdfgklmnprst'[n % 13]}u{n:x}q" for n in range(len(names))]
    mixed = [word for pair in zip(names.tolist(), others, strict=True) for word in pair]
    words = [*sorted(COMMON & set(_FIRST)), *mixed]
    chances = 1 / (np.arange(len(words)) + 3.0)
    return pa.array(words, pa.string()), np.cumsum(chances / chances.sum())


def write(path: Path, rows: int) -> None:
    """Write the list."""
    words, chances = vocabulary()
    rng = np.random.default_rng(2)
    licence = "https://creativecommons.org/publicdomain/zero/1.0/"
    writer = None
    for begin in range(0, rows, _PART):
        size = min(_PART, rows - begin)
        lengths = rng.integers(5, 21, size)
        drawn = np.minimum(np.searchsorted(chances, rng.random(int(lengths.sum()))), len(words) - 1)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        captions = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), words.take(pa.array(drawn))), " ")
        numbers = np.arange(begin, begin + size)
        hosts = pc.cast(pa.array(numbers * 7919 % _HOSTS), pa.string())
        names = pc.cast(pa.array(numbers), pa.string())
        urls = pc.binary_join_element_wise("https://images.host-", hosts, ".example/a/", names, ".jpg", "")
        table = pa.table({"url": urls, "caption": captions, "license": pa.array([licence] * size)})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def queries() -> Iterator[SynsetQuery]:
    """Those of all synsets in all languages."""
    concepts = wordnet()
    maker = QueryMaker(concepts, LANGUAGES)
    return in_all_languages((query for wnid in concepts for query in maker.queries(wnid)), concepts)


def sift(folder: Path, path: Path, most: int, jobs: int, answer: "multiprocessing.Queue[Measured]") -> None:
    """Sift a list, and say what it took."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    begin_s = time.perf_counter()
    names = frozenset(wordnet().names())
    lexicon = make_lexicon(queries(), names.__contains__)
    one = CaptionList(path, path.name, "made")
    work = Sift(folder / "sifting", [one], lexicon, most=most, layout=Layout(Columns()))
    start_s, cpu_s, said_s, others_s = time.perf_counter(), time.process_time(), 0.0, 0.0

    def tell(at: Progress) -> None:
        nonlocal said_s, others_s
        others_s = sum(_cpu_s(each.pid) for each in multiprocessing.active_children())
        if time.perf_counter() > said_s + 20:
            said_s = time.perf_counter()
            rate = at.rows / (said_s - start_s)
            print(f"  {at.rows:,} rows, {rate:,.0f}/s, {at.hits:,} hits, {_peak_mb():.0f} MB", flush=True)

    work.read(tell, jobs=jobs)
    read_s, own_cpu_s = time.perf_counter(), time.process_time() - cpu_s
    read_cpu_s = own_cpu_s + others_s
    spooled = sum(file.stat().st_size for file in (folder / "sifting").iterdir())
    summary = work.finish(folder / "sifted.parquet")
    end_s, end_cpu_s = time.perf_counter(), time.process_time() - cpu_s - own_cpu_s
    size_mb = (folder / "sifted.parquet").stat().st_size / 1e6
    words = (
        f"{summary.found:,} image URLs for {summary.synsets:,} of {summary.asked:,} synsets "
        f"({summary.asked - summary.synsets:,} have none); hits a synset that has some, by quarters: "
        f"{', '.join(f'{each:,}' for each in summary.quartiles)}; {summary.queries:,} queries, "
        f"{summary.common:,} left out as common; left out: {dict(summary.left_out)}; "
        f"on disk meanwhile {spooled / 1e6:,.0f} MB"
    )
    taken = (start_s - begin_s, read_s - start_s, read_cpu_s, end_s - read_s, end_cpu_s)
    with (folder / "sifted.parquet").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    answer.put(Measured(*taken, _peak_mb(), words, size_mb, digest))


def _cpu_s(pid: int | None) -> float:
    """CPU time of a process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compare(path: Path, sample: int) -> None:
    """Match a sample by ourselves and by the peers, for the same names."""
    captions = pq.ParquetFile(path).read_row_group(0, columns=["caption"])["caption"].slice(0, sample)
    captions = captions.cast(pa.large_string()).combine_chunks()
    texts: list[str] = captions.to_pylist()
    wanted = list(queries())
    names = frozenset(wordnet().names())
    surfaces = folded([query.text for query in wanted])
    kept = [number for number, text in enumerate(surfaces) if text and not is_common(text)]
    patterns = [f" {text} " for each in surfaces_of(wanted, surfaces, kept, names.__contains__) for text in each]
    lexicon = make_lexicon(wanted, names.__contains__)
    print(f"{len(patterns):,} names and plurals; {len(texts):,} captions")
    ours = _timed("ours, each name once a caption", len(texts), lambda: _ours(lexicon, captions))
    for name, peer in _peers(patterns).items():
        theirs = _timed(name, len(texts), lambda peer=peer: peer(texts))
        print(f"  ratio ours/{name}: {theirs / ours:.2f}")


def _ours(lexicon: Lexicon, captions: "pa.LargeStringArray") -> int:
    return len(Matcher(lexicon).find(words_of(captions)))


def _timed(name: str, rows: int, work: Callable[[], int]) -> float:
    begin_s = time.perf_counter()
    found = work()
    took_s = time.perf_counter() - begin_s
    print(f"  {name}: {rows / took_s:,.0f} rows/s ({1e6 * took_s / rows:.1f} µs a row), {found:,} hits")
    return took_s


def _peers(patterns: Sequence[str]) -> dict[str, Callable[[Sequence[str]], int]]:
    found: dict[str, Callable[[Sequence[str]], int]] = {}
    try:
        import ahocorasick

        tree = ahocorasick.Automaton()
        for number, pattern in enumerate(patterns):
            tree.add_word(pattern, number)
        tree.make_automaton()
        found["pyahocorasick"] = lambda texts: sum(1 for text in texts for _ in tree.iter(_plain(text)))
    except ImportError:
        print("  pyahocorasick isn't installed")
    try:
        import ahocorasick_rs

        other = ahocorasick_rs.AhoCorasick(patterns)
        find = other.find_matches_as_indexes
        found["ahocorasick-rs"] = lambda texts: sum(len(find(_plain(text), overlapping=True)) for text in texts)
        found["ahocorasick-rs over one text"] = lambda texts: len(find("\n".join(map(_plain, texts)), overlapping=True))
    except ImportError:
        print("  ahocorasick-rs isn't installed")
    return found


_WORD = re.compile(r"[^\W_]+")


def _plain(text: str) -> str:
    """A caption as its words in lower case, with a space before and behind each."""
    return f" {' '.join(_WORD.findall(text.lower()))} "


def _measured(scratch: Path, path: Path, most: int, jobs: int) -> Measured:
    """Sift by so many processes, and say what it took."""
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    child = context.Process(target=sift, args=(scratch, path, most, jobs, answer))
    child.start()
    found: Measured = answer.get(timeout=7_200)
    child.join()
    rows = pq.ParquetFile(path).metadata.num_rows
    print(
        f"{jobs} {'process' if jobs == 1 else 'processes'}: names gathered in {found.start_s:.1f} s; "
        f"read: {rows / found.read_s:,.0f} rows/s ({rows / found.read_cpu_s:,.0f} by CPU time); "
        f"best chosen and written in {found.finish_s:.1f} s ({found.finish_cpu_s:.1f} s CPU), {found.size_mb:,.0f} MB; "
        f"in all {rows / (found.read_s + found.finish_s):,.0f} rows/s; peak memory of the first {found.peak_mb:.0f} MB",
        flush=True,
    )
    return found


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--sample", type=int, default=20_000)
    parser.add_argument("--jobs", default="1")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        path = Path(scratch) / "list.parquet"
        write(path, options.rows)
        print(f"{options.rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB; load {os.getloadavg()[0]:.1f}", flush=True)
        found = [_measured(Path(scratch), path, options.most, int(jobs)) for jobs in options.jobs.split(",")]
        print(found[0].words)
        print(f"the same list, to the byte: {len({each.digest for each in found}) == 1}")
        compare(path, options.sample)
        print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
