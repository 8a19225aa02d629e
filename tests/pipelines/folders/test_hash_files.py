"""Lists of hashes as people have them."""

import gzip
import hashlib
import json
import os
import random
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synsift.pipelines.errors import SynsiftError, UsageError
from synsift.pipelines.folders.hash_files import is_list, read_entries, split_kind

MD5, SHA1, SHA256 = "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "e3b0c442" * 8
OTHER = hashlib.md5(b"other").hexdigest()  # noqa: S324 - a hash as lists have them
EMPTY = hashlib.sha256(b"").hexdigest()
PDQ, PHASH = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22", "c3c3d8d8a5a51e1e"

_N = 0xD41D8CD98F00B204E9800998ECF84200


@pytest.mark.parametrize(
    ("name", "text", "kind", "found"),
    [
        ("a.txt", f"{MD5}\n{SHA1}\n", "", [("md5", MD5, "2 lines"), ("sha1", SHA1, "2 lines")]),
        ("a.txt", f"# a comment\n\n{MD5}\r\n", "", [("md5", MD5, "")]),
        ("a.txt", f"{PDQ}\n", "pdq", [("pdq", PDQ, "")]),
        ("a.txt", f"{PDQ.upper()}\n", "pdq", [("pdq", PDQ, "")]),
        ("a.csv", f"{PDQ},100,a b.jpg\n", "pdq", [("pdq", PDQ, "a b.jpg")]),
        (
            "a.md5",
            f"{MD5}  photos/a, b.jpg\n{MD5} *c.jpg\n",
            "",
            [("md5", MD5, "photos/a, b.jpg"), ("md5", MD5, "c.jpg")],
        ),
        ("a.txt", f"{SHA256}  x.png\n", "", [("sha256", SHA256, "x.png")]),
        ("a.csv", f"\ufeffpath,PHash\nx.png,{PHASH}\n", "", [("phash", PHASH, "x.png")]),
        ("a.csv", f"md5;pdq_hash;name\n{MD5};{PDQ};x\n", "", [("md5", MD5, "x"), ("pdq", PDQ, "x")]),
        ("a.tsv", f"indicator\ttype\n{PDQ}\tHASH_PDQ\n{MD5}\tHASH_MD5\n", "", [("pdq", PDQ, ""), ("md5", MD5, "")]),
        ("a.csv", f'hash,name\n{MD5},"a, ""b"""\n', "", [("md5", MD5, 'a, "b"')]),
        ("a.csv", f"md5,pdq\n{MD5},\n,{PDQ}\n", "", [("md5", MD5, ""), ("pdq", PDQ, "")]),
        ("a.jsonl", f'{{"sha-256": "{SHA256}", "id": 7}}\n', "", [("sha256", SHA256, "7")]),
        ("a.jsonl", f'{{"hash": "{PDQ}", "signal_type": "pdq"}}\n', "", [("pdq", PDQ, "")]),
        ("a.txt", f"SHA2-256(a (1).jpg)= {SHA256}\n", "", [("sha256", SHA256, "a (1).jpg")]),
        ("a.txt", f"MD5 (a) b.jpg) = {MD5}\n", "", [("md5", MD5, "a) b.jpg")]),
        ("a.txt", f"\\{MD5}  a\\nb\\\\n.jpg\n", "", [("md5", MD5, "a\nb\\n.jpg")]),
        ("a.txt", f"{MD5}  a\nb.jpg\0{SHA1} *c.jpg\0", "", [("md5", MD5, "a\nb.jpg"), ("sha1", SHA1, "c.jpg")]),
        ("a.txt", f"; no more 1\n// nor this\n{MD5}\n", "", [("md5", MD5, "")]),
        ("a.txt", f"md5:{MD5}\nsha-256:{SHA256}\n", "", [("md5", MD5, ""), ("sha256", SHA256, "")]),
        ("a.txt", f"0x{PDQ}\n", "pdq", [("pdq", PDQ, "")]),
        ("a.txt", f"sha256:{SHA256}\n", "sha256", [("sha256", SHA256, "")]),
        ("a.csv", "file,Content-MD5\nx,1B2M2Y8AsgTpgAmY7PhCfg==\n", "", [("md5", MD5, "x")]),
        ("a.txt", "sha256-47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n", "", [("sha256", EMPTY, "")]),
        (
            "a.txt",
            f'%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## $ hashdeep .\n##\n7,{MD5},{SHA256},"a", b\n',
            "",
            [("md5", MD5, '"a", b'), ("sha256", SHA256, '"a", b')],
        ),
        ("a.csv", f'name,md5\n"a\n# b\n\nc",{MD5}\nd,{MD5}\n', "", [("md5", MD5, "a\n# b\n\nc"), ("md5", MD5, "d")]),
        ("a.csv", f"signal_type,signal_value\npdq,{PDQ}\n", "", [("pdq", PDQ, "")]),
        ("a.csv", f"{MD5},tiger\n{SHA1},hash\n", "", [("md5", MD5, "tiger"), ("sha1", SHA1, "hash")]),
        ("a.csv", f"{PDQ},signal\n", "pdq", [("pdq", PDQ, "signal")]),
        ("a.csv", f'{MD5},12" wide\n{SHA1},13" wide\n', "", [("md5", MD5, '12" wide'), ("sha1", SHA1, '13" wide')]),
        ("a.json", f'[{{"md5": "{MD5}"}},\n {{"pdq": "{PDQ}"}}]', "", [("md5", MD5, ""), ("pdq", PDQ, "")]),
        (
            "a.json",
            f'{{"data": [{{"indicator": "{MD5}", "type": "HASH_MD5"}}], "paging": {{}}}}',
            "",
            [("md5", MD5, "")],
        ),
        ("a.json", f'{{\n  "md5": "{MD5}",\n  "name": "x"\n}}\n', "", [("md5", MD5, "x")]),
        ("a.json", f'{{"md5": "{MD5}"}}\n{{"sha1": "{SHA1}"}}\n', "", [("md5", MD5, ""), ("sha1", SHA1, "")]),
        ("a.json", f'["{MD5}", "{SHA1}"]', "", [("md5", MD5, ""), ("sha1", SHA1, "")]),
        ("a.json", f'{{"md5": ["{MD5}"], "pdq": ["{PDQ}"]}}', "", [("md5", MD5, ""), ("pdq", PDQ, "")]),
        ("a.json", f'{{"a": "{MD5}", "{SHA1}": "b"}}', "", [("md5", MD5, "a"), ("sha1", SHA1, "b")]),
        ("a.json", f'{{"phash": {{"a": "{PHASH}"}}}}', "phash", [("phash", PHASH, "a")]),
        ("a.json", f'{{"data": {{"items": [{{"md5": "{MD5}"}}]}}, "errors": []}}', "", [("md5", MD5, "")]),
        ("a.json", f'{{"md5": "{MD5}", "parts": [{{"sha1": "{SHA1}"}}]}}', "", [("md5", MD5, ""), ("sha1", SHA1, "")]),
        ("a.json", f'{{"objects": [{{"hashes": {{"SHA-256": "{SHA256}"}}}}]}}', "", [("sha256", SHA256, "")]),
        ("a.json", f'{{"data": ["{MD5}"]}}\n{{"data": ["{SHA1}"]}}\n', "", [("md5", MD5, ""), ("sha1", SHA1, "")]),
        ("a.jsonl", f'{{"md5": "{MD5}"}}{{"sha1": "{SHA1}"}}\n', "", [("md5", MD5, ""), ("sha1", SHA1, "")]),
        ("a.txt", f"{MD5},{SHA1}, {OTHER}\n", "", [("md5", MD5, OTHER), ("sha1", SHA1, OTHER), ("md5", OTHER, OTHER)]),
        ("a.txt", f"{MD5} {OTHER}\n", "", [("md5", MD5, OTHER), ("md5", OTHER, OTHER)]),
        ("a.txt", f"{MD5}  {OTHER}\n", "", [("md5", MD5, OTHER)]),
        ("a.txt", f"{MD5} a b.jpg\n", "", [("md5", MD5, "a b.jpg")]),
        (
            "a.csv",
            f"hash,value\n{MD5},{OTHER}\n{SHA1},7\n",
            "",
            [("md5", MD5, ""), ("md5", OTHER, ""), ("sha1", SHA1, "")],
        ),
        ("a.csv", f"md5,original_md5\n{MD5},{OTHER}\n", "", [("md5", MD5, ""), ("md5", OTHER, "")]),
        ("a.csv", f"MD5 (hex),sha256_digest\n{MD5},{SHA256}\n", "", [("md5", MD5, ""), ("sha256", SHA256, "")]),
        ("a.tsv", f"pdq\tsha256\n\t{SHA256}\n{PDQ}\t\n", "", [("sha256", SHA256, ""), ("pdq", PDQ, "")]),
        ("a.csv", f"name,md5\n#1.jpg,{MD5}\n# no row\n", "", [("md5", MD5, "#1.jpg")]),
        ("a.csv", f"#{MD5},x\n{SHA1},y\n", "", [("sha1", SHA1, "y")]),
        (
            "a.csv",
            "md5\n//uO8V3gbYfmumyDDztihA==\n0xuO8V3gbYfmumyDDztihA\n",
            "",
            [("md5", "fffb8ef15de06d87e6ba6c830f3b6284", ""), ("md5", "d31b8ef15de06d87e6ba6c830f3b6284", "")],
        ),
        (
            "a.txt",
            f"{MD5}  x\r{SHA1}  y\r\n{OTHER}  z\n",
            "",
            [("md5", MD5, "x"), ("sha1", SHA1, "y"), ("md5", OTHER, "z")],
        ),
        ("a.txt", f"{MD5}\n\ufeff{SHA1}\n", "", [("md5", MD5, ""), ("sha1", SHA1, "")]),
        (
            "a.txt",
            "MD5 (x) = 1B2M2Y8AsgTpgAmY7PhCfg==\n1B2M2Y8AsgTpgAmY7PhCfg==  y\n",
            "",
            [("md5", MD5, "x"), ("md5", MD5, "y")],
        ),
        ("a.pdq", f"{PDQ}\n{PDQ}  a.jpg\n", "", [("pdq", PDQ, ""), ("pdq", PDQ, "a.jpg")]),
        ("a.csv", f"sep=;\nmd5;name\n{MD5};x\n", "", [("md5", MD5, "x")]),
        ("a.csv", f"sep=\t\r\nmd5\tname\r\n{MD5}\ta, b\r\n", "", [("md5", MD5, "a, b")]),
        ("a.txt", f"{MD5}|a.jpg\n", "", [("md5", MD5, "a.jpg")]),
        ("a.txt", f"MD5   (a.jpg) = {MD5}\n", "", [("md5", MD5, "a.jpg")]),
        ("a.txt", f"{PHASH}  a b.jpg\n", "phash", [("phash", PHASH, "a b.jpg")]),
        (
            "a.json",
            f'{{"hashes": [{{"alg": "SHA-256", "content": "{SHA256}", "hash": "{SHA256}"}}]}}',
            "",
            [("sha256", SHA256, "")],
        ),
        (
            "a.json",
            f'{{"checksums": [{{"algorithm": "SHA256", "checksumValue": "{SHA256}"}}]}}',
            "",
            [("sha256", SHA256, "")],
        ),
        (
            "a.json",
            f'[{{"type": "Hash", "algorithm": "sha256", "hashValue": "{SHA256}"}}]',
            "",
            [("sha256", SHA256, "")],
        ),
        (
            "a.json",
            '{"a.png": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}',
            "",
            [("sha256", EMPTY, "a.png")],
        ),
        ("a.tsv", f"pdq\t{PDQ}\ta.jpg\n", "", [("pdq", PDQ, "a.jpg")]),
        ("a.csv", f"a.jpg,{MD5}\nb.jpg,{SHA1}\n", "", [("md5", MD5, "a.jpg"), ("sha1", SHA1, "b.jpg")]),
        ("a.csv", f"a.jpg,{PHASH},100\n", "phash", [("phash", PHASH, "a.jpg")]),
        ("a.txt", f"        12  {MD5}  a b.jpg\n", "", [("md5", MD5, "a b.jpg")]),
        ("a.csv", f"12,{MD5},a.jpg\n", "", [("md5", MD5, "a.jpg")]),
        ("a.txt", f"a b.jpg  {MD5}  {SHA1}\n", "", [("md5", MD5, "a b.jpg"), ("sha1", SHA1, "a b.jpg")]),
        ("a.txt", f"; by another\na b.jpg {MD5.upper()}\n", "", [("md5", MD5, "a b.jpg")]),
        ("a.txt", f"MD5(a.jpg)= {':'.join(re.findall('..', MD5))}\n", "", [("md5", MD5, "a.jpg")]),
        # The SHA-1 of no bytes, as tables of MediaWiki have it.
        ("a.csv", "img_name,img_sha1\na.jpg,phoiac9h4m842xq45sp7s6u21eteeq1\n", "", [("sha1", SHA1, "a.jpg")]),
        ("a.json", f'{{"Attribute": [{{"type": "filename|md5", "value": "a|{MD5}"}}]}}', "", [("md5", MD5, "")]),
        (
            "a.json",
            f"{{\"pattern\": \"[file:hashes.'SHA-256' = '{EMPTY}' OR file:hashes.MD5 IN ('{MD5}', '{OTHER}')]\"}}",
            "",
            [("sha256", EMPTY, ""), ("md5", MD5, ""), ("md5", OTHER, "")],
        ),
    ],
)
def test_forms_that_people_have(
    tmp_path: Path, name: str, text: str, kind: str, found: list[tuple[str, str, str]]
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    entries, images = read_entries(file, kind)
    assert not images
    assert [(one.kind, one.digest.hex()) for one in entries] == [(kind, text) for kind, text, _ in found]
    for one, (_, _, wanted) in zip(entries, found, strict=True):
        assert one.name == wanted or (not wanted and ", " in one.name) or "lines" in wanted


@pytest.mark.parametrize("name", ["sums.b2sum", "BLAKE2SUMS", "SHA3SUMS", "b3.txt", "snefru.txt"])
def test_sums_of_other_kinds_are_not_taken_for_sha256(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"{SHA256}  a.jpg\n")
    with pytest.raises(UsageError, match="can't be told"):
        read_entries(tmp_path / name)


@pytest.mark.parametrize("name", ["rhash-md4.txt", "a.rmd160", "ed2k.txt", "rmd.txt"])
def test_nor_for_md5_or_sha1(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"{MD5 if 'md4' in name else SHA1}  a.jpg\n")
    with pytest.raises(UsageError, match="can't be told"):
        read_entries(tmp_path / name)


def test_pdq_that_is_written_as_sums_is_not_taken_for_sha256(tmp_path: Path) -> None:
    """Of PDQ half of the bits are set, of SHA-256 seldom just so many."""
    file, other = tmp_path / "a.txt", "55" * 32
    file.write_text(f"{PDQ}  a.jpg\n{other}  b.jpg\n")
    with pytest.raises(UsageError, match="2 hashes are written as those of `sha256sum`, and look like PDQ's") as caught:
        read_entries(file)
    assert f"`pdq:{file}`" in str(caught.value.hint)
    assert {one.kind for one in read_entries(file, "pdq")[0]} == {"pdq"}
    file.write_text(f"{PDQ}  a.jpg\n{EMPTY}  b.jpg\n{other}  c.jpg\n")
    assert [one.kind for one in read_entries(file)[0]] == ["sha256"] * 3
    file.write_text(f"{PDQ}  a.jpg\n")
    assert [one.kind for one in read_entries(file)[0]] == ["sha256"]


@pytest.mark.parametrize("name", ["pkg.md5sums", "SHA256SUMS", "a.sha1sum", "a.sha256sums.gz"])
def test_lists_of_sums_are_known_by_their_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert is_list(tmp_path / name)


@pytest.mark.parametrize("of", ["md4", "ripemd160", "ed2k", "tiger", "sha3-256", "BLAKE2b", "sm3", "gost12-256"])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", "{of},{hash}\n"),
        ("a.tsv", "{of}\t{hash}\tx.jpg\n"),
        ("a.txt", "{of}:{hash}\n"),
        ("a.txt", "{of} ({name}) = {hash}\n"),
        ("a.json", '[{{"{of}": "{hash}"}}]'),
        ("a.json", '{{"{of}": ["{hash}"]}}'),
        ("a.csv", "name,{of}\nx,{hash}\n"),
        ("a.csv", "hash,type\n{hash},{of}\n"),
    ],
)
def test_who_names_another_kind_is_heard(tmp_path: Path, of: str, name: str, form: str) -> None:
    """As long as MD5 or SHA-1, such were read as these: a list that denies denied nothing, and nobody was told."""
    for digest in (MD5, SHA1, SHA256):
        (tmp_path / name).write_text(form.format(of=of, hash=digest, name="x"))
        with pytest.raises(UsageError):
            read_entries(tmp_path / name)


