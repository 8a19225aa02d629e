"""Batches go out and votes come in, several people at once."""

import contextlib
from pathlib import Path

import pytest

from synsift.pipelines import topics
from synsift.pipelines.errors import UsageError
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.log.kafka_clients import KafkaAddress
from synsift.pipelines.log.kafka_topics import KafkaTopics, Shape
from synsift.pipelines.records import Vote
from synsift.pipelines.review.desk import Desk, Taken
from synsift.pipelines.topics import Router
from synsift.pipelines.voting import append_votes
from tests.pipelines.review.desks import AT, GREYHOUND, WHIPPET, TwoSynsets, task, world_of


def all_no(one: object) -> dict[str, str]:
    return dict.fromkeys(one.images, "no")  # type: ignore[attr-defined]


def test_a_voter_gets_batch_after_batch_and_never_an_image_twice(tmp_path: Path) -> None:
    found = world_of(tmp_path)
    seen: list[str] = []
    while (offer := found.desk.offer("ana")) is not None:
        assert offer.left == 3 - len(seen) // 4
        seen += offer.images
        assert found.desk.take("ana", offer.task.id, all_no(offer), took_s=8.0) == Taken(4)
    assert sorted(seen) == sorted(sha for one in found.tasks for sha in one.images)
    votes = found.world.records(topics.VOTES, Vote)
    assert {(vote.voter, vote.origin, vote.answer, vote.took_s) for vote in votes} == {("ana", "review", "no", 2.0)}
    assert len(votes) == 12


def test_pictures_stand_in_an_order_of_each_voters_own(tmp_path: Path) -> None:
    found = world_of(tmp_path, tasks=1, images=12)
    orders = {tuple(found.desk.offer(name).images) for name in ("ana", "ben")}
    assert len(orders) == 2
    assert tuple(found.desk.offer("ana").images) in orders, "which stays the same"


def test_two_at_once_are_not_asked_for_one_vote_both(tmp_path: Path) -> None:
    now = [0.0]
    found = world_of(tmp_path, tasks=1)
    desk = Desk(found.world.log, TwoSynsets(), clock=lambda: now[0])  # type: ignore[arg-type]
    desk.refresh()
    assert all(desk.offer(name) is not None for name in ("ana", "ben")), "two votes are wanted"
    assert desk.offer("cem") is None, "who would be the third"
    assert desk.offer("ana") is not None, "whoever has it still has it"
    now[0] += 3600
    assert desk.offer("cem") is not None, "somebody closed their page"


def test_what_another_program_writes_is_seen(tmp_path: Path) -> None:
    found = world_of(tmp_path, tasks=1)
    votes = [
        Vote(wnid=WHIPPET, sha256=sha, voter=name, answer="yes", at=AT)
        for name in ("x", "y")
        for sha in found.tasks[0].images
    ]
    append_votes(found.world.log, votes)
    found.desk.refresh()
    assert found.desk.offer("ana") is None
    more = task(9, list(found.tasks[0].images), votes=3)
    found.world.log.produce([found.world.router.task(more)])
    found.desk.refresh()
    assert found.desk.offer("ana").task == more
    assert found.desk.offer("x") is None


def test_what_is_handed_in_twice_counts_once_and_a_change_of_mind_counts(tmp_path: Path) -> None:
    found = world_of(tmp_path, tasks=1)
    one = found.tasks[0]
    assert found.desk.take("ana", one.id, all_no(one), took_s=1.0) == Taken(4)
    assert found.desk.take("ana", one.id, all_no(one), took_s=1.0) == Taken(0)
    assert found.desk.take("ana", one.id, {one.images[0]: "yes"}, took_s=1.0, changes=True) == Taken(1)
    found.desk.take("ben", one.id, dict.fromkeys(one.images, f"other:{GREYHOUND}"), took_s=1.0)
    answers = {(vote.voter, vote.sha256): vote.answer for vote in found.world.records(topics.VOTES, Vote)}
    assert answers["ana", one.images[0]] == "yes"
    assert answers["ana", one.images[1]] == "no"
    assert answers["ben", one.images[1]] == "other:n02091032"


def test_after_a_new_start_what_is_sent_again_is_not_written_twice(tmp_path: Path) -> None:
    """The server died after the votes were in the log, and before the browser heard of it."""
    found = world_of(tmp_path, tasks=2)
    one = found.tasks[0]
    found.desk.take("ana", one.id, all_no(one), took_s=1.0)
    with contextlib.closing(Desk(found.world.log, TwoSynsets())) as another:  # type: ignore[arg-type]
        assert another.take("ana", one.id, all_no(one), took_s=2.0) == Taken(0)
        assert another.take("ana", found.tasks[1].id, all_no(found.tasks[1]), took_s=2.0) == Taken(4)
    assert found.desk.take("ana", found.tasks[1].id, all_no(found.tasks[1]), took_s=2.0) == Taken(0), (
        "by another server"
    )
    assert len(found.world.records(topics.VOTES, Vote)) == 8


