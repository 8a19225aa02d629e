"""What several test folders share: the demo's web, and the command line as a user runs it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from deploy.local import services
from deploy.local.services import S3, Service
from synsift.pipelines.demo.run import demo_options, demo_web
from synsift.pipelines.demo.web import Directory
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from tests import warm
from tests.memory_folder import memory_folder

RunCli = Callable[..., subprocess.CompletedProcess[str]]

# What a shell starts in the background ignores Ctrl-C, and so would each command that these tests start.
for _number, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fast tests first; those that show more of the same only where somebody asks for them."""
    if "exhaustive" not in config.option.markexpr and not any("::" in argument for argument in config.args):
        left_out = [item for item in items if item.get_closest_marker("exhaustive") is not None]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.get_closest_marker("exhaustive") is None]
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(scope="session")
def directory() -> Iterator[Directory]:
    """The demo's web, started once."""
    with demo_web("tests.demo_world") as found:
        yield found


def environment(options: Mapping[str, object]) -> dict[str, str]:
    """The environment of a command: nothing of the tester's own configuration, and these keys."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SYNSIFT_")}
    for key, value in options.items():
        text = str(value).replace("'", '"') if isinstance(value, list) else str(value)
        env[f"SYNSIFT_{key.replace('.', '__').upper()}"] = text
    return env


@pytest.fixture
def quick_options(directory: Directory) -> dict[str, object]:
    """The demo's configuration, more impatient still."""
    return {
        **demo_options(directory),
        "fetch.timeout_s": 1.0,
        "fetch.backoff_s": 0.1,
        "land.linger_s": 0.2,
        "logging.level": "WARNING",
    }


def command(*arguments: str) -> list[str]:
    """The command line of a command."""
    return [sys.executable, "-m", "synsift", *arguments]


@pytest.fixture
def cli(tmp_path: Path) -> RunCli:
    """Run a command as a user does, in an empty folder."""
    folder = tmp_path / "cwd"
    folder.mkdir()

    def run(
        *arguments: str, options: Mapping[str, object] | None = None, timeout_s: float = 300, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        env = environment(options or {})
        return warm.run(arguments, env=env, cwd=folder, stdin=stdin, timeout_s=timeout_s)

    return run


def component(names: Sequence[str]) -> str:
    """The path of a program that a test needs; without it the test is skipped, in CI it fails."""
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    missing(f"none of {', '.join(names)} is installed")


def complaints_of_promtool(metrics: str) -> str:
    """What Prometheus's own checker says of metrics as they are served; empty if nothing."""
    command = [component(["promtool"]), "check", "metrics"]
    done = subprocess.run(command, input=metrics, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def missing(what: str) -> NoReturn:
    """Skip a test for lack of a component; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and CI must have it")
    pytest.skip(what)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB, mounted for one test."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="session")
def broker() -> Iterator[Service]:
    """A Kafka broker, started once."""
    with memory_folder() as folder:
        try:
            service = services.kafka(folder)
        except services.MissingComponent as exc:
            missing(str(exc))
        with services.running(service):
            yield service


@pytest.fixture(scope="session")
def kafka(broker: Service) -> KafkaAddress:
    """The broker, with time-outs that a test can wait for."""
    return KafkaAddress(f"127.0.0.1:{broker.port}", session_timeout_s=1.0, poll_timeout_s=2.0)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """An S3 server, started once."""
    try:
        server = services.s3(tmp_path_factory.mktemp("s3"))
    except services.MissingComponent as exc:
        missing(str(exc))
    with services.running(server.service):
        yield server


def s3_options(server: S3, prefix: str) -> dict[str, object]:
    """The configuration of a store on the S3 server."""
    return {
        "store.url": f"s3://{services.S3_BUCKET}/{prefix}",
        "store.endpoint": server.endpoint,
        "store.region": "us-east-1",
        "store.access_key_id": server.access_key,
        "store.secret_access_key": server.secret_key,
    }


def kafka_options(address: KafkaAddress, prefix: str, *, replication: int = 1) -> dict[str, object]:
    """The configuration of a log on the broker, whose topics are made."""
    KafkaTopics(address, prefix=prefix).create(Shape(16, replication))
    return {
        "kafka.bootstrap": address.bootstrap,
        "kafka.prefix": prefix,
        "kafka.replication": replication,
        "kafka.session_timeout_s": 2.0,
    }