def test_a_kind_that_was_said_is_no_row_s_of_another(tmp_path: Path) -> None:
    for text in (f"SHA256 (x) = {SHA256}\n", f"hash,type\n{SHA256},sha256\n"):
        (tmp_path / "a.csv").write_text(text)
        with pytest.raises(UsageError, match="a sha256 hash, and pdq was said"):
            read_entries(tmp_path / "a.csv", "pdq")


def test_what_is_larger_than_any_line_may_be_one_line(tmp_path: Path) -> None:
    digests = [f"{n:032x}" for n in range(30_000)]
    (tmp_path / "a.json").write_text(json.dumps([{"md5": one} for one in digests]))
    (tmp_path / "a.txt").write_text("".join(f"{one}  {n}.jpg\0" for n, one in enumerate(digests)))
    for name in ("a.json", "a.txt"):
        assert [one.digest.hex() for one in read_entries(tmp_path / name)[0]] == digests


@pytest.mark.parametrize("filler", ["\n", "a\n", f"{'0' * 31}\n", ") = ", "hash", "0"])
def test_a_name_as_long_as_may_be_takes_no_longer_than_its_letters(tmp_path: Path, filler: str) -> None:
    name = filler * (900_000 // len(filler))
    (tmp_path / "a.txt").write_bytes(f"{MD5}  a\0".encode() + bytes(40_000) + f"{SHA1}  {name}\0".encode())
    assert [one.kind for one in read_entries(tmp_path / "a.txt")[0]] == ["md5", "sha1"]


@pytest.mark.parametrize("packed", ["utf-16", "utf-8-sig", "gzip"])
def test_wider_letters_and_packed_lists(tmp_path: Path, packed: str) -> None:
    text = f"Algorithm,Hash,Path\nSHA256,{SHA256.upper()},x\u00e4.jpg\n"
    file = tmp_path / ("a.csv.gz" if packed == "gzip" else "a.csv")
    file.write_bytes(gzip.compress(text.encode()) if packed == "gzip" else text.encode(packed))
    assert is_list(file)
    assert [(one.kind, one.digest.hex(), one.name) for one in read_entries(file)[0]] == [
        ("sha256", SHA256, "x\u00e4.jpg")
    ]


def test_a_packed_list_that_breaks_off_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(f"md5\n{MD5}\n".encode() + os.urandom(5000).hex().encode())[:-900])
    with pytest.raises(UsageError, match="no sound gzip"):
        read_entries(file)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (SHA256, "`sha256:F` or `pdq:F`"),
        (PHASH, "`phash:F` or `dhash:F`"),
        ("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "`sha256:F` or `pdq:F`"),
        (SHA256 * 2, "what is compared is md5 (32 digits)"),
        ("word", "a hash a line, or a header"),
    ],
)
def test_a_hint_leads_on(tmp_path: Path, text: str, hint: str) -> None:
    file = tmp_path / "a.txt"
    file.write_text(f"{text}\n")
    with pytest.raises(UsageError) as caught:
        read_entries(file)
    assert hint.replace("F`", f"{file}`") in str(caught.value.hint)
    if "sha256" in hint and "or" in hint:
        assert len(read_entries(file, "sha256")[0]) == 1


