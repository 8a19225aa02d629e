"""Batches go out to each service, and what it would give back becomes the votes that people gave."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from synsift.pipelines import topics
from synsift.pipelines.errors import UsageError
from synsift.pipelines.exchange import importing
from synsift.pipelines.exchange.importing import Imported, import_votes
from synsift.pipelines.exchange.tasks_out import FORMS, Batches, files_of, write_files
from synsift.pipelines.records import Vote
from synsift.pipelines.review.desk import named_of
from synsift.pipelines.verification.ballots import Place
from synsift.pipelines.voting import read_ballots
from tests.pipelines.review.desks import GREYHOUND, ODD, WHIPPET, TwoSynsets, world_of

URL = "https://images.example/{}"
# In the order of real result files.
# fmt: off
TURK = [
    "HITId", "HITTypeId", "Title", "Description", "Keywords", "Reward", "CreationTime", "MaxAssignments",
    "RequesterAnnotation", "AssignmentDurationInSeconds", "AutoApprovalDelayInSeconds", "Expiration",
    "NumberOfSimilarHITs", "LifetimeInSeconds", "AssignmentId", "WorkerId", "AssignmentStatus", "AcceptTime",
    "SubmitTime", "AutoApprovalTime", "ApprovalTime", "RejectionTime", "RequesterFeedback",
    "WorkTimeInSeconds", "LifetimeApprovalRate", "Last30DaysApprovalRate", "Last7DaysApprovalRate",
]
# fmt: on


@pytest.fixture
def found(tmp_path: Path) -> SimpleNamespace:
    return world_of(tmp_path, tasks=2, images=4)


def sent(found: SimpleNamespace, form: str, url: str = URL) -> dict[str, str]:
    batches = Batches(found.tasks, lambda wnid: named_of(TwoSynsets(), wnid), url.format)  # type: ignore[arg-type]
    return files_of(form, batches)


def taken(found: SimpleNamespace, path: Path, text: str) -> tuple[Imported, list[str]]:
    path.write_text(text, encoding="utf-8")
    told: list[str] = []
    done = import_votes(
        found.world.log, [path], lambda file, what: told.append(f"{file.name}, {what.where}: {what.why}")
    )
    return done, told


def votes(found: SimpleNamespace) -> list[Vote]:
    return found.world.records(topics.VOTES, Vote)  # type: ignore[no-any-return]


def annotation(by: Any, choice: str | None, **more: Any) -> dict[str, Any]:
    """As Label Studio 1.x exports one, but for keys that say nothing of votes."""
    result = (
        []
        if choice is None
        else [
            {"value": {"choices": [choice]}, "from_name": "verdict", "to_name": "image", "type": "choices", "id": "x"}
        ]
    )
    return {
        "id": 1,
        "completed_by": by,
        "result": result,
        "was_cancelled": choice is None,
        "ground_truth": False,
        "created_at": "2026-11-01T10:00:00.123456Z",
        "lead_time": 2.5,
        "unique_id": "0b5a",
        **more,
    }


def test_label_studio(found: SimpleNamespace, tmp_path: Path) -> None:
    files = sent(found, "label-studio")
    tasks = json.loads(files["tasks.json"])
    assert len(tasks) == 8
    for name in ("question", "hint", "image"):
        assert f"${name}" in files["labelling.xml"]
        assert all(name in task["data"] for task in tasks)
    answers = ["yes", "no", "unsure", "broken", "unimageable", "rival 1", None, "yes"]
    export = [
        {"id": n, **task, "annotations": [annotation(3, answer), annotation({"id": 4, "email": "b@x.example"}, "no")]}
        for n, (task, answer) in enumerate(zip(tasks, answers, strict=True))
    ]
    done, told = taken(found, tmp_path / "export.json", json.dumps(export))
    assert (done.written, told) == (15, [])
    assert done.voters == {"label-studio:3": 7, "label-studio:b@x.example": 8}
    shas = [task["data"]["sha256"] for task in tasks]
    mine = {vote.sha256: vote for vote in votes(found) if vote.voter == "label-studio:3"}
    assert [mine[sha].answer for sha in shas[:6]] == [
        *("yes", "no", "unsure", "broken", "unimageable"),
        f"other:{GREYHOUND}",
    ]
    one = mine[shas[0]]
    assert (one.origin, one.took_s, one.at, one.task) == (
        "label-studio",
        2.5,
        "2026-11-01T10:00:00Z",
        found.tasks[0].id,
    )
    again, _ = taken(found, tmp_path / "export.json", json.dumps(export))
    assert (again.written, again.known) == (0, 15)


def test_mechanical_turk(found: SimpleNamespace, tmp_path: Path) -> None:
    files = sent(found, "mturk")
    for field in ("name", "definition", "link", "rivals", "images", "sha256s"):
        assert f"${{{field}}}" in files["page.html"]
    inputs = list(csv.DictReader(io.StringIO(files["batches.csv"])))
    assert inputs[0]["images"].split()[0] == URL.format(found.tasks[0].images[0])
    target = io.StringIO()
    head = [*TURK, *(f"Input.{name}" for name in inputs[0]), "Answer.answers", "Approve", "Reject"]
    writer = csv.DictWriter(target, head)
    writer.writeheader()
    said = (
        ("Approved", "A1", ""),
        ("Submitted", "A2", ""),
        ("Rejected", "A3", ""),
        ("Submitted", "A4", "all the same"),
    )
    for status, worker, reject in said:
        for row in inputs:
            shas = row["sha256s"].split()
            answers = dict(zip(shas, ("yes", "no", "rival 1", "broken"), strict=True))
            writer.writerow(
                {
                    "Description": 'Which pictures\nshow "it"?',
                    "WorkerId": worker,
                    "AssignmentStatus": status,
                    "SubmitTime": "Sun Nov 01 12:00:00 PST 2026",
                    "WorkTimeInSeconds": "60",
                    **{f"Input.{name}": value for name, value in row.items()},
                    "Answer.answers": json.dumps(answers),
                    "Reject": reject,
                }
            )
    done, told = taken(found, tmp_path / "Batch_1_batch_results.csv", target.getvalue())
    assert (done.written, told, done.voters) == (16, [], {"mturk:A1": 8, "mturk:A2": 8})
    one = next(vote for vote in votes(found) if vote.answer.startswith("other:"))
    assert (one.answer, one.at, one.took_s) == (f"other:{GREYHOUND}", "2026-11-01T20:00:00Z", 15.0)


def test_ground_truth(found: SimpleNamespace, tmp_path: Path) -> None:
    manifest = sent(found, "ground-truth", "s3://bucket/{}")["manifest.jsonl"]
    lines = [json.loads(line) for line in manifest.splitlines()]
    known = {"class-name": "yes", "job-name": "labeling-job/dogs", "creation-date": "2026-11-01T10:00:00.000000"}
    output = "".join(
        json.dumps({**line, "verdict": 0, "verdict-metadata": {**known, "human-annotated": "yes"}}) + "\n"
        for line in lines
    )
    done, told = taken(found, tmp_path / "output.manifest", output)
    assert (done.written, told, done.voters) == (8, [], {"ground-truth:labeling-job/dogs": 8})
    responses = [
        {
            "datasetObjectId": str(number),
            "dataObject": {"s3Uri": line["source-ref"], "content": json.dumps(line)},
            "annotations": [
                {"workerId": name, "annotationData": {"content": json.dumps({"verdict": {"label": answer}})}}
                for name, answer in (("w1", "yes"), ("w2", "rival 1"))
            ],
        }
        for number, line in enumerate(lines)
    ]
    done, told = taken(found, tmp_path / "responses.json", json.dumps(responses))
    assert (done.written, told) == (16, [])
    again, _ = taken(found, tmp_path / "responses.json", json.dumps(responses))
    assert (again.written, again.known) == (0, 16), "they have no time, and say the same"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_tables(found: SimpleNamespace, tmp_path: Path, form: str) -> None:
    name, text = next(iter(sent(found, form).items()))
    rows = list(csv.DictReader(io.StringIO(text))) if form == "csv" else [json.loads(x) for x in text.splitlines()]
    for row in rows:
        row |= {"voter": "ana", "answer": "yes", "at": "2026-11-01T10:00:00+02:00", "took_s": "1.5"}
    target = io.StringIO()
    if form == "csv":
        writer = csv.DictWriter(target, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    else:
        target.writelines(json.dumps(row) + "\n" for row in rows)
    done, told = taken(found, tmp_path / name, target.getvalue())
    assert (done.written, told) == (8, [])
    one = votes(found)[0]
    assert (one.at, one.took_s, one.origin, one.task) == ("2026-11-01T08:00:00Z", 1.5, name, found.tasks[0].id)


def test_a_table_that_a_spreadsheet_opens_runs_nothing(found: SimpleNamespace) -> None:
    class Formulas(TwoSynsets):
        def get(self, wnid: str) -> Any:
            synset = super().get(wnid)
            return type(synset)(wnid, ('=HYPERLINK("http://evil.example")',), "@SUM(1)")

    batches = Batches(found.tasks, lambda wnid: named_of(Formulas(), wnid), URL.format)  # type: ignore[arg-type]
    for form, name in (("csv", "tasks.csv"), ("mturk", "batches.csv")):
        for row in csv.DictReader(io.StringIO(files_of(form, batches)[name])):
            assert not [value for value in row.values() if value.startswith(("=", "@", "+", "-"))]


def test_a_service_that_can_not_see_the_images_is_said(found: SimpleNamespace) -> None:
    for form, url in (("mturk", "file:///{}"), ("ground-truth", "https://x.example/{}")):
        with pytest.raises(UsageError) as caught:
            sent(found, form, url)
        assert "--images" in str(caught.value.hint)


def test_files_appear_whole_and_a_folder_that_can_not_be_is_named(found: SimpleNamespace, tmp_path: Path) -> None:
    for form in FORMS:
        url = "s3://b/{}" if form == "ground-truth" else URL
        write_files(tmp_path / form, sent(found, form, url))
        assert not list((tmp_path / form).glob("*.part"))
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="can't be written"):
        write_files(tmp_path / "file" / "x", {"a": "b"})


Broken = Callable[[SimpleNamespace], str]


def row(found: SimpleNamespace, **more: str) -> str:
    known = {"wnid": WHIPPET, "sha256": found.tasks[0].images[0], "voter": "ana", "answer": "yes", **more}
    return ",".join(known.values())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (lambda found: row(found, answer="perhaps"), "no answer"),
        (lambda found: row(found, answer="copy:" + "0" * 64), "no answer"),
        (lambda found: row(found, answer="rival 1"), "no answer"),
        (lambda found: row(found, voter=""), "no `voter`"),
        (lambda found: row(found, voter="a\x00b"), "voter"),
        (lambda found: row(found, sha256="0" * 64), "no image"),
        (lambda found: row(found, sha256="xyz"), "sha256"),
        (lambda found: row(found, wnid=GREYHOUND), "no image"),
        (lambda found: row(found) + ",x", "5 values"),
        (lambda found: row(found, voter='"ana'), "a quote"),
        (lambda found: row(found, voter='a"na"b"'), ""),
        (lambda _found: "just a line", "1 values"),
    ],
)
def test_a_line_that_is_no_vote_is_named_and_the_rest_goes_on(
    found: SimpleNamespace, tmp_path: Path, line: Broken, why: str
) -> None:
    images = found.tasks[0].images
    text = "\r\n".join(
        ["wnid,sha256,voter,answer", row(found), line(found), *(row(found, sha256=sha) for sha in images[1:]), ""]
    )
    done, told = taken(found, tmp_path / "votes.csv", text)
    assert done.written == 4 + (not told)
    if why:
        (words,) = told
        assert words.startswith("votes.csv, line 3: ")
        assert why in words


@pytest.mark.parametrize(
    "text",
    ["", "[", '[{"a": 1', "{", "a,b\n1,2", "\x00\x01", "[" * 50_000, '"open', "wnid,sha256,voter\n"],
)
def test_what_is_no_file_of_votes_is_refused_or_told(found: SimpleNamespace, tmp_path: Path, text: str) -> None:
    try:
        done, told = taken(found, tmp_path / "x.csv", text)
    except UsageError as exc:
        assert "x.csv" in str(exc)
    else:
        assert told
        assert done.written == 0
    assert not votes(found)


def test_excels_utf_16_and_a_bom_are_read(found: SimpleNamespace, tmp_path: Path) -> None:
    text = "wnid\tsha256\tvoter\tanswer\r\n" + row(found).replace(",", "\t") + "\r\n"
    for number, encoding in enumerate(("utf-16", "utf-8-sig")):
        path = tmp_path / f"{number}.txt"
        path.write_bytes(text.replace("ana", f"ana{number}").encode(encoding))
        assert import_votes(found.world.log, [path], lambda *_: None).written == 1


def test_who_has_changed_their_mind_is_believed_though_no_time_is_told(
    found: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, answer in enumerate(("yes", "no", "no", "yes")):
        monkeypatch.setattr(importing, "now_text", lambda number=number, **_: f"2026-11-01T10:00:0{number}Z")
        taken(found, tmp_path / f"{number}.csv", "wnid,sha256,voter,answer\n" + row(found, answer=answer))
    assert [vote.answer for vote in votes(found)] == ["yes", "no", "yes"]


def test_odd_names_of_synsets_travel(found: SimpleNamespace) -> None:
    text = sent(found, "label-studio")["tasks.json"]
    assert ODD in json.loads(text)[0]["data"]["rivals"]


def test_a_table_may_say_rivals_by_their_number_and_answers_as_floats(found: SimpleNamespace, tmp_path: Path) -> None:
    """Label Studio's short JSON, its CSV, and what a data frame writes."""
    one, two, three = found.tasks[0].images[:3]
    item = {"wnid": WHIPPET, "rival_wnids": GREYHOUND, "annotator": 7, "lead_time": 2.5}
    answers = {one: "rival 1", two: 1.0, three: 0.0}
    items = [{**item, "sha256": sha256, "verdict": answer} for sha256, answer in answers.items()]
    done, told = taken(found, tmp_path / "short.json", json.dumps(items))
    assert (done.written, told) == (3, [])
    assert {vote.sha256: vote.answer for vote in votes(found)} == {one: f"other:{GREYHOUND}", two: "yes", three: "no"}


