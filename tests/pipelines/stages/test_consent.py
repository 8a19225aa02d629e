"""What is said of the use of an image, on its way through a real fetch stage: decided early, and kept."""

import dataclasses
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from synsift.crawler.consent import Kind, Policy
from synsift.crawler.download.access import Access
from synsift.crawler.download.settings import CONSENT_FILES, Limits
from synsift.pipelines import topics
from synsift.pipelines.records import Candidate, Fetched, Survivor
from synsift.pipelines.storage.manifests import decode_part, encode_part
from tests.dedupe.pictures import scene
from tests.pipelines.stages.raw_web import answer, raw_web
from tests.pipelines.stages.test_fetch import counts, fetch, picture, want
from tests.pipelines.worlds import World

LIMITS = Limits(
    "synsift/test (+t@example.org)",
    5.0,
    32 << 20,
    access=Access("fetch", ("127.0.0.0/24",)),
    consent_files=CONSENT_FILES,
)
CREDENTIALS = Path(__file__).parents[2] / "data" / "credentials"
JPEG = b"Content-Type: image/jpeg"
ROBOTS = b"/robots.txt"


def outcomes(world: World, answers: dict[bytes, bytes], policy: Policy | None = None) -> list[str]:
    """Fetch ``/start``: what became of it."""
    limits = LIMITS if policy is None else dataclasses.replace(LIMITS, policy=policy)
    with raw_web(answers) as port:
        want(world, f"http://127.0.0.1:{port}/start")
        fetch(world, limits=limits)
    return sorted(counts(world))


def robots(lines: bytes) -> dict[bytes, bytes]:
    return {ROBOTS: answer(b"User-agent: *\n" + lines + b"\nAllow: /\n"), b"/start": answer(picture(1), JPEG)}


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (b"X-Robots-Tag: noai", "opted_out"),
        (b"X-Robots-Tag: noindex, noimageindex", "noindex"),
        (b"X-Robots-Tag: noai noimageai", "opted_out"),
        (b"X-Robots-Tag: noindex; noai", "opted_out"),
        (b"X-Robots-Tag: a: nofollow\r\nX-Robots-Tag: noml", "opted_out"),
        (b"TDM-Reservation: 1, 1", "tdm_reserved"),
        (b"TDM-Reservation: 0\r\nTDM-Reservation: 1", "tdm_reserved"),
        (b"Content-Usage: train-ai=n", "usage_denied"),
        (b'Link: <https://e/l>; rel="license"; type="application/rsl+xml"', "licence_needed"),
        (b"X-Robots-Tag: nofollow", "fetched"),
    ],
)
def test_the_head_of_an_answer_decides(world: World, line: bytes, outcome: str) -> None:
    assert outcomes(world, {b"/start": answer(picture(1), JPEG, line)}) == [outcome]
    assert bool(world.paths("blobs/")) == (outcome == "fetched")


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (b"Content-Usage: train-ai=n", "usage_denied"),
        (b"Content-Signal: search=yes, ai-train=no", "signal_denied"),
        (b"DisallowAITraining: /", "training_denied"),
        (b"TDM-Reservation: 1", "tdm_reserved"),
        (b"License: /is/not/there.xml", "licence_needed"),
        (b"License: ftp://e.example/l.xml", "licence_needed"),
        (b"Content-Usage: /other train-ai=n", "fetched"),
    ],
)
def test_what_robots_txt_says_of_use_decides_before_the_request(world: World, lines: bytes, outcome: str) -> None:
    answers = robots(lines)
    if outcome != "fetched":
        answers[b"/start"] = b""
    assert outcomes(world, answers) == [outcome]


@pytest.mark.parametrize(
    ("path", "body", "outcome"),
    [
        (b"/.well-known/tdmrep.json", b'[{"location": "/sta*", "tdm-reservation": 1}]', "tdm_reserved"),
        (b"/.well-known/tdmrep.json", b'[{"location": "/x", "tdm-reservation": 1}]', "fetched"),
        (b"/.well-known/tdmrep.json", b"<html>", "fetched"),
        (b"/ai.txt", b"User-Agent: *\nDisallow: /\n", "training_denied"),
        (b"/ai.txt", b"User-Agent: *\nDisallow: *.jpg\n", "training_denied"),
        (b"/ai.txt", b"User-Agent: *\nDisallow: *.mp3\n", "fetched"),
    ],
)
def test_files_of_a_site_about_use_are_heeded(world: World, path: bytes, body: bytes, outcome: str) -> None:
    assert outcomes(world, {path: answer(body), b"/start": answer(picture(1), JPEG)}) == [outcome]


