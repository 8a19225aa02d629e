"""What docs/guides/topics.md tells others to do is done here, by their clients, against a real broker."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest

from deploy.local.services import MissingComponent, install_kafka_tools
from synsift.pipelines import schemas, topics
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_growing import Growing
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from synsift.pipelines.reading import look_at_state
from synsift.pipelines.records import Survivor, Vote
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.topics import Router
from tests.conftest import missing
from tests.dedupe.pictures import encoded, photograph
from tests.docs.examples import Block, blocks
from tests.pipelines.exports.stores import Picture, picture, survivor_of
from tests.pipelines.stages.test_dedupe_and_land import dedupe, land, run, send
from tests.pipelines.worlds import World, candidate, stored

pytestmark = pytest.mark.slow
PAGE = [block for block in blocks() if block.page == "docs/guides/topics.md"]
ADDRESS = "localhost:9092"


@pytest.fixture(scope="module")
def prefix(kafka: KafkaAddress) -> str:
    KafkaTopics(kafka, prefix="guide-").create(Shape(16))
    return "guide-"


@pytest.fixture(scope="module")
def world(kafka: KafkaAddress, prefix: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A fleet's log: two synsets, in one of which a copy was replaced."""
    log = KafkaLog(kafka, partitions=16, prefix=prefix)
    store = Objects(StoreAddress(str(tmp_path_factory.mktemp("store"))))
    found = World(log, store, Router(16))  # type: ignore[arg-type]
    whole, other = photograph(1), photograph(2)
    small = stored(found, encoded(whole.resize((250, 188)), "JPEG", quality=70))
    send(found, candidate(small, "n1"), candidate(stored(found, encoded(other, "JPEG")), "n2"))
    run(found, dedupe(found), land(found))
    send(found, candidate(stored(found, encoded(whole, "JPEG", quality=95)), "n1"))
    run(found, dedupe(found), land(found))
    yield found
    log.close()


def here(text: str, kafka: KafkaAddress, prefix: str) -> str:
    """An example with the broker and the topics of this test."""
    assert ADDRESS in text
    text = text.replace(ADDRESS, kafka.bootstrap)
    for topic in ("survivors", "votes"):
        text = text.replace(f'"{topic}"', f'"{prefix}{topic}"').replace(f"--topic {topic}", f"--topic {prefix}{topic}")
    return text


def python_example(words: str) -> Block:
    (found,) = [block for block in PAGE if block.language == "python" and words in block.text]
    return found


