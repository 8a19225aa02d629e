import pytest

from synsift.crawler.ontology import wordnet
from synsift.crawler.ontology.versions import wordnet31


@pytest.mark.parametrize(
    ("wnid", "newer"),
    [
        ("n02121808", "02124460-n"),  # domestic cat, whose Wikidata item (Q146) has this value
        ("n00001740", "00001740-n"),  # entity: one of 18 that stayed where they were
        ("n02121620", "02124272-n"),  # cat, true cat
    ],
)
def test_a_synset_of_wordnet_3_0_has_another_offset_in_3_1(wnid: str, newer: str) -> None:
    assert wordnet31(wnid) == newer


@pytest.mark.parametrize("wnid", ["n02121809", "n1", "whippet", "", "v00001740"])
def test_what_is_no_noun_of_wordnet_has_none(wnid: str) -> None:
    assert wordnet31(wnid) is None


def test_all_but_41_nouns_are_in_both_and_22_became_one_with_another() -> None:
    newer = [wordnet31(wnid) for wnid in wordnet()]
    known = [name for name in newer if name is not None]
    assert (len(newer), len(newer) - len(known), len(set(known))) == (82_115, 41, 82_074 - 22)
    assert sum(name == f"{wnid[1:]}-n" for wnid, name in zip(wordnet(), newer, strict=True)) == 18
