"""Everything that reads bytes of strangers, or bytes that stood where strangers could reach them.

A reader is good inputs, how to tamper with them, what reads them, and what it may raise: its named errors, and nothing
else. ``benchmarks/fuzz_readers.py`` adds records; ``benchmarks/fuzz.py`` has pictures.
"""

import bz2
import contextlib
import gzip
import hashlib
import json
import lzma
import math
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from synsift.crawler.consent import ai_txt, answer, cbor, embedded, judge, manifests, rsl, site_lines, tdm
from synsift.crawler.consent.site_file import Unreadable
from synsift.crawler.download.attempt import Answer, Patience, after_answer, origin_of, redirect_target, url_problem
from synsift.crawler.download.host_name import host_name
from synsift.crawler.download.web_url import as_asked
from synsift.crawler.errors import CrawlerError
from synsift.crawler.ontology.own import read_ontology
from synsift.crawler.robots import read_robots
from synsift.crawler.robots.text import UnknownCoding, decoded
from synsift.crawler.sources.base import Page, PageQuery, Source, SourceAnswer
from synsift.crawler.sources.commons import CommonsSource
from synsift.crawler.sources.lists.written_urls import is_url, link_in, written_url
from synsift.crawler.sources.url_list import UrlListSource
from synsift.crawler.targets import from_list
from synsift.dedupe import Fingerprint, Matcher, fingerprint
from synsift.dedupe.index import DamagedIndex, HashIndex
from synsift.dedupe.survivors import Survivors
from synsift.pipelines.config import load
from synsift.pipelines.config_hosts import host_key, problem_of_key
from synsift.pipelines.errors import StoreError, SynsiftError
from synsift.pipelines.folders.cache import Cache
from synsift.pipelines.folders.choices import KIND, VERSION, check, read_choices
from synsift.pipelines.folders.files import File
from synsift.pipelines.folders.hash_files import read_entries
from synsift.pipelines.folders.journal import JOURNAL
from synsift.pipelines.folders.place import moved_before
from synsift.pipelines.folders.sets import row_of, write_parquet
from synsift.pipelines.log.base import Message
from synsift.pipelines.log.kafka_positions import newest
from synsift.pipelines.log.sqlite import SqliteLog
from synsift.pipelines.records import Query
from synsift.pipelines.stages.found_images import entry_problem, image_url
from synsift.pipelines.storage import layout
from synsift.pipelines.storage.compaction import compact
from synsift.pipelines.storage.identity import PATH, owner_of
from synsift.pipelines.storage.objects import Objects, StoreAddress
from synsift.pipelines.storage.snapshots import Snapshot, decode_snapshot, encode_snapshot
from synsift.pipelines.storage.verify import verify
from synsift.pipelines.texts import for_people
from synsift.pipelines.topics import Entry, Router
from tests.crawler.sources.test_odd_answers import CONCEPT, GOOD, ITEMS, SITEINFO
from tests.dedupe.pictures import encoded, scene
from tests.outside import caption_readers, name_readers
from tests.outside.mutations import in_bytes, in_json, in_text
from tests.pipelines.exports.stores import WHIPPET, make_store, picture

Tamper = Callable[[random.Random, bytes], bytes]
ROUTER = Router(4)
QUERY = PageQuery("s", "t", "en", "", 0, "n1")
COMMONS = CommonsSource(api_url="http://wiki.example/api.php", width_px=1024, page_size=50, maxlag_s=5, max_pages=200)


@dataclass(frozen=True)
class Reader:
    """Something that reads bytes of strangers.

    Attributes:
        seeds: Good inputs.
        tamper: Makes another one of them.
        read: Reads one.
        errors: What it may raise.
    """

    seeds: list[bytes]
    tamper: Tamper
    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...] = ()


def readers(scratch: Path) -> Iterator[tuple[str, Reader]]:
    """All of them, by name; files are written to a folder of the caller's."""
    yield from _answers(scratch)
    yield from _web()
    yield from _names()
    yield from _consent()
    for name, good, read in caption_readers.readers(scratch):
        yield name, Reader(good, in_bytes if "parquet" in name else in_text, read)
    yield from _user_files(scratch)
    yield from _kept(scratch)
    yield from _kept_files(scratch)


