#!/usr/bin/env python3
"""The servers that a fleet needs, on loopback, for tests and for a person: Kafka, an S3 server, Toxiproxy.

    deploy/local/services.py            starts a broker and an S3 server, says where they are, stops them at Ctrl-C,
                                        SIGTERM and SIGHUP, and when whoever started it ends (under nohup: only SIGTERM)
    deploy/local/services.py --install  only fetches and builds them

The broker comes by its Maven coordinates, the others by ``go install``; both are kept in .cache of the checkout. Each
runs on a free port and is stopped by its process id.
"""

import argparse
import contextlib
import ctypes
import functools
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("SYNSIFT_SERVICES_CACHE", ROOT / ".cache"))
HOST = "127.0.0.1"
S3_BUCKET = "synsift"
_GO_PROGRAMS = {
    "versitygw": "github.com/versity/versitygw/cmd/versitygw@v1.8.0",
    "server": "github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0",
    # No servers: what the chart is rendered and checked with.
    "helm": "helm.sh/helm/v3/cmd/helm@v3.17.3",
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0",
}
# SHA-256 of programs in wheels (x86-64) that are built nowhere else: Helm's build alone takes as long as all others.
_WHEELS = {"helm": "c16af303055cfe1c1e64652b547cfdbed924e89fd2a20d8632d797978c14def3"}
_START_TIMEOUT_S = 120.0
_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_PR_SET_PDEATHSIG = 1
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECURED = ("SSL", "SASL_PLAINTEXT", "SASL_SSL")
_SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")


class MissingComponent(Exception):
    """A server can't be had on this machine; the message says what is lacking."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def install_kafka() -> Path:
    """The folder of the broker's jars; fetched if it isn't there."""
    return _install_jars("kafka", "kafka_*.jar")


@functools.cache
def _class_archive() -> Path:
    """Where the classes that a broker loads stand as its JVM wants them in memory: for this JVM and these jars."""
    libs = install_kafka()
    what = (
        f"{_run(['java', '--version'])} {libs} {sorted((jar.name, jar.stat().st_mtime_ns) for jar in libs.iterdir())}"
    )
    return libs.with_name(f"classes-{zlib.crc32(what.encode()):08x}.jsa")


def install_class_archive() -> None:
    """Make that, by a broker that is started and stopped: all others start with half as much work.

    Where it can't be made, brokers start without: a JVM leaves out what doesn't fit it.
    """
    archive = _class_archive()
    if archive.exists():
        return
    with tempfile.TemporaryDirectory() as scratch:
        broker = kafka(Path(scratch))
        made = archive.with_suffix(f".{os.getpid()}")
        broker.command[1:1] = [f"-XX:ArchiveClassesAtExit={made}"]
        broker.start()
        broker.stop(patience_s=_START_TIMEOUT_S)
    with contextlib.suppress(FileNotFoundError):
        made.replace(archive)


def install_kafka_tools() -> Path:
    """The folder of the jars of Kafka's command-line tools; fetched if it isn't there."""
    return _install_jars("kafka-tools", "kafka-tools-4*.jar")


def _install_jars(name: str, told_by: str) -> Path:
    libs = CACHE.resolve() / name / "libs"
    if not any(libs.glob(told_by)):
        _run(["mvn", "-q", "-B", "-f", str(ROOT / f"deploy/local/{name}/pom.xml"), "dependency:copy-dependencies",
              f"-DoutputDirectory={libs}"])  # fmt: skip
    return libs


def install_go(name: str) -> Path:
    """A Go program: what a wheel brings of it, if that is the very one that is pinned; else built if it isn't there."""
    brought = Path(sys.executable).with_name(name)
    if name in _WHEELS and _is_pinned(brought, _WHEELS[name]):
        return brought
    program = CACHE / "bin" / name
    if not program.exists():
        _run(["go", "install", _GO_PROGRAMS[name]], GOBIN=str(program.parent))
    return program


@functools.cache
def _is_pinned(program: Path, sha256: str) -> bool:
    """Whether a program is the one that is meant; it is read once, as it is large and asked for at each call."""
    return program.exists() and hashlib.sha256(program.read_bytes()).hexdigest() == sha256


def download_go(module: str) -> Path:
    """The source of a Go module, as its registry has it."""
    with tempfile.TemporaryDirectory() as scratch:
        _run(["go", "mod", "init", "scratch"], folder=scratch)
        told = _run(["go", "mod", "download", "-json", module], folder=scratch)
    return Path(json.loads(told)["Dir"])


