"""What a fleet does now, read from the log alone: workers are asked nothing, and nothing is written.

Topics are followed, so that a look costs what has changed since the last one, whatever the size of the crawl.
"""

import heapq
import itertools
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from synsift.crawler.ontology import Concepts
from synsift.crawler.wording import masked
from synsift.pipelines import topics
from synsift.pipelines.clock import text_of
from synsift.pipelines.control_records import VALUED, Control
from synsift.pipelines.controls.steering import said_by
from synsift.pipelines.dead_letters import LetterFold
from synsift.pipelines.log.base import Lag, Log, Message
from synsift.pipelines.reading import Broken, Skipped, read, read_bytes
from synsift.pipelines.records import Fetched, Progress, Survivor
from synsift.pipelines.stage import INPUTS, OPTIONAL, WHOLE
from synsift.pipelines.stages.fetch_memory import ASLEEP, moment_of
from synsift.pipelines.summary import SynsetCounts
from synsift.pipelines.topics import Router

MOST_SYNSETS: Final = 200
MOST_HOSTS: Final = 50
NEWEST: Final = 24
_RATE_OVER_S: Final = 15.0
_ROBOTS: Final = b"/robots.txt"
_MOST_ROWS: Final = 12


@dataclass(slots=True)
class _Synset:
    """The last record of each stage and partition, and when one of them changed."""

    last: dict[tuple[str, int], Counter[str]] = field(default_factory=dict)
    changed: int = 0

    def counts(self, wnid: str) -> SynsetCounts:
        stages: dict[str, Counter[str]] = {}
        for (stage, _), counts in self.last.items():
            stages.setdefault(stage, Counter()).update(counts)
        return SynsetCounts(wnid, stages)


@dataclass(frozen=True, slots=True)
class _Rest:
    """A host that is left alone."""

    host: str
    until_s: float
    failures: int
    cause: str