def _names() -> Iterator[tuple[str, Reader]]:
    yield (
        "answer of a name server",
        Reader(name_readers.ANSWERS, in_bytes, name_readers.read_name_answer, name_readers.ERRORS),
    )
    files = [name_readers.RESOLV_CONF, name_readers.HOSTS]
    yield "resolv.conf and hosts", Reader(files, in_text, name_readers.read_name_files)
    yield "address of a URL", Reader(name_readers.LITERALS, in_text, name_readers.read_literal)
    hosts = "BÜCHER.example\n*.ｂücher．test\n[::1]:80\nhttps://a.example:80/x\nxn--bcher-kva.example.\n0x7f.1\n☃.net"
    yield "name of a host", Reader([hosts.encode()], in_text, _name_hosts)
    written = "<URL:http://a.example/1.jpg>\n“www.a.example/x?a=1&amp;b=2”,\nHTTP:\\\\a.example\\1 2.jpg\n//a.example/ä"
    links = '1. [![x](http://a.example/1.jpg "t")](<http://a.example/p>)\n<a href=/p><img alt=x src=//a.example/2></a>'
    yield "URL as people write it", Reader([written.encode(), links.encode()], in_text, _read_written)
    signed = b"redirect to https://me:pw@h/1?X-Amz-Signature=a&x=1#access_token=b and /p?u=https%3A%2F%2Fi%3Fsig%3Dc"
    yield "words with secrets", Reader([signed], in_text, _say_to_people)


def _name_hosts(data: bytes) -> object:
    text = data.decode("utf-8", "surrogateescape")
    for name in text.split("\n"):
        found = host_name(name)
        assert host_name(found) == found or not found.isascii()
        ROUTER.keys.keys_of_name(name)
        key = host_key(f'fetch.hosts."{name}".delay_s')
        assert key is None or problem_of_key(key) is not None or host_key(key) == key
        assert key is None or all(problem_of_key(key) or (True,))
    return text


def _read_written(data: bytes) -> None:
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        for read in (written_url, link_in):
            try:
                found = read(line)
            except ValueError as exc:
                assert str(exc)
                continue
            if isinstance(found, str):
                assert written_url(found) == found or not line.isprintable()
                assert is_url(found)
                if url_problem(found) is None:
                    assert origin_of(as_asked(found)) == origin_of(found)


def _say_to_people(data: bytes) -> None:
    said = for_people(data.decode("utf-8", "surrogateescape"))
    assert for_people(said) == said
    assert "\x1b" not in said


# -- answers of sources


def _answers(scratch: Path) -> Iterator[tuple[str, Reader]]:
    error = {"error": {"code": "maxlag", "info": "waiting", "lag": 5.2}}
    seeds = [json.dumps(answer).encode() for answer in (GOOD, error, {"batchcomplete": True})]
    yield "answer of commons", Reader(seeds, in_json, _ask_commons, (CrawlerError,))
    yield "what a wiki can", Reader([json.dumps(SITEINFO).encode()], in_json, _introduce, (CrawlerError,))
    yield "items of a synset", Reader([json.dumps(ITEMS).encode()], in_json, _ask_items, (CrawlerError,))
    cursors = [{"continue": GOOD["continue"], "had": [1, 2], "items": ["Q146"], "in_texts": True}, GOOD["continue"]]
    yield (
        "cursor of commons",
        Reader(
            [json.dumps(cursor).encode() for cursor in cursors],
            in_json,
            lambda data: COMMONS.request(_page(data, COMMONS)),
            (CrawlerError,),
        ),
    )
    lines = [
        b'{"url": "http://a.example/1.jpg", "synset": "n1", "title": "t", "width": 4}',
        b'{"url": "http://a.example/2.jpg", "caption": null, "license": ["x"]}',
    ]
    comma = b'url,synset,title\nhttp://a.example/1.jpg,n1,one\nhttp://a.example/2.jpg,,"two,\n2"\n'
    for suffix, seed, tamper in (
        ("csv", comma, in_text),
        ("tsv", comma.replace(b",", b"\t"), in_text),
        ("txt", b"n01440764_10026\thttp://a.example/1.jpg\nn01440764_3\thttp://a.example/\xe9.jpg\n", in_text),
        ("csv.gz", gzip.compress(comma), in_bytes),
        ("csv.zst", _zstd(comma), in_bytes),
        ("jsonl", b"\n".join(lines), in_json),
        ("parquet", _parquet(scratch), in_bytes),
        *_odd_lists(),
    ):
        file = scratch / f"list.{suffix}"
        yield f"list of URLs, {suffix}", Reader([seed], tamper, _written(file, _ask_list), (CrawlerError,))
        whole = scratch / f"whole.{suffix}"
        whole.write_bytes(seed)
        yield (
            f"cursor of a list, {suffix}",
            Reader(
                [b"1", b""] if suffix.endswith("parquet") else [b"0:1", b"40:1", b""],
                in_text,
                _cursor_read(whole),
                (CrawlerError,),
            ),
        )


