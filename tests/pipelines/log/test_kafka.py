"""The Kafka log keeps the contract against a real broker, and survives what only Kafka can do to it."""

import contextlib
import itertools
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from confluent_kafka import Producer as ConfluentProducer
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from deploy.local import services
from deploy.local.services import Service
from synsift.pipelines import topics
from synsift.pipelines.errors import FencedError, LogError, LogUnavailable
from synsift.pipelines.log.base import Log, Position
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_member import _Rebalance
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from synsift.pipelines.topics import Entry
from tests.pipelines.log.contract import INPUT, OUTPUT, PARTITIONS, LogContract, Owner, entry, poll_all, settle

_prefixes = (f"test{n}-" for n in itertools.count())


@pytest.fixture
def prefix(kafka: KafkaAddress) -> str:
    """Topics of its own for each test."""
    name = next(_prefixes)
    KafkaTopics(kafka, prefix=name).create(Shape(PARTITIONS))
    return name


@pytest.mark.slow
class TestKafkaLog(LogContract):
    @pytest.fixture
    def make_log(self, kafka: KafkaAddress, prefix: str) -> Callable[[], Log]:
        return lambda: KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)

    def let_session_expire(self) -> None:
        """Nothing to do: `kafka` gives members that don't poll two seconds, and the heir waits for them."""


def test_work_that_comes_between_two_questions_to_the_brokers_is_seen(
    kafka: KafkaAddress, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.produce([entry("first")])
    member = log.join("group", INPUT, Owner())
    inputs = poll_all(member, 1)

    def feed() -> None:
        with member.transaction() as transaction:
            transaction.produce([entry("next")])
            transaction.consume({0: Position(inputs[-1].offset + 1)})
        inputs.extend(poll_all(member, 1))

    def after_a_turn(ask: Callable[..., object]) -> Callable[..., object]:
        def asked(*arguments: object) -> object:
            feed()
            return ask(*arguments)

        return asked

    for client, name in ((log._ends, "end_offsets"), (log._admin, "list_group_offsets")):
        monkeypatch.setattr(client, name, after_a_turn(getattr(client, name)))
    assert log.lag("group", INPUT)[0].records > 0
    assert log.lag("group", INPUT)[0].records > 0
    assert len(inputs) > 4
    member.close()
    log.close()


def test_an_unreachable_broker_is_named() -> None:
    with pytest.raises(LogUnavailable, match=r"127\.0\.0\.1:9"):
        KafkaLog(KafkaAddress("127.0.0.1:9", connect_timeout_s=1.0), partitions=PARTITIONS)


def start_relay(address: KafkaAddress, prefix: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.pipelines.log.relay", address.bootstrap, prefix], stderr=subprocess.DEVNULL
    )


@contextlib.contextmanager
def broker_of_its_own(folder: Path, *, records: int) -> Iterator[tuple[Service, KafkaAddress, KafkaLog]]:
    """A broker that a test may stop, and a log on it with some input."""
    broker = services.kafka(folder / "kafka")
    with services.running(broker):
        address = KafkaAddress(f"127.0.0.1:{broker.port}", session_timeout_s=3.0)
        KafkaTopics(address).create(Shape(PARTITIONS))
        log = KafkaLog(address, partitions=PARTITIONS)
        log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(records)])
        yield broker, address, log
        log.close()


def copied(log: Log) -> list[int]:
    return sorted(int(m.value) for partition in range(PARTITIONS) for m in log.read(OUTPUT, partition))


def wait_for_copies(log: Log, least: int) -> None:
    deadline_s = time.monotonic() + 300
    while len(copied(log)) < least:
        assert time.monotonic() < deadline_s, f"{len(copied(log))} of {least}"
        time.sleep(0.1)  # reading all of it again and again keeps a broker busy


