"""Votes become verdicts: exactly once, whatever came first, and those on an image go over to its better copy."""

import asyncio
import io
import random
from collections.abc import Sequence

import msgspec
import pyarrow.parquet
import pytest

from synsift.pipelines import topics
from synsift.pipelines.assembly import stages_of
from synsift.pipelines.config import load
from synsift.pipelines.errors import UsageError
from synsift.pipelines.records import Survivor, Task, Verified, Vote
from synsift.pipelines.stages import mend
from synsift.pipelines.stages.attest import AttestStage
from synsift.pipelines.stages.inherit import InheritStage
from synsift.pipelines.stages.verify import VerifyStage, cast, record_of
from synsift.pipelines.storage.expected import expected, reached
from synsift.pipelines.storage.verify import verify
from synsift.pipelines.summary import read_counts
from synsift.pipelines.topics import Entry
from synsift.pipelines.verification.asking import Rule
from synsift.pipelines.verification.ballots import Ballots, Place
from synsift.pipelines.verification.consensus import judge
from synsift.pipelines.voting import append_votes, read_open_batches, read_standing, read_verdicts
from synsift.pipelines.worker import Worker
from tests.pipelines.test_records import IMAGE
from tests.pipelines.worlds import World, candidate

WHIPPET, DAISY = "n02091134", "n11939491"
RULE = Rule()
AT = "2026-01-02T03:04:05Z"


def sha(number: int) -> str:
    return f"{number:064x}"


def vote(number: int, voter: str, answer: str = "yes", wnid: str = WHIPPET, at: str = AT, **more: object) -> Vote:
    return Vote(wnid=wnid, sha256=sha(number), voter=voter, answer=answer, at=at, **more)  # type: ignore[arg-type]


def survivor(number: int, replaces: int | None = None, relation: str = "", wnid: str = WHIPPET) -> Survivor:
    image = msgspec.structs.replace(IMAGE, sha256=sha(number))
    gone = "" if replaces is None else sha(replaces)
    return Survivor(candidate=candidate(image, wnid), replaces=gone, relation=relation)


def stages(world: World, batch: int = 3) -> list[VerifyStage | InheritStage | AttestStage]:
    return [
        InheritStage(world.log, world.router, batch=batch),
        VerifyStage(world.log, world.router, rule=RULE, batch=batch),
        AttestStage(world.log, world.router, objects=world.objects, batch=100, linger_s=0.0),
    ]


def run(world: World, batch: int = 3) -> None:
    asyncio.run(Worker(world.log, stages(world, batch), until_idle=True).run())


def send(world: World, *survivors: Survivor) -> None:
    world.log.produce([world.router.survivor(one) for one in survivors])


def many_votes(seed: int = 1) -> list[Vote]:
    """Thirty images under two synsets, of which the first third is good, by eight voters of whom one tosses a coin."""
    chance = random.Random(seed)  # noqa: S311 - a sample
    found = []
    for wnid in (WHIPPET, DAISY):
        for number in range(30):
            for name in range(8):
                is_right = chance.random() < (0.5 if name == 7 else 0.97)
                found.append(vote(number, f"v{name}", "yes" if (number < 10) == is_right else "no", wnid))
    chance.shuffle(found)
    return found


def test_votes_become_verdicts_with_their_counts(world: World) -> None:
    assert append_votes(world.log, many_votes()) == 480
    run(world)
    verdicts = read_verdicts(world.log)
    assert len(verdicts) == 60
    for wnid in (WHIPPET, DAISY):
        assert [verdicts[Place(wnid, sha(n))].verdict for n in range(30)] == ["accepted"] * 10 + ["rejected"] * 20
    one = verdicts[Place(WHIPPET, sha(0))]
    assert one.yes + one.no == 8
    assert one.confidence >= RULE.accept
    assert one.rule == "voters"
    counts = read_counts(world.log)
    assert counts[WHIPPET].of("verify", "votes") == 240
    assert counts[WHIPPET].of("verify", "accepted") == 10
    assert counts[WHIPPET].of("verify", "rejected") == 20
    assert counts[WHIPPET].of("verify", "open") == 0


def said(world: World) -> dict[Place, Verified]:
    return read_verdicts(world.log)


