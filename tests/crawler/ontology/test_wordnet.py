import pytest

from synsift.crawler.errors import TargetError
from synsift.crawler.ontology import IMAGENET12, LANGUAGES, graph, only_sense, read_bundle, resolve, under, wordnet
from synsift.crawler.ontology.wordnet import NOUNS, split_gloss

WORDNET = wordnet()


def test_all_noun_synsets_are_there_and_each_line_can_be_read() -> None:
    assert len(WORDNET) == NOUNS == len({WORDNET.get(wnid).wnid for wnid in WORDNET})


def test_parents_and_children_say_the_same() -> None:
    for wnid in WORDNET:
        assert all(wnid in WORDNET.get(parent).children for parent in WORDNET.get(wnid).parents)
        assert all(wnid in WORDNET.get(child).parents for child in WORDNET.get(wnid).children)


def test_a_synset_is_as_wordnet_has_it() -> None:
    dog = WORDNET.get("n02084071")
    assert dog.lemmas == ("dog", "domestic dog", "Canis familiaris")
    assert dog.definition.startswith("a member of the genus Canis")
    assert dog.examples == ("the dog barked all night",)
    assert dog.parents == ("n02083346", "n01317541")
    paris = WORDNET.get("n08932568")
    assert paris.instance_of == paris.parents == ("n08691669",)
    assert WORDNET.number_of_descendants("n02084071") == len(list(graph.descendants(WORDNET, "n02084071")))


@pytest.mark.parametrize("term", ["n02084071", "dog.n.01", "Domestic_Dog", "domestic  dog", "CANIS FAMILIARIS"])
def test_a_synset_is_found_by_wnid_sense_and_name(term: str) -> None:
    assert resolve(WORDNET, term) == ["n02084071"]


def test_senses_come_in_sense_order() -> None:
    assert resolve(WORDNET, "crane")[0] == "n10914447"
    assert len(resolve(WORDNET, "crane")) == 5
    assert resolve(WORDNET, "crane.n.05") == ["n02012849"]


@pytest.mark.parametrize(
    "term", ["", "n00000000", "n0208407", "dog.n.00", "dog.n.99", "dog.n.x", "zzz", "n02084071\n0"]
)
def test_what_is_in_no_synset_is_nothing(term: str) -> None:
    assert resolve(WORDNET, term) == []
    with pytest.raises(TargetError, match="in no synset"):
        only_sense(WORDNET, term)
    if term:
        assert term not in WORDNET


def test_several_senses_are_listed_and_none_is_taken() -> None:
    with pytest.raises(TargetError, match=r"5 senses.*\n.*n10914447(.|\n)*n02012849  crane: large long-necked"):
        only_sense(WORDNET, "crane")


def test_there_are_names_in_every_language() -> None:
    assert [WORDNET.translations("n02084071", lang)[0] for lang in LANGUAGES] == [
        "dog", "perro", "cane", "hond", "犬",
    ]  # fmt: skip
    assert WORDNET.translations("n02084071", "xx") == ()
    assert "n02084071" in WORDNET.senses("Hond", "nl")


def test_the_twelve_subtrees_are_those_of_their_names() -> None:
    assert len(IMAGENET12) == 12
    for name, wnid in IMAGENET12.items():
        assert name in WORDNET.get(wnid).lemmas
    found = list(under(WORDNET, "imagenet12"))
    assert len(found) == len(set(found)) > 5_000
    leaves = list(under(WORDNET, "imagenet12", leaves=True))
    assert set(leaves) < set(found)
    assert all(graph.is_leaf(WORDNET, wnid) for wnid in leaves)


def test_depth_paths_and_common_ancestors() -> None:
    assert graph.depth(WORDNET, "n00001740") == 0
    assert graph.depth(WORDNET, "n02084071") == 8
    paths = graph.paths(WORDNET, "n02084071")
    assert len(paths) == 2
    assert {path[0] for path in paths} == {"n00001740"}
    assert {path[-1] for path in paths} == {"n02084071"}
    assert min(map(len, paths)) - 1 == 8
    assert graph.lowest_common_ancestors(WORDNET, "n02084071", "n02121808") == ["n01317541", "n02075296"]
    assert graph.lowest_common_ancestors(WORDNET, "n02084071", "n02084071") == ["n02084071"]
    assert next(iter(graph.ancestors(WORDNET, "n02084071"))) == "n02083346"


@pytest.mark.parametrize(
    ("gloss", "definition", "examples"),
    [
        ('a dog; "it barked"; "no"', "a dog", ("it barked", "no")),
        ("no examples", "no examples", ()),
        ('"only an example"', '"only an example"', ()),
        ('a so-called "dog" of kinds', 'a so-called "dog" of kinds', ()),
    ],
)
def test_a_gloss_is_split_into_definition_and_examples(gloss: str, definition: str, examples: tuple[str, ...]) -> None:
    assert split_gloss(gloss) == (definition, examples)


def test_licences_of_every_part_ship_with_it() -> None:
    texts = {lang: read_bundle(f"licence-{lang}.txt") for lang in LANGUAGES}
    assert "Princeton University" in texts["en"]
    assert all("inproceedings" in texts[lang].lower() for lang in LANGUAGES if lang != "en")