@pytest.mark.slow
def test_a_zombie_that_wakes_after_a_long_pause_writes_nothing_twice(kafka: KafkaAddress, prefix: str) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(200)])
    zombie = start_relay(kafka, prefix)
    wait_for_copies(log, 30)
    zombie.send_signal(signal.SIGSTOP)
    heir = start_relay(kafka, prefix)
    wait_for_copies(log, 100)
    zombie.send_signal(signal.SIGCONT)
    wait_for_copies(log, 200)
    # The zombie is awake and may still try: what it writes now must not be seen.
    log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(200, 240)])
    wait_for_copies(log, 240)
    for process in (zombie, heir):
        process.kill()
        process.wait()
    assert copied(log) == list(range(240))
    log.close()


@pytest.mark.slow
def test_a_broker_that_is_killed_and_restarted_costs_only_time(tmp_path: Path) -> None:
    with broker_of_its_own(tmp_path, records=200) as (broker, address, log):
        worker = start_relay(address, "")
        wait_for_copies(log, 40)
        broker.stop(signal.SIGKILL)
        broker.start()
        wait_for_copies(log, 200)
        worker.kill()
        worker.wait()
        assert copied(log) == list(range(200))


@pytest.mark.slow
def test_a_third_member_that_joins_in_the_midst_of_a_transaction_costs_and_repeats_nothing(
    kafka: KafkaAddress, prefix: str
) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(40)])
    first, second = (log.join("group", INPUT, Owner()) for _ in range(2))
    owners = [member._rebalance._listener for member in (first, second)]
    settle(*zip((first, second), owners, strict=True))
    (message, *_) = poll_all(first, 1)
    third_owner = Owner()
    with contextlib.suppress(FencedError), first.transaction() as transaction:
        transaction.produce([entry(message.value.decode(), topic=OUTPUT, partition=message.partition)])
        transaction.consume({message.partition: Position(message.offset + 1)})
        third = log.join("group", INPUT, third_owner)
        # The group's generation passes while the transaction is open.
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda member: member.poll(0, 1.5), (second, third)))
    for member in (first, second, third):
        member.close()
    # Whoever comes next does exactly what the transaction did not.
    worker = start_relay(kafka, prefix)
    wait_for_copies(log, 40)
    worker.kill()
    worker.wait()
    assert copied(log) == list(range(40))
    log.close()


@pytest.mark.slow
def test_workers_come_and_go_while_every_record_is_a_transaction(kafka: KafkaAddress, prefix: str) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(400)])
    workers = []
    for least in (20, 60, 120):
        workers.append(start_relay(kafka, prefix))
        wait_for_copies(log, least)
    workers[0].kill()
    wait_for_copies(log, 400)
    for process in workers:
        process.kill()
        process.wait()
    assert copied(log) == list(range(400))
    log.close()


@pytest.mark.slow
def test_a_coordinator_that_restarts_under_an_open_transaction_costs_only_time(tmp_path: Path) -> None:
    with broker_of_its_own(tmp_path, records=40) as (broker, address, log):
        member = log.join("group", INPUT, Owner())
        message, *_ = poll_all(member, 1)
        with contextlib.suppress(FencedError, LogUnavailable), member.transaction() as transaction:
            transaction.produce([entry(message.value.decode(), topic=OUTPUT, partition=message.partition)])
            transaction.consume({message.partition: Position(message.offset + 1)})
            # The one broker is the group's and the transaction's coordinator, too.
            broker.stop(signal.SIGTERM)
            broker.start()
        with contextlib.suppress(FencedError, LogUnavailable):
            member.close()
        worker = start_relay(address, "")
        wait_for_copies(log, 40)
        worker.kill()
        worker.wait()
        assert copied(log) == list(range(40))


def _refused() -> None:
    raise FencedError("the broker refuses this member")