def test_a_hash_of_another_kind_than_was_said_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(f"{MD5}\n")
    with pytest.raises(UsageError, match="is no sha256 hash") as caught:
        read_entries(file, "sha256")
    assert "it may be md5" in str(caught.value.hint)


@pytest.mark.parametrize("text", ["", "\n", "pdq,path\n"])
def test_a_list_with_nothing_in_it_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "deny.csv"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"deny\.csv: no hash and no fingerprint stands in it"):
        read_entries(file)


def test_what_is_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a folder, where a file"):
        read_entries(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        read_entries(tmp_path / "pipe.csv")


def test_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.table({"pdq": [PDQ], "url": ["http://a.example/x"]}), tmp_path / "a.parquet")
    entries, _ = read_entries(tmp_path / "a.parquet")
    assert [(one.kind, one.digest.hex(), one.name) for one in entries] == [("pdq", PDQ, "http://a.example/x")]


@pytest.mark.parametrize("cell", [bytes.fromhex(MD5), MD5.encode(), [MD5], {"md5": MD5}])
def test_cells_of_parquet_are_bytes_and_lists_too(tmp_path: Path, cell: object) -> None:
    pq.write_table(pa.table({"md5": [cell], "name": ["x"]}), tmp_path / "a.parquet")
    assert [(one.kind, one.digest.hex()) for one in read_entries(tmp_path / "a.parquet")[0]] == [("md5", MD5)]