def _odd_lists() -> Iterator[tuple[str, bytes, Tamper]]:
    """Of other programs: a name that ends in the list's suffix, a list, and how to tamper with it."""
    semicolons = b'sep=;\nurl;title\n"http://a.example/1.jpg";"x;y"\nhttp://a.example/2.jpg\n;;\n'
    yield "semicolons.csv", semicolons, in_text
    yield "wide.csv", semicolons.decode().encode("utf-16"), in_bytes
    yield "wide-unmarked.txt", semicolons.decode().encode("utf-16-le"), in_bytes
    links = b'- ![x](http://a.example/1.jpg "t")\n<a href="http://a.example/p"><img src=//a.example/2.jpg></a>\n'
    yield "links.txt", links + b'"http://a.example/?a=1&amp;b=2",\n<http:\\a.example/3.jpg>\n', in_text
    image = {"image": {"url": "http://a.example/1.jpg", "of": {"a": [{"b": 1}, None]}}, "text": ["x", "y"]}
    yield "array.json", json.dumps([image, "http://a.example/2.jpg"]).encode(), in_json
    yield "lines.json", json.dumps([image, image], indent=1).encode(), in_text
    yield "xz.csv.xz", lzma.compress(semicolons), in_bytes
    yield "bz2.csv.bz2", bz2.compress(semicolons), in_bytes
    table = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.Table.from_pylist([image, {**image, "image": None}]), table)
    yield "nested.parquet", table.getvalue().to_pybytes(), in_bytes


def _page(cursor: bytes, source: Source) -> PageQuery:
    return PageQuery("s", "t", "en", cursor.decode("utf-8", "replace"), 1, "n1")


def _ask_commons(data: bytes) -> object:
    page = COMMONS.page(QUERY, SourceAnswer(data))
    _check_page(page)
    return COMMONS.request(PageQuery("s", "t", "en", page.next_cursor, 1, "n1"))


def _introduce(data: bytes) -> object:
    source = CommonsSource(api_url=COMMONS.api_url)
    source.introduce(SourceAnswer(data))
    return source.request(QUERY)


def _ask_items(data: bytes) -> object:
    page = COMMONS.page(CONCEPT, SourceAnswer(data))
    return COMMONS.request(replace(CONCEPT, cursor=page.next_cursor, page=1))


def _check_page(page: Page) -> None:
    """A page is texts, whatever the answer was."""
    for image in page.images:
        record = image_url(Query(wnid="n1", source="s", text="q"), image, 3)
        if entry_problem(record) is None:
            ROUTER.image_url(record)
        texts = (image.url, image.landing_page, image.title, image.author, image.licence, image.licence_url, image.wnid)
        assert all(isinstance(text, str) for text in texts)
    for reject in page.rejects:
        reject.message.encode()
        reject.raw.encode("utf-8", "replace")


def _ask_list(file: Path) -> int:
    """All pages of a list; ends, whatever the list is."""
    with contextlib.closing(UrlListSource(page_size=2)) as source:
        return _all_pages(source, file)


def _all_pages(source: UrlListSource, file: Path) -> int:
    cursor, pages = "", 0
    while True:
        page = _list_page(source, file, cursor, pages)
        _check_page(page)
        pages += 1
        assert pages < 5_000, "a list without an end"
        if not page.next_cursor:
            return pages
        assert page.next_cursor != cursor
        cursor = page.next_cursor


def _list_page(source: UrlListSource, file: Path, cursor: str, number: int) -> Page:
    query = PageQuery("urls", str(file), "en", cursor, number, "n1")
    return source.read(query)


def _cursor_read(file: Path) -> Callable[[bytes], object]:
    def read(data: bytes) -> object:
        with contextlib.closing(UrlListSource(page_size=2)) as source:
            return _list_page(source, file, data.decode("utf-8", "replace"), 1)

    return read


