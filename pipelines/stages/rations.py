"""What all workers together may ask of a source in a day, and sources that answer nothing more for a while.

A source's requests of a day are dealt out over the partitions of ``queries``: each grants its part, and whoever owns
partitions may spend what these have left, whatever synset asks. So there is no coordinator, the sum holds wherever
partitions go, and a single worker has all. What is spent is a count of the partition, in ``progress``: it outlives
restarts. A worker that is killed forgets the requests of its last moment.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Final

from synsift.crawler.download.quotas import Quota, day_of, next_day_s
from synsift.pipelines.stages.ledger import Ledger

_log: Final = logging.getLogger(__name__)

_KEYLESS_S: Final = 3_600.0
_ASKED: Final = "asked_today:"
_RESTS: Final = "rests_until:"


class Rations:
    """What may be asked now. Lives in the event loop of its stage, but for ``restore``."""

    def __init__(
        self,
        quotas: Mapping[str, Quota],
        ledger: Ledger,
        partitions: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make them.

        Args:
            quotas: By source.
            ledger: Keeps what is spent.
            partitions: Of the topic ``queries``.
            clock: Unix time.
        """
        self._quotas = quotas
        self._ledger = ledger
        self._partitions = partitions
        self._clock = clock
        # By partition: name of the count → its value.
        self._noted: dict[int, dict[str, int]] = {}
        # By source: name of the setting that holds its key, until that is told.
        self._keyless: dict[str, str] = {}

    def wait_for_keys(self, keyless: Mapping[str, str]) -> None:
        """Ask nothing of sources whose key is missing: another worker may have it.

        Args:
            keyless: By source, the name of the setting that holds its key.
        """
        self._keyless = dict(keyless)

    def restore(self, partition: int) -> None:
        """Take over what was spent of a partition's part; in the log's thread."""
        noted = self._ledger.noted(partition)
        self._noted[partition] = {name: value for name, value in noted.items() if name.startswith((_ASKED, _RESTS))}

    def forget(self, partition: int) -> None:
        """A partition is another's now; in the log's thread."""
        self._noted.pop(partition, None)

    def rests_until_s(self, source: str) -> float:
        """When a source may be asked again, in Unix time; 0 if it may be now."""
        now_s, key = self._clock(), self._key(source)
        if source in self._keyless:
            self._tell_keyless(source)
            return now_s + _KEYLESS_S
        until_s = max((noted.get(f"{_RESTS}{key}", 0) for noted in tuple(self._noted.values())), default=0)
        if until_s > now_s:
            return float(until_s)
        quota = self._quotas.get(source)
        if quota is None or not quota.per_day:
            return 0.0
        spent = self._spent(key, now_s)
        return 0.0 if any(number < self._part(quota, at) for at, number in spent.items()) else next_day_s(now_s)

    def resting(self) -> dict[str, float]:
        """Sources that were asked and may not be asked now → for how many seconds yet. Safe in the event loop."""
        now_s = self._clock()
        names = [name for noted in tuple(self._noted.values()) for name in tuple(noted)]
        keys = {name.removeprefix(_RESTS).removeprefix(_ASKED).split(":")[0] for name in names}
        sources = {name for name in self._quotas if self._key(name) in keys} | (
            keys - {q.key for q in self._quotas.values()}
        )
        rests_s = {name: self.rests_until_s(name) - now_s for name in sorted(sources - self._keyless.keys())}
        return {name: rest_s for name, rest_s in rests_s.items() if rest_s > 0}

    def spend(self, source: str) -> None:
        """A source is asked: the partition that has most left pays."""
        quota = self._quotas.get(source)
        if quota is None or not quota.per_day:
            return
        now_s = self._clock()
        spent = self._spent(quota.key, now_s)
        if not spent:
            return
        pays = min(spent, key=lambda at: (spent[at] - self._part(quota, at), at))
        name = f"{_ASKED}{quota.key}:{day_of(now_s)}"
        for old in [one for one in self._noted[pays] if one.startswith(f"{_ASKED}{quota.key}:") and one != name]:
            self._note(pays, old, 0)
        self._note(pays, name, spent[pays] + 1)

    def let_rest(self, source: str, until_s: float) -> None:
        """A source answers nothing more for a while: remembered by a partition, and so by whoever begins next."""
        for partition in sorted(self._noted):
            self._note(partition, f"{_RESTS}{self._key(source)}", math.ceil(until_s))

    def _tell_keyless(self, source: str) -> None:
        """Say once that a source's queries wait for its key."""
        if self._keyless[source]:
            name = f"sources.{source}.{self._keyless[source]}"
            _log.warning("%s wants a key: its queries wait for a worker that has `%s`", source, name)
            self._keyless[source] = ""

    def _note(self, partition: int, name: str, value: int) -> None:
        noted = self._noted.setdefault(partition, {})
        noted[name] = value
        if not value:
            del noted[name]
        self._ledger.note(partition, name, value)

    def _spent(self, key: str, now_s: float) -> dict[int, int]:
        name = f"{_ASKED}{key}:{day_of(now_s)}"
        return {partition: noted.get(name, 0) for partition, noted in tuple(self._noted.items())}

    def _part(self, quota: Quota, partition: int) -> int:
        """What a partition grants of a day's requests: as even as whole numbers are."""
        whole, rest = divmod(quota.per_day, self._partitions)
        return whole + (partition < rest)

    def _key(self, source: str) -> str:
        quota = self._quotas.get(source)
        return quota.key if quota is not None else source
