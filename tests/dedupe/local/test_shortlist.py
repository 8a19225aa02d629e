import numpy as np

from synsift.dedupe import describe
from synsift.dedupe.local.shortlist import Shortlist, learn
from tests.dedupe.local.scenes import busy


def shortlist_of(seeds: range) -> Shortlist:
    pictures = [describe(busy(seed)) for seed in seeds]
    made = Shortlist(learn(np.concatenate([one.descriptors for one in pictures])))
    for one in pictures:
        made.add(one)
    return made


def test_what_a_picture_was_made_from_is_proposed_first() -> None:
    made = shortlist_of(range(40))
    for seed in (3, 17, 29):
        part = busy(seed).crop((60, 40, 300, 220)).rotate(90, expand=True)
        assert made.propose(describe(part))[0] == seed


def test_no_more_are_proposed_than_asked_for() -> None:
    assert len(shortlist_of(range(30)).propose(describe(busy(1)), most=4)) <= 4


def test_pictures_without_points_are_proposed_nothing_and_do_no_harm() -> None:
    plain = describe(np.full((64, 64), 128, np.uint8))
    made = Shortlist(learn(plain.descriptors))
    made.add(plain)
    assert made.propose(plain) == []
    assert made.propose(describe(busy(1))) == []
