"""Files of votes with anything changed in them: every place is a vote or is told, and nothing else is raised."""

import csv
import io
import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from synsift.pipelines.errors import UsageError
from synsift.pipelines.exchange.importing import import_votes
from synsift.pipelines.records import Vote
from tests.pipelines.exchange.test_round_trips import TURK, annotation, row, votes
from tests.pipelines.review.desks import WHIPPET, world_of

ODD: list[Any] = [None, 0, -1, 1.5, 1e999, True, "", "x" * 10_000, "\ud800", [], {}, [None], {"id": {}}, "\x00", "=1"]


def texts(found: SimpleNamespace) -> list[str]:
    images = found.tasks[0].images
    data = {"wnid": WHIPPET, "sha256": images[0], "task": found.tasks[0].id, "rival_wnids": "n02091032"}
    export = [{"id": 1, "data": data, "annotations": [annotation(1, "yes"), annotation(2, "rival 1")]}]
    line = {
        **data,
        "verdict": 0,
        "verdict-metadata": {"class-name": "yes", "job-name": "j", "creation-date": "2026-11-01T10:00:00"},
    }
    content = json.dumps({"verdict": {"label": "yes"}})
    responses = [
        {
            "datasetObjectId": "0",
            "dataObject": {"content": json.dumps(data)},
            "annotations": [{"workerId": "w", "annotationData": {"content": content}}],
        }
    ]
    target = io.StringIO()
    writer = csv.DictWriter(target, [*TURK, "Input.task", "Input.wnid", "Input.rival_wnids", "Answer.answers"])
    writer.writeheader()
    writer.writerow(
        {
            "WorkerId": "A",
            "SubmitTime": "Sun Nov 01 12:00:00 PST 2026",
            "Input.task": found.tasks[0].id,
            "Input.wnid": WHIPPET,
            "Answer.answers": json.dumps(dict.fromkeys(images, "yes")),
        }
    )
    plain = "wnid,sha256,voter,answer\n" + row(found) + "\n"
    return [json.dumps(export), json.dumps(line) + "\n", json.dumps(responses), target.getvalue(), plain]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(one for name, item in inner for one in leaves(item, (*path, name)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


def take(found: SimpleNamespace, path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        import_votes(found.world.log, [path], lambda *_: None)
    except UsageError as exc:
        assert path.name in str(exc)


@pytest.mark.parametrize("number", range(5))
def test_bytes_that_are_changed(tmp_path: Path, number: int) -> None:
    found = world_of(tmp_path, tasks=1)
    text = texts(found)[number].encode()
    chance = random.Random(number)  # noqa: S311 - a sample
    for _ in range(150):
        data = bytearray(text)
        for _ in range(chance.choice((1, 1, 2, 8))):
            at = chance.randrange(len(data))
            data[at : at + chance.choice((0, 1, 1, 3))] = bytes([chance.randrange(256)])
        take(
            found, tmp_path / "votes.x", bytes(data[: chance.randint(1, len(data))] if chance.random() < 0.2 else data)
        )
    check(found)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_values_that_are_others(tmp_path: Path, number: int) -> None:
    found = world_of(tmp_path, tasks=1)
    value = json.loads(texts(found)[number])
    for path in leaves(value):
        for odd in ODD:
            take(found, tmp_path / "votes.x", json.dumps(replaced(value, path, odd)).encode())
    check(found)


def check(found: SimpleNamespace) -> None:
    """Whatever got in is a vote on an image of the batch; all records can be read back."""
    for vote in votes(found):
        assert isinstance(vote, Vote)
        assert vote.wnid == WHIPPET
        assert vote.sha256 in found.tasks[0].images
        assert not vote.answer.startswith("copy:")