def test_a_page_that_knows_of_no_answer_changes_none(tmp_path: Path) -> None:
    """A second tab had the same batch, and there it looked as if nothing were marked."""
    found = world_of(tmp_path, tasks=1)
    one = found.tasks[0]
    first, second, *others = one.images
    found.desk.take("ana", one.id, {first: "yes", second: "no"}, took_s=1.0)
    assert found.desk.take("ana", one.id, all_no(one), took_s=1.0) == Taken(written=2, kept=1)
    answers = {vote.sha256: vote.answer for vote in found.world.records(topics.VOTES, Vote)}
    assert answers == {first: "yes", **dict.fromkeys([second, *others], "no")}
    assert found.desk.take("ana", one.id, all_no(one), took_s=1.0, changes=True) == Taken(1), "by undo they know"


@pytest.mark.parametrize(
    ("voter", "answer", "words"),
    [
        ("", "yes", "a voter's name"),
        ("plan", "yes", "what plans batches"),
        (" plan ", "yes", "what plans batches"),
        ("\u202eana", "yes", "a voter's name"),
        ("a\u2028b", "yes", "a voter's name"),
        ("a\x85b", "yes", "a voter's name"),
        ("ana\n", "yes", "a voter's name"),
        ("a\nb", "yes", "a voter's name"),
        ("a\ud800", "yes", "a voter's name"),
        ("a" * 129, "yes", "a voter's name"),
        ("ana", "maybe", "no answer"),
        ("ana", "", "no answer"),
        ("ana", "other:n00000000", "no answer"),
        ("ana", "copy:" + "0" * 64, "only stages say that"),
    ],
)
def test_what_can_not_be_is_refused_and_nothing_is_written(tmp_path: Path, voter: str, answer: str, words: str) -> None:
    found = world_of(tmp_path, tasks=1)
    one = found.tasks[0]
    with pytest.raises(UsageError, match=words):
        found.desk.take(voter, one.id, {**all_no(one), one.images[-1]: answer}, took_s=1.0)
    assert not found.world.records(topics.VOTES, Vote)


def test_images_and_batches_that_are_not_there_are_refused(tmp_path: Path) -> None:
    found = world_of(tmp_path, tasks=1)
    with pytest.raises(UsageError, match="not in this batch"):
        found.desk.take("ana", found.tasks[0].id, {"0" * 64: "yes"}, took_s=1.0)
    with pytest.raises(UsageError, match="not known"):
        found.desk.take("ana", "f" * 32, {}, took_s=1.0)
    assert not found.desk.knows("0" * 64)


def test_a_batch_that_is_passed_over_comes_last(tmp_path: Path) -> None:
    found = world_of(tmp_path)
    first = found.desk.offer("ana")
    second = found.desk.offer("ana", passing_over=[first.task.id])
    assert second.task.id != first.task.id
    for one in (second, found.desk.offer("ana", passing_over=[first.task.id, second.task.id])):
        found.desk.take("ana", one.task.id, all_no(one), took_s=1.0)
    assert found.desk.offer("ana", passing_over=[first.task.id]) is not None


def test_a_synset_that_the_ontology_lacks_is_shown_by_its_id(tmp_path: Path) -> None:
    found = world_of(tmp_path, tasks=1)
    assert found.desk.named("n1").name == "n1"
    assert found.desk.named(WHIPPET).others == ("snap dog",)


def test_on_kafka_a_voter_sees_no_batch_again_that_was_just_handed_in(kafka: KafkaAddress) -> None:
    prefix = "review-"
    KafkaTopics(kafka, prefix=prefix).create(Shape(4, 1))
    log = KafkaLog(kafka, partitions=4, prefix=prefix)
    router = Router(4)
    tasks = [task(number, [f"{4 * number + n:064x}" for n in range(4)]) for number in range(5)]
    log.produce([router.task(one) for one in tasks])
    with contextlib.closing(log), contextlib.closing(Desk(log, TwoSynsets())) as desk:  # type: ignore[arg-type]
        desk.refresh()
        seen = []
        while (offer := desk.offer("ana")) is not None:
            seen.append(offer.task.id)
            desk.take("ana", offer.task.id, all_no(offer), took_s=1.0)
            desk.refresh()
        assert seen == [one.id for one in tasks]
        with contextlib.closing(Desk(log, TwoSynsets())) as another:  # type: ignore[arg-type]
            another.refresh()
            assert another.offer("ana") is None, "at the next start, too"
            assert another.offer("ben") is not None
