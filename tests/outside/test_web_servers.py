"""A crawl of web servers that others made, as they come: nginx, lighttpd, and Python's, which speaks HTTP/1.0."""

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from deploy.local.services import MissingComponent, Service, free_port, running
from tests.certificates import sign
from tests.conftest import RunCli, component, missing
from tests.dedupe.pictures import encoded, scene

HOST = "127.0.0.1"
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log stderr crit; worker_processes 1; user {user};
events {{ }}
http {{
  access_log off; types {{ image/jpeg jpg; text/plain txt; }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  limit_req_zone $server_name zone=few:1m rate=5r/s; limit_req_status 429;
  ssl_certificate {pem}; ssl_certificate_key {pem}; root {root};
  server {{
    listen {host}:{tls} ssl http2;
    gzip on; gzip_types image/jpeg; gzip_min_length 1;
    location /packed/ {{ add_header Content-Encoding gzip; alias {root}/packed/; }}
    location /few/ {{ limit_req zone=few; alias {root}/; }}
    location /forbidden/ {{ return 403; }}
    location /law/ {{ return 451; }}
    location /others/ {{ alias {root}/; add_header X-Robots-Tag "otherbot: noindex"; }}
    location /noai/ {{ alias {root}/; add_header X-Robots-Tag "noai"; }}
  }}
  server {{ listen {host}:{plain}; return 301 https://{host}:{tls}$request_uri; }}
}}
"""
LIGHTTPD = """
server.document-root = "{root}"
server.bind = "{host}"
server.port = {tls}
server.modules = ("mod_openssl", "mod_redirect")
ssl.engine = "enable"
ssl.pemfile = "{pem}"
mimetype.assign = (".jpg" => "image/jpeg", ".txt" => "text/plain")
url.redirect = ("^/moved/(.*)" => "/$1")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "packed").mkdir(parents=True)
    for number in range(40):
        (folder / f"{number}.jpg").write_bytes(encoded(scene(number), "JPEG"))
    (folder / "packed" / "gz.jpg").write_bytes(gzip.compress(encoded(scene(99), "JPEG")))
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /private/\n")
    tmp_path.chmod(0o755)
    return folder


@contextmanager
def python_server(root: Path) -> Iterator[int]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(root))  # type: ignore[arg-type]  # as they came

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the parent's
            pass

    server = http.server.ThreadingHTTPServer((HOST, 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def service(program: str, folder: Path, port: int, configuration: str) -> Service:
    folder.mkdir()
    file = folder / "server.conf"
    file.write_text(configuration)
    options = {"nginx": ["-c"], "lighttpd": ["-D", "-f"]}
    return Service(port, [component([program, f"/usr/sbin/{program}"]), *options[program], str(file)], folder)


def url_of(record: str | dict[str, str]) -> str:
    return str((json.loads(record) if isinstance(record, str) else record)["url"])


def crawl(cli: RunCli, urls: list[str], folder: Path, authority: Path) -> tuple[dict[str, int], dict[str, str]]:
    """Crawl; the counts, and of each URL that failed its outcome."""
    (folder / "list.txt").write_text("\n".join(urls) + "\n")
    options = {
        "identity.contact": "a@b.example",
        "fetch.allow_networks": ["127.0.0.0/8"],
        "fetch.delay_s": 0.0,
        "fetch.ca_file": str(authority),
    }
    out = ("--out", str(folder / "out"))
    done = cli(
        "crawl", "--source", "urls", "--list", str(folder / "list.txt"), *out, "--format", "jsonl",
        options=options, timeout_s=240,
    )  # fmt: skip
    listed = cli("dead-letters", "list", *out, "--format", "jsonl", options=options)
    letters = [json.loads(line) for line in listed.stdout.splitlines()]
    return json.loads(done.stdout), {url_of(letter["input"]): letter["outcome"] for letter in letters}


def test_all_pictures_come_from_servers_as_they_are(cli: RunCli, root: Path, tmp_path: Path) -> None:
    authority = sign(["Authority"], is_authority=True)
    (tmp_path / "authority.pem").write_bytes(authority.pem)
    signed = sign([HOST], by=authority)
    signed.context(tmp_path)
    pem = tmp_path / f"{signed.certificate.serial_number:x}.pem"
    tls, plain, other = free_port(), free_port(), free_port()
    names = {"folder": tmp_path / "nginx", "pem": pem, "root": root, "host": HOST, "tls": tls, "plain": plain}
    user = pem.owner()
    with ExitStack() as stack:
        try:
            nginx = service("nginx", tmp_path / "nginx", tls, NGINX.format(**names, user=user))
            lighttpd = service("lighttpd", tmp_path / "lighttpd", other, LIGHTTPD.format(**{**names, "tls": other}))
            stack.enter_context(running(nginx))
            stack.enter_context(running(lighttpd))
        except MissingComponent as exc:
            missing(str(exc))
        old = stack.enter_context(python_server(root))
        base = f"https://{HOST}:{tls}"
        good = [f"{base}/{n}.jpg" for n in range(5)]
        good += [f"http://{HOST}:{plain}/{n}.jpg" for n in range(5, 10)]
        good += [f"{base}/packed/gz.jpg", *(f"{base}/few/{n}.jpg" for n in range(10, 16)), f"{base}/others/16.jpg"]
        good += [f"https://{HOST}:{other}/{n}.jpg" for n in range(17, 22)]
        good += [f"https://{HOST}:{other}/moved/{n}.jpg" for n in range(22, 25)]
        good += [f"http://{HOST}:{old}/{n}.jpg" for n in range(25, 30)]
        bad = {
            f"{base}/forbidden/1.jpg": "forbidden",
            f"{base}/law/1.jpg": "legally_withheld",
            f"{base}/noai/31.jpg": "opted_out",
            f"{base}/private/1.jpg": "robots_denied",
            f"{base}/gone.jpg": "not_found",
            f"https://{HOST}:{other}/private/1.jpg": "robots_denied",
            f"http://{HOST}:{old}/gone.jpg": "not_found",
        }
        counts, failed = crawl(cli, [*good, *bad], tmp_path, tmp_path / "authority.pem")
    assert failed == bad
    assert (counts["fetched"], counts["landed"]) == (len(good), len(good))
