"""Pictures under two synsets, found while a crawl goes on: on one machine and on a fleet, killed in the midst of it."""

import io
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from deploy.local.services import S3
from synsift.crawler.ontology import wordnet
from synsift.pipelines.config import load
from synsift.pipelines.conflicts import find_conflicts, read_conflicts
from synsift.pipelines.dead_letters import read_dead_letters
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.matching import match_options
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Conflict
from tests.conftest import kafka_options, s3_options
from tests.dedupe.pictures import encoded, scene
from tests.integration.conftest import opened, wait_for_looks
from tests.integration.processes import crawl_list, end, start
from tests.pipelines.stages.web import SmallWeb, small_web

Options = dict[str, Any]
SYNSETS = ("n02091134", "n02084071", "n11939491", "shelf")
PICTURES = 6
OPTIONS: Options = {
    "fetch.allow_networks": ["127.0.0.0/8"],
    "fetch.delay_s": 0,
    "fetch.obey_robots": False,
    "land.linger_s": 0.1,
    "dedupe.batch": 3,
    "identity.contact": "https://example.org/",
    "logging.level": "WARNING",
}


@pytest.fixture
def site() -> Iterator[SmallWeb]:
    with small_web() as found:
        yield found


@pytest.fixture
def photos(site: SmallWeb, tmp_path: Path) -> Path:
    """Each picture stands under every synset, larger each time; under the first one in two sizes, one of which goes."""
    lines = ["synset,url"]
    for number in range(PICTURES):
        for place, wnid in enumerate((*SYNSETS, SYNSETS[0])):
            side = 200 + 30 * place
            data = encoded(scene(number).resize((side, side * 3 // 4)), "PNG")
            url = site.serve(f"/{number}-{place}.png", data, content_type="image/png")
            lines.append(f"{wnid},{url}")
    path = tmp_path / "photos.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def check(options: Options) -> None:
    """The log tells each pair once, all that a look at everything finds, and the store tells the same."""
    with opened(options) as parts:
        told = [(pair.id, pair.stands) for pair in read_all(parts.log, Conflict)]
        standing = {pair.id for pair in read_conflicts(parts.log)}
        match = match_options(load(env={}).settings.dedupe)
        anew = {pair.id for pair in find_conflicts(parts.log, wordnet(), match)}
        letters = [found.letter for found in read_dead_letters(parts.log)]
        rows: dict[str, dict[str, bool]] = {}
        for path in sorted(parts.objects.list("conflicts/")):
            for row in pyarrow.parquet.read_table(io.BytesIO(parts.objects.get(path))).to_pylist():
                rows.setdefault(row["id"], {})[f"{path.split('/')[1]} {row['offset']:09}"] = row["stands"]
    assert letters == []
    assert len(told) == len(set(told)), "a pair was told twice"
    assert standing == anew
    assert len(anew) == PICTURES * 6
    assert set(rows) == {name for name, _ in told}
    assert {name for name, places in rows.items() if dict(sorted(places.items())).popitem()[1]} == standing


@pytest.mark.slow
def test_killed_in_the_midst_a_crawl_tells_each_pair_once(photos: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "store.url": str(tmp_path / "out")}
    for least in (1, 9, 17):
        process = crawl_list(photos, options)
        wait_for_looks(options, "conflicts", least, process)
        process.kill()
        process.communicate()
        assert process.returncode in (-signal.SIGKILL, 0)
    end(crawl_list(photos, options))
    check(options)


@pytest.mark.slow
def test_a_fleet_loses_the_worker_that_has_all_in_view_and_another_takes_over(
    kafka: KafkaAddress, s3: S3, photos: Path
) -> None:
    options = {**OPTIONS, **kafka_options(kafka, "pairs-"), **s3_options(s3, "pairs-")}
    end(start("plan", "--source", "urls", "--list", str(photos), out=None, options=options))
    others = [start("run", "search", "fetch", "dedupe", "land", out=None, options=options)]
    victim = start("run", "conflicts", "annotate", out=None, options=options)
    for least in (3, 10):
        wait_for_looks(options, "conflicts", least, victim)
        heir = start("run", "conflicts", "annotate", out=None, options=options)
        victim.kill()
        victim.communicate()
        victim = heir
    last = start("run", "all", "--drain", out=None, options=options)
    end(last)
    for worker in (victim, *others):
        worker.terminate()
        end(worker)
    end(start("run", "all", "--drain", out=None, options=options))
    check(options)
