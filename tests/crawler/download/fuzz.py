"""Answers of chance, through our handler over real connections: each ends in a named outcome.

``python -m tests.crawler.download.fuzz 100000 [seed]`` plays so many, and says how they ended; ``test_fuzz.py``
plays a few.
"""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from synsift.crawler.download.attempt import Answer, GiveUp, Patience, after_answer
from synsift.crawler.outcome import Outcome
from tests.crawler.download.answers import ANSWERS
from tests.crawler.download.asking import Got, ask, handler

SEEDS = [case.raw for case in ANSWERS if len(case.raw) < 20_000]
WORDS = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: ",
    b"Content-Length: 5\r\n",
    b"Content-Length: ",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Encoding: br\r\n",
    b"\r\n\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"\x00",
    b"\xff",
    b"\t",
    b" ",
    b":",
    b";",
    b",",
    b"0\r\n\r\n",
    b"ffffffff\r\n",
    b"-1",
    b"+",
    b"Connection: keep-alive\r\n",
    b"Upgrade: websocket\r\n",
    b"\x1f\x8b\x08\x00",
    b"\x28\xb5\x2f\xfd",
    b"1" * 30,
    b"Set-Cookie: \xff=;\r\n",
    b"HTTP/",
    b"Retry-After: -1\r\n",
    b"Content-Range: bytes 0-1/",
    b"X-Robots-Tag: \xff,\r\n",
]


def made_up(chance: random.Random) -> bytes:
    """An answer of chance: one of the table that was damaged, or words and bytes in a row."""
    if chance.random() < 0.15:
        return b"".join(chance.choice(WORDS) for _ in range(chance.randrange(12))) + chance.randbytes(
            chance.randrange(40)
        )
    raw = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(1, 6)):
        _DAMAGES[chance.randrange(len(_DAMAGES))](raw, chance)
    return bytes(raw)


def _place(raw: bytearray, chance: random.Random) -> int:
    """Rather in the head than anywhere else."""
    most = len(raw) if chance.random() < 0.3 else min(len(raw), 160)
    return chance.randrange(most + 1)


def _flip(raw: bytearray, chance: random.Random) -> None:
    at = _place(raw, chance)
    raw[at : at + 1] = chance.randbytes(1)


def _cut(raw: bytearray, chance: random.Random) -> None:
    at = _place(raw, chance)
    del raw[at : at + chance.randrange(20)]


def _insert(raw: bytearray, chance: random.Random) -> None:
    at = _place(raw, chance)
    raw[at:at] = chance.choice(WORDS)


def _repeat(raw: bytearray, chance: random.Random) -> None:
    at = _place(raw, chance)
    raw[at:at] = raw[at : at + chance.randrange(60)] * chance.randrange(4)


def _end(raw: bytearray, chance: random.Random) -> None:
    if chance.random() < 0.3:
        del raw[_place(raw, chance) :]


_DAMAGES: list[Callable[[bytearray, random.Random], None]] = [_flip, _cut, _insert, _repeat, _end]


@dataclass
class Played:
    """What came of some answers."""

    outcomes: Counter[str] = field(default_factory=Counter)
    unnamed: list[tuple[bytes, Got]] = field(default_factory=list)


class Server:
    """Answers each connection with the next of some answers, in pieces of chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.raw = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and hang up."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            raw = self.raw
            cut = self._chance.randrange(len(raw) + 1) if self._chance.random() < 0.3 else len(raw)
            for piece in (raw[:cut], raw[cut:]):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            writer.write_eof()
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def play(count: int, seed: int) -> Played:
    """Play so many answers of chance, one after the other."""
    chance = random.Random(seed)  # noqa: S311 - a test's own chance
    played, server, serving = Played(), Server(chance), set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(task := asyncio.create_task(server.serve(reader, writer)))
        task.add_done_callback(serving.discard)

    listening = await asyncio.start_server(begin, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/x"
    async with listening:
        async with handler() as asker:
            for _ in range(count):
                server.raw = made_up(chance)
                found = await ask(asker, url)
                played.outcomes[_ending(found)] += 1
                if found.outcome is Outcome.INTERNAL_ERROR or found.outcome is Outcome.TIMEOUT:
                    played.unnamed.append((server.raw, found))
        await asyncio.gather(*serving)
    return played


def _ending(found: Got) -> str:
    """The outcome, as a stage would have it that follows redirects."""
    if found.error is not None:
        return str(found.outcome)
    answer = Answer("http://127.0.0.1/x", found.status, found.headers)
    step = after_answer(answer, attempts=9, been=(), patience=Patience(), now_s=0.0)
    return str(step.outcome) if isinstance(step, GiveUp) else type(step).__name__.lower()


def main() -> None:
    """Play as many as are asked for."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    played = asyncio.run(play(count, seed))
    for outcome, number in played.outcomes.most_common():
        print(f"{number:8,} {outcome}")  # noqa: T201 - a program's output
    for raw, got in played.unnamed[:10]:
        print(raw[:600], repr(got.error)[:600])  # noqa: T201 - as above
    sys.exit(bool(played.unnamed))


if __name__ == "__main__":
    main()
