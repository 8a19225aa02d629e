"""The real Label Studio takes our tasks with their configuration, and what is voted there comes back.

Label Studio is a gigabyte, so it isn't installed with what else tests need: LABEL_STUDIO names its program.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from synsift.pipelines import topics
from synsift.pipelines.exchange.importing import import_votes
from synsift.pipelines.exchange.tasks_out import Batches, files_of
from synsift.pipelines.records import Vote
from synsift.pipelines.review.desk import named_of
from tests.pipelines.review.desks import GREYHOUND, TwoSynsets, world_of

PROGRAM = os.environ.get("LABEL_STUDIO", "")
TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - of a server that lives for one test
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM, reason="LABEL_STUDIO names no program (`pip install label-studio`, 1 GB)"),
]


class Studio:
    """A server, asked by its API."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310 - on loopback
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            return json.load(answer)


@contextmanager
def studio(folder: Path) -> Iterator[Studio]:
    """Start the server for the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "0",
        "COLLECT_ANALYTICS": "0",
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    }
    options = ["--no-browser", "--port", str(port), "--internal-host", "127.0.0.1"]
    options += ["--username", "a@x.example", "--password", "a password", "--user-token", TOKEN]
    with (folder / "studio.log").open("w") as log:
        process = subprocess.Popen([PROGRAM, "start", *options], env=env, stdout=log, stderr=log)
    server = Studio(port)
    try:
        end_s = time.monotonic() + 600
        while True:
            assert process.poll() is None, (folder / "studio.log").read_text()
            assert time.monotonic() < end_s, "it doesn't answer"
            try:
                server.ask("/api/projects/")
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.5)
        yield server
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder / "data", ignore_errors=True)


def test_tasks_go_there_and_votes_come_back(tmp_path: Path) -> None:
    found = world_of(tmp_path, tasks=2, images=4)
    batches = Batches(
        found.tasks,
        lambda wnid: named_of(TwoSynsets(), wnid),  # type: ignore[arg-type]
        "https://images.example/{}".format,
    )
    files = files_of("label-studio", batches)
    with studio(tmp_path) as server:
        project = server.ask("/api/projects/", {"title": "dogs", "label_config": files["labelling.xml"]})["id"]
        imported = server.ask(f"/api/projects/{project}/import?return_task_ids=true", json.loads(files["tasks.json"]))
        assert imported["task_count"] == 8
        answers = ["yes", "no", "unsure", "broken", "unimageable", "rival 1", "yes", "no"]
        for number, (task, answer) in enumerate(zip(imported["task_ids"], answers, strict=True)):
            value = {"from_name": "verdict", "to_name": "image", "type": "choices", "value": {"choices": [answer]}}
            server.ask(f"/api/tasks/{task}/annotations/", {"result": [value], "lead_time": number + 0.5})
        skipped = {"result": [], "was_cancelled": True}
        server.ask(f"/api/tasks/{imported['task_ids'][0]}/annotations/", skipped)
        export = server.ask(f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true")
    path = tmp_path / "export.json"
    path.write_text(json.dumps(export))
    told: list[object] = []
    done = import_votes(found.world.log, [path], lambda *what: told.append(what))
    assert (done.written, told) == (8, [])
    votes = {vote.sha256: vote for vote in found.world.records(topics.VOTES, Vote)}
    shas = [sha for task in found.tasks for sha in task.images]
    assert [votes[sha].answer for sha in shas] == [
        *("yes", "no", "unsure", "broken", "unimageable"),
        *(f"other:{GREYHOUND}", "yes", "no"),
    ]
    assert {vote.took_s for vote in votes.values()} == {n + 0.5 for n in range(8)}
    assert {vote.task for vote in votes.values()} == {task.id for task in found.tasks}
    assert import_votes(found.world.log, [path], lambda *_: None).written == 0
