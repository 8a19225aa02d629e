"""Content credentials in images: files that C2PA's own library wrote, and what strangers may write."""

import io
from pathlib import Path

import brotli
import pytest
from PIL import Image

from synsift.crawler.consent import Kind, Policy, Say, cbor, embedded, judge, manifests

FILES = Path(__file__).parents[2] / "data" / "credentials"
UUID = b"cbor\x00\x11\x00\x10\x80\x00\x00\xaa\x008\x9bq"
REFUSES = b"\xa1gentries\xa1pcawg.ai_training\xa1cusejnotAllowed"


def box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def assertion(content: bytes, kind: bytes = b"cbor", label: bytes = b"cawg.training-mining") -> bytes:
    return box(b"jumb", box(b"jumd", UUID + b"\x03" + label + b"\x00") + box(kind, content))


def said(data: bytes) -> list[tuple[Kind, str, Say]]:
    return [(x.kind, x.value, x.train) for x in manifests.statements(data, "http://h/a")]


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "gif", "avif"])
def test_a_refusal_is_heard_in_every_format(suffix: str) -> None:
    data = (FILES / f"not-allowed.{suffix}").read_bytes()
    assert set(said(data)) == {
        (Kind.CREDENTIALS, "c2pa.ai_training: notAllowed", Say.NO),
        (Kind.CREDENTIALS_GENERATIVE, "c2pa.ai_generative_training: notAllowed", Say.NO),
        (Kind.CREDENTIALS, "c2pa.data_mining: constrained", Say.NO),
        (Kind.GRANT, "c2pa.ai_inference: notAllowed", Say.SILENT),
    }
    for profile in ("lenient", "cautious", "strict"):
        assert judge(manifests.statements(data, "u"), Policy(profile)).train is Say.NO


def test_the_newer_name_is_heard_and_a_grant_without_proof_is_none() -> None:
    assert said((FILES / "cawg.jpg").read_bytes()) == [(Kind.CREDENTIALS, "cawg.ai_training: notAllowed", Say.NO)]
    assert said((FILES / "allowed.png").read_bytes()) == []


def test_the_files_are_pictures() -> None:
    for file in FILES.iterdir():
        with Image.open(file) as image:
            image.load()


def test_a_long_store_of_a_jpeg_is_put_together_in_the_order_of_its_segments() -> None:
    head = box(b"jumd", b"c2pa" + UUID[4:] + b"\x03c2pa\x00")
    store = box(b"jumb", head + box(b"free", bytes(90)) + assertion(REFUSES))
    pieces = [store[at : at + 100] for at in range(8, len(store), 100)]
    segments = []
    for number, piece in enumerate(pieces, 1):
        body = b"JP\x02\x11" + number.to_bytes(4, "big") + store[:8] + piece
        segments.append(b"\xff\xeb" + (len(body) + 2).to_bytes(2, "big") + body)
    assert len(segments) == 3
    for order in ((0, 1, 2), (2, 0, 1)):
        data = b"\xff\xd8" + b"".join(segments[number] for number in order) + b"\xff\xda"
        assert said(data) == [(Kind.CREDENTIALS, "cawg.ai_training: notAllowed", Say.NO)]


def test_a_manifest_that_is_compressed_is_heard() -> None:
    packed = box(b"brob", b"jumb" + brotli.compress(assertion(REFUSES)[8:]))
    data = b"\x89PNG" + box(b"jumb", box(b"jumd", b"c2pa" + UUID[4:] + b"\x03c2pa\x00") + packed)
    assert said(data) == [(Kind.CREDENTIALS, "cawg.ai_training: notAllowed", Say.NO)]
    bomb = box(b"brob", b"jumb" + brotli.compress(bytes(50_000_000), quality=5))
    assert said(b"\x89PNG" + box(b"jumb", bomb)) == []


def test_an_assertion_in_json_and_a_second_one_of_its_name_are_heard() -> None:
    text = b'{"entries": {"c2pa.data_mining": {"use": "notAllowed"}}}'
    assert said(assertion(text, b"json", b"c2pa.training-mining__1")) == [
        (Kind.CREDENTIALS, "c2pa.data_mining: notAllowed", Say.NO)
    ]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xa1", b"\xff", b"\x9f" * 100, b"\xbb" + b"\xff" * 8, b"\xa1gentries\x01", b"\x81\x01", b"\xa1\xa0\x01"],
)
def test_an_assertion_that_can_not_be_read_leaves_it_open(content: bytes) -> None:
    (found,) = manifests.statements(assertion(content), "u")
    assert (found.kind, found.train) == (Kind.CREDENTIALS_UNCLEAR, Say.HOLD)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * 70_000,
        b"GIF89a!\xff\x0bC2PA_GIF\x01\x00\x00" + b"\x01j" * 70_000,
        b"GIF89a" + b"!\xff\x0bC2PA_GIF\x01\x00\x00\x00" * 70_000,
    ],
    ids=["JPEG", "GIF", "GIF, many times"],
)
def test_an_image_in_a_million_pieces_is_not_put_together(data: bytes) -> None:
    """It took seconds of a worker's time; such images leave it open."""
    assert [kind for kind, _, _ in said(data + b"jumb")] == [Kind.CREDENTIALS_UNCLEAR]


def test_fill_before_a_marker_is_passed_over() -> None:
    body = b"JP\x02\x11\x00\x00\x00\x01" + assertion(REFUSES)
    data = b"\xff\xd8" + b"\xff" * 9 + b"\xeb" + (len(body) + 2).to_bytes(2, "big") + body + b"\xff\xd9"
    assert said(data) == [(Kind.CREDENTIALS, "cawg.ai_training: notAllowed", Say.NO)]


def test_words_outside_of_a_box_are_no_assertion() -> None:
    target = io.BytesIO()
    Image.new("RGB", (9, 9)).save(target, "JPEG", comment=b"jumb cawg.training-mining notAllowed")
    assert said(target.getvalue()) == []


def test_credentials_that_stand_elsewhere_say_nothing_beside_those_in_the_image() -> None:
    packet = (
        b'<rdf:RDF xmlns:rdf="http://r#"><rdf:Description xmlns:d="http://purl.org/dc/terms/" '
        b'd:provenance="https://cai.example/m"/></rdf:RDF>'
    )
    assert [x.kind for x in embedded.statements(packet, "u")] == [Kind.CREDENTIALS_UNCLEAR]
    assert embedded.statements(packet + (FILES / "allowed.png").read_bytes(), "u") == []
    assert embedded.statements(packet.replace(b"https://cai.example/m", b"self#jumbf=c2pa"), "u") == []


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x18\x64", 100), (b"\x29", -10), (b"\x63abc", "abc"), (b"\x42\x01\x02", b"\x01\x02"),
        (b"\x83\x01\x02\xf5", [1, 2, True]), (b"\xbf\x61a\x01\xff", {"a": 1}), (b"\x9f\x01\xff", [1]),
        (b"\x7f\x61a\x61b\xff", "ab"), (b"\xc1\x1a\x00\x00\x00\x05", 5), (b"\xf9\x3e\x00", 1.5), (b"\xf6", None),
        (b"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 1.1),
    ],
)  # fmt: skip
def test_cbor_is_read_as_its_rfc_has_it(data: bytes, value: object) -> None:
    assert cbor.loads(data) == value