@pytest.mark.parametrize(("failing", "is_expected"), [(lambda: 1 / 0, False), (_refused, True)])
def test_a_member_whose_listener_failed_to_let_go_is_lost(
    failing: Callable[[], None], is_expected: bool, caplog: pytest.LogCaptureFixture
) -> None:
    owner = Owner()
    owner.before_release = failing
    rebalance = _Rebalance(owner)
    rebalance.told = {0, 1}
    rebalance.on_partitions_revoked([TopicPartition("t", 1)])
    assert rebalance.is_lost
    assert rebalance.told == {0}
    assert "begins anew" in caplog.text
    assert ("Traceback" not in caplog.text) == is_expected  # a group that moves on is no bug


@pytest.mark.slow
def test_a_group_that_lost_its_offsets_goes_on_where_it_stood(
    kafka: KafkaAddress, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(40)])
    member = log.join("group", INPUT, Owner())
    poll_all(member, 40)
    with member.transaction() as transaction:
        transaction.consume({partition: Position(7, "note") for partition in range(PARTITIONS)})
    member.close()
    log._admin.delete_groups([f"{prefix}group"])
    assert [lag.committed for lag in log.lag("group", INPUT)] == [7] * PARTITIONS
    owner = Owner()
    member = log.join("group", INPUT, owner)
    again = poll_all(member, 12)
    assert sorted(int(m.value or b"") // PARTITIONS for m in again) == sorted([7, 8, 9] * PARTITIONS)
    assert owner.owned == {partition: Position(7, "note") for partition in range(PARTITIONS)}
    assert "going on at 7" in caplog.text
    member.close()
    log.close()


@pytest.mark.slow
def test_inputs_that_the_log_deleted_before_they_were_done_are_counted(kafka: KafkaAddress, prefix: str) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(40)])
    member = log.join("group", INPUT, Owner())
    poll_all(member, 40)
    member.commit({0: Position(2)})
    member.close()
    log._forget(INPUT, {0: 6, 1: 5})
    owner = Owner()
    member = log.join("group", INPUT, owner)
    rest = poll_all(member, 40 - 6 - 5)
    assert owner.owned == {0: Position(2, begins=6), 1: Position(0, begins=5), 2: Position(0), 3: Position(0)}
    assert len(rest) == 40 - 6 - 5
    assert owner.gaps == []
    member.close()
    log.close()


@pytest.mark.slow
def test_inputs_that_the_log_deletes_under_a_living_member_are_counted(kafka: KafkaAddress, prefix: str) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.produce([entry(f"{n}", partition=n % PARTITIONS) for n in range(40)])
    owner = Owner()
    member = log.join("group", INPUT, owner)
    poll_all(member, 40)
    log.produce([entry("more", partition=0) for _ in range(20)])
    log._forget(INPUT, {0: 25, 1: 5})
    rest = poll_all(member, 6)
    # The log's transactions end with a marker each, which takes an offset, too: 10 records, 1 marker, 20 records.
    assert owner.gaps == [(0, range(11, 25))]
    assert [m.offset for m in rest] == list(range(25, 31))
    member.close()
    log.close()


@pytest.mark.slow
def test_a_header_whose_name_is_no_text_stops_nobody(kafka: KafkaAddress, prefix: str) -> None:
    class Raw(str):
        def encode(self, *_: str, **__: str) -> bytes:
            return b"\xff\xfe name"

    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for headers in ([], [("a", b"1"), (Raw("x"), b"\xff"), ("b", b"")], [(Raw("x"), b"")], []):
        producer.send(prefix + INPUT, b"value", key=b"key", headers=headers, partition=0)
    producer.flush()
    producer.close()
    read = [(m.value, m.headers) for m in log.read(INPUT, 0)]
    # A broker that compresses anew, as our topics have it, replaces what is no text; one that doesn't leaves it to us.
    name = read[2][1][0][0]
    assert name in ("\\xff\\xfe name", "\ufffd\ufffd name")
    assert read == [
        (b"value", ()),
        (b"value", (("a", b"1"), (name, b"\xff"), ("b", b""))),
        (b"value", ((name, b""),)),
        (b"value", ()),
    ]
    member = log.join("group", INPUT, Owner())
    assert [m.value for m in poll_all(member, 4)] == [b"value"] * 4
    member.close()
    log.close()


