"""Files of votes that services and tables give → what they say, whatever else is in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from json import JSONDecodeError
from pathlib import Path
from typing import Any, Final

from synsift.crawler.outside_json import loads
from synsift.pipelines.errors import UsageError
from synsift.pipelines.exchange.said import Said, Unreadable, answer_of, moment_of, seconds_of
from synsift.pipelines.exchange.tables import rows_of, text_of
from synsift.pipelines.texts import printable

LABEL_STUDIO: Final = "label-studio"
MTURK: Final = "mturk"
GROUND_TRUTH: Final = "ground-truth"
PLAIN: Final = "plain"

Line = Said | Unreadable
_COLUMNS: Final = {
    "wnid": ("wnid", "synset"),
    "sha256": ("sha256", "image"),
    "voter": ("voter", "worker", "annotator", "workerid"),
    "answer": ("answer", "label", "vote", "verdict"),
    "at": ("at", "time", "created_at", "timestamp"),
    "took_s": ("took_s", "seconds", "lead_time"),
    "task": ("task", "batch"),
    "rivals": ("rival_wnids",),
}
_NEEDED: Final = ("wnid", "sha256", "voter", "answer")
_ANNOTATED: Final = frozenset({"annotation_id", "annotator"})
"""Columns of Label Studio's short exports, JSON-MIN and CSV, and of nothing else."""
_BROKEN: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)


def read_votes(path: Path) -> tuple[str, Iterator[Line]]:
    """Tell what kind of file it is, and read it.

    Gives:
        The kind, and what it says in its order.

    Raises:
        UsageError: It can't be read, or is no such file.
    """
    try:
        text = text_of(path)
    except OSError as exc:
        raise UsageError(f"`{path}` can't be read: {exc.strerror or exc}") from exc
    begin = text.lstrip()[:1]
    if begin == "[":
        return _whole(path, text)
    if begin == "{":
        return _lines(text)
    return _table(path, text)


def _whole(path: Path, text: str) -> tuple[str, Iterator[Line]]:
    """A file that is one list of JSON."""
    try:
        items = loads(text)
    except (ValueError, RecursionError) as exc:
        where = f", line {exc.lineno}" if isinstance(exc, JSONDecodeError) else ""
        raise UsageError(f"`{path}`{where} isn't JSON", hint="it may have been cut off: load it down again") from exc
    first = next((item for item in items if isinstance(item, dict)), {})
    if "annotations" in first and "data" in first:
        return LABEL_STUDIO, _each(items, "task", _of_label_studio)
    if "datasetObjectId" in first:
        return GROUND_TRUTH, _each(items, "object", _of_responses)
    return PLAIN, _each(items, "item", _of_plain)


def _lines(text: str) -> tuple[str, Iterator[Line]]:
    """A file with JSON in each line."""
    values: list[Any] = []
    for line in text.split("\n"):
        try:
            values.append(loads(line) if line.strip() else None)
        except (ValueError, RecursionError):
            values.append(Unreadable("", "it isn't JSON"))
    first = next((value for value in values if isinstance(value, dict)), {})
    if "annotations" in first and "data" in first:
        return LABEL_STUDIO, _each(values, "line", _of_label_studio)
    if any(name.endswith("-metadata") for name in first):
        return GROUND_TRUTH, _each(values, "line", _of_manifest)
    return PLAIN, _each(values, "line", _of_plain)


def _each(items: Sequence[Any], word: str, read: Callable[[Any, str], Iterator[Line]]) -> Iterator[Line]:
    for number, item in enumerate(items, 1):
        where = f"{word} {number}"
        if item is None:
            continue
        if isinstance(item, Unreadable):
            yield Unreadable(where, item.why)
            continue
        yield from _carefully(where, item, read)


def _carefully(where: str, item: Any, read: Callable[[Any, str], Iterator[Line]]) -> Iterator[Line]:  # noqa: ANN401
    try:
        yield from read(item, where)
    except _BROKEN as exc:
        yield Unreadable(where, _why(exc))


