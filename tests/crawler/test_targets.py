from pathlib import Path

import pytest

from synsift.crawler.errors import TargetError
from synsift.crawler.identity import user_agent
from synsift.crawler.ontology import is_identifier
from synsift.crawler.queries import SynsetQuery
from synsift.crawler.targets import from_list, from_text, identifier_of, identifier_of_label


def test_a_text_makes_its_own_identifier() -> None:
    assert from_text("  Sailing   ship ") == SynsetQuery("sailing-ship", "Sailing ship")
    assert identifier_of("Café au lait!") == "cafe-au-lait"


def test_a_wnid_can_be_given_with_its_text() -> None:
    assert from_text("whippet", "n02091134") == SynsetQuery("n02091134", "whippet")


def test_a_bare_wnid_is_unknown_and_says_what_to_write() -> None:
    with pytest.raises(TargetError, match="no synset"):
        from_text("n02091134")


@pytest.mark.parametrize("text", ["", "   ", "x" * 300, "犬"])
def test_a_text_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(TargetError):
        from_text(text)


@pytest.mark.parametrize("wnid", ["../x", "a/b", "", ".hidden", "x" * 65, "a b", "ä"])
def test_an_identifier_that_would_make_a_bad_object_name_is_refused(wnid: str) -> None:
    assert not is_identifier(wnid)
    with pytest.raises(TargetError):
        from_text("dog", wnid)


def test_a_list_gives_ranked_queries_and_names_bad_lines(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    good = b"# dogs\nn1\twhippet\n\nn2\tpug\nn1\twhippet dog\n"
    path.write_bytes(good + b"\xff\xfe\tx\nn3\t\nhttp://a/b.jpg\n" + b"x" * 251)
    found = from_list(path)
    assert found.queries == [
        SynsetQuery("n1", "whippet", rank=0),
        SynsetQuery("n2", "pug", rank=0),
        SynsetQuery("n1", "whippet dog", rank=1),
    ]
    assert found.named == []
    assert [line.place for line in found.bad] == [f"{path}:{number}" for number in (6, 7, 8, 9)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_list_may_be_of_names_alone(tmp_path: Path, encoding: str, end: str) -> None:
    """Also as lists of ImageNet's classes are written: ``n01440764 tench, Tinca tinca``."""
    path = tmp_path / "names.txt"
    lines = ["whippet", " Schäferhund ", "n01440764 tench, Tinca tinca", "n01443537,goldfish", "crane.n.04", "n1\tpug"]
    path.write_bytes(end.join(lines).encode(encoding))
    found = from_list(path)
    texts = ["whippet", "Schäferhund", "n01440764", "n01443537", "crane.n.04"]
    assert [(one.place, one.text) for one in found.named] == [
        (f"{path}:{number}", text) for number, text in enumerate(texts, 1)
    ]
    assert found.queries == [SynsetQuery("n1", "pug")]
    assert found.bad == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("n01440764\t0", "`0` is a number"),
        ("wnid\ttext", "the head of a table"),
        ("id,name", "looks like a row"),
        ("1. tench", "looks like a row"),
        ("0: tench", "looks like a row"),
        ("/m/011k07,Tortoise", "looks like a row"),
        ('["tench", "goldfish"]', "looks like a row"),
        ("a,b,c,d", "looks like a row"),
        ('""', "looks like a row"),
        ("// tench", "looks like a row"),
    ],
)
def test_a_row_of_something_else_is_no_name(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "names.txt"
    path.write_text(line)
    (bad,) = from_list(path).bad
    assert said in bad.problem


def test_names_in_quotes_and_with_marks_of_direction_are_names(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text('"tench"\n\u200fwhip\u00adpet\nN01440764 tench\n"n01440764","tench, Tinca tinca"\n', "utf-8")
    assert [one.text for one in from_list(path).named] == ["tench", "whippet", "n01440764", "n01440764"]
    path.write_bytes("tench\n".encode("utf-16-le"))
    with pytest.raises(TargetError, match="NUL between its letters"):
        from_list(path)


@pytest.mark.parametrize(
    ("data", "said"), [(b"PK\x03\x04x", "a workbook"), (b"%PDF-1.7", "a PDF"), (b"\x1f\x8b", "gzip")]
)
def test_a_list_that_is_no_text_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "names.xlsx"
    path.write_bytes(data)
    with pytest.raises(TargetError, match=rf"names\.xlsx: it is .*{said}|names\.xlsx: it is packed with {said}"):
        from_list(path)


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="nowhere"):
        from_list(tmp_path / "nowhere")


def test_the_user_agent_names_project_version_and_contact() -> None:
    assert user_agent("1.2", "me@example.org") == "synsift/1.2 (+me@example.org)"


@pytest.mark.parametrize("contact", ["", "  ", "a\r\nX-Evil: 1", "(", "ä@example.org"])
def test_a_contact_that_is_missing_or_breaks_a_header_is_refused(contact: str) -> None:
    with pytest.raises(TargetError, match=r"identity\.contact"):
        user_agent("1.2", contact)


@pytest.mark.parametrize(
    ("label", "identifier"),
    [
        ("n02091134", "n02091134"),
        ("Dog_2", "Dog_2"),
        ("golden retriever", "golden-retriever"),
        ("  Golden   Retriever ", "golden-retriever"),
        ("Käfer", "kafer-"),
        ("Hund/Katze", "hund-katze-"),
        ("../../etc", "etc-"),
        ("猫", "label-"),
        ("x" * 300, "x" * 48 + "-"),
    ],
)
def test_a_label_of_ones_own_becomes_an_identifier(label: str, identifier: str) -> None:
    found = identifier_of_label(label)
    assert is_identifier(found)
    assert found == identifier or (identifier.endswith("-") and found.startswith(identifier))


def test_labels_that_differ_stay_apart() -> None:
    labels = ["C", "C++", "C#", "Käfer", "kafer", "Kafer", "猫", "犬", "a b", "a/b", "a  b"]
    found = {label: identifier_of_label(label) for label in labels}
    assert len(set(found.values())) == len(labels) - 1, "only blanks may be more or fewer"
    with pytest.raises(TargetError):
        identifier_of_label("???")
