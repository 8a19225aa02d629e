"""Which job may start now. Politeness as a pure data structure: time is an argument.

    add ──▶ one queue a host ──┬─ next in line, once the host's delay has passed and one of its places is free,
                               │                 and the same of its address, where hosts behind it take turns
                               └─ not before a time (back-off, Retry-After)

A host's delay is what its answers make of its pace, and its Crawl-delay if that is longer. A host that is slow, pausing
or far behind never holds up another one.

Hosts that may be asked take turns. Where time must lie between two requests, a turn is a visit of several jobs: the
connection is open, and if each host's next job stood behind thousands of others' first ones, it would have to be opened
anew for each. Jobs that were begun go before all that were not.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

from synsift.crawler.download.host_queue import NEVER, HostQueue
from synsift.crawler.download.host_rules import Pace
from synsift.crawler.download.host_tempo import Tempo
from synsift.crawler.download.shared_address import SharedAddress

T = TypeVar("T")

_PRUNE_FROM: Final = 10_000
# So long a host that was slowed down is known when nothing is left to ask it for.
_KNOWN_S: Final = 600.0
_VISIT: Final = 16
"""So many jobs a host's turn has at most, where time must lie between them."""
_AT: Final = "@"
"""Before an address, where it is listed among hosts: no host's name has that."""


