"""Synsets that look alike, on pairs that ImageNet is known for."""

import pytest

from synsift.crawler.ontology import graph, under, wordnet
from synsift.crawler.ontology.alike import Alike, alike

SUNGLASS, SUNGLASSES = "n04355933", "n04356056"
PROJECTILE, MISSILE = "n04008634", "n03773504"
MAILLOTS = ("n03710637", "n03710721")
CRANES = ("n02012849", "n03126707")
LAPTOP, NOTEBOOK = "n03642806", "n03832673"


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        (SUNGLASS, SUNGLASSES, "sunglass"),
        (PROJECTILE, MISSILE, "missile"),
        (*MAILLOTS, "maillot"),
        (*CRANES, "crane"),
    ],
)
def test_those_that_share_a_name_look_alike(one: str, other: str, name: str) -> None:
    assert alike(wordnet(), [one, other]) == [Alike(one, other, name=name)]
    assert alike(wordnet(), [other, one]) == [Alike(other, one, name=name)]


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        (LAPTOP, NOTEBOOK, "portable"),
        ("n02113624", "n02113712", "poodle"),  # toy, miniature
        ("n02901377", "n02901620", "masted"),  # brig, brigantine
        ("n03518305", "n03693860", "drawer"),  # highboy, lowboy
    ],
)
def test_those_whose_definitions_say_nearly_the_same_do(one: str, other: str, word: str) -> None:
    (pair,) = alike(wordnet(), [one, other])
    assert not pair.name
    assert word in pair.words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("n02084071", "n02121808"),  # dog, house cat
        ("n02091134", "n02090379"),  # whippet, redbone: both are hounds
        ("n03001627", "n04379243"),  # chair, table: both are furniture
        ("n02958343", "n02834778"),  # car, bicycle
        ("n03642806", "n03180011"),  # laptop, desktop computer
    ],
)
def test_others_do_not(one: str, other: str) -> None:
    assert alike(wordnet(), [one, other]) == []


def test_what_is_above_another_is_no_rival_of_it() -> None:
    for wnid in ("n03467517", "n02084071"):  # guitar, dog: names below contain theirs
        below = list(graph.subtree(wordnet(), wnid))
        for pair in alike(wordnet(), below):
            assert pair.other not in graph.ancestors(wordnet(), pair.wnid)
            assert pair.wnid not in graph.ancestors(wordnet(), pair.other)


def test_what_is_in_no_wordnet_is_passed_over() -> None:
    assert alike(wordnet(), ["shelf", LAPTOP]) == alike(wordnet(), ["shelf"]) == alike(wordnet(), []) == []


def test_among_the_leaves_of_imagenets_subtrees_few_look_alike() -> None:
    leaves = list(under(wordnet(), "imagenet12", leaves=True))
    found = alike(wordnet(), leaves)
    by_definition = [pair for pair in found if not pair.name]
    assert len(leaves) > 4_000
    assert len(by_definition) < len(leaves) // 15
    assert len(found) == len({frozenset((pair.wnid, pair.other)) for pair in found})
