"""Where hosts are: many names looked up at once, each once."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from synsift.crawler.dns.exchange import NoAnswer, exchange
from synsift.crawler.dns.message import Answer, BadMessage, Code, Kind
from synsift.crawler.dns.name_cache import Known, NameCache
from synsift.crawler.dns.system_files import ResolvConf, Server, SystemFiles, server_of
from synsift.crawler.errors import CrawlerError, LookupFailed, NetworkDown, NoSuchHost
from synsift.crawler.timings import DNS_SECONDS

_log: Final = logging.getLogger(__name__)

AT_ONCE: Final = 256
"""Names that are looked up at once; others wait. A home's router takes no more at a time, a name server does."""
# RFC 9520: a failure is remembered, too, but hosts that fail have their own pauses: only what asks at the same time.
_FAILURE_S: Final = 1.0
# RFC 6761 and 7686: nobody has such names, and nobody is to be asked.
_NOBODYS: Final = ("invalid", "onion")
_OURS: Final = "localhost"
_MULTICAST: Final = "local"  # RFC 6762
_WORDS: Final = {
    Code.FORMAT_ERROR: "its name server's answer can't be read",
    Code.SERVER_FAILURE: "its name servers fail (SERVFAIL)",
    Code.NOT_IMPLEMENTED: "the name server doesn't answer such questions (NOTIMP)",
    Code.REFUSED: "the name server refuses to answer (REFUSED)",
}