def unpack_npm(package: str, member: str, target: Path) -> Path:
    """One file of a package of npm; nothing of it is run. Fetched if it isn't there."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            name = json.loads(_run(["npm", "pack", "--ignore-scripts", "--json", package], folder=scratch))[0][
                "filename"
            ]
            with tarfile.open(Path(scratch) / name) as archive:
                found = archive.extractfile(member)
                if found is None:
                    raise MissingComponent(f"{package} has no {member}")
                own = target.with_suffix(f".{os.getpid()}")
                own.write_bytes(found.read())
                own.replace(target)
    return target


def _run(command: list[str], folder: str | None = None, **env: str) -> str:
    if shutil.which(command[0]) is None:
        raise MissingComponent(f"{command[0]} is not installed, and {' '.join(command)} needs it")
    done = subprocess.run(command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingComponent(f"{' '.join(command)} failed: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


@dataclass
class Service:
    """A server process.

    Attributes:
        port: Where it listens.
        command: How it is started.
        folder: Its data and its log, ``server.log``.
        env: Variables on top of ours.
    """

    port: int
    command: list[str]
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        self.launch()
        self.await_connections()

    def launch(self) -> None:
        """Start, and don't wait."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.env},
                preexec_fn=end_with_parent,
            )

    def await_connections(self) -> None:
        """Wait until it accepts connections."""
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        while not self._accepts():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline_s:
                text = (self.folder / "server.log").read_text(errors="replace")[-2000:]
                raise MissingComponent(f"{self.command[0]} did not start: {text}")
            time.sleep(0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, patience_s: float = 20) -> None:
        """Stop, and wait until it has ended; kill it after some time."""
        if self.process is not None:
            self.process.send_signal(number)
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def _accepts(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True


def end_with_parent() -> None:
    """Have the kernel send this process SIGTERM when its parent ends, be it killed (Linux, prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


_BROKER = """
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}{further}
advertised.listeners=PLAINTEXT://{host}:{advertised}{further}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
log.dirs={folder}/data
offsets.topic.replication.factor={replication}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replication}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
auto.create.topics.enable=false
log.flush.interval.messages=9223372036854775807
"""


@dataclass
class Security:
    """What a broker demands on its further listeners, each on a port of its own.

    Attributes:
        user: For SASL, PLAIN and SCRAM alike.
        password: For SASL.
        pem: The broker's certificate and its key, unencrypted (PKCS 8).
        ports: Security protocol → port.
    """

    user: str
    password: str
    pem: Path
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in SECURED})

    def properties(self) -> str:
        """The broker's configuration for them, to be appended."""
        lines = [
            f"sasl.enabled.mechanisms=PLAIN,{','.join(_SCRAM)}",
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={self.pem}",
        ]
        for listener in ("sasl_plaintext", "sasl_ssl"):
            prefix, package = f"listener.name.{listener}", "org.apache.kafka.common.security"
            users = f'user_{self.user}="{self.password}"'
            lines.append(f"{prefix}.plain.sasl.jaas.config={package}.plain.PlainLoginModule required {users};")
            scram = f"sasl.jaas.config={package}.scram.ScramLoginModule required;"
            lines += [f"{prefix}.{name.lower()}.{scram}" for name in _SCRAM]
        return "\n".join([*lines, ""])

    def scram(self) -> list[str]:
        """Arguments of the formatting tool that make the user."""
        pairs = [f"{name}=[name={self.user},password={self.password}]" for name in _SCRAM]
        return [word for pair in pairs for word in ("--add-scram", pair)]


@dataclass(frozen=True)
class _Quorum:
    """The nodes of a cluster, each a broker and a controller in one.

    Attributes:
        controllers: The port of each node's controller, by its number, which begins at 1.
    """

    controllers: dict[int, int]

    @property
    def voters(self) -> str:
        """As every node is told."""
        return ",".join(f"{node}@{HOST}:{port}" for node, port in self.controllers.items())

    @property
    def replication(self) -> int:
        """Copies of what a cluster of this size keeps for itself."""
        return min(3, len(self.controllers))


def kafka(folder: Path, *, advertised_port: int = 0, security: Security | None = None) -> Service:
    """A broker and controller in one (KRaft), formatted and ready to start."""
    return _kafka_node(folder, 1, _Quorum({1: free_port()}), advertised_port, security)


def kafka_cluster(folder: Path, *, advertised_ports: Sequence[int]) -> list[Service]:
    """As many brokers as there are ports, formatted; ``start_together`` starts them, as none comes up alone."""
    quorum = _Quorum({node: free_port() for node in range(1, len(advertised_ports) + 1)})
    return [
        _kafka_node(folder / f"node-{node}", node, quorum, port) for node, port in enumerate(advertised_ports, start=1)
    ]


def start_together(nodes: Sequence[Service]) -> None:
    """Start nodes that wait for each other."""
    for node in nodes:
        node.launch()
    for node in nodes:
        node.await_connections()