def test_names_that_are_not_in_utf_8_are_told_and_are_not_one_voter(found: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    lines = ["wnid,sha256,voter,answer", *(row(found, voter=name) for name in ("jos\u00e9", "jos\u00e8", "ana"))]
    path.write_bytes("\n".join(lines).encode("latin-1"))
    told: list[str] = []
    done = import_votes(found.world.log, [path], lambda _, what: told.append(f"{what.where}: {what.why}"))
    assert [vote.voter for vote in votes(found)] == ["ana"]
    assert done.unreadable == 2
    assert told[0] == "line 2: its voter's name isn't in UTF-8: save the file as that"


def test_a_vote_of_the_future_is_none_as_no_later_one_could_replace_it(found: SimpleNamespace, tmp_path: Path) -> None:
    head = "wnid,sha256,voter,answer,at\n"
    rows = f"{row(found)},2999-01-01\n{row(found, voter='bob')},2026-01-01\n"
    done, told = taken(found, tmp_path / "future.csv", head + rows)
    assert done.written == 1
    assert told == ["future.csv, line 2: it was given at 2999-01-01T00:00:00Z, which is yet to come"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"voter": "a\x1bb"}, "its voter, `a\ufffdb`, is not a name"),
        ({"voter": "x" * 200}, "\u2026`, is not a name: 128 characters at most"),
        ({"voter": {"a": 1}}, "its `voter` is neither a text nor a number"),
        ({"voter": True}, "its `voter` is neither a text nor a number"),
        ({"wnid": "a b"}, "its wnid, `a b`, is not a synset"),
        ({"sha256": "photo.jpg"}, "its sha256, `photo.jpg`, is not the SHA-256 of an image"),
        ({"answer": "other:"}, "its answer, `other:`, is not an answer"),
        ({"task": "7"}, "its task, `7`, is not the id of a batch"),
    ],
)
def test_why_it_is_no_vote_is_said_in_words(
    found: SimpleNamespace, tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    item = {"wnid": WHIPPET, "sha256": found.tasks[0].images[0], "voter": "ana", "answer": "yes", **change}
    done, told = taken(found, tmp_path / "odd.json", json.dumps([item]))
    assert done.written == 0
    assert why in told[0]
    assert "regex" not in told[0]


def test_a_name_is_one_voter_in_whatever_file_it_stands(found: SimpleNamespace, tmp_path: Path) -> None:
    lines = [row(found, voter=name) for name in ("Jos\u00e9", "Jose\u0301")]
    taken(found, tmp_path / "two.csv", "\n".join(["wnid,sha256,voter,answer", *lines]))
    assert {vote.voter for vote in votes(found)} == {"Jos\u00e9"}


def turked(found: SimpleNamespace, answers: Any) -> str:
    row = {"WorkerId": "A1", "Input.task": found.tasks[0].id, "Input.wnid": WHIPPET}
    row["Answer.answers"] = json.dumps(answers)
    target = io.StringIO()
    writer = csv.DictWriter(target, list(row))
    writer.writeheader()
    writer.writerow(row)
    return target.getvalue()


def test_an_answer_that_is_none_costs_no_other_of_its_batch(found: SimpleNamespace, tmp_path: Path) -> None:
    first, second, third, _ = found.tasks[0].images
    done, told = taken(found, tmp_path / "turk.csv", turked(found, {first: "perhaps", second: "yes", third: None}))
    assert (done.written, done.unreadable) == (1, 2)
    assert [line.partition(": ")[0] for line in told] == ["turk.csv, line 2, answer 1", "turk.csv, line 2, answer 3"]
    assert told[1].endswith("its answer is neither a text nor a number")  # null, which isn't the word none
    content = json.dumps({"wnid": WHIPPET, "sha256": first})
    answers = [{"workerId": "w1", "annotationData": {"content": "{"}}]
    answers += [{"workerId": w, "annotationData": {"content": '{"verdict": "no"}'}} for w in ("w2", None, "w3")]
    objects = [{"datasetObjectId": "0", "dataObject": {"content": content}, "annotations": answers}]
    done, told = taken(found, tmp_path / "responses.json", json.dumps(objects))
    assert done.voters == {"ground-truth:w2": 1, "ground-truth:w3": 1}
    assert [line.partition(": ")[0][-12:] for line in told] == ["annotation 1", "annotation 3"]
    lines = {"wnid": WHIPPET, "sha256": second, "sport-metadata": {"class-name": "football"}}
    lines["verdict-metadata"] = {"class-name": "yes", "job-name": "j"}
    done, told = taken(found, tmp_path / "manifest.jsonl", json.dumps(lines))
    assert (done.voters, len(told)) == ({"ground-truth:j": 1}, 1)


def test_a_machine_has_no_vote(found: SimpleNamespace, tmp_path: Path) -> None:
    """Ground Truth labels by itself what it is sure of, if it is let, and says so."""
    images = found.tasks[0].images
    said = [{"class-name": "yes", "human-annotated": by} for by in ("yes", "no")] + [{"failure-reason": "it broke"}]
    lines = [
        json.dumps({"wnid": WHIPPET, "sha256": sha256, "verdict-metadata": known})
        for sha256, known in zip(images, said, strict=False)
    ]
    done, told = taken(found, tmp_path / "manifest.jsonl", "\n".join(lines))
    assert done.written == 1
    assert [line.partition(": ")[2] for line in told] == [
        "a machine labelled it, and nobody looked",
        "its labelling failed: it broke",
    ]


def test_who_changes_an_annotation_is_believed_each_time(found: SimpleNamespace, tmp_path: Path) -> None:
    """Label Studio leaves ``created_at`` as it was: a change of mind and back was the vote that stood there already."""
    data = {"wnid": WHIPPET, "sha256": found.tasks[0].images[0]}
    for hour, answer in enumerate(("yes", "no", "yes"), 11):
        one = annotation(3, answer, updated_at=f"2026-11-01T{hour}:00:00.000000Z")
        done, _ = taken(found, tmp_path / "export.json", json.dumps([{"data": data, "annotations": [one]}]))
        assert done.written == 1
    ballots = read_ballots(found.world.log)
    assert ballots.of(Place(**data))["label-studio:3"].answer == "yes"


@pytest.mark.parametrize("by", [None, True, [3], {"id": None}, {"email": ""}, "", 1.5])
def test_those_whom_nobody_names_are_not_one_voter(found: SimpleNamespace, tmp_path: Path, by: Any) -> None:
    """Label Studio exports annotations of a user who was deleted with nobody's name."""
    data = {"wnid": WHIPPET, "sha256": found.tasks[0].images[0]}
    tasks = [{"data": data, "annotations": [annotation(by, "yes"), annotation(7, "yes")]}]
    done, told = taken(found, tmp_path / "export.json", json.dumps(tasks))
    assert (done.voters, len(told)) == ({"label-studio:7": 1}, 1)


def test_short_exports_of_label_studio_are_of_the_same_voters(found: SimpleNamespace, tmp_path: Path) -> None:
    times = {"created_at": "2026-11-01T10:00:00.123456Z", "updated_at": "2026-11-01T11:00:00.123456Z"}
    data = {"wnid": WHIPPET, "sha256": found.tasks[0].images[0], "task": found.tasks[0].id}
    whole = [{"data": data, "annotations": [annotation(3, "yes", **times)]}]
    assert taken(found, tmp_path / "export.json", json.dumps(whole))[0].written == 1
    row = {**data, "verdict": "yes", "annotator": 3, "annotation_id": 1, "lead_time": 2.5, **times}
    for name, text in (
        ("min.json", json.dumps([row])),
        ("min.csv", ",".join(row) + "\n" + ",".join(str(value) for value in row.values())),
    ):
        done, told = taken(found, tmp_path / name, text)
        assert (done.written, done.known, told) == (0, 1, [])


def test_nobody_takes_away_what_is_known(found: SimpleNamespace, tmp_path: Path) -> None:
    """Gold is said by a voter of our own, and the last vote of a voter counts."""
    first, second, *_ = found.tasks[0].images
    text = f"wnid,sha256,voter,answer\n{WHIPPET},{first},plan,no\n{WHIPPET},{second},planner,no\n"
    done, told = taken(found, tmp_path / "votes.csv", text)
    assert (done.written, told) == (1, ["votes.csv, line 2: a voter can't be called `plan`: that says what is gold"])


def test_an_image_is_not_another_synset_that_is_its_own(found: SimpleNamespace, tmp_path: Path) -> None:
    """It counted against the image, which whoever wrote it can't have meant."""
    text = f"wnid,sha256,voter,answer\n{WHIPPET},{found.tasks[0].images[0]},ana,other:{WHIPPET}\n"
    done, told = taken(found, tmp_path / "votes.csv", text)
    assert (done.written, done.unreadable) == (0, 1)
    assert "names its own" in told[0]
