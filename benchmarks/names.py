"""How long 300 hosts take to be looked up at a name server that takes half a second, beside others.

    python benchmarks/names.py [--names 300] [--delay 0.5] [--deadline 4]

Ours, Python's getaddrinfo in the threads that a loop has (what aiohttp does without aiodns; it can't be sent to a name
server of a test, so that each look-up sleeps in its place), and aiohttp's AsyncResolver, if aiodns is installed. Names
are asked for 64 at a time, as a fetch stage with its default of 64 requests does, each with a deadline.
"""

import argparse
import asyncio
import multiprocessing
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from synsift.crawler.dns.lookups import Lookups
from tests.name_server import Reply, name_server

_AT_ONCE = 64
LookUp = Callable[[str], Awaitable[object]]


@dataclass(frozen=True)
class Run:
    """What became of all names.

    Attributes:
        seconds: For all of them.
        cpu_ms: CPU time a name.
        lost: Names without an address.
    """

    seconds: float
    cpu_ms: float
    lost: int


async def measure(look_up: LookUp, names: list[str], deadline_s: float) -> Run:
    """Look all names up, some at a time."""
    places = asyncio.Semaphore(_AT_ONCE)
    lost = 0

    async def one(name: str) -> None:
        nonlocal lost
        async with places:
            try:
                async with asyncio.timeout(deadline_s):
                    await look_up(name)
            except Exception:  # noqa: BLE001 - whatever it is, the name is lost
                lost += 1

    started_s, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(one, names))
    return Run(time.perf_counter() - started_s, 1000 * (time.process_time() - cpu_s) / len(names), lost)


def serve(names: list[str], delay_s: float, pipe: Connection) -> None:
    """A name server in a process of its own, so that its CPU time isn't counted; says at the end what it was asked."""
    with name_server({name: Reply(["192.0.2.1"], ttl_s=300, delay_s=delay_s) for name in names}) as server:
        pipe.send(server.address)
        pipe.recv()
        pipe.send((server.asked.total(), server.most_open))


@contextmanager
def serving(names: list[str], delay_s: float) -> Iterator[tuple[str, Callable[[], tuple[int, int]]]]:
    """A name server's address, and what gives how many questions it was asked, and how many names at once."""
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(names, delay_s, its))
    process.start()
    address: str = ours.recv()

    def counts() -> tuple[int, int]:
        ours.send("end")
        found: tuple[int, int] = ours.recv()
        return found

    try:
        yield address, counts
    finally:
        process.join()


async def ours(address: str, names: list[str], deadline_s: float) -> Run:
    """Our own look-ups."""
    return await measure(Lookups([address], timeout_s=deadline_s).addresses_of, names, deadline_s)


async def threads(delay_s: float, names: list[str], deadline_s: float) -> Run:
    """A blocking call in a thread for each name."""
    loop = asyncio.get_running_loop()

    async def look_up(_name: str) -> None:
        await loop.run_in_executor(None, time.sleep, delay_s)

    return await measure(look_up, names, deadline_s)


async def through_aiodns(address: str, names: list[str], deadline_s: float) -> Run:
    """What aiohttp does with aiodns."""
    from aiohttp.resolver import AsyncResolver

    resolver = AsyncResolver(nameservers=[address])
    try:
        return await measure(lambda name: resolver.resolve(name, 80, socket.AF_UNSPEC), names, deadline_s)
    finally:
        await resolver.close()


def say(who: str, run: Run, questions: int, at_once: int) -> None:
    """Print a line."""
    counts = f"{run.lost:6} lost {questions:7} questions {at_once:4} names at once"
    print(f"{who:24} {run.seconds:7.2f} s {run.cpu_ms:7.2f} ms CPU a name {counts}")


def main() -> None:
    """Run all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", type=int, default=300)
    parser.add_argument("--delay", type=float, default=0.5)
    parser.add_argument("--deadline", type=float, default=4.0)
    options = parser.parse_args()
    names = [f"host-{number}.example" for number in range(options.names)]
    with serving(names, options.delay) as (address, counts):
        say("synsift", asyncio.run(ours(address, names, options.deadline)), *counts())
    workers = min(32, (os.cpu_count() or 1) + 4)  # as asyncio has them
    say("getaddrinfo in threads", asyncio.run(threads(options.delay, names, options.deadline)), len(names), workers)
    try:
        import aiodns  # type: ignore[import-not-found, unused-ignore]  # noqa: F401 - a peer, wanted or not
    except ImportError:
        print("aiohttp's AsyncResolver: aiodns isn't installed")
        return
    with serving(names, options.delay) as (address, counts):
        say("aiohttp's AsyncResolver", asyncio.run(through_aiodns(address, names, options.deadline)), *counts())


if __name__ == "__main__":
    main()