def test_a_file_about_use_that_may_not_be_fetched_is_not(world: World) -> None:
    answers = robots(b"Disallow: /.well-known/")
    answers[b"/.well-known/tdmrep.json"] = answer(b'[{"location": "/", "tdm-reservation": 1}]')
    assert outcomes(world, answers) == ["fetched"]


def test_a_redirect_that_refuses_is_not_followed(world: World) -> None:
    moved = answer(b"", b"Location: /other", b"X-Robots-Tag: noai", status=b"302 Found")
    assert outcomes(world, {b"/start": moved, b"/other": answer(picture(1), JPEG)}) == ["opted_out"]


@pytest.mark.parametrize(
    ("status", "outcome"), [(b"503 Maintenance", "fetched"), (b"404 Not Found", "not_found"), (b"403 No", "forbidden")]
)
def test_what_a_page_of_an_error_says_is_no_word_on_the_image(world: World, status: bytes, outcome: str) -> None:
    """Such pages have noindex: an image behind a hiccup was refused for good."""

    class Hiccup:
        asked = 0

        def get(self, path: bytes, /) -> bytes | None:
            if path != b"/start":
                return None
            self.asked += 1
            first = answer(b"", b"X-Robots-Tag: noindex", b'Link: </l>; type="application/rsl+xml"', status=status)
            return first if self.asked == 1 else answer(picture(1), JPEG)

    with raw_web(Hiccup()) as port:
        want(world, f"http://127.0.0.1:{port}/start")
        fetch(world, limits=LIMITS)
    assert sorted(counts(world)) == [outcome]


def in_xmp(value: str) -> bytes:
    """A JPEG with a statement of its own."""
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"><plus:DataMining>{value}</plus:DataMining>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    target = io.BytesIO()
    scene(1, (160, 120)).save(target, "JPEG", xmp=packet.encode())
    return target.getvalue()


def test_an_image_that_says_no_itself_is_not_kept(world: World) -> None:
    body = in_xmp("http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED")
    assert outcomes(world, {b"/start": answer(body, JPEG)}) == ["rights_reserved"]
    assert world.paths("blobs/") == []


def test_what_says_no_is_kept_before_all_else_that_was_said(world: World) -> None:
    many = b"\r\n".join(b"X-Robots-Tag: noarchive, nocache, x%d" % number for number in range(100))
    answers = {b"/start": answer(picture(1), JPEG, many, b"X-Robots-Tag: noindex")}
    assert outcomes(world, answers, Policy("lenient")) == ["fetched"]
    (found,) = world.records(topics.CANDIDATES, Candidate)
    assert found.consent is not None
    assert (len(found.consent.said), found.consent.said[0].kind) == (32, Kind.NOINDEX)


def test_an_image_whose_credentials_say_no_is_not_kept(world: World) -> None:
    assert outcomes(world, {b"/start": answer((CREDENTIALS / "cawg.jpg").read_bytes(), JPEG)}) == ["rights_reserved"]
    assert world.paths("blobs/") == []


def test_what_was_said_stays_with_the_image_and_stands_in_the_manifest(world: World) -> None:
    answers = robots(b"Content-Signal: search=yes, ai-input=no")
    answers[b"/start"] = answer(in_xmp("DMI-ALLOWED"), JPEG, b"X-Robots-Tag: noarchive")
    assert outcomes(world, answers) == ["fetched"]
    (found,) = world.records(topics.CANDIDATES, Candidate)
    (known,) = [record for record in world.records(topics.FETCHED, Fetched) if record.image is not None]
    assert found.consent is not None
    assert found.consent == known.consent
    assert (found.consent.acquisition, found.consent.train, found.consent.index) == ("robots.txt", "yes", "yes")
    said = {(x.signal, x.value, x.where.rpartition("/")[2], x.train, x.index) for x in found.consent.said}
    assert said == {
        ("Content-Signal", "search=yes, ai-input=no", "robots.txt", "", "yes"),
        ("X-Robots-Tag", "noarchive", "start", "", ""),
        ("plus:DataMining", "DMI-ALLOWED", "start", "yes", "yes"),
    }
    (row,) = decode_part(encode_part([(0, Survivor(candidate=found))]))
    assert (row["train"], row["index"], row["consent_policy"]) == ("yes", "yes", "cautious")
    assert "ai-input=no" in row["consent"]


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        (Policy("lenient"), "fetched"),
        (Policy("cautious", ignore=frozenset({Kind.NOINDEX})), "fetched"),
        (Policy("cautious"), "noindex"),
        (Policy("strict"), "noindex"),
    ],
)
def test_the_policy_says_what_refuses(world: World, policy: Policy, outcome: str) -> None:
    assert outcomes(world, {b"/start": answer(picture(1), JPEG, b"X-Robots-Tag: noindex")}, policy) == [outcome]


