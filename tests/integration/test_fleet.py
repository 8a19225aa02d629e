"""The same stages on Kafka and S3: over every log and store the result is the truth, whatever is killed."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from deploy.local import services
from deploy.local.services import S3
from synsift.pipelines.demo.web import Directory
from synsift.pipelines.log.base import Log
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.topics import Entry
from tests.conftest import RunCli, kafka_options, s3_options
from tests.integration.processes import TIMEOUT_S, end, start
from tests.integration.test_kill import differences, wait_for_work

Options = dict[str, object]


@pytest.mark.slow
@pytest.mark.parametrize(("log", "store"), [("sqlite", "s3"), ("kafka", "folder"), ("kafka", "s3")])
def test_a_crawl_ends_as_the_truth_over_every_log_and_store(
    log: str, store: str, request: pytest.FixtureRequest, synsets: Path, cli: RunCli, tmp_path: Path
) -> None:
    directory: Directory = request.getfixturevalue("directory")
    options: Options = dict(request.getfixturevalue("quick_options"))
    name = f"{log}-{store}-"
    if store == "s3":
        options |= s3_options(request.getfixturevalue("s3"), name)
    else:
        options |= {"store.url": str(tmp_path / "out")}
    if log == "kafka":
        options |= kafka_options(request.getfixturevalue("kafka"), name)
    else:
        options |= {"log.path": str(tmp_path / "log.db")}
    done = cli("crawl", "--list", str(synsets), options=options)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    assert differences(None, directory, options) == []


def wait_for_fetched(log: Log, more: int) -> None:
    """Wait until some more image URLs were committed, or none is left."""

    def done() -> int:
        return sum(lag.committed for lag in log.lag("fetch", "image-urls"))

    wanted = done() + more
    deadline_s = time.monotonic() + TIMEOUT_S
    while done() < wanted and time.monotonic() < deadline_s:
        if done() and not any(lag.records for lag in log.lag("fetch", "image-urls")):
            return
        time.sleep(0.05)  # others want to ask the broker, too


@pytest.mark.slow
def test_workers_join_leave_and_are_killed_and_the_result_is_the_truth(
    kafka: KafkaAddress, s3: S3, synsets: Path, directory: Directory, quick_options: Options
) -> None:
    seed = int(os.environ.get("SYNSIFT_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
    print(f"seed {seed}: SYNSIFT_TEST_SEED={seed} repeats this test")  # noqa: T201 - shown when it fails
    rng = random.Random(seed)  # noqa: S311 - to be repeated
    prefix = f"fleet{seed}-"
    options = {**quick_options, **kafka_options(kafka, prefix), **s3_options(s3, prefix)}
    planned = start("plan", "--list", str(synsets), out=None, options=options)
    planned.communicate(timeout=TIMEOUT_S)
    assert planned.returncode == 0
    log = KafkaLog(kafka, partitions=16, prefix=prefix)
    # Whoever is killed, somebody is left who searches and fetches: the test waits for their work.
    stages = [["all"], ["search", "fetch", "dedupe"], ["search", "fetch", "land"]]
    workers = [start("run", *rng.choice(stages), out=None, options=options) for _ in range(3)]
    for _ in range(3):
        wait_for_fetched(log, rng.randint(10, 60))
        victim = workers.pop(rng.randrange(len(workers)))
        victim.kill() if rng.random() < 0.7 else victim.terminate()
        victim.communicate()
        workers.append(start("run", *rng.choice(stages), out=None, options=options))
    last = start("run", "all", "--drain", out=None, options=options)
    _, errors = last.communicate(timeout=TIMEOUT_S)
    assert last.returncode == 0, errors
    for worker in workers:
        worker.terminate()
        worker.communicate(timeout=TIMEOUT_S)
    log.close()
    assert differences(None, directory, options) == []


@pytest.mark.slow
def test_topics_that_grow_in_the_midst_of_a_crawl_change_nothing_of_the_result(
    kafka: KafkaAddress, s3: S3, synsets: Path, directory: Directory, quick_options: Options, cli: RunCli
) -> None:
    prefix = "grown-"
    options = {**quick_options, **kafka_options(kafka, prefix), **s3_options(s3, prefix)}
    end(start("plan", "--list", str(synsets), out=None, options=options))
    log = KafkaLog(kafka, partitions=16, prefix=prefix)
    worker = start("run", "all", out=None, options=options)
    wait_for_fetched(log, 60)
    refused = cli("topics", "grow", "--partitions", "32", options=options)
    assert refused.returncode == 2
    assert "workers are at work" in refused.stderr
    worker.terminate()
    worker.communicate(timeout=TIMEOUT_S)
    log.close()
    # All that `run all` began, and that hosts and sources don't hold up: what has begun must be done.
    others = ("dedupe", "land", "conflicts", "annotate")
    end(start("run", *others, "--drain", out=None, options=options))
    grown = cli("topics", "grow", "--partitions", "32", options=options)
    assert grown.returncode == 0, grown.stderr
    assert "grown from 16 to 32 partitions" in grown.stderr
    stale = cli("status", options=options)
    assert stale.returncode == 2
    assert "32 partitions and log.partitions says 16" in stale.stderr
    options["log.partitions"] = 32
    end(start("run", "all", "--drain", out=None, options=options))
    assert differences(None, directory, options) == []


@pytest.mark.slow
def test_a_broker_that_is_killed_in_the_midst_of_a_crawl_costs_only_time(
    tmp_path: Path, synsets: Path, directory: Directory, quick_options: Options
) -> None:
    broker = services.kafka(tmp_path / "kafka")
    with services.running(broker):
        address = KafkaAddress(f"127.0.0.1:{broker.port}")
        options = {**quick_options, **kafka_options(address, ""), "store.url": str(tmp_path / "out")}
        crawl = start("crawl", "--list", str(synsets), out=None, options=options)
        wait_for_work(tmp_path / "out", crawl, 40)
        broker.stop(signal.SIGKILL)
        broker.start()
        _, errors = crawl.communicate(timeout=2 * TIMEOUT_S)
        assert crawl.returncode == 0, errors
        assert differences(None, directory, options) == []


def test_topics_are_made_once_described_and_their_shape_is_checked(cli: RunCli, kafka: KafkaAddress) -> None:
    options = {"kafka.bootstrap": kafka.bootstrap, "kafka.prefix": "shape-", "log.partitions": 2}
    assert "made 15 topics; 0 were there" in cli("topics", "create", options=options).stderr
    assert "made 0 topics; 15 were there" in cli("topics", "create", options=options).stderr
    assert "shape-survivors" in cli("topics", "describe", options=options).stdout
    other = cli("topics", "create", options={**options, "log.partitions": 3})
    assert other.returncode == 2
    assert "all 15 topics have 2 partitions and log.partitions says 3" in other.stderr
    missing = cli("status", options={**options, "kafka.prefix": "none-"})
    assert missing.returncode == 2
    assert "synsift topics create makes it" in missing.stderr
    assert '"Survivor"' in cli("topics", "schema", "survivors").stdout


@pytest.mark.slow
def test_a_worker_whose_inputs_the_log_deleted_says_so_and_fails(
    kafka: KafkaAddress, cli: RunCli, tmp_path: Path
) -> None:
    options: Options = {**kafka_options(kafka, "deleted-"), "store.url": str(tmp_path / "out")}
    log = KafkaLog(kafka, partitions=16, prefix="deleted-")
    log.produce([Entry("candidates", 0, b"n1", b"no candidate at all") for _ in range(5)])
    log._forget("candidates", {0: 3})
    log.close()
    done = cli("run", "dedupe", "--drain", options=options)
    assert done.returncode == 1, done.stderr
    assert "the log deleted up to 3 inputs before they were done (3 of candidates)" in " ".join(done.stderr.split())
    done = cli("run", "dedupe", "--drain", options=options)
    assert done.returncode == 0, done.stderr  # said once: plan them again
