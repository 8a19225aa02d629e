"""Whatever stands in a file, an answer or a database: a value, or an error that has a name."""

import random
from pathlib import Path

import pytest

from tests.outside.readers import Reader, readers


@pytest.fixture(scope="module")
def all_readers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reader]:
    return dict(readers(tmp_path_factory.mktemp("outside")))


# benchmarks/fuzz_readers.py reads a hundred thousand.
@pytest.mark.parametrize("inputs", [30, pytest.param(100, marks=pytest.mark.exhaustive)])
def test_no_reader_raises_what_has_no_name(all_readers: dict[str, Reader], inputs: int) -> None:
    assert len(all_readers) > 30
    refusing = set()
    for name, reader in all_readers.items():
        reader.read(reader.seeds[0])
        rng = random.Random(name)  # noqa: S311 - the same each time
        for number in range(inputs):
            data = reader.tamper(rng, rng.choice(reader.seeds))
            try:
                reader.read(data)
            except reader.errors:
                refusing.add(name)
            except Exception as exc:
                raise AssertionError(f"{name}, input {number}: {data[:200]!r}") from exc
    answering = {name for name, reader in all_readers.items() if not reader.errors}
    # These say it row by row, beside the rows that are good.
    by_row = {f"list of URLs, {kind}" for kind in ("jsonl", "array.json", "lines.json")} | {
        "columns, jsonl",
        "list of targets",
    }
    assert refusing >= all_readers.keys() - answering - by_row


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("list of URLs, csv", b'a"b\rc,url\nhttp://a.example/\n'),
        ("list of URLs, csv", b"x" * 200_000 + b",url\n1,2\n"),
        ("list of URLs, csv", b"\xff,url\n1,2\n"),
        ("list of URLs, jsonl", b'{"url": ' + b"[" * 100_000),
        ("list of URLs, jsonl", b'{"\\ud800": "1"}'),
        ("cursor of a list, csv", b"9" * 30 + b":1"),
        ("set, jsonl", b"[" * 100_000),
        ("set, jsonl", b"9" * 5_000),
        ("choices", b"[" * 100_000),
        ("journal of moves", b"[" * 100_000),
        ("ontology, jsonl", b"[" * 100_000),
        ("configuration", b"a = " + b"[" * 100_000),
        ("configuration", b"[fetch]\nthreads = " + b"9" * 5_000),
        ("name of a store", b'{"log": "a", "b": ' + b"[" * 100_000),
    ],
)
def test_what_was_found_once_is_refused_or_read(all_readers: dict[str, Reader], name: str, data: bytes) -> None:
    reader = all_readers[name]
    try:
        reader.read(data)
    except reader.errors as exc:
        assert str(exc)


def test_only_one_place_parses_json_of_others() -> None:
    root = Path(__file__).parents[2]
    found = [
        str(path.relative_to(root))
        for folder in ("crawler", "dedupe", "pipelines")
        for path in (root / folder).rglob("*.py")
        if "json.loads(" in path.read_text()
    ]
    assert found == ["crawler/outside_json.py"]


@pytest.mark.parametrize("name", ["log", "cache"])
def test_a_database_whose_own_texts_are_damaged_is_refused_or_left_alone(
    all_readers: dict[str, Reader], name: str
) -> None:
    reader = all_readers[name]
    data = reader.seeds[0]
    for place in range(data.index(b"CREATE"), data.index(b"CREATE") + 60):
        for odd in (b"\x80", b"\xff", b"\0"):
            try:
                reader.read(data[:place] + odd + data[place + 1 :])
            except reader.errors as exc:
                assert str(exc)