class Lookups:
    """Looks names up, and remembers what came of it. Lives in one event loop."""

    def __init__(self, nameservers: Sequence[str] = (), *, timeout_s: float, files: SystemFiles | None = None) -> None:
        """Make one.

        Args:
            nameservers: Whom to ask, with port if need be; empty for the system's.
            timeout_s: Longest time for one name.
            files: What the machine itself says of names.

        Raises:
            ValueError: A name server's address is none.
        """
        self._own = tuple(server_of(text) for text in nameservers)
        self._timeout_s = timeout_s
        self._files = files or SystemFiles()
        self._cache = NameCache()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._asking: dict[str, asyncio.Task[Known]] = {}
        self._failures: dict[str, tuple[float, CrawlerError]] = {}
        self._proof: asyncio.Task[bool] | None = None
        self._proof_until_s = 0.0

    async def addresses_of(self, name: str) -> tuple[str, ...]:
        """Where a host is: its addresses, IPv4 first.

        Raises:
            NoSuchHost: There is no such host, or it has no address.
            LookupFailed: Nobody can say so, for now.
            NetworkDown: No name server is reached, whatever it is asked for.
        """
        name = name.lower()
        known = self._cache.get(name, time.monotonic()) or await self._ask(name)
        if not known.addresses:
            raise NoSuchHost(f"{name}: {known.problem}")
        return known.addresses

    def close(self) -> None:
        """Ask no more."""
        for task in (*self._asking.values(), *([self._proof] if self._proof else [])):
            task.cancel()

    async def _ask(self, name: str) -> Known:
        """Look a name up, or wait for who does: whoever asked first may be cancelled, others still wait."""
        failed = self._failures.get(name)
        if failed is not None and failed[0] > time.monotonic():
            raise type(failed[1])(str(failed[1]))
        asking = self._asking.get(name)
        if asking is None:
            asking = self._asking[name] = asyncio.create_task(self._look_up(name))
            asking.add_done_callback(lambda task: self._end(name, task))
        return await asyncio.shield(asking)

    def _end(self, name: str, task: "asyncio.Task[Known]") -> None:
        del self._asking[name]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, CrawlerError):
            now_s = time.monotonic()
            if len(self._failures) > AT_ONCE:
                self._failures = {one: kept for one, kept in self._failures.items() if kept[0] > now_s}
            self._failures[name] = (now_s + _FAILURE_S, error)

    async def _look_up(self, name: str) -> Known:
        """Look a name up.

        1. Names that nobody has, or this machine. 2. /etc/hosts. 3. The system, where it has ways of its own. 4. Name
        servers; if they fail, what was known before.
        """
        if name.rstrip(".").rpartition(".")[2] in _NOBODYS:
            return self._absent(name, "there are no such names (RFC 6761)", None)
        if name.rstrip(".").rpartition(".")[2] == _OURS:
            return self._found(name, ("127.0.0.1", "::1"), 0.0)
        if here := self._files.addresses_of(name):
            return self._found(name, here, 0.0)
        async with self._places:
            try:
                with DNS_SECONDS.time():
                    return await self._ask_others(name)
            except (LookupFailed, NetworkDown) as exc:
                stale = self._cache.stale(name, time.monotonic())
                if stale is None:
                    raise
                _log.debug("%s; taken for where it was", exc)
                return self._found(name, stale.addresses, 0.0)

    async def _ask_others(self, name: str) -> Known:
        if not self._own and name.rstrip(".").endswith(f".{_MULTICAST}"):
            return await self._ask_system(name)
        return await self._ask_servers(name)

    async def _ask_system(self, name: str) -> Known:
        """Let the system look, by multicast."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(name.rstrip("."), None)
        except OSError as exc:
            return self._absent(name, f"nobody here has this name: {exc.strerror or exc}", None)
        return self._found(name, tuple(dict.fromkeys(str(place[0]) for *_, place in found)), 0.0)

    async def _ask_servers(self, name: str) -> Known:
        conf = ResolvConf(self._own, ndots=0) if self._own else self._files.resolv_conf()
        absent: Known | None = None
        for candidate in conf.candidates(name):
            try:
                answers = await exchange(candidate, conf.servers, self._timeout_s)
            except BadMessage as exc:
                return self._absent(name, f"no host can have this name: {exc}", None)
            except NoAnswer as exc:
                raise await self._unanswered(name, exc, conf.servers) from exc
            known = self._judge(name, answers)
            if known.addresses:
                return known
            absent = absent or known
        return absent or self._absent(name, "there is no such host", None)

    async def _unanswered(self, name: str, exc: NoAnswer, servers: Sequence[Server]) -> CrawlerError:
        """What it means that no name server answers: that none is reached, or that this name's zone is broken.

        They tell by a name that each of them answers at once, RFC 6761, section 6.3.
        """
        if exc.is_unreachable:
            return NetworkDown(f"{name}: {exc}")
        if self._proof is None or (self._proof.done() and self._proof_until_s < time.monotonic()):
            self._proof = asyncio.create_task(self._are_reached(servers))
        kind = LookupFailed if await asyncio.shield(self._proof) else NetworkDown
        return kind(f"{name}: {exc} in {self._timeout_s:g} s")

    async def _are_reached(self, servers: Sequence[Server]) -> bool:
        try:
            await exchange(_OURS, servers, self._timeout_s)
        except NoAnswer:
            return False
        except BadMessage:
            return True
        finally:
            self._proof_until_s = time.monotonic() + _FAILURE_S
        return True

    def _judge(self, name: str, answers: dict[Kind, Answer]) -> Known:
        """What answers of all kinds mean together."""
        addresses = tuple(address for kind in Kind if kind in answers for address in answers[kind].addresses)
        ttls = [answer.ttl_s for answer in answers.values() if answer.ttl_s is not None]
        if addresses:
            held = [answer.ttl_s or 0 for answer in answers.values() if answer.addresses]
            return self._found(name, addresses, min(held))
        absence_ttl_s = min(ttls) if ttls else None
        if any(answer.code == Code.NO_SUCH_NAME for answer in answers.values()):
            return self._absent(name, "there is no such host (NXDOMAIN)", absence_ttl_s)
        failure = next((answer.code for answer in answers.values() if answer.code != Code.OK), None)
        if failure is not None:
            words = _WORDS.get(Code(failure), "") if failure in set(Code) else ""
            raise LookupFailed(f"{name}: {words or f'its look-up failed with code {failure}'}")
        if len(answers) < len(Kind):
            raise LookupFailed(f"{name}: only a half of what was asked was answered")
        return self._absent(name, "it has no address", absence_ttl_s)

    def _found(self, name: str, addresses: tuple[str, ...], ttl_s: float) -> Known:
        return self._cache.put_found(name, addresses, ttl_s, time.monotonic())

    def _absent(self, name: str, problem: str, ttl_s: float | None) -> Known:
        return self._cache.put_absent(name, problem, ttl_s, time.monotonic())
