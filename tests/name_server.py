"""A name server of a test's own, on loopback: by UDP and TCP, as slow and as odd as it is told to be.

It counts what it is asked, and how many questions were open at once. Benchmarks use it, too.
"""

import asyncio
import contextlib
import ipaddress
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

A: Final = 1
CNAME: Final = 5
SOA: Final = 6
AAAA: Final = 28
OK, FORMAT_ERROR, SERVER_FAILURE, NO_SUCH_NAME, NOT_IMPLEMENTED, REFUSED = range(6)
_TRUNCATED: Final = 0x0200
_ANSWER: Final = 0x8180  # an answer, recursion wanted and to be had
_HEADER: Final = struct.Struct("!6H")


@dataclass(frozen=True)
class Asked:
    """A question.

    Attributes:
        number: Its identifier.
        name: In small letters, without the last dot.
        kind: Type of records that are asked for.
        by_tcp: How it came.
        question: As it was written, to be repeated in the answer.
    """

    number: int
    name: str
    kind: int
    by_tcp: bool
    question: bytes


@dataclass(frozen=True)
class Reply:
    """What is said of a name.

    Attributes:
        addresses: IPv4 and IPv6; of each question those that it asks for.
        ttl_s: How long they hold.
        code: Response code; not ``OK`` for a failure.
        negative_ttl_s: Of an answer without addresses, how long that holds (RFC 2308); None to say nothing.
        delay_s: How long it takes.
        aliases: Names that lead to the addresses, one after the other.
        is_cut: Whether an answer by UDP is cut, so that TCP must be used.
        kinds: Types of records that are answered at all; None for all.
    """

    addresses: Sequence[str] = ()
    ttl_s: int = 60
    code: int = OK
    negative_ttl_s: int | None = None
    delay_s: float = 0.0
    aliases: Sequence[str] = ()
    is_cut: bool = False
    kinds: Sequence[int] | None = None


NOBODY: Final = Reply(code=NO_SUCH_NAME, negative_ttl_s=300)
Answers = Mapping[str, "Reply | bytes"] | Callable[[Asked], "Reply | bytes | None"]
"""By name, or by question. Bytes are sent as they are, behind the question's number; None is no answer at all."""


@dataclass
class NameServer:
    """What it was asked.

    Attributes:
        address: Where it is, with its port.
        asked: Names, and how often.
        by_tcp: How many came by TCP.
        most_open: Names that were being looked up at once, at most.
    """

    answers: Answers
    address: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    by_tcp: int = 0
    most_open: int = 0
    _open: Counter[str] = field(default_factory=Counter)

    def reply(self, asked: Asked) -> "Reply | bytes | None":
        """Note a question; gives what is to be said."""
        self.asked[asked.name] += 1
        self.by_tcp += asked.by_tcp
        self._open[asked.name] += 1
        self.most_open = max(self.most_open, len(self._open))
        return self.answers(asked) if callable(self.answers) else self.answers.get(asked.name, NOBODY)

    def done(self, asked: Asked) -> None:
        """Note that a question was answered."""
        self._open[asked.name] -= 1
        if not self._open[asked.name]:
            del self._open[asked.name]


def read_question(data: bytes, *, by_tcp: bool = False) -> Asked:
    """Read a question of one name."""
    (number,) = struct.unpack_from("!H", data)
    labels, at = [], _HEADER.size
    while length := data[at]:
        labels.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    (kind,) = struct.unpack_from("!H", data, at + 1)
    name = b".".join(labels).decode("latin-1").lower()
    return Asked(number, name, kind, by_tcp, data[_HEADER.size : at + 5])


def written(name: str) -> bytes:
    """A name as it is sent."""
    labels = [label.encode("latin-1") for label in name.split(".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def encoded(asked: Asked, reply: Reply) -> bytes:
    """An answer as it is sent."""
    kinds = {4: A, 6: AAAA}
    found = [ipaddress.ip_address(address) for address in reply.addresses]
    wanted = [address for address in found if kinds[address.version] == asked.kind and reply.code == OK]
    owner, records = b"\xc0\x0c", []
    for alias in reply.aliases if reply.code == OK else ():
        records.append(_record(owner, CNAME, reply.ttl_s, written(alias)))
        owner = written(alias)
    records += [_record(owner, asked.kind, reply.ttl_s, address.packed) for address in wanted]
    authority = []
    if not wanted and reply.negative_ttl_s is not None:
        times = struct.pack("!5I", 1, 3600, 600, 86_400, reply.negative_ttl_s)
        authority.append(_record(b"\0", SOA, 86_400, written("ns.example") + written("op.example") + times))
    flags = _ANSWER | reply.code
    if reply.is_cut and not asked.by_tcp:
        flags, records, authority = flags | _TRUNCATED, [], []
    head = _HEADER.pack(asked.number, flags, 1, len(records), len(authority), 0)
    return head + asked.question + b"".join((*records, *authority))


def _record(owner: bytes, kind: int, ttl_s: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, ttl_s, len(data)) + data


@contextmanager
def name_server(answers: Answers, host: str = "127.0.0.1", port: int = 0) -> Iterator[NameServer]:
    """Answer questions for the block, in a thread; at a port that is free, where none is given."""
    server = NameServer(answers)
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        with _sockets(host, port) as (udp, tcp):
            server.address = f"{host}:{udp.getsockname()[1]}"
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(server), sock=udp)
            listener = await asyncio.start_server(lambda r, w: _stream(server, r, w), sock=tcp)
            ready.set()
            await stop.wait()
            transport.close()
            listener.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    if not ready.wait(120):
        raise RuntimeError("the name server did not start")
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@contextmanager
def _sockets(host: str, port: int) -> Iterator[tuple[socket.socket, socket.socket]]:
    """One port for UDP and TCP."""
    for _ in range(50):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        udp.bind((host, port))
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            tcp.bind(udp.getsockname())
        except OSError:  # somebody else has that port for TCP
            udp.close()
            tcp.close()
            continue
        with udp, tcp:
            yield udp, tcp
            return
    raise RuntimeError("no port is free for both UDP and TCP")


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of a datagram endpoint

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        asked = read_question(data)
        reply = self._server.reply(asked)
        if reply is None:
            return
        delay_s = reply.delay_s if isinstance(reply, Reply) else 0.0
        if isinstance(reply, Reply) and reply.kinds is not None and asked.kind not in reply.kinds:
            return
        asyncio.get_running_loop().call_later(delay_s, self._send, asked, reply, address)

    def _send(self, asked: Asked, reply: "Reply | bytes", address: tuple[str, int]) -> None:
        self._server.done(asked)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(_bytes_of(asked, reply), address)


async def _stream(server: NameServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        while True:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            asked = read_question(await reader.readexactly(length), by_tcp=True)
            reply = server.reply(asked)
            if reply is None:
                continue
            await asyncio.sleep(reply.delay_s if isinstance(reply, Reply) else 0.0)
            server.done(asked)
            data = _bytes_of(asked, reply)
            writer.write(struct.pack("!H", len(data)) + data)
            await writer.drain()
    writer.close()


def _bytes_of(asked: Asked, reply: "Reply | bytes") -> bytes:
    return encoded(asked, reply) if isinstance(reply, Reply) else struct.pack("!H", asked.number) + reply
