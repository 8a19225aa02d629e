"""The servers that rounds share, and what stands between them and the workers.

workers ──▶ Toxiproxy ──▶ brokers, one or three      restarted, cut off, slowed
        └─▶ Toxiproxy ──▶ gateway ──▶ S3              cut off, slowed; 503; no answer
"""

import contextlib
import random
import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import services
from deploy.local.services import S3, Service, Toxiproxy
from synsift.pipelines.log.kafka_clients import KafkaAddress
from tests.faults.s3_gateway import S3Gateway, s3_gateway
from tests.memory_folder import memory_folder


@dataclass
class Ground:
    """Servers, and the ports at which workers reach them."""

    brokers: Sequence[Service]
    store: S3
    proxy: Toxiproxy
    gateway: S3Gateway
    kafka_ports: Sequence[int]
    s3_port: int

    @property
    def address(self) -> KafkaAddress:
        """The brokers, as workers see them."""
        return KafkaAddress(",".join(f"127.0.0.1:{port}" for port in self.kafka_ports))

    @property
    def folder(self) -> Path:
        """Where the S3 server keeps its bucket."""
        return self.store.service.folder / "data" / services.S3_BUCKET

    def calm(self) -> None:
        """Take all faults away."""
        self.gateway.calm()
        self.proxy.reset()


@contextlib.contextmanager
def ground(seed: int, *, brokers: int = 1) -> Iterator[Ground]:
    """Start the servers for a block."""
    with tempfile.TemporaryDirectory(prefix="synsift-faults-") as scratch, contextlib.ExitStack() as stack:
        kafka_folder = stack.enter_context(memory_folder())
        kafka_ports, s3_port = [services.free_port() for _ in range(brokers)], services.free_port()
        if brokers == 1:
            nodes = [services.kafka(kafka_folder, advertised_port=kafka_ports[0])]
        else:
            nodes = services.kafka_cluster(kafka_folder, advertised_ports=kafka_ports)
        store = services.s3(Path(scratch) / "s3")
        proxy = services.toxiproxy(Path(scratch) / "toxiproxy")
        for node in nodes:
            stack.callback(node.stop, signal.SIGKILL)
        services.start_together(nodes)
        for service in (store.service, proxy.service):
            stack.enter_context(services.running(service))
        gateway = stack.enter_context(s3_gateway(store.service.port, random.Random(seed)))  # noqa: S311
        for node, port in zip(nodes, kafka_ports, strict=True):
            proxy.forward("kafka" if brokers == 1 else f"kafka-{port}", node.port, port)
        proxy.forward("s3", gateway.port, s3_port)
        yield Ground(nodes, store, proxy, gateway, kafka_ports, s3_port)
