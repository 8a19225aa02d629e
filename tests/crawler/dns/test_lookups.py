"""Names looked up at a real name server on loopback, be it slow, odd or silent."""

import asyncio
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from synsift.crawler.dns.lookups import Lookups
from synsift.crawler.dns.system_files import SystemFiles
from synsift.crawler.errors import CrawlerError, LookupFailed, NetworkDown, NoSuchHost
from synsift.crawler.timings import DNS_SECONDS
from tests.name_server import (
    AAAA,
    NO_SUCH_NAME,
    REFUSED,
    SERVER_FAILURE,
    A,
    Answers,
    Asked,
    NameServer,
    Reply,
    encoded,
    name_server,
)

HERE = Reply(["192.0.2.1"])


async def look_up(lookups: Lookups, names: Sequence[str]) -> list["tuple[str, ...] | CrawlerError"]:
    """Look names up at the same time; what each gave."""
    found = await asyncio.gather(*map(lookups.addresses_of, names), return_exceptions=True)
    for one in found:
        assert isinstance(one, tuple | CrawlerError), one
    return found  # type: ignore[return-value]  # as was asserted


def ask(
    answers: Answers, *names: str, timeout_s: float = 20.0
) -> tuple[list["tuple[str, ...] | CrawlerError"], NameServer]:
    """Look names up at a server, one after the other."""

    async def run(address: str) -> list["tuple[str, ...] | CrawlerError"]:
        lookups = Lookups([address], timeout_s=timeout_s)
        return [(await look_up(lookups, [name]))[0] for name in names]

    with name_server(answers) as server:
        return asyncio.run(run(server.address)), server


@pytest.mark.parametrize(
    ("reply", "addresses"),
    [
        (Reply(["192.0.2.1", "192.0.2.2"]), ("192.0.2.1", "192.0.2.2")),
        (Reply(["2001:db8::1", "192.0.2.1"]), ("192.0.2.1", "2001:db8::1")),
        (Reply(["2001:db8::1"]), ("2001:db8::1",)),
        (Reply(["192.0.2.1"], aliases=["a.example", "b.example"]), ("192.0.2.1",)),
        (Reply(["192.0.2.1"], ttl_s=0), ("192.0.2.1",)),
        (Reply(["192.0.2.1"], ttl_s=2**31 - 1), ("192.0.2.1",)),
        (Reply(["192.0.2.1"], ttl_s=2**32 - 1), ("192.0.2.1",)),
        (Reply(["192.0.2.1"], is_cut=True), ("192.0.2.1",)),
        (Reply([f"192.0.2.{n}" for n in range(200)], is_cut=True), tuple(f"192.0.2.{n}" for n in range(200))),
        (Reply(["192.0.2.1", "192.0.2.1"]), ("192.0.2.1",)),
        (Reply(["192.0.2.1"], kinds=[A]), ("192.0.2.1",)),
    ],
)
def test_a_host_is_found(reply: Reply, addresses: tuple[str, ...]) -> None:
    (found,), server = ask({"h.example": reply}, "h.example")
    assert found == addresses
    assert server.by_tcp == (2 if reply.is_cut else 0)


@pytest.mark.parametrize("name", ["under_score.example", "-x.example", "xn--bcher-kva.example", "a" * 63 + ".example"])
def test_names_that_are_odd_and_in_use_are_asked_for(name: str) -> None:
    (found,), _ = ask({name: HERE}, name)
    assert found == ("192.0.2.1",)


