"""What is known of batches beforehand is what follows from all votes."""

from hypothesis import given
from hypothesis import strategies as st

from synsift.pipelines.records import Task, Vote
from synsift.pipelines.review.open_batches import OpenBatches
from synsift.pipelines.stages.verify import cast
from synsift.pipelines.verification.ballots import PLANNER, Ballots, Place
from synsift.pipelines.voting import open_batch
from tests.pipelines.review.desks import AT, GREYHOUND, WHIPPET, task

IMAGES = [f"{n:064x}" for n in range(5)]
WNIDS, VOTERS = st.sampled_from([WHIPPET, GREYHOUND]), ("ana", "ben")
SAYS = st.one_of(st.sampled_from(["yes", "no"]), st.sampled_from(IMAGES).map("copy:".__add__))
VOTES = st.builds(
    lambda wnid, sha256, voter, answer: Vote(
        wnid=wnid, sha256=sha256, voter=voter, answer=answer, at=AT, is_gold=voter == PLANNER
    ),
    WNIDS,
    st.sampled_from(IMAGES),
    st.sampled_from([*VOTERS, PLANNER]),
    SAYS,
)
TASKS = st.builds(
    lambda number, wnid, images, votes, is_open: task(number, images, wnid=wnid, votes=votes, is_open=is_open),
    st.integers(0, 3),
    WNIDS,
    st.lists(st.sampled_from(IMAGES), min_size=1, unique=True),
    st.integers(1, 3),
    st.booleans(),
)


@given(st.lists(st.one_of(VOTES, TASKS), max_size=30))
def test_whatever_comes_in_whatever_order(said: list[Vote | Task]) -> None:
    batches, ballots, tasks = OpenBatches(), Ballots(), {}
    for one in said:
        if isinstance(one, Vote):
            batches.cast(one)
            cast(ballots, one)
        else:
            batches.put(one)
            tasks[one.id] = one
        slow = [open_batch(known, ballots) for known in tasks.values() if known.is_open]
        for voter in VOTERS:
            wanted = [(known, known.wanted) for known in slow if known.left_for(voter)]
            assert list(batches.for_voter(voter)) == wanted
    for wnid, image, voter in ((w, i, v) for w in (WHIPPET, GREYHOUND) for i in IMAGES for v in VOTERS):
        place = Place(wnid, image)
        known = ballots.of(ballots.last_heir(place)).get(voter)
        assert batches.answer(place, voter) == ("" if known is None else known.answer)
