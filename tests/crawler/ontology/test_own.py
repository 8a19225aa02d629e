import json
from pathlib import Path

import pytest

from synsift.crawler.errors import OntologyError, TargetError
from synsift.crawler.ontology import graph, read_ontology, resolve, under
from synsift.crawler.ontology.own import _read_json
from synsift.crawler.queries import QueryMaker

EXAMPLE = Path(__file__).parents[3] / "docs/examples/shop.csv"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(OntologyError) as caught:
        read_ontology(path)
    assert all(problem.startswith(str(path)) for problem in caught.value.problems)
    return [problem.removeprefix(str(path)) for problem in caught.value.problems]


def test_the_worked_example_of_the_docs_gives_the_queries_that_the_docs_show() -> None:
    shop = read_ontology(EXAMPLE)
    assert resolve(shop, "arc_lamp") == ["lamp-arc"]
    assert list(under(shop, "lighting", leaves=True)) == ["lamp-desk", "lamp-arc"]
    found = QueryMaker(shop, ["en", "es"]).queries("lamp-arc")
    assert [(query.text, str(query.rule)) for query in found] == [
        ("arc lamp", "synonym"),
        ("arc floor lamp", "synonym"),
        ("arc lamp floor lamp", "ancestor"),
        ("lámpara de arco", "translation"),
    ]


RECORDS = [
    {"id": "a", "names": ["thing"]},
    {"id": "b", "names": "small_thing", "parents": ["a"], "definition": "a thing", "translations": {"es": ["cosa"]}},
]


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_every_form_gives_the_same(suffix: str, tmp_path: Path) -> None:
    text = {
        "csv": "id,names,definition,parents,translations.es\na,thing,,,\nb,small_thing,a thing,a,cosa\n",
        "json": json.dumps(RECORDS, indent=1),
        "jsonl": "\n".join(map(json.dumps, RECORDS)) + "\n",
    }[suffix]
    found = read_ontology(write(tmp_path, f"x.{suffix}", "\ufeff" + text))
    assert list(found) == ["a", "b"]
    assert found.get("b").lemmas == ("small thing",)
    assert found.get("a").children == ("b",)
    assert found.translations("b", "es") == ("cosa",)
    assert found.senses("Small Thing") == ["b"]
    assert list(graph.ancestors(found, "b")) == ["a"]


def test_all_problems_are_named_at_once_each_with_its_line(tmp_path: Path) -> None:
    lines = [
        '{"id": "a", "names": ["x"], "parents": ["b"]}',
        '{"id": "b", "names": ["y"], "parents": ["a"]}',
        '{"id": "a", "names": ["z"]}',
        '{"id": "c", "names": []}',
        '{"id": "../d", "names": ["w"]}',
        "not json",
        '["e"]',
        '{"id": "f", "names": ["f"], "parents": ["nowhere"], "colour": "red"}',
        '{"id": "g", "names": [1.5]}',
        '{"id": "h", "names": ["h"], "translations": {"es": {}}}',
    ]
    found = "\n".join(problems(write(tmp_path, "bad.jsonl", "\n".join(lines))))
    for expected in (
        ":1: a cycle of parents: a → b → a",
        ":3: id 'a' stands already at",
        ":4: 'c' has no names",
        ":5: '../d' is no id",
        ":6: not JSON",
        ":7: not an object",
        ":8: unknown field 'colour'",
        ":8: parent 'nowhere' of 'f' is unknown",
        ":9: 'g' has no names",
        ":10: the translations of 'h'",
    ):
        assert expected in found


