"""Starts the demo's web, crawls it with the real pipeline, and compares."""

import asyncio
import contextlib
import subprocess
import sys
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from synsift.crawler.queries import SynsetQuery
from synsift.pipelines.assembly import Parts, make_stages, stages_of
from synsift.pipelines.dead_letters import read_dead_letters
from synsift.pipelines.demo.check import Actual, differences
from synsift.pipelines.demo.web import Directory
from synsift.pipelines.demo.world import ALLOWED_NETWORK, MAX_BYTES, MAX_PIXELS, SUBJECTS
from synsift.pipelines.pages.contact_sheet import Sheet, render
from synsift.pipelines.stages.plan import plan
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.compaction import compact
from synsift.pipelines.storage.current import read_current
from synsift.pipelines.summary import SynsetCounts, read_counts, read_groups
from synsift.pipelines.worker import Ending, Worker

_API_TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What came out.

    Attributes:
        names: wnid → what its pictures show.
        counts: By synset.
        differences: To the truth, in words, each beginning with the name of its synset.
        report: The page of contact sheets.
    """

    names: dict[str, str]
    counts: dict[str, SynsetCounts]
    differences: list[str]
    report: str

    def truth_of(self, wnid: str) -> str:
        """Whether a synset is as it should be, in a word."""
        return "differs" if any(line.startswith(f"{self.names[wnid]}:") for line in self.differences) else "equal"


def demo_options(directory: Directory) -> dict[str, Any]:
    """The configuration of the demo: one that asks its small web quickly and gives up soon."""
    return {
        "identity.contact": "synsift-demo@localhost",
        "sources.commons.api_url": directory.api_url,
        "sources.commons.width_px": 0,
        "sources.commons.page_size": 25,
        "search.delay_s": 0.0,
        "fetch.allow_networks": [ALLOWED_NETWORK],
        "search.allow_networks": [ALLOWED_NETWORK],
        "fetch.delay_s": 0.0,
        "fetch.host_concurrency": 8,
        "fetch.timeout_s": 2.0,
        "fetch.host_failures": 1000,  # its hosts are made of failures, and the truth has each of them by its own name
        "fetch.attempts": 3,
        "fetch.backoff_s": 0.2,
        "fetch.max_bytes": MAX_BYTES,
        "fetch.max_pixels": MAX_PIXELS,
        "land.linger_s": 0.3,
    }


@contextlib.contextmanager
def demo_web(module: str = "synsift.pipelines.demo.web") -> Iterator[Directory]:
    """Start the demo's web in a process of its own; stop it at the end of the block.

    Args:
        module: What serves it.
    """
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        try:
            if process.stdout is None or process.stdin is None:
                raise RuntimeError("the demo's web has no pipes")
            yield msgspec.json.decode(process.stdout.readline(), type=Directory)
            process.stdin.close()
        finally:
            process.terminate()


def crawl_demo(parts: Parts, watch: Callable[[Worker], contextlib.AbstractContextManager[None]]) -> Ending:
    """Plan the demo's queries and run all stages until nothing is left to do."""
    queries = [
        SynsetQuery(subject.wnid, text, rank=rank) for subject in SUBJECTS for rank, text in enumerate(subject.queries)
    ]
    plan(parts.log, parts.router, queries, source="commons")
    worker = Worker(parts.log, make_stages(stages_of(parts.settings), parts), until_idle=True)
    with watch(worker):
        return asyncio.run(worker.run())


def judge(parts: Parts, directory: Directory) -> DemoResult:
    """Compare the crawl with the truth, and draw the contact sheets."""
    counts = read_counts(parts.log)
    groups = read_groups(parts.log)
    problems = list(differences(directory, actual_of(parts), private_hits(directory)))
    names = {subject.wnid: subject.kind for subject in SUBJECTS}
    sheet = Sheet(
        title="synsift demo",
        note="The real pipeline on a small web of procedural pictures: what it kept, and what it recognised as copies.",
        names=names,
        counts=counts,
        groups=groups,
    )
    return DemoResult(names, counts, problems, render(sheet, parts.objects.get))


def actual_of(parts: Parts) -> dict[str, Actual]:
    """What a crawl made of each synset; under the empty wnid, dead letters that belong to none.

    The view of what stands is renewed for that, as workers that go on leave it to others.
    """
    list(compact(parts.objects))
    counts = read_counts(parts.log)
    groups = read_groups(parts.log)
    letters: dict[str, Counter[str]] = defaultdict(Counter)
    for found in read_dead_letters(parts.log):
        letters[found.letter.wnid][found.letter.outcome] += 1
    actual = {
        wnid: Actual(counts[wnid], groups[wnid], _objects(parts, wnid), _in_view(parts, wnid), letters[wnid])
        for wnid in counts
        if wnid in groups
    }
    if letters[""]:
        actual[""] = Actual(SynsetCounts("", {}), [], frozenset(), frozenset(), letters[""])
    return actual


def _objects(parts: Parts, wnid: str) -> frozenset[str]:
    paths = [Path(path) for path in parts.objects.list(f"{layout.CANDIDATES}{wnid}/")]
    pictures = {path.stem for path in paths if path.suffix != ".json"}
    if pictures != {path.stem for path in paths if path.suffix == ".json"}:
        return frozenset({*pictures, "a picture without provenance, or the reverse"})
    return frozenset(pictures)


def _in_view(parts: Parts, wnid: str) -> frozenset[str]:
    path = layout.current_view(wnid)
    rows = read_current(parts.objects.get(path), ["sha256"]) if parts.objects.exists(path) else []
    return frozenset(row["sha256"] for row in rows)


def private_hits(directory: Directory) -> int:
    """Requests that reached the address that must not be reached."""
    url = f"http://{urlsplit(directory.api_url).netloc}/private-hits"
    with urllib.request.urlopen(url, timeout=_API_TIMEOUT_S) as response:
        return int(response.read())
