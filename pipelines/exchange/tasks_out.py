"""Open batches, as services take them: a folder of files for each, that is written whole or not at all."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from synsift.pipelines.errors import UsageError
from synsift.pipelines.exchange.said import RIVAL
from synsift.pipelines.exchange.votes_in import GROUND_TRUTH, LABEL_STUDIO, MTURK
from synsift.pipelines.pages.page import asset
from synsift.pipelines.records import Task
from synsift.pipelines.review.desk import Named

CSV: Final = "csv"
JSONL: Final = "jsonl"
FORMS: Final = (LABEL_STUDIO, MTURK, GROUND_TRUTH, CSV, JSONL)
_ANSWERS: Final = ("yes", "no", "unsure", "broken", "unimageable")
_MOST_RIVALS: Final = 3
_HOTKEYS: Final = "yn?bx123"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Batches:
    """What is asked, and how it is said.

    Attributes:
        tasks: Open ones.
        named: Synset id → its names and definition.
        url_of: SHA-256 → where a service finds the image.
    """

    tasks: Sequence[Task]
    named: Callable[[str], Named]
    url_of: Callable[[str], str]


def files_of(form: str, batches: Batches) -> dict[str, str]:
    """The files for a service, by name.

    Args:
        form: One of ``FORMS``.
        batches: What is asked.

    Raises:
        UsageError: A service can't have these.
    """
    if form == LABEL_STUDIO:
        tasks = [{"data": row} for row in _label_studio(batches)]
        return {"tasks.json": json.dumps(tasks, ensure_ascii=False, indent=1) + "\n", "labelling.xml": _labelling()}
    if form == MTURK:
        page = asset("task_page.html", "synsift.pipelines.exchange")
        return {"batches.csv": _csv(_turk(batches)), "page.html": page}
    if form == GROUND_TRUTH:
        return {"manifest.jsonl": _json_lines(_ground_truth(batches))}
    rows = list(_plain(batches))
    return {"tasks.csv": _csv(rows)} if form == CSV else {"tasks.jsonl": _json_lines(rows)}


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Write the files into a folder, which is made; each appears whole.

    Raises:
        UsageError: That can't be done.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            part = folder / f"{name}.part"
            part.write_text(text, encoding="utf-8", newline="")
            part.replace(folder / name)
    except OSError as exc:
        raise UsageError(f"`{folder}` can't be written: {exc.strerror or exc}") from exc


def _described(batches: Batches, task: Task) -> dict[str, Any]:
    synset, rivals = batches.named(task.wnid), [batches.named(wnid) for wnid in task.rivals[:_MOST_RIVALS]]
    return {
        "task": task.id,
        "wnid": task.wnid,
        "name": synset.name,
        "definition": synset.definition,
        "link": task.link,
        "rivals": "; ".join(f"{number} {rival.name}" for number, rival in enumerate(rivals, 1)),
        "rival_wnids": " ".join(rival.wnid for rival in rivals),
    }


def _plain(batches: Batches) -> Iterator[dict[str, Any]]:
    for task in batches.tasks:
        described = _described(batches, task)
        for sha256 in task.images:
            yield {**described, "sha256": sha256, "image": batches.url_of(sha256)}


def _label_studio(batches: Batches) -> Iterator[dict[str, Any]]:
    for row in _plain(batches):
        rivals = f"Not to be mistaken for: {row['rivals']}." if row["rivals"] else ""
        yield {**row, "question": f"Does it show: {row['name']}? {row['definition']}".strip(), "hint": rivals}


def _labelling() -> str:
    """Label Studio's configuration: one picture, one answer, a key for each."""
    answers = [*_ANSWERS, *(f"{RIVAL}{number}" for number in range(1, _MOST_RIVALS + 1))]
    choices = "\n".join(
        f"    <Choice value={quoteattr(answer)} hotkey={quoteattr(key)}/>"
        for answer, key in zip(answers, _HOTKEYS.replace("?", "u"), strict=True)
    )
    return (
        '<View>\n  <Header value="$question"/>\n  <Text name="rivals" value="$hint"/>\n'
        '  <Image name="image" value="$image"/>\n'
        f'  <Choices name="verdict" toName="image" choice="single" showInline="true" required="true">\n{choices}\n'
        "  </Choices>\n</View>\n"
    )


def _turk(batches: Batches) -> Iterator[dict[str, Any]]:
    for task in batches.tasks:
        urls = [batches.url_of(sha256) for sha256 in task.images]
        if any(not url.startswith("https://") for url in urls):
            raise UsageError(
                "images for Mechanical Turk must have an https address",
                hint="`--images https://…/{sha256}` says where the images can be had",
            )
        yield {**_described(batches, task), "images": " ".join(urls), "sha256s": " ".join(task.images)}


def _ground_truth(batches: Batches) -> Iterator[dict[str, Any]]:
    for row in _plain(batches):
        if not row["image"].startswith("s3://"):
            raise UsageError(
                "images for Ground Truth must be on S3",
                hint="`--images s3://bucket/…/{sha256}` says where the images can be had",
            )
        kept = {name: row[name] for name in ("task", "wnid", "sha256")}
        yield {"source-ref": row["image"], **kept, "rival-wnids": row["rival_wnids"].split()}


def _json_lines(rows: "Iterator[dict[str, Any]] | list[dict[str, Any]]") -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(rows: "Iterator[dict[str, Any]] | list[dict[str, Any]]") -> str:
    """CSV; a text that a spreadsheet would run gets an apostrophe before it."""
    found = list(rows)
    target = io.StringIO()
    if found:
        writer = csv.DictWriter(target, list(found[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: _harmless(value) for name, value in row.items()} for row in found)
    return target.getvalue()


def _harmless(value: Any) -> Any:  # noqa: ANN401 - what CSV can hold
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
