"""What stands in a caption, beside a slow and plain reading of the same rules."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.crawler.captions.folding import words_of
from synsift.crawler.captions.lexicon import make_lexicon
from synsift.crawler.captions.matching import Matcher, nodes_of, rows_of
from synsift.crawler.captions.plurals import plurals
from synsift.crawler.queries import Rule, SynsetQuery


def query(wnid: str, text: str, lang: str = "en", rank: int = 0, ambiguity: int = 1) -> SynsetQuery:
    return SynsetQuery(wnid, text, lang, rank, Rule.SYNONYM if lang == "en" else Rule.TRANSLATION, ambiguity)


def found(queries: list[SynsetQuery], *captions: str | None, names: frozenset[str] = frozenset()) -> list[set[str]]:
    """For each caption, the synsets that are in it, each with the query that counts."""
    lexicon = make_lexicon(queries, names.__contains__)
    hits = Matcher(lexicon).find(words_of(pa.array(captions, pa.large_string())))
    told: list[set[str]] = [set() for _ in captions]
    best: dict[tuple[int, int], int] = {}
    for row, node in zip(rows_of(hits).tolist(), nodes_of(hits).tolist(), strict=True):
        for number in lexicon.at_node[lexicon.begins[node] : lexicon.begins[node + 1]].tolist():
            key = row, int(lexicon.synsets[number])
            best[key] = min(best.get(key, number), number)
    for (row, synset), number in best.items():
        told[row].add(f"{lexicon.wnids[synset]} {lexicon.queries['text'][number]}")
    return told


ANIMALS = [
    query("n1", "dog"),
    query("n2", "hot dog"),
    query("n3", "great white shark"),
    query("n3", "white shark", rank=1),
    query("n4", "perro", "es"),
    query("n5", "鹤", "zh"),
    query("n6", "熊猫", "zh"),
    query("n7", "glasses"),
    query("n8", "glass"),
    query("n9", "pony"),
    query("n10", "whippet dog"),
    query("n10", "whippet", rank=1),
]


@pytest.mark.parametrize(
    ("caption", "told"),
    [
        ("Two DOGS on a beach", {"n1 dog"}),
        ("a hot-dog", {"n1 dog", "n2 hot dog"}),
        ("hot, dog", {"n1 dog"}),
        ("Great White Sharks", {"n3 great white shark"}),
        ("white shark", {"n3 white shark"}),
        ("great white", set()),
        ("dogged hotdogs doggy", set()),
        ("tres perros", {"n4 perro"}),
        ("鹤", {"n5 鹤"}),
        ("a 鹤, 1990", {"n5 鹤"}),
        ("鹤岗市", set()),  # a town
        ("大熊猫宝宝", {"n6 熊猫"}),
        ("熊 猫", set()),
        ("pair of glasses", {"n7 glasses"}),
        ("a glass", {"n8 glass"}),
        ("ponies", {"n9 pony"}),
        ("my whippet dog", {"n1 dog", "n10 whippet dog"}),
        (None, set()),
    ],
)
def test_names_are_found_as_whole_words(caption: str | None, told: set[str]) -> None:
    assert found(ANIMALS, "nothing here", caption, "nor here")[1] == told


def test_common_words_numbers_and_letters_are_not_looked_for_alone() -> None:
    queries = [query("n1", "in"), query("n2", "IN"), query("n3", "22"), query("n4", "c"), query("n5", "in vitro")]
    assert make_lexicon(queries).left_out == 4
    assert found(queries, "in 22 c", "in vitro") == [set(), {"n5 in vitro"}]


def test_what_is_a_name_itself_is_no_plural() -> None:
    assert found([query("n1", "good")], "consumer goods") == [{"n1 good"}]
    assert found([query("n1", "good")], "consumer goods", names=frozenset({"goods"})) == [set()]


def test_the_best_query_of_a_synset_counts() -> None:
    lexicon = make_lexicon(
        [
            query("n1", "crane", rank=1, ambiguity=5),
            query("n1", "grus", rank=2),
            query("n1", "crane bird", rank=3),
        ]
    )
    assert lexicon.queries["text"].to_pylist() == ["crane bird", "grus", "crane"]


WORDS = ("dog", "cat", "hot", "glass", "box", "pony", "dogs", "boxes", "glasses")
some_words = st.lists(st.sampled_from([*WORDS, ","]), max_size=8).map(" ".join)
names = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)


def plainly(queries: list[SynsetQuery], caption: str) -> set[tuple[str, str]]:
    """The same by regular expressions, a query after the other."""
    exact = {each.text for each in queries}
    chunks = [f" {' '.join(re.findall('[a-z]+', chunk))} " for chunk in re.split("[,.!]", caption.lower())]
    hits: dict[str, SynsetQuery] = {}
    unclear = set()
    forms_of = {each: [form for form in plurals(each.text, "en") if form not in exact] for each in queries}
    for one in queries:
        for other in queries:
            if one.wnid != other.wnid and {one.text, *forms_of[one]} & {other.text, *forms_of[other]}:
                unclear.add(one)
    for each in queries:
        if not any(f" {form} " in chunk for form in (each.text, *forms_of[each]) for chunk in chunks):
            continue
        before = hits.get(each.wnid)
        key = (" " not in each.text, each in unclear, each.rank, each.text)
        if before is None or key < (" " not in before.text, before in unclear, before.rank, before.text):
            hits[each.wnid] = each
    return {(wnid, each.text) for wnid, each in hits.items()}


@given(
    st.lists(st.tuples(st.sampled_from(["n1", "n2", "n3"]), names), min_size=1, max_size=8, unique=True),
    st.lists(st.text("dogcathxblsnyei ,-.!DG", max_size=30) | some_words),
)
@settings(max_examples=300, deadline=None)
def test_all_that_a_plain_reading_finds_is_found_and_nothing_else(
    given_names: list[tuple[str, str]], captions: list[str]
) -> None:
    queries = [query(wnid, text, rank=rank) for rank, (wnid, text) in enumerate(given_names)]
    # A hyphen within words is a blank; between blanks it parts them, which the plain reading doesn't know.
    captions = [caption.replace("-", " ") for caption in captions]
    for caption, told in zip(captions, found(queries, *captions), strict=True):
        wanted = {f"{wnid} {text}" for wnid, text in plainly(queries, re.sub(r"\b(\w{1,2})\.", r"\1 ", caption))}
        assert told == wanted, caption


def test_bounds_leave_out_captions_that_are_too_long() -> None:
    lexicon = make_lexicon([query("n1", "dog"), query("n2", "dog")])
    matcher = Matcher(lexicon)
    words = words_of(pa.array(["dog", "a dog", "one two dog"], pa.large_string()))
    assert rows_of(matcher.find(words)).tolist() == [0, 1, 2]
    matcher.rebound(np.array([2, 3], np.int8))
    assert rows_of(matcher.find(words)).tolist() == [0, 1], "as far as the more generous of the two"
    matcher.rebound(np.array([-1, 2], np.int8))
    assert rows_of(matcher.find(words)).tolist() == [0]