def _zstd(data: bytes) -> bytes:

    return bytes(pa.compress(data, "zstd", asbytes=True))


def _parquet(scratch: Path) -> bytes:

    file = scratch / "seed.parquet"
    rows = {"url": [f"http://a.example/{number}.jpg" for number in range(7)], "synset": ["n1"] * 7, "n": list(range(7))}
    pyarrow.parquet.write_table(pa.table(rows), file, row_group_size=3)
    return file.read_bytes()


# -- what hosts say


def _web() -> Iterator[tuple[str, Reader]]:
    robots = (
        b"User-agent: *\nDisallow: /private/*.jpg$\nAllow: /private/a\nCrawl-delay: 2\nSitemap: http://h.example/s.xml\n\n"
        b"User-agent: synsift\nDisallow: /%C3%A9\nRequest-rate: 1/5 0600-0845\nVisit-time: 0600-0845\n"
    )
    use = b"Content-Usage: /a train-ai=n, search=y\nContent-Signal: ai-train=no,use=reference\nDisallowAITraining: /b\n"
    yield "robots.txt", Reader([robots, robots + use, (robots + use).decode().encode("utf-16")], in_text, _ask_robots)
    packed = [gzip.compress(robots), zlib.compress(robots), gzip.compress(gzip.compress(robots))]
    yield "robots.txt, packed", Reader(packed, in_bytes, _unpack_robots)
    headers = (
        b"location: /a/b?c#d\nretry-after: 120\nx-robots-tag: otherbot: noindex, noai\ntdm-reservation: 0",
        b"location: http://h.example:80/\nretry-after: Wed, 21 Oct 2065 07:28:00 GMT",
    )
    yield "headers", Reader(list(headers), in_text, _read_headers)


def _consent() -> Iterator[tuple[str, Reader]]:
    """What is said of the use of an image."""
    heads = (
        b"x-robots-tag: otherbot: noindex, noai\nx-robots-tag: unavailable_after: Wed, 03 Dec 2025 13:09:53 GMT, none",
        b'tdm-reservation: 1, 0\ncontent-usage: train-ai=n;a=1.5, search=(y "z";q=:AA==:), b=?0, c=@12, d=%"%c3"',
        b'content-usage: ai=n\nlink: <https://e/l>; rel="license"; type="application/rsl+xml"',
    )
    yield "consent in heads", Reader(list(heads), in_text, _hear_head)
    lines = (
        b"Content-Signal: ai-train=no\nUser-agent: *\nContent-Usage: /a* train-ai=n\nContent-Usage: search=y\n"
        b"DisallowAITraining: /b$\nAllowAITraining: /b/c\nTDM-Reservation: 1\nNoindex: /x\nLicense: https://e/l\n"
    )
    yield "consent in robots.txt", Reader([lines], in_text, _hear_lines)
    tdmrep = b'[{"location": "/a/*.jpg$", "tdm-reservation": 1, "tdm-policy": "https://e"}, {"location": "/"}]'
    yield "tdmrep.json", Reader([tdmrep], in_json, _hear_tdmrep, (Unreadable,))
    other = b"# ai.txt\nSpec-Version: 1.0\nTraining: deny\nSite-URL: https://e.example\n"
    lines_of_ai = b"User-Agent: *\nDisallow: *.jpg\nAllow: /a/*.png$\n"
    yield (
        "ai.txt",
        Reader([lines_of_ai, other, lines_of_ai.decode().encode("utf-16")], in_text, _hear_ai_txt, (Unreadable,)),
    )
    licence = (
        b'<?xml version="1.0"?><rsl xmlns="https://rslstandard.org/rsl"><content url="/a/*.jpg$" server=""><license>'
        b'<permits type="usage">search ai-train</permits><prohibits type="geo">EU</prohibits><payment type="crawl">'
        b'<amount currency="USD">0.01</amount></payment><legal type="warranty">x</legal></license></content>'
        b'<content url="/"><license><permits>all</permits></license></content></rsl>'
    )
    wide = licence.decode().encode("utf-16")
    yield "RSL", Reader([licence, wide], in_text, _hear_licence, (Unreadable,))
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><d xmlns:p="http://ns.useplus.org/ldf/xmp/1.0/"'
        b' p:DataMining="DMI-PROHIBITED"><p:DataMining rdf:resource="http://x/DMI-ALLOWED"/></d></rdf:RDF></x:xmpmeta>'
    )
    png = b"\x89PNGiTXtXML:com.adobe.xmp\x00\x01\x00\x00\x00" + zlib.compress(packet)
    piece = b"http://ns.adobe.com/xmp/extension/\x00" + b"A" * 32 + (len(packet)).to_bytes(4, "big") + bytes(4) + packet
    jpeg = b"\xff\xd8\xff\xe1" + (len(piece) + 2).to_bytes(2, "big") + piece
    item = bytes.fromhex("a167656e7472696573a170636177672e61695f747261696e696e67a163757365f6")
    yield "CBOR", Reader([item], in_bytes, cbor.loads, (cbor.NoCbor,))
    folder = Path(__file__).parents[1] / "data" / "credentials"
    pictures = [file.read_bytes() for file in sorted(folder.iterdir())]
    yield "content credentials", Reader(pictures, in_bytes, lambda data: manifests.statements(data, "http://h/a.jpg"))
    yield "XMP", Reader([packet, png, jpeg], in_bytes, lambda data: embedded.statements(data, "http://h/a.jpg"))


