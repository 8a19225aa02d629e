"""Which hosts are ill, and until when they are left alone. Pure, like the schedule: time is an argument.

    well ──failure──▶ asleep ──its time has come──▶ probed by one request ──┬─ answers ──▶ well, and forgotten
                        ▲                                                   └─ fails ─┐
                        └──── twice as long, up to a day ─────────────────────────────┤
                                                  ill for longer than anybody waits ──▶ given up, for a day

Well hosts take no memory. Times are Unix times, so that they may be written down and read again by another process.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

NAP_S: Final = 5.0
"""The first pause: most failures are hiccups, and a minute for each would be long."""
_BELIEVED: Final = 3
_JITTER: Final = 0.1
_MOST_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True)
class HealthPolicy:
    """How long hosts that fail are left alone.

    Attributes:
        in_a_row: So many URLs of a host must fail, without a good answer in between, before it counts as ill.
        nap_s: Pause after the first failure.
        sleep_s: Pause after the second; doubled for each further one.
        longest_sleep_s: Longest pause, where the host itself asks for none.
        give_up_s: A host that fails for so long is given up.
    """

    in_a_row: int = 3
    nap_s: float = NAP_S
    sleep_s: float = 60.0
    longest_sleep_s: float = 86_400.0
    give_up_s: float = 86_400.0


DEFAULT_HEALTH: Final = HealthPolicy()


@dataclass(frozen=True, slots=True)
class Illness:
    """What is known of a host that fails.

    Attributes:
        since_s: When it failed first, without a good answer in between.
        until_s: Not to be asked before.
        failures: In a row.
        cause: Of the last one, for people.
        is_given_up: Whether its URLs end unasked until then.
    """

    since_s: float
    until_s: float
    failures: int
    cause: str
    is_given_up: bool = False


class Leave(Enum):
    """What may be done at a host now."""

    ASK = "ask"
    PROBE = "probe"
    """One request, and its end must be told; the others wait for it."""
    AWAIT_PROBE = "await probe"
    WAIT = "wait"
    GIVE_UP = "give up"


class HostHealth:
    """The hosts that fail."""

    def __init__(self, policy: HealthPolicy, *, chance: Callable[[], float] = random.random) -> None:
        """Begin with well hosts.

        Args:
            policy: How long they are left alone.
            chance: Numbers from 0 to 1, so that hosts that fell ill together aren't all probed at once.
        """
        self._policy = policy
        self._chance = chance
        self._ill: dict[str, Illness] = {}
        self._probed: set[str] = set()
        self._failing: dict[str, set[str]] = {}

    def __len__(self) -> int:
        """How many hosts are ill."""
        return len(self._ill)

    def illness(self, host: str) -> Illness | None:
        """What is known of a host; None if it is well."""
        return self._ill.get(host)

    def asleep(self, now_s: float) -> list[str]:
        """Hosts that are not to be asked now. Safe from any thread."""
        return [host for host, found in list(self._ill.items()) if now_s < found.until_s]

    def count_states(self, now_s: float) -> dict[str, int]:
        """How many ill hosts are ``asleep``, ``waking`` (may be tried again) and ``given_up``."""
        counts = {"asleep": 0, "waking": 0, "given_up": 0}
        for found in list(self._ill.values()):
            state = "waking" if now_s >= found.until_s else "given_up" if found.is_given_up else "asleep"
            counts[state] += 1
        return counts

    def may_ask(self, host: str, now_s: float) -> Leave:
        """Whether a request may be made now. A ``PROBE`` is made by whoever is told so."""
        found = self._ill.get(host)
        if found is None:
            return Leave.ASK
        if now_s < found.until_s:
            return Leave.GIVE_UP if found.is_given_up else Leave.WAIT
        if found.is_given_up:
            del self._ill[host]  # so long ago that it begins anew
            return Leave.ASK
        if host in self._probed:
            return Leave.AWAIT_PROBE
        self._probed.add(host)
        return Leave.PROBE

    def suspect(self, host: str, url: str) -> bool:
        """Note that a URL failed in a way that may be its host's; gives whether that makes the host ill."""
        if host in self._ill:
            return True
        urls = self._failing.setdefault(host, set())
        urls.add(url)
        return len(urls) >= self._policy.in_a_row

    def failed(self, host: str, now_s: float, cause: str, *, asked_s: float = 0.0) -> Illness:
        """Note a failure; gives what is known by that.

        Args:
            host: Which.
            now_s: Unix time.
            cause: For people.
            asked_s: How long the host itself asks to be left alone: honoured, however long.
        """
        self._probed.discard(host)
        self._failing.pop(host, None)
        before = self._ill.get(host)
        failures = before.failures + 1 if before else 1
        since_s = before.since_s if before else now_s
        if now_s - since_s >= self._policy.give_up_s:
            until_s = now_s + self._policy.longest_sleep_s
            found = Illness(since_s, until_s, failures, cause, is_given_up=True)
        else:
            pause_s = self._pause_s(failures) * (1 + _JITTER * self._chance())
            # Who asks for a short time is believed, for some times.
            pause_s = asked_s if asked_s > 0 and failures <= _BELIEVED else max(asked_s, pause_s)
            found = Illness(since_s, now_s + pause_s, failures, cause)
        self._ill[host] = found
        return found

    def answered(self, host: str) -> Illness | None:
        """Note that a host is well; gives what was known of it, if it was ill."""
        self._failing.pop(host, None)
        self._probed.discard(host)
        return self._ill.pop(host, None)

    def probe_came_to_nothing(self, host: str) -> None:
        """The request that was to show how the host is was never made, or said nothing of it."""
        self._probed.discard(host)

    def remember(self, host: str, illness: Illness) -> None:
        """Know what another process, or an earlier life of this one, wrote down."""
        self._ill.setdefault(host, illness)

    def wake_all(self) -> list[str]:
        """It was the network that failed, not they: gives the hosts that may be asked again, all that are ill."""
        woken = [host for host, found in self._ill.items() if not found.is_given_up]
        for host in woken:
            found = self._ill[host]
            self._ill[host] = Illness(found.since_s, 0.0, found.failures, found.cause)
        return woken

    def _pause_s(self, failures: int) -> float:
        if failures <= 1:
            return self._policy.nap_s
        doubled = self._policy.sleep_s * 2.0 ** min(failures - 2, _MOST_DOUBLINGS)
        return min(doubled, self._policy.longest_sleep_s)
