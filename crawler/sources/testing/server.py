"""An HTTP server on loopback that plays a source's part, in a thread of its own."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from synsift.crawler.sources.base import SourceAnswer


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server got it.

    Attributes:
        method: Of HTTP.
        path: Of its URL, without the query.
        query: Name → the last value.
        headers: By lower-case name.
        body: As it came.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


Plays = Callable[[Asked], SourceAnswer]


@dataclass(slots=True)
class Server:
    """A server that runs.

    Attributes:
        url: Of its root, such as ``http://127.0.0.1:40001``.
        asked: All requests so far.
    """

    url: str
    asked: list[Asked] = field(default_factory=list)


@contextlib.contextmanager
def serving(plays: Plays | Sequence[SourceAnswer]) -> Iterator[Server]:
    """Serve for the block.

    Args:
        plays: Gives the answer of each request; or answers one after the other, the last again and again.
    """
    http = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server = Server(f"http://127.0.0.1:{http.server_address[1]}")
    lock = threading.Lock()

    def answer_to(asked: Asked) -> SourceAnswer:
        with lock:
            server.asked.append(asked)
            return plays(asked) if callable(plays) else plays[min(len(server.asked), len(plays)) - 1]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                self.command,
                parts.path,
                {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()},
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length) if length else b"",
            )
            answer = answer_to(asked)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing: a test's output is its own."""

    http.RequestHandlerClass = Handler
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