def _hear_head(data: bytes) -> object:
    pairs = (line.partition(":") for line in data.decode("latin-1").split("\n"))
    said = [(name.strip().lower(), value) for name, _, value in pairs]
    for target in answer.licences(said):
        with contextlib.suppress(ValueError):
            redirect_target("http://h/a", target)
    return judge(answer.statements(said, "http://h/a", token="synsift", now_s=1.8e9)).refuses  # noqa: S106


def _hear_licence(data: bytes) -> object:
    found = rsl.read_file(data, "http://h")
    return judge(found.statements("http://h/a/b.jpg", "w")), found.size_bytes


def _hear_lines(data: bytes) -> object:
    robots = read_robots(data, "synsift")
    return [
        judge(site_lines.statements(robots, url, "http://h/robots.txt")) for url in ("http://h/a.jpg", "http://h/b")
    ]


def _hear_tdmrep(data: bytes) -> object:
    found = tdm.read_file(data)
    return found and found.statements("http://h/a/b.jpg", "w")


def _hear_ai_txt(data: bytes) -> object:
    found = ai_txt.read_file(data, "synsift")
    return found and found.statements("http://h/a/b.jpg", "w", "image/jpeg")


def _ask_robots(data: bytes) -> object:
    rules = read_robots(data, "synsift")
    assert 0 <= rules.crawl_delay_s < math.inf
    urls = ("http://h.example/", "http://h.example/private/x.jpg?a=%zz", "http://h.example/" + "a" * 2_000)
    return [rules.allows(url) for url in urls]


def _unpack_robots(data: bytes) -> object:
    for codings in ("gzip", "deflate", "gzip, gzip"):
        with contextlib.suppress(UnknownCoding):
            _ask_robots(decoded(data, codings))
    return None


def _read_headers(data: bytes) -> object:
    pairs = (line.partition(":") for line in data.decode("latin-1").split("\n"))
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    for status in (200, 302, 429, 503):
        answer = Answer("http://h.example/x", status, headers)
        after_answer(answer, attempts=1, been=(), patience=Patience(), now_s=1.8e9)
    return None


# -- files that users name


def _user_files(scratch: Path) -> Iterator[tuple[str, Reader]]:
    table = b"id,names,definition,parents,translations.es\na,dog|hound,an animal,,perro\nb,whippet,,a,\n"
    tree = [
        {"id": "a", "names": ["dog"], "translations": {"es": ["perro"]}},
        {"id": "b", "names": "w", "parents": ["a"]},
    ]
    for suffix, seed, tamper in (
        ("csv", table, in_text),
        ("json", json.dumps(tree).encode(), in_json),
        ("jsonl", "\n".join(json.dumps(entry) for entry in tree).encode(), in_json),
    ):
        yield (
            f"ontology, {suffix}",
            Reader([seed], tamper, _written(scratch / f"own.{suffix}", _use_ontology), (CrawlerError,)),
        )
    targets = "n1\twhippet\nn1\tgreyhound\n# no\nn2\tSchäferhund\n".encode()
    yield "list of targets", Reader([targets], in_text, _written(scratch / "list.txt", from_list), (CrawlerError,))
    settings = (
        b'[identity]\ncontact = "a@b.example"\n[fetch]\ndelay_s = 0.5\nobey_robots = true\n'
        b'allow_networks = ["10.0.0.0/8"]\n[kafka]\npassword = "x"\n[dedupe]\nsimilarity = 0.9\nreference = ["a"]\n'
    )
    toml = scratch / "synsift.toml"
    yield (
        "configuration",
        Reader([settings], in_text, _written(toml, lambda file: load(file=file, env={})), (SynsiftError,)),
    )
    yield (
        "variable of a list",
        Reader(
            [b'["10.0.0.0/8"]', b"10.0.0.0/8,127.0.0.0/8"],
            in_json,
            lambda data: load(env={"SYNSIFT_FETCH__ALLOW_NETWORKS": data.decode("utf-8", "replace")}),
            (SynsiftError,),
        ),
    )


