"""Tables that prove themselves: no flipped bit, wherever it is, gives other rows in silence."""

import io
import random

import pyarrow
import pyarrow.parquet

from synsift.pipelines.storage.manifests import decode_part, encode_part
from synsift.pipelines.storage.redaction import without
from synsift.pipelines.storage.sealed import is_sealed, read_sealed, sealed
from tests.pipelines.exports.stores import picture, survivor_of

_MARK = "synsift.seal\x18P" + "0" * 80


def test_a_flipped_bit_is_damage_or_changes_nothing() -> None:
    part = encode_part([(number, survivor_of(picture(number))) for number in range(3)])
    rows, rng = decode_part(part), random.Random("bits")  # noqa: S311 - the same each time
    seal = part.rindex(b"synsift.seal")
    bits = [8 * at + rng.randrange(8) for at in range(seal - 100, seal + 200)] + rng.sample(range(8 * len(part)), 900)
    unseen = 0
    for bit in bits:
        damaged = bytearray(part)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            found = decode_part(bytes(damaged))
        except Exception:  # noqa: BLE001, S112 - of which kind, the readers' tests say
            continue
        unseen += 1
        assert found == rows
        assert not is_sealed(bytes(damaged))
    assert 0 < unseen < 40  # those that hit the name under which the SHA-256 stands


def test_any_bytes_that_users_wrote_may_stand_in_it() -> None:
    for text in (_MARK, _MARK.replace("0", "1"), "synsift.seal", "\x18P" + "0" * 80):
        table = pyarrow.table({"title": [text] * 2, text: ["a", text]})
        data = sealed(table)
        assert read_sealed(data).equals(table)
        assert pyarrow.parquet.read_table(io.BytesIO(data)).equals(table)


def test_a_table_of_an_earlier_version_is_read_as_it_stands() -> None:
    table, target = pyarrow.table({"a": [1, 2]}), io.BytesIO()
    pyarrow.parquet.write_table(table, target)
    assert not is_sealed(target.getvalue())
    assert read_sealed(target.getvalue()).equals(table)


def test_a_table_that_others_wrote_again_is_read_as_it_stands() -> None:
    """They take the metadata along, and with it a seal that isn't this file's; earlier versions of ours did, too."""
    whole, target = encode_part([(number, survivor_of(picture(number))) for number in range(3)]), io.BytesIO()
    table = pyarrow.parquet.ParquetFile(io.BytesIO(whole)).read()
    assert b"synsift.seal" in table.schema.metadata
    pyarrow.parquet.write_table(table.slice(1), target, compression="zstd")
    assert not is_sealed(target.getvalue())
    assert decode_part(target.getvalue()) == decode_part(whole)[1:]
    assert read_sealed(again := sealed(table.slice(1))).equals(table.slice(1).replace_schema_metadata())
    assert is_sealed(again)


def test_what_is_left_of_a_table_has_a_seal_of_its_own() -> None:
    data = sealed(pyarrow.table({"sha256": ["a", "b", "c"]}))
    for gone, left in (("b", ["a", "c"]), ("a", ["c"])):
        data = without(data, ["sha256"], [gone])[0] or b""
        assert read_sealed(data)["sha256"].to_pylist() == left
        assert data.count(b"synsift.seal") == 1


def test_pages_have_checksums_for_other_readers() -> None:
    table = pyarrow.table({"sha256": pyarrow.array(["a" * 64] * 99)})
    said = set()
    for at, byte in enumerate(data := sealed(table)):
        damaged = data[:at] + bytes([byte ^ 1]) + data[at + 1 :]
        try:
            pyarrow.parquet.read_table(io.BytesIO(damaged), page_checksum_verification=True)
        except Exception as exc:  # noqa: BLE001 - whatever Arrow says
            said.add(str(exc))
    assert any("CRC" in one for one in said), said
