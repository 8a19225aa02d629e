"""A crawl with a second look by local features: on one machine and on a fleet, killed in the midst of it or not."""

import importlib.util
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from deploy.local.services import S3
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Relation, Survivor
from synsift.pipelines.summary import read_counts
from tests.conftest import RunCli, kafka_options, missing, s3_options
from tests.dedupe.local.scenes import busy
from tests.dedupe.pictures import encoded
from tests.integration.conftest import opened, wait_for_looks
from tests.integration.processes import crawl_list, end, start
from tests.pipelines.stages.web import SmallWeb, small_web

Options = dict[str, Any]
ORIGINALS = 12
TURNED = range(0, ORIGINALS, 2)
PARTS = range(0, ORIGINALS, 3)
OPTIONS: Options = {
    "fetch.allow_networks": ["127.0.0.0/8"],
    "fetch.delay_s": 0,
    "fetch.obey_robots": False,
    "search.delay_s": 0,
    "land.linger_s": 0.1,
    "identity.contact": "https://example.org/",
    "logging.level": "WARNING",
    "dedupe.thorough": True,
}


def jpeg(image: Image.Image) -> bytes:
    return encoded(image, "JPEG", quality=88)


@pytest.fixture
def site() -> Iterator[SmallWeb]:
    if importlib.util.find_spec("cv2") is None:
        missing("opencv-python-headless isn't installed")
    with small_web() as found:
        yield found


@pytest.fixture
def photos(site: SmallWeb, tmp_path: Path) -> Path:
    """A list of photographs; of some there is a turned copy in grey, of some a part."""
    pictures = {f"{seed:02}": jpeg(busy(seed)) for seed in range(ORIGINALS)}
    pictures |= {f"{seed:02}-turned": jpeg(busy(seed).rotate(33, expand=True).convert("L")) for seed in TURNED}
    pictures |= {f"{seed:02}-part": jpeg(busy(seed).crop((90, 70, 270, 205))) for seed in PARTS}
    lines = ["synset,url"]
    for name, data in pictures.items():
        lines.append(f"n1,{site.serve(f'/{name}.jpg', data, content_type='image/jpeg')}")
    path = tmp_path / "photos.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def names_of(*, with_parts: bool = True) -> set[str]:
    """What should be kept."""
    names = {f"{seed:02}.jpg" for seed in range(ORIGINALS)}
    return names | ({f"{seed:02}-part.jpg" for seed in PARTS} if with_parts else set())


def kept(options: Options) -> set[str]:
    """The names of what stands, on which the log, the store and the counts must agree."""
    standing: dict[str, str] = {}
    with opened(options) as parts:
        for survivor in read_all(parts.log, Survivor):
            standing[survivor.candidate.image.sha256] = survivor.candidate.url.rpartition("/")[2]
            standing.pop(survivor.replaces, None)
        paths = [path for path in parts.objects.list("candidates/") if not path.endswith(".json")]
        relations = [(one.sha256, one.of) for one in read_all(parts.log, Relation)]
        counts = read_counts(parts.log)["n1"]
    assert {path.rpartition("/")[2].partition(".")[0] for path in paths} == set(standing)
    assert len(relations) == len(set(relations)), "a relation was told twice"
    assert counts.landed == counts.unique == len(standing)
    return set(standing.values())


def test_a_crawl_on_one_machine_withdraws_copies_and_tells_parts(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "dedupe.thorough": False, "store.url": str(tmp_path / "out")}
    done = cli("crawl", "--source", "urls", "--list", str(photos), "--thorough", options=options)
    assert done.returncode == 0, done.stderr
    assert kept(options) == names_of()
    told = cli("relations", "--format", "jsonl", options=options)
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    kinds = [row["kind"] for row in rows]
    assert kinds.count("copy") == len(TURNED)
    # Of turned copies, too; and either way round, as they came.
    assert kinds.count("part_of") + kinds.count("contains") >= len(PARTS)
    assert {row["stands"] for row in rows if row["kind"] == "copy"} == {False}
    status = cli("status", "--format", "jsonl", options=options)
    assert '"stage": "thorough"' in status.stdout
    again = cli("crawl", "--source", "urls", "--list", str(photos), "--remove", "part_of", options=options)
    assert again.returncode == 2
    assert "add `--thorough`" in again.stderr


def test_parts_go_where_that_is_asked_for(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "store.url": str(tmp_path / "out")}
    remove = ("--remove", "copy", "--remove", "part_of")
    done = cli("crawl", "--source", "urls", "--list", str(photos), *remove, options=options)
    assert done.returncode == 0, done.stderr
    assert kept(options) == names_of(with_parts=False)


def test_without_it_nothing_is_looked_at_again(cli: RunCli, photos: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "dedupe.thorough": False, "store.url": str(tmp_path / "out")}
    assert cli("crawl", "--source", "urls", "--list", str(photos), options=options).returncode == 0
    assert len(kept(options)) == ORIGINALS + len(TURNED) + len(PARTS)
    assert "thorough" not in cli("status", "--format", "jsonl", options=options).stdout
    # It can be asked for later, and looks at all that is there.
    end(crawl_list(photos, options, "--thorough"))
    assert kept(options) == names_of()


@pytest.mark.slow
def test_killed_in_the_midst_of_the_second_look_a_crawl_ends_as_if_undisturbed(photos: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "store.url": str(tmp_path / "out")}
    for least in (1, 6, 12):
        process = crawl_list(photos, options)
        wait_for_looks(options, "thorough", least, process)
        process.kill()
        process.communicate()
        assert process.returncode in (-signal.SIGKILL, 0)
    end(crawl_list(photos, options))
    assert kept(options) == names_of()


@pytest.mark.slow
def test_a_fleet_loses_the_worker_that_looks_again_and_the_result_is_the_same(
    kafka: KafkaAddress, s3: S3, photos: Path, tmp_path: Path
) -> None:
    options = {**OPTIONS, **kafka_options(kafka, "looks-"), **s3_options(s3, "looks-")}
    end(start("plan", "--source", "urls", "--list", str(photos), out=None, options=options))
    others = [start("run", "search", "fetch", "dedupe", "land", out=None, options=options)]
    for least in (1, 5, 10):
        victim = start("run", "thorough", out=None, options=options)
        wait_for_looks(options, "thorough", least, victim)
        victim.kill()
        victim.communicate()
    last = start("run", "all", "--drain", out=None, options=options)
    end(last)
    for worker in others:
        worker.terminate()
        end(worker)
    end(start("run", "all", "--drain", out=None, options=options))
    assert kept(options) == names_of()