def _use_ontology(file: Path) -> object:
    found = read_ontology(file)
    for wnid in found:
        synset = found.get(wnid)
        found.senses(synset.lemmas[0])
        found.translations(wnid, "es")
    return found


# -- what the pipeline keeps, as bytes


def _kept(scratch: Path) -> Iterator[tuple[str, Reader]]:
    picture = fingerprint(encoded(scene(3), "PNG"))
    yield "fingerprint", Reader([picture.to_record()], in_bytes, _use_fingerprint, (ValueError,))
    yield (
        "fingerprint text",
        Reader(
            [picture.to_text().encode()],
            in_bytes,
            lambda data: Fingerprint.from_text(data.decode("latin-1")),
            (ValueError,),
        ),
    )
    matcher = Matcher()
    for number in range(3):
        matcher.add(fingerprint(encoded(scene(number), "PNG")))
    survivors = matcher.survivors()
    snapshot = encode_snapshot(Snapshot(1, 7, "ab", {"n1": survivors}))
    yield "snapshot", Reader([snapshot], in_bytes, decode_snapshot, (StoreError,))
    yield "snapshot, signed again", Reader([snapshot[:-32]], _in_head, _signed(_use_snapshot), (StoreError,))
    yield "survivors", Reader([survivors.to_bytes()], in_bytes, Survivors.from_bytes, (ValueError,))
    index = HashIndex()
    for survivor in range(3):
        index.add(survivors[survivor].hash256)
    index.remove([1])
    kept = index.to_bytes()
    yield "index", Reader([kept], in_bytes, HashIndex.from_bytes, (DamagedIndex,))
    yield "index, signed again", Reader([kept[:-32]], in_bytes, _signed(HashIndex.from_bytes), (DamagedIndex,))
    position = b'{"offset":7,"note":"ab"}'
    yield "kept position", Reader([position], in_json, lambda data: newest([_position(data)], "g", "t", 0))
    yield from _views(scratch / "viewed")
    objects = Objects(StoreAddress(url=str(scratch / "store")))
    name = scratch / "store" / PATH
    name.parent.mkdir(exist_ok=True)
    yield (
        "name of a store",
        Reader([b'{"log":"abc"}'], in_json, _written(name, lambda _: owner_of(objects)), (StoreError,)),
    )


def _views(folder: Path) -> Iterator[tuple[str, Reader]]:
    """What the view of what stands is made of, and what is noted of it."""
    viewed = make_store(folder, [picture(1), picture(2)])
    list(compact(viewed))
    for name, path, tamper in (
        ("index of the view", layout.CURRENT_INDEX, in_json),
        ("view", layout.current_view(WHIPPET), in_bytes),
        ("part of a manifest", next(viewed.list(layout.MANIFESTS)), in_bytes),
    ):
        read = _written(folder / path, lambda _: ([one.outcome for one in compact(viewed)], list(verify(viewed))))
        yield name, Reader([viewed.get(path)], tamper, read)


def _position(data: bytes) -> Message:
    return Message("positions", 0, 0, b"g/t/0", data)


def _use_fingerprint(data: bytes) -> object:
    found = Fingerprint.from_record(data)
    assert found.to_record() == data
    matcher = Matcher()
    matcher.add(found)
    return matcher.match(found)


def _use_snapshot(data: bytes) -> object:
    """What a worker makes of a snapshot that it believes."""
    found = decode_snapshot(data)
    return [Matcher.from_survivors(survivors) for survivors in found.synsets.values()]


def _in_head(rng: random.Random, data: bytes) -> bytes:
    """Mostly the header's line of JSON, seldom the rows."""
    first, head, rows = data.split(b"\n", 2)
    if rng.random() < 0.7:
        return b"\n".join([first, in_json(rng, head), rows])
    return b"\n".join([first, head, in_bytes(rng, rows)])