@pytest.mark.parametrize("batch", [7, 1_000])
def test_the_verdicts_follow_from_the_votes_and_not_from_their_batches(
    world: World, tmp_path: object, batch: int
) -> None:
    append_votes(world.log, many_votes())
    run(world, batch)
    found = said(world)
    again = list(many_votes())
    assert append_votes(world.log, again) == 0, "a vote that is there already is not written again"
    world.log.produce([world.router.vote(one) for one in again])
    before = len(world.records(topics.VERIFIED, Verified))
    run(world, batch)
    assert said(world) == found
    assert len(world.records(topics.VERIFIED, Verified)) == before, "the same votes said again are no news"


def test_a_later_vote_of_the_same_voter_takes_the_place_of_the_earlier_whichever_is_read_first(world: World) -> None:
    late, early = "2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05Z"
    append_votes(world.log, [vote(1, "a", "no", at=late), vote(1, "a", "yes", at=early)])
    append_votes(world.log, [vote(2, "a", "yes", at=early), vote(2, "a", "no", at=late)])
    append_votes(world.log, [vote(3, "a", "yes"), vote(3, "a", "unsure")])
    run(world)
    found = [said(world)[Place(WHIPPET, sha(n))] for n in (1, 2, 3)]
    assert [(one.yes, one.no, one.unsure) for one in found] == [(0, 1, 0), (0, 1, 0), (0, 0, 1)]


def test_votes_count_for_the_better_copy_whenever_that_comes(world: World) -> None:
    send(world, survivor(1))
    append_votes(world.log, [vote(1, "a"), vote(1, "b")])
    run(world)
    assert said(world)[Place(WHIPPET, sha(1))].yes == 2
    send(world, survivor(2, replaces=1))
    run(world)
    assert said(world)[Place(WHIPPET, sha(2))].yes == 2
    assert said(world)[Place(WHIPPET, sha(1))].verdict == "replaced"
    append_votes(world.log, [vote(1, "c"), vote(2, "a", "no", at="2026-01-03T00:00:00Z")])
    send(world, survivor(3, replaces=2, relation="copy"))
    run(world)
    one = said(world)[Place(WHIPPET, sha(3))]
    assert (one.yes, one.no) == (2, 1)
    (standing,) = read_standing(world.log)
    assert standing.verified == one
    counts = read_counts(world.log)[WHIPPET]
    assert counts.of("inherit", "inherited") == 2
    assert counts.of("verify", "replaced") == 2


def test_votes_on_what_is_a_part_of_another_picture_are_not_on_that_one(world: World) -> None:
    send(world, survivor(1), survivor(2))
    append_votes(world.log, [vote(1, "a"), vote(1, "b")])
    send(world, survivor(2, replaces=1, relation="part_of"))
    run(world)
    assert Place(WHIPPET, sha(2)) not in said(world)
    (standing,) = read_standing(world.log)
    assert (standing.place, standing.verdict) == (Place(WHIPPET, sha(2)), "open")


class Killed(Exception):
    """As a kill: nothing more is written."""


class Cut(VerifyStage):
    """A worker that dies before, or after, its n-th commit."""

    def __init__(self, world: World, commits: int, *, after: bool) -> None:
        super().__init__(world.log, world.router, rule=RULE, batch=50)
        self._left = commits
        self._after = after

    def work(self, messages: Sequence[object]) -> None:
        super().work(messages)  # type: ignore[arg-type]
        self._left -= 1
        if not self._left and not self._after:
            raise Killed

    def committed(self) -> None:
        if self._left <= 0:
            raise Killed


@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_the_verdicts_are_those_of_an_undisturbed_run(world: World, after: bool) -> None:
    append_votes(world.log, many_votes())
    for commits in (2, 4):  # of three deaths an input is taken to be the cause
        with pytest.raises(Killed):
            asyncio.run(Worker(world.log, [Cut(world, commits, after=after)], until_idle=True).run())
    run(world)
    counts = read_counts(world.log)
    assert counts[WHIPPET].of("verify", "votes") == 240
    assert {verdict: counts[DAISY].of("verify", verdict) for verdict in ("accepted", "rejected", "open")} == {
        "accepted": 10,
        "rejected": 20,
        "open": 0,
    }
    assert said(world) == at_once(many_votes())


def at_once(votes: list[Vote]) -> dict[Place, Verified]:
    ballots = Ballots()
    for one in votes:
        cast(ballots, one)
    return {place: record_of(place, found) for place, found in judge(ballots, RULE).images.items()}