def test_two_columns_of_one_name_in_parquet_are_an_error(tmp_path: Path) -> None:
    pq.write_table(pa.table([[MD5], [OTHER]], names=["md5", "md5"]), tmp_path / "a.parquet")
    with pytest.raises(UsageError, match="2 columns are called `md5`"):
        read_entries(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{PDQ}\n", r"line 1: what kind of hash .* can't be told"),
        (f"{PHASH}\n", "can't be told"),
        (f"pdq\n{PDQ}\n{PDQ[:-1]}\n", "line 3: .* is no pdq hash: that is 64 hexadecimal digits"),
        (f"pdq\n{PDQ[:-1]}g\n", "line 2: .* is no pdq hash"),
        (f"name,pdq\nx,{PDQ},more\n", "line 2: 3 cells, and the header has 2"),
        ("name,size\nx,7\n", "`name` is neither a hash nor a header of one"),
        ("name,pdq\nx,\n", "line 2: there is no `fingerprint`, and no hash"),
        (f"hash,type\n{PDQ},video_tmk\n", "line 2: hashes of the kind `video_tmk` aren't compared here"),
        ('{"pdq": "x"\n', "line 1: not JSON"),
        ('{"pdq": 7}\n', "`7` is no pdq hash"),
        ('{"a": 1}\n[1]\n', "line 1: there is no `fingerprint`, and no hash"),
        (f'pdq,name\n{PDQ},"never closed\n', r"a\.csv, line 2: a quote is opened and never closed"),
        (f"{PDQ * 2}  a.jpg\n", "no kind of hash that is compared here has 128 digits"),
        (f"{PHASH}  a.jpg\n", f"what kind of hash `{PHASH}` is can't be told"),
        (f"{PDQ}00\n", "no kind of hash that is compared here has 66 digits"),
        (f"{MD5}\n" * 200 + f"{MD5}\0{MD5}\n", "line 201: a NUL stands in it"),
        (f"sha512:{PDQ * 2}\n", "hashes of the kind `sha512` aren't compared here"),
        (f"SHA512 (a.jpg) = {PDQ * 2}\n", "hashes of the kind `SHA512` aren't compared here"),
        ("photodna\n12\n", "no hash of a kind that can be told; photodna aren't compared here"),
        (f"sha256:{PDQ[:-2]}\n", "is no sha256 hash: that is 64 hexadecimal digits"),
        ("[" * 100_000, "not JSON"),
        ("{" * 100_000, "not JSON"),
        (f"md5,MD5\n{MD5},{OTHER}\n", "line 1: 2 columns are called `md5`"),
        (f'{{"md5": "{MD5}", "md5": "{OTHER}"}}\n', "`md5` stands twice"),
        (f'sep="\n{MD5}\n', "neither a hash nor a header"),
        (f"{MD5},{SHA256},x\n", "what kind of hash .* can't be told"),
        (f'md5,name\n{MD5},"best of\n{OTHER},x\n{MD5}, 15"\n', "line 2: what would be a name there has other lines"),
        (f"{MD5}  x\u2028{OTHER}  y\n", "line 1: what would be a name there has other lines"),
        (f"{MD5}  x{OTHER}  y\n", "line 1: what would be a name there has other lines"),
        (f"{MD5}  x\n{OTHER}  y\n" + "\0", "line 3: a NUL stands in it"),
        (f"{MD5}  x\n{OTHER}  y\0\0\0", "line 1: what would be a name there has other lines"),
        (f"%%%% HASHDEEP-1.0\n%%%% size,md5,sha[256,filename\n7,{MD5},{SHA256},a\n", "no column of hashdeep"),
        (f'{{"md5": {"[" * 60}"{MD5}"{"]" * 60}}}\n', r"a\.csv, line 1: nested deeper than 50 times"),
        (f'{{"pattern": "[file:hashes.MD5 MATCHES \'{MD5}\']"}}\n', r"a\.csv, line 1: a hash stands in a pattern"),
        (f'{{"a.jpg": "{PHASH}"}}\n', r"line 1: what kind of hash .* can't be told"),
        (f"a.jpg {PHASH} {MD5}\n", "is neither a hash nor a header"),
        (f"img_sha1\n{'z' * 31}\n", "is no sha1 hash"),
    ],
)
def test_a_line_that_cant_be_read_is_an_error_that_names_it(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_entries(file)


def test_a_row_without_its_fingerprint_is_no_row_of_hashes(tmp_path: Path) -> None:
    """A set that was cut off in its last row was read as a list whose last line has a SHA-256 and a phash."""
    file = tmp_path / "set.csv"
    file.write_text(f"path,sha256,phash,fingerprint\na.jpg,{SHA256},{PHASH}")
    with pytest.raises(UsageError, match=r"set\.csv, line 2: 3 cells, and the header has 4"):
        read_entries(file)
    file.write_text(f"path,sha256,phash,note\na.jpg,{SHA256},{PHASH}")
    assert len(read_entries(file)[0]) == 2


def test_columns_of_a_set_may_be_spelled_in_any_way(tmp_path: Path) -> None:
    """Where its rows break off, too: a column by another spelling isn't passed over."""
    file = tmp_path / "set.csv"
    file.write_text(f"Path,SHA-256,Fingerprint\na.jpg,{SHA256}")
    with pytest.raises(UsageError, match=r"set\.csv, line 2: 2 cells, and the header has 3"):
        read_entries(file)


def test_the_kind_stands_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert split_kind("pdq:list.txt") == ("pdq", Path("list.txt"))
    assert split_kind("PDQ:/a/list.txt") == ("pdq", Path("/a/list.txt"))
    assert split_kind("list.txt") == ("", Path("list.txt"))
    assert split_kind("c:list.txt") == ("", Path("c:list.txt"))
    (tmp_path / "pdq:list.txt").touch()
    assert split_kind("pdq:list.txt") == ("", Path("pdq:list.txt"))


_FORMS = {
    "sums": "".join(f"{n:032x}  p {n % 100}.jpg\n" for n in range(_N, _N + 12)),
    "sums, -z": "".join(f"{n:064x}  p{n % 100}.jpg\0" for n in range(_N, _N + 12)),
    "sums, --tag": "".join(f"SHA256 (p{n % 100}.jpg) = {n:064x}\n" for n in range(_N, _N + 12)),
    "behind names": "".join(f"p {n % 100}.jpg {n:032x}\n" for n in range(_N, _N + 12)),
    "plain": "".join(f"{n:040x}\n" for n in range(_N, _N + 12)),
    "table": "name,md5\n" + "".join(f'"p{n % 100}.jpg",{n:032x}\n' for n in range(_N, _N + 12)),
    "typed": "hash\ttype\n" + "".join(f"{n:032x}\tmd5\n" for n in range(_N, _N + 12)),
    "hashdeep": "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n"
    + "".join(f"5,{n:032x},{n:064x},/p{n % 100}.jpg\n" for n in range(_N, _N + 12)),
    "json": '{"data":[' + ",\n".join(f'{{"md5":"{n:032x}"}}' for n in range(_N, _N + 12)) + "]}",
    "jsonl": "".join(f'{{"md5":"{n:032x}"}}\n' for n in range(_N, _N + 12)),
}


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_damaged_list_is_read_whole_or_is_an_error(tmp_path: Path, form: str, encoding: str) -> None:
    """Whatever hash still stands in it whole is found, or the list is refused; remarks apart."""
    rng = random.Random(form + encoding)  # noqa: S311 - to be repeated
    file = tmp_path / ("a.json" if form == "json" else "a.txt")
    sound, whole = _FORMS[form].encode(encoding), set(re.findall(r"[0-9a-f]{32,64}", _FORMS[form]))
    counts = {"read": 0, "refused": 0}
    for _ in range(150):
        data = bytearray(sound)
        at = rng.randrange(len(data))
        data[at : at + rng.choice([0, 1, 1, rng.randrange(40)])] = rng.choice(
            [b"", *(bytes([one]) for one in b'\0\t\n\r ",;/\\({[:\xff'), rng.randbytes(1)]
        )
        file.write_bytes(data)
        text = data.decode(encoding, "replace")
        if "#" in text or (form == "hashdeep" and not text.isascii()):
            continue
        left = whole & set(
            re.findall(r"(?<![0-9a-zA-Z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-zA-Z])", text)
        )
        try:
            found = {one.digest.hex() for one in read_entries(file)[0]}
        except SynsiftError as exc:
            assert "a." in str(exc)
            counts["refused"] += 1
        else:
            assert left <= found, (form, at, data[max(at - 60, 0) : at + 60])
            counts["read"] += 1
    assert all(counts.values())


def test_whatever_a_file_holds_it_is_entries_or_a_named_error(tmp_path: Path) -> None:
    rng = random.Random(3)  # noqa: S311 - to be repeated
    seeds = [
        f"path,pdq,md5\nx,{PDQ},{MD5}\ny,{PDQ},\n",
        f"{MD5}  a b\n",
        f'{{"pdq": "{PDQ}", "name": "x"}}\n',
        f"hash\ttype\n{PHASH}\tphash\n",
    ]
    file = tmp_path / "a.csv"
    for _ in range(3_000):
        data = bytearray(rng.choice(seeds).encode())
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data) + 1)
            data[at : at + rng.randint(0, 3)] = rng.choice(
                [rng.randbytes(2), b'"', b"\n", b"\0", b",", b"\t", b"{", b"\xff", b"\xef\xbb\xbf", b"\r", PDQ.encode()]
            )
        file.write_bytes(data)
        try:
            read_entries(file, rng.choice(["", "", "pdq"]))
        except SynsiftError as exc:
            assert "a.csv" in str(exc)
