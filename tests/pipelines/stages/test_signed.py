"""With a key, every request of a fetch stage is signed, robots.txt's and a redirect's, too."""

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from synsift.crawler.identity.signatures import Signer
from tests.crawler.identity.test_signatures import TEST_KEY, Asked, verified
from tests.pipelines.stages.test_consent import LIMITS
from tests.pipelines.stages.test_fetch import counts, fetch, picture, want
from tests.pipelines.worlds import World


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "host.pem"
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


@contextmanager
def tls_host(folder: Path, asked: list[Asked]) -> Iterator[int]:
    """A host that notes what it is asked, and answers ``/old`` with a redirect, all else with a picture."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(Asked("GET", f"https://{self.headers['Host']}{self.path}", dict(self.headers.items())))
            known = not self.path.endswith((".txt", ".json"))
            self.send_response(404 if not known else 302 if self.path.startswith("/old") else 200)
            body = picture(1) if known else b""
            self.send_header("Content-Length", str(len(body)))
            if self.path.startswith("/old"):
                self.send_header("Location", "/new%20one.jpg?x=%C3%A9")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_every_request_is_signed_and_another_library_verifies_it(world: World, tmp_path: Path) -> None:
    asked: list[Asked] = []
    with tls_host(tmp_path, asked) as port:
        want(world, f"https://127.0.0.1:{port}/old")
        access = replace(LIMITS.access, ca_file=str(tmp_path / "host.pem"))
        fetch(world, limits=replace(LIMITS, signer=Signer(TEST_KEY, "https://bot.test"), access=access))
    assert counts(world) == {"fetched": 1}
    assert [one.url.partition(f":{port}")[2] for one in asked] == [
        "/robots.txt", "/.well-known/tdmrep.json", "/ai.txt", "/old", "/new%20one.jpg?x=%C3%A9",
    ]  # fmt: skip
    for one in asked:
        (found,) = verified(one)
        assert found.parameters["tag"] == "web-bot-auth"