@pytest.mark.parametrize("name", ["H.Example", "h.example."])
def test_letters_and_a_last_dot_make_no_other_host(name: str) -> None:
    (found,), _ = ask({"h.example": HERE}, name)
    assert found == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(code=NO_SUCH_NAME, negative_ttl_s=300), NoSuchHost, "NXDOMAIN"),
        (Reply(code=NO_SUCH_NAME), NoSuchHost, "NXDOMAIN"),
        (Reply(negative_ttl_s=300), NoSuchHost, "has no address"),
        (Reply(aliases=["nowhere.example"]), NoSuchHost, "has no address"),
        (Reply(code=SERVER_FAILURE), LookupFailed, "SERVFAIL"),
        (Reply(code=REFUSED), LookupFailed, "REFUSED"),
        (Reply(code=15), LookupFailed, "code 15"),
        (b"\x81\x80" + bytes(8), LookupFailed, ""),
        (b"\x81\x81" + bytes(8), LookupFailed, "can't be read"),
    ],
)
def test_a_host_is_not_found(reply: "Reply | bytes", kind: type[CrawlerError], words: str) -> None:
    (found,), _ = ask({"h.example": reply}, "h.example", timeout_s=0.3 if isinstance(reply, bytes) else 20)
    assert type(found) is kind
    assert words in str(found)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", ".".join(["abcdefghi"] * 30), "a..b", "ü.example"])
def test_what_can_be_no_name_is_nobodys_and_nobody_is_asked(name: str) -> None:
    (found,), server = ask({}, name)
    assert type(found) is NoSuchHost
    assert not server.asked


@pytest.mark.parametrize("name", ["x.invalid", "invalid", "x.onion", "x.invalid."])
def test_names_that_nobody_has_are_asked_of_nobody(name: str) -> None:
    (found,), server = ask({name: HERE}, name)
    assert type(found) is NoSuchHost
    assert not server.asked


def test_a_name_is_asked_for_once_however_many_want_it_and_whatever_comes_of_it() -> None:
    async def run(address: str) -> None:
        lookups = Lookups([address], timeout_s=20)
        for name in ("h.example", "gone.example", "empty.example"):
            await look_up(lookups, [name] * 30)
            for _ in range(3):
                await look_up(lookups, [name, name.upper()])

    answers = {"h.example": HERE, "gone.example": Reply(code=NO_SUCH_NAME), "empty.example": Reply()}
    with name_server(answers) as server:
        asyncio.run(run(server.address))
    assert set(server.asked) == {"h.example", "gone.example", "empty.example"}
    assert set(server.asked.values()) == {2}  # both kinds of addresses


def test_who_asked_first_may_go_and_others_still_wait() -> None:
    async def run(address: str) -> tuple[str, ...]:
        lookups = Lookups([address], timeout_s=20)
        first = asyncio.create_task(lookups.addresses_of("h.example"))
        second = asyncio.create_task(lookups.addresses_of("h.example"))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    with name_server({"h.example": Reply(["192.0.2.1"], delay_s=0.1)}) as server:
        assert asyncio.run(run(server.address)) == ("192.0.2.1",)


def test_many_names_are_looked_up_at_once_and_none_is_lost() -> None:
    names = [f"{number}.example" for number in range(300)]
    answers = {name: Reply([f"192.0.2.{n % 250}"], delay_s=0.5) for n, name in enumerate(names)}

    async def run(address: str) -> list["tuple[str, ...] | CrawlerError"]:
        return await look_up(Lookups([address], timeout_s=60), names)

    with name_server(answers) as server:
        found = asyncio.run(run(server.address))
    assert found == [tuple(answers[name].addresses) for name in names]
    assert server.most_open >= 64


def test_who_answers_late_is_still_heard_for_it_is_asked_again_in_the_same_words() -> None:
    """A name server that takes longer than it is waited for is not a silent one."""
    numbers: list[int] = []

    def answers(asked: Asked) -> "Reply | None":
        numbers.append(asked.number)
        return HERE if numbers.count(asked.number) > 1 else None

    (found,), _ = ask(answers, "h.example")
    assert found == ("192.0.2.1",)
    assert len(set(numbers)) == 2