@pytest.mark.slow
def test_a_record_with_neither_key_nor_value_is_read_and_written_on(kafka: KafkaAddress, prefix: str) -> None:
    producer = ConfluentProducer({"bootstrap.servers": kafka.bootstrap})
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    producer.produce(prefix + INPUT, partition=0)
    assert producer.flush(30) == 0
    (nothing,) = log.read(INPUT, 0)
    assert (nothing.key, nothing.value) == (None, None)
    log.produce([Entry(OUTPUT, 0, nothing.key, nothing.value, (("said", b"x"),))])
    assert [(m.key, m.value, m.headers) for m in log.read(OUTPUT, 0)] == [(None, b"", (("said", b"x"),))]
    log.close()


@pytest.mark.slow
def test_what_others_compressed_with_a_codec_that_we_lack_can_be_read(
    kafka: KafkaAddress, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def framed(data: bytes) -> bytes:
        """An LZ4 frame whose one block is stored as it is."""
        return b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", 1 << 31 | len(data)) + data + bytes(4)

    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    with monkeypatch.context() as with_codec:
        with_codec.setitem(KafkaProducer._COMPRESSORS, "lz4", (lambda: True, 3))
        with_codec.setattr("kafka.codec.has_lz4", lambda: True)
        with_codec.setattr("kafka.record.default_records.lz4_encode", framed)
        producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, compression_type="lz4")
        producer.send(prefix + INPUT, b"x" * 1_000, key=b"key", partition=0).get(timeout=30)
        producer.close()
    assert [m.value for m in log.read(INPUT, 0)] == [b"x" * 1_000]
    log.close()


@pytest.mark.slow
@pytest.mark.parametrize("moved_to", [0, 2, 10, 1_000])
def test_offsets_that_somebody_moved_are_put_right(
    kafka: KafkaAddress, prefix: str, moved_to: int, caplog: pytest.LogCaptureFixture
) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.produce([entry(f"{n}", partition=0) for n in range(10)])
    owner = Owner()
    member = log.join("group", INPUT, owner)
    poll_all(member, 10)
    member.commit({0: Position(4)})
    member.close()
    place = TopicPartition(prefix + INPUT, 0)
    # As kafka-consumer-groups --reset-offsets does, or a console consumer that borrows the group's name.
    stranger = KafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id=f"{prefix}group", enable_auto_commit=False)
    stranger.assign([place])
    stranger.commit({place: OffsetAndMetadata(moved_to, "", -1)})
    stranger.close()
    again = log.join("group", INPUT, owner)
    assert [message.offset for message in poll_all(again, 6)] == [4, 5, 6, 7, 8, 9]
    assert f"offset {moved_to}, which none of its members committed" in caplog.text
    assert log.lag("group", INPUT)[0].records == 6
    again.close()
    log.close()


@pytest.mark.slow
def test_a_transaction_that_a_stranger_left_open_is_named(
    kafka: KafkaAddress, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synsift.pipelines.log.kafka_deadlines.Progress.__init__.__defaults__", (1.0,))
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.produce([entry("one", partition=0)])
    stranger = KafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=f"{prefix}stranger")
    stranger.init_transactions()
    stranger.begin_transaction()
    stranger.send(prefix + INPUT, b"open", partition=0).get(timeout=30)
    for look in (lambda: log.lag("group", INPUT), lambda: list(log.read(INPUT, 0))):
        with pytest.raises(LogUnavailable, match=r"readers of \S+/0 wait at offset \d+") as caught:
            look()
        assert "kafka-transactions.sh" in caught.value.hint
    stranger.abort_transaction()
    stranger.close()
    assert log.lag("group", INPUT)[0].records == 1
    assert len(list(log.read(INPUT, 0))) == 1
    log.close()