def test_the_strict_policy_takes_nothing_without_a_grant(world: World) -> None:
    assert outcomes(world, {b"/start": answer(picture(1), JPEG)}, Policy("strict")) == ["no_consent"]


def test_the_strict_policy_takes_what_is_granted(world: World) -> None:
    answers = {b"/start": answer(picture(1), JPEG, b"Content-Usage: train-ai=y")}
    assert outcomes(world, answers, Policy("strict")) == ["fetched"]


class Endless:
    """A host whose image goes on and on; counts what the crawler took of it before it closed."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.taken = 0

    @contextmanager
    def serving(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=self._serve, args=(server,))
            thread.start()
            try:
                yield server.getsockname()[1]
            finally:
                server.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                asked = client.recv(65_536)
                if b" /start " not in asked:
                    client.sendall(answer(b"", status=b"404 Not Found"))
                    continue
                client.sendall(self.head)
                try:
                    # Piece by piece, each when the one before has arrived: what is on its way counts, too.
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    for _ in range(20 << 8):
                        client.sendall(bytes(4_096))
                        self.taken += 4_096
                        client.settimeout(0.002)
                        try:
                            if client.recv(1) == b"":
                                break
                        except TimeoutError:
                            pass
                        client.settimeout(5)
                except OSError:
                    continue


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX-Robots-Tag: noai\r\nContent-Length: 20971520\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /other\r\nX-Robots-Tag: noai\r\nContent-Length: 20971520\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTDM-Reservation: 1\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 20971520\r\n\r\n",
    ],
    ids=["noai", "redirect", "no length", "an error's"],
)
def test_of_a_body_that_is_refused_little_is_read(world: World, head: bytes) -> None:
    host = Endless(head)
    with host.serving() as port:
        want(world, f"http://127.0.0.1:{port}/start")
        fetch(world, limits=LIMITS)
    assert "fetched" not in counts(world)
    assert host.taken <= 64 * 1024


class Heard(dict[bytes, bytes]):
    """Answers by path, and what was asked for."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        super().__init__(answers)
        self.paths: list[bytes] = []

    def get(self, path: bytes, default: object = None) -> bytes | None:  # type: ignore[override]
        self.paths.append(path)
        return super().get(path)


@pytest.mark.parametrize(
    ("rules", "is_asked", "outcome"),
    [
        (b"User-agent: *\nDisallow: /no/\n", False, "consent_unread"),
        (b"User-agent: *\nDisallow: /\n", False, "consent_unread"),
        (b"User-agent: *\nDisallow: /other/\n", True, "tdm_reserved"),
    ],
)
def test_a_file_about_use_is_not_had_from_where_robots_txt_forbids_it(
    world: World, rules: bytes, is_asked: bool, outcome: str
) -> None:
    reserved = answer(b'[{"location": "/", "tdm-reservation": 1}]')
    there = Heard({ROBOTS: answer(rules), b"/no/file": reserved})
    with raw_web(there, "127.0.0.2") as port:
        leads = answer(b"", f"Location: http://127.0.0.2:{port}/no/file".encode(), status=b"302 Found")
        here = robots(b"") | {b"/.well-known/tdmrep.json": leads}
        assert outcomes(world, here) == [outcome]
    assert (b"/no/file" in there.paths) is is_asked


def test_a_file_about_use_is_not_had_from_a_forbidden_path_of_its_own_site(world: World) -> None:
    leads = answer(b"", b"Location: /no/file", status=b"302 Found")
    here = Heard(robots(b"Disallow: /no/") | {b"/.well-known/tdmrep.json": leads, b"/ai.txt": leads})
    assert outcomes(world, here) == ["consent_unread"]
    assert b"/no/file" not in here.paths
    assert here.paths.count(ROBOTS) == here.paths.count(b"/ai.txt")  # it is known where they lead