def _why(exc: BaseException) -> str:
    if isinstance(exc, KeyError):
        return f"it has no `{str(exc.args[0])[:40]}`"
    return str(exc)[:200] if isinstance(exc, ValueError) else "it has another form"


def _of_plain(item: Any, where: str) -> Iterator[Line]:  # noqa: ANN401 - from anybody
    fields = {str(name).strip().lower(): value for name, value in item.items()}
    found = {ours: next((fields[name] for name in names if name in fields), None) for ours, names in _COLUMNS.items()}
    lacking = [name for name in _NEEDED if found[name] in (None, "")]
    if lacking:
        raise ValueError(f"it has no {' and no '.join(f'`{name}`' for name in lacking)}")
    voter = _name_of(found["voter"])
    if fields.keys() >= _ANNOTATED:  # the same person as in its JSON, and the same time
        voter, found["at"] = f"{LABEL_STUDIO}:{voter}", fields.get("updated_at") or found["at"]
    yield Said(
        where,
        str(found["wnid"]).strip(),
        str(found["sha256"]).strip().lower(),
        voter,
        answer_of(found["answer"], tuple(str(found["rivals"] or "").split())),
        moment_of(found["at"]),
        seconds_of(found["took_s"]),
        str(found["task"] or "").strip(),
    )


def _name_of(voter: Any) -> str:  # noqa: ANN401 - from anybody
    """A voter's name, or their number.

    Raises:
        ValueError: It is neither. Those whom nobody names would else all be one voter.
    """
    if isinstance(voter, bool) or not isinstance(voter, str | int) or not str(voter).strip():
        raise ValueError("its `voter` is neither a text nor a number")
    return str(voter).strip()


def _of_label_studio(item: Any, where: str) -> Iterator[Line]:  # noqa: ANN401 - from anybody
    """A task of Label Studio's export, with what each annotator says."""
    data = item["data"]
    rivals = tuple(str(data.get("rival_wnids") or "").split())
    wnid, sha256, task = str(data["wnid"]), str(data["sha256"]), str(data.get("task") or "")
    for number, annotation in enumerate(item["annotations"], 1):
        at = f"{where}, annotation {number}"

        def read(annotation: Any, at: str) -> Iterator[Line]:  # noqa: ANN401 - from anybody
            if annotation.get("was_cancelled"):
                return
            choices = [choice for one in annotation["result"] for choice in (one.get("value") or {}).get("choices", ())]
            if len(choices) != 1:
                raise ValueError(f"it has {len(choices)} answers, where one is wanted")
            by = annotation["completed_by"]
            name = _name_of(by.get("email") or by["id"] if isinstance(by, dict) else by)
            # Who changes an annotation leaves `created_at` as it was.
            when = moment_of(annotation.get("updated_at") or annotation.get("created_at"))
            took_s = seconds_of(annotation.get("lead_time"))
            yield Said(at, wnid, sha256, f"{LABEL_STUDIO}:{name}", answer_of(choices[0], rivals), when, took_s, task)

        yield from _carefully(at, annotation, read)


def _of_manifest(item: Any, where: str) -> Iterator[Line]:  # noqa: ANN401 - from anybody
    """A line of Ground Truth's output: one answer, which stands for those of its workers."""
    names = [name for name in item if name.endswith("-metadata")]
    if not names:
        raise ValueError("it has no label")
    rivals, task = tuple(item.get("rival-wnids") or ()), str(item.get("task") or "")
    wnid, sha256 = item["wnid"], item["sha256"]

    def read(name: str, place: str) -> Iterator[Line]:
        known = item[name]
        if str(known.get("human-annotated", "yes")).lower() in ("no", "false"):
            raise ValueError("a machine labelled it, and nobody looked")
        if "class-name" not in known and "failure-reason" in known:
            raise ValueError(f"its labelling failed: {str(known['failure-reason'])[:80]}")
        voter = f"{GROUND_TRUTH}:{known.get('job-name') or name.removesuffix('-metadata')}"
        when = moment_of(known.get("creation-date"))
        yield Said(place, wnid, sha256, voter, answer_of(known["class-name"], rivals), when, 0.0, task)

    for name in names:
        yield from _carefully(where if len(names) == 1 else f"{where}, {printable(name)}", name, read)