@pytest.mark.slow
def test_a_member_that_hears_nothing_of_its_coordinator_notices(kafka: KafkaAddress, prefix: str) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    owner = Owner()
    member = log.join("group", INPUT, owner)
    settle((member, owner))
    # What a bug in the client, or a coordinator that moved and wasn't found, would do: nothing is sent any more.
    member._consumer._coordinator._disable_heartbeat()
    with pytest.raises(FencedError, match="silent"):
        poll_all(member, 1)
    with contextlib.suppress(FencedError, LogUnavailable):
        member.close()
    log.close()


@pytest.mark.slow
def test_what_is_done_is_deleted_but_for_a_margin(kafka: KafkaAddress, prefix: str) -> None:
    log = KafkaLog(replace(kafka, keep_done=3), partitions=PARTITIONS, prefix=prefix)
    log.produce([entry(f"{n}", partition=0) for n in range(40)])
    member = log.join("group", INPUT, Owner())
    poll_all(member, 40)
    member.commit({0: Position(20)})
    assert next(iter(log.read(INPUT, 0))).offset == 17
    member.commit({0: Position(22)})  # not worth a request yet
    assert next(iter(log.read(INPUT, 0))).offset == 17
    member.commit({0: Position(30)})
    assert next(iter(log.read(INPUT, 0))).offset == 27
    member.close()
    log.close()


def test_a_log_that_is_only_read_writes_nothing(kafka: KafkaAddress, prefix: str) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    log.lag("group", INPUT)
    assert list(log.read(INPUT, 0)) == []
    assert log._producer is None
    log.close()


@pytest.mark.slow
def test_a_broker_that_is_silent_is_given_up_within_a_deadline_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("kafka", "kafka_member", "kafka_deadlines"):
        monkeypatch.setattr(f"synsift.pipelines.log.{module}.CALL_S", 2.0, raising=False)
    monkeypatch.setattr("synsift.pipelines.log.kafka_deadlines.bounded.__defaults__", (2.0,))
    with broker_of_its_own(tmp_path, records=40) as (broker, _address, log):
        member = log.join("group", INPUT, Owner())
        message, *_ = poll_all(member, 1)
        assert broker.process is not None
        with pytest.raises((FencedError, LogUnavailable)), member.transaction() as transaction:  # noqa: PT012 - its end
            transaction.produce([entry((message.value or b"").decode(), topic=OUTPUT, partition=message.partition)])
            transaction.consume({message.partition: Position(message.offset + 1)})
            broker.process.send_signal(signal.SIGSTOP)
        with pytest.raises(LogUnavailable):
            list(log.read(INPUT, 0))
        broker.process.send_signal(signal.SIGCONT)
        with contextlib.suppress(FencedError, LogUnavailable):
            member.close()
        assert sum(lag.records for lag in log.lag("group", INPUT)) in (39, 40)
        again = log.join("group", INPUT, Owner())
        assert poll_all(again, 39)
        again.close()


@pytest.mark.slow
def test_a_stranger_gives_a_log_no_other_identity(kafka: KafkaAddress, prefix: str) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    own = log.identity()
    for key, value in ((b"identity", b"f" * 32), (b"identity/" + b"a" * 32, b"b" * 32), (b"identity/x", b"x")):
        log.produce([Entry(topics.POSITIONS.name, 0, key, value)])
    assert log.identity() == own
    log.produce([Entry(topics.POSITIONS.name, 0, b"identity/" + b"a" * 32, b"a" * 32)])
    with pytest.raises(LogError, match=f"{own}, {'a' * 32}") as caught:
        log.identity()
    assert "synsift log recover" in caught.value.hint
    log.adopt(own)
    assert log.identity() == own
    log.adopt("c" * 32)
    assert log.identity() == "c" * 32
    log.close()


