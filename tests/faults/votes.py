"""People vote while workers are killed: of those who count the votes, too, and of those who crawl what is voted on."""

import time
from collections import Counter

from synsift.pipelines import topics
from synsift.pipelines.clock import now_text
from synsift.pipelines.errors import LogError
from synsift.pipelines.log.kafka import KafkaLog
from synsift.pipelines.reading import read_all
from synsift.pipelines.records import Survivor, Vote
from synsift.pipelines.stage import INPUTS
from synsift.pipelines.stages.inherit import inherited
from synsift.pipelines.stages.verify import record_of
from synsift.pipelines.summary import read_counts
from synsift.pipelines.verification.asking import Rule
from synsift.pipelines.verification.consensus import Verdict, judge
from synsift.pipelines.voting import append_votes, place_of, read_ballots, read_verdicts
from tests.faults.scene import ROUND_TIMEOUT_S, Scene

_STAGES = ("inherit", "verify", "attest")
_VOTERS = 12
_IN_A_STRIKE = 60


def votes(scene: Scene) -> None:
    """Vote on what has survived, and kill those who count; in the end the verdicts are those of all votes at once."""
    for stage in (*_STAGES, "verify"):
        scene.fleet.add(stage)
    with scene.log() as log:
        scene.wait_for(lambda: bool(_survivors(log)))
        for number in range(scene.strikes):
            scene.pause(0.2, 1.5)
            _vote(scene, log)
            scene.strike(stage=scene.rng.choice(("verify", "inherit", None)))
            if number % 3 == 2:
                _vote(scene, log)
            scene.fleet.replace_ended()
        scene.played.differences += scene.wait_until_done()
        scene.played.differences += _wait_until_counted(scene, log)
        scene.played.differences += scene.fleet.ended
        if not scene.played.differences:
            scene.played.differences += _judge(scene, log)


def _survivors(log: KafkaLog) -> list[Survivor]:
    try:
        return list(read_all(log, Survivor))
    except LogError:
        return []


def _vote(scene: Scene, log: KafkaLog) -> None:
    """Some votes on images, those that were replaced included; some of them again, as of a page that asked twice."""
    survivors = _survivors(log)
    if not survivors:
        return
    cast = []
    for _ in range(_IN_A_STRIKE):
        place = place_of(scene.rng.choice(survivors))
        # What is good is a matter of the image, and one voter of four is often wrong.
        name = scene.rng.randrange(_VOTERS)
        is_good = int(place.sha256[:8], 16) % 2 == 0
        is_yes = is_good if scene.rng.random() < (0.6 if name % 4 == 0 else 0.95) else not is_good
        answer = "yes" if is_yes else "no"
        cast.append(Vote(wnid=place.wnid, sha256=place.sha256, voter=f"v{name}", answer=answer, at=now_text()))
    append_votes(log, cast)
    again = scene.rng.sample(cast, 5)
    log.produce([topics.Router(log.partitions).vote(vote) for vote in again])
    scene.played.others += 1


def _wait_until_counted(scene: Scene, log: KafkaLog) -> list[str]:
    deadline_s = time.monotonic() + ROUND_TIMEOUT_S
    left: dict[str, int] = {}
    while time.monotonic() < deadline_s:
        scene.fleet.replace_ended()
        time.sleep(0.5)
        try:
            left = {name: sum(x.records for x in log.lag(name, INPUTS[name].name)) for name in _STAGES}
        except LogError:
            continue
        if not any(left.values()):
            return []
    return [f"votes not counted after {ROUND_TIMEOUT_S:.0f} s: {left}"]


def _judge(scene: Scene, log: KafkaLog) -> list[str]:
    """Compare what was said with what follows from all votes at once, and count them."""
    found: list[str] = []
    said = {place: one for place, one in read_verdicts(log).items() if one.verdict != Verdict.REPLACED}
    wanted = {place: record_of(place, one) for place, one in judge(read_ballots(log), Rule()).images.items()}
    if said != wanted:
        differ = sum(said.get(place) != wanted.get(place) for place in {*said, *wanted})
        found.append(f"{differ} of {len(wanted)} verdicts are not those of all votes at once")
    survivors = {(one.candidate.wnid, one.replaces, one.candidate.image.sha256): one for one in read_all(log, Survivor)}
    told = Counter((vote.wnid, vote.sha256, vote.answer) for vote in read_all(log, Vote) if vote.voter == "inherit")
    words = [inherited(one) for one in survivors.values()]
    if told != Counter((one.wnid, one.sha256, one.answer) for one in words if one is not None):
        found.append("better copies were not told of once each")
    counts = read_counts(log)
    cast = Counter(vote.wnid for vote in read_all(log, Vote))
    for wnid, number in cast.items():
        if counts[wnid].of("verify", "votes") != number:
            found.append(f"{counts[wnid].of('verify', 'votes')} votes on {wnid} were counted, and {number} cast")
    scene.played.notes.append(f"{cast.total()} votes, {len(wanted)} verdicts")
    return found