@pytest.mark.parametrize("first", [SERVER_FAILURE, REFUSED])
def test_the_next_name_server_is_asked_where_the_first_fails(first: int) -> None:
    async def run(*addresses: str) -> tuple[str, ...]:
        return await Lookups(addresses, timeout_s=20).addresses_of("h.example")

    with name_server(lambda _: Reply(code=first)) as one, name_server({"h.example": HERE}) as two:
        assert asyncio.run(run(one.address, two.address)) == ("192.0.2.1",)
        assert asyncio.run(run("127.0.0.1:1", two.address)) == ("192.0.2.1",)
        assert one.asked["h.example"] == 2


@pytest.mark.parametrize("are_reached", [True, False])
def test_name_servers_that_say_nothing_at_all_are_a_network_that_is_gone_broken_zones_are_not(
    are_reached: bool,
) -> None:
    def answers(asked: Asked) -> "Reply | None":
        if asked.name == "localhost":
            return Reply(code=NO_SUCH_NAME) if are_reached else None
        return HERE if asked.name == "h.example" else None

    async def run(address: str) -> list["tuple[str, ...] | CrawlerError"]:
        lookups = Lookups([address], timeout_s=0.5)
        first = await look_up(lookups, [f"a.test{number}" for number in range(9)])
        return [*first, *(await look_up(lookups, ["h.example"])), *(await look_up(lookups, ["b.test"]))]

    with name_server(answers) as server:
        found = asyncio.run(run(server.address))
    silent = LookupFailed if are_reached else NetworkDown
    assert [type(one) for one in found] == [silent] * 9 + [tuple, silent]


def test_nobody_at_a_name_servers_place_is_known_at_once() -> None:
    async def run() -> None:
        with pytest.raises(NetworkDown):
            await Lookups(["127.0.0.1:1"], timeout_s=3600).addresses_of("h.example")

    asyncio.run(run())


def test_no_ipv6_of_that_name_says_nothing_of_ipv4() -> None:
    """Load balancers that know IPv4 only answer NXDOMAIN to the other question: RFC 4074, section 4.2."""

    def answers(asked: Asked) -> Reply:
        return Reply(code=NO_SUCH_NAME) if asked.kind == AAAA else Reply(["192.0.2.1"], delay_s=0.1)

    (found,), _ = ask(answers, "h.example")
    assert found == ("192.0.2.1",)


def test_where_a_host_was_is_used_while_nobody_can_say_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr("synsift.crawler.dns.lookups.time.monotonic", lambda: now_s)
    replies = [HERE, HERE, *[Reply(code=SERVER_FAILURE)] * 4]

    async def run(address: str) -> None:
        nonlocal now_s
        lookups = Lookups([address], timeout_s=20)
        for _ in range(2):
            assert await lookups.addresses_of("h.example") == ("192.0.2.1",)
            now_s += 4000.0
        now_s += 100_000.0
        with pytest.raises(LookupFailed):
            await lookups.addresses_of("h.example")

    with name_server(lambda _: replies.pop(0)) as server:
        asyncio.run(run(server.address))
    assert not replies


@pytest.mark.parametrize(
    ("conf", "name", "asked"),
    [
        ("search corp.example lab.example", "intranet", ["intranet.corp.example", "intranet.lab.example"]),
        ("search corp.example", "h.example", ["h.example"]),
        ("search corp.example", "intranet.", ["intranet"]),
        ("search svc.local\noptions ndots:5", "minio.media", ["minio.media", "minio.media.svc.local"]),
        ("domain corp.example", "intranet", ["intranet.corp.example", "intranet"]),
    ],
)
def test_short_names_are_looked_for_in_search_domains(tmp_path: Path, conf: str, name: str, asked: list[str]) -> None:
    async def run(address: str) -> None:
        (tmp_path / "resolv.conf").write_text(f"nameserver {address}\n{conf}\n")
        files = SystemFiles(tmp_path / "resolv.conf", tmp_path / "hosts")
        assert await Lookups(timeout_s=20, files=files).addresses_of(name) == ("192.0.2.1",)

    with name_server({asked[-1]: HERE}) as server:
        asyncio.run(run(server.address))
    assert list(server.asked) == asked