def test_each_cycle_is_shown_once(tmp_path: Path) -> None:
    text = "id,names,parents\na,a,b|c\nb,b,a\nc,c,d\nd,d,c\ne,e,e\n"
    assert problems(write(tmp_path, "x.csv", text)) == [
        ":2: a cycle of parents: a → b → a",
        ":4: a cycle of parents: c → d → c",
        ":6: a cycle of parents: e → e",
    ]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("x.csv", b"id,names\na,\xff\n", ":2: not UTF-8: byte 0xff"),
        ("x.csv", "name,text\n", ":1: unknown column 'text'"),
        ("x.csv", "id\na\n", ":1: no columns 'id' and 'names'"),
        ("x.csv", "id,names\na,b,c\n", ":2: 3 cells under 2 columns"),
        ("x.csv", 'id,names\na,"b\n', ":2: not CSV"),
        ("x.csv", "id,names\n", ": there are no concepts in it"),
        ("x.json", "{}", ":1: not an array"),
        ("x.json", '[\n{"id": "a", "names": ["a"]}\n', ":2: not JSON"),
        ("x.json", "[\n\n{]", ":3: not JSON"),
        ("x.json", "[" * 100_000, ":1: not JSON"),
        ("x.txt", "", ": an ontology is a file"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(name: str, text: str | bytes, problem: str, tmp_path: Path) -> None:
    assert problems(write(tmp_path, name, text))[0].startswith(problem)


_TREE = [("a", ("lamp", "light"), ()), ("b", ("arc lamp",), ("a",))]
_BOTH = '{"id": "a", "labels": ["lamp", "light"]}, {"id": "b", "name": "arc lamp", "parent": "a"}'


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", "ID;Names;Parents\r\na;lamp|light;\r\nb;arc lamp;a\r\n"),
        ("x.csv", "sep=;\nid;label;parent\na;lamp|light;\nb;arc lamp;a\n"),
        ("x.tsv", "id\tname\tparents\na\tlamp|light\t\nb\tarc lamp\ta\n"),
        ("x.json", f'{{"concepts": [{_BOTH}]}}'),
        ("x.json", '[{"id": "a", "names": ["lamp", "light"], "children": [{"id": "b", "names": "arc lamp"}]}]'),
        (
            "x.json",
            '{"id": "a", "name": ["lamp", "light"], "children": [{"id": "b", "name": "arc lamp", "children": null}]}',
        ),
        ("x.csv", "id,name,Parent ID,,\n\na,lamp|light,,,\nb,arc lamp,a,,\n,,,,\n"),
        ("x.jsonl", '{"id": "a", "names": ["lamp", "light"], "Children": [{"id": "b", "names": "arc lamp"}]}\n'),
    ],
)
def test_files_are_taken_as_other_programs_leave_them(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    file = tmp_path / name
    file.write_bytes(text.encode(encoding))
    found = read_ontology(file)
    assert [(one, found.get(one).lemmas, found.get(one).parents) for one in found] == _TREE


def test_numbers_are_identifiers_too(tmp_path: Path) -> None:
    child = '{"id": 9, "name": 0, "parent": 7}'
    text = f'[{{"id": 7, "names": "x"}}, {{"id": 8, "names": "y", "parents": [7], "children": [{child}]}}]'
    found = read_ontology(write(tmp_path, "x.json", text))
    assert [found.get(one).parents for one in ("7", "8", "9")] == [(), ("7",), ("7", "8")]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("x.csv", "id,name,names\na,b,c\n", ":1: two columns are 'names'"),
        ("x.json", '[{"id": "a", "name": "b", "names": "c"}]', ":1: 'names' stands there twice"),
        ("x.json", '[{"id": "a", "names": "b"}] [{"id": "c", "names": "d"}]', ":1: something stands behind the array"),
        ("x.json", '{"a": [{"id": "a", "names": "b"}], "b": [{"id": "c"}]}', ":1: something stands behind the array"),
        ("x.json", '[{"id": "a", "id": "b", "names": "c"}]', ":1: not JSON: `id` stands twice"),
        ("x.json", '[{"id": "a", "names": "b", "children": ["c"]}]', ":1: unknown field 'children'"),
        ("x.csv", "id,names,\na,b,c\n", ":2: a cell stands under a column without a name"),
        ("x.json", '{"name": "a", "children": []}', ":1: not an array of objects"),
        ("x.csv", b"PK\x03\x04", ": it is a workbook of a spreadsheet"),
    ],
)
def test_nothing_of_a_file_is_passed_over(tmp_path: Path, name: str, text: str | bytes, problem: str) -> None:
    assert problems(write(tmp_path, name, text))[0].startswith(problem)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "No such file" in problems(tmp_path / "none.csv")[0]


def test_the_papers_subtrees_are_wordnets() -> None:
    with pytest.raises(TargetError, match="isn't WordNet"):
        list(under(read_ontology(EXAMPLE), "imagenet12"))


class CountedText(str):
    """A text that remembers how much of it was looked through for lines."""

    looked = 0

    def count(self, sub: str, start: int = 0, end: int = 0) -> int:  # type: ignore[override]
        self.looked += end - start
        return super().count(sub, start, end)


def test_a_long_array_is_looked_through_for_lines_once(tmp_path: Path) -> None:
    text = CountedText("[\n" + ",\n".join(f'{{"id": "n{number}", "names": ["n"]}}' for number in range(2_000)) + "\n]")
    places = [place for place, _ in _read_json(text, tmp_path / "own.json")]
    assert places[0].endswith(":2")
    assert places[-1].endswith(":2001")
    assert text.looked <= len(text)
