"""A crawl that waits for hosts says for which."""

import logging

import pytest

from synsift.crawler.download.host_health import HealthPolicy
from synsift.pipelines.cli.watch import StageProgress, _progress, _Rates
from synsift.pipelines.worker import Worker
from tests.pipelines.stages.raw_web import raw_web
from tests.pipelines.stages.test_fetch import fetch, fetch_stage, want
from tests.pipelines.worlds import World


def test_who_closes_every_connection_is_named_while_it_is_waited_for(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """All stood at "52 left, 0/s" for the time that such hosts are left alone, and no line said which they were."""
    stage = fetch_stage(world, health=HealthPolicy(nap_s=0.05, sleep_s=2, longest_sleep_s=2, give_up_s=6))
    rows: list[StageProgress] = []

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "all that is left waits" in record.getMessage():
                rows.extend(_progress(world.log, Worker(world.log, [stage], until_idle=True), _Rates()))

    watch = Watch()
    logging.getLogger("synsift.pipelines.worker").addHandler(watch)
    try:
        with raw_web({b"/robots.txt": b"", b"/a.jpg": b""}) as port:
            want(world, f"http://127.0.0.1:{port}/a.jpg")
            fetch(world, stage=stage)
    finally:
        logging.getLogger("synsift.pipelines.worker").removeHandler(watch)
    (said,) = [line for line in caplog.messages if "all that is left waits" in line]
    assert f"for hosts that don't answer now: http://127.0.0.1:{port} (until " in said
    assert [row.pace for row in rows] == ["waits for 1 host"]
    assert StageProgress("fetch", 3, 2, 1, 4.0).pace == "4/s"