def test_the_hosts_file_counts_before_name_servers_and_is_read_again_when_it_changes(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.7  Box.example box\n2001:db8::7 box.example # mine\nnonsense\n")

    async def run(address: str) -> None:
        def lookups() -> Lookups:
            return Lookups([address], timeout_s=20, files=files)

        files = SystemFiles(tmp_path / "resolv.conf", hosts)
        assert await lookups().addresses_of("box.EXAMPLE") == ("192.0.2.7", "2001:db8::7")
        assert await lookups().addresses_of("box") == ("192.0.2.7",)
        hosts.write_text("192.0.2.9 box\n")
        assert await lookups().addresses_of("box") == ("192.0.2.9",)
        hosts.unlink()
        assert await lookups().addresses_of("box") == ("192.0.2.1",)

    with name_server({"box": HERE}) as server:
        asyncio.run(run(server.address))
    assert server.asked == {"box": 2}


def test_this_machine_is_itself_whatever_name_servers_say() -> None:
    found, server = ask({"localhost": HERE, "x.localhost": HERE}, "x.localhost")
    assert found == [("127.0.0.1", "::1")]
    assert not server.asked


def test_an_answer_that_nobody_asked_for_is_not_heard() -> None:
    """What answers another question with the right number is somebody's guess."""

    def answers(asked: Asked) -> "Reply | bytes":
        other = Asked(asked.number, "x", asked.kind, False, asked.question.replace(b"\x01h", b"\x01g"))
        return encoded(other, Reply(["192.0.2.66"]))[2:] if asked.name == "h.example" else HERE

    (good, found), _ = ask(answers, "g.example", "h.example", timeout_s=2.0)
    assert good == ("192.0.2.1",)
    assert type(found) is LookupFailed


def mutated(asked: Asked, seed: int) -> bytes:
    """An answer, broken in one of many ways; without its number, which is added."""
    reply = Reply(["192.0.2.1", "2001:db8::1"], aliases=["a.example", "b.example"], negative_ttl_s=5)
    data = bytearray(encoded(asked, reply)[2:])
    generator = __import__("random").Random(seed)
    for _ in range(generator.randint(1, 4)):
        data[generator.randrange(len(data))] = generator.randrange(256)
    return bytes(data[: generator.randint(0, len(data))] if seed % 3 == 0 else data)


def test_answers_of_odd_bytes_end_in_a_known_way() -> None:
    names = [f"{seed}.example" for seed in range(400)]

    def answers(asked: Asked) -> bytes:
        return (
            mutated(asked, int(asked.name.partition(".")[0])) if asked.name != "localhost" else encoded(asked, HERE)[2:]
        )

    async def run(address: str) -> list["tuple[str, ...] | CrawlerError"]:
        lookups = Lookups([address], timeout_s=2.0)
        return await look_up(lookups, names)

    with name_server(answers) as server:
        found = asyncio.run(run(server.address))
    kinds = {"found" if isinstance(one, tuple) else type(one).__name__ for one in found}
    assert kinds <= {"found", "NoSuchHost", "LookupFailed"}
    assert "found" in kinds
    assert "LookupFailed" in kinds


def test_a_circle_of_names_in_an_answer_is_no_answer() -> None:
    def answers(asked: Asked) -> bytes:
        pointing = (
            b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, 2) + struct.pack("!H", 0xC000 | 12 + len(asked.question))
        )
        return struct.pack("!5H", 0x8180, 1, 1, 0, 0) + asked.question + pointing

    (found,), _ = ask(answers, "h.example", timeout_s=20)
    assert isinstance(found, CrawlerError)


def test_what_a_lookup_takes_is_timed_and_what_is_remembered_is_not() -> None:
    def timed() -> float:
        return next(s.value for m in DNS_SECONDS.collect() for s in m.samples if s.name.endswith("_count"))

    before = timed()
    answers = {"here.example": HERE, "gone.example": Reply(code=NO_SUCH_NAME)}
    ask(lambda asked: answers[asked.name], "here.example", "here.example", "gone.example", "localhost")
    assert timed() == before + 2
