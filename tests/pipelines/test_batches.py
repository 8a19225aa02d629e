"""What people are asked next: a round at a time, nothing twice, with gold that nobody can tell, and rivals."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PIL import ImageOps

from synsift.crawler.ontology import wordnet
from synsift.pipelines import topics
from synsift.pipelines.batches import Planned, PlanOptions, article_of, plan
from synsift.pipelines.conflicts import read_conflicts
from synsift.pipelines.pairs import Ties, pair_id
from synsift.pipelines.records import Conflict, Relation, Survivor, Task, Vote
from synsift.pipelines.rivals import Rivals
from synsift.pipelines.verification.asking import Rule
from synsift.pipelines.verification.ballots import Place
from synsift.pipelines.verification.batches import Wish, compose
from synsift.pipelines.voting import append_votes, read_ballots, read_open_batches, read_standing
from tests.dedupe.pictures import encoded, scene
from tests.pipelines.test_records import IMAGE
from tests.pipelines.worlds import World, candidate, make_world, stored

WHIPPET, ITALIAN_GREYHOUND, DAISY, DOG = "n02091134", "n02091032", "n11939491", "n02084071"
AT = "2026-01-02T03:04:05Z"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path)
    yield made
    made.log.close()


def sha(number: int, wnid: str = WHIPPET) -> str:
    return f"{number:032x}{wnid.removeprefix('n'):0>32}"


def survive(world: World, wnid: str, numbers: range) -> None:
    images = [msgspec.structs.replace(IMAGE, sha256=sha(n, wnid)) for n in numbers]
    world.log.produce([world.router.survivor(Survivor(candidate=candidate(image, wnid))) for image in images])


def planned(world: World, **options: object) -> list[Planned]:
    rule = options.pop("rule", Rule(learn=4))
    found = PlanOptions(
        **{"rule": rule, "size": 10, "gold": 0.2, "link": lambda wnid: f"https://x/{wnid}", "at": AT, **options}  # type: ignore[arg-type]
    )
    crawled = {one.place.wnid for one in read_standing(world.log)}
    return plan(world.log, Rivals(wordnet(), crawled, read_conflicts(world.log)), Ties(wordnet), found)


def tasks(world: World) -> list[Task]:
    return world.records(topics.TASKS, Task)


def answer(world: World, voters: int, *, good: int) -> None:
    """So many people answer every open batch; of each synset the first images are good."""
    for name in range(voters):
        votes = []
        for batch in read_open_batches(world.log, f"v{name}"):
            wnid = batch.task.wnid
            for sha256 in batch.left_for(f"v{name}"):
                is_good = sha256[32:] == sha(0, wnid)[32:] and int(sha256[:32], 16) < good
                word = "yes" if is_good else "no"
                votes.append(Vote(wnid=wnid, sha256=sha256, voter=f"v{name}", answer=word, at=AT, task=batch.task.id))
        append_votes(world.log, votes)


def test_a_first_plan_asks_two_votes_of_each_image_and_ten_of_some(world: World) -> None:
    survive(world, WHIPPET, range(30))
    (found,) = planned(world)
    assert (found.images, found.cast, found.asked) == (30, 0, 4 * 10 + 26 * 2)
    by_reason = {(task.reason, task.votes) for task in tasks(world)}
    assert by_reason == {("learn", 10), ("decide", 2)}
    shown = [sha256 for task in tasks(world) for sha256 in task.images]
    assert sorted(shown) == sorted({sha(n) for n in range(30)}), "nothing is known yet that could be gold"
    assert all(len(task.images) <= 10 for task in tasks(world))
    first = min(tasks(world), key=lambda task: task.rank)
    assert first.reason == "learn"


def test_a_plan_that_is_made_twice_asks_once(world: World) -> None:
    survive(world, WHIPPET, range(30))
    planned(world)
    before = len(tasks(world))
    (again,) = planned(world)
    assert (again.batches, again.asked, again.closed) == (0, 0, 0)
    assert len(tasks(world)) == before


def test_rounds_end_with_a_verdict_on_every_image(world: World) -> None:
    survive(world, WHIPPET, range(30))
    survive(world, DAISY, range(20))
    rounds = 0
    while sum(one.batches for one in planned(world)):
        answer(world, 10, good=8)
        rounds += 1
        assert rounds < 11
    by_wnid = {one.wnid: one for one in planned(world)}
    assert dict(by_wnid[WHIPPET].verdicts) == {"accepted": 8, "rejected": 22}
    assert dict(by_wnid[DAISY].verdicts) == {"accepted": 8, "rejected": 12}
    assert read_open_batches(world.log) == []
    assert by_wnid[WHIPPET].cast < 30 * 10, "easy images stop early"


def test_survivors_that_come_later_are_asked_about_with_gold_among_them(world: World) -> None:
    survive(world, WHIPPET, range(30))
    survive(world, DAISY, range(30))
    while sum(one.batches for one in planned(world)):
        answer(world, 10, good=15)
    made = len(tasks(world))
    survive(world, WHIPPET, range(100, 120))
    found = {one.wnid: one for one in planned(world, rule=Rule(learn=0))}
    assert (found[WHIPPET].batches, found[DAISY].batches) == (3, 0)
    new = [task for task in tasks(world) if task.wnid == WHIPPET][-3:]
    assert len(tasks(world)) == made + 3
    ballots = read_ballots(world.log)
    for task in new:
        gold = {sha256 for sha256 in task.images if int(sha256[:32], 16) < 100}
        assert len(gold) == 2
        mine = {sha256 for sha256 in gold if sha256[32:] == sha(0)[32:]}
        assert len(mine) == 1, "one that shows it, and one that shows something distant"
    known = [vote for vote in world.records(topics.VOTES, Vote) if vote.is_gold]
    assert {vote.answer for vote in known if vote.wnid == WHIPPET} == {"yes", f"other:{DAISY}"}
    assert len(ballots.places()) > 60


def test_a_copy_takes_over_what_was_asked_of_the_one_it_replaces(world: World) -> None:
    survive(world, WHIPPET, range(12))
    planned(world)
    better = msgspec.structs.replace(IMAGE, sha256=sha(99))
    survivor = Survivor(candidate=candidate(better, WHIPPET), replaces=sha(3))
    told = Vote(wnid=WHIPPET, sha256=sha(3), voter="inherit", answer=f"copy:{sha(99)}", at=AT)
    world.log.produce([world.router.survivor(survivor), world.router.vote(told)])
    (found,) = planned(world)
    assert found.batches == 0
    answer(world, 10, good=6)
    assert len(read_ballots(world.log).of(Place(WHIPPET, sha(99)))) >= 2, "the answers are on the copy"


def test_a_batch_whose_images_are_decided_is_closed(world: World) -> None:
    survive(world, WHIPPET, range(6))
    planned(world, rule=Rule(learn=0))
    expert = [Vote(wnid=WHIPPET, sha256=sha(n), voter="expert", answer="yes", at=AT, is_gold=True) for n in range(6)]
    append_votes(world.log, expert)
    (found,) = planned(world, rule=Rule(learn=0))
    assert (found.closed, found.verdicts["accepted"]) == (1, 6)
    assert read_open_batches(world.log) == []


def test_the_budget_of_a_synset_is_not_exceeded(world: World) -> None:
    survive(world, WHIPPET, range(30))
    (found,) = planned(world, rule=Rule(learn=2, budget=25))
    assert found.asked == 25
    assert sum(task.reason == "learn" for task in tasks(world)) == 1, "what is learnt from comes first"
    (again,) = planned(world, rule=Rule(learn=2, budget=25))
    assert again.asked == 0


def test_a_preferred_synset_comes_first_and_others_may_be_left_out(world: World) -> None:
    for wnid in (WHIPPET, DAISY, DOG):
        survive(world, wnid, range(5))
    found = planned(world, only=(WHIPPET, DOG), prefer=(WHIPPET,))
    assert [one.wnid for one in found] == [WHIPPET, DOG]
    assert {batch.task.wnid for batch in read_open_batches(world.log)} == {WHIPPET, DOG}
    assert read_open_batches(world.log)[0].task.wnid == WHIPPET


def test_near_duplicates_never_stand_in_one_batch(world: World) -> None:
    pictures = [encoded(scene(1), "PNG"), encoded(ImageOps.mirror(scene(1)), "JPEG"), encoded(scene(2), "PNG")]
    images = [stored(world, data) for data in pictures]
    world.log.produce([world.router.survivor(Survivor(candidate=candidate(image, WHIPPET))) for image in images])
    survive(world, WHIPPET, range(4))
    related = Relation(wnid=WHIPPET, sha256=sha(1), of=sha(2), kind="shares_a_part")
    world.log.produce([world.router.relation(related)])
    planned(world, rule=Rule(learn=0), size=48)
    shown = [set(task.images) for task in tasks(world)]
    assert sum(map(len, shown)) == 7
    assert len(shown) == 2
    assert not any({images[0].sha256, images[1].sha256} <= batch or {sha(1), sha(2)} <= batch for batch in shown)


def test_batches_are_as_full_as_what_is_kept_apart_allows() -> None:
    wishes = [Wish(str(n), 2) for n in range(20)] + [Wish("learn", 10, learns=True)]
    found = compose(wishes, {"3": {"4"}, "4": {"3"}}, size=8, lot="x")
    assert [len(batch.images) for batch in found] == [1, 8, 8, 4]
    assert found[0].learns
    assert not any({"3", "4"} <= set(batch.images) for batch in found)
    assert found == compose(wishes[::-1], {"3": {"4"}, "4": {"3"}}, size=8, lot="x")


def test_a_synset_that_cannot_be_shown_is_asked_about_no_more(world: World) -> None:
    survive(world, WHIPPET, range(6))
    planned(world)
    words = [Vote(wnid=WHIPPET, sha256=sha(n), voter=f"v{n}", answer="unimageable", at=AT) for n in range(3)]
    append_votes(world.log, words)
    (found,) = planned(world)
    assert found.batches == 0
    assert found.verdicts["unimageable"] == 3


def test_what_is_asked_of_a_round_is_what_is_wanted_beyond_what_was_cast(world: World) -> None:
    survive(world, WHIPPET, range(12))
    planned(world, rule=Rule(learn=0))
    mixed = [
        Vote(wnid=WHIPPET, sha256=sha(n), voter=f"{n} {word}", answer=word, at=AT)
        for n in range(12)
        for word in ("yes", "no")
    ]
    append_votes(world.log, mixed)
    (found,) = planned(world, rule=Rule(learn=0))
    assert (found.cast, found.asked, found.batches) == (24, 12, 2)
    assert {task.votes for task in tasks(world)[-2:]} == {3}


def test_gold_is_never_nearly_the_same_as_what_it_is_hidden_among(world: World) -> None:
    survive(world, WHIPPET, range(3))
    survive(world, DAISY, range(1))
    related = Relation(wnid=WHIPPET, sha256=sha(0), of=sha(0, DAISY), kind="shares_a_part")
    world.log.produce([world.router.relation(related)])
    planned(world, rule=Rule(learn=0), only=(WHIPPET,))
    (task,) = tasks(world)
    assert set(task.images) == {sha(n) for n in range(3)}


def test_gold_shows_something_distant_where_nothing_else_is_known(world: World) -> None:
    survive(world, WHIPPET, range(3))
    survive(world, DAISY, range(1))
    survive(world, DOG, range(1))
    planned(world, rule=Rule(learn=0), only=(WHIPPET,))
    (task,) = tasks(world)
    assert set(task.images) == {*(sha(n) for n in range(3)), sha(0, DAISY)}, "a whippet is a dog"


def test_an_image_that_somebody_voted_against_is_no_gold(world: World) -> None:
    survive(world, WHIPPET, range(30))
    while sum(one.batches for one in planned(world)):
        answer(world, 10, good=15)
    against = [Vote(wnid=WHIPPET, sha256=sha(n), voter="odd", answer="no", at=AT) for n in range(15)]
    append_votes(world.log, against)
    before = len(tasks(world))
    survive(world, WHIPPET, range(200, 206))
    planned(world, rule=Rule(learn=0))
    shown = {sha256 for task in tasks(world)[before:] for sha256 in task.images}
    assert {sha(n) for n in range(200, 206)} <= shown
    assert not [vote for vote in world.records(topics.VOTES, Vote) if vote.is_gold and vote.sha256 in shown]


def test_an_article_is_named_as_the_synset_is() -> None:
    link = article_of("https://wiki.example/{}", wordnet())
    assert link(WHIPPET) == "https://wiki.example/Whippet"
    assert link(ITALIAN_GREYHOUND) == "https://wiki.example/Italian_greyhound"
    assert link("shelf") == ""
    assert article_of("", wordnet())(WHIPPET) == ""


# Rivals.


def test_siblings_and_those_that_hold_a_copy_are_offered_but_nothing_above(world: World) -> None:
    pair = Conflict(
        id=pair_id((WHIPPET, sha(1)), (DAISY, sha(1))),
        wnid=WHIPPET,
        sha256=sha(1),
        other_wnid=DAISY,
        other_sha256=sha(1),
        kind="exact",
        tie="disjoint",
    )
    found = Rivals(wordnet(), {WHIPPET, DAISY, DOG, ITALIAN_GREYHOUND}, [pair]).of(WHIPPET)
    assert found == (DAISY, ITALIAN_GREYHOUND), "and not the dog that a whippet is"


def test_namesakes_are_offered() -> None:
    bird, machine = "n02012849", "n03126707"
    assert bird in Rivals(wordnet(), {bird, machine}, []).of(machine)


def test_canoes_are_told_from_kayaks() -> None:
    (canoe,) = (w for w in wordnet().senses("canoe") if w.startswith("n"))
    (kayak,) = (w for w in wordnet().senses("kayak") if w.startswith("n"))
    offered = Rivals(wordnet(), {canoe, kayak}, []).of(canoe)
    above = {*wordnet().get(kayak).parents}
    assert kayak in offered or canoe in above, "a kayak is a canoe to WordNet, or its rival"


def test_what_no_ontology_knows_has_rivals_only_by_copies() -> None:
    assert Rivals(wordnet(), {"shelf", WHIPPET}, []).of("shelf") == ()


def test_of_what_no_picture_can_show_nobody_is_asked_any_more(world: World) -> None:
    """Batches from which it is learnt how hard a synset is stayed open, and asked seven more people."""
    survive(world, WHIPPET, range(30))
    planned(world)
    for name in ("ana", "ben", "cem"):
        for batch in read_open_batches(world.log, name):
            votes = [
                Vote(wnid=WHIPPET, sha256=sha256, voter=name, answer="unimageable", at=AT, task=batch.task.id)
                for sha256 in batch.left_for(name)
            ]
            append_votes(world.log, votes)
    assert read_open_batches(world.log), "what is learnt from wants ten"
    (found,) = planned(world)
    assert (found.batches, found.asked) == (0, 0)
    assert read_open_batches(world.log) == []
