"""Membership of consumer groups in the SQLite log: who lives, who owns what, who waits.

Rebalancing is cooperative. Each member computes the same wanted assignment; an owner lets go of what it should not
have after its listener has committed, and only what nobody owns is taken.
"""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from synsift.pipelines.errors import FencedError
from synsift.pipelines.log.assignment import balance, gather
from synsift.pipelines.log.base import Position


@dataclass(frozen=True, slots=True)
class Changes:
    """What a member must do about its partitions: ``taken`` are its own now, ``unwanted`` must be let go."""

    taken: frozenset[int]
    unwanted: frozenset[int]


def process_start(pid: int) -> str:
    """When a process began, in the kernel's terms; empty if it doesn't live. Tells a reused pid from its first."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _start_without_proc(pid)
    except OSError:
        return ""
    state, start = fields[0], fields[19]
    return "" if state in "ZX" else start


def _start_without_proc(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"


class Seat(NamedTuple):
    """A member's place: its group, the topic that this reads, its own name."""

    group: str
    topic: str
    name: str


class Group:
    """One member's view of its group. Every method runs inside a write transaction of the caller."""

    def __init__(self, db: sqlite3.Connection, seat: Seat, *, partitions: int, whole: bool) -> None:
        self._db = db
        self._key = (seat.group, seat.topic)
        self._name = seat.name
        self._partitions = range(partitions)
        self._share = gather if whole else balance

    def join(self, now_s: float) -> None:
        """Become a member."""
        pid = os.getpid()
        self._db.execute(
            "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?)", (*self._key, self._name, pid, process_start(pid), now_s)
        )
        self._next_generation()

    def leave(self) -> None:
        """Let go of everything and stop being a member."""
        self._remove(self._name)

    def generation(self) -> int:
        """A number that grows with every change of members or owners."""
        row = self._db.execute("SELECT generation FROM generations WHERE grp = ? AND topic = ?", self._key).fetchone()
        return int(row[0]) if row else 0

    def beat(self, now_s: float, timeout_s: float) -> None:
        """Say that this member lives, and declare dead those that don't.

        Raises:
            FencedError: This member was declared dead itself.
        """
        updated = self._db.execute(
            "UPDATE members SET seen_at = ? WHERE grp = ? AND topic = ? AND name = ?", (now_s, *self._key, self._name)
        )
        if updated.rowcount == 0:
            raise FencedError(f"{self._name} was silent for more than {timeout_s:.0f} s and lost its partitions")
        rows = self._db.execute(
            "SELECT name, pid, started, seen_at FROM members WHERE grp = ? AND topic = ?", self._key
        ).fetchall()
        for name, pid, started, seen_at in rows:
            if seen_at < now_s - timeout_s or process_start(pid) != started:
                self._remove(name)

    def rebalance(self) -> Changes:
        """Take what is ours by right and free; tell what isn't ours any more."""
        names = [row[0] for row in self._db.execute("SELECT name FROM members WHERE grp = ? AND topic = ?", self._key)]
        owners = self._owners()
        wanted = self._share(names, self._partitions, owners)
        mine = {partition for partition, name in wanted.items() if name == self._name}
        owned = {partition for partition, name in owners.items() if name == self._name}
        taken = frozenset(mine - owners.keys())
        self._db.executemany(
            "INSERT INTO owners VALUES (?, ?, ?, ?)", [(*self._key, partition, self._name) for partition in taken]
        )
        return Changes(taken, frozenset(owned - mine))

    def release(self, partitions: frozenset[int]) -> None:
        """Let go of partitions."""
        self._db.executemany(
            "DELETE FROM owners WHERE grp = ? AND topic = ? AND partition = ? AND owner = ?",
            [(*self._key, partition, self._name) for partition in partitions],
        )
        self._next_generation()

    def check_owner(self, partitions: frozenset[int]) -> None:
        """Make sure that this member may write for partitions.

        Raises:
            FencedError: It isn't a member any more, or one of them is another's.
        """
        living = self._db.execute(
            "SELECT 1 FROM members WHERE grp = ? AND topic = ? AND name = ?", (*self._key, self._name)
        ).fetchone()
        owners = self._owners()
        if living is None or any(owners.get(partition) != self._name for partition in partitions):
            raise FencedError(f"{self._name} lost its partitions; another member does their work")

    def positions(self, partitions: frozenset[int]) -> dict[int, Position]:
        """Committed positions; the beginning where none was committed."""
        rows = self._db.execute(
            "SELECT partition, next, note FROM positions WHERE grp = ? AND topic = ?", self._key
        ).fetchall()
        committed = {row[0]: Position(row[1], row[2]) for row in rows}
        return {partition: committed.get(partition, Position(0)) for partition in sorted(partitions)}

    def commit(self, positions: dict[int, Position]) -> None:
        """Store positions."""
        self._db.executemany(
            "INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?)",
            [(*self._key, partition, at.offset, at.note) for partition, at in positions.items()],
        )

    def _owners(self) -> dict[int, str]:
        return dict(
            self._db.execute("SELECT partition, owner FROM owners WHERE grp = ? AND topic = ?", self._key).fetchall()
        )

    def _remove(self, name: str) -> None:
        self._db.execute("DELETE FROM owners WHERE grp = ? AND topic = ? AND owner = ?", (*self._key, name))
        self._db.execute("DELETE FROM members WHERE grp = ? AND topic = ? AND name = ?", (*self._key, name))
        self._next_generation()

    def _next_generation(self) -> None:
        self._db.execute(
            "INSERT INTO generations VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET generation = generation + 1",
            self._key,
        )
