"""The demo's voters: they know what each picture of its web shows, and err now and then; one says yes to everything."""

import asyncio
import dataclasses
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from synsift.crawler.ontology import wordnet
from synsift.pipelines.assembly import Parts, make_stages
from synsift.pipelines.batches import PlanOptions, article_of, plan
from synsift.pipelines.conflicts import read_conflicts
from synsift.pipelines.demo.web import Directory
from synsift.pipelines.demo.world import SUBJECTS
from synsift.pipelines.pairs import Ties
from synsift.pipelines.records import Vote
from synsift.pipelines.rivals import Rivals
from synsift.pipelines.verification.asking import Rule
from synsift.pipelines.verifying import STAGES, rule_of
from synsift.pipelines.voting import OpenBatch, append_votes, read_open_batches, read_standing
from synsift.pipelines.worker import Worker

VOTERS: Final = 15
_NAMES: Final = [f"voter-{number:02d}" for number in range(VOTERS)]
_RIGHT: Final = 0.96
_AT: Final = "2009-06-20T00:00:00Z"
_MOST_ROUNDS: Final = 20
_NEVER_SURE: Final = Rule(accept=1 - 1e-9, reject=1e-9, first=1, most=100, learn=0)


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of the votes.

    Attributes:
        images: Survivors.
        votes: That were cast, those on images of known answer included.
        verdicts: Verdict → how many images.
        wrong: Images whose verdict isn't what they show.
    """

    images: int
    votes: int
    verdicts: Mapping[str, int]
    wrong: int


def verify_demo(parts: Parts, directory: Directory) -> Verified:
    """Have the demo's voters vote on what survived until nothing is open, and compare with what the pictures show."""
    shows = {one.sha256: urlsplit(one.url).path.split("/")[1] for one in directory.truth if one.cluster >= 0}
    kinds = {subject.wnid: subject.kind for subject in SUBJECTS}
    concepts = wordnet()
    verify = parts.settings.verify
    options = PlanOptions(
        rule=rule_of(parts.settings),
        size=verify.images,
        gold=verify.gold,
        link=article_of(verify.link, concepts),
        at=_AT,
    )
    rivals = Rivals(concepts, kinds, read_conflicts(parts.log))
    cast = 0
    for _ in range(_MOST_ROUNDS):
        planned = plan(parts.log, rivals, Ties(lambda: concepts), options)
        if not sum(one.batches for one in planned):
            break
        cast += append_votes(parts.log, _votes(parts, shows, kinds))
    # What is left for whoever tries the page: a batch of each synset, of what is as sure as votes make it.
    plan(parts.log, rivals, Ties(lambda: concepts), dataclasses.replace(options, rule=_NEVER_SURE))
    asyncio.run(Worker(parts.log, make_stages(STAGES, parts), until_idle=True).run())
    standing = list(read_standing(parts.log))
    wrong = sum(
        one.verdict != ("accepted" if shows.get(one.place.sha256) == kinds.get(one.place.wnid) else "rejected")
        for one in standing
    )
    return Verified(len(standing), cast, Counter(one.verdict for one in standing), wrong)


def _votes(parts: Parts, shows: Mapping[str, str], kinds: Mapping[str, str]) -> list[Vote]:
    """What voters say of all that is open, of each batch as many as it wants, and in turn."""
    return [
        Vote(
            wnid=batch.task.wnid,
            sha256=sha256,
            voter=_NAMES[voter],
            answer="yes" if _says_yes(voter, sha256, is_good=shows.get(sha256) == kinds.get(batch.task.wnid)) else "no",
            at=_AT,
            origin="demo",
            task=batch.task.id,
        )
        for batch in read_open_batches(parts.log)
        for sha256 in batch.task.images
        for voter in _asked(batch, sha256)
    ]


def _asked(batch: OpenBatch, sha256: str) -> list[int]:
    """Those who have not answered of an image yet, as many as are wanted, and of gold all who see the batch."""
    first = int(batch.task.id[:8], 16) % VOTERS
    order = [(first + number) % VOTERS for number in range(VOTERS)]
    new = [voter for voter in order if _NAMES[voter] not in batch.answered[sha256]]
    wanted = batch.wanted if sha256 in batch.gold else batch.task.votes - len(batch.answered[sha256])
    return new[: max(0, wanted)]


def _says_yes(voter: int, sha256: str, *, is_good: bool) -> bool:
    if voter == 0:
        return True
    lot = int.from_bytes(hashlib.blake2b(f"{voter} {sha256}".encode(), digest_size=4).digest()) / 2**32
    return is_good == (lot < _RIGHT)
