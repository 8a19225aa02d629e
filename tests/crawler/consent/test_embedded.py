"""Where formats keep what an image says of its use."""

import io
import zlib

import pytest
from PIL import Image

from synsift.crawler.consent import Kind, embedded

NOBODY = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"
PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    f'<rdf:Description xmlns:q="http://ns.useplus.org/ldf/xmp/1.0/" q:DataMining="{NOBODY}"/></rdf:RDF></x:xmpmeta>'
).encode()


def kinds(data: bytes) -> list[Kind]:
    return [found.kind for found in embedded.statements(data, "http://h/a")]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
def test_every_format_that_pillow_writes_xmp_into_is_heard(kind: str) -> None:
    target = io.BytesIO()
    image = Image.new("RGB", (40, 30), "red")
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", PACKET.decode(), zip=True)
        image.save(target, kind, pnginfo=info)
        assert b"useplus" not in target.getvalue()
    elif kind == "TIFF":
        image.save(target, kind, tiffinfo={700: PACKET})
    elif kind == "GIF":
        image.save(target, kind)
        target = io.BytesIO(target.getvalue()[:-1] + b"!\xff\x0bXMP DataXMP" + PACKET + b"\x00;")
    else:
        image.save(target, kind, xmp=PACKET)
    assert kinds(target.getvalue()) == [Kind.PLUS]


def test_a_long_part_of_a_jpeg_is_put_together_in_the_order_of_its_offsets() -> None:
    name = b"http://ns.adobe.com/xmp/extension/\x00"
    cut = len(PACKET) // 2

    def segment(offset: int, piece: bytes) -> bytes:
        body = name + b"A" * 32 + len(PACKET).to_bytes(4, "big") + offset.to_bytes(4, "big") + piece
        return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body

    data = b"\xff\xd8" + segment(cut, PACKET[cut:]) + segment(0, PACKET[:cut]) + b"\xff\xd9"
    assert kinds(data) == [Kind.PLUS]


@pytest.mark.parametrize(
    "inner",
    [
        "<p:DataMining>DMI-PROHIBITED</p:DataMining>",
        '<p:DataMining rdf:resource="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"/>',
        "<p:DataMining><rdf:Bag><rdf:li>DMI-PROHIBITED</rdf:li></rdf:Bag></p:DataMining>",
        '<p:DataMining><rdf:Description rdf:value="x"/>DMI-PROHIBITED</p:DataMining>',
    ],
)
def test_a_property_is_heard_in_every_form_of_rdf(inner: str) -> None:
    packet = f'<rdf:RDF xmlns:rdf="http://r#" xmlns:p="http://ns.useplus.org/ldf/xmp/1.0/">{inner}</rdf:RDF>'
    assert kinds(packet.encode()) == [Kind.PLUS]


def test_a_prefix_says_nothing_and_a_namespace_all() -> None:
    packet = PACKET.replace(b"http://ns.useplus.org/ldf/xmp/1.0/", b"http://other.example/?ns.useplus.org")
    assert kinds(packet) == []


def test_a_refusal_behind_many_packets_is_not_overlooked() -> None:
    allowed = PACKET.replace(b"DMI-PROHIBITED", b"DMI-ALLOWED")
    assert kinds(allowed * 8 + PACKET) == [Kind.GRANT, Kind.PLUS_UNCLEAR]
    assert kinds(allowed * 9) == [Kind.GRANT]
    assert kinds(b"<rdf:RDF></rdf:RDF>" * 5_000 + PACKET) == [Kind.PLUS_UNCLEAR]


def test_packets_that_never_end_are_looked_through_once() -> None:
    """Each of them was searched to the end of the file for its own: minutes for a picture of some megabytes."""
    assert kinds(b"ns.useplus.org" + b"<rdf:RDF><x:xmpmeta>" * 1_000_000) == []
    assert kinds(b"<x:xmpmeta>" * 1_000_000 + PACKET) == [Kind.PLUS_UNCLEAR]


def test_what_unpacks_without_end_is_no_danger() -> None:
    bomb = (
        b"\x89PNG" + b"iTXtXML:com.adobe.xmp\x00\x01\x00\x00\x00" + zlib.compress(b"ns.useplus.org" + bytes(50_000_000))
    )
    assert kinds(bomb) == []
    entities = b'<!DOCTYPE a [<!ENTITY b "ccccccccc">]>'
    assert kinds(PACKET.replace(b"<rdf:RDF", entities + b"<rdf:RDF", 1)) == [Kind.PLUS_UNCLEAR]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_packets_in_wide_letters_are_heard(encoding: str) -> None:
    body = b"http://ns.adobe.com/xap/1.0/\x00" + PACKET.decode().encode(encoding)
    data = b"\xff\xd8\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + b"\xff\xd9"
    assert kinds(data) == kinds(PACKET) != []
