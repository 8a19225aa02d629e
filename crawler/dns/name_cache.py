"""What is known of names, as long as name servers say; bounded. Pure: the time is given."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MOST_NAMES: Final = 50_000
"""Some 350 bytes each."""
# A name whose server says 0 is used for the connections of the moment; without a bound it would be asked for each.
_LEAST_TTL_S: Final = 10.0
# Longer, and a moved host is asked at its old address.
_MOST_TTL_S: Final = 3600.0
_LEAST_ABSENCE_S: Final = 10.0
_MOST_ABSENCE_S: Final = 3600.0
_UNSAID_ABSENCE_S: Final = 60.0
# RFC 8767: where nobody answers, an old answer is better than none.
_STALE_S: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a name.

    Attributes:
        addresses: Where it is; none if there is no such host.
        expires_at_s: When that is to be asked for again.
        problem: In words, of a host that there isn't.
    """

    addresses: tuple[str, ...]
    expires_at_s: float
    problem: str = ""


class NameCache:
    """Names; those used longest ago make room for others."""

    def __init__(self, most_names: int = MOST_NAMES) -> None:
        self._most_names = most_names
        self._names: OrderedDict[str, Known] = OrderedDict()

    def __len__(self) -> int:
        """How many names are known."""
        return len(self._names)

    def get(self, name: str, now_s: float) -> Known | None:
        """What is known of a name, unless that is too old."""
        known = self._names.get(name)
        if known is None or known.expires_at_s <= now_s:
            return None
        self._names.move_to_end(name)
        return known

    def stale(self, name: str, now_s: float) -> Known | None:
        """What was known of where a name is, if it isn't much too old; for when nobody answers."""
        known = self._names.get(name)
        return known if known is not None and known.addresses and known.expires_at_s + _STALE_S > now_s else None

    def put_found(self, name: str, addresses: tuple[str, ...], ttl_s: float, now_s: float) -> Known:
        """Know where a host is."""
        held_s = min(max(ttl_s, _LEAST_TTL_S), _MOST_TTL_S)
        return self._put(name, Known(addresses, now_s + held_s))

    def put_absent(self, name: str, problem: str, ttl_s: float | None, now_s: float) -> Known:
        """Know that there is no such host; RFC 2308."""
        held_s = _UNSAID_ABSENCE_S if ttl_s is None else min(max(ttl_s, _LEAST_ABSENCE_S), _MOST_ABSENCE_S)
        return self._put(name, Known((), now_s + held_s, problem))

    def _put(self, name: str, known: Known) -> Known:
        self._names[name] = known
        self._names.move_to_end(name)
        if len(self._names) > self._most_names:
            self._names.popitem(last=False)
        return known
