"""A worker that copies its input to its output, each record in a transaction: run as a process and tormented."""

import sys

from synsift.pipelines.errors import FencedError, LogUnavailable
from synsift.pipelines.log.base import Member, Position
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from tests.pipelines.log.contract import INPUT, OUTPUT, PARTITIONS, Owner, entry


def copy_once(member: Member) -> None:
    """Copy a batch, one transaction a record."""
    for message in member.poll(20, 0.5):
        with member.transaction() as transaction:
            transaction.produce([entry(message.value.decode(), topic=OUTPUT, partition=message.partition)])
            transaction.consume({message.partition: Position(message.offset + 1)})


def main() -> None:
    """Copy for ever; a fenced or failed member is replaced by a new one, as the stages do."""
    bootstrap, prefix = sys.argv[1:]
    log = KafkaLog(
        KafkaAddress(bootstrap, session_timeout_s=1.5, poll_timeout_s=5.0), partitions=PARTITIONS, prefix=prefix
    )
    member = log.join("group", INPUT, Owner())
    while True:
        try:
            copy_once(member)
        except (FencedError, LogUnavailable):
            member.close()
            member = log.join("group", INPUT, Owner())


if __name__ == "__main__":
    main()
