"""What hosts behind one address may be asked together. Pure.

Known by their names alone, a thousand small sites on one machine would each be asked as a machine of its own. What is
known of an address is what is in flight there, when the last request began, and which hosts wait for their turn.
"""

import ipaddress
from dataclasses import dataclass, field
from typing import Final

from synsift.crawler.download.host_rules import Pace, name_of

_MACHINE_V6: Final = 64  # bits: whoever has one address of version 6 has as many of these as he likes


@dataclass(slots=True)
class SharedAddress:
    """One address.

    Attributes:
        first: The host that was found there first.
        is_shared: Whether there are others.
        hosts: How many of them are known now.
        active: Requests in flight there.
        started_at_s: When the last one began.
        waiting: Hosts that could be asked, if others hadn't been.
        is_listed: Whether somebody looks when time has passed.
    """

    first: str
    is_shared: bool = False
    hosts: int = 0
    active: int = 0
    started_at_s: float = float("-inf")
    waiting: list[str] = field(default_factory=list)
    is_listed: bool = False

    def join(self, host: str, active: int) -> None:
        """A host stands here, with so many requests in flight."""
        self.hosts += 1
        self.active += active
        self.is_shared = self.is_shared or name_of(host) != name_of(self.first)

    def leave(self, active: int) -> None:
        """It doesn't, or isn't known any longer."""
        self.hosts -= 1
        self.active -= active

    def ready_at_s(self, bound: Pace, pace: Pace) -> float | None:
        """When a host may be asked, for all that the others do; None if something must end before.

        Args:
            bound: For all hosts together.
            pace: The host's own: what it may be asked alone, it may be asked here.
        """
        if self.active >= max(bound.places, pace.places):
            return None
        return self.started_at_s + min(bound.delay_s, pace.delay_s)


def machine_of(address: str) -> str:
    """What one machine has of addresses: itself, or a network of 64 bits of version 6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _MACHINE_V6), strict=False).network_address)