class Overview:
    """Follows a log. Used by one thread at a time."""

    def __init__(self, log: Log, concepts: Concepts) -> None:
        """Begin, with nothing read yet.

        Args:
            log: Is followed.
            concepts: Say what a synset is called.
        """
        self._log = log
        self._concepts = concepts
        self._router = Router(log.partitions)
        self._followers = {
            topic: log.follow(topic.name)
            for topic in (topics.PROGRESS, topics.DEAD_LETTERS, topics.FETCHED, topics.SURVIVORS, topics.CONTROLS)
        }
        self._synsets: dict[str, _Synset] = {}
        self._letters = LetterFold(lambda letter: (letter.stage, letter.outcome))
        self._controls: dict[str, Control] = {}
        self._skipped = Skipped()
        self._hosts: dict[bytes, _Rest] = {}
        self._newest: list[tuple[str, int, Survivor]] = []
        self._numbers = itertools.count()
        self._looks = 0
        self._done: dict[str, deque[tuple[float, int]]] = {}

    def close(self) -> None:
        """Follow no more."""
        for follower in self._followers.values():
            follower.close()

    def knows(self, sha256: str) -> bool:
        """Whether an image is among those that are shown."""
        return any(survivor.candidate.image.sha256 == sha256 for *_, survivor in tuple(self._newest))

    def look(self) -> dict[str, Any]:
        """What is so now, as JSON has it.

        Raises:
            LogError: The log can't be read.
        """
        self._looks += 1
        for topic, take in (
            (topics.PROGRESS, self._take_progress),
            (topics.DEAD_LETTERS, self._letters.take),
            (topics.FETCHED, self._take_fetched),
            (topics.SURVIVORS, self._take_survivor),
        ):
            for message in self._followers[topic].read():
                take(message)
        self._take_controls()
        now_s = time.time()
        letters = Counter(self._letters.open.values())
        hosts = [rest for rest in self._hosts.values() if rest.until_s > now_s]
        return {
            "at": text_of(now_s),
            "stages": list(self._stages()),
            "synsets": list(self._shown_synsets()),
            "synsets_in_all": sum(1 for wnid in self._synsets if wnid),
            "hosts": [_host_row(rest) for rest in heapq.nsmallest(MOST_HOSTS, hosts, key=lambda rest: rest.until_s)],
            "hosts_in_all": len(hosts),
            "letters": [
                {"stage": stage, "outcome": outcome, "number": number}
                for (stage, outcome), number in letters.most_common(_MOST_ROWS)
            ],
            "letters_in_all": letters.total(),
            "kinds_of_letters": len(letters),
            **self._steered(),
            "unread": dict(self._skipped.by_topic),
            "lost": self._synsets[""].counts("").lost if "" in self._synsets else {},
            "newest": [
                self._picture(survivor) for *_, survivor in sorted(self._newest, key=lambda one: one[:2], reverse=True)
            ],
        }

    def _take_progress(self, message: Message) -> None:
        record = read(Progress, message, self._router) if message.value is not None else None
        if isinstance(record, Broken):
            self._skipped.note(message, record)
        if record is None or isinstance(record, Broken):
            return
        synset = self._synsets.setdefault(record.wnid, _Synset())
        synset.last[record.stage, record.partition] = Counter(record.counts)
        synset.changed = self._looks

    def _take_controls(self) -> None:
        messages = self._followers[topics.CONTROLS].read()
        for key, control in said_by(messages, self._router, self._skipped).items():
            if control is None or control.is_lifted:
                self._controls.pop(key, None)
            else:
                self._controls[key] = control

    def _steered(self) -> dict[str, Any]:
        """What operators want: what they said last comes first, and images that were taken down are only counted."""
        held = [control for control in self._controls.values() if not control.removal]
        removed = {control.target for control in self._controls.values() if control.keeps_image_out}
        return {
            "controls": [_control_row(one) for one in heapq.nlargest(_MOST_ROWS, held, key=lambda one: one.at)],
            "controls_in_all": len(held),
            "taken_down": len(removed),
        }

    def _take_fetched(self, message: Message) -> None:
        if message.key is None or not message.key.endswith(_ROBOTS) or message.damage:
            return
        record = read_bytes(Fetched, message.value) if message.value is not None else None
        until_s = None
        if isinstance(record, Fetched) and record.outcome == ASLEEP and record.rest is not None:
            until_s = moment_of(record.rest.until)
        if until_s is None or not isinstance(record, Fetched):
            self._hosts.pop(message.key, None)
        else:
            host = message.key.removesuffix(_ROBOTS).decode("utf-8", "replace")
            self._hosts[message.key] = _Rest(masked(host), until_s, record.attempts, masked(record.message))

    def _take_survivor(self, message: Message) -> None:
        record = read(Survivor, message, self._router)
        if isinstance(record, Broken):
            self._skipped.note(message, record)
        if isinstance(record, Survivor) and not record.relation:
            # By when they were fetched: partitions are read one after the other.
            heapq.heappush(self._newest, (record.candidate.answer.fetched_at, next(self._numbers), record))
            if len(self._newest) > NEWEST:
                heapq.heappop(self._newest)

    def _stages(self) -> Iterator[dict[str, Any]]:
        for stage, topic in INPUTS.items():
            lags = self._log.lag(stage, topic.name)
            if stage in OPTIONAL and not any(lag.owner or lag.committed for lag in lags):
                continue
            members = {lag.owner for lag in lags} - {""}
            yield {
                "stage": stage,
                "workers": len(members),
                "members": sorted(members)[:_MOST_ROWS],
                "is_whole": stage in WHOLE,
                "lag": sum(lag.records for lag in lags),
                "largest": max((lag.records for lag in lags), default=0),
                "done": sum(lag.worked for lag in lags),
                "per_s": self._rate(stage, lags),
            }

    def _rate(self, stage: str, lags: list[Lag]) -> float:
        """Inputs a second, of late."""
        seen = self._done.setdefault(stage, deque())
        seen.append((time.monotonic(), sum(lag.worked for lag in lags)))
        while len(seen) > 2 and seen[-1][0] - seen[1][0] >= _RATE_OVER_S:
            seen.popleft()
        (begin_s, begin), (end_s, end) = seen[0], seen[-1]
        return max(0.0, (end - begin) / (end_s - begin_s)) if end_s > begin_s else 0.0

    def _shown_synsets(self) -> Iterator[dict[str, Any]]:
        """Those that changed last come first."""
        known = ((wnid, synset) for wnid, synset in self._synsets.items() if wnid)
        for wnid, synset in heapq.nlargest(MOST_SYNSETS, known, key=lambda pair: pair[1].changed):
            counts = synset.counts(wnid)
            yield {
                "wnid": wnid,
                "name": self._name(wnid),
                "is_moving": synset.changed == self._looks and self._looks > 1,
                "found": counts.found,
                "fetched": counts.fetched,
                "refused": sum(counts.refused.values()),
                "copies": counts.exact + counts.near,
                "unique": counts.unique,
                "landed": counts.landed,
                "verified": counts.verified,
            }

    def _name(self, wnid: str) -> str:
        return self._concepts.get(wnid).lemmas[0].replace("_", " ") if wnid in self._concepts else wnid

    def _picture(self, survivor: Survivor) -> dict[str, str]:
        candidate = survivor.candidate
        return {
            "sha256": candidate.image.sha256,
            "name": self._name(candidate.wnid),
            "title": candidate.found_by.title or masked(candidate.url),
            "source": candidate.found_by.source,
        }


def _host_row(rest: _Rest) -> dict[str, Any]:
    return {"host": rest.host, "until": text_of(rest.until_s), "failures": rest.failures, "cause": rest.cause[:200]}


def _control_row(control: Control) -> dict[str, Any]:
    value = f"{control.value:g}" if control.action in VALUED else ""
    return {
        "action": control.action,
        "subject": control.subject,
        "target": masked(control.target)[:200],
        "value": value,
        "who": control.who,
        "why": control.why[:200],
        "at": control.at,
    }
