"""Synsets of people."""

import pytest

from synsift.crawler.errors import TargetError
from synsift.crawler.ontology.people import PERSON, Admission, is_person, read_synsets

FIREMAN, NURSE, DOG, PERSIAN_CAT, EINSTEIN = "n10091651", "n10366966", "n02084071", "n02123394", "n10954498"


@pytest.mark.parametrize("wnid", [PERSON, FIREMAN, NURSE, EINSTEIN])
def test_person_and_all_below_are_people(wnid: str) -> None:
    assert is_person(wnid)


@pytest.mark.parametrize("wnid", [DOG, PERSIAN_CAT, "n00001740", "n99999999", "firefighter", "", "N10091651"])
def test_others_are_not(wnid: str) -> None:
    assert not is_person(wnid)


def test_people_are_left_out_but_those_that_are_safe_and_the_denied_in_any_case() -> None:
    chosen = [DOG, FIREMAN, NURSE, DOG, PERSIAN_CAT]
    assert Admission().split(chosen).people == (FIREMAN, NURSE)
    assert Admission(people=True).split(chosen).left_out == frozenset()
    split = Admission(safe=frozenset({NURSE}), denied=frozenset({PERSIAN_CAT})).split(chosen)
    assert (split.people, split.denied) == ((FIREMAN,), (PERSIAN_CAT,))
    assert Admission(people=True, safe=frozenset({NURSE}), denied=frozenset({NURSE})).split(chosen).denied == (NURSE,)


def test_a_list_has_a_synset_at_the_beginning_of_a_line() -> None:
    text = "\ufeff# safe ones\nn10091651 fireman, firefighter\n\nn10366966,nurse # and why\nshelf\n"
    assert read_synsets(text) == {FIREMAN, NURSE, "shelf"}
    with pytest.raises(TargetError, match=r"line 2: an identifier of a synset begins a line, not `\?\?`"):
        read_synsets("n10091651\n?? what\n")