class HostSchedule(Generic[T]):
    """Jobs by host, each host with a delay between starts and a number of places."""

    def __init__(self, *, places: int, pace_of: Callable[[str], Pace], at_address: Pace | None = None) -> None:
        """Make an empty schedule.

        Args:
            places: How many jobs may run at once.
            pace_of: How hard a host may be hit.
            at_address: How hard all hosts behind one address together; None for no matter how hard.
        """
        self._at_address = at_address
        self._addresses: dict[str, SharedAddress] = {}
        self._places = places
        self._pace_of = pace_of
        self._hosts: dict[str, HostQueue[T]] = {}
        self._ready: list[tuple[float, int, str]] = []
        self._due: list[tuple[float, bool, int, str]] = []
        self._rank_of: Callable[[T], float] | None = None
        self._turn = itertools.count()
        self._prune_at = _PRUNE_FROM
        self.active = 0
        self.waiting = 0

    @property
    def has_free_places(self) -> bool:
        """Whether more jobs could run, if hosts allowed it."""
        return self.active < self._places

    def add(self, host: str, job: T, *, not_before_s: float = 0.0) -> None:
        """Put a job in its host's queue, or aside until a time."""
        entry = self._host(host)
        if not_before_s > 0:
            heapq.heappush(entry.later, (not_before_s, next(self._turn), job))
        elif entry.put(job, self._rank_of) == entry.begun and entry.is_due and self._rank_of is not None:
            self._line_up(host, entry)
        self.waiting += 1
        self._list(host, entry)

    def rerank(self, rank_of: Callable[[T], float] | None) -> None:
        """Begin jobs of a higher rank first from now on: those of a host, and where there is a choice, of hosts.

        Args:
            rank_of: Of a job; must stay the same as long as this isn't called again. None where all are equal.
        """
        self._rank_of = rank_of
        for entry in self._hosts.values():
            if rank_of is not None and len(entry.queue) - entry.begun > 1:
                begun, rest = entry.queue[: entry.begun], entry.queue[entry.begun :]
                entry.queue = [*begun, *sorted(rest, key=lambda job: -rank_of(job))]
        due = [host for *_, host in sorted(self._due)]
        self._due = []
        for host in dict.fromkeys(due):
            if host in self._hosts and self._hosts[host].is_due:
                self._line_up(host, self._hosts[host])

    def put_back(self, host: str, job: T) -> None:
        """Put a job that was begun at the head of its host's queue: it goes on as soon as that may be asked."""
        entry = self._host(host)
        entry.queue.insert(entry.begun, job)
        entry.begun += 1
        self.waiting += 1
        if entry.is_due:
            self._line_up(host, entry)
        self._list(host, entry)

    def pop(self, now_s: float) -> T | None:
        """Start the next job that may start now; None if there is none."""
        if len(self._hosts) >= self._prune_at:
            self._prune(now_s)
        self._let_due(now_s)
        while self.active < self._places and self._due:
            *_, host = heapq.heappop(self._due)
            entry = self._hosts.get(host)
            if entry is None or not entry.is_due:
                continue  # forgotten since, or listed twice
            entry.is_due, entry.listed_at_s = False, None
            ready_at_s = entry.ready_at_s()
            if ready_at_s is None or ready_at_s > now_s or not self._has_turn(host, entry, now_s):
                self._list(host, entry)
                self._await_turns(entry.address)
                self._let_due(now_s)
                continue
            return self._start(host, entry, now_s)
        return None

    def _let_due(self, now_s: float) -> None:
        """Line hosts up that may be asked by now."""
        while self._ready and self._ready[0][0] <= now_s:
            listed_at_s, _, host = heapq.heappop(self._ready)
            if host.startswith(_AT):
                self._give_turn(host, now_s)
                continue
            entry = self._hosts.get(host)
            # If it was listed again since, at another time, it isn't this one that counts.
            if entry is not None and entry.listed_at_s == listed_at_s and not entry.is_due:
                self._line_up(host, entry)

    def _line_up(self, host: str, entry: HostQueue[T]) -> None:
        entry.is_due = True
        rank = 0.0 if self._rank_of is None or not entry.queue else self._rank_of(entry.queue[0])
        heapq.heappush(self._due, (-rank, not (entry.begun or entry.visit), next(self._turn), host))

    def _start(self, host: str, entry: HostQueue[T], now_s: float) -> T:
        job = entry.take(now_s, self._rank_of)
        entry.visit = (entry.visit or _VISIT) - 1 if entry.delay_s > 0 else 0
        entry.active += 1
        self.active += 1
        self.waiting -= 1
        entry.started_at_s = now_s
        entry.has_turn = False
        if (address := self._addresses.get(entry.address)) is not None:
            address.active += 1
            address.started_at_s = now_s
            self._await_turns(entry.address)
        self._list(host, entry)
        return job

    def finish(self, host: str) -> None:
        """Free the place of a job that was started."""
        entry = self._hosts[host]
        entry.active -= 1
        self.active -= 1
        if (address := self._addresses.get(entry.address)) is not None:
            address.active -= 1
            self._await_turns(entry.address)
        if entry.is_idle and entry.delay_s == 0:
            self._forget(host)
        else:
            self._list(host, entry)

    def pause(self, host: str, until_s: float) -> None:
        """Start nothing at a host before a time."""
        entry = self._host(host)
        entry.paused_until_s = max(entry.paused_until_s, until_s)
        self._list(host, entry)

    def reserve(self, host: str, now_s: float, *, longest_s: float) -> float:
        """Count a request that is no job's, and give when it may begin: in its turn, or after so long at the latest."""
        entry = self._host(host)
        start_s = min(max(now_s, entry.next_at_s), now_s + max(longest_s, entry.pace.delay_s))
        entry.started_at_s = max(entry.started_at_s, start_s)
        self._list(host, entry)
        return start_s

    def left(self, host: str, now_s: float) -> None:
        """A request leaves just now, which may be a while after it was begun: its host had to be found first."""
        entry = self._host(host)
        entry.started_at_s = max(entry.started_at_s, now_s)
        self._list(host, entry)

    def is_paced(self, host: str) -> bool:
        """Whether time must lie between two requests at a host."""
        return self._host(host).delay_s > 0

    def slow_down(self, host: str, delay_s: float) -> bool:
        """Make a host's delay at least so long; gives whether that is longer than its pace has it."""
        entry = self._host(host)
        entry.crawl_delay_s = max(entry.crawl_delay_s, delay_s)
        return delay_s > entry.pace.delay_s

    def answered(self, host: str, *, began_s: float, now_s: float, latency_s: float) -> None:
        """A job that was started was answered, so soon."""
        tempo, pace = self._tempo(host)
        if tempo is not None:
            tempo.answered(pace, began_s=began_s, now_s=now_s, latency_s=latency_s)

    def refused(self, host: str, *, began_s: float, now_s: float) -> None:
        """A job that was started was refused, for the host has too much to do."""
        tempo, pace = self._tempo(host)
        if tempo is not None:
            tempo.refused(pace, began_s=began_s, now_s=now_s)

    def stands_at(self, host: str, machine: str) -> bool:
        """A host is asked at an address; gives whether others are, too."""
        entry = self._host(host)
        if entry.address != machine:
            self._leave(entry)
            entry.address, entry.awaits_turn = machine, False
            found = self._addresses.setdefault(machine, SharedAddress(host))
            found.join(host, entry.active)
            self._list(host, entry)
        return self._addresses[machine].is_shared

    def is_shared(self, host: str) -> bool:
        """Whether a host is known to stand at an address with others."""
        address = self._addresses.get(self._hosts[host].address) if host in self._hosts else None
        return address is not None and address.is_shared

    def repace(
        self, pace_of: Callable[[str], Pace], at_address: Pace | None = None, *, now_s: float = math.inf
    ) -> None:
        """Hit hosts as hard as is said from now on; turns that were reserved for later are free again."""
        self._pace_of, self._at_address = pace_of, at_address
        for host, entry in self._hosts.items():
            entry.started_at_s = min(entry.started_at_s, now_s)
            before, entry.pace = entry.pace, pace_of(host)
            if entry.tempo is not None:
                entry.tempo.keep_within(entry.pace, before)
            self._list(host, entry)
        for machine in self._addresses:
            self._await_turns(machine)

    def put_off(self, host: str, until_s: float, chosen: Callable[[T], bool]) -> None:
        """Let some of a host's waiting jobs start at a time, be it later or sooner than they would."""
        for job in self.withdraw(host, chosen):
            self.add(host, job, not_before_s=until_s)

    def withdraw(self, host: str, chosen: Callable[[T], bool]) -> list[T]:
        """Take some of a host's waiting jobs away, and give them, those that wait longest first."""
        entry = self._hosts.get(host)
        if entry is None:
            return []
        taken = [job for job in entry.queue if chosen(job)]
        later = [item for item in sorted(entry.later) if chosen(item[2])]
        if taken:
            entry.begun -= sum(1 for job in entry.queue[: entry.begun] if chosen(job))
            entry.queue = [job for job in entry.queue if not chosen(job)]
        if later:
            entry.later = [item for item in entry.later if not chosen(item[2])]
            heapq.heapify(entry.later)
        self.waiting -= len(taken) + len(later)
        self._list(host, entry)
        return [*taken, *(job for _, _, job in later)]

    @property
    def ready_jobs(self) -> int:
        """Jobs of hosts that may be asked now, if there were places."""
        return sum(len(entry.queue) for entry in self._hosts.values() if entry.is_due)

    def waiting_jobs(self) -> Iterator[T]:
        """All that wait."""
        for entry in self._hosts.values():
            yield from entry.queue
            for _, _, job in entry.later:
                yield job

    def wake_at_s(self) -> float | None:
        """When ``pop`` may give a job again, if nothing finishes before; None for never."""
        if self.active >= self._places or not (self._ready or self._due):
            return None
        return NEVER if self._due else self._ready[0][0]

    def _prune(self, now_s: float) -> None:
        """Forget hosts that have nothing to do and are past their delay, but those that want more than their pace."""
        for name, entry in list(self._hosts.items()):
            known_s = _KNOWN_S if entry.is_slowed else 0.0
            if entry.is_idle and entry.next_at_s + known_s <= now_s and entry.crawl_delay_s <= entry.pace.delay_s:
                self._forget(name)
        self._prune_at = max(_PRUNE_FROM, 2 * len(self._hosts))

    def _tempo(self, host: str) -> tuple[Tempo | None, Pace]:
        entry = self._host(host)
        if entry.pace.max_delay_s <= entry.pace.delay_s:
            entry.tempo = None
        elif entry.tempo is None:
            entry.tempo = Tempo(entry.pace)
        return entry.tempo, entry.pace

    def _host(self, host: str) -> HostQueue[T]:
        entry = self._hosts.get(host)
        if entry is None:
            entry = self._hosts[host] = HostQueue(self._pace_of(host))
        return entry

    def _list(self, host: str, entry: HostQueue[T]) -> None:
        ready_at_s = None if entry.awaits_turn or entry.is_due else entry.ready_at_s()
        if ready_at_s is not None and ready_at_s != entry.listed_at_s:
            entry.listed_at_s = ready_at_s
            heapq.heappush(self._ready, (ready_at_s, next(self._turn), host))

    # Addresses: hosts that could be asked wait for their turn, and get it one after the other.

    def _has_turn(self, host: str, entry: HostQueue[T], now_s: float) -> bool:
        """Whether a host that is ready may be asked for all that others at its address do; else it waits for that."""
        address = self._addresses.get(entry.address)
        if address is None or self._at_address is None:
            return True
        ready_at_s = address.ready_at_s(self._at_address, entry.pace)
        if ready_at_s is not None and ready_at_s <= now_s and (entry.has_turn or not address.waiting):
            return True
        entry.has_turn, entry.awaits_turn = False, True
        address.waiting.append(host)
        return False

    def _await_turns(self, machine: str) -> None:
        """Look again when the next of an address may be asked; where all its places are taken, something ends first."""
        address = self._addresses.get(machine)
        if address is None or address.is_listed:
            return
        while address.waiting and address.waiting[0] not in self._hosts:
            address.waiting.pop(0)
        if not address.waiting:
            return
        pace = self._hosts[address.waiting[0]].pace
        ready_at_s = address.ready_at_s(self._at_address or pace, pace)
        if ready_at_s is not None:
            address.is_listed = True
            heapq.heappush(self._ready, (ready_at_s, next(self._turn), _AT + machine))

    def _give_turn(self, listed: str, now_s: float) -> None:
        """Let the first be asked that can be; who can't for now comes again by itself."""
        address = self._addresses.get(listed.removeprefix(_AT))
        if address is None:
            return
        address.is_listed = False
        while address.waiting:
            host = address.waiting.pop(0)
            entry = self._hosts.get(host)
            if entry is None:
                continue
            entry.awaits_turn = False
            ready_at_s = entry.ready_at_s()
            self._list(host, entry)
            if ready_at_s is not None and ready_at_s <= now_s:
                entry.has_turn = True
                return

    def _forget(self, host: str) -> None:
        self._leave(self._hosts.pop(host))

    def _leave(self, entry: HostQueue[T]) -> None:
        address = self._addresses.get(entry.address)
        if address is None:
            return
        address.leave(entry.active)
        self._await_turns(entry.address)
        if address.hosts == 0:
            del self._addresses[entry.address]