def test_a_record_that_cannot_be_read_costs_itself(world: World) -> None:
    world.log.produce([Entry(topics.VOTES.name, world.router.of_wnid(WHIPPET), WHIPPET.encode(), b"{")])
    append_votes(world.log, [vote(1, "a"), vote(1, "b")])
    run(world)
    assert said(world)[Place(WHIPPET, sha(1))].yes == 2
    (letter,) = world.letters()
    assert (letter.stage, letter.outcome) == ("verify", "broken_record")


def test_nobody_but_a_stage_says_that_an_image_was_replaced(world: World) -> None:
    with pytest.raises(UsageError, match="no answer of a voter"):
        append_votes(world.log, [vote(1, "a", f"copy:{sha(2)}")])


def rows(world: World, wnid: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for path in world.paths(f"verified/{wnid}/"):
        found += pyarrow.parquet.read_table(io.BytesIO(world.objects.get(path))).to_pylist()
    return found


def look(world: World) -> dict[str, str]:
    at = reached(world.log)
    checked = verify(world.objects, expect=lambda: expected(world.log, at, ()))
    return {one.path: one.problem for one in checked if one.problem}


def test_verdicts_stand_beside_the_manifests_and_are_written_anew_where_damaged(world: World) -> None:
    append_votes(world.log, many_votes())
    run(world, 1_000)
    found = {str(row["sha256"]): row for row in rows(world, DAISY)}
    assert [found[sha(n)]["verdict"] for n in (0, 29)] == ["accepted", "rejected"]
    assert look(world) == {}
    before = rows(world, DAISY)
    path, *_ = world.paths(f"verified/{DAISY}/")
    world.objects.put(path, b"PAR1")
    assert look(world) == {path: "its bytes are not a manifest's"}
    assert mend.write_from_log(world.log, world.objects, [path]) == {path}
    assert (rows(world, DAISY), look(world)) == (before, {})
    for one in world.paths(f"verified/{DAISY}/"):
        world.objects.delete(one)
    assert look(world) == {f"verified/{DAISY}/": "30 verdicts are in none of its parts"}


def task(name: str, numbers: Sequence[int], votes: int, **more: object) -> Task:
    images = tuple(map(sha, numbers))
    return Task(id=name * 32, wnid=WHIPPET, images=images, votes=votes, at=AT, **more)  # type: ignore[arg-type]


def test_a_batch_is_open_while_an_image_of_it_wants_votes_of_others(world: World) -> None:
    batches = [task("1", (1, 2, 9), 2, rank=5), task("2", (3,), 1, rank=1), task("3", (4,), 1)]
    world.log.produce([world.router.task(one) for one in batches])
    world.log.produce([world.router.task(msgspec.structs.replace(batches[2], is_open=False))])
    append_votes(world.log, [vote(9, "expert", "no", is_gold=True), vote(1, "a"), vote(2, "a"), vote(1, "b")])
    assert [one.task.id[0] for one in read_open_batches(world.log)] == ["2", "1"]
    first = read_open_batches(world.log)[1]
    assert (first.wanted, first.left_for("a"), first.left_for("b")) == (1, [], [sha(2), sha(9)])
    assert first.left_for("c") == [sha(2), sha(9)], "an image that has its votes needs nobody"
    assert [one.task.id[0] for one in read_open_batches(world.log, "a")] == ["2"]
    send(world, survivor(7, replaces=2))
    run(world)
    append_votes(world.log, [vote(7, "b")])
    assert [one.task.id[0] for one in read_open_batches(world.log)] == ["2"], "the copy has the votes"


@pytest.mark.parametrize(("wanted", "among"), [("true", True), ("false", False)])
def test_the_configuration_adds_it_to_a_crawl(wanted: str, among: bool) -> None:
    names = stages_of(load(env={}, options={"verify.stages": wanted}).settings)
    assert ({"inherit", "verify", "attest"} <= set(names)) is among
    assert among or not {"inherit", "verify", "attest"} & set(names)


def test_gold_of_another_synset_is_said_and_not_counted(world: World) -> None:
    append_votes(world.log, many_votes())
    foreign = vote(77, "plan", f"other:{DAISY}", is_gold=True)
    append_votes(world.log, [foreign, vote(77, "v1", "no")])
    run(world)
    one = said(world)[Place(WHIPPET, sha(77))]
    assert (one.verdict, one.rule, one.other) == ("rejected", "elsewhere", DAISY)
    assert read_counts(world.log)[WHIPPET].verified == {"accepted": 10, "rejected": 20}