@pytest.mark.slow
def test_all_that_ask_at_once_for_a_new_log_are_given_the_same_identity(kafka: KafkaAddress, prefix: str) -> None:
    logs = [KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix) for _ in range(4)]
    with ThreadPoolExecutor(len(logs)) as threads:
        found = list(threads.map(lambda log: log.identity(), logs))
    assert len(set(found)) == 1
    for log in logs:
        log.close()


def test_who_has_a_name_comes_back_as_the_member_that_it_was(kafka: KafkaAddress, prefix: str) -> None:
    patient = replace(kafka, session_timeout_s=30.0, poll_timeout_s=60.0)
    logs = [KafkaLog(replace(patient, instance=name), partitions=PARTITIONS, prefix=prefix) for name in ("a", "b")]
    owners = [Owner(), Owner()]
    first, second = (log.join("group", INPUT, owner) for log, owner in zip(logs, owners, strict=True))
    settle((first, owners[0]), (second, owners[1]))
    before = [sorted(owner.owned) for owner in owners]
    owners[1].revoked.clear()
    first.close()
    for _ in range(5):
        second.poll(10, 0.1)
    assert sorted(owners[1].owned) == before[1]  # nothing of the other's was given to it
    again = Owner()
    back = logs[0].join("group", INPUT, again)
    settle((back, again), (second, owners[1]))
    assert sorted(again.owned) == before[0]
    assert owners[1].revoked == []

    heir = Owner()
    other = logs[0].join("group", INPUT, heir)
    deadline_s = time.monotonic() + 300
    while not heir.owned and time.monotonic() < deadline_s:
        other.poll(10, 0.2)
        second.poll(10, 0.1)
    assert sorted(heir.owned) == before[0]
    with pytest.raises(FencedError):  # two of one name: the later one has it
        back.commit({before[0][0]: Position(1)})
    for member in (other, second):
        member.close()
    for log in logs:
        log.close()


@pytest.mark.slow
def test_of_what_is_too_large_for_the_brokers_nothing_is_written(kafka: KafkaAddress, prefix: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    topic = ConfigResource(ConfigResourceType.TOPIC, prefix + INPUT, configs={"max.message.bytes": "6000"})
    admin.alter_configs([topic])
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    entries = [replace(entry(f"{n}", partition=n % 2), value=np.random.default_rng(n).bytes(1_000)) for n in range(60)]
    deadline_s = time.monotonic() + 300
    while time.monotonic() < deadline_s:  # brokers hear of it a little later
        found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, prefix + INPUT)])
        if "6000" in str(found):
            break
        time.sleep(0.1)
    too_large = replace(entry("large", partition=1), value=np.random.default_rng(0).bytes(10_000))
    for some in (entries, [entry("small", partition=0), too_large]):
        with pytest.raises(
            LogError, match=f"larger than {prefix}{INPUT} takes: its max.message.bytes was made smaller"
        ):
            log.produce(some)
    log.produce([entry("next", partition=0), entry("next", partition=1)])
    assert [message.value for at in (0, 1) for message in log.read(INPUT, at)] == [b"next", b"next"]
    log.close()
    admin.close()


@pytest.mark.slow
def test_entries_of_all_sizes_come_in_order(kafka: KafkaAddress, prefix: str) -> None:
    log = KafkaLog(kafka, partitions=PARTITIONS, prefix=prefix)
    sizes = [0, 1, 63, 64, 8_191, 8_192, 300_000, 5, 261_000, 262_000, 900_000, *[700] * 900]
    entries = [
        replace(entry(f"{n}", partition=0), value=np.random.default_rng(n).bytes(size)) for n, size in enumerate(sizes)
    ]
    log.produce(entries[11:])
    log.produce(entries)
    expected = [(one.key, one.value, one.headers) for one in [*entries[11:], *entries]]
    assert [(m.key, m.value, m.headers) for m in log.read(INPUT, 0)] == expected
    log.close()
