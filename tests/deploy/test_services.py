"""The local servers end with whoever wanted them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local import services
from tests.conftest import missing

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 60

# services.py's own way of starting and ending, with a server of a few lines in the broker's and the store's place.
PROGRAM = """
import sys, pathlib
from deploy.local import services
SERVER = "import socket,sys,time; s=socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(3600)"
def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    port = services.free_port()
    return services.Service(port, [sys.executable, "-c", SERVER, str(port)], folder)
services.kafka = make
services.s3 = lambda folder: services.S3(make(folder), "a", "b")
original = services.Service.start
def start(self):
    original(self)
    print("server", self.process.pid, flush=True)
services.Service.start = start
sys.argv = ["services.py"]
sys.exit(services.main())
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(pids: list[int]) -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline_s, "left behind"
        time.sleep(0.05)


def as_from_a_terminal() -> None:
    """Whoever runs the tests may ignore hang-ups and interrupts, and what they start would inherit that."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def start(**options: object) -> tuple["subprocess.Popen[str]", list[int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        **({"preexec_fn": as_from_a_terminal} | options),  # type: ignore[call-overload]
    )
    assert process.stdout is not None
    pids = []
    for line in process.stdout:
        if line.startswith("server"):
            pids.append(int(line.split()[1]))
        if "SECRET" in line:
            break
    assert len(pids) == 2
    return process, pids


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_whatever_ends_the_services_ends_their_servers(number: signal.Signals) -> None:
    process, pids = start()
    process.send_signal(number)
    process.communicate(timeout=TIMEOUT_S)
    wait_until_gone(pids)
    assert process.returncode == (-number if number is signal.SIGKILL else 0)


def test_the_services_end_when_whoever_started_them_is_killed() -> None:
    outer = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess,sys; subprocess.run([sys.executable, '-c', {PROGRAM!r}])"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=as_from_a_terminal,
    )
    assert outer.stdout is not None
    lines = [outer.stdout.readline() for _ in range(3)]
    pids = [int(line.split()[1]) for line in lines if line.startswith("server")]
    outer.kill()
    outer.communicate(timeout=TIMEOUT_S)
    assert len(pids) == 2
    wait_until_gone(pids)


def test_under_nohup_they_outlive_the_terminal() -> None:
    process, pids = start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    os.kill(process.pid, 0)
    assert all(map(is_alive, pids))
    process.terminate()
    process.communicate(timeout=TIMEOUT_S)
    wait_until_gone(pids)


def test_brokers_start_with_classes_that_fit_their_jvm_and_jars() -> None:
    try:
        archive, libs = services._class_archive(), services.install_kafka()
    except services.MissingComponent as exc:
        missing(str(exc))
    if not archive.exists():
        missing("no classes were put together: deploy/local/services.py --install")
    # Told so, a JVM refuses to start where they don't fit.
    words = [
        "java",
        *services._JVM,
        "-Xshare:on",
        f"-XX:SharedArchiveFile={archive}",
        "-cp",
        f"{libs}/*",
        "kafka.Kafka",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "USAGE" in done.stdout + done.stderr
    assert "archive" not in done.stdout + done.stderr


def test_other_jars_have_classes_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CACHE", tmp_path)
    monkeypatch.setattr(services, "_run", lambda _command: "a JVM")
    jar = tmp_path / "kafka" / "libs" / "kafka_1.jar"
    jar.parent.mkdir(parents=True)
    names = []
    for second in (1, 1, 2):
        jar.touch()
        os.utime(jar, (second, second))
        names.append(services._class_archive.__wrapped__().name)
    assert names[0] == names[1] != names[2]