def printed(words: str, kafka: KafkaAddress, prefix: str, folder: Path) -> str:
    text = here(python_example(words).text, kafka, prefix)
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.mark.usefixtures("world")
def test_librdkafka_reads_what_stands(kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:
    assert printed("consumer.subscribe", kafka, prefix, tmp_path) == "{'n1': 1, 'n2': 1}"


def test_ranges_of_offsets_are_read_whole_though_they_have_gaps(
    world: World, kafka: KafkaAddress, prefix: str, tmp_path: Path
) -> None:
    written = [message for partition in range(16) for message in world.log.read(topics.SURVIVORS.name, partition)]
    assert printed("def read_range", kafka, prefix, tmp_path) == str(len(written)) == "3"


def test_a_vote_that_librdkafka_writes_is_one(world: World, kafka: KafkaAddress, prefix: str, tmp_path: Path) -> None:
    printed("producer.produce", kafka, prefix, tmp_path)
    votes = [message for partition in range(16) for message in world.log.read(topics.VOTES.name, partition)]
    (vote,) = [look_at_state(Vote, message, world.router) for message in votes]
    assert isinstance(vote, Vote), vote
    assert vote.voter == "team-7/ann"
    assert dict(votes[0].headers) == dict(topics.made_of(Vote))
    check = jsonschema.Draft202012Validator(schemas.schema_of(Vote))
    assert check.is_valid(json.loads(votes[0].value or b""))


def test_readers_of_a_grown_log_miss_nothing_and_bring_nothing_back(kafka: KafkaAddress, tmp_path: Path) -> None:
    """Its originals stand on old partitions, and may be read after what replaced them on new ones."""
    prefix, wnids = "guide-grown-", [f"n{number:08d}" for number in range(12)]
    found = KafkaTopics(kafka, prefix=prefix)
    found.create(Shape(2))
    log = KafkaLog(kafka, partitions=2, prefix=prefix)
    first, better, last = picture(1), picture(2), picture(3)
    log.produce([Router(2).survivor(of(wnid, one)) for wnid in wnids for one in (first, last)])
    log.close()
    growing = Growing(found, lambda n: KafkaLog(kafka, partitions=n, prefix=prefix), INPUTS, Router)
    for number in (4, 8):
        assert growing.grow(number) is not None
    log = KafkaLog(kafka, partitions=8, prefix=prefix)
    log.produce([Router(8).survivor(of(wnid, better, replaces=first.sha256)) for wnid in wnids])
    seen = printed("consumer.subscribe", kafka, prefix, tmp_path)
    assert seen == str(dict.fromkeys(wnids, 2))
    assert highest(log) == {wnid: [first.sha256, last.sha256, better.sha256] for wnid in wnids}
    log.close()


def of(wnid: str, found: Picture, replaces: str = "") -> Survivor:
    made = survivor_of(found)
    return msgspec.structs.replace(
        made, candidate=msgspec.structs.replace(made.candidate, wnid=wnid), replaces=replaces
    )


def highest(log: KafkaLog) -> dict[str, list[str]]:
    """What the page says of order: all records of a key stand on the highest partition on which there is one."""
    standing: dict[str, list[str]] = {}
    for partition in range(log.partitions):
        at_home: dict[str, list[str]] = {}
        for message in log.read_as_it_stands(topics.SURVIVORS.name, partition):
            record = json.loads(message.value or b"")
            at_home.setdefault((message.key or b"").decode(), []).append(record["candidate"]["image"]["sha256"])
        standing |= at_home
    return dict(sorted(standing.items()))


@pytest.mark.usefixtures("world")
def test_javas_console_consumer_shows_keys_headers_and_records(kafka: KafkaAddress, prefix: str) -> None:
    try:
        libs = install_kafka_tools()
    except MissingComponent as exc:
        missing(str(exc))
    java = shutil.which("java") or missing("java")
    (block,) = [block for block in PAGE if "kafka-console-consumer.sh" in block.text]
    (step,) = block.steps()
    words = shlex.split(here(step.command.replace("\n", " "), kafka, prefix))
    assert words[0] == "kafka-console-consumer.sh"
    command = [java, "-cp", f"{libs}/*", "org.apache.kafka.tools.consumer.ConsoleConsumer", *words[1:]]
    done = subprocess.run([*command, "--timeout-ms", "20000"], capture_output=True, text=True, timeout=120, check=False)
    lines = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") == 2]
    assert len(lines) == 3, done.stdout + done.stderr
    check = jsonschema.Draft202012Validator(schemas.schema_of(Survivor))
    for headers, key, value in lines:
        said = dict(header.split(":", 1) for header in headers.split(","))
        assert said == {name: text.decode() for name, text in topics.made_of(Survivor)}
        record = json.loads(value)
        assert record["candidate"]["wnid"] == key
        assert check.is_valid(record)
    assert sum("replaces" in json.loads(value) for _, _, value in lines) == 1


def test_the_page_names_every_topic_that_others_may_read() -> None:
    page = Path(__file__).parents[2] / "docs" / "guides" / "topics.md"
    text = page.read_text("utf-8")
    inner = {"queries", "image-urls", "candidates"}
    assert [topic.name for topic in topics.ALL if f"`{topic.name}`" not in text and topic.name not in inner] == []
    for name, _ in topics.made_of(Survivor):
        assert f"`{name}`" in text
