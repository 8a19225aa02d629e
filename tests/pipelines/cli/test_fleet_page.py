"""``synsift fleet`` as a process: it says where the page is, serves it to who has the key, and ends at Ctrl-C."""

import asyncio
import signal
import subprocess
from pathlib import Path

import aiohttp

from tests import warm
from tests.conftest import RunCli, environment
from tests.pipelines.worlds import make_world


async def statuses(urls: list[str]) -> list[int]:
    async with aiohttp.ClientSession() as session:
        return [(await session.get(url)).status for url in urls]


def test_the_page_is_served_until_ctrl_c(tmp_path: Path) -> None:
    make_world(tmp_path).log.close()
    with warm.start(
        ["fleet", "--no-open", "--port", "0", "--out", str(tmp_path)],
        env=environment({"log.partitions": 4}) | {"XDG_CACHE_HOME": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:")
            bare, _, key = address.partition("?key=")
            assert asyncio.run(statuses([f"{bare}api/view", f"{bare}api/view?key={key}"])) == [403, 200]
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=300)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Traceback" not in errors, errors


def test_where_there_is_no_log_the_hint_says_how_to_begin(cli: RunCli, tmp_path: Path) -> None:
    done = cli("fleet", "--no-open", "--port", "0", "--out", str(tmp_path / "nothing"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr, done.stderr
    assert "hint:" in done.stderr
