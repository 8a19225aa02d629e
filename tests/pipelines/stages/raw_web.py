"""A server that sends bytes as they are told, on loopback: what no library of HTTP would let a test say."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Answers(Protocol):
    """Bytes by path: a dictionary, or what plays one."""

    def get(self, path: bytes, /) -> bytes | None: ...


class Reset(bytes):
    """An answer whose connection breaks after it, where any other's is closed."""


@contextmanager
def raw_web(answers: Answers, address: str = "127.0.0.1") -> Iterator[int]:
    """Answer each path (without its query, if need be) with its bytes, any other with status 404; the port is given."""
    with socket.create_server((address, 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, answers))
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def answer(body: bytes, *lines: bytes, status: bytes = b"200 OK") -> bytes:
    """A whole response with some lines of headers."""
    told = b"".join(line + b"\r\n" for line in lines)
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s" % (status, len(body), told, body)


def _serve(server: socket.socket, answers: Answers) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client, client.makefile("rb") as asked, contextlib.suppress(OSError):  # it may hang up before the end
            path = asked.readline().split(b" ")[1]
            while asked.readline().strip():
                pass
            found = answers.get(path)
            if found is None and b"?" in path:
                found = answers.get(path.partition(b"?")[0])
            client.sendall(answer(b"", status=b"404 Not Found") if found is None else found)
            if isinstance(found, Reset):
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