def _of_responses(item: Any, where: str) -> Iterator[Line]:  # noqa: ANN401 - from anybody
    """What a consolidation function of Ground Truth is given: the answers of all workers on an object."""
    data = item["dataObject"]
    content = data.get("content")
    known = loads(content) if isinstance(content, str) else data
    rivals, task = tuple(known.get("rival-wnids") or ()), str(known.get("task") or "")
    wnid, sha256 = known["wnid"], known["sha256"]

    def read(answer: Any, place: str) -> Iterator[Line]:  # noqa: ANN401 - from anybody
        said = loads(answer["annotationData"]["content"])
        label = said.get("verdict", said.get("label"))
        label = label.get("label") if isinstance(label, dict) else label
        voter = f"{GROUND_TRUTH}:{_name_of(answer['workerId'])}"
        yield Said(place, wnid, sha256, voter, answer_of(label, rivals), "", 0.0, task)

    for number, answer in enumerate(item["annotations"], 1):
        yield from _carefully(f"{where}, annotation {number}", answer, read)


def _table(path: Path, text: str) -> tuple[str, Iterator[Line]]:
    rows = rows_of(text)
    head = next(rows, None)
    if head is None:
        raise UsageError(f"`{path}` is empty")
    if isinstance(head[1], str):
        raise UsageError(f"`{path}`, line {head[0]}: {head[1]}")
    names = [name.strip() for name in head[1]]
    if "WorkerId" in names and "Input.task" in names:
        return MTURK, _rows(rows, names, _of_turk)
    plain = {name.lower() for name in names}
    lacking = [ours for ours in _NEEDED if not plain & set(_COLUMNS[ours])]
    if lacking:
        hint = "a table of votes has columns wnid, sha256, voter, answer; at, took_s and task if they are known"
        raise UsageError(f"`{path}` has no column `{lacking[0]}`", hint=hint)
    return PLAIN, _rows(rows, names, _of_plain)


def _rows(
    rows: Iterator[tuple[int, list[str] | str]], names: Sequence[str], read: Callable[[Any, str], Iterator[Line]]
) -> Iterator[Line]:
    for number, row in rows:
        where = f"line {number}"
        if isinstance(row, str):
            yield Unreadable(where, row)
        elif len(row) != len(names):
            yield Unreadable(where, f"it has {len(row)} values, and there are {len(names)} columns")
        else:
            yield from _carefully(where, dict(zip(names, row, strict=True)), read)


def _of_turk(row: Mapping[str, str], where: str) -> Iterator[Line]:
    """A row of a result of Mechanical Turk: one worker's answers on a batch."""
    if row.get("AssignmentStatus") == "Rejected" or row.get("Reject", "").strip():
        return  # the column is filled in the file by which a requester rejects: with an x, or why
    answers = loads(row["Answer.answers"])
    if not isinstance(answers, dict) or not answers:
        raise ValueError("its `Answer.answers` has no answers")
    rivals = tuple(row.get("Input.rival_wnids", "").split())
    each_s = round(seconds_of(row.get("WorkTimeInSeconds")) / len(answers), 2)
    at, voter = moment_of(row.get("SubmitTime")), f"{MTURK}:{_name_of(row['WorkerId'])}"
    wnid, task = row["Input.wnid"], row["Input.task"]

    def read(said: tuple[str, Any], place: str) -> Iterator[Line]:
        sha256, answer = said
        yield Said(place, wnid, sha256, voter, answer_of(answer, rivals), at, each_s, task)

    for number, said in enumerate(answers.items(), 1):
        yield from _carefully(f"{where}, answer {number}", said, read)
