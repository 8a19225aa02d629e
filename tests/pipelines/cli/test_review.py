"""``synsift review`` where it can't listen: why, and what helps against that."""

import socket
from pathlib import Path

import pytest

from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.topics import Router
from tests.conftest import RunCli
from tests.pipelines.review.desks import task


@pytest.fixture
def out(tmp_path: Path) -> Path:
    log = SqliteLog(tmp_path / "log.db", partitions=16)
    log.produce([Router(16).task(task(1, ["0" * 64]))])
    log.close()
    return tmp_path


@pytest.mark.parametrize(
    ("host", "port", "hint"),
    [
        ("no host", 0, "the host must be an address of this machine"),
        ("203.0.113.7", 0, "the host must be an address of this machine"),
        ("127.0.0.1", None, "another program has that port"),
    ],
)
def test_where_it_can_not_listen_the_hint_fits_the_reason(
    cli: RunCli, out: Path, host: str, port: int | None, hint: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        wanted = other.getsockname()[1] if port is None else port
        done = cli("review", "--no-open", "--host", host, "--port", str(wanted), "--out", str(out))
    assert done.returncode == 2
    assert hint in done.stderr
    assert "to vote on" not in done.stderr, "nobody can"
