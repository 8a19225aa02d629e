"""The selector of kafka-python's clients."""

import selectors
import socket
from collections.abc import Iterator

import pytest

from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_selector import FrugalSelector


class Wordless(socket.socket):
    """A socket that must not be described: that asks the system for the addresses of both its ends."""

    def __repr__(self) -> str:
        raise AssertionError("it was described")


@pytest.fixture
def selector() -> Iterator[FrugalSelector]:
    found = FrugalSelector()
    yield found
    found.close()


def test_a_socket_that_is_not_registered_is_not_described(selector: FrugalSelector) -> None:
    with Wordless() as one:
        for _ in range(2):
            with pytest.raises(KeyError):
                selector.get_key(one)
            selector.register(one, selectors.EVENT_READ, "what belongs to it")
            assert selector.get_key(one).data == "what belongs to it"
            selector.modify(one, selectors.EVENT_WRITE, "something else")
            assert selector.get_key(one).data == "something else"
            assert selector.get_key(one.fileno()).fileobj is one
            selector.unregister(one)


def test_a_socket_that_was_closed_is_found_as_long_as_it_is_registered(selector: FrugalSelector) -> None:
    one = socket.socket()
    selector.register(one, selectors.EVENT_READ)
    one.close()
    assert selector.get_key(one).fileobj is one
    selector.unregister(one)
    with pytest.raises((KeyError, ValueError)):
        selector.get_key(one)


def test_all_clients_wait_with_it() -> None:
    assert KafkaAddress("127.0.0.1:9").client_settings()["selector"] is FrugalSelector
