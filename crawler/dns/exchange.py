"""Questions to name servers, and their answers: by UDP, or by TCP where an answer doesn't fit.

Each exchange has ports of its own and numbers that can't be guessed, and takes only what repeats its question. A server
that says nothing is asked again, and the next one, too; who answers late is still heard.
"""

import asyncio
import contextlib
import secrets
import struct
from collections.abc import Sequence
from typing import Final

from synsift.crawler.dns.message import Answer, BadMessage, Code, Kind, Question, question_bytes, read_answer
from synsift.crawler.dns.system_files import Server

# After so long the next server is asked, or the same again: most answers that come at all come within this, and a
# packet that was lost must not cost the whole time. Then twice as long, and so on.
_FIRST_WAIT_S: Final = 1.5
_LONGEST_WAIT_S: Final = 6.0
# So long is waited for IPv6 addresses when IPv4 ones are there: some networks swallow these questions.
_GRACE_S: Final = 0.5
_BAD: Final = Answer(Code.FORMAT_ERROR)
# Not only this server's opinion: nobody else is asked.
_FINAL: Final = frozenset({Code.OK, Code.NO_SUCH_NAME})


class NoAnswer(Exception):
    """No name server answered.

    Attributes:
        is_unreachable: Whether the system says that none of them can be reached.
    """

    def __init__(self, message: str, *, is_unreachable: bool) -> None:
        super().__init__(message)
        self.is_unreachable = is_unreachable


async def exchange(name: str, servers: Sequence[Server], timeout_s: float) -> dict[Kind, Answer]:
    """Ask for all addresses of a name.

    Args:
        name: The name.
        servers: Whom to ask; the later ones where the first ones fail.
        timeout_s: Longest time for all of it.

    Returns:
        An answer for each kind of address; for IPv6 none if IPv4 ones were there first.

    Raises:
        BadMessage: It can't be a name.
        NoAnswer: Nobody answered in time.
    """
    asking = _Asking(name, servers)
    try:
        async with asyncio.timeout(timeout_s):
            await asking.run()
    except TimeoutError:
        pass
    finally:
        asking.close()
    if not asking.answers:
        raise NoAnswer(f"no answer from {asking.tried()}", is_unreachable=asking.is_unreachable)
    return asking.answers


class _Asking:
    """One name, until all is answered."""

    def __init__(self, name: str, servers: Sequence[Server]) -> None:
        numbers = secrets.SystemRandom().sample(range(1 << 16), len(Kind))
        self._questions = {n: Question(n, name, kind) for n, kind in zip(numbers, Kind, strict=True)}
        self._bytes = {number: question_bytes(question) for number, question in self._questions.items()}
        self._servers = servers
        self._ports: dict[int, asyncio.DatagramTransport] = {}
        self._unreachable: set[int] = set()
        self._failures: dict[Kind, Answer] = {}
        self._failed: set[tuple[int, Kind]] = set()
        self._changed = asyncio.Event()
        self._by_tcp: set[asyncio.Task[None]] = set()
        self._found: dict[Kind, Answer] = {}

    @property
    def answers(self) -> dict[Kind, Answer]:
        """What was answered; of kinds that all servers failed at, how."""
        return {**self._failures, **self._found}

    @property
    def is_unreachable(self) -> bool:
        return len(self._unreachable) == len(self._servers)

    def tried(self) -> str:
        return ", ".join(server.address for server in self._servers)

    async def run(self) -> None:
        """Ask, and ask again, until all kinds are answered or have failed everywhere."""
        wait_s, turn = _FIRST_WAIT_S, 0
        while not self._is_done():
            number = turn % len(self._servers)
            await self._send(number)
            deadline_s = asyncio.get_running_loop().time() + wait_s
            while not self._is_done() and not self._has_failed(number):
                if not await self._wait_until(deadline_s):
                    break
            turn += 1
            if turn % len(self._servers) == 0:
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    def close(self) -> None:
        for port in self._ports.values():
            port.close()
        for task in self._by_tcp:
            task.cancel()

    def heard(self, server: int, data: bytes) -> None:
        """Take what came from a server."""
        try:
            found = read_answer(data, self._questions)
        except BadMessage:
            found = self._questions[int.from_bytes(data[:2], "big")], _BAD
        if found is None or found[0].kind in self._found:
            return
        question, answer = found
        if answer.is_cut:
            task = asyncio.create_task(self._ask_by_tcp(server, question))
            self._by_tcp.add(task)
            task.add_done_callback(self._by_tcp.discard)
        else:
            self._note(server, question.kind, answer)

    def lost(self, server: int) -> None:
        """Note that a server can't be reached."""
        self._unreachable.add(server)
        self._changed.set()

    def _note(self, server: int, kind: Kind, answer: Answer) -> None:
        if answer.code in _FINAL:
            self._found[kind] = answer
        else:
            self._failures[kind] = answer
            self._failed.add((server, kind))
        self._changed.set()

    def _is_done(self) -> bool:
        ipv4 = self._found.get(Kind.IPV4)
        if ipv4 is not None and ipv4.code == Code.NO_SUCH_NAME:
            return True  # said of IPv6 alone it is often wrong: RFC 4074, section 4.2
        return all(map(self._has_failed, range(len(self._servers))))

    def _has_failed(self, server: int) -> bool:
        """Whether nothing more is to be had from a server; so it is when all is answered."""
        open_kinds = [kind for kind in Kind if kind not in self._found]
        return all(server in self._unreachable or (server, kind) in self._failed for kind in open_kinds)

    async def _wait_until(self, deadline_s: float) -> bool:
        """Wait for news; False if there are none, or what is there is enough."""
        self._changed.clear()
        ipv4 = self._found.get(Kind.IPV4)
        is_enough = ipv4 is not None and bool(ipv4.addresses)
        if is_enough:
            deadline_s = asyncio.get_running_loop().time() + _GRACE_S
        try:
            async with asyncio.timeout_at(deadline_s):
                await self._changed.wait()
        except TimeoutError:
            if is_enough:
                self._found.setdefault(Kind.IPV6, Answer(Code.OK))
            return False
        return True

    async def _send(self, number: int) -> None:
        """Ask a server for what is still open."""
        if number in self._unreachable:
            return
        server = self._servers[number]
        try:
            port = self._ports.get(number)
            if port is None:
                loop = asyncio.get_running_loop()
                address = (server.address, server.port)
                port, _ = await loop.create_datagram_endpoint(lambda: _Ear(self, number), remote_addr=address)
                self._ports[number] = port
        except OSError:
            self.lost(number)
            return
        for one, question in self._questions.items():
            if question.kind not in self._found:
                port.sendto(self._bytes[one])

    async def _ask_by_tcp(self, number: int, question: Question) -> None:
        server, written = self._servers[number], self._bytes[question.number]
        answer = _BAD
        with contextlib.suppress(OSError, EOFError, BadMessage):
            reader, writer = await asyncio.open_connection(server.address, server.port)
            try:
                writer.write(struct.pack("!H", len(written)) + written)
                (size,) = struct.unpack("!H", await reader.readexactly(2))
                found = read_answer(await reader.readexactly(size), {question.number: question})
                if found is not None and not found[1].is_cut:
                    answer = found[1]
            finally:
                writer.close()
        self._note(number, question.kind, answer)


class _Ear(asyncio.DatagramProtocol):
    """Hears one server."""

    def __init__(self, asking: _Asking, server: int) -> None:
        self._asking = asking
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._asking.heard(self._server, data)

    def error_received(self, exc: Exception) -> None:
        self._asking.lost(self._server)