def _signed(read: Callable[[bytes], object]) -> Callable[[bytes], object]:
    return lambda body: read(body + hashlib.sha256(body).digest())


# -- what it keeps in files


def _kept_files(scratch: Path) -> Iterator[tuple[str, Reader]]:
    images = {f"/p/{number}.png": fingerprint(encoded(scene(number), "PNG")) for number in range(2)}
    rows = "\n".join(json.dumps(row_of(path, image)) for path, image in images.items()).encode()
    yield "set, jsonl", Reader([rows], in_json, _written(scratch / "set.jsonl", read_entries), (SynsiftError,))
    table = scratch / "set.parquet"
    write_parquet(table, images)
    yield "set, parquet", Reader([table.read_bytes()], in_bytes, _written(table, read_entries), (SynsiftError,))
    md5, pdq = "d41d8cd98f00b204e9800998ecf8427e", "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
    lists = [
        f"path,pdq,md5\nx,{pdq},{md5}\n",
        f"{md5}  a b\n{md5} *c\n",
        f"hash\ttype\n{pdq}\tHASH_PDQ\n",
        f'"{md5}","x"\n',
    ]
    hashes = _written(scratch / "hashes.csv", read_entries)
    yield "list of hashes", Reader([text.encode() for text in lists], in_text, hashes, (SynsiftError,))
    objects = f'{{"pdq": "{pdq}", "id": 7}}\n{{"hash": "{md5}", "type": "md5"}}\n'.encode()
    yield (
        "list of hashes, jsonl",
        Reader([objects], in_json, _written(scratch / "h.jsonl", read_entries), (SynsiftError,)),
    )
    folder = scratch / "photos"
    folder.mkdir(exist_ok=True)
    yield (
        "choices",
        Reader(
            [_choices(folder)],
            in_json,
            _written(scratch / "choices.json", lambda file: check(read_choices(file))),
            (SynsiftError,),
        ),
    )
    moved = json.dumps({"from": "/p/a", "to": str(folder / "a.jpg"), "kept": "/p/b"}).encode()
    yield (
        "journal of moves",
        Reader([moved + b"\n" + moved], in_json, _written(folder / JOURNAL, lambda file: moved_before(file.parent))),
    )
    yield "cache", Reader([_cache(scratch, images)], in_bytes, _written(scratch / "cache.db", _use_cache))
    yield "log", Reader([_log(scratch)], in_bytes, _written(scratch / "log.db", _use_log), (SynsiftError,))


def _choices(folder: Path) -> bytes:
    entries = []
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (folder / name).write_text(name)
        entries.append({"path": str(folder / name), "sha256": hashlib.sha256(name.encode()).hexdigest()})
    groups = [{"keep": entries[:1], "move": entries[1:]}]
    return json.dumps({"kind": KIND, "version": VERSION, "folders": [str(folder)], "groups": groups}).encode()


def _cache(scratch: Path, images: dict[str, Fingerprint]) -> bytes:
    file = scratch / "seed.db"
    with Cache(file) as cache:
        cache.put({File(path, 10, 20): image for path, image in images.items()})
    return file.read_bytes()


def _use_cache(file: Path) -> object:
    with Cache(file) as cache:
        known = cache.get([File("/p/0.png", 10, 20), File("/p/1.png", 10, 20)])
        cache.put({File("/p/2.png", 1, 2): image for image in known.values() if isinstance(image, Fingerprint)})
        return known


def _log(scratch: Path) -> bytes:
    file = scratch / "seed-log.db"
    log = SqliteLog(file, partitions=2)
    log.produce([Entry("queries", 0, b"k", b"v" * 50), Entry("survivors", 1, b"k", b"w")])
    log.close()
    return file.read_bytes()


def _use_log(file: Path) -> object:
    log = SqliteLog(file, partitions=2)
    try:
        return [list(log.read(topic, partition)) for topic in ("queries", "survivors") for partition in range(2)]
    finally:
        log.close()


def _written(file: Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A reader of a file, of bytes: nothing is left beside it."""

    def write_and_read(data: bytes) -> object:
        for rest in file.parent.glob(f"{file.name}-*"):
            rest.unlink()
        file.write_bytes(data)
        return read(file)

    return write_and_read