def _kafka_node(
    folder: Path, node: int, quorum: _Quorum, advertised_port: int, security: Security | None = None
) -> Service:
    java = shutil.which("java")
    if java is None:
        raise MissingComponent("java is not installed, and the Kafka broker needs it")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    configuration = folder / "server.properties"
    further = "".join(f",{name}://{HOST}:{p}" for name, p in (security.ports if security else {}).items())
    properties = _BROKER.format(
        host=HOST,
        node=node,
        voters=quorum.voters,
        replication=quorum.replication,
        in_sync=max(1, quorum.replication - 1),
        port=port,
        controller=quorum.controllers[node],
        folder=folder,
        advertised=advertised_port or port,
        further=further,
    )
    configuration.write_text(properties + (security.properties() if security else ""))
    archive = _class_archive()
    shared = [f"-XX:SharedArchiveFile={archive}", "-Xlog:disable"] if archive.exists() else []
    base = [java, *_JVM, *shared, "-cp", f"{install_kafka()}/*"]
    _run([*base, "kafka.tools.StorageTool", "format", "-t", "c3luc2lmdC10ZXN0cw", "-c", str(configuration),
          *(security.scram() if security else [])])  # fmt: skip
    return Service(port, [*base, "kafka.Kafka", str(configuration)], folder)


@dataclass
class S3:
    """An S3 server: its process and the credentials that it takes."""

    service: Service
    access_key: str
    secret_key: str

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://{HOST}:{self.service.port}"


def s3(folder: Path, *, keeps_connections: bool = False) -> S3:
    """A server whose buckets are folders; the bucket ``S3_BUCKET`` exists.

    Args:
        folder: For its data and its log.
        keeps_connections: Whether several requests may share a connection, as at S3. It is slow to stop then.
    """
    data = folder / "data"
    (data / S3_BUCKET).mkdir(parents=True, exist_ok=True)
    port, access, secret = free_port(), "test-access", secrets.token_hex(16)
    options = ["--port", f"{HOST}:{port}", "--quiet", *(["--keep-alive"] if keeps_connections else [])]
    command = [str(install_go("versitygw")), *options, "posix", str(data)]
    env = {"ROOT_ACCESS_KEY": access, "ROOT_SECRET_KEY": secret}
    return S3(Service(port, command, folder, env), access, secret)


@dataclass
class Toxiproxy:
    """A proxy that cuts, slows and resets connections."""

    service: Service

    def reset(self) -> None:
        """Pass everything on untouched again."""
        self.ask("POST", "/reset")

    def cut(self, name: str) -> None:
        """Close all connections of a forward and take no new ones, until ``reset``."""
        self.ask("POST", f"/proxies/{name}", {"enabled": False})

    def disturb(self, name: str, kind: str, **attributes: int) -> None:
        """Add a toxic to a forward in both directions, for example ``latency``, with its attributes."""
        for stream in ("upstream", "downstream"):
            toxic = {"name": f"{kind}-{stream}", "type": kind, "stream": stream, "attributes": attributes}
            self.ask("POST", f"/proxies/{name}/toxics", toxic)

    def forward(self, name: str, upstream_port: int, listen_port: int) -> None:
        """Listen on a port and pass everything on to another."""
        body = {"name": name, "listen": f"{HOST}:{listen_port}", "upstream": f"{HOST}:{upstream_port}"}
        self.ask("POST", "/proxies", body)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call its API, https://github.com/Shopify/toxiproxy#http-api."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://{HOST}:{self.service.port}{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None


def toxiproxy(folder: Path) -> Toxiproxy:
    """A proxy without forwards."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [str(install_go("server")), "-host", HOST, "-port", str(port)]
    return Toxiproxy(Service(port, command, folder))


@contextlib.contextmanager
def running(service: Service) -> Iterator[Service]:
    """A server for the block, killed at its end: where its data are thrown away there is no need to wait for it."""
    service.start()
    try:
        yield service
    finally:
        service.stop(signal.SIGKILL)


def main() -> int:
    """Start for a person."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true", help="fetch and build, start nothing")
    _end_properly()
    if parser.parse_args().install:
        install_class_archive()
        for name in _GO_PROGRAMS.keys() - _WHEELS.keys():
            install_go(name)
        return 0
    with tempfile.TemporaryDirectory(prefix="synsift-services-") as scratch, contextlib.ExitStack() as stack:
        broker = stack.enter_context(running(kafka(Path(scratch) / "kafka")))
        store = s3(Path(scratch) / "s3")
        stack.enter_context(running(store.service))
        sys.stdout.write(
            f"export SYNSIFT_KAFKA__BOOTSTRAP={HOST}:{broker.port}\n"
            f"export SYNSIFT_STORE__URL=s3://{S3_BUCKET} SYNSIFT_STORE__ENDPOINT={store.endpoint}\n"
            f"export SYNSIFT_STORE__REGION=us-east-1 SYNSIFT_STORE__ACCESS_KEY_ID={store.access_key}\n"
            f"export SYNSIFT_STORE__SECRET_ACCESS_KEY={store.secret_key}\n"
        )
        sys.stdout.flush()
        while True:
            signal.pause()


def _end_properly() -> None:
    """Have every wish that this ends unwind what was started."""

    def leave(_number: int, _frame: object) -> None:
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_IGN)  # once is enough: servers are being stopped
        sys.exit(0)

    stays = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    for number in _ENDINGS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)
    if not stays:
        end_with_parent()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MissingComponent as exc:
        sys.exit(str(exc))
