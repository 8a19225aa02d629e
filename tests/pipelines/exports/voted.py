"""A store and a log of a crawl that people have voted on."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from synsift.pipelines.records import Vote
from synsift.pipelines.stages.attest import AttestStage
from synsift.pipelines.stages.inherit import InheritStage
from synsift.pipelines.stages.verify import VerifyStage
from synsift.pipelines.storage.identity import claim
from synsift.pipelines.verification.asking import Rule
from synsift.pipelines.voting import append_votes
from synsift.pipelines.worker import Worker
from tests.pipelines.exports.stores import Picture, fill, survivor_of
from tests.pipelines.worlds import PARTITIONS, make_world

OPTIONS = {"log.partitions": PARTITIONS}
VOTERS = 8


def make_voted(
    folder: Path,
    pictures: Sequence[Picture],
    answers: Mapping[str, str],
    *,
    counted: bool = True,
    attested: bool = True,
) -> None:
    """Make it.

    Args:
        folder: Where.
        pictures: What survived.
        answers: SHA-256 → what eight voters say of it; nobody says anything of the others.
        counted: Whether the votes have become verdicts.
        attested: Whether these have come to the store.
    """
    world = make_world(folder)
    fill(world.objects, pictures)
    world.log.produce([world.router.survivor(survivor_of(one)) for one in pictures])
    votes = [
        Vote(wnid=one.wnid, sha256=one.sha256, voter=f"v{n}", answer=answers[one.sha256], at="2026-01-02T03:04:05Z")
        for one in pictures
        if one.sha256 in answers
        for n in range(VOTERS)
    ]
    claim(world.objects, world.log.identity())
    append_votes(world.log, votes)
    stages = [
        InheritStage(world.log, world.router, batch=3),
        VerifyStage(world.log, world.router, rule=Rule(), batch=100),
        AttestStage(world.log, world.router, objects=world.objects, batch=100, linger_s=0.0),
    ]
    running = stages if attested else stages[:2] if counted else []
    if running:
        asyncio.run(Worker(world.log, running, until_idle=True).run())
    world.log.close()
